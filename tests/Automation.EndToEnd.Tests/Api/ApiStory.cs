using System.Text.Json;
using Automation.EndToEnd.Tests.Access;

namespace Automation.EndToEnd.Tests.Api;

/// <summary>Asks every operation once, in an order in which each finds what it needs.</summary>
internal static class ApiStory
{
    private const string Password = "correct horse battery staple";

    /// <summary>A workflow whose one step fails until it is given what it needs, in a first and a second version.</summary>
    public const string Failing =
        """
        {"definitionId":"breaks","name":"Breaks","version":1,"isLatest":true,"isPublished":true,
         "inputs":[{"type":"Object","name":"Event","displayName":"Event"}],"outputs":[{"type":"Object","name":"Answer","displayName":"Answer"}],
         "root":{"id":"Flowchart1","type":"Elsa.Flowchart","version":1,"start":"Check1","connections":[],"activities":[
           {"id":"Check1","name":"Check1","type":"Elsa.SetOutput","version":1,
            "outputName":{"typeName":"String","expression":{"type":"Literal","value":"Answer"}},
            "outputValue":{"typeName":"Object","expression":{"type":"JavaScript","value":"getInput('Event').order.id.toUpperCase()"}}}]}}
        """;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static async Task TellAsync(ServerUnderTest server, ApiTour tour)
    {
        await EventsAsync(server, tour);
        await SourcesAsync(tour);
        await MappingsAsync(tour);
        await InstancesAsync(server, tour);
        await JobsAsync(server, tour);
        await NotificationsAsync(tour);
        await DeliveriesAsync(server, tour);
        await DataAsync(tour);
        await AccessAsync(server, tour);
        await OverviewAsync(server, tour);
    }

    private static async Task EventsAsync(ServerUnderTest server, ApiTour tour)
    {
        await SendAsync(server, "flyflow", """{"event_type":"call_ended","call_id":"c-1","timestamp":"2026-01-15T12:00:00Z","data":{"duration_seconds":42,"outcome":"completed"}}""");
        await SendAsync(server, "flyflow", """{"event_type":"order_failed","call_id":"c-2","timestamp":"2026-01-15T12:05:00Z","order":{"number":"o-1"}}""");
        await server.WaitForAsync("/api/instances?workflow=call-ended&status=Finished", p => p.GetProperty("totalCount").GetInt64() == 1);
        await server.WaitForAsync("/api/events?type=order_failed&status=Unmatched", p => p.GetProperty("items").GetArrayLength() == 1);

        var routed = First(await tour.AskAsync("GET /api/events", query: "?source=flyflow&type=call_*&limit=1"));
        var unmatched = First(await server.GetJsonAsync("/api/events?type=order_failed"));
        await tour.AskAsync("GET /api/events/{id}", [routed]);
        await tour.AskAsync("GET /api/events/{id}/body", [routed]);
        await tour.AskAsync("GET /api/events/export", query: "?source=flyflow&format=ndjson");
        await tour.AskAsync("GET /api/events/stream", query: "?source=flyflow", headers: [("Last-Event-ID", "01900000-0000-7000-8000-000000000000")]);
        await tour.AskAsync("POST /api/events/{id}/retry", [unmatched], status: 204);
        await tour.AskAsync("POST /api/events/{id}/test", [unmatched], body: """{"workflow":"breaks"}""");
        await tour.AskAsync("POST /api/events/{id}/workflow", [unmatched], status: 201);
        await tour.AskAsync("POST /api/events/{id}/replay", [routed]);

        var replay = (await tour.AskAsync("POST /api/replays", body: """{"source":"flyflow","type":"call_ended","from":"2026-01-01T00:00:00Z","dryRun":true}""", status: 202)).GetProperty("id").GetString()!;
        await server.WaitForAsync("/api/replays/" + replay, r => r.GetProperty("state").GetString() == "Finished");
        await tour.AskAsync("GET /api/replays");
        await tour.AskAsync("GET /api/replays/{id}", [replay]);
        await tour.AskAsync("POST /api/replays/{id}/cancel", [replay]);
        await tour.AskAsync("GET /api/replays/export", query: "?format=csv");
    }

