using System.Text;
using Automation.Steps.Http;

namespace Automation.Steps.Tests.Http;

public sealed class SecretMaskTests
{
    [Theory]
    [InlineData("Authorization", "Bearer abc", "Bearer ***")]
    [InlineData("authorization", "abc", "***")]
    [InlineData("X-Api-Key", "abc", "***")]
    [InlineData("Set-Cookie", "sid=1", "***")]
    [InlineData("X-Hub-Signature-256", "sha256=1", "***")]
    [InlineData("Accept", "application/json", "application/json")]
    public void Headers_that_carry_secrets_are_masked_by_name(string name, string value, string expected) =>
        Assert.Equal(expected, SecretMask.NamesOnly.Header(name, value));

    [Theory]
    [InlineData("https://a.example/x?token=abc&page=2", "https://a.example/x?token=***&page=2")]
    [InlineData("https://a.example/x?page=2&client_secret=a%20b", "https://a.example/x?page=2&client_secret=***")]
    [InlineData("https://a.example/token/x?q=1", "https://a.example/token/x?q=1")]
    public void Query_parameters_that_carry_secrets_are_masked_by_name(string url, string expected) =>
        Assert.Equal(expected, SecretMask.NamesOnly.Url(url));

    [Theory]
    [InlineData("""{"user":"u","password":"p\"q","n":1}""", """{"user":"u","password":"***","n":1}""")]
    [InlineData("""{"access_token": "abc", "expires_in": 3}""", """{"access_token": "***", "expires_in": 3}""")]
    [InlineData("""{"pin_token":12345,"x":[1]}""", """{"pin_token":***,"x":[1]}""")]
    [InlineData("""{"password":"cut off he""", """{"password":"***" """)]
    [InlineData("grant_type=x&client_secret=abc&scope=a", "grant_type=x&client_secret=***&scope=a")]
    [InlineData("""{"note":"a token of love"}""", """{"note":"a token of love"}""")]
    public void Members_of_bodies_that_carry_secrets_are_masked_by_name(string body, string expected) =>
        Assert.Equal(expected.TrimEnd(), SecretMask.NamesOnly.Body(body));

    [Fact]
    public void Given_values_are_masked_wherever_and_however_they_are_spelled()
    {
        const string Secret = "p@ss \"w/ö";
        var mask = new SecretMask([Secret]);
        var basic = Convert.ToBase64String(Encoding.UTF8.GetBytes(Secret));

        var text = mask.Body($"a {Secret} b {Uri.EscapeDataString(Secret)} c {System.Text.Json.JsonSerializer.Serialize(Secret)} d {basic} e");

        Assert.Equal("a *** b *** c \"***\" d *** e", text);
        Assert.Equal("https://a.example/***", mask.Url("https://a.example/" + Uri.EscapeDataString(Secret)));
    }

    /// <summary>How other programs write what they were sent: each library escapes other characters, in other letters.</summary>
    public static TheoryData<string> Spellings => new()
    {
        """s3c/+"q'<x>&y z=%\k!(1)\\ä🔑""",
        """s3c/+\"q'<x>&y z=%\\k!(1)\\\\ä🔑""",                                                            // JSON
        """s3c\/+\"q'<x>&y z=%\\k!(1)\\\\\u00e4\ud83d\udd11""",                                             // PHP
        """s3c/\u002B\u0022q\u0027\u003Cx\u003E\u0026y z=%\\k!(1)\\\\\u00E4\uD83D\uDD11""",                    // .NET
        """s3c/+\"q'\u003cx\u003e\u0026y z=%\\k!(1)\\\\ä🔑""",                                             // Go
        """s3c/+\\\"q'<x>&y z=%\\\\k!(1)\\\\\\\\\\u00e4\\ud83d\\udd11""",                                   // JSON in JSON
        "s3c%2F%2B%22q%27%3Cx%3E%26y%20z%3D%25%5Ck%21%281%29%5C%5C%C3%A4%F0%9F%94%91",
        "s3c%2f%2b%22q%27%3cx%3e%26y+z%3d%25%5ck!(1)%5c%5c%c3%a4%f0%9f%94%91",
        """s3c/+&quot;q&#39;&lt;x&gt;&amp;y z=%\k!(1)\\ä🔑""",
        """s3c/+&#34;q&#x27;&lt;x&gt;&amp;y z=%\k!(1)\\&#228;&#128273;""",
        Convert.ToBase64String(Encoding.UTF8.GetBytes(Odd)).TrimEnd('='),
        Convert.ToBase64String(Encoding.UTF8.GetBytes(Odd)).TrimEnd('=').Replace('+', '-').Replace('/', '_'),
        Uri.EscapeDataString(Convert.ToBase64String(Encoding.UTF8.GetBytes(Odd))),
        Convert.ToHexString(Encoding.UTF8.GetBytes(Odd)),
        Convert.ToHexStringLower(Encoding.UTF8.GetBytes(Odd)),
    };

    private const string Odd = """s3c/+"q'<x>&y z=%\k!(1)\\ä🔑""";

    [Theory]
    [MemberData(nameof(Spellings))]
    public void A_secret_is_found_in_every_spelling_and_nothing_else_is_touched(string spelling)
    {
        var mask = new SecretMask([Odd]);

        Assert.Equal("%41 \\ &lt; a *** & b + s3c/+", mask.Text($"%41 \\ &lt; a {spelling} & b + s3c/+"));
    }

    [Theory]
    [InlineData("u:")]
    [InlineData("me:")]
    [InlineData("you:")]
    public void A_secret_inside_something_that_is_written_as_base64_is_masked(string before)
    {
        var mask = new SecretMask(["plainsecret12345"]);

        var text = mask.Text(Convert.ToBase64String(Encoding.UTF8.GetBytes(before + "plainsecret12345\n")));

        Assert.Contains("***", text);
        Assert.True(text.Length <= 12, text);
    }

    [Fact]
    public void A_secret_on_the_edge_of_the_excerpt_is_not_half_kept()
    {
        var mask = new SecretMask(["0123456789abcdef"]);
        var body = Encoding.UTF8.GetBytes(new string('x', 95) + "0123456789abcdef" + new string('y', 50_000));

        var excerpt = HttpExcerpt.Body(body, "text/plain", 100, mask);

        Assert.Equal(new string('x', 95) + "***yy", excerpt);
    }

    [Fact]
    public void Binary_bodies_are_named_not_kept()
    {
        Assert.Equal("(3 bytes of image/png)", HttpExcerpt.Body([1, 2, 3], "image/png", 100, SecretMask.NamesOnly));
        Assert.Equal("(2 bytes)", HttpExcerpt.Body([65, 0], null, 100, SecretMask.NamesOnly));
        Assert.Null(HttpExcerpt.Body([], "text/plain", 100, SecretMask.NamesOnly));
    }

    [Fact]
    public async Task A_text_and_a_secret_that_are_made_for_each_other_take_no_more_than_their_share()
    {
        var slashes = new string('\\', 2_000_000);
        var manySlashes = new SecretMask([new string('\\', 40) + "x!"]);

        // Each takes minutes, or for ever, where nothing is bounded.
        var ofText = await Task.Run(() => new SecretMask(["s3cret\nvalue"]).Text(slashes), TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
        var ofBoth = await Task.Run(() => manySlashes.Text(slashes + "x?"), TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);

        Assert.Equal(slashes, ofText);
        // What cannot be searched is not kept: the secret might be in it.
        Assert.Equal("*** (left out: this could not be searched for secrets within bounds)", ofBoth);
        Assert.Equal("a *** b", manySlashes.Text($"a {new string('\\', 80)}x! b"));
    }
}
