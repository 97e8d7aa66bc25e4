using Automation.Intake.Tests.Support;
using Automation.Storage;
using Automation.Storage.Events;
using Automation.Storage.Writes;
using Automation.Testing;

namespace Automation.Intake.Tests.Flow;

public sealed class FlowControlTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task Events_beyond_the_concurrency_of_their_key_wait_and_go_in_order(DatabaseProvider provider)
    {
        await using var server = await FlowServer.StartAsync("""{ "key": "{data.key}", "concurrency": { "limit": 2 } }""", provider);
        var ids = new List<string>();
        for (var i = 0; i < 5; i++)
            ids.Add(await server.SendAsync("a", i));
        var other = await server.SendAsync("b");

        Assert.Equal(EventStatus.Routed, (await server.DecidedAsync(other)).Summary.Status);
        var waiting = await server.DecidedAsync(ids[4]);
        Assert.Equal(EventStatus.Waiting, waiting.Summary.Status);
        var flow = Assert.Single(waiting.Flow);
        Assert.Equal(("flow", "a", FlowState.Waiting), (flow.RuleId, flow.Key, flow.State));
        await server.StartOfAsync(other);
        await server.StartOfAsync(ids[1]);
        Assert.Equal("2 of 2 instances are running; 2 events wait before it.", flow.Waits);
        Assert.Equal(ids[..2].Append(other).Order(StringComparer.Ordinal), server.Starter.Starts.Select(s => s.EventId).Order(StringComparer.Ordinal));

        await server.EndAsync(ids[1]);
        var third = await server.BecomesAsync(ids[2], EventStatus.Routed);
        Assert.Equal((FlowState.Running, "Started when its turn came."), (third.Flow[0].State, third.Flow[0].Outcome));
        Assert.Equal(third.Starts.Single().InstanceId, third.Flow[0].InstanceId);
        Assert.Equal(EventStatus.Waiting, (await server.DecidedAsync(ids[3])).Summary.Status);

        await server.EndAsync(ids[0]);
        await server.BecomesAsync(ids[3], EventStatus.Routed);
        await server.EndAsync(ids[3]);
        await server.StartOfAsync(ids[4]);
        Assert.Equal(ids, server.Starter.Starts.Select(s => s.EventId).Where(e => e != other));
    }

    [Theory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task A_place_that_nothing_waits_for_is_given_back_where_its_instance_has_ended(DatabaseProvider provider)
    {
        var clock = new ManualClock();
        await using var server = await FlowServer.StartAsync("""{ "key": "{data.key}", "concurrency": { "limit": 1 } }""", provider, clock);
        var ended = await server.SendAsync("a");
        var running = await server.SendAsync("b");
        await server.StartOfAsync(running);
        Assert.Equal(FlowState.Running, (await server.BecomesAsync(ended, EventStatus.Routed)).Flow.Single().State);

        await server.EndAsync(ended);

        // Whoever looks sees it at once; the row follows, or it would be looked at for ever and outlive its event.
        Assert.Equal(FlowState.Done, (await server.DecidedAsync(ended)).Flow.Single().State);
        for (var began = TimeProvider.System.GetTimestamp(); (await RowsAsync(server, "state = 1")).Contains(ended, StringComparer.Ordinal);)
        {
            Assert.True(TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromSeconds(30), "the place is not given back");
            clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(2, Token);
        }

        Assert.Equal([ended], await RowsAsync(server, "state = 2"));
        Assert.Equal([running], await RowsAsync(server, "state = 1"));
    }

    private static async Task<string[]> RowsAsync(IntakeServer server, string where) =>
        [.. (await server.TestDatabase.Database.QueryAsync(new SqlStatement($"SELECT event_id FROM flow_items WHERE {where}"), Token)).Rows.Select(r => r[0].AsText!)];

    [Theory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task A_singleton_that_skips_says_why_and_lets_the_event_be_routed_again(DatabaseProvider provider)
    {
        await using var server = await FlowServer.StartAsync("""{ "key": "{data.key}", "singleton": "skip" }""", provider);
        var first = await server.SendAsync("a");
        var second = await server.SendAsync("a");

        var skipped = await server.DecidedAsync(second);
        Assert.Equal(EventStatus.Skipped, skipped.Summary.Status);
        Assert.Equal($"Instance {(await server.StartOfAsync(first)).InstanceId} is running, and only one may.", skipped.Summary.Reason);
        Assert.Equal(FlowState.Skipped, skipped.Flow.Single().State);

        await server.EndAsync(first);
        Assert.True(await server.Actions.RetryAsync(second, Token));
        var again = await server.BecomesAsync(second, EventStatus.Routed);
        Assert.Null(again.Summary.Reason);
        Assert.Equal("Started at once.", again.Flow.Single().Outcome);
    }

    [Theory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task A_later_event_replaces_the_instance_that_runs(DatabaseProvider provider)
    {
        await using var server = await FlowServer.StartAsync("""{ "key": "{data.key}", "concurrency": { "limit": 1, "whenFull": "replace" } }""", provider);
        var first = await server.SendAsync("a");
        await server.BecomesAsync(first, EventStatus.Routed);
        var second = await server.SendAsync("a");

        await server.BecomesAsync(second, EventStatus.Routed);
        var (instance, reason) = Assert.Single(server.Starter.Cancelled);
        Assert.Equal((await server.StartOfAsync(first)).InstanceId, instance);
        Assert.Equal($"Replaced by event {second}", reason);
        var stopped = await server.DecidedAsync(first);
        Assert.Equal(EventStatus.Routed, stopped.Summary.Status);
        Assert.Equal((FlowState.Stopped, second), (stopped.Flow[0].State, stopped.Flow[0].ByEvent));
    }

    [Theory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task A_throttle_spreads_starts_and_loses_none(DatabaseProvider provider)
    {
        var clock = new ManualClock();
        await using var server = await FlowServer.StartAsync("""{ "key": "{data.key}", "throttle": { "limit": 2, "period": "1m" } }""", provider, clock);
        var ids = new List<string>();
        for (var i = 0; i < 5; i++)
        {
            ids.Add(await server.SendAsync("a", i));
            await server.DecidedAsync(ids[^1]);
        }

        await server.StartOfAsync(ids[1]);
        Assert.Equal(ids[..2], server.Starter.Starts.Select(s => s.EventId));
        Assert.StartsWith("The throttle of 2 in 1m lets the next one go at 2026-01-15 12:01:00", (await server.DecidedAsync(ids[2])).Flow[0].Waits);

        clock.Advance(TimeSpan.FromSeconds(59));
        Assert.Equal(2, server.Starter.Starts.Count);
        clock.Advance(TimeSpan.FromSeconds(1));
        await server.BecomesAsync(ids[3], EventStatus.Routed);
        await server.StartOfAsync(ids[3]);
        Assert.Equal(ids[..4], server.Starter.Starts.Select(s => s.EventId));
        clock.Advance(TimeSpan.FromMinutes(1));
        await server.BecomesAsync(ids[4], EventStatus.Routed);
        await server.StartOfAsync(ids[4]);
        Assert.Equal(ids, server.Starter.Starts.Select(s => s.EventId));
    }

    [Fact]
    public async Task A_rate_limit_skips_what_is_beyond_it_until_the_first_is_a_period_ago()
    {
        var clock = new ManualClock();
        await using var server = await FlowServer.StartAsync("""{ "key": "{data.key}", "rateLimit": { "limit": 2, "period": "1h" } }""", clock: clock);
        await server.DecidedAsync(await server.SendAsync("a"));
        clock.Advance(TimeSpan.FromMinutes(10));
        await server.DecidedAsync(await server.SendAsync("a"));
        clock.Advance(TimeSpan.FromMinutes(49));

        var third = await server.DecidedAsync(await server.SendAsync("a"));
        Assert.Equal(EventStatus.Skipped, third.Summary.Status);
        Assert.Equal("The rate limit of 2 in 1h is used up until 2026-01-15 13:00:00.000Z.", third.Summary.Reason);

        clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(EventStatus.Routed, (await server.DecidedAsync(await server.SendAsync("a"))).Summary.Status);
        Assert.Equal(EventStatus.Skipped, (await server.DecidedAsync(await server.SendAsync("a"))).Summary.Status);
    }

    [Theory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task A_debounce_starts_once_with_the_last_event(DatabaseProvider provider)
    {
        var clock = new ManualClock();
        await using var server = await FlowServer.StartAsync("""{ "key": "{data.key}", "debounce": { "period": "10s", "timeout": "25s" } }""", provider, clock);
        var ids = new List<string>();
        for (var i = 0; i < 3; i++)
        {
            ids.Add(await server.SendAsync("a", i));
            await server.DecidedAsync(ids[^1]);
            clock.Advance(TimeSpan.FromSeconds(9));
        }

        // 27 seconds after the first: the timeout came before the quiet.
        await server.BecomesAsync(ids[2], EventStatus.Routed);
        await server.StartOfAsync(ids[2]);
        Assert.Equal([ids[2]], server.Starter.Starts.Select(s => s.EventId));
        var replaced = await server.DecidedAsync(ids[0]);
        Assert.Equal((EventStatus.Skipped, FlowState.Replaced, ids[1]), (replaced.Summary.Status, replaced.Flow[0].State, replaced.Flow[0].ByEvent));
        Assert.Equal("A later event came before 10s of quiet were over; it starts instead.", replaced.Summary.Reason);

        var next = await server.SendAsync("a");
        Assert.Equal(EventStatus.Waiting, (await server.DecidedAsync(next)).Summary.Status);
        clock.Advance(TimeSpan.FromSeconds(10));
        await server.BecomesAsync(next, EventStatus.Routed);
    }

    [Theory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task A_batch_starts_once_for_its_events_when_full_or_when_its_time_is_over(DatabaseProvider provider)
    {
        var clock = new ManualClock();
        await using var server = await FlowServer.StartAsync(
            """{ "key": "{data.key}", "batch": { "size": 3, "timeout": "10s" } }""", provider, clock,
            """{ "all": "{$events}", "numbers": { "javascript": "events.map(e => e.payload.data.n).join()" } }""");
        var ids = new List<string>();
        for (var i = 0; i < 4; i++)
        {
            ids.Add(await server.SendAsync("a", i));
            await server.DecidedAsync(ids[^1]);
        }

        var start = await server.StartOfAsync(ids[2]);
        Assert.Single(server.Starter.Starts);
        Assert.Equal("0,1,2", start.Inputs["numbers"]);
        var events = Assert.IsType<IReadOnlyList<object?>>(start.Inputs["all"], exactMatch: false);
        Assert.Equal(ids[..3], events.Select(e => ((IReadOnlyDictionary<string, object?>)e!)["id"]));
        foreach (var id in ids[..3])
        {
            var member = await server.BecomesAsync(id, EventStatus.Routed);
            Assert.Equal(start.InstanceId, Assert.Single(member.Starts).InstanceId);
            Assert.Equal("Started in one batch of 3 events.", member.Flow[0].Outcome);
            Assert.Equal(id == ids[2] ? null : ids[2], member.Flow[0].ByEvent);
        }

        Assert.StartsWith("Batch: number 1 of 3", (await server.DecidedAsync(ids[3])).Flow[0].Waits);
        clock.Advance(TimeSpan.FromSeconds(10));
        await server.BecomesAsync(ids[3], EventStatus.Routed);
        Assert.Equal("3", (await server.StartOfAsync(ids[3])).Inputs["numbers"]);
    }

    [Fact]
    public async Task Of_the_events_that_wait_those_of_higher_priority_go_first()
    {
        await using var server = await FlowServer.StartAsync("""{ "priority": { "javascript": "event.payload.data.priority" }, "singleton": "queue" }""");
        var first = await server.SendAsync("a");
        await server.BecomesAsync(first, EventStatus.Routed);
        var low = await server.SendAsync("a", 1);
        var high = await server.SendAsync("a", 2, priority: 5);
        var alsoHigh = await server.SendAsync("b", 3, priority: 5);
        await server.DecidedAsync(low);
        await server.DecidedAsync(high);
        await server.DecidedAsync(alsoHigh);

        foreach (var id in new[] { first, high, alsoHigh, low })
        {
            await server.BecomesAsync(id, EventStatus.Routed);
            await server.EndAsync(id);
        }

        Assert.Equal([first, high, alsoHigh, low], server.Starter.Starts.Select(s => s.EventId));
    }

    [Theory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task What_waits_goes_on_after_a_restart_even_where_the_end_of_its_predecessor_was_missed(DatabaseProvider provider)
    {
        await using var server = await FlowServer.StartAsync("""{ "singleton": "queue" }""", provider);
        var first = await server.SendAsync("a");
        var second = await server.SendAsync("a");
        var third = await server.SendAsync("a");
        await server.DecidedAsync(third);
        await server.StopAsync();
        await server.Starter.EndAsync((await server.StartOfAsync(first)).InstanceId, tell: false);
        await server.TestDatabase.ReopenAsync();
        await server.StartAgainAsync();

        await server.BecomesAsync(second, EventStatus.Routed);
        Assert.Equal(EventStatus.Waiting, (await server.DecidedAsync(third)).Summary.Status);
        // The second was started by this process, which hears of its end.
        await server.EndAsync(second);
        await server.BecomesAsync(third, EventStatus.Routed);
    }

    [Fact]
    public async Task What_waits_starts_when_its_rule_loses_its_flow_control_and_stays_when_the_rule_is_gone()
    {
        await using var server = await FlowServer.StartAsync("""{ "singleton": "queue" }""");
        var first = await server.SendAsync("a");
        var second = await server.SendAsync("a");
        await server.DecidedAsync(second);

        await File.WriteAllTextAsync(server.MappingsFile, """{ "rules": [ ] }""", Token);
        await server.RulesBecomeAsync(0);
        Assert.Equal(EventStatus.Waiting, (await server.DecidedAsync(second)).Summary.Status);

        await File.WriteAllTextAsync(server.MappingsFile, """{ "rules": [ { "id": "flow", "workflow": "w" } ] }""", Token);
        await server.BecomesAsync(second, EventStatus.Routed);
        await server.StartOfAsync(second);
        Assert.Equal([first, second], server.Starter.Starts.Select(s => s.EventId));
    }

    [Fact]
    public async Task A_workflow_that_cannot_start_when_its_turn_comes_fails_its_event_and_the_next_goes_on()
    {
        await using var server = await FlowServer.StartAsync("""{ "singleton": "queue" }""");
        var first = await server.SendAsync("a");
        var second = await server.SendAsync("a");
        var third = await server.SendAsync("a");
        await server.DecidedAsync(third);
        server.Starter.Before = (start, _) => start.EventId == second ? throw new InvalidOperationException("There is no such workflow.") : Task.CompletedTask;

        await server.EndAsync(first);

        await server.BecomesAsync(third, EventStatus.Routed);
        var failed = await server.DecidedAsync(second);
        Assert.Equal((EventStatus.Failed, "Rule flow: There is no such workflow."), (failed.Summary.Status, failed.Summary.Reason));
        server.Starter.Before = null;
        await server.EndAsync(third);
        Assert.True(await server.Actions.RetryAsync(second, Token));
        await server.BecomesAsync(second, EventStatus.Routed);
    }

    [Fact]
    public async Task An_event_with_several_rules_is_routed_when_all_of_them_have_decided()
    {
        await using var server = await IntakeServer.StartAsync(mappings: """
            { "rules": [
              { "id": "held", "workflow": "a", "flow": { "singleton": "queue" } },
              { "id": "plain", "workflow": "b" },
              { "id": "skips", "workflow": "c", "flow": { "singleton": "skip" } } ] }
            """);
        server.Starter.KeepsRunning = true;
        var first = await server.SendAsync("a");
        var second = await server.SendAsync("a");

        Assert.Equal(3, (await server.BecomesAsync(first, EventStatus.Routed)).Starts.Count);
        var held = await server.DecidedAsync(second);
        Assert.Equal(EventStatus.Waiting, held.Summary.Status);
        Assert.Equal("plain", Assert.Single(held.Starts).RuleId);
        Assert.Equal([FlowState.Waiting, FlowState.Skipped], held.Flow.Select(f => f.State));

        await server.EndAsync(first, "a");
        Assert.Equal(["held", "plain"], (await server.BecomesAsync(second, EventStatus.Routed)).Starts.Select(s => s.RuleId).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_key_that_fails_fails_its_event()
    {
        await using var server = await FlowServer.StartAsync("""{ "key": { "javascript": "event.payload.data.missing.deeper" }, "singleton": "queue" }""");

        var failed = await server.DecidedAsync(await server.SendAsync("a"));

        Assert.Equal(EventStatus.Failed, failed.Summary.Status);
        Assert.StartsWith("Rule flow: the key or priority of its flow control failed:", failed.Summary.Reason);
    }

    [Fact]
    public async Task Retention_keeps_what_waits()
    {
        var clock = new ManualClock();
        await using var server = await FlowServer.StartAsync("""{ "singleton": "queue" }""", clock: clock);
        var first = await server.SendAsync("a");
        var second = await server.SendAsync("a");
        await server.DecidedAsync(second);

        clock.Advance(TimeSpan.FromDays(100));
        await server.RetentionAsync();

        Assert.Null(await server.Events.FindAsync(first, Token));
        Assert.Equal(EventStatus.Waiting, (await server.DecidedAsync(second)).Summary.Status);
        await server.EndAsync(first);
        await server.BecomesAsync(second, EventStatus.Routed);
    }
}
