using System.Globalization;
using Automation.Expressions.Liquid;

namespace Automation.Expressions.Tests.Liquid;

public sealed class CompilerTests
{
    [Fact]
    public void The_same_source_is_compiled_once()
    {
        var compiler = Templates.Compiler();

        Assert.Same(compiler.Compile("{{ a }}"), compiler.Compile("{{ a }}"));
        Assert.NotSame(compiler.Compile("{{ a }}"), compiler.Compile("{{ b }}"));
    }

    [Fact]
    public void The_template_unused_for_longest_makes_room()
    {
        var compiler = Templates.Compiler(options: new LiquidOptions { CacheSize = 2 });
        var a = compiler.Compile("a");
        var b = compiler.Compile("b");
        Assert.Same(a, compiler.Compile("a"));

        compiler.Compile("c");

        Assert.Same(a, compiler.Compile("a"));
        Assert.NotSame(b, compiler.Compile("b"));
    }

    [Fact]
    public void The_cache_holds_no_more_source_than_allowed()
    {
        var compiler = Templates.Compiler(options: new LiquidOptions { CacheSourceLength = 10 });
        var first = compiler.Compile("123456");
        var tooLong = compiler.Compile("12345678901");

        compiler.Compile("abcdef");

        Assert.NotSame(first, compiler.Compile("123456"));
        Assert.NotSame(tooLong, compiler.Compile("12345678901"));
    }

    [Fact]
    public void A_cache_of_no_templates_still_compiles()
    {
        var compiler = Templates.Compiler(options: new LiquidOptions { CacheSize = 0 });

        Assert.NotSame(compiler.Compile("x"), compiler.Compile("x"));
        Assert.Equal("x", compiler.Compile("x").Render(LiquidScope.Empty, Templates.Token));
    }

    [Fact]
    public void One_template_renders_on_many_threads_with_no_shared_state()
    {
        var compiler = Templates.Compiler(clock: TimeProvider.System);
        var template = compiler.Compile(
            "{% assign sum = 0 %}{% for i in (1..n) %}{% assign sum = sum | plus: i %}{% increment c %}{% cycle 'a', 'b' %}{% if forloop.last %}={{ sum }}{% endif %}{% endfor %}"
            + "{% for i in (1..n) limit: 2 %}{% endfor %}{% for i in (1..n) offset: continue %}{{ i }}{% endfor %}{% ifchanged %}{{ n }}{% endifchanged %}");
        var expected = Enumerable.Range(0, 50).Select(n => template.Render(Templates.Scope(("n", n)), Templates.Token)).ToArray();

        Parallel.For(0, 2000, new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = Templates.Token }, i =>
        {
            var n = i % 50;
            Assert.Equal(expected[n], template.Render(Templates.Scope(("n", n)), Templates.Token));
            Assert.Equal(n.ToString(CultureInfo.InvariantCulture), compiler.Compile($"{{{{ n }}}}{{% # {i % 7} %}}").Render(Templates.Scope(("n", n)), Templates.Token));
        });
    }

    [Fact]
    public void Renderings_leave_nothing_behind()
    {
        var template = Templates.Compiler().Compile("{{ x }}{% assign x = 'set' %}{% increment n %}{% cycle 1, 2 %}");

        Assert.Equal("01", template.Render(LiquidScope.Empty, Templates.Token));
        Assert.Equal("01", template.Render(LiquidScope.Empty, Templates.Token));
    }

    [Theory]
    [InlineData("nb-NO")]
    [InlineData("tr-TR")]
    [InlineData("ar-SA")]
    public void The_machine_s_culture_changes_nothing(string culture)
    {
        var before = CultureInfo.CurrentCulture;
        CultureInfo.CurrentCulture = new CultureInfo(culture);
        try
        {
            Assert.Equal(
                "-1.5 1234567.89 2.5 2026-03-04 March TITLE title 1.5",
                Templates.Render("{{ -1.5 }} {{ 1234567.89 }} {{ '1.25' | times: 2 }} {{ '03/04/2026' | date: '%F %B' }} {{ 'title' | upcase }} {{ 'TITLE' | downcase }} {{ 1.5 | json }}"));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }
}
