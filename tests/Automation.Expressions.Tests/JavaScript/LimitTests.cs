using Automation.Expressions.JavaScript;

namespace Automation.Expressions.Tests.JavaScript;

public sealed class LimitTests
{
    private static readonly ExpressionLimits Small = ExpressionLimits.Default with
    {
        MaxSteps = 200_000,
        MaxMemory = 16 * 1024 * 1024,
        MaxStringLength = 1_000_000,
        MaxArrayLength = 10_000,
        RegexTimeout = TimeSpan.FromMilliseconds(50),
    };

    private static ExpressionException Fails(string source, ExpressionLimits? limits = null) =>
        Assert.Throws<ExpressionException>(() =>
            new JavaScriptCompiler(limits ?? Small, TimeProvider.System, TimeZoneInfo.Utc).Compile(source).Evaluate(cancellationToken: TestContext.Current.CancellationToken));

    [Theory]
    [InlineData("while (true) {}", "MaxSteps")]
    [InlineData("for (;;);", "MaxSteps")]
    [InlineData("const f = () => f; let g = f; while (g) g = g()", "MaxSteps")]
    [InlineData("[...{ [Symbol.iterator]() { return { next: () => ({ value: 1, done: false }) } } }]", "Max")]
    [InlineData("async function f() { while (true) await 1 } await f()", "Max")]
    [InlineData("const f = () => Promise.resolve().then(f); f()", "Max")]
    [InlineData("while (true) { try { throw 1 } catch {} }", "Max")]
    [InlineData("try { while (true) {} } finally { while (true) {} }", "MaxSteps")]
    [InlineData("let s = 'x'; while (true) s += s", "MaxStringLength")]
    [InlineData("'x'.repeat(1e9)", "MaxStringLength")]
    [InlineData("'x'.padEnd(1e9)", "MaxStringLength")]
    [InlineData("let a = 'x'.repeat(5000); a.replaceAll('x', a)", "MaxStringLength")]
    [InlineData("Array(5000).fill('y'.repeat(1000)).join('')", "MaxStringLength")]
    [InlineData("Array(1e9).fill()", "MaxArrayLength")]
    [InlineData("const a = []; while (true) a.push(1)", "MaxArrayLength")]
    [InlineData("const a = []; a[4e9] = 1; a.length", "MaxArrayLength")]
    [InlineData("const a = []; a[1e8] = 1", "MaxArrayLength")]
    [InlineData("'x'.repeat(20000).split('')", "MaxArrayLength")]
    [InlineData("const f = () => f(); f()", "MaxCallDepth")]
    [InlineData("const o = { get x() { return this.x } }; o.x", "MaxCallDepth")]
    [InlineData("const o = { toString() { return '' + this } }; '' + o", "MaxCallDepth")]
    [InlineData("let a = []; for (let i = 0; i < 5000; i++) a = [a]; JSON.stringify(a)", "MaxCallDepth")]
    [InlineData("let a = []; for (let i = 0; i < 5000; i++) a = [a]; a.flat(Infinity)", "MaxCallDepth")]
    [InlineData("let a = []; for (let i = 0; i < 5000; i++) a = [a]; a", "MaxCallDepth")]
    [InlineData("JSON.parse('['.repeat(5000))", "MaxCallDepth")]
    [InlineData("class A { constructor() { new A() } } new A()", "MaxCallDepth")]
    [InlineData("const f = async () => { await f() }; await f()", "MaxCallDepth")]
    [InlineData("const f = async () => { try { await f() } finally { await 1 } }; await f()", "MaxCallDepth")]
    [InlineData("Array(9999).fill('x'.repeat(100000))", "MaxMemory")]
    [InlineData("let r = 'x'.repeat(900000); for (;;) { r += 'x'; r[0] }", "Max")]
    [InlineData("'x'.repeat(1e5).replace(/x+/, '$&'.repeat(1000))", "MaxStringLength")]
    [InlineData("Object.keys('x'.repeat(20000))", "MaxArrayLength")]
    [InlineData("for (const k in 'x'.repeat(20000));", "MaxArrayLength")]
    [InlineData("/(a+)+$/.test('a'.repeat(50) + '!')", "RegexTimeout")]
    [InlineData("let o = {}; for (let i = 0; ; i++) o['k' + i] = 'v' + i", "Max")]
    [InlineData("let a = [1]; for (;;) a = a.concat(a)", "MaxArrayLength")]
    [InlineData("const a = []; for (;;) { a.push(new Array(9999).fill(0)) }", "Max")]
    public void A_limit_ends_the_evaluation_and_is_named(string source, string limit)
    {
        var error = Fails(source);
        Assert.Equal(ExpressionErrorKind.Limit, error.Kind);
        Assert.Contains(limit, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("(", ")")]
    [InlineData("[", "]")]
    [InlineData("{a:", "}")]
    [InlineData("!", "")]
    [InlineData("-", "")]
    [InlineData("x=>", "")]
    [InlineData("if(1)", "")]
    [InlineData("(function(){", "})")]
    [InlineData("`${", "}`")]
    [InlineData("new ", "")]
    [InlineData("a?1:", "")]
    [InlineData("2**", "")]
    [InlineData("await ", "")]
    [InlineData("[a,", "]")]
    public void Deep_nesting_of_the_source_is_refused(string open, string close)
    {
        var source = string.Concat(Enumerable.Repeat(open, 5000)) + "1" + string.Concat(Enumerable.Repeat(close, 5000));
        var error = Fails(source);
        Assert.Equal(ExpressionErrorKind.Limit, error.Kind);
        Assert.Contains("MaxSourceDepth", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_long_chain_of_operators_is_refused_and_a_sensible_one_is_not()
    {
        Assert.Contains("MaxSourceDepth", Fails("1" + string.Concat(Enumerable.Repeat("+1", 50_000))).Message, StringComparison.Ordinal);
        Assert.Contains("MaxSourceDepth", Fails("a" + string.Concat(Enumerable.Repeat(".a", 50_000))).Message, StringComparison.Ordinal);
        var compiler = new JavaScriptCompiler(Small, TimeProvider.System, TimeZoneInfo.Utc);
        Assert.Equal(1001L, compiler.Compile("1" + string.Concat(Enumerable.Repeat("+1", 1000))).Evaluate(cancellationToken: TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("()=>0;")]
    [InlineData("function f(){}")]
    [InlineData("(class{});")]
    [InlineData("({get a(){return 1}});")]
    [InlineData("{let a}")]
    [InlineData("for(;;);")]
    [InlineData("try{}catch{}")]
    [InlineData("(class{a=1});")]
    public void A_source_of_too_many_functions_and_blocks_is_refused(string part)
    {
        var limits = Small with { MaxSourceScopes = 500 };
        Assert.Contains("MaxSourceScopes", Fails(string.Concat(Enumerable.Repeat(part, 500)), limits).Message, StringComparison.Ordinal);
        new JavaScriptCompiler(limits, TimeProvider.System, TimeZoneInfo.Utc).Compile(string.Concat(Enumerable.Repeat(part, 100)));
    }

    [Fact]
    public void Parameters_without_number_are_compiled_in_passing()
    {
        var names = string.Join(',', Enumerable.Range(0, 40_000).Select(i => $"a{i:x}"));
        var compiler = new JavaScriptCompiler(Small, TimeProvider.System, TimeZoneInfo.Utc);
        Assert.Equal(2L, compiler.Compile($"(({names})=>a1)(1,2)").Evaluate(cancellationToken: TestContext.Current.CancellationToken));
        Assert.Equal(3L, compiler.Compile("(function(a, b, a) { return a })(1, 2, 3)").Evaluate(cancellationToken: TestContext.Current.CancellationToken));
    }

    [Fact]
    public void A_source_of_a_megabyte_is_refused()
    {
        var error = Fails(new string('1', 1024 * 1024));
        Assert.Contains("MaxSourceLength", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Time_is_limited_by_the_clock_that_was_given()
    {
        var clock = new SteppingClock(TimeSpan.FromSeconds(1));
        var error = Assert.Throws<ExpressionException>(() =>
            new JavaScriptCompiler(ExpressionLimits.Default, clock, TimeZoneInfo.Utc).Compile("while (true) {}").Evaluate(cancellationToken: TestContext.Current.CancellationToken));
        Assert.Contains("Timeout", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_cancelled_token_ends_the_evaluation()
    {
        using var cancellation = new CancellationTokenSource();
        var script = new JavaScriptCompiler(ExpressionLimits.Default, TimeProvider.System, TimeZoneInfo.Utc).Compile("stop(); while (true) {}");
        var scope = new ScriptScope().SetFunction("stop", _ =>
        {
            cancellation.Cancel();
            return null;
        });
        Assert.Throws<OperationCanceledException>(() => script.Evaluate(scope, cancellation.Token));
    }

    [Fact]
    public void No_catch_of_the_script_sees_a_limit()
    {
        var seen = false;
        var scope = new ScriptScope().SetFunction("see", _ =>
        {
            seen = true;
            return null;
        });
        var script = new JavaScriptCompiler(Small, TimeProvider.System, TimeZoneInfo.Utc).Compile("try { while (true) {} } catch { see() } finally { see() }");
        Assert.Throws<ExpressionException>(() => script.Evaluate(scope, TestContext.Current.CancellationToken));
        Assert.False(seen);
    }

    /// <summary>Moves on by a fixed time whenever it is looked at.</summary>
    private sealed class SteppingClock(TimeSpan step) : TimeProvider
    {
        private long _ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _ticks += step.Ticks;
    }
}
