using System.Net;
using System.Text;
using Automation.Intake.Tests.Support;
using Automation.Storage;
using Automation.Storage.Events;
using Automation.Testing;

namespace Automation.Intake.Tests.Events;

public sealed class DedupeTests
{
    private const string CallEnded = """{"event_type":"call_ended","call_id":"c1","timestamp":"2026-01-01T00:00:00Z","data":{}}""";

    [Theory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task The_same_event_a_thousand_times_over_fifty_connections_starts_one_instance(DatabaseProvider provider)
    {
        await using var server = await IntakeServer.StartAsync(provider: provider);
        using var client = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = 50 }) { BaseAddress = server.Address };

        var answers = await Task.WhenAll(Enumerable.Range(0, 1000).Select(async _ =>
        {
            using var content = new StringContent(CallEnded, Encoding.UTF8, "application/json");
            using var response = await client.PostAsync("/webhooks/flyflow", content, TestContext.Current.CancellationToken);
            return (response.StatusCode, Id: response.Headers.GetValues("Automation-Event-Id").Single(), Body: await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        }));

        await server.DrainAsync();
        Assert.All(answers, a => Assert.Equal((HttpStatusCode.OK, """{"status":"success"}"""), (a.StatusCode, a.Body)));
        var id = Assert.Single(answers.Select(a => a.Id).Distinct(StringComparer.Ordinal));
        Assert.Equal(id, Assert.Single(server.Starter.Starts).EventId);
        var detail = await server.Events.FindAsync(id, TestContext.Current.CancellationToken);
        Assert.Equal((EventStatus.Routed, 999), (detail!.Summary.Status, detail.Repeats));
        var counts = await server.Events.CountAsync(DateTimeOffset.UnixEpoch, TestContext.Current.CancellationToken);
        Assert.Equal((1, 999), (counts[EventStatus.Routed], counts[EventStatus.Duplicate]));
    }

    [Fact]
    public async Task A_repeated_delivery_names_the_first_one_and_keeps_its_own_bytes()
    {
        await using var server = await IntakeServer.StartAsync();

        await server.PostAsync("flyflow", CallEnded);
        await server.PostAsync("flyflow", CallEnded + "\n");

        await server.DrainAsync();
        var events = await server.ListAsync();
        Assert.Equal([EventStatus.Routed, EventStatus.Duplicate], events.Select(e => e.Status));
        Assert.Equal(events[0].Id, events[1].DuplicateOf);
        Assert.Equal(CallEnded + "\n", Encoding.UTF8.GetString((await server.Events.FindAsync(events[1].Id, TestContext.Current.CancellationToken))!.Body));
    }

    [Theory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task A_body_hash_is_remembered_for_ten_seconds_and_not_longer(DatabaseProvider provider)
    {
        var clock = new ManualClock();
        await using var server = await IntakeServer.StartAsync(clock: clock, provider: provider);
        const string yes = """{"type":"user_speak","text":"yes","session":{"id":"s1"}}""";

        await server.PostAsync("ai-flow", yes);
        clock.Jump(TimeSpan.FromSeconds(9.9));
        await server.PostAsync("ai-flow", yes);
        clock.Jump(TimeSpan.FromSeconds(0.1));
        await server.PostAsync("ai-flow", yes);
        clock.Jump(TimeSpan.FromSeconds(5));
        await server.PostAsync("ai-flow", yes);

        await server.DrainAsync();
        var events = await server.ListAsync();
        Assert.Equal([EventStatus.Routed, EventStatus.Duplicate, EventStatus.Routed, EventStatus.Duplicate], events.Select(e => e.Status));
        Assert.Equal([null, events[0].Id, null, events[2].Id], events.Select(e => e.DuplicateOf));
        Assert.Equal(2, server.Starter.Starts.Count);
    }

    [Fact]
    public async Task Many_at_once_after_the_window_are_one_event()
    {
        var clock = new ManualClock();
        await using var server = await IntakeServer.StartAsync(clock: clock);
        await server.PostAsync("flow-ai", """{"type":"action","action":"a","threadId":"t"}""");
        clock.Jump(TimeSpan.FromMinutes(1));

        await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => server.PostAsync("flow-ai", """{"type":"action","action":"a","threadId":"t"}""")));

        await server.DrainAsync();
        Assert.Equal(2, server.Starter.Starts.Count);
        Assert.Equal(99, (await server.ListAsync(EventStatus.Duplicate)).Count);
    }

    [Fact]
    public async Task The_window_can_be_configured()
    {
        var clock = new ManualClock();
        await using var server = await IntakeServer.StartAsync(new() { ["Sources:flyflow:DedupeWindow"] = "00:01:00" }, clock: clock);

        await server.PostAsync("flyflow", CallEnded);
        clock.Jump(TimeSpan.FromSeconds(59));
        await server.PostAsync("flyflow", CallEnded);
        clock.Jump(TimeSpan.FromSeconds(1));
        await server.PostAsync("flyflow", CallEnded);

        await server.DrainAsync();
        Assert.Equal(2, server.Starter.Starts.Count);
    }

    [Fact]
    public async Task Sources_do_not_share_keys()
    {
        await using var server = await IntakeServer.StartAsync(new() { ["Sources:other:Preset"] = "flyflow", ["Sources:other:Open"] = "true" });

        await server.PostAsync("flyflow", CallEnded);
        await server.PostAsync("other", CallEnded);

        await server.DrainAsync();
        Assert.Equal(2, server.Starter.Starts.Count);
    }

    [Theory]
    [InlineData("flyflow", """{"event_type":"tool_call","call_id":"c","timestamp":"t","data":{"tool_name":"a"}}""", """{"event_type":"tool_call","call_id":"c","timestamp":"t","data":{"tool_name":"b"}}""")]
    [InlineData("conversation-messages", """{"conversation_id":"c","data":{"id":"m","type":"BOT","status":"RECEIVED","updated_at":"1"}}""", """{"conversation_id":"c","data":{"id":"m","type":"BOT","status":"PROCESSED","updated_at":"1"}}""")]
    [InlineData("flow-sessions", """{"id":"1","event":"flow.end","session_id":"s"}""", """{"id":"2","event":"flow.end","session_id":"s"}""")]
    [InlineData("flow-ai", """{"type":"action","action":"a","threadId":"t"}""", """{"type":"action","action":"a","threadId":"t" }""")]
    public async Task Events_that_differ_in_their_key_are_different(string source, string one, string other)
    {
        await using var server = await IntakeServer.StartAsync();

        await server.PostAsync(source, one);
        await server.PostAsync(source, other);
        await server.PostAsync(source, one);

        await server.DrainAsync();
        Assert.Equal(2, server.Starter.Starts.Count);
    }

    [Fact]
    public async Task A_very_long_key_still_tells_events_apart()
    {
        await using var server = await IntakeServer.StartAsync();
        var id = new string('i', 10_000);

        await server.PostAsync("flow-sessions", $$"""{"id":"{{id}}1","event":"flow.end"}""");
        await server.PostAsync("flow-sessions", $$"""{"id":"{{id}}2","event":"flow.end"}""");
        await server.PostAsync("flow-sessions", $$"""{"id":"{{id}}1","event":"flow.end"}""");

        await server.DrainAsync();
        Assert.Equal(2, server.Starter.Starts.Count);
    }
}
