using System.Text;
using System.Text.Json;
using Automation.Steps.Secrets;
using Automation.Steps.Tests.Support;
using Automation.Storage;
using Automation.Workflows.Execution;
using static Automation.Steps.Tests.Support.StepsHost;

namespace Automation.Steps.Tests.Http;

public sealed class CallHttpStepTests
{
    private const string Type = "Automation.HttpCall";

    [Theory]
    [InlineData("Basic", "Authorization", "Basic dTpzM2NyZXQtdmFsdWU=")]
    [InlineData("Bearer", "Authorization", "Bearer s3cret-value")]
    [InlineData("ApiKey", "X-Api-Key", "s3cret-value")]
    [InlineData("Hmac", "X-Signature", "")]
    public async Task Credentials_come_from_a_stored_secret_and_are_never_kept(string kind, string header, string value)
    {
        await using var host = await StartAsync();
        await host.Get<SecretStore>().SetAsync("crm", "s3cret-value", Some.Token);
        // The other side repeats everything that it was sent.
        await using var server = new ScriptedServer((r, c) => c.AnswerAsync(200, JsonSerializer.Serialize(new { r.Headers, r.Text }), headers: $"X-Seen: {r.Header(header)}\r\n", reason: $"No {r.Header(header)} here"));

        var instance = await host.RunAsync(Step(Type, "call", ("url", server.Url), ("method", "POST"), ("body", """{"a":1}"""), ("authentication", kind), ("secret", "crm"), ("userName", "u"), ("content", Into("A")), ("responseHeaders", Into("B"))));

        Assert.Equal(WorkflowSubStatus.Finished, instance.SubStatus);
        var sent = Assert.Single(server.Requests).Header(header)!;
        if (kind == "Hmac")
            value = "sha256=" + Convert.ToHexStringLower(System.Security.Cryptography.HMACSHA256.HashData("s3cret-value"u8, """{"a":1}"""u8));
        Assert.Equal(value, sent);
        var kept = JsonSerializer.Serialize(await host.Exchanges.OfInstanceAsync(instance.Id, null, 10, Some.Token), Relaxed);
        Assert.Contains("X-Seen", kept);
        Assert.DoesNotContain("s3cret-value", kept);
        Assert.DoesNotContain("dTpzM2NyZXQtdmFsdWU=", kept);
        // Nor in what the workflow goes on with, which is in its journal and its exports.
        var state = await host.StateAsync(instance.Id);
        Assert.Contains("x-seen", state, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("s3cret-value", state);
        Assert.DoesNotContain("dTpzM2NyZXQtdmFsdWU=", state);
    }

    [Fact]
    public async Task Placeholders_stand_for_secrets_in_the_url_the_query_the_headers_and_the_body()
    {
        await using var host = await StartAsync();
        await host.Get<SecretStore>().SetAsync("bot", "12:s3\"cr/et", Some.Token);
        await using var server = new ScriptedServer((r, c) => c.AnswerAsync(200, JsonSerializer.Serialize(new { r.Headers, r.Text, r.Target })));
        var placeholders = ("placeholders", (object)"""{"{token}":"bot"}""");

        var instance = await host.RunAsync(Step(
            Type, "call", ("url", server.Url + "/bot{token}/x"), ("method", "POST"), ("query", """{"key":"{token}"}"""), ("headers", """{"X-Auth":"a {token}"}"""),
            ("body", """{"login":{"pin":"{token}"}}"""), placeholders, ("content", Into("A"))));

        Assert.Equal(WorkflowSubStatus.Finished, instance.SubStatus);
        var sent = Assert.Single(server.Requests);
        Assert.Equal("/bot12%3As3%22cr%2Fet/x?key=12%3As3%22cr%2Fet", sent.Target);
        Assert.Equal("a 12:s3\"cr/et", sent.Header("X-Auth"));
        Assert.Equal("""{"login":{"pin":"12:s3\"cr/et"}}""", sent.Text);
        var kept = JsonSerializer.Serialize(await host.Exchanges.OfInstanceAsync(instance.Id, null, 10, Some.Token), Relaxed);
        Assert.Contains("/bot***/x?key=***", kept);
        Assert.DoesNotContain("s3", kept);
        Assert.DoesNotContain("cr/et", await host.StateAsync(instance.Id));

        var unused = await host.RunAsync(Step(Type, "call", ("url", server.Url), placeholders));
        Assert.Contains("which stands nowhere", await host.StateAsync(unused.Id));
    }

    [Theory]
    [InlineData("application/x-www-form-urlencoded", """{"a":"1 2","b":["x","{token}"]}""", "a=1+2&b=x&b=s%26%22t")]
    [InlineData("application/x-www-form-urlencoded", "a=1+2&b={token}", "a=1+2&b=s%26%22t")]
    [InlineData("multipart/form-data", """{"a":"{token}"}""", "\r\n\r\ns&\"t\r\n")]
    [InlineData("application/xml", "<a b=\"{token}\"/>", "<a b=\"s&amp;&quot;t\"/>")]
    [InlineData("text/plain", "a {token}", "a s&\"t")]
    public async Task Fields_of_a_form_may_be_typed_as_json_and_a_placeholder_is_escaped_as_the_body_wants_it(string contentType, string body, string sent)
    {
        await using var host = await StartAsync();
        await host.Get<SecretStore>().SetAsync("bot", "s&\"t", Some.Token);
        await using var server = ScriptedServer.Answering(200);

        await host.RunAsync(Step(Type, "call", ("url", server.Url), ("method", "POST"), ("contentType", contentType), ("body", body), ("placeholders", body.Contains('{', StringComparison.Ordinal) ? """{"{token}":"bot"}""" : "")));

        Assert.Contains(sent, Assert.Single(server.Requests).Text);
    }

    [Theory]
    [InlineData("Bearer")]
    [InlineData("ApiKey")]
    public async Task A_secret_that_no_header_can_carry_is_an_incident_that_names_it(string kind)
    {
        await using var host = await StartAsync();
        await host.Get<SecretStore>().SetAsync("crm", "schlüssel-value", Some.Token);

        var instance = await host.RunAsync(Step(Type, "call", ("url", "http://127.0.0.1:1/"), ("authentication", kind), ("secret", "crm")));

        var state = await host.StateAsync(instance.Id);
        Assert.Contains("letters beyond ASCII", state);
        Assert.DoesNotContain("ssel-value", state);
    }

    [Fact]
    public async Task A_body_with_a_secret_is_not_taken_to_another_host_by_a_redirect()
    {
        await using var host = await StartAsync();
        await host.Get<SecretStore>().SetAsync("bot", "s3cret-value", Some.Token);
        await using var elsewhere = ScriptedServer.Answering(200);
        await using var server = new ScriptedServer((_, c) => c.AnswerAsync(307, "", headers: $"Location: {elsewhere.Url}\r\n"));

        var instance = await host.RunAsync(Step(
            Type, "call", ("url", server.Url), ("method", "POST"), ("body", "{token}"), ("contentType", "text/plain"), ("placeholders", """{"{token}":"bot"}"""), ("maxRedirects", 2)));

        Assert.Contains("is not followed: the body holds a secret", await host.StateAsync(instance.Id));
        Assert.Empty(elsewhere.Requests);
    }

    [Theory]
    [InlineData(200, """{"data":{"id":1}}""", "data.id", "Success")]
    [InlineData(200, """{"data":{}}""", "data.id", "Unexpected content")]
    [InlineData(200, """{"items":[{"id":1}]}""", "items.0.id", "Success")]
    [InlineData(204, "", "", "Success")]
    [InlineData(404, "{}", "", "Client error")]
    [InlineData(503, "{}", "", "Server error")]
    [InlineData(302, "{}", "", "Other status")]
    public async Task The_workflow_goes_on_by_the_kind_of_answer(int status, string body, string mustHave, string outcome)
    {
        await using var host = await StartAsync();
        await using var server = ScriptedServer.Answering(status, body);
        var chart = Step("Elsa.Flowchart", "Flowchart1");
        chart["activities"] = new System.Text.Json.Nodes.JsonArray(Step(Type, "call", ("url", server.Url), ("mustHave", mustHave), ("statusCode", Into("A"))), WriteLine("w", "{{ Variables.A }}"));
        chart["connections"] = System.Text.Json.Nodes.JsonNode.Parse($$$"""[{"source":{"activity":"call","port":"{{{outcome}}}"},"target":{"activity":"w","port":"In"}}]""");

        await host.RunAsync(chart);

        Assert.Equal([status.ToString(System.Globalization.CultureInfo.InvariantCulture)], host.Lines);
    }

    [Theory]
    [InlineData(200, """{"id":1}""", "Success", null)]
    [InlineData(200, """{"id":"x"}""", "Unexpected content", "$.id is")]
    [InlineData(200, "text", "Unexpected content", "not JSON")]
    [InlineData(404, "{}", "404", null)]
    [InlineData(410, "{}", "Client error", null)]
    public async Task An_answer_is_held_to_a_schema_and_statuses_may_have_outcomes_of_their_own(int status, string body, string outcome, string? says)
    {
        await using var host = await StartAsync();
        await using var server = ScriptedServer.Answering(status, body);
        var chart = Step("Elsa.Flowchart", "Flowchart1");
        chart["activities"] = new System.Text.Json.Nodes.JsonArray(
            Step(Type, "call", ("url", server.Url), ("schema", """{"type":"object","properties":{"id":{"type":"integer"}},"required":["id"]}"""), ("statusOutcomes", """["404","409"]"""), ("error", Into("A"))),
            WriteLine("w", "{{ Variables.A | default: '-' | raw }}"));
        chart["connections"] = System.Text.Json.Nodes.JsonNode.Parse($$$"""[{"source":{"activity":"call","port":"{{{outcome}}}"},"target":{"activity":"w","port":"In"}}]""");

        await host.RunAsync(chart);

        Assert.Contains(says ?? "-", Assert.Single(host.Lines));
    }

    [Fact]
    public async Task Only_the_statuses_that_are_named_are_repeated_and_an_answer_may_be_no_larger_than_said()
    {
        await using var host = await StartAsync();
        await using var server = ScriptedServer.AnsweringInTurn((503, ""), (404, ""), (200, ""));
        await using var large = ScriptedServer.Answering(200, new string('x', 1001), "text/plain");

        await host.RunAsync(Step(Type, "call", ("url", server.Url), ("attempts", 5), ("retryDelay", "00:00:00"), ("retryOn", "404, 500-599")));
        var faulted = await host.RunAsync(Step(Type, "call", ("url", large.Url), ("maxResponseBytes", 1000)));

        Assert.Equal(3, server.Requests.Count);
        Assert.Equal(WorkflowSubStatus.Faulted, faulted.SubStatus);
        Assert.Contains("larger than 1000 bytes", await host.StateAsync(faulted.Id));
    }

    [Fact]
    public async Task Query_headers_and_attempts_are_honoured()
    {
        await using var host = await StartAsync();
        await using var server = ScriptedServer.AnsweringInTurn((503, "Retry-After: 0\r\n"), (200, ""));

        await host.RunAsync(Step(Type, "call", ("url", server.Url + "/x?a=1"), ("query", """{"q":"ü &","tag":["x","y"]}"""), ("headers", """{"Accept":"application/json"}"""), ("attempts", 3)));

        Assert.Equal(2, server.Requests.Count);
        Assert.All(server.Requests, r => Assert.Equal("/x?a=1&q=%C3%BC%20%26&tag=x&tag=y", r.Target));
        Assert.All(server.Requests, r => Assert.Equal("application/json", r.Header("Accept")));
        Assert.Single(server.Requests.Select(r => r.Header("Idempotency-Key")).Distinct());
    }

    [Fact]
    public async Task A_short_secret_is_masked_like_any_other()
    {
        await using var host = await StartAsync();
        await host.Get<SecretStore>().SetAsync("pin", "4711", Some.Token);
        await using var server = new ScriptedServer((r, c) => c.AnswerAsync(200, JsonSerializer.Serialize(new { r.Target })));

        var instance = await host.RunAsync(Step(Type, "call", ("url", server.Url + "/{pin}/x"), ("placeholders", """{"{pin}":"pin"}"""), ("content", Into("A"))));

        Assert.Equal("/4711/x", Assert.Single(server.Requests).Target);
        Assert.Contains("/***/x", await host.StateAsync(instance.Id));
        Assert.DoesNotContain("4711/x", await host.StateAsync(instance.Id) + JsonSerializer.Serialize(await host.Exchanges.OfInstanceAsync(instance.Id, null, 10, Some.Token)));
    }

    [Fact]
    public async Task While_a_call_is_under_way_its_job_says_what_it_has_come_to()
    {
        await using var host = await StartAsync();
        var (asked, seen) = (0, new TaskCompletionSource());
        await using var server = new ScriptedServer(async (_, c) =>
        {
            if (Interlocked.Increment(ref asked) == 1)
            {
                await c.AnswerAsync(503, "{}", headers: "Retry-After: 0\r\n");
                return;
            }

            await seen.Task;
            await c.AnswerAsync(200, "{}");
        });

        var run = host.RunAsync(Step(Type, "call", ("url", server.Url), ("attempts", 3)));
        string[] lines = [];
        for (var started = TimeProvider.System.GetTimestamp(); lines.Length < 2 && TimeProvider.System.GetElapsedTime(started) < TimeSpan.FromSeconds(30);)
            lines = [.. (await host.Database.QueryAsync(new Storage.Writes.SqlStatement("SELECT text FROM job_log ORDER BY line"), Some.Token)).Rows.Select(r => r[0].AsText!)];
        seen.SetResult();
        await run;

        Assert.Equal(2, lines.Length);
        Assert.StartsWith($"GET {server.Url}/: 503", lines[0], StringComparison.Ordinal);
        Assert.Equal("Attempt 2 of 3 comes in 0.0 s.", lines[1]);
    }

    [Theory]
    [InlineData(0, "The answer is a redirect, and redirects are not followed here (MaxRedirects is 0).")]
    [InlineData(2, "The answer is one more redirect: 2 have been followed, which is as many as may be (MaxRedirects).")]
    public async Task A_redirect_that_is_not_followed_is_said_to_be_one(int most, string says)
    {
        await using var host = await StartAsync();
        await using var server = ScriptedServer.AnsweringInTurn((302, "Location: /again\r\n"));

        var instance = await host.RunAsync(
            Step(Type, "call", ("url", server.Url), ("maxRedirects", most), ("error", Into("A"))),
            WriteLine("w", "{{ Variables.A | raw }}"));

        Assert.Equal(WorkflowSubStatus.Finished, instance.SubStatus);
        Assert.Equal([says], host.Lines);
        Assert.Equal(most + 1, server.Requests.Count);
    }

    [Theory]
    [InlineData("attempts", "0", "1 to 20")]
    [InlineData("timeout", "soon", "soon")]
    [InlineData("maxRedirects", "21", "0 to 20")]
    [InlineData("headers", "[1]", "Headers")]
    [InlineData("query", "{bad", "Query")]
    [InlineData("authentication", "Bearer", "Secret")]
    [InlineData("retryOn", "5xx", "5xx")]
    [InlineData("maxResponseBytes", "0", "MaxResponseBytes")]
    [InlineData("schema", "[1]", "Schema")]
    [InlineData("statusOutcomes", "[\"Not found\"]", "Not found")]
    public async Task Bad_input_is_an_incident_that_names_it(string input, string value, string says)
    {
        await using var host = await StartAsync();

        var instance = await host.RunAsync(Step(Type, "call", ("url", "http://127.0.0.1:1/"), (input, value)));

        Assert.Equal(WorkflowSubStatus.Faulted, instance.SubStatus);
        Assert.Contains(says, await host.StateAsync(instance.Id));
    }

    [Fact]
    public async Task A_missing_secret_is_an_incident_that_names_it()
    {
        await using var host = await StartAsync();

        var instance = await host.RunAsync(Step(Type, "call", ("url", "http://127.0.0.1:1/"), ("authentication", "Bearer"), ("secret", "nope")));

        Assert.Equal(WorkflowSubStatus.Faulted, instance.SubStatus);
        Assert.Contains("nope", await host.StateAsync(instance.Id));
    }

    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}
