using System.Globalization;
using System.Text;
using Automation.Expressions.JavaScript;
using Automation.Expressions.JavaScript.Runtime;

namespace Automation.Expressions.Tests.JavaScript;

/// <summary>
/// Programs made up from a seed: whatever they say, they end, and in no other exception than the library's own. The suite runs a few;
/// the environment variable JAVASCRIPT_FUZZ says how many to run instead (200000 takes a while).
/// </summary>
public sealed class FuzzTests
{
    private static readonly ExpressionLimits Limits = ExpressionLimits.Default with
    {
        MaxSteps = 20_000,
        MaxMemory = 8 * 1024 * 1024,
        MaxStringLength = 100_000,
        MaxArrayLength = 10_000,
        RegexTimeout = TimeSpan.FromMilliseconds(20),
        Timeout = TimeSpan.FromSeconds(2),
    };

    [Fact]
    public void Made_up_programs_end_in_a_value_or_in_the_librarys_own_exception()
    {
        var count = int.TryParse(Environment.GetEnvironmentVariable("JAVASCRIPT_FUZZ"), CultureInfo.InvariantCulture, out var wanted) ? wanted : 3000;
        var compiler = new JavaScriptCompiler(Limits, TimeProvider.System, TimeZoneInfo.Utc);
        var values = 0;
        for (var seed = 0; seed < count; seed++)
        {
            var source = new ProgramMaker(seed).Make();
            try
            {
                ScriptJson.ToElement(compiler.Compile(source).Evaluate(new ScriptScope().Set("input", new Dictionary<string, object?> { ["a"] = 1, ["b"] = "x" }), TestContext.Current.CancellationToken));
                values++;
            }
            catch (ExpressionException e) when (e.InnerException is null or JsThrow or InsufficientExecutionStackException)
            {
                // What most made-up programs deserve. Anything else inside is an error of the library.
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"Seed {seed}: {source}", e);
            }
        }

        Assert.InRange(values, count / 20, count);
    }

    private sealed class ProgramMaker(int seed)
    {
        private static readonly string[] Names = ["a", "b", "c", "input", "x", "Math", "JSON", "Object", "Array", "String", "undefined", "globalThis"];
        private static readonly string[] Members = ["length", "map", "filter", "push", "constructor", "prototype", "toString", "a", "b", "call", "__proto__", "slice", "join", "replace", "then", "keys", "sort", "fill", "repeat", "split", "at", "flat"];
        private static readonly string[] Operators = ["+", "-", "*", "/", "%", "**", "==", "===", "<", ">", "&&", "||", "??", "in", "instanceof", "&", "|", "<<", ">>>", ","];
        private static readonly string[] Literals = ["0", "1", "-1", "1.5", "NaN", "1e9", "'x'", "'abc'", "``", "null", "true", "[]", "{}", "[1,2,3]", "({a:1})", "/a+/g", "/(a|b)*c/", "5n", "Symbol.iterator", "new Date(0)", "new Map([[1,2]])"];
        private readonly Random _random = new(seed);

        public string Make()
        {
            var text = new StringBuilder("let a = [1, 2], b = { x: 1 }, c = 'str';");
            var count = _random.Next(1, 6);
            for (var i = 0; i < count; i++)
                text.Append(Statement(3)).Append('\n');
            if (_random.Next(10) == 0 && text.Length > 4)
                text.Remove(_random.Next(text.Length - 3), _random.Next(1, 3));
            return text.ToString();
        }

        private string Pick(string[] from) => from[_random.Next(from.Length)];

        private string Statement(int depth) => depth == 0 ? Expression(1) + ";" : _random.Next(14) switch
        {
            0 => $"if ({Expression(2)}) {{ {Statement(depth - 1)} }} else {{ {Statement(depth - 1)} }}",
            1 => $"for (let i = 0; i < {_random.Next(5)}; i++) {{ {Statement(depth - 1)} }}",
            2 => $"for (const v of {Expression(2)}) {{ {Statement(depth - 1)} }}",
            3 => $"for (const k in {Expression(2)}) {{ {Statement(depth - 1)} }}",
            4 => $"try {{ {Statement(depth - 1)} }} catch (e) {{ {Statement(depth - 1)} }} finally {{ {Statement(depth - 1)} }}",
            5 => $"while ({Expression(1)}) {{ {Statement(depth - 1)} break; }}",
            6 => $"{{ const [p, {{ q = 1 }} = {{}}] = {Expression(2)}; {Statement(depth - 1)} }}",
            7 => $"{{ class K extends Object {{ #p = {Expression(1)}; static s = {Expression(1)}; m() {{ return this.#p }} }} new K().m(); }}",
            8 => $"switch ({Expression(1)}) {{ case {Expression(1)}: {Statement(depth - 1)} default: {Statement(depth - 1)} }}",
            9 => $"await {Expression(2)};",
            10 => $"{{ function f(x, ...r) {{ {Statement(depth - 1)} return {Expression(1)} }} f({Expression(1)}); }}",
            11 => $"throw {Expression(1)};",
            _ => Expression(3) + ";",
        };

        private string Expression(int depth) => depth == 0 ? Leaf() : _random.Next(16) switch
        {
            0 => $"({Expression(depth - 1)} {Pick(Operators)} {Expression(depth - 1)})",
            1 => $"{Name()}.{Pick(Members)}",
            2 => $"{Name()}?.{Pick(Members)}({Expression(depth - 1)})",
            3 => $"({Expression(depth - 1)})[{Expression(depth - 1)}]",
            4 => $"{Name()}.{Pick(Members)}({Expression(depth - 1)}, {Expression(depth - 1)})",
            5 => $"(x => {Expression(depth - 1)})({Expression(depth - 1)})",
            6 => $"[{Expression(depth - 1)}, ...[{Expression(depth - 1)}]]",
            7 => $"({{ k: {Expression(depth - 1)}, ['q']: 1, ...{Name()} }})",
            8 => $"`t${{{Expression(depth - 1)}}}`",
            9 => $"({Pick(["a", "b.x", "c", "a[0]", "b.y"])} {Pick(["=", "+=", "??=", "*="])} {Expression(depth - 1)})",
            10 => $"({Expression(depth - 1)} ? {Expression(depth - 1)} : {Expression(depth - 1)})",
            11 => $"{Pick(["!", "-", "typeof ", "void ", "~"])}{Leaf()}",
            12 => $"(async () => {Expression(depth - 1)})()",
            13 => $"new {Pick(["Array", "Set", "Map", "Date", "RegExp", "Error", "Promise", "a", "Object"])}({Expression(depth - 1)})",
            14 => $"JSON.{Pick(["stringify", "parse"])}({Expression(depth - 1)})",
            _ => Leaf(),
        };

        private string Name() => Pick(Names);

        private string Leaf() => _random.Next(2) == 0 ? Name() : Pick(Literals);
    }
}
