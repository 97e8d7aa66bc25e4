namespace Automation.Expressions.Tests.Liquid;

public sealed class ConditionTests
{
    private const string Data = """
        { "zero": 0, "text": "hello", "none": null, "list": [1, "two", null], "object": { "a": 1 }, "yes": true, "no": false,
          "void": "", "spaces": "  ", "hollow": [], "bare": {}, "ten": 10, "half": 0.5 }
        """;

    [Theory]
    [InlineData("yes", true)]
    [InlineData("no", false)]
    [InlineData("none", false)]
    [InlineData("missing", false)]
    [InlineData("zero", true)]
    [InlineData("void", true)]
    [InlineData("hollow", true)]
    [InlineData("bare", true)]
    [InlineData("empty", true)]
    [InlineData("1 == 1.0", true)]
    [InlineData("ten == 10", true)]
    [InlineData("ten == '10'", false)]
    [InlineData("ten != 11", true)]
    [InlineData("ten <> 10", false)]
    [InlineData("ten > 9.5", true)]
    [InlineData("half <= 0.5", true)]
    [InlineData("half >= 1", false)]
    [InlineData("'a' < 'b'", true)]
    [InlineData("'B' < 'a'", true)]
    [InlineData("none < 1", false)]
    [InlineData("none > 1", false)]
    [InlineData("none == nil", true)]
    [InlineData("missing == null", true)]
    [InlineData("none != nil", false)]
    [InlineData("no == false", true)]
    [InlineData("zero == false", false)]
    [InlineData("text contains 'ell'", true)]
    [InlineData("text contains 'ELL'", false)]
    [InlineData("list contains 'two'", true)]
    [InlineData("list contains 1.0", true)]
    [InlineData("list contains 'tw'", false)]
    [InlineData("list contains nil", false)]
    [InlineData("object contains 'a'", true)]
    [InlineData("object contains 'b'", false)]
    [InlineData("(1..5) contains 3", true)]
    [InlineData("(1..5) contains 6", false)]
    [InlineData("missing contains 'a'", false)]
    [InlineData("ten contains 1", false)]
    [InlineData("void == empty", true)]
    [InlineData("hollow == empty", true)]
    [InlineData("bare == empty", true)]
    [InlineData("spaces == empty", false)]
    [InlineData("spaces == blank", true)]
    [InlineData("none == blank", true)]
    [InlineData("no == blank", true)]
    [InlineData("zero == blank", false)]
    [InlineData("text == blank", false)]
    [InlineData("empty == void", true)]
    [InlineData("(1..2) == (1..2)", true)]
    [InlineData("(1..2) == (1..3)", false)]
    [InlineData("list == list", true)]
    [InlineData("object == object", true)]
    [InlineData("object == bare", false)]
    [InlineData("true or false and false", true)]
    [InlineData("false and true or true", false)]
    [InlineData("true and false or true", true)]
    [InlineData("yes and ten > 5 and text == 'hello'", true)]
    [InlineData("no or none or text contains 'x'", false)]
    [InlineData("ten==10", true)]
    [InlineData("ten>9 and yes", true)]
    public void Conditions_hold_or_not(string condition, bool expected)
    {
        Assert.Equal(expected ? "T" : "F", Templates.Render($"{{% if {condition} %}}T{{% else %}}F{{% endif %}}", Data));
        Assert.Equal(expected ? "F" : "T", Templates.Render($"{{% unless {condition} %}}T{{% else %}}F{{% endunless %}}", Data));
    }

    [Theory]
    [InlineData("{% if no %}1{% elsif ten > 20 %}2{% elsif ten > 5 %}3{% else %}4{% endif %}", "3")]
    [InlineData("{% if no %}1{% elsif none %}2{% else %}4{% endif %}", "4")]
    [InlineData("{% if no %}1{% endif %}", "")]
    [InlineData("{% unless yes %}1{% elsif yes %}2{% endunless %}", "2")]
    [InlineData("{% if yes %}{% if no %}a{% else %}b{% endif %}{% endif %}", "b")]
    [InlineData("{% case ten %}{% when 1 %}one{% when 10 %}ten{% else %}other{% endcase %}", "ten")]
    [InlineData("{% case text %}{% when 'a', 'b' or 'hello' %}in{% else %}out{% endcase %}", "in")]
    [InlineData("{% case text %} ignored {% when 'x' %}x{% else %}out{% endcase %}", "out")]
    [InlineData("{% case none %}{% when nil %}nil{% endcase %}", "nil")]
    [InlineData("{% case hollow %}{% when empty %}empty{% endcase %}", "empty")]
    [InlineData("{% case ten %}{% when 1 %}one{% endcase %}", "")]
    [InlineData("{% case yes %}{% when true %}t{% when false %}f{% endcase %}", "t")]
    public void Branches_are_taken(string source, string expected) => Assert.Equal(expected, Templates.Render(source, Data));

    [Theory]
    [InlineData("text > 1", "Cannot compare a text with a number.")]
    [InlineData("1 < text", "Cannot compare a number with a text.")]
    [InlineData("1 < yes", "Cannot compare a number with true or false.")]
    [InlineData("text < list", "Cannot compare a text with an array.")]
    public void Values_of_different_kinds_have_no_order(string condition, string message)
    {
        var error = Templates.Fails($"{{% if {condition} %}}{{% endif %}}", Data);

        Assert.Equal(ExpressionErrorKind.Runtime, error.Kind);
        Assert.StartsWith(message, error.Message, StringComparison.Ordinal);
    }
}
