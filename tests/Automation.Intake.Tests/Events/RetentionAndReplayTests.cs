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
        // The clock stands still, so that nothing is removed but when it is asked for.
        await using var server = await IntakeServer.StartAsync(new() { ["RetentionCount"] = "1000", ["RetentionAge"] = null }, mappings: """{ "rules": [] }""", clock: new ManualClock());
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
        await server.Services.GetRequiredService<MappingStore>().ReloadAsync(TestContext.Current.CancellationToken);
        var replays = server.Services.GetRequiredService<EventReplays>();

        var dry = await replays.WaitAsync(await replays.StartAsync(new EventFilter { Source = "fl*" }, dryRun: true, TestContext.Current.CancellationToken), TestContext.Current.CancellationToken);
        Assert.Equal((ReplayState.Finished, 301L, 301L, 300L), (dry!.State, dry.Total, dry.Done, dry.Replayed));
        Assert.Equal(100, dry.Examples.Count);
        Assert.Equal(["a", "b"], dry.Examples[0].Workflows);
        Assert.Equal((300L, 300L), (dry.Starts["a"], dry.Starts["b"]));
        Assert.Empty(server.Starter.Starts);

        var run = await replays.WaitAsync(await replays.StartAsync(new EventFilter { Source = "flow-sessions" }, dryRun: false, TestContext.Current.CancellationToken), TestContext.Current.CancellationToken);
        await server.Starter.WaitAsync(600);
        await server.DrainAsync();
        Assert.Equal((ReplayState.Finished, 300L), (run!.State, run.Replayed));

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
        var again = await replays.WaitAsync(await replays.StartAsync(new EventFilter { Source = "flow-sessions" }, dryRun: true, TestContext.Current.CancellationToken), TestContext.Current.CancellationToken);
        Assert.Equal(300, again!.Total);
        Assert.Equal(3, (await replays.ListAsync(TestContext.Current.CancellationToken)).Count);
    }

    [Fact]
    public async Task A_run_can_be_cancelled()
    {
        await using var server = await IntakeServer.StartAsync(mappings: """{ "rules": [ { "workflow": "w" } ] }""");
        await Parallel.ForAsync(0, 1500, TestContext.Current.CancellationToken, async (i, _) => (await server.PostAsync("flow-sessions", Session("s" + i, i))).Dispose());
        await server.DrainAsync();
        var replays = server.Services.GetRequiredService<EventReplays>();

        var id = await replays.StartAsync(new EventFilter(), dryRun: false, TestContext.Current.CancellationToken);
        var end = await replays.CancelAsync(id, TestContext.Current.CancellationToken);

        Assert.NotEqual(ReplayState.Running, end!.State);
        await server.DrainAsync();
        // Whatever was copied before the end was routed, and nothing after it.
        Assert.Equal(1500 + end.Replayed, server.Starter.Starts.Count);
        Assert.Null(await replays.CancelAsync("nothing", TestContext.Current.CancellationToken));
        Assert.Null(await replays.FindAsync("nothing", TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task A_run_goes_on_after_a_restart_and_copies_each_event_once(DatabaseProvider provider)
    {
        var token = TestContext.Current.CancellationToken;
        await using var server = await IntakeServer.StartAsync(mappings: """{ "rules": [] }""", provider: provider);
        await Parallel.ForAsync(0, 900, token, async (i, _) => (await server.PostAsync("flow-sessions", Session("s" + (i % 7), i))).Dispose());
        await File.WriteAllTextAsync(server.MappingsFile, """{ "rules": [ { "workflow": "w", "filter": "event.payload.session_id != 's6'" } ] }""", token);
        await server.Services.GetRequiredService<MappingStore>().ReloadAsync(TestContext.Current.CancellationToken);
        var replays = server.Services.GetRequiredService<EventReplays>();

        // It stops wherever it is then, mostly in the middle.
        var id = await replays.StartAsync(new EventFilter(), dryRun: false, token);
        while ((await replays.FindAsync(id, token))!.Done == 0)
            await Task.Delay(1, token);
        await server.StopAsync();
        await server.TestDatabase.ReopenAsync();
        await server.StartAgainAsync();
        replays = server.Services.GetRequiredService<EventReplays>();
        if (provider == DatabaseProvider.PostgreSql)
            await replays.GoOnAsync(DateTimeOffset.MaxValue, token);

        ReplayProgress run;
        while ((run = (await replays.FindAsync(id, token))!).State == ReplayState.Running)
            await Task.Delay(5, token);
        await server.DrainAsync();
        Assert.Equal((ReplayState.Finished, 900L, 900L, 772L), (run.State, run.Total, run.Done, run.Replayed));
        var copies = new List<EventSummary>();
        for (string? before = null; ;)
        {
            var page = await server.Events.ListAsync(new EventFilter { Status = EventStatus.Routed }, before, EventQueries.MaxLimit, token);
            copies.AddRange(page.Items);
            if ((before = page.Next) is null)
                break;
        }

        Assert.Equal(772, copies.Count);
        Assert.Equal(772, copies.Select(c => c.ReplayOf).Distinct(StringComparer.Ordinal).Count());
        foreach (var key in copies.OrderBy(c => c.Id, StringComparer.Ordinal).GroupBy(c => c.CorrelationKey, StringComparer.Ordinal))
            Assert.Equal(key.Select(c => c.ReplayOf).Order(StringComparer.Ordinal), key.Select(c => c.ReplayOf));
    }

    [Theory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task The_log_keeps_as_many_bytes_as_it_is_told(DatabaseProvider provider)
    {
        await using var server = await IntakeServer.StartAsync(new() { ["RetentionBytes"] = "1000000", ["RetentionAge"] = null }, mappings: """{ "rules": [] }""", provider: provider, clock: new ManualClock());
        var large = new string('x', 100_000);
        for (var i = 0; i < 15; i++)
            (await server.PostAsync("flow-sessions", $$"""{"id":"{{i}}","event":"flow.end","session_id":"s","data":{"x":"{{large}}"} }""")).Dispose();

        Assert.Equal(6, await server.RetentionAsync());
        Assert.Equal(9, (await server.ListAsync()).Count);
    }

    [Fact]
    public async Task An_export_has_every_event_of_its_filter_once_and_in_order()
    {
        await using var server = await IntakeServer.StartAsync();
        await Parallel.ForAsync(0, 450, TestContext.Current.CancellationToken, async (i, _) => (await server.PostAsync(i % 3 == 0 ? "flyflow" : "flow-sessions", i % 3 == 0 ? "broken" : Session("s", i))).Dispose());
        await server.DrainAsync();

        var exported = await server.Events.ExportAsync(new EventFilter { Source = "flow-sessions" }, TestContext.Current.CancellationToken).ToListAsync(TestContext.Current.CancellationToken);

        Assert.Equal(300, exported.Count);
        Assert.Equal(exported.Select(e => e.Summary.Id).Order(StringComparer.Ordinal), exported.Select(e => e.Summary.Id));
        Assert.All(exported, e => Assert.Single(e.Starts));
    }

    [Fact]
    public async Task A_tail_tells_each_event_once()
    {
        await using var server = await IntakeServer.StartAsync(mappings: """{ "rules": [] }""");
        await server.PostAsync("flow-sessions", Session("s", 0));
        var tail = server.Events.Tail(new EventFilter { Source = "flow-*" }, null);
        Assert.Empty(await tail.ReadAsync(TestContext.Current.CancellationToken));

        await server.PostAsync("flow-sessions", Session("s", 1));
        await server.PostAsync("flyflow", "broken");
        var first = Assert.Single(await tail.ReadAsync(TestContext.Current.CancellationToken));
        await server.PostAsync("flow-sessions", Session("s", 2));
        var second = Assert.Single(await tail.ReadAsync(TestContext.Current.CancellationToken));

        Assert.Empty(await tail.ReadAsync(TestContext.Current.CancellationToken));
        var again = server.Events.Tail(new EventFilter(), first.Id);
        Assert.Contains(second.Id, (await again.ReadAsync(TestContext.Current.CancellationToken)).Select(e => e.Id));
    }

    private static string Session(string session, int n) => $$"""{"id":"{{session}}-{{n}}","event":"flow.end","session_id":"{{session}}"}""";
}
