using System.Net.Http.Json;
using System.Text.Json;

namespace Automation.EndToEnd.Tests.Console;

/// <summary>
/// A server that holds something for every page, and in every field that a stranger can fill, markup that would run a script
/// if a page showed it as anything but text.
/// </summary>
public sealed class HostileSite : IAsyncLifetime
{
    public const string Markup = "\"'><img data-owned src=x onerror=\"window.owned=1\"><script>window.owned=1</script>";

    private const string Workflow =
        """
        {"definitionId":"hostile","name":"MARKUP","description":"MARKUP","version":1,"isLatest":true,"isPublished":true,"inputs":[{"type":"Object","name":"Event","displayName":"Event"}],
         "root":{"id":"Flowchart1","type":"Elsa.Flowchart","version":1,"start":"Call1",
           "connections":[{"source":{"activity":"Call1","port":"Done"},"target":{"activity":"Fault1","port":"In"}}],"activities":[
           {"id":"Call1","name":"MARKUP","type":"Elsa.SendHttpRequest","version":1,
            "url":{"typeName":"Uri","expression":{"type":"Literal","value":"/webhooks/inbox"}},"method":{"typeName":"String","expression":{"type":"Literal","value":"POST"}},
            "contentType":{"typeName":"String","expression":{"type":"Literal","value":"application/json"}},
            "content":{"typeName":"Object","expression":{"type":"JavaScript","value":"({ type: getInput('Event').event_type, id: 'h1', data: getInput('Event') })"}}},
           {"id":"Fault1","name":"Fault1","type":"Elsa.Fault","version":1,"message":{"typeName":"String","expression":{"type":"Literal","value":"MARKUP"}}}]}}
        """;

    public ServerUnderTest Server { get; private set; } = null!;

    /// <summary>Every page of the console, with something on it.</summary>
    public IReadOnlyList<(string Name, string Path)> Pages { get; private set; } = [];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        Server = await ServerUnderTest.StartAsync([("Automation__Access__SignInsPerMinute", "1000")], folder =>
        {
            File.WriteAllText(Path.Combine(folder, "hostile.json"), Workflow.Replace("MARKUP", JsonEncodedText.Encode(Markup).ToString(), StringComparison.Ordinal));
            var mappings = Path.Combine(folder, "mappings.json");
            var rule = $$"""{ "id": "hostile {{JsonEncodedText.Encode(Markup)}}", "source": "flyflow", "type": "*", "workflow": "hostile", "inputs": { "Event": "{$payload}" } },""";
            var text = File.ReadAllText(mappings);
            var open = text.IndexOf('[', StringComparison.Ordinal) + 1;
            File.WriteAllText(mappings, text[..open] + rule + text[open..]);
        });
        var body = JsonSerializer.Serialize(new
        {
            event_type = "call_ended" + Markup, call_id = "c-" + Markup, timestamp = "2026-01-01T00:00:00Z", data = new { duration_seconds = 60, outcome = Markup, summary = Markup },
        });
        using (var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/webhooks/flyflow?from=%3Cimg%20data-owned%20src=x%20onerror=window.owned=1%3E", UriKind.Relative)) { Content = new StringContent(body, System.Text.Encoding.UTF8, "application/json") })
        {
            request.Headers.TryAddWithoutValidation("X-Evil", Markup);
            request.Headers.TryAddWithoutValidation("User-Agent", Markup);
            using var answer = await Server.Api.SendAsync(request, Token);
            Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(Token));
        }

        using (await Server.PostAsync(Uri.EscapeDataString("nowhere" + Markup), "{}"))
        {
        }

        using (await Server.PostAsync("flyflow", "not json " + Markup))
        {
        }

