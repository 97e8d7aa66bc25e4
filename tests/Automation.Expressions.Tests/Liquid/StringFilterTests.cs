using System.Text.Json;

namespace Automation.Expressions.Tests.Liquid;

public sealed class StringFilterTests
{
    [Theory]
    [InlineData("'a' | append: 'b' | prepend: 'c'", "cab")]
    [InlineData("'ÆØÅ abc' | downcase", "æøå abc")]
    [InlineData("'æøå abc' | upcase", "ÆØÅ ABC")]
    [InlineData("'hELLO wORLD' | capitalize", "Hello world")]
    [InlineData("' a ' | strip | append: '|'", "a|")]
    [InlineData("' a ' | lstrip | append: '|'", "a |")]
    [InlineData("' a ' | rstrip | append: '|'", " a|")]
    [InlineData("'  a \t b  ' | squish", "a b")]
    [InlineData("'banana' | replace: 'an', '-'", "b--a")]
    [InlineData("'banana' | replace: 'an'", "ba")]
    [InlineData("'banana' | replace_first: 'an', '-'", "b-ana")]
    [InlineData("'banana' | replace_last: 'an', '-'", "ban-a")]
    [InlineData("'banana' | replace: 'x', '-'", "banana")]
    [InlineData("'1.1.1' | replace: '.', '$&'", "1$&1$&1")]
    [InlineData("'banana' | remove: 'an'", "ba")]
    [InlineData("'banana' | remove_first: 'an'", "bana")]
    [InlineData("'banana' | remove_last: 'an'", "bana")]
    [InlineData("'Liquid' | slice: 0", "L")]
    [InlineData("'Liquid' | slice: 2, 3", "qui")]
    [InlineData("'Liquid' | slice: -3, 2", "ui")]
    [InlineData("'Liquid' | slice: -99, 2", "")]
    [InlineData("'Liquid' | slice: 6", "")]
    [InlineData("'Liquid' | slice: 2, 999", "quid")]
    [InlineData("'one two three' | truncate: 7", "one ...")]
    [InlineData("'one two three' | truncate: 2", "...")]
    [InlineData("'one two three' | truncate: 7, '…'", "one tw…")]
    [InlineData("'one two three' | truncatewords: 2", "one two...")]
    [InlineData("'one two' | truncatewords: 2", "one two")]
    [InlineData("'one two three' | truncatewords: 1, ''", "one")]
    [InlineData("'a,b,,c,,' | split: ',' | join: '|'", "a|b||c")]
    [InlineData("' a  b ' | split: ' ' | join: '|'", "a|b")]
    [InlineData("'a😀b' | split: '' | join: '|'", "a|😀|b")]
    [InlineData("'a--b' | split: '--' | last", "b")]
    [InlineData("'a\r\nb\nc' | newline_to_br", "a<br />\nb<br />\nc")]
    [InlineData("'a\r\nb\nc' | strip_newlines", "abc")]
    [InlineData("'hello' | size", "5")]
    [InlineData("'hello' | first", "h")]
    [InlineData("12345 | size", "0")]
    [InlineData("nil | upcase | append: 'x'", "x")]
    [InlineData("true | append: 1 | append: 2.5", "true12.5")]
    public void Text_is_changed(string expression, string expected) =>
        Assert.Equal(expected, Templates.Render($"{{{{ {expression} }}}}"));

    [Theory]
    [InlineData("'<a href=\"x\">T&J\\'s</a>' | escape", "&lt;a href=&quot;x&quot;&gt;T&amp;J&#39;s&lt;/a&gt;")]
    [InlineData("'&lt; & &#38; &x; &#x26; &;' | escape_once", "&lt; &amp; &#38; &x; &amp;#x26; &amp;;")]
    [InlineData("'<p>a<br/>b</p><script>x<y</script><style>z</style><!-- > -->c' | strip_html", "abc")]
    [InlineData("'a < b' | strip_html", "a < b")]
    [InlineData("'<script>open' | strip_html", "open")]
    [InlineData("'a b&c/d?é' | url_encode", "a+b%26c%2Fd%3F%C3%A9")]
    [InlineData("'a+b%26c%2Fd%3F%C3%A9' | url_decode", "a b&c/d?é")]
    [InlineData("'100%' | url_decode", "100%")]
    [InlineData("'æ?>' | base64", "w6Y/Pg==")]
    [InlineData("'æ?>' | base64_encode", "w6Y/Pg==")]
    [InlineData("'w6Y/Pg==' | base64_decode", "æ?>")]
    [InlineData("'æ?>' | base64_url_safe_encode", "w6Y_Pg==")]
    [InlineData("'w6Y_Pg==' | base64_url_safe_decode", "æ?>")]
    public void Text_is_encoded(string expression, string expected)
    {
        expression = expression.Replace("'<a href=\"x\">T&J\\'s</a>'", "html", StringComparison.Ordinal);
        Assert.Equal(expected, Templates.Render($"{{{{ {expression} }}}}", """{ "html": "<a href=\"x\">T&J's</a>" }"""));
    }

