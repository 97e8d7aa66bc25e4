namespace Automation.Expressions.Tests.Liquid;

public sealed class TagTests
{
    [Theory]
    [InlineData("{% assign x = 'a' %}{{ x }}", "a")]
    [InlineData("{% assign x = 'a' | append: 'b' | upcase %}{{ x }}", "AB")]
    [InlineData("{% assign x = 1 %}{% assign x = x | plus: 1 %}{{ x }}", "2")]
    [InlineData("{% assign x=1%}{{x}}", "1")]
    [InlineData("{{ name }}{% assign name = 'new' %}{{ name }}", "oldnew")]
    [InlineData("{% assign name = nil %}[{{ name }}]", "[]")]
    [InlineData("{% if false %}{% assign x = 1 %}{% endif %}[{{ x }}]", "[]")]
    [InlineData("{% capture x %}a{{ name }}b{% endcapture %}{{ x }}{{ x }}", "aoldbaoldb")]
    [InlineData("{% capture 'x' %}q{% endcapture %}{{ x }}", "q")]
    [InlineData("{% capture x %}1{% capture y %}2{% endcapture %}3{% endcapture %}{{ x }}|{{ y }}", "13|2")]
    [InlineData("{% increment n %}{% increment n %}{{ n }}", "012")]
    [InlineData("{% decrement n %}{% decrement n %}{{ n }}", "-1-2-2")]
    [InlineData("{% assign n = 7 %}{% increment n %}{{ n }}", "07")]
    [InlineData("{% echo name | upcase %}{% echo 'x' %}{% echo %}", "OLDx")]
    public void Variables_are_set(string source, string expected) =>
        Assert.Equal(expected, Templates.Render(source, """{ "name": "old" }"""));

    [Theory]
    [InlineData("{% for i in (1..4) %}{% cycle 'a', 'b', 'c' %}{% endfor %}", "abca")]
    [InlineData("{% for i in (1..3) %}{% cycle 'g': 1, 2 %}{% cycle 'h': 1, 2 %}{% endfor %}", "112211")]
    [InlineData("{% cycle 1, 2 %}{% cycle 1, 2 %}{% cycle 1, 2, 3 %}", "121")]
    [InlineData("{% cycle 'only' %}{% cycle 'only' %}", "onlyonly")]
    [InlineData("{% for i in (1..3) %}{% ifchanged %}{{ i | divided_by: 2 }}{% endifchanged %}{% endfor %}", "01")]
    public void Cycle_and_ifchanged_remember(string source, string expected) => Assert.Equal(expected, Templates.Render(source));

    [Theory]
    [InlineData("a{% comment %} {{ x {% if %} {% endcomment %}b", "ab")]
    [InlineData("a{% comment %}{% comment %}x{% endcomment %}y{% endcomment %}b", "ab")]
    [InlineData("a{% comment %}{% raw %}{% endcomment %}{% endraw %}{% endcomment %}b", "ab")]
    [InlineData("a{% # it's a note %}b", "ab")]
    [InlineData("a{%- # note -%} b", "ab")]
    [InlineData("a{% #\n  # one\n  # two\n%}b", "ab")]
    [InlineData("a{% doc %}{{ x {% if %}{% enddoc %}b", "ab")]
    [InlineData("{% raw %}{{ x }}{% if %}{% endraw %}", "{{ x }}{% if %}")]
    [InlineData("{% raw %}{% comment %}{% endraw %}{{ 1 }}", "{% comment %}1")]
    public void Comments_and_raw_text_are_not_run(string source, string expected) => Assert.Equal(expected, Templates.Render(source));

    [Theory]
    [InlineData("{% liquid\n assign x = 1\n echo x\n if x == 1\n echo 'y'\n else\n echo 'z'\n endif\n%}", "1y")]
    [InlineData("{% liquid\n for i in (1..3)\n  echo i\n  if i == 2\n   break\n  endif\n endfor %}!", "12!")]
    [InlineData("{% liquid\n # note\n\n echo 'a' %}", "a")]
    [InlineData("{% liquid\n comment\n echo 'x'\n endcomment\n echo 'a' %}", "a")]
    [InlineData("{% liquid echo 'a' %}", "a")]
    [InlineData("{% liquid %}", "")]
    [InlineData("{% liquid\n case 2\n when 1\n echo 'one'\n when 2, 3\n echo 'few'\n endcase %}", "few")]
    [InlineData("{% liquid\n capture x\n echo 'in'\n endcapture\n echo x | upcase %}", "IN")]
    public void Liquid_holds_a_tag_in_each_line(string source, string expected) => Assert.Equal(expected, Templates.Render(source));

    [Theory]
    [InlineData("render")]
    [InlineData("include")]
    [InlineData("layout")]
    public void Tags_that_load_other_templates_need_a_host_that_has_them(string tag)
    {
        var error = Templates.Fails($"text\n {{% {tag} 'other' %}}");

        Assert.Equal(ExpressionErrorKind.NotSupported, error.Kind);
        Assert.Contains($"'{tag}' is not supported", error.Message, StringComparison.Ordinal);
        Assert.Equal((2, 2), (error.Line, error.Column));
    }
}
