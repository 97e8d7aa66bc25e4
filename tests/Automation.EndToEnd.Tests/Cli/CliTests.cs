using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Automation.EndToEnd.Tests.Cli;

/// <summary>The command line client in a process of its own against a server in another.</summary>
public sealed class CliTests(CliSite site) : IClassFixture<CliSite>
{
    [Fact]
    public async Task Help_names_every_command_and_every_option_says_what_it_does()
    {
        var help = await site.RunAsync("--help");
        Assert.Equal(0, help.Code);
        foreach (var verb in new[] { "send", "tail", "replay", "sources", "mappings", "verify" })
        {
            Assert.Contains("  " + verb, help.Output, StringComparison.Ordinal);
        }

        var send = await site.RunAsync("send", "--help");
        Assert.Contains("AUTOMATION_URL", send.Output, StringComparison.Ordinal);
        Assert.Contains("--rate", send.Output, StringComparison.Ordinal);
        Assert.All(send.Output.Split('\n').Where(l => l.TrimStart().StartsWith("--", StringComparison.Ordinal)), l => Assert.Matches(@"--[a-z-]+( <[^>]+>)?\s+\S", l));
    }

    [Fact]
    public async Task Samples_are_signed_as_their_senders_sign_them()
    {
        foreach (var (source, sample, preset) in new[] { ("github", "push", null), ("stripe", "invoice.paid", null), ("twilio", "completed", null), ("bot", "onboarding", "flow-ai"), ("acme", "order.placed", null) })
        {
            List<string> args = ["send", source, sample, "--secret", CliSite.Secret, "--presets", site.PresetsDirectory];
            if (preset is not null)
                args.AddRange(["--preset", preset]);
            var name = source == "bot" || source == "github" ? await FirstSampleAsync(preset ?? source) : sample;
            args[2] = name;
            var run = await site.RunAsync([.. args]);
            Assert.True(run.Code == 0, $"{source}: {run.Output}{run.Errors}");
        }

        // Signed or not, a sample is a new event each time.
        var ping = await FirstSampleAsync("github");
        var ids = new List<string>();
        for (var i = 0; i < 2; i++)
            ids.Add((await site.RunAsync("send", "github", ping, "--secret", CliSite.Secret)).Output);
        Assert.NotEqual(ids[0], ids[1]);

        var unsigned = await site.RunAsync("send", "stripe", "invoice.paid");
        Assert.Equal(1, unsigned.Code);
        Assert.StartsWith("401 Unauthorized", unsigned.Output, StringComparison.Ordinal);
        // The sender that only a file describes: its type, key and answer are those of the file.
        var events = await site.Server.AllEventsAsync("source=acme&type=order.placed");
        Assert.NotEmpty(events);
        Assert.Equal(202, events[0].GetProperty("answer").GetInt32());
    }

