using System.Text.Json;
using Automation.EndToEnd.Tests.Jobs;
using Automation.Testing;
using static Automation.EndToEnd.Tests.Replies.ReplyTests;
using static Automation.EndToEnd.Tests.Replies.ReplyWorkflows;

namespace Automation.EndToEnd.Tests.Replies;

/// <summary>Workflows that stay with a call or a thread, against the real server.</summary>
public sealed class SessionTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_waiting_instance_goes_on_and_nothing_is_started_unless_a_rule_says_alongside(bool onPostgres)
    {
        var (connection, drop) = onPostgres ? await PostgresServer.CreateDatabaseAsync() : ("", () => ValueTask.CompletedTask);
        await using (var server = await ServerUnderTest.StartAsync([Patient, ("ConnectionStrings__Automation", connection)], Prepare))
            await TalkAsync(server);
        await drop();
    }

    private static void Prepare(string directory)
    {
        WriteLoop(
            directory, "call", [Activity("Hello", "AiFlow.Speak", ("text", Text("Hello")))],
            [Activity("Listen", "Automation.WaitForEvent", ("source", Text("ai-flow")), ("eventType", Text("user_*")), ("filter", Text("event.payload.text !== 'ignore me'")), ("result", Seen())),
            Activity("Repeat", "AiFlow.Speak", ("text", Script("variables.Seen.payload.text")))]);
        Write(directory, "stranger", Activity("Say", "AiFlow.Speak", ("text", Text("Who are you?"))));
        Write(directory, "notes", Activity("Line", "Elsa.WriteLine", ("text", Text("noted"))));
        Write(directory, "elsa", Activity("Ordered", "Elsa.Event", ("eventName", Text("order.created")), ("canStartWorkflow", true), ("result", Seen())),
            Activity("Paid", "Elsa.Event", ("eventName", Text("order.paid")), ("result", Seen())), Activity("Line", "Elsa.WriteLine", ("text", Script("`paid ${variables.Seen.amount}`"))));
        WriteRules(
            directory, new { source = "ai-flow", type = "session_start", workflow = "call" }, new { source = "ai-flow", type = "user_speak", workflow = "stranger" },
            new { source = "ai-flow", type = "user_speak", workflow = "notes", alongside = true });
    }

    private static async Task TalkAsync(ServerUnderTest server)
    {
        Assert.Equal("Who are you?", await SayAsync(server, "user_speak", "c", "early"));
        Assert.Equal("Hello", await SayAsync(server, "session_start", "c", null));
        Assert.Equal("one", await SayAsync(server, "user_speak", "c", "one"));
        Assert.Equal("other", await SayAsync(server, "user_interrupts", "c", "other"));
        // What nobody takes says why the instance of its session did not.
        await SayAsync(server, "user_interrupts", "c", "ignore me");
        var refused = await server.WaitForAsync("/api/events?type=user_interrupts&status=Unmatched", p => p.GetProperty("items").GetArrayLength() == 1);
        Assert.EndsWith(
            " of call waits in its session, but its filter event.payload.text !== 'ignore me' is not true.", refused.GetProperty("items")[0].GetProperty("reason").GetString(), StringComparison.Ordinal);
        Assert.Equal("Who are you?", await SayAsync(server, "user_speak", "d", "one"));
        // What the filter refuses is not for the instance: rules have their say.
        Assert.Equal("Who are you?", await SayAsync(server, "user_speak", "c", "ignore me"));
        // And that it waited and did not take it is told with what they started.
        var routed = await server.WaitForAsync("/api/events?type=user_speak&text=ignore%20me&status=Routed", p => p.GetProperty("items").GetArrayLength() == 1);
        var decided = await server.GetJsonAsync("/api/events/" + routed.GetProperty("items")[0].GetProperty("id").GetString());
        Assert.Equal(JsonValueKind.Null, decided.GetProperty("event").GetProperty("reason").ValueKind);
        Assert.Equal(2, decided.GetProperty("starts").GetArrayLength());
        Assert.EndsWith(
            " of call waits in its session, but its filter event.payload.text !== 'ignore me' is not true.", decided.GetProperty("refusedWaits")[0].GetString(), StringComparison.Ordinal);

        await server.WaitForAsync("/api/instances?workflow=notes&status=Finished", p => p.GetProperty("totalCount").GetInt64() == 4);
        Assert.Equal(3, (await server.GetJsonAsync("/api/instances?workflow=stranger")).GetProperty("totalCount").GetInt64());
        Assert.Equal(1, (await server.GetJsonAsync("/api/instances?workflow=call")).GetProperty("totalCount").GetInt64());

        // Elsa's Event: the type is its name; as a trigger, and in the middle, for the same correlation id.
        await TakeAsync(server, """{"id":"o1","type":"order.created","correlation_id":"o-1"}""");
        await TakeAsync(server, """{"id":"o2","type":"order.created","correlation_id":"o-2"}""");
        await server.WaitForAsync("/api/instances?workflow=elsa&status=Suspended", p => p.GetProperty("totalCount").GetInt64() == 2);
        await TakeAsync(server, """{"id":"p2","type":"order.paid","correlation_id":"o-2","amount":7}""");
        var done = await server.WaitForAsync("/api/instances?workflow=elsa&status=Finished", p => p.GetProperty("totalCount").GetInt64() == 1);
        Assert.Equal("o-2", done.GetProperty("items")[0].GetProperty("correlationId").GetString());
    }

    [Fact]
    public async Task A_workflow_that_comes_while_the_server_runs_is_waited_for_from_then_on()
    {
        await using var server = await ServerUnderTest.StartAsync([], directory => WriteRules(directory, new { source = "inbox", type = "begin", workflow = "late" }));
        // Nothing names this type yet, so the event ends as it is stored.
        await TakeAsync(server, """{"id":"w1","type":"word","correlation_id":"k"}""");
        Write(server.WorkflowsDirectory, "late", Activity("Listen", "Automation.WaitForEvent", ("eventType", Text("word")), ("result", Seen())), Activity("Keep", "Elsa.SetName", ("value", Script("`heard ${variables.Seen.payload.n}`"))));
        await server.WaitForAsync("/elsa/api/workflow-definitions?searchTerm=late", p => p.GetProperty("totalCount").GetInt64() == 1);

        await TakeAsync(server, """{"id":"b","type":"begin","correlation_id":"k"}""");
        await server.WaitForAsync("/api/instances?workflow=late&status=Suspended", p => p.GetProperty("totalCount").GetInt64() == 1);
        await TakeAsync(server, """{"id":"w2","type":"word","correlation_id":"k","n":7}""");

        var done = await server.WaitForAsync("/api/instances?workflow=late&status=Finished", p => p.GetProperty("totalCount").GetInt64() == 1);
        Assert.Equal("heard 7", done.GetProperty("items")[0].GetProperty("name").GetString());
        var events = await server.AllEventsAsync("type=word");
        Assert.Equal(["Routed", "Unmatched"], events.Select(e => e.GetProperty("status").GetString()).Order());
    }

    [Fact]
    public async Task Events_for_a_busy_instance_are_held_in_order_over_a_kill_and_none_is_lost()
    {
        using var receiver = new StalledReceiver();
        await using var server = await ServerUnderTest.StartAsync(
            [("Automation__Steps__Outgoing__AllowedHosts__0", receiver.Authority), ("Automation__Intake__SessionHold", "00:10:00")],
            directory =>
            {
                // Busy with a call before it waits for the first time, and keeps what it heard in order.
                WriteLoop(
                    directory, "busy",
                    [Activity("Ask", "Automation.HttpCall", ("url", Text($"http://{receiver.Authority}/"))), Activity("Begin", "Elsa.SetName", ("value", Text(">")))],
                    [Activity("Listen", "Automation.WaitForEvent", ("eventType", Text("word")), ("result", Seen())), Activity("Keep", "Elsa.SetName", ("value", Script("`${getWorkflowInstanceName()} ${variables.Seen.payload.n}`")))]);
                WriteRules(directory, new { source = "inbox", type = "begin", workflow = "busy" });
            });

        await TakeAsync(server, """{"id":"b","type":"begin","correlation_id":"k"}""");
        using (await receiver.TakeAsync(Ct))
        {
            for (var i = 0; i < 20; i++)
                await TakeAsync(server, $$"""{"id":"w{{i}}","type":"word","correlation_id":"k","n":{{i}}}""");
            // Of a type that the workflow never waits for: not held.
            await TakeAsync(server, """{"id":"x","type":"else","correlation_id":"k"}""");
            await server.WaitForAsync("/api/events?source=inbox&type=else&status=Unmatched", p => p.GetProperty("items").GetArrayLength() == 1);
            Assert.Equal(20, (await server.GetJsonAsync("/api/events?source=inbox&type=word&status=Received")).GetProperty("items").GetArrayLength());
            await server.KillAsync();
        }

        await server.StartProcessAsync();
        await AnswerAsync(receiver);
        await server.WaitForAsync("/api/events?source=inbox&type=word&status=Routed", p => p.GetProperty("items").GetArrayLength() == 20);
        // Two at once while it waits: one after the other, both.
        await Task.WhenAll(Enumerable.Range(20, 20).Select(i => TakeAsync(server, $$"""{"id":"w{{i}}","type":"word","correlation_id":"k","n":{{i}}}""")));
        await server.WaitForAsync("/api/events?source=inbox&type=word&status=Routed", p => p.GetProperty("items").GetArrayLength() == 40);

        var instances = await server.GetJsonAsync("/api/instances?workflow=busy");
        Assert.Equal(1, instances.GetProperty("totalCount").GetInt64());
        var heard = instances.GetProperty("items")[0].GetProperty("name").GetString()!.Split(' ')[1..].Select(n => int.Parse(n, System.Globalization.CultureInfo.InvariantCulture)).ToList();
        Assert.Equal(Enumerable.Range(0, 20), heard[..20]);
        Assert.Equal(Enumerable.Range(20, 20), heard[20..].Order());
    }

    private static async Task<string?> SayAsync(ServerUnderTest server, string type, string session, string? text)
    {
        using var answer = await server.PostAsync("ai-flow", AiFlow(type, session, text));
        var body = await answer.Content.ReadAsStringAsync(Ct);
        return body.Length == 0 ? null : JsonElement.Parse(body).GetProperty("text").GetString();
    }

    private static async Task TakeAsync(ServerUnderTest server, string json)
    {
        using var answer = await server.PostAsync("inbox", json);
        answer.EnsureSuccessStatusCode();
    }
}
