namespace Automation.Expressions.Tests.Liquid;

public sealed class SyntaxErrorTests
{
    [Theory]
    [InlineData("{{ name", 1, 1, "This '{{' is not closed with '}}'.")]
    [InlineData("a\nb {% if x", 2, 3, "This '{%' is not closed with '%}'.")]
    [InlineData("{% if x %}\n text", 1, 1, "The tag 'if' is not closed with 'endif'.")]
    [InlineData("{% for i in a %}{% if x %}{% endfor %}{% endif %}", 1, 27, "'endfor' stands inside 'if' of line 1, which needs 'endif' first.")]
    [InlineData("{% endif %}", 1, 1, "'endif' stands here without a tag that it belongs to.")]
    [InlineData("{% else %}", 1, 1, "'else' stands here without a tag that it belongs to.")]
    [InlineData("{% frobnicate %}", 1, 1, "There is no tag 'frobnicate'.")]
    [InlineData("{%  %}", 1, 1, "A tag needs a name after '{%'.")]
    [InlineData("{{ a b }}", 1, 6, "Expected '|' or the end, but found 'b'.")]
    [InlineData("{{ a + 1 }}", 1, 6, "Expected '|' or the end, but found '+'.")]
    [InlineData("{{ a | }}", 1, 8, "Expected the name of a filter after '|', but found the end.")]
    [InlineData("{{ a. }}", 1, 7, "Expected a name after '.', but found the end.")]
    [InlineData("{{ a[1 }}", 1, 8, "Expected ']', but found the end.")]
    [InlineData("{{ 'a }}", 1, 4, "This string is not closed.")]
    [InlineData("{{ (1..) }}", 1, 8, "Expected a value, but found ')'.")]
    [InlineData("{% if (a or b) and c %}{% endif %}", 1, 7, "Expected a range such as (1..5); brackets do not group in Liquid.")]
    [InlineData("{{ 12abc }}", 1, 4, "'12a' is neither a number nor a name.")]
    [InlineData("{% if %}{% endif %}", 1, 7, "Expected a value, but found the end.")]
    [InlineData("{% if a = b %}{% endif %}", 1, 9, "'=' is not an operator; use ==, !=, <, <=, >, >= or contains.")]
    [InlineData("{% if a === b %}{% endif %}", 1, 11, "Expected a value, but found '='.")]
    [InlineData("{% if a && b %}{% endif %}", 1, 9, "Expected 'and', 'or' or the end of the condition, but found '&'.")]
    [InlineData("{% if a == %}{% endif %}", 1, 12, "Expected a value, but found the end.")]
    [InlineData("{% assign x %}", 1, 13, "Expected '=', but found the end.")]
    [InlineData("{% assign = 1 %}", 1, 11, "Expected a name after 'assign', but found '='.")]
    [InlineData("{% assign a.b = 1 %}", 1, 12, "Expected '=', but found '.'.")]
    [InlineData("{% for i of a %}{% endfor %}", 1, 10, "Expected 'in' after 'i', but found 'of'.")]
    [InlineData("{% for i in a step: 2 %}{% endfor %}", 1, 15, "A 'for' has no 'step'; expected reversed, limit or offset.")]
    [InlineData("{% for i in a limit 2 %}{% endfor %}", 1, 21, "Expected ':' after 'limit', but found '2'.")]
    [InlineData("{% case a %}{% when %}{% endcase %}", 1, 21, "Expected a value, but found the end.")]
    [InlineData("{% cycle %}", 1, 10, "Expected a value, but found the end.")]
    [InlineData("{% cycle 'a': %}", 1, 1, "'cycle' needs at least one value.")]
    [InlineData("{{ a | upcase: 1 }}", 1, 8, "The filter 'upcase' takes no arguments, not 1.")]
    [InlineData("{{ a | append }}", 1, 8, "The filter 'append' takes 1 argument, not 0.")]
    [InlineData("{{ a | slice: 1, 2, 3 }}", 1, 8, "The filter 'slice' takes 1 to 2 arguments, not 3.")]
    [InlineData("{{ a | default: 1, loud: true }}", 1, 8, "The filter 'default' has no argument 'loud'.")]
    [InlineData("{% comment %}", 1, 1, "The tag 'comment' is not closed with 'endcomment'.")]
    [InlineData("{% raw %}", 1, 1, "The tag 'raw' is not closed with 'endraw'.")]
    [InlineData("{% #\n no hash\n%}", 2, 1, "Every line of an inline comment must begin with '#'.")]
    [InlineData("{% liquid\n echo 'a'\n if x\n%}", 3, 2, "The tag 'if' is not closed with 'endif'.")]
    [InlineData("{% liquid\n raw\n%}", 2, 2, "The tag 'raw' cannot stand in a 'liquid' tag.")]
    [InlineData("{% liquid\n 'a'\n%}", 2, 2, "A line of a 'liquid' tag must begin with a tag's name, not '''.")]
    [InlineData("{% doc x %}{% enddoc %}", 1, 8, "Expected nothing after 'doc', but found 'x'.")]
    [InlineData("{% increment %}", 1, 14, "Expected a name after 'increment', but found the end.")]
    public void A_message_says_where_and_what(string source, int line, int column, string message)
    {
        var error = Templates.Fails(source);

        Assert.Equal(ExpressionErrorKind.Syntax, error.Kind);
        Assert.Equal($"{message} (line {line}, column {column})", error.Message);
        Assert.Equal((line, column), (error.Line, error.Column));
    }

    [Fact]
    public void A_runtime_error_says_where_too()
    {
        var error = Templates.Fails("one\n  {{ 1 | plus: 1 | divided_by: 0 }}");

        Assert.Equal(ExpressionErrorKind.Runtime, error.Kind);
        Assert.Equal("Division by zero. (line 2, column 20)", error.Message);
    }
}
