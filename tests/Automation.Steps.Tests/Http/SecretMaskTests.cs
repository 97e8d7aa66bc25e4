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
}
