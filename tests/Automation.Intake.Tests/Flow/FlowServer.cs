using System.Globalization;
using System.Net;
using Automation.Intake.Events;
using Automation.Intake.Routing;
using Automation.Intake.Tests.Support;
using Automation.Storage;
using Automation.Storage.Events;
using Automation.Testing;

namespace Automation.Intake.Tests.Flow;

/// <summary>A server with one rule under flow control, whose instances run until a test ends them.</summary>
internal static class FlowServer
{
    public static async Task<IntakeServer> StartAsync(
        string flow, DatabaseProvider provider = DatabaseProvider.Sqlite, TimeProvider? clock = null, string inputs = """{ "event": "{$event}" }""")
    {
        var server = await IntakeServer.StartAsync(mappings: Rule(flow, inputs), provider: provider, clock: clock);
        server.Starter.KeepsRunning = true;
        return server;
    }

    public static string Rule(string flow, string inputs = """{ "event": "{$event}" }""") =>
        $$"""{ "rules": [ { "id": "flow", "source": "flow-sessions", "workflow": "w", "inputs": {{inputs}}, "flow": {{flow}} } ] }""";

    /// <summary>Sends an event whose key is <c>{data.key}</c>; each has a correlation key of its own.</summary>
    /// <returns>Its id.</returns>
    public static async Task<string> SendAsync(this IntakeServer server, string key, int n = 0, int priority = 0)
    {
        var body = string.Create(CultureInfo.InvariantCulture, $$"""{"id":"{{Guid.NewGuid()}}","event":"flow.end","session_id":"{{Guid.NewGuid()}}","created":1711015230,"data":{"key":"{{key}}","n":{{n}},"priority":{{priority}} } }""");
        using var answer = await server.PostAsync("flow-sessions", body);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return answer.Headers.GetValues("Automation-Event-Id").Single();
    }

    /// <summary>Waits until an event is no longer on its way to its rules, and reads it.</summary>
    public static async Task<EventDetail> DecidedAsync(this IntakeServer server, string id)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var detail = await server.Events.FindAsync(id, TestContext.Current.CancellationToken);
            if (detail!.Summary.Status != EventStatus.Received)
                return detail;
            Assert.True(TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromSeconds(30), "the event is not decided about");
            await Task.Delay(2, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>
    /// Waits until an event has a status. A clock that stands still is moved meanwhile: whoever was just about to wait
    /// for a time when it was advanced would wait for ever.
    /// </summary>
    public static async Task<EventDetail> BecomesAsync(this IntakeServer server, string id, EventStatus status)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var detail = await server.Events.FindAsync(id, TestContext.Current.CancellationToken);
            if (detail!.Summary.Status == status)
                return detail;
            Assert.True(TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromSeconds(30), $"the event is {detail.Summary.Status}, not {status}");
            (server.Clock as ManualClock)?.Advance(TimeSpan.FromMilliseconds(50));
            await Task.Delay(2, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>The start that an event stands for; waits for it, because the engine returns only after the commit that all can see.</summary>
    public static async Task<WorkflowStart> StartOfAsync(this IntakeServer server, string eventId, string definitionId = "w")
    {
        while (true)
        {
            if (server.Starter.Starts.SingleOrDefault(s => s.EventId == eventId && s.DefinitionId == definitionId) is { } start)
                return start;
            await Task.Delay(2, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Lets the instance end that an event started.</summary>
    public static async Task EndAsync(this IntakeServer server, string eventId, string definitionId = "w") =>
        await server.Starter.EndAsync((await server.StartOfAsync(eventId, definitionId)).InstanceId);
}
