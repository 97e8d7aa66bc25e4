using Automation.Expressions.Liquid;

namespace Automation.Expressions.Tests.Liquid;

/// <summary><c>render</c> and <c>include</c>.</summary>
public sealed class RenderTests
{
    private const string Data = """
        { "name": "data", "a": [1, 2, 3], "none": [], "o": { "x": 1, "y": 2 }, "text": "ab", "which": "show", "product": { "title": "Bolt" } }
        """;

    private static readonly Dictionary<string, string> Others = new()
    {
        ["show"] = "[{{ name }}|{{ x }}|{{ show }}]",
        ["item"] = "{{ item }}{{ forloop.index }}{{ forloop.name }} ",
        ["folder/item"] = "<{{ item }}>",
        ["product"] = "{{ product.title }};",
        ["set"] = "{% assign x = 'set' %}{% capture name %}caught{% endcapture %}",
        ["count"] = "{% increment n %}{% cycle 'a', 'b' %}{% ifchanged %}same{% endifchanged %}",
        ["args"] = "{{ p }}{% assign p = 'new' %}{{ p }}",
        ["stop"] = "before{% break %}after",
        ["skip"] = "before{% continue %}after",
        ["some"] = "{{ i }}{% if i == 2 %}{% break %}{% endif %}.",
        ["nested"] = "({% render 'show', x: x %})",
        ["including"] = "({% include 'show' %})",
        ["includes"] = "({% include 'set' %}{{ x }})",
        ["pair"] = "{{ pair[0] }}={{ pair[1] }},",
        ["loop"] = "{% for j in (1..2) %}{{ forloop.parentloop.index }}{{ forloop.index }} {% endfor %}",
        ["offsets"] = "{% for v in a offset: continue %}{{ v }}{% endfor %}",
        ["dynamic"] = "{{ [key] }}",
    };

    [Theory]
    [InlineData("{% assign x = 1 %}{% render 'show' %}", "[||]")]
    [InlineData("{% render 'show', x: 5 %}", "[|5|]")]
    [InlineData("{% render 'show', name: name, x: a[1] %}", "[data|2|]")]
    [InlineData("{% render 'show' x: 5 name: 'n', %}", "[n|5|]")]
    [InlineData("{% render \"show\" with 'v' %}", "[||v]")]
    [InlineData("{% render 'show' with 'v' as x, name: 2 %}", "[2|v|]")]
    [InlineData("{% render 'show' with missing, show: 1 %}", "[||1]")]
    [InlineData("{% render 'folder/item' with 'v' %}", "<v>")]
    [InlineData("{% render 'item' for a %}", "11item 22item 33item ")]
    [InlineData("{% render 'folder/item' for a as item %}", "<1><2><3>")]
    [InlineData("{% render 'item' for (8..9) %}", "81item 92item ")]
    [InlineData("{% render 'pair' for o %}", "x=1,y=2,")]
    [InlineData("{% render 'item' for none %}", "")]
    [InlineData("{% render 'item' for text %}", "ab ")]
    [InlineData("{% render 'item' for missing %}", " ")]
    [InlineData("{% render 'item' with a %}", "123 ")]
    [InlineData("{% render 'set' %}[{{ x }}{{ name }}]", "[data]")]
    [InlineData("{% render 'count' %}{% render 'count' %}{% increment n %}{% cycle 'a', 'b' %}", "0asame0asame0a")]
    [InlineData("{% render 'args', p: 'old' %}{{ p }}", "oldnew")]
    [InlineData("{% for i in (1..2) %}{% render 'stop' %}!{% endfor %}", "before!before!")]
    [InlineData("{% for i in (1..2) %}{% render 'skip' %}!{% endfor %}", "before!before!")]
    [InlineData("{% render 'some' for a as i %}", "1.23.")]
    [InlineData("{% for i in (1..2) %}{% render 'loop' %}{% endfor %}", "1 2 1 2 ")]
    [InlineData("{% render 'loop' for (1..1) %}", "1 2 ")]
    [InlineData("{% for v in a limit: 2 %}{% endfor %}{% render 'offsets', a: a %}", "123")]
    [InlineData("{% render 'nested', x: 1 %}", "([|1|])")]
    [InlineData("{% render 'dynamic', key: 'name' %}|{% render 'dynamic', key: 'q', q: 7 %}", "|7")]
    [InlineData("{% capture c %}{% render 'show', x: 1 %}{% endcapture %}{{ c | upcase | size }}", "5")]
    [InlineData("{% if true %} {% render 'set' %} {% endif %}", "  ")]
    [InlineData("{% liquid\n render 'show', x: 1\n render 'show', x: 2\n%}", "[|1|][|2|]")]
    public void Render_shows_only_what_it_is_given(string source, string expected) => Assert.Equal(expected, Render(source));

