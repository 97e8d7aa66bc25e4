using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Automation.EndToEnd.Tests.Access;

/// <summary>One's own account by the API: another password, and signing out everywhere.</summary>
public sealed class AccountApiTests
{
    private const string Password = "correct horse battery staple";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Somebody_changes_their_password_and_signs_out_everywhere()
    {
        await using var server = await ServerUnderTest.StartAsync(("Automation__Access__SignInsPerMinute", "100"));
        await CreateAsync(server, "ada");
        using var one = await SignedInAsync(server, Password);
        using var two = await SignedInAsync(server, Password);
        Assert.Equal(2, (await AskAsync(one, HttpMethod.Get, "/api/account/sessions", null)).Answer.GetArrayLength());

        // A wrong password, one that is too short, and another site's page change nothing.
        Assert.Equal(HttpStatusCode.BadRequest, (await ChangeAsync(one, "wrong", Password + " two")).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await ChangeAsync(one, Password, "short")).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await ChangeAsync(one, Password, Password + " two", ("Sec-Fetch-Site", "cross-site"))).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await AskAsync(one, HttpMethod.Post, "/api/account/sign-out", null, ("Origin", "https://evil.example"))).Status);
        Assert.Equal(HttpStatusCode.OK, (await AskAsync(two, HttpMethod.Get, "/api/account", null)).Status);

        Assert.Equal(HttpStatusCode.NoContent, (await ChangeAsync(one, Password, Password + " two")).Status);
        foreach (var visitor in new[] { one, two })
            Assert.Equal(HttpStatusCode.Unauthorized, (await AskAsync(visitor, HttpMethod.Get, "/api/account", null)).Status);
        using var refused = new ConsoleVisitor(server.Address);
        Assert.StartsWith("/sign-in?failed=password", await refused.SignInAsync("ada", Password), StringComparison.Ordinal);

        using var again = await SignedInAsync(server, Password + " two");
        using var other = await SignedInAsync(server, Password + " two");
        Assert.Equal(HttpStatusCode.NoContent, (await AskAsync(again, HttpMethod.Post, "/api/account/sign-out", null)).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await AskAsync(other, HttpMethod.Get, "/api/account", null)).Status);

        // A key has no password, and ends only what was begun with it.
        using (var key = await server.Api.PostAsJsonAsync("/api/account/password", new { present = ServerUnderTest.AdminKey, password = Password }, Token))
            Assert.Equal(HttpStatusCode.BadRequest, key.StatusCode);

        // All of it is in the audit log, the refusals too, and no password is.
        var log = await server.GetJsonAsync("/api/audit?kind=account");
        var rows = log.GetProperty("items").EnumerateArray().Select(i => $"{i.GetProperty("actor").GetString()} {i.GetProperty("action").GetString()} {i.GetProperty("outcome").GetInt32()}").ToList();
        Assert.Contains("ada POST /api/account/password 204", rows);
        Assert.Contains("ada POST /api/account/password 400", rows);
        Assert.Contains("ada POST /api/account/sign-out 204", rows);
        Assert.DoesNotContain("correct horse", log.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Guessing_the_present_password_locks_the_name_and_is_limited_as_signing_in_is()
    {
        await using var server = await ServerUnderTest.StartAsync(("Automation__Access__SignInsPerMinute", "12"));
        await CreateAsync(server, "ada");
        using var thief = await SignedInAsync(server, Password);
        for (var i = 0; i < 5; i++)
            Assert.Equal(HttpStatusCode.BadRequest, (await ChangeAsync(thief, $"wrong {i}", Password + " two")).Status);
        // Locked: the right one does not help any more.
        Assert.Equal(HttpStatusCode.BadRequest, (await ChangeAsync(thief, Password, Password + " two")).Status);

        var last = default(HttpStatusCode);
        for (var i = 0; i < 12 && last != HttpStatusCode.TooManyRequests; i++)
            last = (await ChangeAsync(thief, "guess", Password + " two")).Status;
        Assert.Equal(HttpStatusCode.TooManyRequests, last);
        using (var form = await thief.PostAsync("/account", "/account/password", ("present", "guess"), ("password", Password + " two")))
            Assert.Equal(HttpStatusCode.TooManyRequests, form.StatusCode);
    }

    private static async Task CreateAsync(ServerUnderTest server, string name)
    {
        using var made = await server.Api.PostAsJsonAsync("/api/users", new { name, role = "viewer", password = Password }, Token);
        Assert.Equal(HttpStatusCode.Created, made.StatusCode);
    }

    private static async Task<ConsoleVisitor> SignedInAsync(ServerUnderTest server, string password)
    {
        var visitor = new ConsoleVisitor(server.Address);
        Assert.Equal("/events", await visitor.SignInAsync("ada", password));
        return visitor;
    }

    private static Task<(HttpStatusCode Status, JsonElement Answer)> ChangeAsync(ConsoleVisitor by, string present, string password, params (string Name, string Value)[] headers) =>
        AskAsync(by, HttpMethod.Post, "/api/account/password", new { present, password }, headers);

    private static async Task<(HttpStatusCode Status, JsonElement Answer)> AskAsync(ConsoleVisitor by, HttpMethod method, string path, object? body, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative));
        if (body is not null)
            request.Content = JsonContent.Create(body);
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        using var answer = await by.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync(Token);
        return (answer.StatusCode, text.Length == 0 ? default : JsonElement.Parse(text));
    }
}
