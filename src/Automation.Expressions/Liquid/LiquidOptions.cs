using System.Text.Encodings.Web;

namespace Automation.Expressions.Liquid;

/// <summary>How templates are read and written. Applies to every template of one <see cref="LiquidCompiler"/>.</summary>
public sealed record LiquidOptions
{
    /// <summary>
    /// When true, a variable or property that does not exist is an error of kind
    /// <see cref="ExpressionErrorKind.Runtime"/>; when false it is nil. Default false.
    /// </summary>
    public bool StrictVariables { get; init; }

    /// <summary>
    /// When true, running a filter that does not exist is an error of kind <see cref="ExpressionErrorKind.Runtime"/>;
    /// when false the filter is skipped and its input passes through. Default false.
    /// </summary>
    public bool StrictFilters { get; init; }

    /// <summary>
    /// Encodes what <c>{{ }}</c>, <c>echo</c> and <c>cycle</c> write, unless it went through <c>raw</c>, <c>escape</c>,
    /// <c>escape_once</c> or <c>capture</c>. <see cref="HtmlEncoder.Default"/> gives Elsa's output.
    /// Default null: text is written as it is.
    /// </summary>
    public TextEncoder? Encoder { get; init; }

    /// <summary>
    /// Whether three filters do as those of Fluid 2, the Liquid of Elsa 3, where that differs from Shopify's: <c>escape</c> and
    /// <c>escape_once</c> give plain text with é as <c>&amp;#233;</c>, which <see cref="Encoder"/> encodes once more; <c>json</c> writes
    /// quotes inside text, markup and letters outside ASCII as <c>\u0022</c>; <c>divided_by</c> a whole number rounds down, whatever is
    /// divided. Default false.
    /// </summary>
    public bool FluidFilters { get; init; }

    /// <summary>
    /// Gives the source of the template that <c>render</c> or <c>include</c> names, or null where there is none; asked
    /// once per name and rendering, from any thread. Such a template is compiled when it is first needed, so its own
    /// errors of every kind come out of the rendering. Default null: both tags are an error of kind
    /// <see cref="ExpressionErrorKind.NotSupported"/>.
    /// </summary>
    public Func<string, string?>? Templates { get; init; }

    /// <summary>Most compiled templates kept for reuse, from 0 (none) up. Default 1,000.</summary>
    public int CacheSize { get; init; } = 1_000;

    /// <summary>Most source text, in characters, of all compiled templates kept for reuse. Default 4,194,304.</summary>
    public int CacheSourceLength { get; init; } = 4 * 1024 * 1024;

    internal void Validate()
    {
        if (CacheSize < 0)
            throw new ArgumentException($"{nameof(CacheSize)} is {CacheSize}; it must be 0 or more.");
        if (CacheSourceLength < 0)
            throw new ArgumentException($"{nameof(CacheSourceLength)} is {CacheSourceLength}; it must be 0 or more.");
    }
}
