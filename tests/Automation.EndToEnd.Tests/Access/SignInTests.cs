using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Automation.EndToEnd.Tests.Access;

/// <summary>How people come in, stay in and are shut out, and what an attacker would try on the way.</summary>
public sealed partial class SignInTests
{
    private const string Password = "correct horse battery staple";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_first_link_makes_the_administrator_once_and_the_password_opens_the_console()
    {
        await using var server = await ServerUnderTest.StartAsync(("Automation__AdminKey", ""));
        using var first = new ConsoleVisitor(server.Address);
        // The greeting is written after the server answers.
        await server.WaitForOutputAsync(FirstLink());
        var ticket = FirstLink().Match(server.Output).Groups[1].Value;
        var form = "/sign-in?ticket=" + ticket;

        using (var refused = await first.PostAsync(form, "/sign-in/first", ("ticket", ticket), ("name", "ada"), ("password", "short"), ("repeated", "short")))
            Assert.Equal(form, refused.Headers.Location?.ToString());
        Assert.Contains("12 to 256 characters", await first.ReadAsync(form), StringComparison.Ordinal);
        using (var wrong = await first.PostAsync(form, "/sign-in/first", ("ticket", ticket + "x"), ("name", "mallory"), ("password", Password), ("repeated", Password)))
            Assert.Equal("/sign-in?failed=link", wrong.Headers.Location?.ToString());
        using (var created = await first.PostAsync(form, "/sign-in/first", ("ticket", ticket), ("name", "ada"), ("password", Password), ("repeated", Password)))
            Assert.Equal("/", created.Headers.Location?.ToString());
        Assert.Contains("ada", await first.ReadAsync("/users"), StringComparison.Ordinal);
        // Making the account is its first sign-in.
        using (var users = JsonDocument.Parse(await first.ReadAsync("/api/users")))
            Assert.NotEqual(JsonValueKind.Null, Assert.Single(users.RootElement.EnumerateArray()).GetProperty("signedInAt").ValueKind);
        // Who comes by the link afterwards is told so before anything is filled in.
        using (var late = await first.GetAsync("/sign-in/" + ticket))
            Assert.Equal("/sign-in?failed=link", late.Headers.Location?.ToString());
        using (var again = await first.PostAsync(form, "/sign-in/first", ("ticket", ticket), ("name", "eve"), ("password", Password), ("repeated", Password)))
            Assert.Equal("/sign-in?failed=link", again.Headers.Location?.ToString());

        using var later = new ConsoleVisitor(server.Address);
        Assert.Equal("/events", await later.SignInAsync("ADA", Password));
        Assert.Contains("Everything that arrived", await later.ReadAsync("/events"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Wrong_passwords_lock_a_name_and_signing_out_everywhere_ends_every_session()
    {
        await using var server = await ServerUnderTest.StartAsync(("Automation__Access__SignInsPerMinute", "100"));
        var ada = await CreateUserAsync(server, "ada", "administrator");
        await CreateUserAsync(server, "bob", "viewer");
        using var one = new ConsoleVisitor(server.Address);
        using var two = new ConsoleVisitor(server.Address);
        Assert.Equal("/events", await one.SignInAsync("ada", Password));
        Assert.Equal("/events", await two.SignInAsync("ada", Password));

        for (var i = 0; i < 5; i++)
        {
            using var guess = new ConsoleVisitor(server.Address);
            Assert.StartsWith("/sign-in?failed=password", await guess.SignInAsync("bob", $"wrong password {i}"), StringComparison.Ordinal);
        }

        // Locked: the right password does not help any more, and says no more than a wrong one.
        using var bob = new ConsoleVisitor(server.Address);
        Assert.StartsWith("/sign-in?failed=password", await bob.SignInAsync("bob", Password), StringComparison.Ordinal);

        using (var everywhere = await one.PostAsync("/account", "/account/sign-out"))
            Assert.Equal(HttpStatusCode.Redirect, everywhere.StatusCode);
        foreach (var visitor in new[] { one, two })
        {
            using var refused = await visitor.GetAsync("/events");
            Assert.Equal(HttpStatusCode.Redirect, refused.StatusCode);
        }

        // The only administrator cannot be shut out, not even by a key.
        using var last = await server.Api.DeleteAsync(new Uri("/api/users/" + ada, UriKind.Relative), Token);
        Assert.Equal(HttpStatusCode.BadRequest, last.StatusCode);
    }

    [Fact]
    public async Task A_role_counts_as_it_is_now_and_every_change_is_in_the_audit_log()
    {
        await using var server = await ServerUnderTest.StartAsync();
        var id = await CreateUserAsync(server, "carol", "viewer");
        using var carol = new ConsoleVisitor(server.Address);
        Assert.Equal("/events", await carol.SignInAsync("carol", Password));
        using (var refused = await carol.GetAsync("/users"))
            Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        Assert.Contains("Your role does not allow this", await carol.ReadAsync("/users"), StringComparison.Ordinal);

        using (var promoted = await server.Api.PatchAsJsonAsync("/api/users/" + id, new { role = "administrator" }, Token))
            promoted.EnsureSuccessStatusCode();
        using (var allowed = await carol.GetAsync("/users"))
            Assert.Equal(HttpStatusCode.OK, allowed.StatusCode);
        using (var secret = await server.Api.PutAsJsonAsync("/api/secrets/slack", new { value = "xoxb-very-secret" }, Token))
            secret.EnsureSuccessStatusCode();
        using (var disabled = await server.Api.PatchAsJsonAsync("/api/users/" + await CreateUserAsync(server, "dave", "viewer"), new { disabled = true }, Token))
            disabled.EnsureSuccessStatusCode();

        var log = await server.GetJsonAsync("/api/audit?kind=user");
        var change = log.GetProperty("items").EnumerateArray().Single(i => i.GetProperty("action").GetString() == "PATCH /api/users/{id}" && i.GetProperty("subject").GetString() == "carol");
        Assert.Contains("viewer", change.GetProperty("before").GetString(), StringComparison.OrdinalIgnoreCase);
        Assert.Contains("administrator", change.GetProperty("after").GetString(), StringComparison.OrdinalIgnoreCase);
        Assert.Equal("configuration", change.GetProperty("actor").GetString());
        var all = (await server.GetJsonAsync("/api/audit")).GetRawText();
        Assert.DoesNotContain("xoxb-very-secret", all, StringComparison.Ordinal);
        Assert.DoesNotContain(Password, all, StringComparison.Ordinal);
        Assert.Contains("slack", all, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_an_attacker_tries_at_the_door_fails()
    {
        await using var server = await ServerUnderTest.StartAsync(("Automation__Access__SignInsPerMinute", "20"));
        await CreateUserAsync(server, "ada", "administrator");

        // Open redirect and header injection: whatever is not a path of this server becomes the overview.
        foreach (var url in new[] { "https://evil.example", "//evil.example", "/\\evil.example", "/\r\nSet-Cookie: a=b", "javascript:alert(1)" })
        {
            using var lured = new ConsoleVisitor(server.Address);
            Assert.Equal("/", await lured.SignInAsync("ada", Password, url));
        }

        // Session fixation: what was planted before is not what counts afterwards, and the old session is over.
        using var victim = new ConsoleVisitor(server.Address);
        await victim.SignInAsync("ada", Password);
        var planted = victim.SessionCookie!;
        await victim.SignInAsync("ada", Password);
        Assert.NotEqual(planted, victim.SessionCookie);
        using var thief = new ConsoleVisitor(server.Address);
        thief.Cookies.Add(new Cookie("automation-session", planted, "/", "127.0.0.1"));
        using (var shut = await thief.GetAsync("/events"))
            Assert.Equal(HttpStatusCode.Redirect, shut.StatusCode);

        // Cross-site requests with the victim's cookie.
        foreach (var (name, value) in new[] { ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Site", "same-site"), ("Origin", "https://evil.example"), ("Origin", "null") })
        {
            using var forged = new HttpRequestMessage(HttpMethod.Post, new Uri("/api/keys", UriKind.Relative)) { Content = JsonContent.Create(new { name = "mine", role = "administrator" }) };
            forged.Headers.TryAddWithoutValidation(name, value);
            using var answer = await victim.SendAsync(forged);
            Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        }

        using (var tokenless = new HttpRequestMessage(HttpMethod.Post, new Uri("/users/add", UriKind.Relative)) { Content = new FormUrlEncodedContent([KeyValuePair.Create("name", "eve")]) })
        using (var answer = await victim.SendAsync(tokenless))
            Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);

        // Clickjacking and injected scripts.
        foreach (var path in new[] { "/", "/sign-in", "/events", "/users", "/nowhere" })
        {
            using var page = await victim.GetAsync(path);
            Assert.Equal("DENY", page.Headers.GetValues("X-Frame-Options").Single());
            Assert.Contains("frame-ancestors 'none'", page.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
            Assert.DoesNotContain("'unsafe-inline'; img", page.Headers.GetValues("Content-Security-Policy").Single().Split("script-src")[1].Split(';')[0], StringComparison.Ordinal);
        }

        // Brute force: beyond the limit nobody is listened to, the right password included.
        var last = "";
        for (var i = 0; i < 25 && last != "429"; i++)
        {
            using var guess = new ConsoleVisitor(server.Address);
            last = await guess.SignInAsync("nobody-of-that-name", "guess " + i);
        }

        Assert.Equal("429", last);
    }

    private static async Task<string> CreateUserAsync(ServerUnderTest server, string name, string role)
    {
        using var answer = await server.Api.PostAsJsonAsync("/api/users", new { name, role, password = Password }, Token);
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        return (await answer.Content.ReadFromJsonAsync<JsonElement>(Token)).GetProperty("id").GetString()!;
    }

    [GeneratedRegex(@"/sign-in/([A-Za-z0-9_-]{32})", RegexOptions.None, 1000)]
    private static partial Regex FirstLink();
}