    [Theory]
    [InlineData("{% assign x = 1 %}{% include 'show' %}", "[data|1|]")]
    [InlineData("{% include which %}", "[data||]")]
    [InlineData("{% include 'show', x: 5 %}{{ x }}", "[data|5|]")]
    [InlineData("{% include 'show' with 'v' %}{{ show }}", "[data||v]")]
    [InlineData("{% include 'show' with 'v' as x %}", "[data|v|]")]
    [InlineData("{% include 'show' with missing, show: 1 %}", "[data||]")]
    [InlineData("{% include 'show', show: 1 %}", "[data||1]")]
    [InlineData("{% include 'product' %}", "Bolt;")]
    [InlineData("{% assign item = a %}{% include 'item' %}{{ item }}", "1 2 3 123")]
    [InlineData("{% include 'folder/item' for a %}", "<1><2><3>")]
    [InlineData("{% include 'folder/item' for none %}", "")]
    [InlineData("{% include 'folder/item' for (1..2) %}", "<1..2>")]
    [InlineData("{% include 'folder/item', item: 4 %}{% assign item = 5 %}{% include 'folder/item' %}", "<4><5>")]
    [InlineData("{% include 'set' %}{{ x }} {{ name }}", "set caught")]
    [InlineData("{% include 'count' %}{% include 'count' %}{% increment n %}{% cycle 'a', 'b' %}", "0asame1b2a")]
    [InlineData("{% include 'args', p: 'old' %}{{ p }}", "oldoldnew")]
    [InlineData("{% for i in (1..2) %}{% include 'stop' %}!{% endfor %}end", "beforeend")]
    [InlineData("{% for i in (1..2) %}{% include 'skip' %}!{% endfor %}end", "beforebeforeend")]
    [InlineData("{% include 'some' for a as i %}end", "1.2")]
    [InlineData("{% for i in a %}{% include 'some' %}{% endfor %}end", "1.2end")]
    [InlineData("a{% include 'stop' %}b", "abefore")]
    [InlineData("{% for i in (1..2) %}{% include 'loop' %}{% endfor %}", "11 12 21 22 ")]
    [InlineData("{% for v in a limit: 2 %}{% endfor %}{% include 'offsets' %}", "3")]
    [InlineData("{% include 'nested' %}{% include 'including' %}", "([||])([data||])")]
    [InlineData("{% include 'includes' %}{{ x }}{% include 'dynamic', key: 'x' %}{{ ['x'] }}", "(set)setsetset")]
    [InlineData("{% include 'set' %}{{ [which] }}{% assign which = 'x' %}{{ [which] }}", "set")]
    public void Include_works_on_the_caller_s_variables(string source, string expected) => Assert.Equal(expected, Render(source));

    [Fact]
    public void Include_cannot_be_used_below_render()
    {
        var error = Fails("\n{% render 'including' %}");

        Assert.Equal(ExpressionErrorKind.Runtime, error.Kind);
        Assert.Equal("In template 'including': 'include' cannot be used in a template that 'render' called; use 'render' there too. (line 1, column 2)", error.Message);
    }

    [Theory]
    [InlineData("{% render name %}", "'render' needs the name of a template in quotes. (line 1, column 11)")]
    [InlineData("{% render %}", "'render' needs the name of a template in quotes. (line 1, column 11)")]
    [InlineData("{% include %}", "Expected a value, but found the end. (line 1, column 12)")]
    [InlineData("{% render 'a' with %}", "Expected a value, but found the end. (line 1, column 20)")]
    [InlineData("{% render 'a' with b as %}", "Expected a name after 'as', but found the end. (line 1, column 25)")]
    [InlineData("{% include 'a', b %}", "Expected 'name: value' or the end of 'include', but found 'b'. (line 1, column 17)")]
    [InlineData("{% render 'a' | upcase %}", "Expected 'name: value' or the end of 'render', but found '|'. (line 1, column 15)")]
    [InlineData("{% render 'a' b: %}", "Expected a value, but found the end. (line 1, column 18)")]
    public void Markup_that_is_wrong_does_not_compile(string source, string message)
    {
        var error = Fails(source);

        Assert.Equal((ExpressionErrorKind.Syntax, message), (error.Kind, error.Message));
    }

