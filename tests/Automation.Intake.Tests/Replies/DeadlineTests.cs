using System.Net;
using Automation.Intake.Events;
using Automation.Intake.Replies;
using Automation.Intake.Tests.Support;
using Automation.Storage;
using Automation.Storage.Events;
using Automation.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Automation.Intake.Tests.Replies;

/// <summary>Requests that wait for workflows that are slow, fail, say nothing, or are not there.</summary>
public sealed class DeadlineTests
{
    private const string Start = """{"type":"session_start","session":{"id":"s1"}}""";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task When_the_deadline_passes_all_deliveries_get_the_fallback_and_it_is_kept(DatabaseProvider provider)
    {
        var clock = new ManualClock();
        var deadline = clock.GetUtcNow() + TimeSpan.FromMilliseconds(900);
        await using var server = await IntakeServer.StartAsync(
            new() { ["Sources:ai-flow:Reply:FallbackStatus"] = "200", ["Sources:ai-flow:Reply:FallbackBody"] = """{"type":"hangup"}""" }, clock: clock, provider: provider);
        var (entered, release) = (new TaskCompletionSource(), new TaskCompletionSource());
        server.Starter.Before = (_, _) =>
        {
            entered.TrySetResult();
            return release.Task;
        };

        var first = server.PostAsync("ai-flow", Start);
        await entered.Task.WaitAsync(TimeSpan.FromSeconds(30), Ct);
        await clock.WhenAwaitedAsync(deadline).WaitAsync(TimeSpan.FromSeconds(30), Ct);
        clock.Advance(TimeSpan.FromMilliseconds(899));
        Assert.False(first.IsCompleted);
        clock.Advance(TimeSpan.FromMilliseconds(1));

        Assert.Equal("""{"type":"hangup"}""", await (await first).Content.ReadAsStringAsync(Ct));
        Assert.Equal("""{"type":"hangup"}""", await (await server.PostAsync("ai-flow", Start)).Content.ReadAsStringAsync(Ct));
        release.SetResult();
        await server.DrainAsync();
        var reply = await OnlyReplyAsync(server);
        Assert.Equal((ReplyState.Given, ReplyOrigin.Deadline), (reply.State, reply.Origin));
        Assert.Equal(0, server.Services.GetRequiredService<ReplyDesk>().Count);
    }

    [Fact]
    public async Task A_failure_and_silence_are_answered_at_once_and_told()
    {
        // The clock stands still: nothing here waits for the deadline.
        await using var server = await IntakeServer.StartAsync(clock: new ManualClock());
        server.Starter.Before = (start, _) => start.CorrelationId == "s1" ? throw new InvalidOperationException("no such voice") : Task.CompletedTask;

        using (var failed = await server.PostAsync("ai-flow", Start))
            Assert.Equal(HttpStatusCode.NoContent, failed.StatusCode);
        var failure = await OnlyReplyAsync(server);
        Assert.Equal(ReplyOrigin.Failure, failure.Origin);
        Assert.Contains("no such voice", failure.Detail, StringComparison.Ordinal);

        using (var silent = await server.PostAsync("flow-ai", """{"type":"action","threadId":"t","action":"x"}"""))
            Assert.Equal("{}", await silent.Content.ReadAsStringAsync(Ct));
        var last = (await server.ListAsync())[^1];
        Assert.Equal(ReplyOrigin.Silence, Assert.Single((await server.Events.FindAsync(last.Id, Ct))!.Replies).Origin);
    }

