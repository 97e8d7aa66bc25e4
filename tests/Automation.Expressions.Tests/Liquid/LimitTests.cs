using Automation.Expressions.Liquid;

namespace Automation.Expressions.Tests.Liquid;

public sealed class LimitTests
{
    private static readonly ExpressionLimits Small = ExpressionLimits.Default with
    {
        MaxSteps = 300_000,
        MaxMemory = 1024 * 1024,
        MaxStringLength = 100_000,
        MaxArrayLength = 10_000,
        MaxCallDepth = 50,
    };

    [Theory]
    // Steps
    [InlineData("{% for i in (1..1000) %}{% for j in (1..1000) %}{% assign x = j %}{% endfor %}{% endfor %}", "MaxSteps")]
    [InlineData("{% for i in (1..9000) %}{{ (1..9000) | reverse | size }}{% endfor %}", "MaxSteps")]
    // Growth of text
    [InlineData("{% assign s = 'ab' %}{% for i in (1..60) %}{% assign s = s | append: s %}{% endfor %}", "MaxStringLength")]
    [InlineData("{% assign s = 'ab' %}{% for i in (1..60) %}{% assign s = s | prepend: s %}{% endfor %}", "MaxStringLength")]
    [InlineData("{% assign s = 'aaaaaaaaaa' %}{% for i in (1..60) %}{% assign s = s | replace: 'a', s %}{% endfor %}", "MaxStringLength")]
    [InlineData("{% assign s = 'aaaaaaaaaa' %}{% for i in (1..60) %}{% assign s = s | replace: '', s %}{% endfor %}", "MaxStringLength")]
    [InlineData("{% assign s = 'aa' %}{% for i in (1..60) %}{% assign s = s | replace_first: '', s %}{% endfor %}", "MaxStringLength")]
    [InlineData("{% assign s = 'aa' %}{% for i in (1..60) %}{% assign s = s | truncate: 1, s | append: s %}{% endfor %}", "MaxStringLength")]
    [InlineData("{% assign s = '<<<<<<<<<<' %}{% for i in (1..60) %}{% assign s = s | escape %}{% assign s = s | append: s %}{% endfor %}", "MaxStringLength")]
    [InlineData("{% assign s = '%%%%%%%%%%' %}{% for i in (1..60) %}{% assign s = s | append: s | url_encode %}{% endfor %}", "MaxStringLength")]
    [InlineData("{% assign s = 'aaaaaaaaaa' %}{% for i in (1..60) %}{% assign s = s | base64_encode %}{% endfor %}", "MaxStringLength")]
    [InlineData("{% assign s = 'aaaaaaaaaa' %}{% for i in (1..60) %}{% assign s = s | json | json %}{% endfor %}", "MaxStringLength")]
    [InlineData("{% assign s = 'aaaaaaaaaa' %}{% for i in (1..60) %}{% capture s %}{{ s }}{{ s }}{% endcapture %}{% endfor %}", "Max")]
    [InlineData("{{ (1..9999) | join: '0123456789012345678901234567890123456789' }}", "MaxStringLength")]
    [InlineData("{% for i in (1..9999) %}0123456789012345678901234567890123456789{% endfor %}", "MaxStringLength")]
    [InlineData("{% assign f = '%1000d' %}{% for i in (1..12) %}{% assign f = f | append: f %}{% endfor %}{{ 'now' | date: f }}", "MaxStringLength")]
    // Growth of arrays
    [InlineData("{{ (1..10001) | size }}{% for i in (1..10001) %}{% endfor %}", "MaxArrayLength")]
    [InlineData("{% assign a = (1..10) %}{% for i in (1..60) %}{% assign a = a | concat: a %}{% endfor %}", "MaxArrayLength")]
    [InlineData("{% assign s = 'ab' %}{% for i in (1..14) %}{% assign s = s | append: s %}{% endfor %}{% assign a = s | split: '' %}", "MaxArrayLength")]
    [InlineData("{% assign s = 'a ' %}{% for i in (1..14) %}{% assign s = s | append: s %}{% endfor %}{% assign a = s | split: ' ' %}", "MaxArrayLength")]
    [InlineData("{{ (0..9223372036854775807) | reverse | first }}", "MaxArrayLength")]
    // Memory kept
    [InlineData("{% assign a = 'x' | split: ',' %}{% for i in (1..9999) %}{% assign a = a | concat: a | slice: 0, 1000 %}{% endfor %}", "MaxMemory")]
    [InlineData("{% assign s = 'ab' %}{% for i in (1..15) %}{% assign s = s | append: s %}{% endfor %}{% assign a = s | compact %}{% for i in (1..99) %}{% assign s = s | upcase %}{% assign t = s | compact %}{% assign a = a | concat: t %}{% endfor %}", "MaxMemory")]
    [InlineData("{% assign a = '' | split: '' %}{% assign n = 1 %}{% for i in (1..9999) %}{% assign a = n | split: ',' | concat: a %}{% assign n = n | plus: n %}{% endfor %}", "Max")]
    [InlineData("{% assign n = 9 %}{% for i in (1..9999) %}{% assign n = n | times: n %}{% endfor %}", "more than 10,000 digits")]
    public void Growth_ends_in_an_error_that_names_the_limit(string source, string limit)
    {
        var error = Templates.Fails(source, limits: Small);

        Assert.Equal(ExpressionErrorKind.Limit, error.Kind);
        Assert.Contains(limit, error.Message, StringComparison.Ordinal);
        Assert.Null(error.InnerException);
        Assert.True(error.Line > 0);
    }

