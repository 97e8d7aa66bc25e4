using System.Text.Encodings.Web;
using Automation.Expressions;
using Automation.Expressions.Liquid;

namespace Automation.Steps.Templates;

/// <summary>Renders Liquid templates with given values, outside of a workflow's expressions.</summary>
internal sealed class TextTemplates(TimeProvider clock)
{
    private readonly LiquidCompiler _compiler = new(new ExpressionLimits(), clock, TimeZoneInfo.Utc, new LiquidOptions());
    private readonly LiquidCompiler _asInWorkflows = new(new ExpressionLimits(), clock, TimeZoneInfo.Utc, new LiquidOptions { Encoder = HtmlEncoder.Default });

    /// <exception cref="ExpressionException">The template is not valid, or could not be rendered.</exception>
    public string Render(string template, IReadOnlyDictionary<string, object?> values) => _compiler.Compile(template).Render(new LiquidScope(values));

    /// <summary>As an input of an activity is rendered: values are HTML-encoded unless they go through <c>raw</c>.</summary>
    /// <exception cref="ExpressionException">The template is not valid, or could not be rendered.</exception>
    public string Preview(string template, IReadOnlyDictionary<string, object?> values) => _asInWorkflows.Compile(template).Render(new LiquidScope(values));
}