    [Theory]
    [InlineData("object | json", """{"a":1,"b":[true,null,"x\"y"],"c":{"d":1.5}}""")]
    [InlineData("text | json", "\"æ\\n'<>\"")]
    [InlineData("nothing | json", "null")]
    [InlineData("(1..3) | json", "[1,2,3]")]
    [InlineData("object.b | json", """[true,null,"x\"y"]""")]
    [InlineData("5.0 | json", "5.0")]
    [InlineData("'a,b' | split: ',' | json", """["a","b"]""")]
    [InlineData("object | keys | join: ','", "a,b,c")]
    [InlineData("text | keys | size", "0")]
    public void Values_become_json(string expression, string expected) =>
        Assert.Equal(expected, Templates.Render(
            $"{{{{ {expression} }}}}", """{ "object": { "a": 1, "b": [true, null, "x\"y"], "c": { "d": 1.5 } }, "text": "æ\n'<>" }"""));

    [Fact]
    public void Json_can_be_indented() =>
        Assert.Equal("{\n  \"a\": [\n    1\n  ]\n}", Templates.Render("{{ o | json: true }}", """{ "o": { "a": [1] } }"""));

    [Fact]
    public void Json_of_every_kind_of_value_parses_again()
    {
        var scope = Templates.Scope(("all", new object?[]
        {
            null, true, 1L, 2.5, 3.50m, System.Numerics.BigInteger.Pow(10, 30), "t", Templates.Moment, Guid.Empty, TimeSpan.FromMinutes(90),
            new byte[] { 1, 2 }, double.NaN, new Dictionary<string, object?> { ["k"] = new List<object?> { 1L } },
        }));

        var json = Templates.Compiler().Compile("{{ all | json }}").Render(scope, Templates.Token);

        Assert.Equal(
            """[null,true,1,2.5,3.50,1000000000000000000000000000000,"t","2026-03-14T15:09:26.535Z","00000000-0000-0000-0000-000000000000","01:30:00","AQI=",null,{"k":[1]}]""",
            json);
        Assert.Equal(13, JsonElement.Parse(json).GetArrayLength());
    }

    [Theory]
    [InlineData("{{ 'no!' | base64_decode }}", "The input of 'base64_decode' is not Base64.")]
    [InlineData("{{ 'no!' | base64_url_safe_decode }}", "The input of 'base64_url_safe_decode' is not URL-safe Base64.")]
    [InlineData("{{ 'x' | slice: 1.5 }}", "The start must be a whole number, not 1.5.")]
    [InlineData("{{ 'x' | slice: 'a' }}", "The start must be a whole number, not a text.")]
    [InlineData("{{ 'x' | truncate: nil }}", "The length must be a whole number, not nil.")]
    public void Input_that_makes_no_sense_is_an_error(string source, string message)
    {
        var error = Templates.Fails(source);

        Assert.Equal(ExpressionErrorKind.Runtime, error.Kind);
        Assert.StartsWith(message, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{{ missing | default: 'x' }}", "x")]
    [InlineData("{{ '' | default: 'x' }}", "x")]
    [InlineData("{{ list | default: 'x' }}", "x")]
    [InlineData("{{ false | default: 'x' }}", "x")]
    [InlineData("{{ false | default: 'x', allow_false: true }}", "false")]
    [InlineData("{{ nil | default: 'x', allow_false: true }}", "x")]
    [InlineData("{{ 0 | default: 'x' }}", "0")]
    [InlineData("{{ ' ' | default: 'x' }}", " ")]
    [InlineData("{{ missing | default: other }}", "")]
    public void Default_stands_in(string source, string expected) =>
        Assert.Equal(expected, Templates.Render(source, """{ "list": [] }"""));

    [Fact]
    public void Filters_never_split_a_surrogate_pair()
    {
        var text = Templates.Render("{{ t | truncate: 2, '' }}|{{ t | slice: 1, 1 }}|{{ t | last }}|{{ t | replace: '', '-' }}", """{ "t": "a😀" }""");

        Assert.Equal("a||😀|-a-😀-", text);
    }
}
