using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Automation.Steps.Editing;
using Automation.Storage;
using Automation.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Automation.Host.Tests.Access;

/// <summary>Two people who edit the same thing: whoever comes second is told, and overwrites nothing.</summary>
public sealed class EntityTagTests
{
    /// <summary>Changes of the API that replace or remove nothing that a person edits. Adding to this list is a decision.</summary>
    private static readonly string[] WithoutTag = ["DELETE /api/inbox/{id}"];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Whoever_is_second_is_refused_for_everything_that_can_be_edited()
    {
        await using var server = await ServerHere.StartAsync();
        using var client = server.Client(ServerHere.AdminKey);
        Assert.Empty(Untagged(server.App));

        await EditAsync(client, "/api/channels/team", HttpMethod.Put, """{"kind":"Inbox","description":"first"}""", """{"kind":"Inbox","description":"second"}""");
        await EditAsync(client, "/api/event-types/order.paid", HttpMethod.Put, """{"description":"first"}""", """{"description":"second"}""");
        await EditAsync(client, "/api/secrets/token", HttpMethod.Put, """{"value":"first"}""", """{"value":"second"}""");
        await EditAsync(client, "/api/data/calls/c-1", HttpMethod.Put, """{"note":"first"}""", """{"note":"second"}""");
        var endpoint = await IdAsync(client, "/api/endpoints", """{"url":"https://receiver.invalid/hook","description":"first"}""", a => a.GetProperty("id"));
        await EditAsync(client, "/api/endpoints/" + endpoint, HttpMethod.Put, null, """{"url":"https://receiver.invalid/hook","description":"second"}""");
        var user = await IdAsync(client, "/api/users", """{"name":"ada","role":"viewer","password":"correct horse battery staple"}""", a => a.GetProperty("id"));
        await EditAsync(client, "/api/users/" + user, HttpMethod.Patch, null, """{"role":"operator"}""");

        // A key never changes: a tag of another one is all that can be wrong.
        var key = await IdAsync(client, "/api/keys", """{"name":"crm","role":"viewer"}""", a => a.GetProperty("key").GetProperty("id"));
        var (_, tag) = await SendAsync(client, HttpMethod.Get, "/api/keys/" + key, null, null);
        Assert.Equal(HttpStatusCode.PreconditionFailed, (await SendAsync(client, HttpMethod.Delete, "/api/keys/" + key, null, "\"other\"")).Status);
        Assert.Equal(HttpStatusCode.NoContent, (await SendAsync(client, HttpMethod.Delete, "/api/keys/" + key, null, tag)).Status);
    }