        await SendAsync(HttpMethod.Put, "/api/mappings?note=" + Uri.EscapeDataString(Markup), new { rules = new[] { new { id = "hostile " + Markup, source = "flyflow", type = "*" + Markup, workflow = "hostile" } } });
        await SendAsync(HttpMethod.Post, "/api/mappings/history/1/restore", new { });
        await SendAsync(HttpMethod.Put, "/api/channels/team", new { kind = "Inbox", description = Markup });
        await SendAsync(HttpMethod.Post, "/api/channels/team/test", new { subject = Markup, text = Markup });
        await SendAsync(HttpMethod.Put, $"/api/data/{Uri.EscapeDataString("calls" + Markup)}/{Uri.EscapeDataString("k" + Markup)}", new { note = Markup });
        var endpoint = (await SendAsync(HttpMethod.Post, "/api/endpoints", new { url = "https://receiver.invalid/hook", description = Markup, eventTypes = Array.Empty<string>() })).GetProperty("id").GetString();
        await SendAsync(HttpMethod.Put, "/api/event-types/order.paid", new { description = Markup });
        var delivery = (await SendAsync(HttpMethod.Post, "/api/deliveries", new { eventType = "order.paid", payload = new { note = Markup } })).GetProperty("deliveryIds")[0].GetString();
        await SendAsync(HttpMethod.Post, "/api/users", new { name = "ada", role = "viewer", password = "correct horse battery staple" });
        await SendAsync(HttpMethod.Post, "/api/keys", new { name = Markup, role = "viewer" });
        await SendAsync(HttpMethod.Put, "/api/secrets/token", new { value = "s3cret" });
        var replay = (await SendAsync(HttpMethod.Post, "/api/replays", new { source = "flyflow", dryRun = true })).GetProperty("id").GetString();

        var events = await Server.WaitForAsync("/api/events?source=flyflow&status=Routed", a => a.GetProperty("items").GetArrayLength() > 0);
        var found = events.GetProperty("items")[0].GetProperty("id").GetString();
        var refused = (await Server.WaitForAsync("/api/events?status=Rejected", a => a.GetProperty("items").GetArrayLength() > 1)).GetProperty("items")[0].GetProperty("id").GetString();
        var instance = (await Server.WaitForAsync("/api/instances?workflow=hostile&status=Faulted", a => a.GetProperty("totalCount").GetInt64() > 0)).GetProperty("items")[0].GetProperty("id").GetString();
        Pages =
        [
            ("overview", "/"), ("overview-day", "/?period=day"), ("events", "/events"), ("event", "/events/" + found), ("event-refused", "/events/" + refused), ("replay", "/replays/" + replay),
            ("sources", "/sources"), ("source", "/sources/flyflow"), ("mappings", "/mappings"), ("mapping", "/mappings/edit?rule=calls"), ("mappings-history", "/mappings/history"), ("mappings-version", "/mappings/history/1"), ("mapping-new", "/mappings/new?event=" + found),
            ("preview", "/mappings/preview?event=" + found), ("instances", "/instances"), ("instance", "/instances/" + instance),
            ("jobs", "/hangfire"), ("jobs-succeeded", "/hangfire/jobs/succeeded"), ("job", "/hangfire/jobs/details/1"),
            ("deliveries", "/deliveries"), ("endpoint", "/deliveries/endpoints/" + endpoint), ("delivery", "/deliveries/" + delivery),
            ("inbox", "/inbox"), ("notifications", "/notifications"), ("channels", "/notifications/channels"),
            ("data", "/data"), ("documents", "/data/documents?collection=" + Uri.EscapeDataString("calls" + Markup)),
            ("document", $"/data/document?collection={Uri.EscapeDataString("calls" + Markup)}&key={Uri.EscapeDataString("k" + Markup)}"),
            ("secrets", "/secrets"), ("users", "/users"), ("audit", "/audit"), ("settings", "/settings"), ("account", "/account"),
            ("search", "/search?text=" + Uri.EscapeDataString(Markup)),
        ];
    }

    public ValueTask DisposeAsync() => Server.DisposeAsync();

    private async Task<JsonElement> SendAsync(HttpMethod method, string path, object body)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative)) { Content = JsonContent.Create(body) };
        using var answer = await Server.Api.SendAsync(request, Token);
        var text = await answer.Content.ReadAsStringAsync(Token);
        Assert.True(answer.IsSuccessStatusCode, $"{method} {path}: {(int)answer.StatusCode} {text}");
        return text.Length == 0 ? default : JsonElement.Parse(text);
    }
}
