using System.Numerics;
using System.Text.Json;
using System.Text.Json.Nodes;
using Automation.Expressions.JavaScript;

namespace Automation.Expressions.Tests.JavaScript;

public sealed class HostTests
{
    private static readonly JavaScriptCompiler Compiler = new(ExpressionLimits.Default, TimeProvider.System, TimeZoneInfo.Utc);

    private static object? Run(string source, ScriptScope? scope = null) => Compiler.Compile(source).Evaluate(scope, TestContext.Current.CancellationToken);

    private static JsonElement Json(string text) => JsonDocument.Parse(text).RootElement.Clone();

    [Theory]
    [InlineData(false, "ISS|STRASSE")]
    [InlineData(true, "Iß|STRAßE")]
    public void Upper_case_goes_by_the_language_or_by_the_letter(bool byLetter, string expected)
    {
        var compiler = new JavaScriptCompiler(ExpressionLimits.Default, TimeProvider.System, TimeZoneInfo.Utc, new JavaScriptOptions { UpperCaseByLetter = byLetter });

        Assert.Equal(expected, compiler.Compile("'iß'.toUpperCase() + '|' + 'straße'.toLocaleUpperCase()").Evaluate(cancellationToken: TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Plain_values_come_out_as_the_types_promised()
    {
        Assert.Equal(5L, Run("2 + 3"));
        Assert.Equal(2.5, Run("5 / 2"));
        Assert.Equal(-9007199254740992L, Run("-(2 ** 53)"));
        Assert.Equal(1e300, Run("1e300"));
        Assert.Equal(BigInteger.Pow(7, 40), Run("7n ** 40n"));
        Assert.Equal(true, Run("!0"));
        Assert.Null(Run("undefined"));
        Assert.Null(Run("() => 1"));
        Assert.Equal(DateTimeOffset.UnixEpoch, Run("new Date(0)"));
        Assert.Null(Run("new Date(NaN)"));
        Assert.Equal(["b", "a"], Assert.IsType<Dictionary<string, object?>>(Run("({ b: 1, a: 2 })")).Keys);
        Assert.Equal([1L, "x", null], Assert.IsType<List<object?>>(Run("[1, 'x', undefined]")));
        Assert.Equal([1L, 2L], Assert.IsType<List<object?>>(Run("new Set([1, 2])")));
    }

    [Fact]
    public void Plain_values_go_in_as_the_types_promised()
    {
        var scope = new ScriptScope()
            .Set("d", 1.5m).Set("l", 7L).Set("big", BigInteger.Parse("99999999999999999999", System.Globalization.CultureInfo.InvariantCulture))
            .Set("when", DateTimeOffset.UnixEpoch).Set("id", Guid.Empty).Set("span", TimeSpan.FromSeconds(1)).Set("day", DayOfWeek.Friday)
            .Set("list", new List<object?> { 1, "a" }).Set("map", new Dictionary<string, object?> { ["k"] = 2 }).Set("bytes", new byte[] { 9 })
            .Set("node", JsonNode.Parse("""{"x":[1,{"y":2}]}"""));
        Assert.Equal(2L, Run("d + 0.5", scope));
        Assert.Equal("bigint", Run("typeof big", scope));
        Assert.Equal("1970-01-01T00:00:00.000Z", Run("when.toISOString()", scope));
        Assert.Equal("00:00:01", Run("span", scope));
        Assert.Equal("Friday", Run("day", scope));
        Assert.Equal("string", Run("typeof id", scope));
        Assert.Equal(2L, Run("list.length", scope));
        Assert.Equal(2L, Run("map.k", scope));
        Assert.Equal(9L, Run("bytes[0]", scope));
        Assert.Equal(2L, Run("node.x[1].y", scope));
    }

    [Fact]
    public void A_document_that_was_only_read_comes_out_as_itself()
    {
        var document = Json("""{"a":{"b":[1,2,{"c":3}]},"n":1}""");
        var scope = new ScriptScope().Set("input", document);
        Assert.Equal(3L, Run("input.a.b[2].c", scope));
        Assert.Equal(document.GetProperty("a").GetRawText(), Assert.IsType<JsonElement>(Run("for (const k in input) { input[k] } input.a.b.map(x => x); input.a", scope)).GetRawText());
        var bytes = new byte[] { 1, 2 };
        Assert.Same(bytes, Run("b", new ScriptScope().Set("b", bytes)));
        var map = new Dictionary<string, object?> { ["x"] = 1 };
        Assert.Same(map, Run("m.x; m", new ScriptScope().Set("m", map)));
    }

    [Fact]
    public void A_change_stays_in_the_script_and_keeps_the_order()
    {
        var document = Json("""{"b":1,"a":{"x":[1]},"c":3}""");
        var result = Assert.IsType<Dictionary<string, object?>>(Run("input.a.x.push(2); input.z = 9; delete input.c; input", new ScriptScope().Set("input", document)));
        Assert.Equal(["b", "a", "z"], result.Keys);
        Assert.Equal("""{"x":[1,2]}""", ScriptJson.ToElement(result["a"]).GetRawText());
        Assert.Equal("""{"b":1,"a":{"x":[1]},"c":3}""", document.GetRawText());
    }

    [Fact]
    public void Only_what_is_read_is_asked_for_and_only_once()
    {
        var host = new Recorder();
        Assert.Equal(6L, Run("v.one + v.one + v.two * 2", new ScriptScope().Set("v", host)));
        Assert.Equal(["one", "two"], host.Reads);
    }

    [Fact]
    public void What_a_script_changes_in_a_host_object_is_written_back()
    {
        var host = new Recorder();
        Run("v.list.push(3); v.fresh = [1]; v.fresh.push(2); v.one", new ScriptScope().Set("v", host));
        Assert.Equal("[1,2,3]", ScriptJson.ToElement(host.Writes["list"]).GetRawText());
        Assert.Equal("[1,2]", ScriptJson.ToElement(host.Writes["fresh"]).GetRawText());
        Assert.DoesNotContain("one", host.Writes.Keys);
    }

    [Fact]
    public void A_resolver_gives_values_functions_and_objects()
    {
        var scope = new ScriptScope
        {
            Resolver = (string name, out object? value) =>
            {
                value = name switch { "five" => 5, "twice" => (HostFunction)(a => (long)a[0]! * 2), _ => null };
                return value is not null;
            },
        };
        Assert.Equal(10L, Run("twice(five)", scope));
        Assert.Throws<ExpressionException>(() => Run("unknown", scope));
    }

    [Fact]
    public void An_exception_of_the_host_is_an_error_the_script_can_catch()
    {
        var scope = new ScriptScope().SetFunction("fail", _ => throw new InvalidOperationException("no luck"));
        Assert.Equal("no luck", Run("try { fail() } catch (e) { e.message }", scope));
        Assert.Contains("no luck", Assert.Throws<ExpressionException>(() => Run("fail()", scope)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_task_of_the_host_is_a_promise()
    {
        var scope = new ScriptScope().SetFunction("later", _ => Task.Run(() => (object?)"done"));
        Assert.Equal("done!", Run("await later() + '!'", scope));
        Assert.Equal("done?", Run("later().then(x => x + '?')", scope));
    }

    [Fact]
    public void Console_output_reaches_the_host()
    {
        var lines = new List<string>();
        Run("console.log('a', { b: 1 }); console.error(new Error('x'))", new ScriptScope { Console = (level, text) => lines.Add($"{level}: {text}") });
        Assert.Equal(["log: a {\"b\":1}", "error: Error: x"], lines);
    }

    [Theory]
    [InlineData("Array.prototype.evil = 1; Object.prototype.evil = 2; String.prototype.trim = () => 'evil'; Math.max = () => 'evil'; JSON.parse = null; globalThis.left = 1; ({}).__proto__.more = 3; 0")]
    [InlineData("(() => {}).constructor.prototype.call = 1; Object.assign(Object.getPrototypeOf([]), { map: 1 }); Map.prototype.get = 0; 0")]
    public void Nothing_a_script_does_to_the_built_ins_outlives_it(string source)
    {
        Run(source);
        Assert.Equal("""[null,null," x".trim,5,null,null,"function","function"]""".Replace("\" x\".trim", "\"x\"", StringComparison.Ordinal), ScriptJson.ToElement(Run(
            "[[].evil, ({}).evil, ' x'.trim(), Math.max(5), globalThis.left, ({}).more, typeof (() => 1).call, typeof [].map]")).GetRawText());
    }

    [Theory]
    [InlineData("(() => 1).constructor('return 1')()")]
    [InlineData("[].constructor.constructor('return this')()")]
    [InlineData("f.constructor('return 1')()")]
    [InlineData("input.constructor.constructor('return 1')()")]
    public void No_function_is_made_from_text(string source)
    {
        var scope = new ScriptScope().Set("input", Json("{}")).SetFunction("f", _ => null);
        Assert.Contains("not supported", Assert.Throws<ExpressionException>(() => Run(source, scope)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("typeof System")]
    [InlineData("typeof input.GetType")]
    [InlineData("typeof input.ValueKind")]
    [InlineData("typeof f.Invoke")]
    [InlineData("typeof f.Method")]
    [InlineData("typeof importNamespace")]
    [InlineData("typeof require")]
    [InlineData("typeof process")]
    public void Nothing_of_dotnet_is_in_reach(string source)
    {
        var scope = new ScriptScope().Set("input", Json("{}")).SetFunction("f", _ => null);
        Assert.Equal("undefined", Run(source, scope));
    }

    [Fact]
    public void Free_names_and_member_paths_are_known_without_running()
    {
        var script = Compiler.Compile("const a = variables.order.id; const f = x => x.y + getInput('q') + input?.data.city; variables.z = f(a)");
        Assert.Equal(["getInput", "input", "variables"], script.FreeNames);
        Assert.Equal(["input.data.city", "variables.order.id", "variables.z"], script.MemberPaths);
    }

    [Fact]
    public void A_result_that_holds_itself_is_refused() =>
        Assert.Contains("refers to itself", Assert.Throws<ExpressionException>(() => Run("const o = {}; o.o = o; o")).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("Array(100000).fill(input)")]
    [InlineData("Array(100000).fill(input).map(a => ({ a }))")]
    [InlineData("Array(100000).fill(list)")]
    public void A_result_that_repeats_what_came_in_is_not_longer_than_the_memory_allowed(string source)
    {
        var scope = new ScriptScope().Set("input", Json($$"""{"text":"{{new string('x', 10_000)}}"}""")).Set("list", new List<object?> { new string('x', 10_000) });
        var error = Assert.Throws<ExpressionException>(() => Run(source, scope));
        Assert.Equal(ExpressionErrorKind.Limit, error.Kind);
        Assert.Contains("MaxMemory", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_number_of_a_document_is_read_as_it_stands()
    {
        string[] numbers = ["0", "-0", "7", "-7", "1.5", "-0.25", "123456789012345", "0.1", "1e3", "1E-7", "9007199254740993", "3.141592653589793", "1.7976931348623157e308", "100000000000000000000"];
        var scope = new ScriptScope().Set("input", Json($$"""{"n":[{{string.Join(',', numbers.Select(n => $$"""{"v":{{n}}}"""))}}]}"""));
        for (var i = 0; i < numbers.Length; i++)
        {
            var expected = double.Parse(numbers[i], System.Globalization.CultureInfo.InvariantCulture);
            Assert.Equal(true, Run($"Object.is(input.n[{i}].v, {numbers[i]}) && Object.is(input.n.map(x => x.v)[{i}], {numbers[i]})", scope));
            Assert.Equal(expected, Convert.ToDouble(Run($"input.n[{i}].v", scope), System.Globalization.CultureInfo.InvariantCulture));
        }
    }

    [Fact]
    public void A_property_read_often_and_then_changed_is_what_it_was_changed_to()
    {
        var scope = new ScriptScope().Set("items", Json("""[{"n":1,"a":true},{"n":2,"a":null}]""")).Set("map", new Dictionary<string, object?> { ["n"] = 1 });
        Assert.Equal("[6,true,9,9,undefined]".Replace("undefined", "null", StringComparison.Ordinal), ScriptJson.ToElement(Run(
            "let t = 0; for (let i = 0; i < 2; i++) for (const x of items) t += x.n; const a = items[0].a; items[0].n = 9; delete items[1].n; [t, a, items[0].n, items.map(x => x.n)[0], items[1].n]", scope)).GetRawText());
        Assert.Equal(12L, Run("let t = 0; for (let i = 0; i < 10; i++) t += map.n; map.n = 2; t + map.n", scope));
    }

    [Fact]
    public void Errors_say_line_and_column()
    {
        var syntax = Assert.Throws<ExpressionException>(() => Run("let a = 1;\nlet b = ];"));
        Assert.Equal((2, 9), (syntax.Line, syntax.Column));
        var runtime = Assert.Throws<ExpressionException>(() => Run("let a = 1;\n  missing.x"));
        Assert.Equal((2, 3), (runtime.Line, runtime.Column));
    }

    [Fact]
    public async Task One_script_serves_many_threads_at_once()
    {
        var script = Compiler.Compile("let t = 0; const seen = {}; for (const i of items) { seen[i.n] = i.n * k; t += seen[i.n] } globalThis.k2 = t; [t, k2, Object.keys(seen).length]");
        var items = Json("[" + string.Join(',', Enumerable.Range(0, 50).Select(n => $$"""{"n":{{n}}}""")) + "]");
        await Parallel.ForAsync(0, 500, TestContext.Current.CancellationToken, (k, ct) =>
        {
            var result = Assert.IsType<List<object?>>(script.Evaluate(new ScriptScope().Set("items", items).Set("k", k), ct));
            Assert.Equal([1225L * k, 1225L * k, 50L], result);
            return ValueTask.CompletedTask;
        });
    }

    private sealed class Recorder : HostObject
    {
        private readonly Dictionary<string, object?> _values = new() { ["one"] = 2, ["two"] = 1, ["list"] = Json("[1,2]") };

        public List<string> Reads { get; } = [];

        public Dictionary<string, object?> Writes { get; } = [];

        public override bool TryGet(string name, out object? value)
        {
            Reads.Add(name);
            return _values.TryGetValue(name, out value);
        }

        public override bool TrySet(string name, object? value)
        {
            Writes[name] = value;
            return true;
        }
    }
}