    [Fact]
    public async Task Of_many_at_once_one_wins_and_conditions_that_are_none_change_nothing()
    {
        await using var server = await ServerHere.StartAsync();
        using var client = server.Client(ServerHere.AdminKey);
        const string Path = "/api/channels/team";
        Assert.Equal(HttpStatusCode.PreconditionFailed, (await SendAsync(client, HttpMethod.Put, Path, """{"kind":"Inbox"}""", "*")).Status);
        await SendAsync(client, HttpMethod.Put, Path, """{"kind":"Inbox"}""", null);
        var (_, tag) = await SendAsync(client, HttpMethod.Get, Path, null, null);
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => SendAsync(client, HttpMethod.Put, Path, $$"""{"kind":"Inbox","description":"{{i}}"}""", tag)));
        Assert.Equal(1, answers.Count(a => a.Status == HttpStatusCode.OK));
        Assert.Equal(19, answers.Count(a => a.Status == HttpStatusCode.PreconditionFailed));
        foreach (var nonsense in new[] { "x", "\"", "12", "W/" + tag, ",,,", "\"" + new string('a', 5000) + "\"" })
            Assert.Equal(HttpStatusCode.PreconditionFailed, (await SendAsync(client, HttpMethod.Delete, Path, null, nonsense)).Status);

        var (_, now) = await SendAsync(client, HttpMethod.Get, Path, null, null);
        using (var again = new HttpRequestMessage(HttpMethod.Get, new Uri(Path, UriKind.Relative)))
        {
            again.Headers.TryAddWithoutValidation("If-None-Match", now);
            using var same = await client.SendAsync(again, Token);
            Assert.Equal(HttpStatusCode.NotModified, same.StatusCode);
        }

        // One of several will do, as RFC 9110 has it, and the star is any.
        Assert.Equal(HttpStatusCode.OK, (await SendAsync(client, HttpMethod.Put, Path, """{"kind":"Inbox"}""", $"\"other\", {now}")).Status);
        Assert.Equal(HttpStatusCode.NoContent, (await SendAsync(client, HttpMethod.Delete, Path, null, "*")).Status);
    }

    [Fact]
    public async Task Of_two_servers_on_one_PostgreSQL_one_wins()
    {
        var (database, drop) = await PostgresServer.CreateDatabaseAsync();
        await using (var one = await ServerHere.StartAsync("--ConnectionStrings:Automation", database))
        await using (var other = await ServerHere.StartAsync("--ConnectionStrings:Automation", database))
        {
            using var here = one.Client(ServerHere.AdminKey);
            using var there = other.Client(ServerHere.AdminKey);
            const string Path = "/api/event-types/order.paid";
            await SendAsync(here, HttpMethod.Put, Path, "{}", null);
            for (var round = 0; round < 20; round++)
            {
                var (_, tag) = await SendAsync(here, HttpMethod.Get, Path, null, null);
                var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(i =>
                    SendAsync(i % 2 == 0 ? here : there, HttpMethod.Put, Path, $$"""{"description":"{{round}}-{{i}}"}""", tag)));
                Assert.Equal((1, 9), (answers.Count(a => (int)a.Status < 300), answers.Count(a => a.Status == HttpStatusCode.PreconditionFailed)));
            }

            // Whoever holds on for too long keeps nobody waiting for ever, and nothing is changed meanwhile.
            await using (await one.App.Services.GetRequiredService<Database>().LockAsync(7023, Token))
                Assert.Equal(HttpStatusCode.ServiceUnavailable, (await SendAsync(there, HttpMethod.Put, Path, "{}", null)).Status);
            Assert.Equal(HttpStatusCode.OK, (await SendAsync(there, HttpMethod.Get, Path, null, null)).Status);
        }

        await drop();
    }

    [Fact]
    public async Task The_description_of_the_API_says_so()
    {
        await using var server = await ServerHere.StartAsync();
        using var client = server.Client(ServerHere.AdminKey);
        var paths = JsonElement.Parse(await client.GetStringAsync(new Uri("/openapi/v1.json", UriKind.Relative), Token)).GetProperty("paths");
        var channel = paths.GetProperty("/api/channels/{name}");
        Assert.True(channel.GetProperty("get").GetProperty("responses").GetProperty("200").GetProperty("headers").TryGetProperty("ETag", out _));
        foreach (var change in new[] { "put", "delete" })
        {
            Assert.Contains(channel.GetProperty(change).GetProperty("parameters").EnumerateArray(), p => p.GetProperty("name").GetString() == "If-Match");
            Assert.True(channel.GetProperty(change).GetProperty("responses").TryGetProperty("412", out _));
        }
    }

    /// <summary>Makes a thing, changes it, and then tries to change and to remove what was read before.</summary>
    private static async Task EditAsync(HttpClient client, string path, HttpMethod method, string? first, string second)
    {
        if (first is not null)
            Assert.True((int)(await SendAsync(client, method, path, first, null)).Status < 300, path);
        var (read, old) = await SendAsync(client, HttpMethod.Get, path, null, null);
        Assert.True(read == HttpStatusCode.OK && old is not null, $"{path}: {read} {old}");
        var (changed, now) = await SendAsync(client, method, path, second, old);
        Assert.True((int)changed < 300 && now is not null && now != old, $"{path}: {changed} {old} {now}");
        foreach (var (late, body) in new[] { (method, second), (HttpMethod.Delete, null) })
            Assert.Equal((path, HttpStatusCode.PreconditionFailed), (path, (await SendAsync(client, late, path, body, old)).Status));
        Assert.Equal(now, (await SendAsync(client, HttpMethod.Get, path, null, null)).Tag);
        Assert.Equal((path, HttpStatusCode.NoContent), (path, (await SendAsync(client, HttpMethod.Delete, path, null, now)).Status));
    }

    private static async Task<(HttpStatusCode Status, string? Tag)> SendAsync(HttpClient client, HttpMethod method, string path, string? body, string? match)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative));
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        if (match is not null)
            request.Headers.TryAddWithoutValidation("If-Match", match);
        using var answer = await client.SendAsync(request, Token);
        return (answer.StatusCode, answer.Headers.TryGetValues("ETag", out var tags) ? tags.Single() : null);
    }

    private static async Task<string> IdAsync(HttpClient client, string path, string body, Func<JsonElement, JsonElement> id)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await client.PostAsync(new Uri(path, UriKind.Relative), content, Token);
        return id(JsonElement.Parse(await answer.Content.ReadAsStringAsync(Token))).GetString()!;
    }

    /// <summary>Routes of the API that replace or remove something without heeding If-Match.</summary>
    private static IEnumerable<string> Untagged(WebApplication app) =>
        from endpoint in ((IEndpointRouteBuilder)app).DataSources.SelectMany(d => d.Endpoints).OfType<RouteEndpoint>()
        let pattern = "/" + endpoint.RoutePattern.RawText?.Trim('/')
        where pattern.StartsWith("/api/", StringComparison.Ordinal)
        from method in endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? []
        where method is "PUT" or "PATCH" or "DELETE" && endpoint.Metadata.GetMetadata<EntityTagAttribute>() is null && !WithoutTag.Contains($"{method} {pattern}")
        select $"{method} {pattern} heeds no If-Match.";
}