    private static async Task SourcesAsync(ApiTour tour)
    {
        await tour.AskAsync("POST /api/sources/advice", body: """{"body":"{\"event\":\"ended\",\"call\":{\"id\":\"c-1\"},\"sent_at\":\"2026-01-15T12:00:00Z\"}"}""");
        await tour.AskAsync("PUT /api/sources/{slug}", ["crm"], body: """{"preset":"generic","headerToken":{"name":"X-Token","values":["a-long-random-text-of-your-own"]},"type":"{event}","correlation":"{call.id}"}""");
        await tour.AskAsync("GET /api/sources");
        await tour.AskAsync("GET /api/sources/{slug}", ["crm"]);
        await tour.AskAsync("POST /api/sources/{slug}/test", ["flyflow"], "?sample=call_started");
        await tour.AskAsync("POST /api/sources/{source}/verify", ["crm"], body: """{"headers":{"X-Token":"not the right one"},"body":"{\"event\":\"ended\"}"}""");
        await tour.AskAsync("POST /api/sources/{source}/preview", ["flyflow"], body: """{"body":"{\"event_type\":\"call_ended\",\"call_id\":\"c-1\",\"timestamp\":\"2026-01-15T12:00:00Z\"}"}""");
        await tour.AskAsync("GET /api/sources/export", query: "?format=csv");
        await tour.AskAsync("DELETE /api/sources/{slug}", ["crm"], status: 204, headers: [("If-Match", "*")]);
    }

    private static async Task MappingsAsync(ApiTour tour)
    {
        const string rules = """{"rules":[{"id":"calls","source":"flyflow","type":"call_ended","workflow":"call-ended","inputs":{"Event":"{$payload}"}},{"id":"orders","source":"flyflow","type":"order_*","workflow":"breaks","inputs":{"Event":"{$payload}"}}]}""";
        await tour.AskAsync("POST /api/mappings/check", body: rules);
        await tour.AskAsync("POST /api/mappings/try", body: """{"source":"flyflow","type":"call_*","workflow":"call-ended","filter":"event.payload.data.duration_seconds > 60"}""");
        await tour.AskAsync("PUT /api/mappings", query: "?note=Orders%20too", body: rules);
        await tour.AskAsync("GET /api/mappings");
        await tour.AskAsync("GET /api/mappings/file");
        var version = (await tour.AskAsync("GET /api/mappings/history", query: "?take=1")).GetProperty("items")[0].GetProperty("version").GetInt64().ToString(System.Globalization.CultureInfo.InvariantCulture);
        await tour.AskAsync("GET /api/mappings/history/{version}", [version]);
        await tour.AskAsync("POST /api/mappings/history/{version}/restore", [version], "?note=As%20it%20was");
        await tour.AskAsync("GET /api/mappings/export", query: "?format=csv");
    }

    private static async Task InstancesAsync(ServerUnderTest server, ApiTour tour)
    {
        await SendAsync(server, "flyflow", """{"event_type":"order_failed","call_id":"c-3","timestamp":"2026-01-15T12:10:00Z","order":{"number":"o-2"}}""");
        await server.WaitForAsync("/api/instances?workflow=breaks&status=Faulted", p => p.GetProperty("totalCount").GetInt64() > 1);
        var failed = First(await tour.AskAsync("GET /api/instances", query: "?workflow=breaks&status=Faulted&take=1"));
        var finished = First(await server.GetJsonAsync("/api/instances?workflow=call-ended&status=Finished"));
        await tour.AskAsync("GET /api/instances/{id}", [finished]);
        await tour.AskAsync("GET /api/instances/{id}/exchanges", [finished], "?take=10");
        await tour.AskAsync("POST /api/instances/{id}/move", [failed], body: """{"version":"Published","dryRun":true}""");
        await tour.AskAsync("POST /api/instances/{id}/retry", [failed], body: """{"activityIds":["Check1"],"input":{"Event":{"order":{"id":"o-2"}}}}""");
        await tour.AskAsync("POST /api/instances/{id}/retry", [finished], body: "{}", status: 409);
        await tour.AskAsync("POST /api/instances/{id}/rerun", [failed], body: """{"input":{"Event":{"order":{"id":"o-3"}}}}""", status: 201);
        await tour.AskAsync("POST /api/instances/{id}/cancel", [First(await server.GetJsonAsync("/api/instances?workflow=breaks&status=Faulted"))]);
        await tour.AskAsync("GET /api/instances/export", query: "?workflow=breaks&format=csv");
    }

