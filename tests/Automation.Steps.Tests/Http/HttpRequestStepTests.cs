using System.Text.Json.Nodes;
using Automation.Steps.Http;
using Automation.Steps.Tests.Support;
using Automation.Storage;
using Automation.Workflows.Execution;
using static Automation.Steps.Tests.Support.StepsHost;

namespace Automation.Steps.Tests.Http;

public sealed class HttpRequestStepTests
{
    [Theory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task A_request_gives_its_outputs_and_leaves_a_record_under_instance_activity_and_job(DatabaseProvider provider)
    {
        await using var host = await StartAsync(provider);
        await using var server = new ScriptedServer((r, c) => c.AnswerAsync(200, $$"""{"echo":{{r.Text}}}""", headers: "X-Reply: zz\r\nX-Seen: topsecret\r\n"));

        var instance = await host.RunAsync(
            Step("Elsa.SendHttpRequest", "req", ("url", server.Url + "/orders"), ("method", "POST"), ("contentType", "application/json"), ("content", new { a = new object[] { 1, "x" } }), ("authorization", "Bearer topsecret"),
                ("parsedContent", Into("A")), ("statusCode", Into("B")), ("responseHeaders", Into("C"))),
            WriteLine("w", "{{ Variables.B }} {{ Variables.A.echo.a[1] }} {{ Variables.C['X-Reply'][0] }}"));

        Assert.Equal(WorkflowSubStatus.Finished, instance.SubStatus);
        Assert.Equal(["200 x zz"], host.Lines);
        var request = Assert.Single(server.Requests);
        Assert.Equal("""{"a":[1,"x"]}""", request.Text);
        Assert.Equal("Bearer topsecret", request.Header("Authorization"));
        var kept = Assert.Single(await host.Exchanges.OfInstanceAsync(instance.Id, null, 10, Some.Token));
        Assert.Equal(200, kept.Exchange.StatusCode);
        Assert.Equal(request.Header("Idempotency-Key"), kept.Exchange.IdempotencyKey);
        Assert.Equal($"{instance.Id}/{kept.Owner.ActivityExecutionId}/1", kept.Exchange.IdempotencyKey);
        Assert.DoesNotContain("topsecret", kept.Exchange.RequestHeaders);
        Assert.DoesNotContain("topsecret", kept.Exchange.ResponseHeaders);
        Assert.Equal(kept, Assert.Single(await host.Exchanges.OfJobAsync(kept.Owner.JobId!.Value, null, 10, Some.Token)));
        Assert.Equal(kept, Assert.Single(await host.Exchanges.OfActivityExecutionAsync(kept.Owner.ActivityExecutionId, null, 10, Some.Token)));
    }

    [Theory]
    [InlineData(200, "200", "ok")]
    [InlineData(404, "Unmatched status code", "un")]
    public async Task The_flowchart_form_goes_on_by_status(int status, string port, string line)
    {
        await using var host = await StartAsync();
        await using var server = ScriptedServer.Answering(status);

        await host.RunAsync(Flowchart(Step("Elsa.FlowSendHttpRequest", "req", ("url", server.Url)), (port, line), ("Done", "done")));

        Assert.Equal([line, "done"], host.Lines);
    }

    [Fact]
    public async Task No_connection_and_no_answer_in_time_have_outcomes_of_their_own()
    {
        await using var host = await StartAsync(settings: ("Automation:Steps:Http:Timeout", "00:00:00.200"));
        await using var silent = new ScriptedServer((_, c) => c.HangAsync());
        int port;
        await using (var gone = ScriptedServer.Answering(200))
            port = gone.Port;

        await host.RunAsync(Flowchart(Step("Elsa.FlowSendHttpRequest", "req", ("url", $"http://127.0.0.1:{port}/")), ("Failed to connect", "fail"), ("Timeout", "to"), ("Done", "done")));
        var second = await host.RunAsync(Flowchart(Step("Elsa.FlowSendHttpRequest", "req", ("url", silent.Url)), ("Failed to connect", "fail"), ("Timeout", "to"), ("Done", "done")));

        Assert.Equal(["fail", "to"], host.Lines);
        Assert.Equal(HttpCallEnd.TimedOut, Assert.Single(await host.Exchanges.OfInstanceAsync(second.Id, null, 10, Some.Token)).Exchange.End);
    }

    [Theory]
    [InlineData("http://169.254.169.254/latest/meta-data/", "Automation:Steps:Outgoing:AllowedHosts")]
    [InlineData("not a url", "not a url")]
    public async Task A_refused_call_is_an_incident_that_says_why_and_is_on_record(string url, string says)
    {
        await using var host = await StartAsync();

        var instance = await host.RunAsync(Step("Elsa.SendHttpRequest", "req", ("url", url)));

        Assert.Equal(WorkflowSubStatus.Faulted, instance.SubStatus);
        var kept = Assert.Single(await host.Exchanges.OfInstanceAsync(instance.Id, null, 10, Some.Token));
        Assert.Equal(HttpCallEnd.Refused, kept.Exchange.End);
        Assert.Contains(says, kept.Exchange.Error);
    }

    [Fact]
    public async Task A_strategy_by_id_or_given_whole_repeats_with_the_same_key()
    {
        await using var host = await StartAsync(
            DatabaseProvider.Sqlite,
            ("Automation:Steps:Http:ResilienceStrategies:0:Id", "quick"), ("Automation:Steps:Http:ResilienceStrategies:0:Delay", "00:00:00"));
        await using var server = ScriptedServer.AnsweringInTurn((503, ""), (200, ""), (500, ""), (429, ""), (200, ""));
        var byId = Step("Elsa.SendHttpRequest", "r1", ("url", server.Url), ("statusCode", Into("A")));
        byId["customProperties"] = new JsonObject { ["resilienceStrategy"] = new JsonObject { ["mode"] = "Identifier", ["strategyId"] = "quick" } };
        var whole = Step("Elsa.SendHttpRequest", "r2", ("url", server.Url), ("statusCode", Into("B")));
        whole["customProperties"] = new JsonObject
        {
            ["resilienceStrategy"] = new JsonObject
            {
                ["mode"] = "Expression",
                ["expression"] = new JsonObject { ["type"] = "Object", ["value"] = """{"maxRetryAttempts":2,"delay":"00:00:00","backoffType":"Constant"}""" },
            },
        };

        var instance = await host.RunAsync(byId, whole, WriteLine("w", "{{ Variables.A }} {{ Variables.B }}"));

        Assert.Equal(["200 200"], host.Lines);
        Assert.Equal([503, 200, 500, 429, 200], (await host.Exchanges.OfInstanceAsync(instance.Id, null, 10, Some.Token)).Select(e => e.Exchange.StatusCode));
        Assert.Equal([2, 3], server.Requests.GroupBy(r => r.Header("Idempotency-Key")).Select(g => g.Count()));
    }

    [Fact]
    public async Task An_unknown_strategy_is_named()
    {
        await using var host = await StartAsync();
        var request = Step("Elsa.SendHttpRequest", "r1", ("url", "http://127.0.0.1:1/"));
        request["customProperties"] = new JsonObject { ["resilienceStrategy"] = new JsonObject { ["mode"] = "Identifier", ["strategyId"] = "nope" } };

        var instance = await host.RunAsync(request);

        Assert.Equal(WorkflowSubStatus.Faulted, instance.SubStatus);
        Assert.Empty(await host.Exchanges.OfInstanceAsync(instance.Id, null, 10, Some.Token));
    }

    [Fact]
    public async Task The_records_go_with_their_instance()
    {
        await using var host = await StartAsync();
        await using var server = ScriptedServer.Answering(200);
        var id = await host.PublishAsync(Step("Elsa.SendHttpRequest", "req", ("url", server.Url)));
        var instance = await host.RunPublishedAsync(id);
        Assert.Single(await host.Exchanges.OfInstanceAsync(instance.Id, null, 10, Some.Token));

        await host.Get<Automation.Workflows.Management.WorkflowDefinitionManager>().DeleteAsync(id, Some.Token);

        Assert.Empty(await host.Exchanges.OfInstanceAsync(instance.Id, null, 10, Some.Token));
    }

    [Fact]
    public async Task A_download_gives_its_bytes()
    {
        await using var host = await StartAsync();
        await using var server = ScriptedServer.Answering(200, "plain text", "text/plain");

        await host.RunAsync(
            Step("Elsa.DownloadHttpFile", "dl", ("url", server.Url), ("statusCode", Into("A")), ("responseContentBytes", Into("B"))),
            WriteLine("w", "{{ Variables.A }} {{ Variables.B }}"));

        Assert.Equal(["200 cGxhaW4gdGV4dA=="], host.Lines);
    }

    [Fact]
    public async Task What_a_download_gives_as_its_stream_can_be_sent_on()
    {
        await using var host = await StartAsync();
        byte[] content = [0, 255, 1, 254];
        await using var server = new ScriptedServer((r, c) => r.Method == "GET" ? c.AnswerAsync(200, content, "application/octet-stream", "") : c.AnswerAsync(200, "{}"));
        var upload = Step("Elsa.SendHttpRequest", "up", ("url", server.Url), ("method", "POST"), ("contentType", "application/octet-stream"));
        upload["content"] = new JsonObject { ["typeName"] = "Object", ["expression"] = new JsonObject { ["type"] = "JavaScript", ["value"] = "getA()" } };

        await host.RunAsync(Step("Elsa.DownloadHttpFile", "dl", ("url", server.Url), ("responseContentStream", Into("A"))), upload);

        Assert.Equal(content, server.Requests.Single(r => r.Method == "POST").Body);
    }

    [Theory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task A_downloaded_file_is_kept_beside_its_instance_and_can_be_sent_on(DatabaseProvider provider)
    {
        await using var host = await StartAsync(provider);
        byte[] content = [0, 1, 2, 255, 254, .. Enumerable.Repeat((byte)7, 50_000)];
        await using var server = new ScriptedServer((r, c) => r.Method == "GET"
            ? c.AnswerAsync(200, content, "application/pdf", "Content-Disposition: attachment; filename=\"../in voice.pdf\"\r\nX-Reply: zz\r\n")
            : c.AnswerAsync(200, "{}"));
        var upload = Step("Elsa.SendHttpRequest", "up", ("url", server.Url), ("method", "POST"), ("contentType", "application/pdf"));
        upload["content"] = new JsonObject { ["typeName"] = "Object", ["expression"] = new JsonObject { ["type"] = "JavaScript", ["value"] = "getA()" } };
        var id = await host.PublishAsync(
            Step("Elsa.DownloadHttpFile", "dl", ("url", server.Url + "/some/path"), ("result", Into("A")), ("response", Into("B"))),
            WriteLine("w", "{{ Variables.A.filename }} {{ Variables.A.contentType }} {{ Variables.A.length }} {{ Variables.B.statusCode }} {{ Variables.B.headers['X-Reply'][0] }}"),
            upload);

        var instance = await host.RunPublishedAsync(id);

        Assert.Equal(["in voice.pdf application/pdf 50005 200 zz"], host.Lines);
        Assert.Equal(content, server.Requests.Single(r => r.Method == "POST").Body);
        var files = new Storage.Writes.SqlStatement("SELECT content FROM workflow_files WHERE instance_id = $1");
        Assert.Equal(content, Assert.Single((await host.Database.QueryAsync(files, Some.Token, instance.Id)).Rows)[0].AsBlob);
        await host.Get<Automation.Workflows.Management.WorkflowDefinitionManager>().DeleteAsync(id, Some.Token);
        Assert.Equal(0, (await host.Database.QueryAsync(files, Some.Token, instance.Id)).Count);
    }

    private static JsonObject Flowchart(JsonObject first, params (string Port, string Line)[] branches)
    {
        var chart = Step("Elsa.Flowchart", "Flowchart1");
        chart["activities"] = new JsonArray([first, .. branches.Select(b => WriteLine(b.Line, b.Line))]);
        chart["connections"] = new JsonArray([.. branches.Select(b => new JsonObject
        {
            ["source"] = new JsonObject { ["activity"] = "req", ["port"] = b.Port },
            ["target"] = new JsonObject { ["activity"] = b.Line, ["port"] = "In" },
        })]);
        return chart;
    }
}
