using System.Numerics;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Automation.Expressions.Liquid;

namespace Automation.Expressions.Tests.Liquid;

public sealed class HostValueTests
{
    private sealed class Order : LiquidObject
    {
        public List<string> Asked { get; } = [];

        public override IEnumerable<string> Names => ["id", "total"];

        public override bool TryGet(string name, out object? value)
        {
            Asked.Add(name);
            value = name switch { "id" => 7, "total" => 19.90m, "self" => this, _ => null };
            return value is not null;
        }
    }

    private sealed class Sealed : LiquidObject
    {
        public override object Listed => new Dictionary<string, object?> { ["a"] = 1 };

        public override bool TryGet(string name, out object? value)
        {
            value = null;
            return false;
        }
    }

    [Fact]
    public void An_object_that_is_only_listed_is_written_and_looped_over_but_has_no_members() =>
        Assert.Equal("|{\"a\":1}|a|[a1]", Render("{{ v.a }}|{{ v | json }}|{{ v | keys }}|{% for p in v %}[{{ p[0] }}{{ p[1] }}]{% endfor %}", new Sealed()));

    private static string Render(string source, object? value) =>
        Templates.Compiler().Compile(source).Render(Templates.Scope(("v", value)), Templates.Token);

    public static TheoryData<object?, string> Kinds => new()
    {
        { null, "" }, { true, "true" }, { 5, "5" }, { (short)5, "5" }, { (byte)5, "5" }, { 5u, "5" }, { 5L, "5" }, { ulong.MaxValue, "18446744073709551615" },
        { 1.5, "1.5" }, { 1.5f, "1.5" }, { 2.50m, "2.50" }, { BigInteger.Pow(10, 20), "100000000000000000000" }, { "text", "text" }, { 'c', "c" },
        { new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc), "2026-01-02T03:04:05Z" }, { new DateOnly(2026, 1, 2), "2026-01-02" },
        { new TimeOnly(3, 4, 5), "03:04:05" }, { TimeSpan.FromSeconds(90), "00:01:30" }, { new byte[] { 1, 2, 3 }, "AQID" },
        { new Guid("11111111-2222-3333-4444-555555555555"), "11111111-2222-3333-4444-555555555555" },
        { new Uri("https://example.org/a?b"), "https://example.org/a?b" }, { DayOfWeek.Friday, "Friday" },
        { new object?[] { 1, "a", null }, "1a" }, { new[] { "a", "b" }, "ab" },
        { new Dictionary<string, object?> { ["a"] = 1 }, "{\"a\":1}" },
        { JsonElement.Parse("""{"a":[1,2.5]}"""), "{\"a\":[1,2.5]}" }, { JsonNode.Parse("""{"a":[1,2.5]}"""), "{\"a\":[1,2.5]}" },
        { JsonValue.Create(5), "5" }, { JsonValue.Create("x"), "x" }, { JsonNode.Parse("\"x\""), "x" }, { double.NaN, "NaN" }, { 1e25, "1E+25" },
    };

    [Theory]
    [MemberData(nameof(Kinds), DisableDiscoveryEnumeration = true)]
    public void Every_kind_of_value_is_written(object? value, string expected) => Assert.Equal(expected, Render("{{ v }}", value));

    public static TheoryData<object> Shapes => new()
    {
        JsonElement.Parse("""{"items":[{"n":1},{"n":2}],"name":"x","none":null}"""),
        JsonNode.Parse("""{"items":[{"n":1},{"n":2}],"name":"x","none":null}""")!,
        new Dictionary<string, object?>
        {
            ["items"] = new List<object?> { new Dictionary<string, object?> { ["n"] = 1 }, new JsonObject { ["n"] = 2 } }, ["name"] = "x", ["none"] = null,
        },
    };

    [Theory]
    [MemberData(nameof(Shapes), DisableDiscoveryEnumeration = true)]
    public void Objects_and_arrays_read_alike_whatever_holds_them(object value)
    {
        Assert.Equal(
            "12|3|x|true|items,name,none|2|3|1,2",
            Render(
                "{% for i in v.items %}{{ i.n }}{% endfor %}|{{ v.items | sum: 'n' }}|{{ v['name'] }}|{% if v contains 'name' %}true{% endif %}|{{ v | keys | join: ',' }}"
                + "|{{ v.items.size }}|{{ v.size }}|{{ v.items[0].n }},{{ v.items[-1].n }}",
                value));
        Assert.Equal("""{"items":[{"n":1},{"n":2}],"name":"x","none":null}""", Render("{{ v | json }}", value));
    }

    [Fact]
    public void Equal_data_is_equal_whatever_holds_it()
    {
        var scope = Templates.Scope(
            ("a", JsonElement.Parse("""{"x":[1,"2"]}""")),
            ("b", new Dictionary<string, object?> { ["x"] = new List<object?> { 1.0, "2" } }),
            ("c", JsonNode.Parse("""{"x":[1,"3"]}""")));

        Assert.Equal("same different", Templates.Compiler().Compile("{% if a == b %}same{% endif %} {% if a != c %}different{% endif %}").Render(scope, Templates.Token));
    }

    [Fact]
    public void A_host_object_is_asked_only_for_what_is_read()
    {
        var order = new Order();

        Assert.Equal("19.90 7", Render("{{ v.total }} {{ v.self.id }}", order));
        Assert.Equal(["total", "self", "id"], order.Asked);
        Assert.Equal("{\"id\":7,\"total\":19.90}", Render("{{ v }}", new Order()));
        Assert.Equal("id,total", Render("{{ v | keys | join: ',' }}", new Order()));
    }

    [Fact]
    public void A_resolver_is_asked_once_for_each_name()
    {
        var asked = new List<string>();
        var scope = new LiquidScope(
            new Dictionary<string, object?> { ["known"] = 1 },
            (string name, out object? value) =>
            {
                asked.Add(name);
                value = name == "found" ? "F" : null;
                return value is not null;
            });

        var text = Templates.Compiler().Compile("{{ known }}{{ found }}{{ found }}{{ lost }}{{ lost }}{% if false %}{{ unread }}{% endif %}").Render(scope, Templates.Token);

        Assert.Equal("1FF", text);
        Assert.Equal(["found", "lost"], asked);
    }

    [Fact]
    public void What_the_host_throws_comes_out_as_an_expression_error()
    {
        var scope = new LiquidScope(resolver: (string name, out object? value) => throw new InvalidDataException("the store is away"));

        var error = Assert.Throws<ExpressionException>(() => Templates.Compiler().Compile("a\n{{ x }}").Render(scope, Templates.Token));

        Assert.Equal(ExpressionErrorKind.Runtime, error.Kind);
        Assert.Contains("the store is away", error.Message, StringComparison.Ordinal);
        Assert.Equal(2, error.Line);
        Assert.IsType<InvalidDataException>(error.InnerException);
    }

    [Theory]
    [InlineData("{{ v }}")]
    [InlineData("{{ v.name }}")]
    [InlineData("{{ v.GetType }}")]
    public void Nothing_of_dotnet_is_reachable_through_other_objects(string source)
    {
        var error = Assert.Throws<ExpressionException>(() => Render(source, new Version(1, 2)));

        Assert.Contains("a value of type Version cannot be used in a template", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_disposed_document_is_an_expression_error()
    {
        var document = JsonDocument.Parse("""{"a":1}""");
        var scope = Templates.Scope(("v", document.RootElement));
        document.Dispose();

        Assert.Equal(ExpressionErrorKind.Runtime, Assert.Throws<ExpressionException>(
            () => Templates.Compiler().Compile("{{ v.a }}").Render(scope, Templates.Token)).Kind);
    }

    [Theory]
    [InlineData("{{ v }}", "&lt;b&gt; &amp;")]
    [InlineData("{% echo v %}", "&lt;b&gt; &amp;")]
    [InlineData("<i>{{ v | upcase }}</i>", "<i>&lt;B&gt; &amp;</i>")]
    [InlineData("{{ v | raw }}", "<b> &")]
    [InlineData("{{ v | escape }}", "&lt;b&gt; &amp;")]
    [InlineData("{{ v | raw | append: '!' }}", "&lt;b&gt; &amp;!")]
    [InlineData("{% capture x %}<u>{{ v }}</u>{% endcapture %}{{ x }}", "<u>&lt;b&gt; &amp;</u>")]
    [InlineData("{% capture x %}a{% endcapture %}{% if x == 'a' and x contains 'a' %}{{ x.size }}{% endif %}", "1")]
    [InlineData("{% capture k %}key{% endcapture %}{{ o[k] }}{{ [k] }}", "5")]
    [InlineData("{% cycle v %}", "&lt;b&gt; &amp;")]
    [InlineData("{% raw %}<b>{% endraw %}", "<b>")]
    [InlineData("{{ v | json | raw }}", "\"<b> &\"")]
    public void An_encoder_encodes_values_once(string source, string expected)
    {
        var scope = Templates.Scope(("v", "<b> &"), ("o", new Dictionary<string, object?> { ["key"] = 5 }));

        Assert.Equal(expected, Templates.Compiler(options: new LiquidOptions { Encoder = HtmlEncoder.Default }).Compile(source).Render(scope, Templates.Token));
    }
}