    private static async Task JobsAsync(ServerUnderTest server, ApiTour tour)
    {
        var page = await tour.AskAsync("GET /api/jobs", query: "?state=Succeeded&limit=1");
        var id = page.GetProperty("jobs")[0].GetProperty("id").GetInt64().ToString(System.Globalization.CultureInfo.InvariantCulture);
        var calls = (await server.GetJsonAsync("/api/jobs?name=workflow.activity&limit=1")).GetProperty("jobs")[0].GetProperty("id").GetInt64().ToString(System.Globalization.CultureInfo.InvariantCulture);
        await tour.AskAsync("GET /api/jobs/{id}", [calls]);
        await tour.AskAsync("GET /api/jobs/{id}/exchanges", [calls]);
        await tour.AskAsync("GET /api/jobs/counts");
        await tour.AskAsync("GET /api/jobs/overview", query: "?period=day");
        await tour.AskAsync("GET /api/jobs/types", query: "?period=week");
        await tour.AskAsync("GET /api/jobs/statistics/day");
        await tour.AskAsync("GET /api/jobs/statistics/week");
        await tour.AskAsync("GET /api/jobs/servers");
        await tour.AskAsync("GET /api/jobs/failures");
        await tour.AskAsync("GET /api/jobs/scheduled", query: "?limit=10");
        await tour.AskAsync("GET /api/jobs/retries", query: "?limit=10");
        await tour.AskAsync("GET /api/jobs/queues");
        await tour.AskAsync("POST /api/jobs/queues/{queue}/pause", ["reports"], status: 204);
        await tour.AskAsync("GET /api/jobs/queues/{queue}", ["default"], "?limit=10");
        await tour.AskAsync("POST /api/jobs/queues/{queue}/resume", ["reports"], status: 204);
        await tour.AskAsync("POST /api/jobs/{id}/delete", [id], status: 204);
        await tour.AskAsync("POST /api/jobs/{id}/requeue", [id], status: 204);
        await tour.AskAsync("POST /api/jobs/{id}/cancel", [id]);
        await tour.AskAsync("POST /api/jobs/requeue", body: """{"state":"Failed","exception":"System.TimeoutException","from":"2026-01-01T00:00:00Z"}""");
        await tour.AskAsync("POST /api/jobs/delete", body: """{"state":"Failed","name":"workflow.activity","queue":"default"}""");
        await tour.AskAsync("GET /api/jobs/export", query: "?state=Succeeded&format=csv");

        await tour.AskAsync("GET /api/jobs/recurring");
        var recurring = (await server.GetJsonAsync("/api/jobs/recurring"))[0].GetProperty("id").GetString();
        var body = JsonSerializer.Serialize(new { ids = new[] { recurring } });
        await tour.AskAsync("POST /api/jobs/recurring/trigger", body: body);
        await tour.AskAsync("POST /api/jobs/recurring/pause", body: body);
        await tour.AskAsync("POST /api/jobs/recurring/resume", body: body);
        await tour.AskAsync("GET /api/jobs/recurring/export", query: "?format=csv");
        await tour.AskAsync("POST /api/jobs/recurring/remove", body: body);
    }

