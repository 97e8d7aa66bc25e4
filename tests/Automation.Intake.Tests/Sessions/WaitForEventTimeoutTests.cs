using Automation.Intake.Tests.Support;
using Automation.Storage;
using Automation.Storage.Events;
using Automation.Testing;
using Automation.Workflows.Execution;
using Automation.Workflows.Queries;
using Microsoft.Extensions.DependencyInjection;

namespace Automation.Intake.Tests.Sessions;

/// <summary>"Wait for event" with a timeout, in the real engine, on a clock that the test moves.</summary>
public sealed class WaitForEventTimeoutTests
{
    /// <summary>Waits half a minute for the end of its call; its instance is named after how that went.</summary>
    private const string Waits = """
        {
          "definitionId": "waits", "name": "waits", "version": 1, "isLatest": true, "isPublished": true,
          "root": {
            "id": "Flow", "type": "Elsa.Flowchart", "version": 1, "start": "Wait",
            "activities": [
              { "id": "Wait", "type": "Automation.WaitForEvent", "version": 1,
                "eventType": { "typeName": "String", "expression": { "type": "Literal", "value": "call_ended" } },
                "timeout": { "typeName": "TimeSpan", "expression": { "type": "Literal", "value": "00:00:30" } } },
              { "id": "Heard", "type": "Elsa.SetName", "version": 1, "value": { "typeName": "String", "expression": { "type": "Literal", "value": "heard" } } },
              { "id": "Over", "type": "Elsa.SetName", "version": 1, "value": { "typeName": "String", "expression": { "type": "Literal", "value": "timed out" } } }
            ],
            "connections": [
              { "source": { "activity": "Wait", "port": "Done" }, "target": { "activity": "Heard", "port": "In" } },
              { "source": { "activity": "Wait", "port": "Timed out" }, "target": { "activity": "Over", "port": "In" } }
            ]
          }
        }
        """;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task What_comes_in_time_is_heard_and_what_comes_later_finds_nobody_waiting(DatabaseProvider provider)
    {
        var clock = new ManualClock();
        await using var server = await StartAsync(provider, clock);
        var began = clock.GetUtcNow();
        await SendAsync(server, "call_started", "prompt");
        await SendAsync(server, "call_started", "silent");
        await BecomesAsync(server, clock, n => n == 2, WorkflowSubStatus.Suspended);

        clock.Advance(TimeSpan.FromSeconds(29));
        var end = await SendAsync(server, "call_ended", "prompt");
        await BecomesAsync(server, clock, n => n == 1, WorkflowSubStatus.Finished);
        Assert.Equal("heard", (await OfAsync(server, "prompt")).Name);
        Assert.Equal(EventStatus.Routed, (await DecidedAsync(server, end)).Summary.Status);

        // From here on the clock goes on until the other one has had enough.
        await BecomesAsync(server, clock, n => n == 2, WorkflowSubStatus.Finished, step: TimeSpan.FromMilliseconds(250));
        var silent = await OfAsync(server, "silent");
        Assert.Equal("timed out", silent.Name);
        Assert.True(silent.FinishedAt >= began + TimeSpan.FromSeconds(30), $"after {silent.FinishedAt - began}");

        var late = await DecidedAsync(server, await SendAsync(server, "call_ended", "silent"));
        Assert.Equal(EventStatus.Unmatched, late.Summary.Status);
        Assert.Empty(late.Starts);
        clock.Advance(TimeSpan.FromHours(1));
        Assert.Equal(["heard", "timed out"], (await AllAsync(server)).Select(i => i.Name).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task Of_an_event_and_a_timeout_at_the_same_moment_one_wins(DatabaseProvider provider)
    {
        const int calls = 20;
        var clock = new ManualClock();
        await using var server = await StartAsync(provider, clock);
        for (var i = 0; i < calls; i++)
            await SendAsync(server, "call_started", "call-" + i);
        await BecomesAsync(server, clock, n => n == calls, WorkflowSubStatus.Suspended);

        clock.Advance(TimeSpan.FromSeconds(29.9));
        var sending = Task.WhenAll(Enumerable.Range(0, calls).Select(i => SendAsync(server, "call_ended", "call-" + i)));
        clock.Advance(TimeSpan.FromSeconds(0.2));
        var ends = await sending;
        await BecomesAsync(server, clock, n => n == calls, WorkflowSubStatus.Finished, step: TimeSpan.FromMilliseconds(250));

        foreach (var end in ends)
        {
            var detail = await DecidedAsync(server, end);
            var name = (await OfAsync(server, detail.Summary.CorrelationKey!)).Name;
            Assert.Equal(name == "heard" ? EventStatus.Routed : EventStatus.Unmatched, detail.Summary.Status);
        }
    }

    private static Task<IntakeServer> StartAsync(DatabaseProvider provider, ManualClock clock) => IntakeServer.StartAsync(
        mappings: """{ "rules": [ { "source": "flyflow", "type": "call_started", "workflow": "waits" } ] }""", provider: provider, clock: clock, workflows: new() { ["waits"] = Waits });

    private static async Task<string> SendAsync(IntakeServer server, string type, string call)
    {
        using var answer = await server.PostAsync("flyflow", $$"""{"event_type":"{{type}}","call_id":"{{call}}","timestamp":"2026-01-15T12:00:00Z","data":{} }""");
        answer.EnsureSuccessStatusCode();
        return answer.Headers.GetValues("Automation-Event-Id").Single();
    }

    /// <summary>Waits until enough instances stand so, moving the clock meanwhile where a step is given.</summary>
    private static async Task BecomesAsync(IntakeServer server, ManualClock clock, Func<int, bool> enough, WorkflowSubStatus status, TimeSpan step = default)
    {
        while (!enough((await AllAsync(server)).Count(i => i.SubStatus == status)))
        {
            clock.Advance(step);
            await Task.Delay(5, Ct);
        }
    }

    private static async Task<Intake.Events.EventDetail> DecidedAsync(IntakeServer server, string id)
    {
        while (true)
        {
            var detail = (await server.Events.FindAsync(id, Ct))!;
            if (detail.Summary.Status != EventStatus.Received)
                return detail;
            (server.Clock as ManualClock)!.Advance(TimeSpan.FromMilliseconds(250));
            await Task.Delay(5, Ct);
        }
    }

    private static async Task<IReadOnlyList<InstanceSummary>> AllAsync(IntakeServer server) =>
        (await server.Services.GetRequiredService<InstanceQueries>().ListAsync(new InstanceFilter { Take = 100 }, Ct)).Items;

    private static async Task<InstanceSummary> OfAsync(IntakeServer server, string call) => (await AllAsync(server)).Single(i => i.CorrelationId == call);
}
