using Automation.Expressions.Liquid;

namespace Automation.Expressions.Tests.Liquid;

public sealed class StrictTests
{
    private static readonly LiquidOptions Strict = new() { StrictVariables = true, StrictFilters = true };

    [Theory]
    [InlineData("{{ missing }}", "'missing' is not defined.")]
    [InlineData("{{ a.missing }}", "'missing' is not defined.")]
    [InlineData("{{ a['missing'] }}", "'[missing]' is not defined.")]
    [InlineData("{{ a.b[3] }}", "'[3]' is not defined.")]
    [InlineData("{{ ['miss' ] }}", "'miss' is not defined.")]
    [InlineData("{% if missing %}{% endif %}", "'missing' is not defined.")]
    [InlineData("{% for i in missing %}{% endfor %}", "'missing' is not defined.")]
    [InlineData("{{ a | shout }}", "There is no filter 'shout'.")]
    public void What_is_missing_is_an_error_in_strict_mode(string source, string message)
    {
        var error = Templates.Fails(source, """{ "a": { "b": [1], "c": null } }""", Strict);

        Assert.Equal(ExpressionErrorKind.Runtime, error.Kind);
        Assert.StartsWith(message, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{{ missing }}|{{ a.missing }}|{{ a.missing.more }}", "||")]
    [InlineData("{{ 'x' | shout: 1, loud: true | upcase }}", "X")]
    public void What_is_missing_is_nothing_in_lax_mode(string source, string expected) =>
        Assert.Equal(expected, Templates.Render(source, """{ "a": {} }"""));

    [Theory]
    [InlineData("[{{ a.c }}]", "[]")]
    [InlineData("{% assign x = nil %}[{{ x }}]", "[]")]
    [InlineData("{% if false %}{{ missing | shout }}{% endif %}", "")]
    [InlineData("{% increment n %}{{ n }}", "01")]
    [InlineData("{% for i in (1..1) %}{{ forloop.parentloop }}{% endfor %}", "")]
    public void What_is_nil_or_not_reached_is_fine_in_strict_mode(string source, string expected) =>
        Assert.Equal(expected, Templates.Render(source, """{ "a": { "c": null } }""", Strict));
}
