namespace Automation.Expressions.Tests.Liquid;

public sealed class ArrayFilterTests
{
    private const string Data = """
        { "n": [3, 1, 2], "s": ["b", "A", "a", "B"], "nested": [1, [2, [3]]], "gaps": [1, null, 2, null], "twice": [1, 2, 1.0, "1", "1"],
          "text": "abc", "object": { "k": "v" }, "dates": ["2026-02-01", "2026-01-01"],
          "p": [ { "t": "x", "q": 2, "on": true }, { "t": "y", "q": 1, "on": false }, { "t": "x", "q": 3 } ] }
        """;

    [Theory]
    [InlineData("n | join", "3 1 2")]
    [InlineData("n | join: ', '", "3, 1, 2")]
    [InlineData("nested | join: '-'", "1-2-3")]
    [InlineData("n | first", "3")]
    [InlineData("n | last", "2")]
    [InlineData("n | size", "3")]
    [InlineData("n | reverse | join", "2 1 3")]
    [InlineData("n | sort | join", "1 2 3")]
    [InlineData("n | sort | reverse | first", "3")]
    [InlineData("s | sort | join", "A B a b")]
    [InlineData("s | sort_natural | join", "A a b B")]
    [InlineData("gaps | sort | join: ','", "1,2,,")]
    [InlineData("gaps | compact | join", "1 2")]
    [InlineData("twice | uniq | join", "1 2 1")]
    [InlineData("n | concat: s | join: ''", "312bAaB")]
    [InlineData("n | slice: 1, 2 | join", "1 2")]
    [InlineData("n | slice: -1 | join", "2")]
    [InlineData("text | reverse | join", "abc")]
    [InlineData("missing | join | size", "0")]
    [InlineData("object | first | join: '='", "k=v")]
    [InlineData("dates | sort | first", "2026-01-01")]
    [InlineData("p | map: 't' | join", "x y x")]
    [InlineData("p | map: 'none' | compact | size", "0")]
    [InlineData("p | sum: 'q'", "6")]
    [InlineData("p | where: 't', 'x' | map: 'q' | join", "2 3")]
    [InlineData("p | where: 'on' | map: 'q' | join", "2")]
    [InlineData("p | where: 'on', false | map: 'q' | join", "1")]
    [InlineData("p | where: 'q', 2.0 | size", "1")]
    [InlineData("p | reject: 't', 'x' | map: 'q' | join", "1")]
    [InlineData("p | reject: 'on' | map: 'q' | join", "1 3")]
    [InlineData("p | find: 't', 'x' | map: 'q' | first", "2")]
    [InlineData("p | find: 't', 'z'", "")]
    [InlineData("p | find_index: 't', 'y'", "1")]
    [InlineData("p | find_index: 't', 'z'", "")]
    [InlineData("p | has: 't', 'y'", "true")]
    [InlineData("p | has: 't', 'z'", "false")]
    [InlineData("p | sort: 'q' | map: 't' | join", "y x x")]
    [InlineData("p | sort: 'on' | map: 't' | join", null)]
    [InlineData("p | uniq: 't' | map: 'q' | join", "2 1")]
    [InlineData("p | compact: 'on' | size", "2")]
    [InlineData("p | sort_natural: 't' | map: 'q' | join", "2 3 1")]
    public void Arrays_are_changed(string expression, string? expected)
    {
        var source = $"{{{{ {expression} }}}}";
        if (expected is null)
            Assert.StartsWith("Cannot sort true or false", Templates.Fails(source, Data).Message, StringComparison.Ordinal);
        else
            Assert.Equal(expected, Templates.Render(source, Data));
    }

    [Fact]
    public void Group_by_gives_name_items_and_size() =>
        Assert.Equal("x:2:5 y:1:1 ", Templates.Render(
            "{% assign g = p | group_by: 't' %}{% for i in g %}{{ i.name }}:{{ i.size }}:{{ i.items | sum: 'q' }} {% endfor %}", Data));

    [Theory]
    [InlineData("1 | map: 'x'", "Cannot read the property 'x' of a number.")]
    [InlineData("n | where: 'x'", "Cannot read the property 'x' of a number.")]
    [InlineData("n | concat: 1", "'concat' needs an array, not a number.")]
    [InlineData("twice | sort", "Cannot compare")]
    public void Arrays_that_make_no_sense_are_an_error(string expression, string message) =>
        Assert.StartsWith(message, Templates.Fails($"{{{{ {expression} }}}}", Data).Message, StringComparison.Ordinal);

    [Fact]
    public void Sorting_keeps_equal_items_in_their_order()
    {
        var items = Enumerable.Range(0, 1000).Select(i => (object?)new Dictionary<string, object?> { ["k"] = (long)(i % 7), ["i"] = (long)i }).ToList();

        var text = Templates.Compiler().Compile("{{ items | sort: 'k' | map: 'i' | join: ',' }}")
            .Render(Templates.Scope(("items", items)), Templates.Token);

        Assert.Equal(string.Join(',', Enumerable.Range(0, 1000).OrderBy(i => i % 7)), text);
    }

    [Fact]
    public void Uniq_of_many_objects_takes_few_steps()
    {
        var json = "{\"a\":[" + string.Join(',', Enumerable.Range(0, 20_000).Select(i => $"{{\"x\":{i % 10_000},\"y\":[1]}}")) + "]}";

        Assert.Equal("10000", Templates.Render("{{ a | uniq | size }}", json, limits: ExpressionLimits.Default with { MaxSteps = 500_000 }));
    }

    [Fact]
    public void Uniq_knows_equal_values_of_different_holders() =>
        Assert.Equal("2", Templates.Compiler().Compile("{{ a | uniq | size }}").Render(
            Templates.Scope(("a", new object?[]
            {
                new Dictionary<string, object?> { ["x"] = 1, ["y"] = "b" }, System.Text.Json.JsonElement.Parse("""{"y":"b","x":1.0}"""),
                new Guid("aaaaaaaa-0000-0000-0000-000000000000"), "AAAAAAAA-0000-0000-0000-000000000000",
            })),
            Templates.Token));

    [Fact]
    public void Filters_leave_their_input_as_it_was()
    {
        var list = new List<object?> { 3L, 1L, 2L };

        Templates.Compiler().Compile("{{ a | sort | reverse | concat: a | uniq | compact }}").Render(Templates.Scope(("a", list)), Templates.Token);

        Assert.Equal([3L, 1L, 2L], list);
    }
}
