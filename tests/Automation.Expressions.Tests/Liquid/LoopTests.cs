namespace Automation.Expressions.Tests.Liquid;

public sealed class LoopTests
{
    private const string Data = """
        { "a": [1, 2, 3, 4, 5, 6], "none": [], "object": { "x": 1, "y": [2] }, "text": "abc", "two": 2,
          "orders": [ { "id": 1, "lines": [ { "sku": "A" }, { "sku": "B" } ] }, { "id": 2, "lines": [] } ] }
        """;

    [Theory]
    [InlineData("{% for i in a %}{{ i }}{% endfor %}", "123456")]
    [InlineData("{% for i in (1..3) %}{{ i }}{% endfor %}", "123")]
    [InlineData("{% for i in (3..1) %}{{ i }}{% else %}none{% endfor %}", "none")]
    [InlineData("{% for i in (two..a.size) %}{{ i }}{% endfor %}", "23456")]
    [InlineData("{% for i in a limit: 2 %}{{ i }}{% endfor %}", "12")]
    [InlineData("{% for i in a offset: 4 %}{{ i }}{% endfor %}", "56")]
    [InlineData("{% for i in a limit: two offset: two %}{{ i }}{% endfor %}", "34")]
    [InlineData("{% for i in a limit:2, offset:1 %}{{ i }}{% endfor %}", "23")]
    [InlineData("{% for i in a reversed limit: 2 %}{{ i }}{% endfor %}", "21")]
    [InlineData("{% for i in a reversed %}{{ i }}{% endfor %}", "654321")]
    [InlineData("{% for i in a limit: 0 %}{{ i }}{% else %}none{% endfor %}", "none")]
    [InlineData("{% for i in a offset: 99 %}{{ i }}{% else %}none{% endfor %}", "none")]
    [InlineData("{% for i in a limit: -1 %}{{ i }}{% endfor %}", "")]
    [InlineData("{% for i in a limit: 2 %}{{ i }}{% endfor %}-{% for i in a offset: continue %}{{ i }}{% endfor %}", "12-3456")]
    [InlineData("{% for i in a limit: 2 %}{{ i }}{% endfor %}-{% for i in a limit: 2 offset: continue %}{{ i }}{% endfor %}-{% for i in a offset: continue %}{{ i }}{% endfor %}", "12-34-56")]
    [InlineData("{% for i in none %}x{% else %}none{% endfor %}", "none")]
    [InlineData("{% for i in missing %}x{% else %}none{% endfor %}", "none")]
    [InlineData("{% for i in two %}x{% else %}none{% endfor %}", "none")]
    [InlineData("{% for c in text %}[{{ c }}]{% endfor %}", "[abc]")]
    [InlineData("{% for p in object %}{{ p[0] }}={{ p[1] }};{% endfor %}", "x=1;y=2;")]
    [InlineData("{% for i in a %}{% if i == 3 %}{% break %}{% endif %}{{ i }}{% endfor %}!", "12!")]
    [InlineData("{% for i in a %}{% if i == 3 %}{% continue %}{% endif %}{{ i }}{% endfor %}!", "12456!")]
    [InlineData("{% for i in (1..2) %}{% for j in (1..3) %}{% if j == 2 %}{% break %}{% endif %}{{ i }}{{ j }} {% endfor %}{% endfor %}", "11 21 ")]
    [InlineData("{% for i in (1..3) %}{% capture x %}{{ i }}{% if i == 2 %}{% break %}{% endif %}{% endcapture %}{% endfor %}{{ x }}", "2")]
    [InlineData("a{% break %}b", "a")]
    [InlineData("a{% continue %}b", "a")]
    [InlineData("{% for o in orders %}{{ o.id }}:{% for l in o.lines %}{{ l.sku }}{% else %}-{% endfor %} {% endfor %}", "1:AB 2:- ")]
    [InlineData("{% for i in (1..2) %}{% for i in (8..9) %}{{ i }}{% endfor %}{{ i }}{% endfor %}{{ i }}", "891892")]
    [InlineData("{% assign i = 'outer' %}{% for i in (1..2) %}{{ i }}{% endfor %}{{ i }}", "12outer")]
    [InlineData("{% for i in (1..2) %}{% assign i = 'x' %}{{ i }}{% endfor %}{{ i }}", "12x")]
    [InlineData("{% for i in (1..3) %}{% assign last = i %}{% endfor %}{{ last }}", "3")]
    public void For_goes_through_items(string source, string expected) => Assert.Equal(expected, Templates.Render(source, Data));

    [Theory]
    [InlineData("index", "1 2 3 ")]
    [InlineData("index0", "0 1 2 ")]
    [InlineData("rindex", "3 2 1 ")]
    [InlineData("rindex0", "2 1 0 ")]
    [InlineData("first", "true false false ")]
    [InlineData("last", "false false true ")]
    [InlineData("length", "3 3 3 ")]
    [InlineData("name", "i-a i-a i-a ")]
    [InlineData("nothing", "   ")]
    public void Forloop_tells_where_the_loop_is(string property, string expected) =>
        Assert.Equal(expected, Templates.Render($"{{% for i in a limit: 3 %}}{{{{ forloop.{property} }}}} {{% endfor %}}", Data));

    [Theory]
    [InlineData("{% for i in (1..2) %}{% for j in (1..2) %}{{ forloop.parentloop.index }}{{ forloop.index }} {% endfor %}{% endfor %}", "11 12 21 22 ")]
    [InlineData("{% for i in (1..2) %}{{ forloop.index }}{% for j in (1..1) %}{% endfor %}{{ forloop.last }} {% endfor %}{{ forloop.index }}", "1false 2true ")]
    [InlineData("{% for i in (1..1) %}{% if forloop.parentloop == nil %}top{% endif %}{% endfor %}", "top")]
    public void Loops_know_the_loop_around_them(string source, string expected) => Assert.Equal(expected, Templates.Render(source));

    [Theory]
    [InlineData("{% tablerow i in (1..3) cols: 2 %}{{ i }}{% endtablerow %}",
        "<tr class=\"row1\">\n<td class=\"col1\">1</td><td class=\"col2\">2</td></tr>\n<tr class=\"row2\"><td class=\"col1\">3</td></tr>\n")]
    [InlineData("{% tablerow i in a limit: 1 offset: 1 %}{{ i }}{% endtablerow %}",
        "<tr class=\"row1\">\n<td class=\"col1\">2</td></tr>\n")]
    [InlineData("{% tablerow i in none %}{{ i }}{% endtablerow %}", "<tr class=\"row1\">\n</tr>\n")]
    [InlineData("{% tablerow i in (1..2) cols: 1 %}{{ tablerowloop.row }}{{ tablerowloop.col }}{{ tablerowloop.col_last }}{% endtablerow %}",
        "<tr class=\"row1\">\n<td class=\"col1\">11true</td></tr>\n<tr class=\"row2\"><td class=\"col1\">21true</td></tr>\n")]
    public void Tablerow_makes_rows_and_cells(string source, string expected) => Assert.Equal(expected, Templates.Render(source, Data));
}
