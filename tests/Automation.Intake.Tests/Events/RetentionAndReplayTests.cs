using Automation.Intake.Events;
using Automation.Intake.Mapping;
using Automation.Intake.Tests.Support;
using Automation.Storage;
using Automation.Storage.Events;
using Automation.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Automation.Intake.Tests.Events;

public sealed class RetentionAndReplayTests
{
    [Theory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task Old_events_go_with_what_they_started_and_waiting_ones_stay(DatabaseProvider provider)
    {
        var clock = new ManualClock();
        await using var server = await IntakeServer.StartAsync(new() { ["RetentionAge"] = "1.00:00:00" }, clock: clock, provider: provider);
        var hold = new TaskCompletionSource();
        server.Starter.Before = (start, _) => start.CorrelationId == "waits" ? hold.Task : Task.CompletedTask;
        await server.PostAsync("flow-sessions", Session("waits", 0));
        for (var i = 0; i < 10; i++)
            await server.PostAsync("flow-sessions", Session("old", i));
        await server.Starter.WaitAsync(10);
        clock.Jump(TimeSpan.FromHours(25));
        await server.PostAsync("flow-sessions", Session("new", 0));
        await server.Starter.WaitAsync(1);

        var removed = await server.Services.GetRequiredService<EventRetention>().RunOnceAsync(TestContext.Current.CancellationToken);

        Assert.Equal(10, removed);
        Assert.Equal(["waits", "new"], (await server.ListAsync()).Select(e => e.CorrelationKey));
        Assert.Empty(await server.Events.OfInstanceAsync(server.Starter.Starts[0].InstanceId, TestContext.Current.CancellationToken));
        hold.SetResult();
        await server.DrainAsync();
        Assert.All(await server.ListAsync(), e => Assert.Equal(EventStatus.Routed, e.Status));
    }

    [Fact]
    public async Task The_log_keeps_as_many_events_as_it_is_told()
    {
        await using var server = await IntakeServer.StartAsync(new() { ["RetentionCount"] = "1000", ["RetentionAge"] = null }, mappings: """{ "rules": [] }""");
        await Parallel.ForAsync(0, 2300, TestContext.Current.CancellationToken, async (i, _) => (await server.PostAsync("flow-sessions", Session("s", i))).Dispose());

        Assert.Equal(1300, await server.Services.GetRequiredService<EventRetention>().RunOnceAsync(TestContext.Current.CancellationToken));
        Assert.Equal(1000, (await server.Events.CountAsync(DateTimeOffset.UnixEpoch, TestContext.Current.CancellationToken)).Values.Sum());
        Assert.Equal(0, await server.Services.GetRequiredService<EventRetention>().RunOnceAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_dry_run_lists_what_would_start_and_a_replay_starts_it_in_order()
    {
        await using var server = await IntakeServer.StartAsync(mappings: """{ "rules": [] }""");
        for (var i = 0; i < 300; i++)
            await server.PostAsync("flow-sessions", Session("s" + (i % 3), i));
        await server.PostAsync("flyflow", """{"event_type":"call_ended","call_id":"c","timestamp":"t"}""");
        await server.PostAsync("flyflow", "broken");
        await File.WriteAllTextAsync(server.MappingsFile, """{ "rules": [ { "source": "flow-sessions", "workflow": "a" }, { "source": "flow-*", "type": "flow.*", "workflow": "b" } ] }""", TestContext.Current.CancellationToken);
        server.Services.GetRequiredService<MappingStore>().Reload();
        var replays = server.Services.GetRequiredService<EventReplays>();

        var dry = await replays.WaitAsync(replays.Start(new EventFilter { Source = "fl*" }, dryRun: true), TestContext.Current.CancellationToken);
        Assert.Equal((ReplayState.Finished, 301, 301, 300), (dry!.State, dry.Total, dry.Done, dry.Replayed));
        Assert.Equal((300, 300), (dry.Starts["a"], dry.Starts["b"]));
        Assert.Empty(server.Starter.Starts);

        var run = await replays.WaitAsync(replays.Start(new EventFilter { Source = "flow-sessions" }, dryRun: false), TestContext.Current.CancellationToken);
        await server.Starter.WaitAsync(600);
        await server.DrainAsync();
        Assert.Equal((ReplayState.Finished, 300), (run!.State, run.Replayed));

        // Of each key, the copies were started in the order of their originals.
        var originals = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var row in await server.ListAsync(EventStatus.Routed))
            originals[row.Id] = row.ReplayOf!;
        foreach (var key in server.Starter.Starts.Where(s => s.DefinitionId == "a").GroupBy(s => s.CorrelationId, StringComparer.Ordinal))
        {
            var order = key.Select(s => originals[s.EventId]).ToList();
            Assert.Equal(100, order.Count);
            Assert.Equal(order.Order(StringComparer.Ordinal), order);
        }

        // Replays are not replayed.
        var again = await replays.WaitAsync(replays.Start(new EventFilter { Source = "flow-sessions" }, dryRun: true), TestContext.Current.CancellationToken);
        Assert.Equal(300, again!.Total);
        Assert.Equal(3, replays.All.Count);
    }

    [Fact]
    public async Task A_run_can_be_cancelled()
    {
        await using var server = await IntakeServer.StartAsync(mappings: """{ "rules": [ { "workflow": "w" } ] }""");
        await Parallel.ForAsync(0, 1500, TestContext.Current.CancellationToken, async (i, _) => (await server.PostAsync("flow-sessions", Session("s" + i, i))).Dispose());
        await server.DrainAsync();
        var replays = server.Services.GetRequiredService<EventReplays>();

        var id = replays.Start(new EventFilter(), dryRun: false);
        var end = await replays.CancelAsync(id);

        Assert.NotEqual(ReplayState.Running, end!.State);
        await server.DrainAsync();
        // Whatever was copied before the end was routed, and nothing after it.
        Assert.Equal(1500 + end.Replayed, server.Starter.Starts.Count);
        Assert.Null(await replays.CancelAsync("nothing"));
        Assert.Null(replays.Find("nothing"));
    }

    private static string Session(string session, int n) => $$"""{"id":"{{session}}-{{n}}","event":"flow.end","session_id":"{{session}}"}""";
}
