using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Automation.Expressions.Liquid;
using Automation.Expressions.Liquid.Filters;

namespace Automation.Expressions.Tests.Liquid;

/// <summary>
/// Generated templates: whatever they are, they render or end in an <see cref="ExpressionException"/>, within the
/// limits. <c>LIQUID_FUZZ=200000</c> sets how many; <c>LIQUID_FUZZ_SEED</c> where to begin.
/// </summary>
public sealed class FuzzTests
{
    private static readonly ExpressionLimits Limits = ExpressionLimits.Default with
    {
        MaxSteps = 20_000,
        MaxMemory = 1024 * 1024,
        MaxStringLength = 50_000,
        MaxArrayLength = 5_000,
        MaxCallDepth = 50,
        MaxSourceDepth = 40,
        Timeout = TimeSpan.FromSeconds(2),
    };

    [Fact]
    public void Generated_templates_render_or_fail_as_they_should()
    {
        var count = Setting("LIQUID_FUZZ", 3_000);
        var seed = Setting("LIQUID_FUZZ_SEED", 1);
        var rendered = 0;
        for (var i = seed; i < seed + count; i++)
        {
            var generator = new TemplateGenerator(new Random(i));
            var source = generator.Template();
            try
            {
                var others = new TemplateGenerator(new Random(-i)).Template();
                var options = new LiquidOptions { CacheSize = 0, StrictVariables = i % 5 == 0, StrictFilters = i % 3 == 0, Templates = i % 7 == 0 ? null : Other };
                var compiler = Templates.Compiler(Limits, options, clock: TimeProvider.System);
                string? Other(string name) => name switch
                {
                    "o" => others,
                    "x" => "{{ x | plus: n }}{% assign a = x %}{% increment n %}{{ i }}",
                    _ => null,
                };
                Assert.True(compiler.Compile(source).Render(Data(), Templates.Token).Length <= Limits.MaxStringLength);
                rendered++;
            }
            catch (ExpressionException e)
            {
                Assert.True(e.InnerException is null, $"Seed {i}: {e}\n{source}");
                Assert.False(e.Message.Contains("Timeout", StringComparison.Ordinal), $"Seed {i}: {e.Message}\n{source}");
                Assert.True(e.Line > 0 && e.Column > 0, $"Seed {i}: no position in '{e.Message}'\n{source}");
            }
            catch (Exception e) when (e is not Xunit.Sdk.XunitException)
            {
                Assert.Fail($"Seed {i}: {e}\n{source}");
            }
        }

        Assert.True(rendered > count / 10, $"Only {rendered} of {count} templates rendered; the generator makes too much nonsense.");
    }

    private static LiquidScope Data() => Templates.Scope(
        ("a", new object?[] { 3L, 1L, 2L, null, "x", 2.5 }),
        ("n", 7L),
        ("s", "The quick <b>brown</b> fox & 'co' 😀"),
        ("d", Templates.Moment),
        ("o", JsonNode.Parse("""{ "k": 1, "list": [ { "t": "x", "q": 1 }, { "t": "y", "q": null } ], "deep": { "er": [[1], [2, [3]]] } }""")),
        ("z", null),
        ("f", false),
        ("m", 12.30m),
        ("g", new Guid("11111111-2222-3333-4444-555555555555")));

