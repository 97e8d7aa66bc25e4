using Automation.Expressions.Liquid.Parsing;

namespace Automation.Expressions.Liquid;

/// <summary>
/// Turns Liquid source into <see cref="CompiledTemplate"/>s and keeps those lately used. Safe for use from many threads.
/// </summary>
public sealed class LiquidCompiler
{
    private readonly TemplateSettings _settings;
    private readonly TemplateCache _cache;

    /// <summary>Makes a compiler with an empty cache.</summary>
    /// <param name="limits">What compiling and each rendering may use.</param>
    /// <param name="clock">Gives <c>'now'</c> and measures <see cref="ExpressionLimits.Timeout"/>.</param>
    /// <param name="zone">The zone of dates that do not name one.</param>
    /// <param name="options">How templates are read and written.</param>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    public LiquidCompiler(ExpressionLimits limits, TimeProvider clock, TimeZoneInfo zone, LiquidOptions options)
    {
        ArgumentNullException.ThrowIfNull(limits);
        ArgumentNullException.ThrowIfNull(clock);
        ArgumentNullException.ThrowIfNull(zone);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        _settings = new TemplateSettings(limits, clock, zone, options, Compile);
        _cache = new TemplateCache(options.CacheSize, options.CacheSourceLength);
    }

    /// <summary>Compiles a template, or gives the one compiled earlier from the same source.</summary>
    /// <param name="source">The Liquid source text.</param>
    /// <exception cref="ExpressionException">
    /// <see cref="ExpressionErrorKind.Syntax"/>, <see cref="ExpressionErrorKind.NotSupported"/> (<c>render</c>
    /// and <c>include</c> without <see cref="LiquidOptions.Templates"/>, <c>layout</c> and the like) or <see cref="ExpressionErrorKind.Limit"/> (length or nesting of the source).
    /// </exception>
    public CompiledTemplate Compile(string source)
    {
        ArgumentNullException.ThrowIfNull(source);
        if (_cache.TryGet(source, out var known))
            return known;

        if (source.Length > _settings.Limits.MaxSourceLength)
        {
            throw new ExpressionException(
                ExpressionErrorKind.Limit,
                $"The template has {source.Length:N0} characters; at most {_settings.Limits.MaxSourceLength:N0} are allowed ({nameof(ExpressionLimits.MaxSourceLength)}).");
        }

        var template = new TemplateParser(source, _settings).Parse();
        _cache.Add(source, template);
        return template;
    }
}

/// <summary>What all templates of one compiler share.</summary>
internal sealed record TemplateSettings(ExpressionLimits Limits, TimeProvider Clock, TimeZoneInfo Zone, LiquidOptions Options, Func<string, CompiledTemplate> Compile);
