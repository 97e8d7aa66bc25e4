using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using Automation.Dashboard.Access;
using Automation.Storage;
using Automation.Storage.Access;
using Automation.Storage.Writes;
using Microsoft.Extensions.DependencyInjection;

namespace Automation.Host.Tests.Access;

/// <summary>
/// <c>POST /elsa/api/identity/refresh-token</c> is open to everybody because what is shown there is the credential itself: the
/// key in the header. Whoever has no key that works at that moment gets nothing.
/// </summary>
public sealed class RefreshTokenTests
{
    private static readonly Uri Route = new("/elsa/api/identity/refresh-token", UriKind.Relative);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Only_a_key_that_works_is_renewed_and_it_gives_itself_and_no_other()
    {
        await using var server = await ServerHere.StartAsync("--Automation:Access:SignInsPerMinute", "1000");
        var keys = server.App.Services.GetRequiredService<ApiKeys>();
        var (viewer, secret) = await keys.CreateAsync("viewer", Role.Viewer, [], null, null, Token);
        using var nobody = server.Client(null);

        Assert.Equal(secret, await RenewAsync(nobody, "Bearer " + secret));
        Assert.Null(await RenewAsync(nobody, null));
        Assert.Null(await RenewAsync(nobody, "Bearer " + secret + "x"));
        Assert.Null(await RenewAsync(nobody, "Bearer "));
        Assert.Null(await RenewAsync(nobody, "Basic " + secret));

        // A session is no key: neither alone, nor for a key that it stands beside.
        var session = await SignInAsync(server);
        Assert.Null(await RenewAsync(nobody, null, session));
        Assert.Null(await RenewAsync(nobody, "Bearer " + secret + "x", session));
        // And of two people the key decides, not the administrator's session.
        Assert.Equal(secret, await RenewAsync(nobody, "Bearer " + secret, session));

        // Signing out everywhere ends sessions; the key is taken back by deleting it.
        using (var everywhere = new HttpRequestMessage(HttpMethod.Post, new Uri("/api/account/sign-out", UriKind.Relative)))
        {
            everywhere.Headers.Add("Cookie", session);
            using var answer = await nobody.SendAsync(everywhere, Token);
            Assert.True(answer.IsSuccessStatusCode, answer.StatusCode.ToString());
        }

        Assert.Null(await RenewAsync(nobody, null, session));
        Assert.True(await keys.DeleteAsync(viewer.Id, Token));
        Assert.Null(await RenewAsync(nobody, "Bearer " + secret));

        // A key whose time has come while nobody used it: its row is set back, so that nothing has to be waited for.
        var now = DateTimeOffset.UtcNow;
        var (old, expired) = await keys.CreateAsync("expired", Role.Administrator, [], now.AddHours(1), null, Token);
        await server.App.Services.GetRequiredService<Database>().CommitAsync(
            new WriteUnit().AddExpectingOne(new SqlStatement("UPDATE api_keys SET expires_at = $2 WHERE id = $1"), old.Id, SqlValue.Micros(now.AddMinutes(-1))), cancellationToken: Token);
        Assert.Null(await RenewAsync(nobody, "Bearer " + expired));
    }

    [Fact]
    public async Task It_is_slowed_down_as_signing_in_is()
    {
        await using var server = await ServerHere.StartAsync("--Automation:Access:SignInsPerMinute", "3");
        using var nobody = server.Client(null);

        for (var i = 0; i < 3; i++)
            Assert.Null(await RenewAsync(nobody, "Bearer guess" + i));
        foreach (var path in (string[])["/elsa/api/identity/refresh-token", "/elsa/api/identity/login"])
        {
            using var answer = await nobody.PostAsJsonAsync(new Uri(path, UriKind.Relative), new { username = "a", password = ServerHere.AdminKey }, Token);
            Assert.Equal(HttpStatusCode.TooManyRequests, answer.StatusCode);
            Assert.Equal("60", answer.Headers.GetValues("Retry-After").Single());
        }
    }

    /// <summary>The token that is given; null for none.</summary>
    private static async Task<string?> RenewAsync(HttpClient client, string? authorization, string? session = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Route) { Content = JsonContent.Create(new { }) };
        if (authorization is not null)
            request.Headers.TryAddWithoutValidation("Authorization", authorization);
        if (session is not null)
            request.Headers.Add("Cookie", session);
        using var answer = await client.SendAsync(request, Token);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var told = await answer.Content.ReadFromJsonAsync<JsonElement>(Token);
        var (access, refresh) = (Text(told, "accessToken"), Text(told, "refreshToken"));
        Assert.Equal(access, refresh);
        Assert.Equal(access is not null, told.GetProperty("isAuthenticated").GetBoolean());
        return access;

        static string? Text(JsonElement answer, string name) => answer.TryGetProperty(name, out var value) ? value.GetString() : null;
    }

    /// <summary>The cookie of an administrator's session.</summary>
    private static async Task<string> SignInAsync(ServerHere server)
    {
        using var form = server.Client(null);
        using var page = await form.GetAsync(new Uri("/sign-in", UriKind.Relative), Token);
        var token = Regex.Match(
            await page.Content.ReadAsStringAsync(Token), "name=\"__RequestVerificationToken\" value=\"([^\"]+)", RegexOptions.None, TimeSpan.FromSeconds(1)).Groups[1].Value;
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/sign-in", UriKind.Relative))
        {
            Content = new FormUrlEncodedContent([KeyValuePair.Create("__RequestVerificationToken", token), KeyValuePair.Create("key", ServerHere.AdminKey)]),
        };
        request.Headers.Add("Cookie", page.Headers.GetValues("Set-Cookie").Select(c => c.Split(';')[0]));
        using var answer = await form.SendAsync(request, Token);
        return answer.Headers.GetValues("Set-Cookie").Select(c => c.Split(';')[0]).Single(c => c.StartsWith("automation-session=", StringComparison.Ordinal));
    }
}