    private static async Task NotificationsAsync(ApiTour tour)
    {
        await tour.AskAsync("PUT /api/channels/{name}", ["night-shift"], body: """{"kind":"Inbox","description":"What the night shift reads"}""");
        await tour.AskAsync("GET /api/channels");
        await tour.AskAsync("GET /api/channels/{name}", ["night-shift"]);
        await tour.AskAsync("POST /api/channels/preview", body: """{"body":"Call {{ Call.id }} took {{ Call.seconds }} s","values":{"Call":{"id":"c-1","seconds":42}}}""");
        await tour.AskAsync("POST /api/channels/{name}/test", ["night-shift"], body: """{"subject":"Test","text":"Can you read this?"}""");
        var sent = First(await tour.AskAsync("GET /api/notifications", query: "?channel=night-shift&take=1"));
        await tour.AskAsync("GET /api/notifications/{id}", [sent]);
        await tour.AskAsync("GET /api/instances/{id}/notifications", [tour.Exchanges.First(e => e.Operation == "GET /api/instances/{id}" && e.Status == 200).Path.Split('/')[^1]]);
        var entry = First(await tour.AskAsync("GET /api/inbox", query: "?unread=true&take=1"));
        await tour.AskAsync("GET /api/inbox/count");
        await tour.AskAsync("GET /api/notifications/export", query: "?format=csv");
        await tour.AskAsync("GET /api/inbox/export", query: "?format=csv");
        await tour.AskAsync("GET /api/exports/channels", query: "?format=csv");
        await tour.AskAsync("POST /api/inbox/{id}/read", [entry], status: 204);
        await tour.AskAsync("POST /api/inbox/read", status: 204);
        await tour.AskAsync("DELETE /api/inbox/{id}", [entry], status: 204);
        await tour.AskAsync("DELETE /api/channels/{name}", ["night-shift"], status: 204);
    }

    private static async Task DeliveriesAsync(ServerUnderTest server, ApiTour tour)
    {
        var endpoint = (await tour.AskAsync("POST /api/endpoints", body: """{"url":"https://receiver.invalid/hooks","description":"Orders","eventTypes":["order.*"],"retryDelays":[]}""", status: 201)).GetProperty("id").GetString()!;
        await tour.AskAsync("PUT /api/event-types/{name}", ["order.paid"], body: """{"description":"An order was paid.","schema":{"type":"object","required":["orderId"]}}""", status: 204);
        await tour.AskAsync("GET /api/event-types");
        await tour.AskAsync("GET /api/event-types/{name}", ["order.paid"]);
        await tour.AskAsync("GET /api/endpoints");
        await tour.AskAsync("GET /api/endpoints/{id}", [endpoint]);
        var delivery = (await tour.AskAsync("POST /api/deliveries", body: """{"eventType":"order.paid","payload":{"orderId":"o-1","amount":120}}""", status: 202)).GetProperty("deliveryIds")[0].GetString()!;
        await server.WaitForAsync("/api/deliveries/" + delivery, d => d.GetProperty("delivery").GetProperty("status").GetString() is "Failed");
        await tour.AskAsync("GET /api/endpoints/{id}/deliveries", [endpoint], "?take=1");
        await tour.AskAsync("GET /api/deliveries/{id}", [delivery]);
        await tour.AskAsync("GET /api/deliveries/export", query: "?format=csv");
        await tour.AskAsync("GET /api/endpoints/export", query: "?format=csv");
        await tour.AskAsync("POST /api/endpoints/{id}/test", [endpoint]);
        await tour.AskAsync("POST /api/deliveries/{id}/resend", [delivery], status: 204);
        await tour.AskAsync("POST /api/endpoints/{id}/resend", [endpoint], body: """{"from":"2026-01-01T00:00:00Z","to":"2026-01-02T00:00:00Z"}""");
        await tour.AskAsync("POST /api/endpoints/{id}/rotate", [endpoint]);
        await tour.AskAsync("PUT /api/endpoints/{id}", [endpoint], body: """{"url":"https://receiver.invalid/hooks","eventTypes":["order.*"],"enabled":false}""");
        await tour.AskAsync("DELETE /api/endpoints/{id}", [endpoint], status: 204);
        await tour.AskAsync("DELETE /api/event-types/{name}", ["order.paid"], status: 204);
    }

