using System.Net;
using System.Text.RegularExpressions;

namespace Automation.EndToEnd.Tests.Access;

/// <summary>A browser without a screen: keeps cookies, fills the forms of pages, follows nothing by itself.</summary>
public sealed partial class ConsoleVisitor : IDisposable
{
    private readonly HttpClient _client;

    public ConsoleVisitor(string address)
    {
        _client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, CookieContainer = Cookies }) { BaseAddress = new Uri(address) };
    }

    public CookieContainer Cookies { get; } = new();

    public string? SessionCookie => Cookies.GetCookies(_client.BaseAddress!)["automation-session"]?.Value;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public Task<HttpResponseMessage> GetAsync(string path) => _client.GetAsync(new Uri(path, UriKind.Relative), Token);

    public async Task<string> ReadAsync(string path)
    {
        using var answer = await GetAsync(path);
        return WebUtility.HtmlDecode(await answer.Content.ReadAsStringAsync(Token));
    }

    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request) => _client.SendAsync(request, Token);

    /// <summary>Posts a form with the token that a page holds.</summary>
    public async Task<HttpResponseMessage> PostAsync(string page, string action, params (string Name, string Value)[] fields)
    {
        var token = FormToken().Match(await ReadAsync(page));
        using var form = new FormUrlEncodedContent([.. fields.Select(f => KeyValuePair.Create(f.Name, f.Value)), KeyValuePair.Create("__RequestVerificationToken", token.Groups[1].Value)]);
        return await _client.PostAsync(new Uri(action, UriKind.Relative), form, Token);
    }

    /// <summary>Signs in; the address that the answer leads to.</summary>
    public async Task<string> SignInAsync(string name, string password, string returnUrl = "/events")
    {
        using var answer = await PostAsync("/sign-in", "/sign-in", ("name", name), ("password", password), ("returnUrl", returnUrl));
        return answer.Headers.Location?.ToString() ?? ((int)answer.StatusCode).ToString(System.Globalization.CultureInfo.InvariantCulture);
    }

    public void Dispose() => _client.Dispose();

    [GeneratedRegex("""name="__RequestVerificationToken" value="([^"]+)""", RegexOptions.None, 1000)]
    private static partial Regex FormToken();
}