    [Theory]
    [InlineData("x {% render 'other' %}", "There is no template 'other'. (line 1, column 3)", ExpressionErrorKind.Runtime)]
    [InlineData("x {% include missing %}", "The name of a template must be a string, not nil. (line 1, column 3)", ExpressionErrorKind.Runtime)]
    [InlineData("{% render 'zero' %}", "In template 'zero': Division by zero. (line 2, column 9)", ExpressionErrorKind.Runtime)]
    [InlineData("{% include 'outer' %}", "In template 'zero': Division by zero. (line 2, column 9)", ExpressionErrorKind.Runtime)]
    [InlineData("{% include 'fine' %}{{ 1 | modulo: 0 }}", "Division by zero. (line 1, column 28)", ExpressionErrorKind.Runtime)]
    [InlineData("{% include 'outer2' %}", "In template 'outer2': There is no template 'gone'. (line 1, column 2)", ExpressionErrorKind.Runtime)]
    [InlineData("{% render 'broken' %}", "In template 'broken': The tag 'if' is not closed with 'endif'. (line 2, column 1)", ExpressionErrorKind.Syntax)]
    [InlineData("{% render 'layout' %}", "In template 'layout': The tag 'layout' is not supported: 'render' and 'include' load others. (line 1, column 1)", ExpressionErrorKind.NotSupported)]
    public void An_error_names_the_template_it_is_in(string source, string message, ExpressionErrorKind kind)
    {
        var others = new Dictionary<string, string>
        {
            ["zero"] = "\n {{ 1 | divided_by: 0 }}",
            ["outer"] = "{% render 'zero' %}",
            ["outer2"] = " {% include 'gone' %}",
            ["fine"] = "\n\n",
            ["broken"] = "\n{% if x %}",
            ["layout"] = "{% layout 'x' %}",
        };

        var error = Fails(source, others);

        Assert.Equal((kind, message), (error.Kind, error.Message));
        Assert.EndsWith($"(line {error.Line}, column {error.Column})", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_the_host_throws_is_an_error_where_the_tag_stands()
    {
        var options = new LiquidOptions { Templates = _ => throw new IOException("The disk is gone.") };

        var error = Templates.Fails("a\n{% render 'x' %}", options: options);

        Assert.Equal((ExpressionErrorKind.Runtime, 2, 1), (error.Kind, error.Line, error.Column));
        Assert.IsType<IOException>(error.InnerException);
    }

    [Theory]
    [InlineData("{% render 'self' %}", "self", "{% render 'self' %}")]
    [InlineData("{% include 'self' %}", "self", "{% include 'self' %}")]
    [InlineData("{% include 'self' %}", "self", "{% if true %}{% capture x %}{% for i in (1..2) %}{% include 'self' %}{% endfor %}{% endcapture %}{% endif %}")]
    public void Recursion_ends_at_the_limit_of_calls(string source, string name, string other)
    {
        var error = Fails(source, new() { [name] = other });

        Assert.Equal(ExpressionErrorKind.Limit, error.Kind);
        Assert.Contains("In template 'self': Templates are nested more than 256 deep (MaxCallDepth).", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Recursion_that_ends_by_itself_is_allowed() =>
        Assert.Equal(
            "321",
            Render("{% render 'down', n: 3 %}", new() { ["down"] = "{% if n > 0 %}{{ n }}{% assign n = n | minus: 1 %}{% render 'down', n: n %}{% endif %}" }));

    [Theory]
    [InlineData("{% for i in (1..100) %}{% render 'work' %}{% endfor %}", "{% for i in (1..100) %}{% endfor %}", "MaxSteps")]
    [InlineData("{% for i in (1..100) %}{% include 'work' %}{% endfor %}", "{% for i in (1..100) %}{% endfor %}", "MaxSteps")]
    [InlineData("{% for i in (1..100) %}{% render 'work' %}{% endfor %}", "0123456789012345678901234567890123456789012345678901234567890123456789", "MaxStringLength")]
    [InlineData("{% render 'work', d: 1 %}", "{% capture x %}{% for i in (1..100) %}0123456789012345678901234567890{% endfor %}{% endcapture %}{% render 'work' %}", "MaxMemory")]
    [InlineData("{% assign s = (1..1000) | join %}{% include 'work' %}", "{% assign t = s | append: s %}{% assign s = t %}{% include 'work' %}", "MaxStringLength")]
    [InlineData("{% include 'work' %}", "{% render 'work', a: 1, b: 2, c: 3, d: 4, e: 5, f: 6, g: 7, h: 8, i: 9 %}", "MaxMemory")]
    public void A_template_that_is_called_has_no_limits_of_its_own(string source, string work, string limit)
    {
        var limits = ExpressionLimits.Default with { MaxSteps = 5_000, MaxStringLength = 6_000, MaxMemory = 40_000 };

        var error = Fails(source, new() { ["work"] = work }, limits);

        Assert.Equal(ExpressionErrorKind.Limit, error.Kind);
        Assert.StartsWith("In template 'work': ", error.Message, StringComparison.Ordinal);
        Assert.Contains($"({limit})", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_rendered_template_made_counts_no_longer_after_it()
    {
        // Each call holds some 6 kB; all of them together would pass the limit.
        var text = Render(
            "{% for i in (1..200) %}{% render 'work', s: s %}{% endfor %}",
            new() { ["work"] = "{% capture x %}{% for i in (1..300) %}0123456789{% endfor %}{% endcapture %}{% assign s = (1..9) | reverse %}." },
            ExpressionLimits.Default with { MaxMemory = 20_000 });

        Assert.Equal(new string('.', 200), text);
    }

    [Fact]
    public void Arguments_give_no_memory_back_that_was_never_counted()
    {
        // If replacing the host's text gave its bytes back, 30,000 characters could be captured here.
        var options = new LiquidOptions { Templates = _ => "{% assign a = 1 %}{% capture x %}{% for i in (1..3000) %}0123456789{% endfor %}{% endcapture %}" };
        var compiler = Templates.Compiler(ExpressionLimits.Default with { MaxMemory = 40_000 }, options);
        var scope = Templates.Scope(("big", new string('x', 100_000)));

        var error = Assert.Throws<ExpressionException>(() => compiler.Compile("{% render 't', a: big %}").Render(scope, Templates.Token));

        Assert.Contains("(MaxMemory)", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Loading_many_large_templates_takes_memory()
    {
        var options = new LiquidOptions { Templates = name => "{% # " + name + new string('x', 1_000) + "%}" };

        var error = Templates.Fails("{% for i in (1..100) %}{% assign name = i | append: '' %}{% include name %}{% endfor %}", "{}", options, ExpressionLimits.Default with { MaxMemory = 100_000 });

        Assert.Contains("(MaxMemory)", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_template_is_asked_for_once_in_a_rendering_and_compiled_once()
    {
        var asked = new List<string>();
        var compiler = Templates.Compiler(options: new LiquidOptions
        {
            Templates = name =>
            {
                asked.Add(name);
                return "{{ i }}";
            },
        });
        var template = compiler.Compile("{% for i in (1..3) %}{% include 'a' %}{% render 'a', i: i %}{% endfor %}");
        var part = compiler.Compile("{{ i }}");

        Assert.Equal("112233", template.Render(LiquidScope.Empty, Templates.Token));
        Assert.Equal("112233", template.Render(LiquidScope.Empty, Templates.Token));

        Assert.Equal(["a", "a"], asked);
        Assert.Same(part, compiler.Compile("{{ i }}"));
    }

    [Fact]
    public void A_source_that_is_too_long_is_refused_by_name()
    {
        var error = Fails("{% render 'big' %}", new() { ["big"] = new string('x', 300_000) });

        Assert.Equal(ExpressionErrorKind.Limit, error.Kind);
        Assert.Contains("In template 'big': The template has 300,000 characters", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Strict_variables_hold_in_both()
    {
        var options = new LiquidOptions { StrictVariables = true, Templates = Others.GetValueOrDefault };

        Assert.Equal("In template 'product': 'product' is not defined. (line 1, column 1)", Templates.Fails("{% render 'product' %}", Data, options).Message);
        Assert.Equal("Bolt;before", Templates.Render("{% include 'product' %}{% include 'stop' %}", Data, options));
    }

    [Fact]
    public void What_they_write_is_encoded_once()
    {
        var options = new LiquidOptions { Encoder = System.Text.Encodings.Web.HtmlEncoder.Default, Templates = _ => "<b>{{ x }}</b>" };

        Assert.Equal("<b>&lt;</b><b>&lt;</b>", Templates.Render("{% render 't', x: '<' %}{% capture t %}t{% endcapture %}{% assign x = '<' %}{% include t %}", options: options));
    }

    private static string Render(string source, Dictionary<string, string>? others = null, ExpressionLimits? limits = null) =>
        Templates.Render(source, Data, new LiquidOptions { Templates = (others ?? Others).GetValueOrDefault }, limits);

    private static ExpressionException Fails(string source, Dictionary<string, string>? others = null, ExpressionLimits? limits = null) =>
        Assert.Throws<ExpressionException>(() => Render(source, others, limits));
}