    [Theory]
    [InlineData("telnyx", "call.initiated", "")]
    [InlineData("standard-webhooks", "contact.created", "whsk_")]
    public async Task Samples_are_signed_with_a_private_key_where_the_source_has_the_public_one(string source, string sample, string prefix)
    {
        var run = await site.RunAsync("send", source, sample, "--secret", prefix + CliSite.PrivateKey);
        Assert.True(run.Code == 0, run.Output + run.Errors);

        var another = await site.RunAsync("send", source, sample, "--secret", prefix + Convert.ToBase64String(SHA256.HashData("another"u8)));
        Assert.Equal(1, another.Code);
        Assert.StartsWith("401 Unauthorized", another.Output, StringComparison.Ordinal);

        var none = await site.RunAsync("send", source, sample, "--secret", prefix + "AAAA");
        Assert.Equal(2, none.Code);
        Assert.Contains($"{prefix}<32 bytes as base64>", none.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_is_the_same_event_however_often_it_is_sent_unless_its_ids_are_made_new()
    {
        var file = site.Write("placed.json", """{ "action": "PLACED", "order": { "id": "file-1", "customer": "c-file" } }""");
        string[] args = ["send", "acme", "--file", file, "--presets", site.PresetsDirectory, "--secret", CliSite.Secret, "--repeat", "3"];

        Assert.Equal(0, (await site.RunAsync(args)).Code);
        Assert.Single(await site.Server.AllEventsAsync("source=acme&text=file-1&status=Unmatched"));

        Assert.Equal(0, (await site.RunAsync([.. args, "--fresh-ids"])).Code);
        Assert.Equal(4, (await site.Server.AllEventsAsync("source=acme&text=file-1&status=Unmatched")).Count);

        var nothing = site.Write("nothing.json", """{ "action": "PLACED" }""");
        var none = await site.RunAsync("send", "acme", "--file", nothing, "--presets", site.PresetsDirectory, "--fresh-ids");
        Assert.Equal(2, none.Code);
        Assert.Contains("none of the fields that Acme Shop takes ids and times from", none.Errors, StringComparison.Ordinal);
        var unknown = await site.RunAsync("send", "inbox", "--file", file, "--fresh-ids");
        Assert.Equal(2, unknown.Code);
        Assert.Contains("add --preset NAME", unknown.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_test_event_of_the_console_proves_itself_as_the_source_wants_it_and_is_new_each_time()
    {
        using var put = new HttpRequestMessage(HttpMethod.Put, "/api/sources/own")
        {
            Content = JsonContent.Create(new { preset = "generic", secrets = new[] { "own-secret" }, signature = new { header = "X-Own", algorithm = "sha512", encoding = "base64", prefix = "v2:", signed = "{timestamp}.{body}", timestampHeader = "X-Own-Time" } }),
        };
        Assert.Equal(HttpStatusCode.OK, (await site.Server.Api.SendAsync(put, TestContext.Current.CancellationToken)).StatusCode);

        foreach (var (source, sample) in new[] { ("own", "order.created"), ("bot", "action.onboarding"), ("github", await FirstSampleAsync("github")), ("twilio", "completed") })
        {
            for (var i = 0; i < 2; i++)
            {
                using var answer = await site.Server.Api.PostAsync($"/api/sources/{source}/test?sample={Uri.EscapeDataString(sample)}", null, TestContext.Current.CancellationToken);
                var said = await answer.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);
                Assert.True(said.GetProperty("status").GetInt32() is >= 200 and <= 299, $"{source}: {said}");
            }

            Assert.Empty(await site.Server.AllEventsAsync($"source={source}&status=Duplicate"));
        }
    }

    [Fact]
    public async Task Many_events_are_sent_at_a_rate_and_summed_up()
    {
        var run = await site.RunAsync("send", "flow-sessions", "flow.end", "--repeat", "40", "--rate", "400");

        Assert.Equal(0, run.Code);
        Assert.Contains("40  answered 200", run.Output, StringComparison.Ordinal);
        Assert.Contains("events/s; answered in", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_cannot_be_says_so_with_a_code_of_its_own()
    {
        Assert.Equal(2, (await site.RunAsync("send", "nobody", "x")).Code);
        Assert.Equal(2, (await site.RunAsync("send", "flyflow", "call_ended", "--unknown")).Code);
        Assert.Equal(2, (await site.RunAsync("replay")).Code);
        var unreachable = await site.RunAsync("send", "flyflow", "call_ended", "--url", "http://127.0.0.1:1");
        Assert.Equal(3, unreachable.Code);
        Assert.Contains("does not answer", unreachable.Errors, StringComparison.Ordinal);
        var noKey = await site.RunAsync("sources", "--key", "not-the-key-of-this-server");
        Assert.Equal(1, noKey.Code);
        Assert.Contains("does not know the API key", noKey.Errors, StringComparison.Ordinal);
        // A mistyped verb must not start a server.
        var mistyped = await site.RunAsync("sned", "flyflow");
        Assert.Equal(2, mistyped.Code);
        Assert.Contains("There is no command \"sned\". There are: send,", mistyped.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--rate is \"fast\"; a number is wanted, such as 2.5.", "send", "flyflow", "call_ended", "--rate", "fast")]
    [InlineData("--repeat is \"2.5\"; a whole number is wanted.", "send", "flyflow", "call_ended", "--repeat", "2.5")]
    [InlineData("version is \"last\"; a whole number is wanted.", "mappings", "restore", "last")]
    [InlineData("\"tomorrow\" is not a time; write it like 2026-01-15T12:00:00Z.", "verify", "github", "request.http", "--at", "tomorrow")]
    [InlineData("Either a sample or --file is sent, not both.", "send", "flyflow", "call_ended", "--file", "event.json")]
    [InlineData("Either one event is replayed or those of a filter, not both.", "replay", "01a", "--type", "call_ended", "--dry-run")]
    [InlineData("for a preset of your own --presets FOLDER.", "send", "nobody", "x")]
    public async Task A_command_line_that_cannot_be_used_says_which_word_and_what_is_wanted(string message, params string[] args)
    {
        var run = await site.RunAsync(args);

        Assert.Equal(2, run.Code);
        Assert.Contains(message, run.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("System.", run.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("text/html", "<h1>It works!</h1>", 1, "does not answer with JSON", "sources")]
    [InlineData("application/json", "{}", 1, "is not one that this program knows", "sources")]
    [InlineData("text/html", "<h1>It works!</h1>", 1, "answers with text/html where text/event-stream is wanted", "tail")]
    [InlineData("text/event-stream", ": begins\n", 3, "The server has closed the", "tail")]
    [InlineData("application/json", "[", 3, "The server has closed the connection", "sources")]
    public async Task What_is_not_this_server_or_breaks_off_is_told_in_a_sentence(string type, string body, int code, string message, string command)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        // Where the answer breaks off, less comes than it says.
        var length = Encoding.UTF8.GetByteCount(body) + (code == 3 ? 100 : 0);
        var answering = AnswerAsync(listener, $"HTTP/1.1 200 OK\r\nContent-Type: {type}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}");

        var run = await site.RunAsync(command, "--url", $"http://{listener.LocalEndpoint}");

        await answering;
        Assert.Equal(code, run.Code);
        Assert.Contains(message, run.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", run.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("4000", "Cancelled: 400 of 4000 events were replayed.")]
    [InlineData("null", "Cancelled: 400 events were replayed.")]
    public async Task A_replay_that_was_cancelled_says_of_how_many(string total, string message)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var body = $$"""{"id":"r","state":"Cancelled","done":400,"replayed":400,"total":{{total}},"starts":{"calls":400},"problem":null}""";
        var answering = AnswerAsync(listener, $"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n{body}");

        var run = await site.RunAsync("replay", "--all", "--url", $"http://{listener.LocalEndpoint}");

        await answering;
        Assert.Equal(1, run.Code);
        Assert.EndsWith(message + "\n", run.Output, StringComparison.Ordinal);
    }

    private static async Task AnswerAsync(TcpListener listener, string answer)
    {
        using var connection = await listener.AcceptSocketAsync(TestContext.Current.CancellationToken);
        await connection.ReceiveAsync(new byte[4096], TestContext.Current.CancellationToken);
        await connection.SendAsync(Encoding.UTF8.GetBytes(answer), TestContext.Current.CancellationToken);
        connection.Shutdown(SocketShutdown.Both);
    }

    [Fact]
    public async Task Tail_shows_events_as_they_come()
    {
        var call = "tail-" + Guid.NewGuid().ToString("N");
        using var stop = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        var tail = site.RunAsync(stop.Token, "tail", "--source", "flyflow", "--correlation", call, "--count", "2", "--json");
        // It shows what comes after it began to look; until then events go by.
        for (var i = 0; !tail.IsCompleted; i++)
        {
            (await site.Server.PostAsync("flyflow", $$"""{"event_type":"call_started","call_id":"{{call}}","timestamp":"{{i}}"}""")).Dispose();
            await Task.WhenAny(tail, Task.Delay(50, TestContext.Current.CancellationToken));
        }

        var run = await tail;
        var lines = run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.True(run.Code == 0 && lines.Length == 2, run.Output + run.Errors);
        Assert.All(lines, l => Assert.Equal(call, JsonElement.Parse(l).GetProperty("correlationKey").GetString()));
    }

    [Fact]
    public async Task Events_are_replayed_one_by_one_and_by_filter_after_a_dry_run()
    {
        var call = "replay-" + Guid.NewGuid().ToString("N");
        for (var i = 0; i < 5; i++)
            (await site.Server.PostAsync("flyflow", $$$"""{"event_type":"call_ended","call_id":"{{{call}}}","timestamp":"{{{i}}}","data":{"duration_seconds":42} }""")).Dispose();
        await site.Server.WaitForAsync($"/api/events?source=flyflow&correlationId={call}&status=Routed", p => p.GetProperty("items").GetArrayLength() == 5);

        var dry = await site.RunAsync("replay", "--source", "flyflow", "--correlation", call, "--dry-run");
        Assert.True(dry.Code == 0, dry.Errors);
        Assert.Contains("5  call-ended", dry.Output, StringComparison.Ordinal);
        Assert.Contains("Finished: 5 of 5 events would be replayed.", dry.Output, StringComparison.Ordinal);
        Assert.Equal(5, (await site.Server.AllEventsAsync("source=flyflow&correlationId=" + call)).Count);

        var run = await site.RunAsync("replay", "--source", "flyflow", "--correlation", call);
        Assert.Contains("Finished: 5 of 5 events were replayed.", run.Output, StringComparison.Ordinal);
        var events = await site.Server.AllEventsAsync("source=flyflow&correlationId=" + call);
        Assert.Equal(10, events.Count);
        var one = await site.RunAsync("replay", events[^1].GetProperty("id").GetString()!);
        Assert.StartsWith("Replayed as ", one.Output, StringComparison.Ordinal);
        var why = await site.RunAsync("replay", events[^1].GetProperty("id").GetString()!, "--dry-run");
        Assert.StartsWith("starts call-ended, rule calls: Source and type match.", why.Output, StringComparison.Ordinal);
        Assert.Contains("does not start tool-call, rule tools: The type call_ended is not tool_call.", why.Output, StringComparison.Ordinal);
        Assert.Equal(6, (await site.Server.AllEventsAsync("source=flyflow&correlationId=" + call)).Count(e => e.GetProperty("replayOf").ValueKind == JsonValueKind.String));

        var lone = "alone-" + Guid.NewGuid().ToString("N");
        (await site.Server.PostAsync("flyflow", $$$"""{"event_type":"call_moved","call_id":"{{{lone}}}"}""")).Dispose();
        var unwanted = await site.RunAsync("replay", "--correlation", lone, "--dry-run");
        Assert.Contains("Finished: 0 of 1 events would be replayed.\n1 event is wanted by no rule; replay EVENT --dry-run says why.", unwanted.Output, StringComparison.Ordinal);
        var reasons = await site.RunAsync("replay", (await site.Server.AllEventsAsync("correlationId=" + lone)).Single().GetProperty("id").GetString()!, "--dry-run");
        Assert.Contains("rule calls: The type call_moved is not call_ended.", reasons.Output, StringComparison.Ordinal);
        Assert.Contains("No rule wants it: a replay would start nothing.", reasons.Output, StringComparison.Ordinal);

        // The export has them all, one a line.
        using var export = await site.Server.Api.GetAsync(new Uri($"/api/events/export?source=flyflow&correlationId={call}", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Equal("application/x-ndjson", export.Content.Headers.ContentType!.MediaType);
        var lines = (await export.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(11, lines.Length);
        Assert.All(lines, l => Assert.Contains(call, JsonElement.Parse(l).GetProperty("body").GetString(), StringComparison.Ordinal));
    }

    [Fact]
    public async Task Mappings_are_listed_checked_and_applied_and_flow_control_holds_in_the_real_engine()
    {
        var before = await site.RunAsync("mappings", "list");
        Assert.True(before.Code == 0, before.Errors);
        Assert.Contains("call-ended", before.Output, StringComparison.Ordinal);

        var broken = site.Write("broken.json", """{ "rules": [ { "id": "x", "workflow": "w", "flow": { "singleton": "wait" } } ] }""");
        var check = await site.RunAsync("mappings", "check", broken);
        Assert.Equal(1, check.Code);
        Assert.Contains(Path.GetFileName(broken) + "(1): Rule", check.Errors, StringComparison.Ordinal);
        Assert.Contains("\"flow.singleton\" is \"wait\"; allowed: queue, skip, replace.", check.Errors, StringComparison.Ordinal);
        var refusedFile = await site.RunAsync("mappings", "apply", broken);
        Assert.Equal(1, refusedFile.Code);
        Assert.Contains(Path.GetFileName(broken) + "(1): Rule", refusedFile.Errors, StringComparison.Ordinal);

        var file = await File.ReadAllTextAsync(Path.Combine(site.Server.WorkflowsDirectory, "mappings.json"), TestContext.Current.CancellationToken);
        var rules = System.Text.Json.Nodes.JsonNode.Parse(file, documentOptions: new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true })!;
        rules["rules"]!.AsArray().Add(System.Text.Json.Nodes.JsonNode.Parse(
            """{ "id": "batched", "source": "flow-sessions", "type": "technology.start", "workflow": "call-ended", "inputs": { "Event": "{$events}" }, "flow": { "key": "{session_id}", "batch": { "size": 3, "timeout": "1h" }, "concurrency": { "limit": 1 } } }"""));
        var good = site.Write("good.json", rules.ToJsonString());
        var fine = await site.RunAsync("mappings", "check", good);
        Assert.Equal((0, ""), (fine.Code, fine.Errors));
        // A rule may come before its workflow and its source: that is told, not refused. What is switched off does no harm.
        var early = site.Write("early.json", """
            { "rules": [
              { "id": "soon", "source": "inbx", "workflow": "order-intake" },
              { "id": "never", "source": "inbx", "workflow": "order-intake", "enabled": false },
              { "id": "any", "source": "in*", "workflow": "call-ended" } ] }
            """);
        var warned = await site.RunAsync("mappings", "check", early);
        Assert.Equal(0, warned.Code);
        Assert.Equal(
            "Warning: Rule \"soon\": there is no published workflow \"order-intake\"; its events fail until there is.\nWarning: Rule \"soon\": there is no source \"inbx\", so no event comes to it.\n",
            warned.Errors);
        var applied = await site.RunAsync("mappings", "apply", good, "--note", "in threes");
        Assert.True(applied.Code == 0, applied.Errors);
        Assert.Contains("is in force", applied.Output, StringComparison.Ordinal);
        var history = await site.RunAsync("mappings", "history", "--rule", "batched");
        Assert.Contains(": in threes", history.Output, StringComparison.Ordinal);
        Assert.Contains("batched added", history.Output, StringComparison.Ordinal);
        Assert.Equal(rules.ToJsonString(), (await site.RunAsync("mappings", "show")).Output.Trim());
        Assert.DoesNotContain("batched", (await site.RunAsync("mappings", "show", "1")).Output, StringComparison.Ordinal);
        var late = await site.RunAsync("mappings", "apply", good, "--expect", "1");
        Assert.Equal(1, late.Code);
        Assert.Contains("changed by somebody else", late.Errors, StringComparison.Ordinal);
        Assert.Contains("no version of the mappings", (await site.RunAsync("mappings", "restore", "99")).Errors, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("with flow control", (await site.RunAsync("mappings", "list")).Output, StringComparison.Ordinal);

        var session = Guid.NewGuid().ToString("N");
        for (var i = 0; i < 3; i++)
            (await site.Server.PostAsync("flow-sessions", $$"""{"id":"{{session}}-{{i}}","event":"technology.start","session_id":"{{session}}","created":1711015230,"success":true,"flow_name":"f","data":{ } }""")).Dispose();
        var events = await site.Server.WaitForAsync($"/api/events?correlationId={session}&status=Routed", p => p.GetProperty("items").GetArrayLength() == 3);
        var flows = new List<JsonElement>();
        foreach (var e in events.GetProperty("items").EnumerateArray())
            flows.Add((await site.Server.GetJsonAsync("/api/events/" + e.GetProperty("id").GetString())).GetProperty("flow").EnumerateArray().Single(f => f.GetProperty("ruleId").GetString() == "batched"));
        Assert.Single(flows.Select(f => f.GetProperty("instanceId").GetString()).Distinct(StringComparer.Ordinal));
        Assert.All(flows, f => Assert.Equal("Started in one batch of 3 events.", f.GetProperty("outcome").GetString()));
    }

    [Fact]
    public async Task Verify_explains_a_captured_request_and_never_shows_the_secret()
    {
        const string body = """{"action":"PLACED","order":{"id":"o-9","customer":"c-1"}}""";
        var at = new DateTimeOffset(2026, 1, 15, 12, 0, 0, TimeSpan.Zero);
        var stamp = at.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var signature = Convert.ToBase64String(HMACSHA256.HashData(Encoding.UTF8.GetBytes(CliSite.Secret), Encoding.UTF8.GetBytes($"{stamp}/{body}")));
        var good = site.Write("good.http", $"POST /webhooks/acme HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nX-Acme-Signature: t={stamp},s={signature}\r\n\r\n{body}");
        var changed = site.Write("changed.http", $"Content-Type: application/json\nX-Acme-Signature: t={stamp},s={signature}\n\n{body} ");

        var accepted = await site.RunAsync("verify", "acme", good, "--at", "2026-01-15T12:01:00Z");
        Assert.True(accepted.Code == 0, accepted.Output + accepted.Errors);
        var refused = await site.RunAsync("verify", "acme", changed, "--at", "2026-01-15T12:01:00Z");
        Assert.Equal(1, refused.Code);
        Assert.Contains("Refused: ", refused.Output, StringComparison.Ordinal);
        var late = await site.RunAsync("verify", "acme", good, "--at", "2026-01-15T12:06:00Z");
        Assert.Equal(1, late.Code);
        Assert.DoesNotContain(CliSite.Secret, accepted.Output + refused.Output + late.Output, StringComparison.Ordinal);
        Assert.Equal(2, (await site.RunAsync("verify", "acme", site.Write("none.http", "no header here\n"))).Code);
        Assert.Equal("404 Not Found: There is no source \"nosuch\".", (await site.RunAsync("verify", "nosuch", good)).Errors.Trim());
        // A URL that is signed and not known cannot be guessed.
        var form = site.Write("form.http", "Content-Type: application/x-www-form-urlencoded\nX-Twilio-Signature: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\nCallSid=1");
        Assert.Contains("the URL as the sender called it, which was not given", (await site.RunAsync("verify", "twilio", form)).Output, StringComparison.Ordinal);
        Assert.DoesNotContain("was not given", (await site.RunAsync("verify", "twilio", form, "--request-url", "https://example.org/webhooks/twilio")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sources_say_how_they_verify()
    {
        var run = await site.RunAsync("sources");

        Assert.Matches(@"acme\s+acme\s+verified\s+http://127.0.0.1:\d+/webhooks/acme", run.Output);
        Assert.Matches(@"flyflow\s+flyflow\s+open", run.Output);
    }

    private async Task<string> FirstSampleAsync(string preset) =>
        (await site.RunAsync("send", preset)).Output.Split('\n').Skip(1).First().Trim();
}
