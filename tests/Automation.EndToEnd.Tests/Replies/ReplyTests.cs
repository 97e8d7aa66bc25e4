using System.Net;
using System.Text;
using System.Text.Json;
using Automation.EndToEnd.Tests.Jobs;
using static Automation.EndToEnd.Tests.Replies.ReplyWorkflows;

namespace Automation.EndToEnd.Tests.Replies;

/// <summary>Senders that wait for an answer, against the real server.</summary>
public sealed class ReplyTests
{
    /// <summary>The deadline is none of what these tests are about, and the machine may be slow.</summary>
    internal static readonly (string, string) Patient = ("Automation__Intake__Sources__ai-flow__Reply__Deadline", "00:01:00");

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_sender_gets_its_answer_in_its_own_form()
    {
        await using var server = await ServerUnderTest.StartAsync(
            [Patient, ("Automation__Intake__Sources__vapi__Open", "true"), ("Automation__Intake__Sources__dialogflow-cx__Open", "true"), ("Automation__Intake__Sources__shop__Preset", "generic"),
            ("Automation__Intake__Sources__shop__Open", "true"), ("Automation__Intake__Sources__shop__Reply__Enabled", "true"),
            ("Automation__Intake__Sources__shop__Reply__FallbackStatus", "202"), ("Automation__Intake__Sources__shop__Reply__FallbackBody", "later")],
            directory =>
            {
                Write(directory, "pick-up", Activity("Tune", "AiFlow.ConfigureTranscription", ("languages", Script("['de-DE', 'en-US']"))), Activity("Say", "AiFlow.Speak",
                    ("text", Text("Hello")), ("provider", Text("azure")), ("language", Text("en-US")), ("bargeInStrategy", Text("minimum_characters")), ("minimumCharacters", Text("3"))));
                Write(directory, "connect", Activity("Give", "AiFlow.Transfer", ("targetPhoneNumber", Text("+4915100000000")), ("callerIdName", Text("Desk"))));
                Write(directory, "play", Activity("Play", "AiFlow.PlayAudio", ("audio", Text("UklGRg=="))), Activity("Mix", "AiFlow.MixAudio", ("audio", Text("UklGRg==")), ("volume", Text("0.3"))), Activity("Quiet", "AiFlow.MixAudio", ("stop", Text("true"))));
                Write(directory, "mute", Activity("Say", "AiFlow.Speak", ("text", Text("   "))));
                Write(directory, "chat", Activity("Tell", "FlowAi.Reply", ("text", Text("Hi")), ("events", Script("['WELCOME']")), ("params", Script("({ city: ['AMS', 'NYC'] })"))));
                Write(directory, "tool", Activity("Result", "Vapi.ToolResult", ("result", Script("({ celsius: 12 })"))));
                Write(directory, "assist", Activity("Pick", "Vapi.Assistant", ("assistantId", Text("a-17"))));
                Write(directory, "order", Activity("Tell", "DialogflowCx.Fulfill", ("text", Text("Shipped")), ("parameters", Script("({ status: 'shipped' })")), ("mergeBehavior", Text("REPLACE"))));
                Write(directory, "respond", Activity("Respond", "Automation.RespondToEvent", ("statusCode", Text("201")), ("headers", Script("({ 'X-Order': 42 })")), ("body", Script("({ ok: true })"))));
                Write(directory, "split", Activity("Respond", "Automation.RespondToEvent", ("headers", Script("({ 'X-Order': 'a\\r\\nSet-Cookie: b=c' })"))));
                Write(directory, "silent", Activity("Line", "Elsa.WriteLine", ("text", Text("nothing to say"))));
                WriteRules(
                    directory,
                    new { source = "ai-flow", type = "session_start", workflow = "pick-up" }, new { source = "ai-flow", type = "user_barge_in", workflow = "connect" },
                    new { source = "ai-flow", type = "user_input_timeout", workflow = "play" }, new { source = "ai-flow", type = "assistant_speak", workflow = "mute" },
                    new { source = "ai-flow", type = "session_end", workflow = "pick-up" },
                    new { source = "flow-ai", type = "*", workflow = "chat" }, new { source = "vapi", type = "tool-calls", workflow = "tool" }, new { source = "vapi", type = "assistant-request", workflow = "assist" },
                    new { source = "vapi", type = "status-update", workflow = "silent" },
                    new { source = "dialogflow-cx", type = "*", workflow = "order" }, new { source = "shop", type = "order", workflow = "respond" }, new { source = "shop", type = "split", workflow = "split" },
                    new { source = "shop", type = "quiet", workflow = "silent" });
            });

        await IsAsync("ai-flow", AiFlow("session_start"), 200, """[{"type":"configure_transcription","session_id":"s-1","languages":["de-DE","en-US"]},{"type":"speak","session_id":"s-1","text":"Hello","tts":{"provider":"azure","language":"en-US"},"barge_in":{"strategy":"minimum_characters","minimum_characters":3}}]""");
        await IsAsync("ai-flow", AiFlow("user_barge_in"), 200, """{"type":"transfer","session_id":"s-1","target_phone_number":"+4915100000000","caller_id_name":"Desk"}""");
        await IsAsync("ai-flow", AiFlow("user_input_timeout"), 200, """[{"type":"audio","session_id":"s-1","audio":"UklGRg=="},{"type":"mix_audio","session_id":"s-1","audio":"UklGRg==","volume":0.3},{"type":"mix_audio","session_id":"s-1","stop":true}]""");
        await IsAsync("ai-flow", AiFlow("user_speak"), 204, "");
        var faulted = await IsAsync("ai-flow", AiFlow("assistant_speak"), 204, "");
        var ended = await IsAsync("ai-flow", AiFlow("session_end"), 204, "");
        await IsAsync("flow-ai", """{"type":"action","threadId":"t","action":"onboarding"}""", 200, """{"messages":[{"fallback":"Hi","responses":[{"type":"text","payload":{"text":"Hi"},"delay":0}]}],"events":[{"name":"WELCOME"}],"params":{"city":[{"value":"AMS"},{"value":"NYC"}]}}""");
        await IsAsync("vapi", """{"message":{"type":"tool-calls","call":{"id":"c"},"toolCallList":[{"id":"t1"},{"id":"t2"}]}}""", 200, """{"results":[{"toolCallId":"t1","result":"{\"celsius\":12}"},{"toolCallId":"t2","result":"{\"celsius\":12}"}]}""");
        await IsAsync("vapi", """{"message":{"type":"assistant-request","call":{"id":"c"}}}""", 200, """{"assistantId":"a-17"}""");
        await IsAsync("vapi", """{"message":{"type":"status-update","call":{"id":"c"}}}""", 200, "{}");
        await IsAsync("dialogflow-cx", """{"detectIntentResponseId":"d","fulfillmentInfo":{"tag":"check-order"},"sessionInfo":{"session":"s"}}""", 200, """{"fulfillmentResponse":{"messages":[{"text":{"text":["Shipped"]}}],"mergeBehavior":"REPLACE"},"sessionInfo":{"parameters":{"status":"shipped"}}}""");
        await IsAsync("shop", """{"id":"e1","type":"order"}""", 201, """{"ok":true}""");
        var split = await IsAsync("shop", """{"id":"e2","type":"split"}""", 202, "later");
        await IsAsync("shop", """{"id":"e3","type":"quiet"}""", 202, "later");

        // What was answered and why is part of the event's trail.
        Assert.Equal(("Given", "Failure"), await ReplyOfAsync(server, faulted));
        Assert.Equal(("Given", "Failure"), await ReplyOfAsync(server, split));
        var end = await server.WaitForAsync("/api/events/" + ended, e => e.GetProperty("replies").GetArrayLength() == 1);
        Assert.Equal("Late", end.GetProperty("replies")[0].GetProperty("state").GetString());
        Assert.Contains("takes no answer", end.GetProperty("replies")[0].GetProperty("detail").GetString(), StringComparison.Ordinal);

        async Task<string> IsAsync(string source, string json, int status, string body)
        {
            using var answer = await server.PostAsync(source, json);
            Assert.Equal((status, body), ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(Ct)));
            // The same delivery again: the same answer.
            using var again = await server.PostAsync(source, json);
            Assert.Equal((status, body), ((int)again.StatusCode, await again.Content.ReadAsStringAsync(Ct)));
            Assert.Equal(status == 201 ? "42" : null, answer.Headers.TryGetValues("X-Order", out var values) ? values.Single() : null);
            Assert.False(answer.Headers.Contains("Set-Cookie"));
            return answer.Headers.GetValues("Automation-Event-Id").Single();
        }
    }

    [Fact]
    public async Task A_reply_after_the_deadline_or_a_kill_is_kept_as_late_and_given_to_the_next_delivery()
    {
        using var receiver = new StalledReceiver();
        await using var server = await ServerUnderTest.StartAsync(
            [("Automation__Intake__Sources__ai-flow__DedupeWindow", "01:00:00"), ("Automation__Intake__Sources__ai-flow__Reply__Deadline", "00:00:00.200"), ("Automation__Intake__Sources__desk__Preset", "ai-flow"),
            ("Automation__Intake__Sources__desk__Open", "true"), ("Automation__Intake__Sources__desk__DedupeWindow", "01:00:00"), ("Automation__Intake__Sources__desk__Reply__Deadline", "00:01:00"),
            ("Automation__Steps__Outgoing__AllowedHosts__0", receiver.Authority)],
            directory =>
            {
                Write(directory, "slow", Activity("Ask", "Automation.HttpCall", ("url", Text($"http://{receiver.Authority}/"))), Activity("Say", "AiFlow.Speak", ("text", Text("At last"))));
                WriteRules(directory, new { source = "ai-flow", workflow = "slow" }, new { source = "desk", workflow = "slow" });
            });

        // The workflow is slower than the deadline: the fallback, also for the same delivery again.
        using (var answer = await server.PostAsync("ai-flow", AiFlow("session_start")))
            Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        await AnswerAsync(receiver);
        var late = await server.WaitForAsync("/api/events?source=ai-flow", p => p.GetProperty("items").GetArrayLength() == 1);
        var id = late.GetProperty("items")[0].GetProperty("id").GetString()!;
        var found = await server.WaitForAsync("/api/events/" + id, e => e.GetProperty("replies").GetArrayLength() == 2);
        Assert.Equal("Deadline", found.GetProperty("replies")[0].GetProperty("origin").GetString());
        Assert.Equal(("Late", "At last"), (found.GetProperty("replies")[1].GetProperty("state").GetString(), TextOf(found.GetProperty("replies")[1])));
        using (var answer = await server.PostAsync("ai-flow", AiFlow("session_start")))
            Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);

        // Killed while the sender waits: the restarted server finishes the workflow, and nobody is there to be told.
        var cutOff = server.PostAsync("desk", AiFlow("session_start"));
        using (await receiver.TakeAsync(Ct))
            await server.KillAsync();
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => cutOff);
        await server.StartProcessAsync();
        await AnswerAsync(receiver);
        var events = await server.WaitForAsync("/api/events?source=desk", p => p.GetProperty("items").GetArrayLength() == 1);
        id = events.GetProperty("items")[0].GetProperty("id").GetString()!;
        found = await server.WaitForAsync("/api/events/" + id, e => e.GetProperty("replies").GetArrayLength() == 1);
        Assert.True(found.GetProperty("replies")[0].GetProperty("isLate").GetBoolean());
        using (var answer = await server.PostAsync("desk", AiFlow("session_start")))
            Assert.Equal("""{"type":"speak","session_id":"s-1","text":"At last"}""", await answer.Content.ReadAsStringAsync(Ct));
        Assert.Equal(("Given", "Workflow"), await ReplyOfAsync(server, id));
    }

    [Fact]
    public async Task Replies_meant_for_later_and_late_ones_go_to_the_reply_url_unless_its_host_is_not_allowed()
    {
        using var receiver = new StalledReceiver();
        await using var server = await ServerUnderTest.StartAsync(
            [("Automation__Intake__Sources__flow-ai__Reply__AllowedReplyHosts__0", "127.0.0.*"), ("Automation__Steps__Outgoing__AllowedHosts__0", receiver.Authority)],
            directory =>
            {
                Write(directory, "later", Activity("Now", "FlowAi.Reply", ("text", Text("One moment"))), Activity("Later", "FlowAi.Reply", ("text", Text("Done")), ("when", Text("Later"))));
                WriteRules(directory, new { source = "flow-ai", workflow = "later" });
            });

        var id = await SendAsync($"http://{receiver.Authority}/reply", "a");
        var posted = await AnswerAsync(receiver);
        Assert.Contains("""{"verifyToken":"v-1","messages":[{"fallback":"Done",""", posted, StringComparison.Ordinal);
        Assert.Contains("Idempotency-Key: " + id, posted, StringComparison.OrdinalIgnoreCase);
        var sent = await server.WaitForAsync("/api/events/" + id, e => StatesOf(e) is ["Given", "Sent"]);
        Assert.NotNull(sent.GetProperty("replies")[1].GetProperty("sentAt").GetString());

        // Hosts that are not allowed, addresses that are none, and the cloud's own are told and not called.
        Assert.Contains("not one of the source's allowed hosts", await LateAsync("https://evil.example/x", "b"), StringComparison.Ordinal);
        Assert.Contains("not an http or https address", await LateAsync("file:///etc/passwd", "c"), StringComparison.Ordinal);
        Assert.Contains("not an http or https address", await LateAsync("https://...", "d"), StringComparison.Ordinal);
        Assert.Contains("not an http or https address", await LateAsync("https://a／b.example/x", "e"), StringComparison.Ordinal);

        // A replay starts the workflow again, and sends nothing to anybody.
        using (var replay = await server.Api.PostAsync(new Uri($"/api/events/{id}/replay", UriKind.Relative), null, Ct))
        {
            var copy = JsonElement.Parse(await replay.Content.ReadAsStringAsync(Ct)).GetProperty("id").GetString();
            await server.WaitForAsync("/api/events/" + copy, e => StatesOf(e) is ["Late", "Late"]);
        }

        async Task<string> SendAsync(string replyUrl, string thread)
        {
            using var answer = await server.PostAsync("flow-ai", JsonSerializer.Serialize(new { type = "action", verifyToken = "v-1", threadId = thread, action = "x", replyUrl }));
            Assert.Contains("One moment", await answer.Content.ReadAsStringAsync(Ct), StringComparison.Ordinal);
            return answer.Headers.GetValues("Automation-Event-Id").Single();
        }

        async Task<string> LateAsync(string replyUrl, string thread)
        {
            var found = await server.WaitForAsync("/api/events/" + await SendAsync(replyUrl, thread), e => StatesOf(e) is ["Given", "Late"]);
            return found.GetProperty("replies")[1].GetProperty("detail").GetString()!;
        }
    }

    [Fact]
    public async Task Many_copies_of_one_event_at_once_start_one_workflow_and_get_one_answer()
    {
        await using var server = await ServerUnderTest.StartAsync(
            [Patient, ("Logging__LogLevel__Default", "Warning")],
            directory =>
            {
                Write(directory, "once", Activity("Say", "AiFlow.Speak", ("text", Script("getWorkflowInstanceId()"))));
                WriteRules(directory, new { source = "ai-flow", workflow = "once" });
            });

        for (var trial = 0; trial < 5; trial++)
        {
            var json = AiFlow("session_start", "copies-" + trial);
            var answers = await Task.WhenAll(Enumerable.Range(0, 200).Select(async _ =>
            {
                using var answer = await server.PostAsync("ai-flow", json);
                return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(Ct));
            }));
            var one = Assert.Single(answers.Distinct());
            Assert.Equal(200, one.Item1);
            Assert.Contains("copies-" + trial, one.Item2, StringComparison.Ordinal);
        }

        var instances = await server.GetJsonAsync("/api/instances?workflow=once");
        Assert.Equal(5, instances.GetProperty("totalCount").GetInt64());
    }

    [Fact]
    public async Task The_shipped_voice_and_weather_workflows_answer_from_a_fresh_clone()
    {
        await using var server = await ServerUnderTest.StartAsync(Patient);

        Assert.Equal("Welcome! What can I do for you?", await SayAsync("session_start", null));
        Assert.Null(await SayAsync("assistant_speak", "Welcome!"));
        Assert.Equal("You said: a pizza", await SayAsync("user_speak", "a pizza"));
        Assert.Equal("Are you still there?", await SayAsync("user_input_timeout", null));
        using (var bye = await server.PostAsync("ai-flow", AiFlow("user_speak", "call-1", "good bye")))
            Assert.Equal("""[{"type":"speak","session_id":"call-1","text":"Goodbye!"},{"type":"hangup","session_id":"call-1"}]""", await bye.Content.ReadAsStringAsync(Ct));
        await server.WaitForAsync("/api/instances?workflow=voice-greeter&status=Finished", p => p.GetProperty("totalCount").GetInt64() == 1);

        using var weather = await server.PostAsync("flow-ai", """{"type":"action","threadId":"t","action":"get-weather-report","params":{"city":[{"value":"New York"},{"value":"Toronto"}]}}""");
        Assert.Equal(["In New York it is 20 °C and sunny.", "In Toronto it is 19 °C and cloudy."], JsonElement.Parse(await weather.Content.ReadAsStringAsync(Ct)).GetProperty("messages").EnumerateArray().Select(m => m.GetProperty("fallback").GetString()));

        async Task<string?> SayAsync(string type, string? text)
        {
            using var answer = await server.PostAsync("ai-flow", AiFlow(type, "call-1", text));
            var body = await answer.Content.ReadAsStringAsync(Ct);
            return body.Length == 0 ? null : JsonElement.Parse(body).GetProperty("text").GetString();
        }
    }

    internal static string AiFlow(string type, string session = "s-1", string? text = null) =>
        JsonSerializer.Serialize(new { type, text, session = new { id = session, account_id = "a", phone_number = "+1" } });

    internal static async Task<(string? State, string? Origin)> ReplyOfAsync(ServerUnderTest server, string eventId)
    {
        var found = await server.GetJsonAsync("/api/events/" + eventId);
        var first = found.GetProperty("replies")[0];
        return (first.GetProperty("state").GetString(), first.GetProperty("origin").GetString());
    }

    internal static string?[] StatesOf(JsonElement found) => [.. found.GetProperty("replies").EnumerateArray().Select(r => r.GetProperty("state").GetString())];

    private static string? TextOf(JsonElement reply) => JsonElement.Parse(reply.GetProperty("body").GetString()!).GetProperty("text").GetString();

    /// <summary>Takes a call, answers it with an empty object, and gives what was asked.</summary>
    internal static async Task<string> AnswerAsync(StalledReceiver receiver)
    {
        using var call = await receiver.TakeAsync(Ct);
        var stream = call.GetStream();
        var buffer = new byte[65536];
        var asked = new StringBuilder();
        do
        {
            asked.Append(Encoding.UTF8.GetString(buffer, 0, await stream.ReadAsync(buffer, Ct)));
        }
        while (!IsWhole(asked.ToString()));
        await stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"u8.ToArray(), Ct);
        return asked.ToString();
    }

    private static bool IsWhole(string request)
    {
        var end = request.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        if (end < 0)
            return false;
        var length = request.Split("\r\n").FirstOrDefault(l => l.StartsWith("Content-Length: ", StringComparison.OrdinalIgnoreCase));
        return length is null || Encoding.UTF8.GetByteCount(request[(end + 4)..]) >= int.Parse(length["Content-Length: ".Length..], System.Globalization.CultureInfo.InvariantCulture);
    }
}
