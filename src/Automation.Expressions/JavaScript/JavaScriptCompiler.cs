using System.Collections.Concurrent;
using Automation.Expressions.JavaScript.Compilation;
using Automation.Expressions.JavaScript.Syntax;

namespace Automation.Expressions.JavaScript;

/// <summary>
/// Compiles JavaScript expressions and short scripts, and remembers what it compiled. Safe to use from many threads.
/// </summary>
/// <remarks>
/// A source is an expression, a script, or a function's body: its value is that of the last expression statement or of <c>return</c>.
/// A source that reads as an object literal, such as <c>{ a: 1 }</c>, means the object. Modules, <c>eval</c>, <c>new Function</c>,
/// <c>with</c>, generators, Proxy, Reflect, typed arrays, Atomics, WeakRef and Temporal are left out.
/// </remarks>
public sealed class JavaScriptCompiler
{
    private const int CacheCapacity = 2048;
    private const int CacheCharacters = 4 * 1024 * 1024;

    private readonly ExpressionLimits _limits;
    private readonly TimeProvider _clock;
    private readonly TimeZoneInfo _zone;
    private readonly JavaScriptOptions _options;
    private readonly ConcurrentDictionary<string, CompiledScript> _cache = new();
    private readonly Lock _trimming = new();
    private long _cachedCharacters;

    /// <summary>Creates a compiler.</summary>
    /// <param name="limits">What compiling and each evaluation may use.</param>
    /// <param name="clock">The time that <c>Date</c> tells and that <see cref="ExpressionLimits.Timeout"/> is measured with.</param>
    /// <param name="zone">The local time zone of <c>Date</c> and <c>Intl</c>.</param>
    /// <param name="options">Deviations from the language; none if null.</param>
    public JavaScriptCompiler(ExpressionLimits limits, TimeProvider clock, TimeZoneInfo zone, JavaScriptOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(limits);
        ArgumentNullException.ThrowIfNull(clock);
        ArgumentNullException.ThrowIfNull(zone);
        _limits = limits;
        _clock = clock;
        _zone = zone;
        _options = options ?? new JavaScriptOptions();
    }

    /// <summary>Compiles a source, or gives what it compiled to before.</summary>
    /// <param name="source">The expression or script.</param>
    /// <returns>A script to evaluate any number of times, from any thread.</returns>
    /// <exception cref="ExpressionException">
    /// The source is not valid (<see cref="ExpressionErrorKind.Syntax"/>), uses what is left out (<see cref="ExpressionErrorKind.NotSupported"/>), or is too
    /// long, too deeply nested or too rich in functions (<see cref="ExpressionErrorKind.Limit"/>).
    /// </exception>
    public CompiledScript Compile(string source)
    {
        ArgumentNullException.ThrowIfNull(source);
        if (_cache.TryGetValue(source, out var known))
            return known;
        var script = CompileNew(source, scriptGoal: false);
        if (_cache.Count >= CacheCapacity || Interlocked.Read(ref _cachedCharacters) + source.Length > CacheCharacters)
            Trim();
        if (_cache.TryAdd(source, script))
            Interlocked.Add(ref _cachedCharacters, source.Length);
        return script;
    }

    /// <summary>Compiles by the letter of the specification's Script goal, for conformance tests.</summary>
    internal CompiledScript CompileNew(string source, bool scriptGoal)
    {
        if (source.Length > _limits.MaxSourceLength)
        {
            throw new ExpressionException(
                ExpressionErrorKind.Limit,
                $"The source has {source.Length} characters, more than the limit of {_limits.MaxSourceLength} (MaxSourceLength)");
        }

        var program = Parser.Parse(source, _limits, scriptGoal);
        return new CompiledScript(source, Compiler.Compile(source, program), _limits, _clock, _zone, _options);
    }

    /// <summary>Forgets half of what is remembered. Which half hardly matters: what is in use is soon back.</summary>
    private void Trim()
    {
        lock (_trimming)
        {
            if (_cache.Count < CacheCapacity / 2 && Interlocked.Read(ref _cachedCharacters) < CacheCharacters / 2)
                return;
            foreach (var source in _cache.Keys.Where((_, i) => i % 2 == 0))
            {
                if (_cache.TryRemove(source, out _))
                    Interlocked.Add(ref _cachedCharacters, -source.Length);
            }
        }
    }
}
