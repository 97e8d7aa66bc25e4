using System.Net;
using System.Text;
using System.Text.Json;

namespace Automation.Host.Tests;

/// <summary>What cannot be read is told by every part of the API: what it is and where.</summary>
public sealed class BadRequestTests
{
    private static readonly (string Method, string Path, string? Body, string[] Said)[] Requests =
    [
        ("POST", "/api/replays", """{"source": flyflow}""", ["line 1, byte 13", "invalid"]),
        ("POST", "/api/replays", "{\n  \"dryRun\": \"yes\"\n}", ["$.dryRun", "line 2", "wrong kind"]),
        ("POST", "/api/replays", "", ["A JSON body is wanted"]),
        ("POST", "/api/keys", """{"name": "x", "scopes": "all"}""", ["$.scopes", "line 1"]),
        ("POST", "/api/users", """{"name": "ann" """, ["line 1"]),
        ("PUT", "/api/secrets/token", """["not so"]""", ["line 1", "wrong kind"]),
        ("POST", "/api/deliveries", "{{", ["line 1, byte 2"]),
        // A filter that is misspelt must not be taken for none: everything would be replayed.
        ("POST", "/api/replays", """{"source": "flyflow", "statuss": "Failed"}""", ["$.statuss", "\"statuss\" is not known here"]),
        ("PUT", "/api/sources/mine", """{"preset": "generic", "secretz": ["a"]}""", ["$.secretz", "\"secretz\" is not known here"]),
        ("PUT", "/api/sources/mine", """{"preset": "generic", "signature": {"heeder": "X"}}""", ["$.signature.heeder", "\"heeder\" is not known here"]),
        ("POST", "/api/sources/flyflow/verify", """{"header": {"X-Signature": "x"}}""", ["\"header\" is not known here"]),
        ("GET", "/api/events?limit=many", null, ["limit is \"many\"", "a whole number"]),
        ("GET", "/api/events?from=yesterday", null, ["from is \"yesterday\"", "2026-01-15T12:00:00Z"]),
    ];

    [Fact]
    public async Task What_cannot_be_read_is_told_with_its_place()
    {
        var token = TestContext.Current.CancellationToken;
        await using var server = await ServerHere.StartAsync();
        using var client = server.Client(ServerHere.AdminKey);
        foreach (var (method, path, body, said) in Requests)
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(path, UriKind.Relative));
            if (body is not null)
                request.Content = new StringContent(body, Encoding.UTF8, "application/json");
            using var answer = await client.SendAsync(request, token);
            var text = await answer.Content.ReadAsStringAsync(token);

            Assert.True(answer.StatusCode == HttpStatusCode.BadRequest, $"{method} {path} {body}: {(int)answer.StatusCode} {text}");
            Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
            Assert.True(JsonElement.Parse(text).TryGetProperty("detail", out var found), $"{method} {path} {body}: {text}");
            var detail = found.GetString()!;
            Assert.All(said, s => Assert.Contains(s, detail, StringComparison.Ordinal));
            // The program's own names are nothing to a caller.
            Assert.DoesNotContain("Automation.", detail, StringComparison.Ordinal);
            Assert.DoesNotContain("Nullable", detail, StringComparison.Ordinal);
        }

        using var plain = await client.PostAsync(new Uri("/api/replays", UriKind.Relative), new StringContent("source=flyflow"), token);
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, plain.StatusCode);
        Assert.Contains("text/plain", JsonElement.Parse(await plain.Content.ReadAsStringAsync(token)).GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_source_that_is_there_says_how_it_is_changed()
    {
        var token = TestContext.Current.CancellationToken;
        await using var server = await ServerHere.StartAsync();
        using var client = server.Client(ServerHere.AdminKey);
        using var made = await SendAsync(HttpMethod.Put);
        Assert.Equal(HttpStatusCode.OK, made.StatusCode);
        foreach (var method in (HttpMethod[])[HttpMethod.Put, HttpMethod.Delete])
        {
            using var refused = await SendAsync(method);
            Assert.Equal(HttpStatusCode.Conflict, refused.StatusCode);
            Assert.Equal(
                "There is a source \"mine\" already. To change or remove it send If-Match with its version, which GET gives as ETag.",
                JsonElement.Parse(await refused.Content.ReadAsStringAsync(token)).GetProperty("detail").GetString());
        }

        Task<HttpResponseMessage> SendAsync(HttpMethod method) => client.SendAsync(
            new HttpRequestMessage(method, new Uri("/api/sources/mine", UriKind.Relative)) { Content = new StringContent("""{"preset":"generic"}""", Encoding.UTF8, "application/json") }, token);
    }
}