    [Fact]
    public void A_loop_ends_when_its_time_is_up()
    {
        var compiler = Templates.Compiler(
            ExpressionLimits.Default with { Timeout = TimeSpan.FromMilliseconds(20), MaxSteps = long.MaxValue }, clock: new TickingClock());
        var template = compiler.Compile("{% for i in (1..1000000) %}{% for j in (1..1000000) %}{% endfor %}{% endfor %}");

        var error = Assert.Throws<ExpressionException>(() => template.Render(LiquidScope.Empty, Templates.Token));

        Assert.Equal(ExpressionErrorKind.Limit, error.Kind);
        Assert.Contains("Timeout", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{% assign x = s | replace: p, 'x' %}")]
    [InlineData("{% if s contains p %}{% endif %}")]
    [InlineData("{% assign x = s | split: p %}")]
    [InlineData("{% assign x = s | replace_last: p, 'x' %}")]
    public void Searching_repetitive_text_for_repetitive_text_takes_linear_time(string source)
    {
        // Quadratic, this would take minutes; the time limit would end it, and the test would fail.
        var scope = Templates.Scope(("s", new string('a', 4_000_000)), ("p", new string('a', 1_999_999) + "b"));

        Assert.Equal("", Templates.Compiler(clock: TimeProvider.System).Compile(source).Render(scope, Templates.Token));
    }

    [Fact]
    public void Linear_search_finds_what_plain_search_finds()
    {
        var needle = string.Concat(Enumerable.Repeat("ab", 20_000)) + "c";
        var text = string.Concat(Enumerable.Repeat("ab", 30_000)) + needle + "--" + needle + "!";
        var scope = Templates.Scope(("s", text), ("p", needle));

        var first = Templates.Compiler().Compile("{{ s | replace_first: p, '#' }}").Render(scope, Templates.Token);
        var last = Templates.Compiler().Compile("{{ s | replace_last: p, '#' }}").Render(scope, Templates.Token);

        var at = text.IndexOf(needle, StringComparison.Ordinal);
        Assert.Equal(text[..at] + "#" + text[(at + needle.Length)..], first);
        at = text.LastIndexOf(needle, StringComparison.Ordinal);
        Assert.Equal(text[..at] + "#!", last);
    }

    [Theory]
    [InlineData("<script")]
    [InlineData("<!--")]
    [InlineData("<")]
    public void Stripping_tags_that_never_close_takes_linear_time(string tag)
    {
        var scope = Templates.Scope(("s", string.Concat(Enumerable.Repeat(tag, 500_000))));

        var text = Templates.Compiler(clock: TimeProvider.System).Compile("{{ s | strip_html | size }}").Render(scope, Templates.Token);

        Assert.Equal((tag.Length * 500_000).ToString(System.Globalization.CultureInfo.InvariantCulture), text);
    }

    [Fact]
    public void Source_that_is_too_long_does_not_compile()
    {
        var error = Templates.Fails(new string('x', 300_000));

        Assert.Equal(ExpressionErrorKind.Limit, error.Kind);
        Assert.Contains("MaxSourceLength", error.Message, StringComparison.Ordinal);
        Assert.Contains("300,000", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{% if true %}", "{% endif %}")]
    [InlineData("{% for i in a %}", "{% endfor %}")]
    [InlineData("{% capture a %}", "{% endcapture %}")]
    [InlineData("{% case a %}{% when 1 %}", "{% endcase %}")]
    [InlineData("{% liquid liquid ", "%}")]
    public void Nested_tags_that_are_too_deep_do_not_compile(string open, string close)
    {
        var depth = 10_000;
        var source = string.Concat(Enumerable.Repeat(open, depth)) + string.Concat(Enumerable.Repeat(close, depth));
        if (open.Contains("liquid", StringComparison.Ordinal))
            source = "{% " + string.Concat(Enumerable.Repeat("liquid ", depth)) + "%}";

        var error = Templates.Fails(source, limits: ExpressionLimits.Default with { MaxSourceLength = 1_000_000 });

        Assert.Equal(ExpressionErrorKind.Limit, error.Kind);
        Assert.Contains("MaxSourceDepth", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a[", "]")]
    [InlineData("[", "]")]
    [InlineData("(", "..1)")]
    public void Nested_brackets_that_are_too_deep_do_not_compile(string open, string close)
    {
        var source = "{{ " + string.Concat(Enumerable.Repeat(open, 20_000)) + "1" + string.Concat(Enumerable.Repeat(close, 20_000)) + " }}";

        var error = Templates.Fails(source);

        Assert.Equal(ExpressionErrorKind.Limit, error.Kind);
        Assert.Contains("MaxSourceDepth", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_number_of_too_many_digits_does_not_compile() =>
        Assert.Equal(ExpressionErrorKind.Limit, Templates.Fails("{{ " + new string('9', 20_000) + " }}").Kind);

    [Fact]
    public void A_template_that_is_too_deep_for_the_stack_it_renders_on_ends_in_an_error()
    {
        const int Depth = 3_000;
        var limits = ExpressionLimits.Default with { MaxSourceDepth = int.MaxValue };
        var source = string.Concat(Enumerable.Repeat("{% if true %}", Depth)) + "x" + string.Concat(Enumerable.Repeat("{% endif %}", Depth));
        CompiledTemplate? template = null;
        Exception? error = null;

        OnStack(64 * 1024 * 1024, () => template = Templates.Compiler(limits).Compile(source));
        OnStack(256 * 1024, () => error = Record.Exception(() => template!.Render(LiquidScope.Empty)));

        Assert.Equal(ExpressionErrorKind.Limit, Assert.IsType<ExpressionException>(error).Kind);

        static void OnStack(int size, ThreadStart run)
        {
            var thread = new Thread(run, size);
            thread.Start();
            thread.Join();
        }
    }

    [Fact]
    public void A_depth_limit_beyond_the_stack_still_ends_in_an_error()
    {
        var source = "{{ " + new string('[', 200_000) + "1" + " }}";

        var error = Templates.Fails(source, limits: ExpressionLimits.Default with { MaxSourceDepth = int.MaxValue, MaxSourceLength = 1_000_000 });

        Assert.Equal(ExpressionErrorKind.Limit, error.Kind);
    }

    [Theory]
    [InlineData("{{ ", ".a", " }}")]
    [InlineData("{{ a", " | upcase", " }}")]
    [InlineData("{% if a", " or a", " %}{% endif %}")]
    [InlineData("{% cycle a", ", a", " %}")]
    [InlineData("{% if a %}", "{% elsif b %}", "{% endif %}")]
    public void Long_flat_source_needs_no_deep_stack(string start, string part, string end)
    {
        var source = start + (start == "{{ " ? "a" : "") + string.Concat(Enumerable.Repeat(part, 15_000)) + end;

        Assert.Equal("", Templates.Render(source));
    }

    [Theory]
    [InlineData("{{ deep }}")]
    [InlineData("{{ deep | json }}")]
    [InlineData("{{ deep | join }}")]
    [InlineData("{% if deep == other %}{% endif %}")]
    [InlineData("{{ object }}")]
    public void Data_that_is_nested_too_deep_ends_in_an_error(string source)
    {
        object? deep = null, other = null, nested = null;
        for (var i = 0; i < 100_000; i++)
        {
            deep = new object?[] { deep };
            other = new object?[] { other };
            nested = new Dictionary<string, object?> { ["a"] = nested };
        }

        var scope = Templates.Scope(("deep", deep), ("other", other), ("object", nested));
        var error = Assert.Throws<ExpressionException>(() => Templates.Compiler().Compile(source).Render(scope, Templates.Token));

        Assert.Equal(ExpressionErrorKind.Limit, error.Kind);
        Assert.Contains("MaxCallDepth", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Data_that_holds_itself_ends_in_an_error()
    {
        var loop = new List<object?>();
        loop.Add(loop);

        var error = Assert.Throws<ExpressionException>(
            () => Templates.Compiler().Compile("{{ loop }}").Render(Templates.Scope(("loop", loop)), Templates.Token));

        Assert.Equal(ExpressionErrorKind.Limit, error.Kind);
    }

    [Fact]
    public void What_a_statement_made_and_did_not_keep_counts_no_longer()
    {
        // Each round makes some 20 kB; all rounds together would pass the limit of 1 MB.
        var text = Templates.Render(
            "{% assign s = '0123456789' %}{% for i in (1..10) %}{% assign s = s | append: s %}{% endfor %}"
            + "{% for i in (1..500) %}{% if s contains 'x' %}{% endif %}{{ s | upcase | size | minus: 10240 }}{% endfor %}",
            limits: Small with { MaxMemory = 1024 * 1024 });

        Assert.Equal(new string('0', 500), text);
    }

    [Fact]
    public void A_text_that_is_replaced_counts_no_longer()
    {
        // All the texts together would take some 4 MB, and so would all that was captured.
        Assert.Equal("2010 1000", Templates.Render(
            "{% assign s = '0123456789' %}{% for i in (1..2000) %}{% assign s = s | append: 'x' %}{% endfor %}{{ s.size }}"
            + "{% for i in (1..2000) %}{% capture c %}{{ s | slice: 0, 1000 }}{% endcapture %}{% endfor %} {{ c.size }}",
            limits: Small with { MaxMemory = 100_000 }));
    }

    [Fact]
    public void Cancelling_ends_a_rendering()
    {
        using var cancellation = new CancellationTokenSource();
        var template = Templates.Compiler().Compile("{% for i in (1..1000000) %}{% if i == 10 %}{{ stop }}{% endif %}{% endfor %}");
        var scope = new LiquidScope(resolver: (string name, out object? value) =>
        {
            cancellation.Cancel();
            value = null;
            return true;
        });

        Assert.Throws<OperationCanceledException>(() => template.Render(scope, cancellation.Token));
    }

    [Theory]
    [InlineData(-1, 0)]
    [InlineData(0, -1)]
    public void Cache_bounds_below_zero_are_refused(int count, int length)
    {
        var options = new LiquidOptions { CacheSize = count, CacheSourceLength = length };

        var error = Assert.Throws<ArgumentException>(() => Templates.Compiler(options: options));

        Assert.Contains("-1", error.Message, StringComparison.Ordinal);
    }
}