    [Theory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task A_workflow_that_pauses_and_ends_without_a_reply_is_followed_to_its_end(DatabaseProvider provider)
    {
        const string pauses = """
            {"definitionId":"pauses","name":"pauses","version":1,"isLatest":true,"isPublished":true,"root":{"id":"s","type":"Elsa.Sequence","version":1,"activities":[
              {"id":"d1","type":"Elsa.Delay","version":1,"timeSpan":{"typeName":"TimeSpan","expression":{"type":"Literal","value":"00:00:00.2"}}},
              {"id":"d2","type":"Elsa.Delay","version":1,"timeSpan":{"typeName":"TimeSpan","expression":{"type":"Literal","value":"00:00:00.2"}}}]}}
            """;
        // A deadline so far that only the end of the workflow can be what is answered at.
        await using var server = await IntakeServer.StartAsync(
            new() { ["Sources:flow-ai:Reply:Deadline"] = "00:05:00" }, """{ "rules": [ { "source": "flow-ai", "workflow": "pauses" } ] }""", provider, workflows: new() { ["pauses"] = pauses });

        using (var silent = await server.PostAsync("flow-ai", """{"type":"action","threadId":"t","action":"x"}""").WaitAsync(TimeSpan.FromMinutes(1), Ct))
            Assert.Equal("{}", await silent.Content.ReadAsStringAsync(Ct));

        var reply = await OnlyReplyAsync(server);
        Assert.Equal((ReplyOrigin.Silence, "The workflow did not reply."), (reply.Origin, reply.Detail));
    }

    [Fact]
    public async Task Nothing_that_wants_an_event_is_answered_without_waiting()
    {
        await using var server = await IntakeServer.StartAsync(mappings: """{ "rules": [ { "source": "ai-flow", "filter": "event.payload.text === 'x'", "workflow": "w" }, { "source": "none", "workflow": "w" } ] }""", clock: new ManualClock());

        using (var filtered = await server.PostAsync("ai-flow", Start))
            Assert.Equal(HttpStatusCode.NoContent, filtered.StatusCode);
        using (var unmapped = await server.PostAsync("flow-ai", """{"type":"action","threadId":"t","action":"x"}"""))
            Assert.Equal("{}", await unmapped.Content.ReadAsStringAsync(Ct));
        Assert.All(await server.ListAsync(), e => Assert.Equal(EventStatus.Unmatched, e.Status));
    }

    [Fact]
    public async Task A_sender_that_hangs_up_is_told_as_such_and_its_event_goes_on()
    {
        await using var server = await IntakeServer.StartAsync(clock: new ManualClock());
        var (entered, release) = (new TaskCompletionSource(), new TaskCompletionSource());
        server.Starter.Before = (_, _) =>
        {
            entered.TrySetResult();
            return release.Task;
        };

        using (var connection = await server.ConnectAsync())
        {
            await connection.SendAsync($"POST /webhooks/ai-flow HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {Start.Length}\r\n\r\n{Start}");
            await entered.Task.WaitAsync(TimeSpan.FromSeconds(30), Ct);
        }

        var desk = server.Services.GetRequiredService<ReplyDesk>();
        while (desk.Count > 0)
            await Task.Delay(5, Ct);
        release.SetResult();
        await server.DrainAsync();
        EventReply? reply = null;
        while (reply is null)
            reply = (await server.Events.FindAsync((await server.ListAsync())[0].Id, Ct))!.Replies.SingleOrDefault();
        Assert.Equal(ReplyOrigin.HungUp, reply.Origin);
        Assert.Equal(EventStatus.Routed, (await server.ListAsync())[0].Status);
    }

    [Theory]
    [InlineData("Reply:Deadline", "00:10:00")]
    [InlineData("Reply:FallbackStatus", "99")]
    public async Task Settings_out_of_range_stop_the_start(string key, string value)
    {
        var e = await Assert.ThrowsAsync<Microsoft.Extensions.Options.OptionsValidationException>(() => IntakeServer.StartAsync(new() { ["Sources:ai-flow:" + key] = value }));
        Assert.Contains("Automation:Intake:Sources:ai-flow:" + key, e.Message, StringComparison.Ordinal);
    }

    private static async Task<EventReply> OnlyReplyAsync(IntakeServer server) =>
        Assert.Single((await server.Events.FindAsync((await server.ListAsync())[0].Id, Ct))!.Replies);
}
