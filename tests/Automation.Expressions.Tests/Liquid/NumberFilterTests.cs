namespace Automation.Expressions.Tests.Liquid;

public sealed class NumberFilterTests
{
    [Theory]
    [InlineData("1 | plus: 2", "3")]
    [InlineData("0.1 | plus: 0.2", "0.3")]
    [InlineData("1.5 | plus: 1.5", "3.0")]
    [InlineData("'3' | plus: '4.5'", "7.5")]
    [InlineData("'12abc' | plus: 1", "13")]
    [InlineData("nil | plus: 1", "1")]
    [InlineData("9223372036854775807 | plus: 1", "9223372036854775808")]
    [InlineData("9223372036854775808 | minus: 1", "9223372036854775807")]
    [InlineData("-9223372036854775808 | abs", "9223372036854775808")]
    [InlineData("99999999999 | times: 99999999999", "9999999999800000000001")]
    [InlineData("10 | minus: 0.1", "9.9")]
    [InlineData("19.99 | times: 3", "59.97")]
    [InlineData("7 | divided_by: 2", "3")]
    [InlineData("-7 | divided_by: 2", "-4")]
    [InlineData("7 | divided_by: -2", "-4")]
    [InlineData("7 | divided_by: 2.0", "3.5")]
    [InlineData("1 | divided_by: 3.0", "0.3333333333333333")]
    [InlineData("7 | modulo: 3", "1")]
    [InlineData("-7 | modulo: 3", "2")]
    [InlineData("7.5 | modulo: 2", "1.5")]
    [InlineData("-5 | abs", "5")]
    [InlineData("-2.5 | abs", "2.5")]
    [InlineData("1.2 | ceil", "2")]
    [InlineData("-1.2 | ceil", "-1")]
    [InlineData("1.8 | floor", "1")]
    [InlineData("-1.2 | floor", "-2")]
    [InlineData("2.5 | round", "3")]
    [InlineData("-2.5 | round", "-3")]
    [InlineData("1.005 | round: 2", "1.01")]
    [InlineData("183.357 | round: 2", "183.36")]
    [InlineData("1250 | round: -2", "1300")]
    [InlineData("1.5 | round: 400", "1.5")]
    [InlineData("5 | round: 2", "5")]
    [InlineData("4 | at_least: 5", "5")]
    [InlineData("4 | at_most: 3", "3")]
    [InlineData("4.5 | at_least: 4", "4.5")]
    [InlineData("(1..4) | sum", "10")]
    [InlineData("'1,2.5,x' | split: ',' | sum", "3.5")]
    public void Numbers_are_computed(string expression, string expected) =>
        Assert.Equal(expected, Templates.Render($"{{{{ {expression} }}}}"));

    [Theory]
    [InlineData("1 | divided_by: 0")]
    [InlineData("1 | divided_by: 0.0")]
    [InlineData("1.5 | divided_by: 'x'")]
    [InlineData("1 | modulo: 0")]
    public void Dividing_by_zero_is_an_error(string expression)
    {
        var error = Templates.Fails($"{{{{ {expression} }}}}");

        Assert.Equal(ExpressionErrorKind.Runtime, error.Kind);
        Assert.StartsWith("Division by zero.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Decimals_stay_decimals()
    {
        var scope = Templates.Scope(("price", 19.90m), ("count", 3));

        Assert.Equal("19.90 59.70", Templates.Compiler().Compile("{{ price }} {{ price | times: count }}").Render(scope, Templates.Token));
    }

    [Theory]
    [InlineData("1e300", "1e300 | plus: 1")]
    public void Numbers_beyond_decimal_are_computed_as_doubles(string json, string expression)
    {
        Assert.Equal("1.0", Templates.Render("{{ n | divided_by: n }}", $$"""{ "n": {{json}} }"""));
        Assert.Equal(ExpressionErrorKind.Syntax, Templates.Fails($"{{{{ {expression} }}}}").Kind);
    }
}