    private static int Setting(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : otherwise;

    /// <summary>Writes mostly sound templates, sometimes spoilt by a random edit.</summary>
    private sealed class TemplateGenerator(Random random)
    {
        private static readonly string[] Names = ["a", "n", "s", "d", "o", "z", "f", "m", "g", "x", "y", "i", "forloop", "nope", "o.k", "o.list", "o.deep.er", "a[0]", "a[n]", "o['list']", "[s]", "forloop.index", "forloop.parentloop.rindex", "tablerowloop.col", "s.size", "a.first", "o.last"];
        private static readonly string[] Literals = ["1", "-3", "0", "2.5", "'x'", "\"\"", "' '", "'t'", "'%Y-%m-%dT%H:%M:%S%z'", "nil", "true", "false", "empty", "blank", "(1..5)", "(n..a.size)", "99999999999999999999", "-0.0", "9223372036854775807", "-9223372036854775808"];
        private static readonly string[] Operators = ["==", "!=", "<", ">", "<=", ">=", "<>", "contains"];
        private static readonly string[] Filters =
        [
            "append", "prepend", "upcase", "downcase", "capitalize", "strip", "lstrip", "rstrip", "squish", "strip_newlines", "replace", "replace_first", "replace_last",
            "remove", "remove_first", "remove_last", "truncate", "truncatewords", "slice", "split", "escape", "h", "escape_once", "raw", "strip_html", "newline_to_br",
            "url_encode", "url_decode", "base64", "base64_encode", "base64_decode", "base64_url_safe_encode", "base64_url_safe_decode", "json", "abs", "plus", "minus", "times",
            "divided_by", "modulo", "ceil", "floor", "round", "at_least", "at_most", "size", "first", "last", "join", "reverse", "concat", "compact", "uniq", "sort",
            "sort_natural", "keys", "map", "sum", "where", "reject", "find", "find_index", "has", "group_by", "date", "time_zone", "default", "unknown",
        ];

        private const string Alphabet = "{}%|-:.,'\"[]()=<>#! \n\tabcif0129\\😀\0é";
        private readonly StringBuilder _text = new();

        public string Template()
        {
            Body(random.Next(1, 4), 0);
            if (random.Next(4) == 0)
            {
                for (var i = random.Next(1, 5); i > 0; i--)
                    Spoil();
            }

            return _text.ToString();
        }

        private void Spoil()
        {
            var at = random.Next(_text.Length + 1);
            if (random.Next(2) == 0 && at < _text.Length)
                _text.Remove(at, Math.Min(random.Next(1, 4), _text.Length - at));
            else
                _text.Insert(at, Alphabet[random.Next(Alphabet.Length)]);
        }

        private void Body(int pieces, int depth)
        {
            for (; pieces > 0; pieces--)
                Piece(depth);
        }

        private void Piece(int depth)
        {
            switch (random.Next(depth > 4 ? 6 : 16))
            {
                case 0:
                    _text.Append(Pick(["text ", "\n", "  ", "<p>&</p>", "{ ", "%} "]));
                    break;
                case 1 or 2 or 3:
                    _text.Append(random.Next(5) == 0 ? "{{- " : "{{ ").Append(Filtered()).Append(random.Next(5) == 0 ? " -}}" : " }}");
                    break;
                case 4:
                    Tag($"assign {Pick(["x", "y", "a"])} = {Filtered()}");
                    break;
                case 5:
                    Tag(Pick(["increment x", "decrement n", "cycle 1, 'b', n", "cycle s: 1, 2", "break", "continue", "echo n | plus: 1", "# note", $"cycle {Value()}, {Value()}", Call(), Call()]));
                    break;
                case 6 or 7:
                    Block("if", Condition(), depth, random.Next(2) == 0 ? "else" : $"elsif {Condition()}");
                    break;
                case 8:
                    Block("unless", Condition(), depth, "else");
                    break;
                case 9 or 10 or 11:
                    Block("for", $"{Pick(["i", "x"])} in {Value()}{Pick(["", " limit: 2", " offset: continue", " reversed", " offset: n", $" limit: {Value()}"])}", depth, "else");
                    break;
                case 12:
                    Block("tablerow", $"i in {Value()} cols: {Value()}", depth, null);
                    break;
                case 13:
                    Block("capture", Pick(["x", "y", "s"]), depth, null);
                    break;
                case 14:
                    Block("case", Value(), depth, $"when {Value()}, {Value()}");
                    break;
                default:
                    Block(Pick(["comment", "raw", "ifchanged", "doc"]), "", depth, null);
                    break;
            }
        }

        private string Call() =>
            $"{Pick(["render 'x'", "render 'o'", "include 'x'", "include 'o'", $"include {Value()}"])}{Pick(["", $" with {Value()}", $" for {Value()}", $" for {Value()} as i"])}{Pick(["", $", x: {Value()}", $" n: {Value()}, i: 1"])}";

        private void Block(string name, string markup, int depth, string? middle)
        {
            Tag($"{name} {markup}");
            Body(random.Next(1, 4), depth + 1);
            if (middle is not null && random.Next(3) > 0)
            {
                Tag(middle);
                Body(random.Next(1, 3), depth + 1);
            }

            Tag("end" + name);
        }

        private void Tag(string markup) =>
            _text.Append(random.Next(6) == 0 ? "{%- " : "{% ").Append(markup).Append(random.Next(6) == 0 ? " -%}" : " %}");

        private string Condition()
        {
            var text = new StringBuilder();
            for (var i = random.Next(1, 4); i > 0; i--)
            {
                text.Append(Value());
                if (random.Next(3) > 0)
                    text.Append(' ').Append(Pick(Operators)).Append(' ').Append(Value());
                if (i > 1)
                    text.Append(Pick([" and ", " or "]));
            }

            return text.ToString();
        }

        private string Filtered()
        {
            var text = new StringBuilder(Value());
            for (var i = random.Next(3); i > 0; i--)
            {
                var name = Pick(Filters);
                text.Append(" | ").Append(name);
                var known = FilterTable.Find(name);
                var arguments = known is null || random.Next(40) == 0 ? random.Next(3) : random.Next(known.Least, known.Most + 1);
                for (var j = 0; j < arguments; j++)
                    text.Append(j == 0 ? ": " : ", ").Append(Value());
            }

            return text.ToString();
        }

        private string Value() => random.Next(2) == 0 ? Pick(Names) : Pick(Literals);

        private string Pick(string[] of) => of[random.Next(of.Length)];
    }
}
