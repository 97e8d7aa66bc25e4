using System.Text.Json;
using Automation.Expressions.JavaScript.Compilation;
using Automation.Expressions.JavaScript.Execution;
using Automation.Expressions.JavaScript.Hosting;
using Automation.Expressions.JavaScript.Runtime;
using Automation.Expressions.JavaScript.Syntax;

namespace Automation.Expressions.JavaScript;

/// <summary>
/// A compiled expression or script. It never changes, so one instance serves any number of threads at the same time; every evaluation
/// starts from pristine built-ins.
/// </summary>
/// <remarks>
/// <para>
/// Plain values going in: null, <see cref="bool"/>, numbers of any .NET type, <see cref="System.Numerics.BigInteger"/>, <see cref="string"/>,
/// <see cref="char"/>, enums (as text), <see cref="DateTimeOffset"/> and <see cref="DateTime"/> (as Date), <see cref="Guid"/> and
/// <see cref="TimeSpan"/> (as text), byte arrays, <see cref="JsonElement"/>, <see cref="System.Text.Json.Nodes.JsonNode"/>, dictionaries with string keys, and lists.
/// Documents, dictionaries and lists are read where they lie as the script asks for their parts. A script that changes one changes a copy of its own.
/// </para>
/// <para>
/// Plain values coming out: null (also for undefined and functions), <see cref="bool"/>, <see cref="long"/> for whole numbers up to ±2^53,
/// <see cref="double"/>, <see cref="System.Numerics.BigInteger"/>, <see cref="string"/>, <see cref="DateTimeOffset"/> in UTC, byte arrays,
/// <see cref="List{T}"/> of <see cref="object"/> and <see cref="Dictionary{TKey, TValue}"/> of <see cref="string"/> and <see cref="object"/>
/// in the order of insertion. What came in and was not changed comes out as the very same instance or <see cref="JsonElement"/>.
/// </para>
/// </remarks>
public sealed class CompiledScript
{
    private readonly CompiledProgram _program;
    private readonly ExpressionLimits _limits;
    private readonly TimeProvider _clock;
    private readonly TimeZoneInfo _zone;
    private readonly JavaScriptOptions _options;
    private readonly DocumentPath? _path;

    internal CompiledScript(string source, CompiledProgram program, ExpressionLimits limits, TimeProvider clock, TimeZoneInfo zone, JavaScriptOptions options)
    {
        Source = source;
        _program = program;
        _limits = limits;
        _clock = clock;
        _zone = zone;
        _options = options;
        _path = program.Path is null ? null : new DocumentPath(program.Path.Names);
    }

    /// <summary>The text this was compiled from.</summary>
    public string Source { get; }

    /// <summary>The names the script uses without declaring them: the globals it may ask a scope for.</summary>
    public IReadOnlyCollection<string> FreeNames => _program.FreeNames;

    /// <summary>The chains of names that begin with a free name, such as <c>variables.order.id</c>, each as far as it is written out.</summary>
    public IReadOnlyCollection<string> MemberPaths => _program.MemberPaths;

    /// <summary>Evaluates the script; promises are settled before this returns.</summary>
    /// <param name="scope">The globals; none if null.</param>
    /// <param name="cancellationToken">Ends the evaluation early.</param>
    /// <returns>The value of the last expression statement, or of <c>return</c>, as a plain value.</returns>
    /// <exception cref="ExpressionException">The script threw (<see cref="ExpressionErrorKind.Runtime"/>) or passed a limit (<see cref="ExpressionErrorKind.Limit"/>).</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public object? Evaluate(ScriptScope? scope = null, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (_path is not null && scope is not null && TryReadPath(scope, out var read))
            return read;
        return Run(scope, cancellationToken, static (realm, value) => HostValues.ToHost(realm, value));
    }

    /// <summary>Evaluates the script and writes its value as JSON: NaN and infinities as null, dates as ISO 8601 text, byte arrays as base64.</summary>
    /// <param name="writer">Where to write one value.</param>
    /// <param name="scope">The globals; none if null.</param>
    /// <param name="cancellationToken">Ends the evaluation early.</param>
    /// <exception cref="ExpressionException">As for <see cref="Evaluate"/>.</exception>
    public void EvaluateTo(Utf8JsonWriter writer, ScriptScope? scope = null, CancellationToken cancellationToken = default) =>
        ScriptJson.Write(writer, Evaluate(scope, cancellationToken));

    /// <summary>The commonest expression of all, <c>input.a.b</c>, needs no script engine.</summary>
    private bool TryReadPath(ScriptScope scope, out object? value)
    {
        value = null;
        return scope.TryResolve(_program.Path!.Root, out var root)
            && root is JsonElement { ValueKind: JsonValueKind.Object } document
            && JsonPaths.TryRead(document, _path!, out value);
    }

    internal T Run<T>(ScriptScope? scope, CancellationToken cancellationToken, Func<Realm, JsValue, T> convert)
    {
        var realm = new Realm(_limits, _clock, _zone, _options, scope, cancellationToken);
        var outer = Realm.Enter(realm);
        try
        {
            var value = ScriptRunner.Run(realm, _program.Code);
            var result = convert(realm, value);
            realm.FlushHostObjects();
            return result;
        }
        catch (JsThrow e)
        {
            var (line, column) = Locate(e.Offset >= 0 ? e.Offset : realm.Position);
            throw new ExpressionException(ExpressionErrorKind.Runtime, e.Message, line, column, e);
        }
        catch (ExpressionException e) when (e.Line == 0 && realm.Position >= 0)
        {
            var (line, column) = Locate(realm.Position);
            throw new ExpressionException(e.Kind, e.Message, line, column, e.InnerException);
        }
        catch (InsufficientExecutionStackException e)
        {
            throw new ExpressionException(ExpressionErrorKind.Limit, $"Calls are nested too deeply (MaxCallDepth {_limits.MaxCallDepth})", inner: e);
        }
        catch (Exception e) when (e is not (ExpressionException or OperationCanceledException))
        {
            // Nothing should come here; if something does, it is still no more than a failed expression.
            var (line, column) = Locate(realm.Position);
            throw new ExpressionException(ExpressionErrorKind.Runtime, $"The expression could not be evaluated: {e.Message}", line, column, e);
        }
        finally
        {
            Realm.Exit(outer);
        }
    }

    private (int Line, int Column) Locate(int offset) => offset < 0 ? (0, 0) : SyntaxErrors.Locate(Source, offset);
}