    private static async Task DataAsync(ApiTour tour)
    {
        await tour.AskAsync("PUT /api/data/{collection}/{key}", ["orders", "o-1"], body: """{"status":"open","amount":120}""", status: 201, headers: [("If-None-Match", "*")]);
        await tour.AskAsync("PUT /api/data/{collection}/{key}", ["orders", "o-1"], body: """{"status":"paid","amount":120}""", headers: [("If-Match", "\"1\"")]);
        await tour.AskAsync("GET /api/data");
        await tour.AskAsync("GET /api/data/{collection}/{key}", ["orders", "o-1"]);
        await tour.AskAsync("POST /api/data/{collection}/query", ["orders"], body: """{"where":{"status":"paid","amount":{"gte":100}},"orderBy":"-amount","take":50}""");
        await tour.AskAsync("GET /api/data/{collection}", ["orders"], "?format=csv");
        await tour.AskAsync("DELETE /api/data/{collection}/{key}", ["orders", "o-1"], status: 204, headers: [("If-Match", "\"2\"")]);
        await tour.AskAsync("PUT /api/secrets/{name}", ["crm-token"], body: """{"value":"a-token-of-the-crm"}""", status: 204);
        await tour.AskAsync("GET /api/secrets");
        await tour.AskAsync("GET /api/secrets/{name}", ["crm-token"]);
        await tour.AskAsync("GET /api/exports/secrets", query: "?format=csv");
        await tour.AskAsync("DELETE /api/secrets/{name}", ["crm-token"], status: 204);
    }

    private static async Task AccessAsync(ServerUnderTest server, ApiTour tour)
    {
        var user = (await tour.AskAsync("POST /api/users", body: $$"""{"name":"ada","role":"operator","password":"{{Password}}"}""", status: 201)).GetProperty("id").GetString()!;
        var key = (await tour.AskAsync("POST /api/keys", body: """{"name":"crm","role":"viewer","scopes":["events:read"],"expiresAt":"2036-01-01T00:00:00Z"}""", status: 201)).GetProperty("key").GetProperty("id").GetString()!;
        await tour.AskAsync("GET /api/users");
        await tour.AskAsync("GET /api/users/{id}", [user]);
        await tour.AskAsync("GET /api/users/export", query: "?format=csv");
        await tour.AskAsync("PATCH /api/users/{id}", [user], body: """{"role":"designer","disabled":false}""");
        await tour.AskAsync("GET /api/keys");
        await tour.AskAsync("GET /api/keys/{id}", [key]);
        await tour.AskAsync("GET /api/keys/export", query: "?format=csv");
        await tour.AskAsync("DELETE /api/keys/{id}", [key], status: 204);

        // A person's own account is asked about in their session; a new password ends it.
        using var ada = new ConsoleVisitor(server.Address);
        Assert.Equal("/events", await ada.SignInAsync("ada", Password));
        await tour.AskAsync("GET /api/account", by: ada.SendAsync);
        await tour.AskAsync("GET /api/account/sessions", by: ada.SendAsync);
        await tour.AskAsync("POST /api/account/password", body: $$"""{"present":"{{Password}}","password":"{{Password}} two"}""", status: 204, by: ada.SendAsync);
        Assert.Equal("/events", await ada.SignInAsync("ada", Password + " two"));
        await tour.AskAsync("POST /api/account/sign-out", status: 204, by: ada.SendAsync);
        await tour.AskAsync("POST /api/users/{id}/sign-out", [user], status: 204);
        await tour.AskAsync("DELETE /api/users/{id}", [user], status: 204);

        var entry = First(await tour.AskAsync("GET /api/audit", query: "?kind=user&limit=1"));
        await tour.AskAsync("GET /api/audit/{id}", [entry]);
        await tour.AskAsync("GET /api/audit/export", query: "?kind=user&format=csv");
        await tour.AskAsync("GET /api/settings");
    }

    private static async Task OverviewAsync(ServerUnderTest server, ApiTour tour)
    {
        await server.WaitForAsync("/api/overview/series?period=hour", s => s.GetProperty("events").EnumerateArray().Any(e => e.GetInt64() > 0));
        await tour.AskAsync("GET /api/overview");
        await tour.AskAsync("GET /api/overview/series", query: "?period=day");
        await tour.AskAsync("GET /api/search", query: "?text=c-1");
    }

    private static string First(JsonElement page) => page.GetProperty("items")[0].GetProperty("id").ToString();

    private static async Task SendAsync(ServerUnderTest server, string source, string json)
    {
        using var answer = await server.PostAsync(source, json);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(Token));
    }
}
