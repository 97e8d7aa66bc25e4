using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Automation.EndToEnd.Tests.Events;

/// <summary>Workflows that begin with an event trigger: publishing is all that it takes to map the event.</summary>
public sealed class EventTriggerTests
{
    [Fact]
    public async Task A_published_trigger_starts_its_workflow_until_it_is_retracted()
    {
        await using var server = await ServerUnderTest.StartAsync();
        Assert.Equal(HttpStatusCode.OK, await SaveAsync(server, "long-calls", "Automation.Event:flyflow:call_started", "event.payload.data.duration_seconds > 60", publish: true));
        Assert.Equal(HttpStatusCode.OK, await SaveAsync(server, "all-of-flyflow", "Automation.EventReceived", filter: null, publish: true));

        await SendAsync(server, "long", 300);
        await SendAsync(server, "short", 5);

        var longCall = await RoutedAsync(server, "long", 2);
        Assert.Equal(["all-of-flyflow", "long-calls"], longCall.GetProperty("starts").EnumerateArray().Select(s => s.GetProperty("definitionId").GetString()!).Order(StringComparer.Ordinal));
        var instanceId = longCall.GetProperty("starts").EnumerateArray().Single(s => s.GetProperty("definitionId").GetString() == "long-calls").GetProperty("instanceId").GetString();
        var instance = await server.GetJsonAsync("/elsa/api/workflow-instances/" + instanceId);
        Assert.Equal("Finished", instance.GetProperty("subStatus").GetString());
        Assert.Equal("long", instance.GetProperty("correlationId").GetString());
        var records = (await server.GetJsonAsync("/elsa/api/activity-executions/list?workflowInstanceId=" + instanceId)).GetRawText();
        Assert.Contains("300 seconds of long", records, StringComparison.Ordinal);

        var shortCall = await RoutedAsync(server, "short", 1);
        Assert.Contains(shortCall.GetProperty("rules").EnumerateArray(), r =>
            r.GetProperty("workflow").GetString() == "long-calls" && !r.GetProperty("matches").GetBoolean() && r.GetProperty("why").GetString()!.Contains("duration_seconds > 60", StringComparison.Ordinal));

        foreach (var id in new[] { "long-calls", "all-of-flyflow" })
        {
            using var retracted = await server.Api.PostAsJsonAsync(new Uri($"/elsa/api/workflow-definitions/{id}/retract", UriKind.Relative), new { }, TestContext.Current.CancellationToken);
            retracted.EnsureSuccessStatusCode();
        }

        await SendAsync(server, "after", 300);
        await server.WaitForAsync("/api/events?correlationId=after", p => p.GetProperty("items")[0].GetProperty("status").GetString() == "Unmatched");
    }

