namespace Automation.Expressions.Tests.Liquid;

public sealed class OutputTests
{
    [Theory]
    [InlineData("Hello, {{ name }}!", "Hello, Ada!")]
    [InlineData("{{name}}", "Ada")]
    [InlineData("{{ nil }}|{{ null }}|{{ missing }}|{{ empty }}|{{ blank }}|{{ }}", "|||||")]
    [InlineData("{{ true }} {{ false }}", "true false")]
    [InlineData("{{ 42 }} {{ -7 }} {{ 3.10 }} {{ 5.0 }} {{ -0.5 }}", "42 -7 3.1 5.0 -0.5")]
    [InlineData("{{ 123456789012345678901234567890 }}", "123456789012345678901234567890")]
    [InlineData("{{ 0.00001 }} {{ 100000000000000000000.5 }}", "0.00001 100000000000000000000.0")]
    [InlineData("{{ 'a\"b' }}{{ \"c'd\" }}", "a\"bc'd")]
    [InlineData("{{ 'no \\n escapes' }}", "no \\n escapes")]
    [InlineData("{{ '}}' }} {{ '{{' }} {{ \"%}\" }}", "}} {{ %}")]
    [InlineData("{{ (1..3) }}", "1..3")]
    [InlineData("{{ user.address.city }}", "Oslo")]
    [InlineData("{{ user['address'][\"city\"] }}", "Oslo")]
    [InlineData("{{ user[key].city }}", "Oslo")]
    [InlineData("{{ ['user'].address.city }}", "Oslo")]
    [InlineData("{{ user.missing.deeper.still }}", "")]
    [InlineData("{{ items[0].sku }} {{ items[-1].sku }} {{ items.first.sku }} {{ items.last.sku }}", "A1 B2 A1 B2")]
    [InlineData("{{ items[5] }}{{ items[-5] }}{{ items['x'] }}", "")]
    [InlineData("{{ items.size }} {{ name.size }} {{ user.size }}", "2 3 2")]
    [InlineData("{{ words }}", "onetwo3")]
    [InlineData("{{ nested }}", "1234")]
    [InlineData("{{ user.address }}", "{\"city\":\"Oslo\"}")]
    [InlineData("{{ numbers.whole }} {{ numbers.fraction }} {{ numbers.big }} {{ numbers.zero }} {{ numbers.exponent }}", "7 2.5 12345678901234567890 0.0 1500.0")]
    [InlineData("{{ flag }} {{ nothing }}", "true ")]
    [InlineData("{{ user.first-name }} {{ ok? }}", "Augusta yes")]
    [InlineData("{{ måned.første_dag }}", "mandag")]
    [InlineData("{{ smile.size }} {{ smile.first }} {{ smile | slice: 0, 2 }}", "3 😀 😀")]
    public void Values_are_written_as_text(string source, string expected)
    {
        const string Data = """
            {
              "name": "Ada", "key": "address", "flag": true, "nothing": null, "ok?": "yes", "smile": "😀!",
              "user": { "address": { "city": "Oslo" }, "first-name": "Augusta" },
              "items": [ { "sku": "A1" }, { "sku": "B2" } ], "words": ["one", "two", 3], "nested": [1, [2, [3]], 4],
              "numbers": { "whole": 7, "fraction": 2.50, "big": 12345678901234567890, "zero": 0.0, "exponent": 1.5e3 },
              "måned": { "første_dag": "mandag" }
            }
            """;

        Assert.Equal(expected, Templates.Render(source, Data));
    }

    [Theory]
    [InlineData("a  {{- 'b' -}}  c", "abc")]
    [InlineData("a \n {%- if true -%} \n b \n {%- endif -%} \n c", "abc")]
    [InlineData("a {{ 'b' -}} c {{- 'd' }} e", "a bcd e")]
    [InlineData("a {%- comment -%} x {%- endcomment -%} b", "ab")]
    [InlineData("{% assign x = 1 -%}\n\n  {{ x }}", "1")]
    [InlineData("a {{- -5 }}", "a-5")]
    [InlineData("x {%- raw -%} {{ y }} {%- endraw -%} z", "x{{ y }}z")]
    [InlineData("[{% if true %}   {% endif %}]", "[]")]
    [InlineData("[{% if true %} {% assign x = 1 %} {% endif %}]", "[]")]
    [InlineData("[{% if true %} {{ '' }} {% endif %}]", "[  ]")]
    [InlineData("[{% for i in (1..3) %}  {% endfor %}]", "[]")]
    [InlineData("[{% capture x %}  {% endcapture %}{{ x }}]", "[  ]")]
    [InlineData("{{ 'a' -}}", "a")]
    [InlineData("{{- 'a' }}", "a")]
    public void Hyphens_and_blank_blocks_remove_white_space(string source, string expected) =>
        Assert.Equal(expected, Templates.Render(source));

    [Theory]
    [InlineData("{ not liquid }", "{ not liquid }")]
    [InlineData("{ { } }", "{ { } }")]
    [InlineData("100 % }} and %}", "100 % }} and %}")]
    [InlineData("{\"json\": {\"a\": 1}}", "{\"json\": {\"a\": 1}}")]
    [InlineData("", "")]
    [InlineData("{", "{")]
    [InlineData("æøå 😀\r\n\t", "æøå 😀\r\n\t")]
    public void Other_text_is_left_alone(string source, string expected) => Assert.Equal(expected, Templates.Render(source));
}
