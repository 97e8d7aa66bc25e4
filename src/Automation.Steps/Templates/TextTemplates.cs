using Automation.Expressions;
using Automation.Expressions.Liquid;

namespace Automation.Steps.Templates;

/// <summary>Renders Liquid templates with given values, outside of a workflow's expressions.</summary>
internal sealed class TextTemplates(TimeProvider clock)
{
    private readonly LiquidCompiler _compiler = new(new ExpressionLimits(), clock, TimeZoneInfo.Utc, new LiquidOptions());

    /// <exception cref="ExpressionException">The template is not valid, or could not be rendered.</exception>
    public string Render(string template, IReadOnlyDictionary<string, object?> values) => _compiler.Compile(template).Render(new LiquidScope(values));
}
