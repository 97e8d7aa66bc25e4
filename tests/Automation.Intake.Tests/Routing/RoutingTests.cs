using System.Collections.Concurrent;
using System.Net;
using Automation.Intake.Events;
using Automation.Intake.Routing;
using Automation.Intake.Tests.Support;
using Automation.Storage;
using Automation.Storage.Events;
using Automation.Storage.Writes;
using Automation.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Automation.Intake.Tests.Routing;

public sealed class RoutingTests
{
    [Fact]
    public async Task An_event_that_nothing_wants_is_stored_as_unmatched_and_can_be_replayed()
    {
        await using var server = await IntakeServer.StartAsync(mappings: """{ "rules": [ { "source": "flyflow", "type": "call_*", "workflow": "calls" } ] }""");

        Assert.Equal(HttpStatusCode.OK, (await server.PostAsync("flow-sessions", Session(1))).StatusCode);
        var unmatched = Assert.Single(await server.ListAsync(EventStatus.Unmatched));

        await File.WriteAllTextAsync(server.MappingsFile, """{ "rules": [ { "source": "flow-*", "workflow": "sessions" } ] }""", TestContext.Current.CancellationToken);
        await server.Services.GetRequiredService<Intake.Mapping.MappingStore>().ReloadAsync(TestContext.Current.CancellationToken);
        Assert.True(await server.Actions.RetryAsync(unmatched.Id, TestContext.Current.CancellationToken));

        await server.Starter.WaitAsync(1);
        await server.DrainAsync();
        Assert.Equal("sessions", server.Starter.Starts[0].DefinitionId);
        Assert.Equal(EventStatus.Routed, (await server.ListAsync()).Single().Status);
        Assert.False(await server.Actions.RetryAsync(unmatched.Id, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Inputs_come_from_the_payload_with_its_types()
    {
        await using var server = await IntakeServer.StartAsync(mappings: """
            { "rules": [ {
              "source": "flow-sessions", "type": "flow.end", "workflow": "w", "correlation": "session-{session_id}",
              "inputs": {
                "ok": "{success}", "at": "{created}", "name": "{flow_name}", "missing": "{nothing.there}", "second": "{data.list.1}",
                "text": "{flow_name} at {created}", "literal": { "value": "{not a path}" }, "number": 42, "id": "{$id}", "all": "{$payload}"
              } } ] }
            """);

        await server.PostAsync("flow-sessions", """{"id":"1","event":"flow.end","session_id":"s1","created":1711015230,"success":true,"flow_name":"KYC","data":{"list":["a",2.5]}}""");

        await server.Starter.WaitAsync(1);
        var start = server.Starter.Starts[0];
        Assert.Equal("session-s1", start.CorrelationId);
        Assert.Equal(true, start.Inputs["ok"]);
        Assert.Equal(1711015230L, start.Inputs["at"]);
        Assert.Equal("KYC", start.Inputs["name"]);
        Assert.Null(start.Inputs["missing"]);
        Assert.Equal(2.5, start.Inputs["second"]);
        Assert.Equal("KYC at 1711015230", start.Inputs["text"]);
        Assert.Equal("{not a path}", start.Inputs["literal"]);
        Assert.Equal(42L, start.Inputs["number"]);
        Assert.Equal(start.EventId, start.Inputs["id"]);
        Assert.Equal("s1", Assert.IsType<System.Text.Json.JsonElement>(start.Inputs["all"]).GetProperty("session_id").GetString());
    }

    [Fact]
    public async Task Without_input_mapping_a_workflow_gets_the_event()
    {
        await using var server = await IntakeServer.StartAsync();

        await server.PostAsync("flow-sessions", "\uFEFF" + Session(1));

        await server.Starter.WaitAsync(1);
        var given = Assert.IsType<IReadOnlyDictionary<string, object?>>(server.Starter.Starts[0].Inputs["event"], exactMatch: false);
        Assert.Equal("flow.end", given["type"]);
        Assert.Equal("s1", Assert.IsType<System.Text.Json.JsonElement>(given["payload"]).GetProperty("session_id").GetString());
    }

    [Fact]
    public async Task Events_of_one_key_are_routed_in_the_order_stored_while_other_keys_go_on()
    {
        await using var server = await IntakeServer.StartAsync();
        var holdFirst = new TaskCompletionSource();
        var order = new ConcurrentQueue<string>();
        server.Starter.Before = async (start, _) =>
        {
            if (start.CorrelationId == "s1" && order.IsEmpty)
                await holdFirst.Task;
            order.Enqueue(start.CorrelationId!);
        };

        for (var i = 0; i < 20; i++)
            await server.PostAsync("flow-sessions", Session(1, i));
        await server.PostAsync("flow-sessions", Session(2));
        await server.Starter.WaitAsync(1);
        Assert.Equal(["s2"], order);

        holdFirst.SetResult();
        await server.Starter.WaitAsync(20);
        var stored = (await server.ListAsync()).Where(e => e.CorrelationKey == "s1").Select(e => e.Id);
        Assert.Equal(stored, server.Starter.Starts.Where(s => s.CorrelationId == "s1").Select(s => s.EventId));
    }

    [Fact]
    public async Task Several_rules_start_several_workflows_once_each_by_priority()
    {
        await using var server = await IntakeServer.StartAsync(mappings: """
            { "rules": [ { "id": "low", "workflow": "b" }, { "id": "off", "workflow": "c", "enabled": false }, { "id": "high", "priority": 5, "workflow": "a" } ] }
            """);

        await server.PostAsync("flow-sessions", Session(1));

        await server.Starter.WaitAsync(2);
        await server.DrainAsync();
        Assert.Equal(["a", "b"], server.Starter.Starts.Select(s => s.DefinitionId));
        var stored = Assert.Single(await server.ListAsync(EventStatus.Routed));
        var detail = await server.Events.FindAsync(stored.Id, TestContext.Current.CancellationToken);
        Assert.Equal(["high", "low"], detail!.Starts.Select(s => s.RuleId));
        Assert.Equal(stored.Id, Assert.Single(await server.Events.OfInstanceAsync(detail.Starts[0].InstanceId, TestContext.Current.CancellationToken)).Id);
    }

    [Fact]
    public async Task A_failure_is_told_and_a_retry_starts_only_what_is_missing()
    {
        await using var server = await IntakeServer.StartAsync(mappings: """{ "rules": [ { "id": "one", "workflow": "a" }, { "id": "two", "workflow": "b" } ] }""");
        server.Starter.Before = (start, _) => start.DefinitionId == "b" ? throw new InvalidOperationException("There is no published workflow \"b\".") : Task.CompletedTask;

        await server.PostAsync("flow-sessions", Session(1));
        await server.DrainAsync();
        var failed = Assert.Single(await server.ListAsync(EventStatus.Failed));
        Assert.Equal("Rule two: There is no published workflow \"b\".", failed.Reason);

        server.Starter.Before = null;
        Assert.True(await server.Actions.RetryAsync(failed.Id, TestContext.Current.CancellationToken));
        await server.DrainAsync();
        Assert.Equal(["a", "b"], server.Starter.Starts.Select(s => s.DefinitionId));
        Assert.Equal(EventStatus.Routed, (await server.ListAsync()).Single().Status);
    }

    [Fact]
    public async Task A_replay_is_a_new_event_that_names_the_old_one()
    {
        await using var server = await IntakeServer.StartAsync();
        await server.PostAsync("flow-sessions", Session(1));
        await server.DrainAsync();
        var original = Assert.Single(await server.ListAsync());

        var id = await server.Actions.ReplayAsync(original.Id, TestContext.Current.CancellationToken);

        await server.DrainAsync();
        Assert.Equal(2, server.Starter.Starts.Count);
        Assert.Equal(original.Id, (await server.Events.FindAsync(id!, TestContext.Current.CancellationToken))!.Summary.ReplayOf);
        Assert.Null(await server.Actions.ReplayAsync("no such event", TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_database_that_is_away_for_a_moment_fails_no_event()
    {
        await using var server = await IntakeServer.StartAsync();
        var tries = 0;
        server.Starter.Before = (_, _) => ++tries < 3 ? throw new StorageUnavailableException("away") : Task.CompletedTask;

        await server.PostAsync("flow-sessions", Session(1));

        await server.Starter.WaitAsync(1);
        await server.DrainAsync();
        Assert.Equal(3, tries);
        Assert.Equal(EventStatus.Routed, (await server.ListAsync()).Single().Status);
    }

    [Fact]
    public async Task Events_not_yet_routed_are_routed_in_order_after_a_restart_each_once()
    {
        await using var server = await IntakeServer.StartAsync(mappings: """{ "rules": [ { "id": "one", "workflow": "a" }, { "id": "two", "workflow": "b" } ] }""");
        var reached = new TaskCompletionSource();
        // The first rule of the first event commits; then everything hangs until the server stops.
        server.Starter.Before = async (start, ct) =>
        {
            if (start.DefinitionId == "b")
            {
                reached.TrySetResult();
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, ct);
            }
        };
        for (var i = 0; i < 50; i++)
            await server.PostAsync("flow-sessions", Session(1, i));
        await reached.Task;
        Assert.Single(server.Starter.Starts);

        await server.StopAsync();
        server.Starter.Before = null;
        await server.TestDatabase.ReopenAsync();
        await server.StartAgainAsync();

        await server.DrainAsync();
        var events = (await server.ListAsync()).Select(e => e.Id).ToList();
        Assert.Equal(events, server.Starter.Starts.Where(s => s.DefinitionId == "a").Select(s => s.EventId));
        Assert.Equal(events, server.Starter.Starts.Where(s => s.DefinitionId == "b").Select(s => s.EventId));
        Assert.Equal(50, (await server.ListAsync(EventStatus.Routed)).Count);
    }

    [Fact]
    public async Task More_events_than_memory_should_hold_are_read_back_in_order()
    {
        await using var server = await IntakeServer.StartAsync(new() { ["RoutingQueue"] = "16", ["RoutingConcurrency"] = "2" });
        var go = new TaskCompletionSource();
        server.Starter.Before = (_, _) => go.Task;

        await Parallel.ForEachAsync(Enumerable.Range(0, 2000), new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = TestContext.Current.CancellationToken }, async (i, _) =>
        {
            if (i == 1500)
                go.SetResult();
            using var response = await server.PostAsync("flow-sessions", Session(i % 5, i));
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        });

        await server.Starter.WaitAsync(2000);
        await server.DrainAsync();
        Assert.Equal(2000, server.Starter.Starts.Count);
        foreach (var session in server.Starter.Starts.GroupBy(s => s.CorrelationId, StringComparer.Ordinal))
        {
            var stored = await server.CommittedOrderAsync(session.Key!);
            Assert.Equal(stored, session.Select(s => s.EventId));
        }
    }

    [Fact]
    public async Task An_event_that_cannot_be_stored_is_not_acknowledged()
    {
        await using var server = await IntakeServer.StartAsync();
        await server.TestDatabase.Database.DisposeAsync();

        var response = await server.PostAsync("flow-sessions", Session(1));

        await ProblemDetails.ReadAsync(response, HttpStatusCode.ServiceUnavailable);
        Assert.Equal(TimeSpan.FromSeconds(1), response.Headers.RetryAfter!.Delta);
    }

    private static string Session(int session, int n = 0) =>
        $$"""{"id":"e{{session}}-{{n}}","event":"flow.end","session_id":"s{{session}}","created":1711015230,"success":true,"flow_name":"f","metadata":{},"data":{ } }""";
}