    [Fact]
    public async Task A_filter_that_cannot_be_read_is_kept_as_a_draft_and_refused_at_publish()
    {
        await using var server = await ServerUnderTest.StartAsync();

        var saved = await SaveAsync(server, "broken", "Automation.Event:flyflow:call_ended", "event.payload.(", publish: false);
        using var published = await server.Api.PostAsJsonAsync(new Uri("/elsa/api/workflow-definitions/broken/publish", UriKind.Relative), new { }, TestContext.Current.CancellationToken);
        var told = await published.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.OK, saved);
        Assert.Equal(HttpStatusCode.BadRequest, published.StatusCode);
        Assert.Contains("filter", told, StringComparison.Ordinal);
        Assert.Contains("event.payload.(", told, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Each_known_event_type_is_an_activity_of_its_source()
    {
        await using var server = await ServerUnderTest.StartAsync();

        var activities = (await server.GetJsonAsync("/elsa/api/descriptors/activities")).GetProperty("items").EnumerateArray().ToList();

        var called = activities.Single(a => a.GetProperty("typeName").GetString() == "Automation.Event:flyflow:call_ended");
        Assert.Equal(("Flyflow", "call_ended", "CallEnded", "Trigger"),
            (called.GetProperty("category").GetString(), called.GetProperty("displayName").GetString(), called.GetProperty("name").GetString(), called.GetProperty("kind").GetString()));
        Assert.Equal(["Filter"], called.GetProperty("inputs").EnumerateArray().Where(i => i.GetProperty("isBrowsable").GetBoolean()).Select(i => i.GetProperty("name").GetString()!));
        string[] seeds = ["flow-sessions:technology.end", "ai-flow:user_barge_in", "conversation-messages:message.user_input", "flow-ai:action.onboarding"];
        Assert.All(seeds, t => Assert.Contains(activities, a => a.GetProperty("typeName").GetString() == "Automation.Event:" + t));
        var general = activities.Single(a => a.GetProperty("typeName").GetString() == "Automation.EventReceived");
        Assert.Equal("Event received", general.GetProperty("displayName").GetString());

        // The server gives the choices: sources, and the types that they send or have sent.
        await SendAsync(server, "unheard-of", 1, "call_whispered");
        await server.WaitForAsync("/api/events?correlationId=unheard-of", p => p.GetProperty("items").GetArrayLength() == 1);
        general = await server.GetJsonAsync("/elsa/api/descriptors/activities/Automation.EventReceived");
        Assert.Contains("flyflow", Choices("Source"));
        Assert.Equal(["*", "call_ended", "call_whispered", "flow.*"], Choices("EventType").Intersect(["*", "call_ended", "call_whispered", "flow.*"], StringComparer.Ordinal));

        List<string> Choices(string input) =>
            [.. general.GetProperty("inputs").EnumerateArray().Single(i => i.GetProperty("name").GetString() == input).GetProperty("uiSpecifications")
                .GetProperty("dropdown").GetProperty("selectList").GetProperty("items").EnumerateArray().Select(c => c.GetProperty("value").GetString()!)];
    }

    private static async Task SendAsync(ServerUnderTest server, string call, int seconds, string type = "call_started")
    {
        using var answer = await server.PostAsync(
            "flyflow", $$"""{"event_type":"{{type}}","call_id":"{{call}}","timestamp":"2026-01-01T00:00:00Z","data":{ "duration_seconds":{{seconds}} } }""");
        answer.EnsureSuccessStatusCode();
    }

    private static async Task<JsonElement> RoutedAsync(ServerUnderTest server, string call, int starts)
    {
        var page = await server.WaitForAsync("/api/events?correlationId=" + call, p => p.GetProperty("items")[0].GetProperty("status").GetString() == "Routed");
        return await server.WaitForAsync("/api/events/" + page.GetProperty("items")[0].GetProperty("id").GetString(), e => e.GetProperty("starts").GetArrayLength() == starts);
    }

    private static async Task<HttpStatusCode> SaveAsync(ServerUnderTest server, string id, string type, string? filter, bool publish)
    {
        var model = JsonNode.Parse($$"""
            { "definitionId": "{{id}}", "name": "{{id}}", "root": { "id": "flow", "type": "Elsa.Flowchart", "version": 1, "activities": [
                { "id": "received", "name": "Received1", "type": "{{type}}", "version": 1, "customProperties": { "canStartWorkflow": true } },
                { "id": "write", "name": "Write1", "type": "Elsa.WriteLine", "version": 1, "text": { "typeName": "String", "expression": { "type": "JavaScript",
                  "value": "`${getOutputFrom('Received1', 'Result').data.duration_seconds} seconds of ${getOutputFrom('Received1', 'Event').correlationKey}`" } } } ],
              "connections": [ { "source": { "activity": "received", "port": "Done" }, "target": { "activity": "write", "port": "In" } } ] } }
            """)!;
        if (filter is not null)
            model["root"]!["activities"]![0]!["filter"] = new JsonObject { ["typeName"] = "String", ["expression"] = new JsonObject { ["type"] = "JavaScript", ["value"] = filter } };
        using var saved = await server.Api.PostAsJsonAsync(
            new Uri("/elsa/api/workflow-definitions", UriKind.Relative), new JsonObject { ["model"] = model, ["publish"] = publish }, TestContext.Current.CancellationToken);
        return saved.StatusCode;
    }
}
