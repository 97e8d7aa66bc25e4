using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Automation.EndToEnd.Tests.Jobs;
using Automation.Testing;
using static Automation.EndToEnd.Tests.Replies.ReplyWorkflows;

namespace Automation.EndToEnd.Tests.Endpoints;

/// <summary>What endpoints of workflows ask of a request, and what becomes of a request that takes too long.</summary>
public sealed class EndpointRulesTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_policy_is_a_role_and_holds_for_whoever_has_it_or_a_higher_one()
    {
        await using var server = await ServerUnderTest.StartAsync([], directory =>
        {
            Write(directory, "for-operators", Endpoint("for-operators", ("policy", Text("operator"))), Activity("A", "Elsa.WriteHttpResponse", ("content", Text("hello"))));
            Write(directory, "for-nobody", Endpoint("for-nobody", ("policy", Text("no-such-policy"))), Activity("A", "Elsa.WriteHttpResponse", ("content", Text("hello"))));
        });
        using var nobody = new HttpClient { BaseAddress = new Uri(server.Address) };

        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(nobody, "for-operators"));
        foreach (var (role, status) in new[] { ("viewer", HttpStatusCode.Forbidden), ("operator", HttpStatusCode.OK), ("administrator", HttpStatusCode.OK) })
        {
            using var client = await KeyAsync(server, role);
            Assert.Equal(status, await StatusAsync(client, "for-operators"));
            Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(client, "for-nobody"));
        }

        // A key for another part of the server has no role here.
        using var scoped = await KeyAsync(server, "administrator", "events:read");
        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(scoped, "for-operators"));
        Assert.Equal(2, (await server.GetJsonAsync("/api/instances?workflow=for-operators")).GetProperty("totalCount").GetInt64());
    }

    [Fact]
    public async Task Files_come_in_and_go_out_within_their_limits()
    {
        await using var server = await ServerUnderTest.StartAsync([("Automation__Steps__Endpoints__MaxBodyBytes", "5000")], directory =>
        {
            Write(
                directory, "upload",
                Endpoint(
                    "upload", ("supportedMethods", Script("['POST']")), ("fileSizeLimit", Text("100")), ("allowedFileExtensions", Script("['txt', '.csv']")), ("allowedMimeTypes", Script("['text/*']"))),
                Activity("Answer", "Elsa.WriteFileHttpResponse", ("content", Script("getOutputFrom('In', 'Files')[0]"))));
            Write(
                directory, "too-large",
                Endpoint("too-large", ("supportedMethods", Script("['POST']")), ("requestSizeLimit", Text("10"))));
        });
        using var client = new HttpClient { BaseAddress = new Uri(server.Address) };

        using (var echoed = await UploadAsync(client, "upload", "a.csv", "text/csv", "one,two"))
        {
            Assert.Equal((HttpStatusCode.OK, "one,two"), (echoed.StatusCode, await echoed.Content.ReadAsStringAsync(Ct)));
            Assert.Equal(("text/csv", "a.csv"), (echoed.Content.Headers.ContentType!.MediaType, echoed.Content.Headers.ContentDisposition!.FileName));
        }

        foreach (var (name, type, text, status, says) in new[]
        {
            ("a.exe", "text/plain", "x", HttpStatusCode.UnsupportedMediaType, "a.exe"),
            ("a.txt", "image/png", "x", HttpStatusCode.UnsupportedMediaType, "image/png"),
            ("a.txt", "text/plain", new string('x', 101), HttpStatusCode.RequestEntityTooLarge, "100"),
            ("a.txt", "text/plain", new string('x', 6000), HttpStatusCode.RequestEntityTooLarge, "MaxBodyBytes"),
        })
        {
            using var refused = await UploadAsync(client, "upload", name, type, text);
            Assert.Equal(status, refused.StatusCode);
            Assert.Contains(says, await refused.Content.ReadAsStringAsync(Ct), StringComparison.Ordinal);
        }

        using var large = await client.PostAsync("/workflows/too-large", new StringContent("eleven byte", Encoding.UTF8, "text/plain"), Ct);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, large.StatusCode);
        using var cut = await client.PostAsync("/workflows/upload", new StringContent("--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.txt\"\r\n\r\ncut of", Encoding.ASCII, new MediaTypeHeaderValue("multipart/form-data") { Parameters = { new NameValueHeaderValue("boundary", "b") } }), Ct);
        Assert.Equal(HttpStatusCode.BadRequest, cut.StatusCode);
        // What was refused has started nothing.
        Assert.Equal(1, (await server.GetJsonAsync("/api/instances?workflow=upload")).GetProperty("totalCount").GetInt64());
        Assert.Equal(0, (await server.GetJsonAsync("/api/instances?workflow=too-large")).GetProperty("totalCount").GetInt64());
    }

    [Fact]
    public async Task Whoever_waits_too_long_is_told_and_cancelling_hangs_up_on_the_slow_server()
    {
        using var slow = new StalledReceiver();
        await using var server = await ServerUnderTest.StartAsync([("Automation__Steps__Outgoing__AllowedHosts__0", "127.0.0.1")], directory => Write(
            directory, "slow",
            Endpoint("slow", ("requestTimeout", Text("00:00:00.500"))),
            Activity("Call", "Elsa.SendHttpRequest", ("url", Text($"http://{slow.Authority}/"))),
            Activity("Answer", "Elsa.WriteHttpResponse", ("content", Text("never")))));
        using var client = new HttpClient { BaseAddress = new Uri(server.Address) };

        var asking = client.GetAsync("/workflows/slow", Ct);
        using var call = await slow.TakeAsync(Ct);
        using var late = await asking;

        Assert.Equal(HttpStatusCode.GatewayTimeout, late.StatusCode);
        var id = late.Headers.GetValues("X-Workflow-Instance-ID").Single();
        Assert.Contains(id, await late.Content.ReadAsStringAsync(Ct), StringComparison.Ordinal);
        Assert.Equal("Running", (await server.GetJsonAsync("/elsa/api/workflow-instances/" + id)).GetProperty("status").GetString());

        using var cancelled = await server.Api.PostAsync($"/api/instances/{id}/cancel", null, Ct);
        Assert.True(cancelled.IsSuccessStatusCode);
        await StalledReceiver.WaitForHangUpAsync(call, Ct);
        Assert.Equal("Cancelled", (await server.GetJsonAsync("/elsa/api/workflow-instances/" + id)).GetProperty("subStatus").GetString());
        await server.WaitForAsync("/api/jobs?state=Deleted", p => p.GetProperty("jobs").GetArrayLength() == 1);
        await server.WaitForAsync("/api/jobs?state=Processing", p => p.GetProperty("jobs").GetArrayLength() == 0);
    }

    [Fact]
    public async Task Two_servers_on_one_PostgreSQL_serve_the_same_endpoints_and_instances()
    {
        var (connectionString, drop) = await PostgresServer.CreateDatabaseAsync();
        await using (var one = await ServerUnderTest.StartAsync([("ConnectionStrings__Automation", connectionString)], _ => { }))
        await using (var two = await ServerUnderTest.StartAsync([("ConnectionStrings__Automation", connectionString)], _ => { }))
        {
            using var model = JsonDocument.Parse("""
                {"model":{"definitionId":"approve","name":"approve","root":{"id":"s","type":"Elsa.Sequence","version":1,"activities":[
                  {"id":"In","type":"Elsa.HttpEndpoint","version":1,"customProperties":{"canStartWorkflow":true},"path":{"typeName":"String","expression":{"type":"Literal","value":"approve"}}},
                  {"id":"Yes","type":"Elsa.HttpEndpoint","version":1,"path":{"typeName":"String","expression":{"type":"Literal","value":"approve/yes"}}},
                  {"id":"Answer","type":"Elsa.WriteHttpResponse","version":1,"content":{"typeName":"Object","expression":{"type":"Literal","value":"approved"}}}]}},"publish":true}
                """);
            (await one.Api.PostAsJsonAsync("/elsa/api/workflow-definitions", model.RootElement, Ct)).EnsureSuccessStatusCode();
            using var first = new HttpClient { BaseAddress = new Uri(one.Address) };
            using var second = new HttpClient { BaseAddress = new Uri(two.Address) };
            await two.WaitForAsync("/elsa/api/workflow-definitions?versionOptions=Published&searchTerm=approve", p => p.GetProperty("totalCount").GetInt64() == 1);

            // Published on one and called on the other, which learns of it within a second.
            HttpResponseMessage asked;
            while ((asked = await second.GetAsync("/workflows/approve", Ct)).StatusCode == HttpStatusCode.NotFound)
                asked.Dispose();
            var id = asked.Headers.GetValues("X-Workflow-Instance-ID").Single();
            asked.Dispose();

            // Both are asked to go on at once: one does, the other is told that nobody waits any more.
            var answers = await Task.WhenAll(new[] { first, second }.Select(c => c.GetAsync("/workflows/approve/yes?workflowInstanceId=" + id, Ct)));
            Assert.Equal([HttpStatusCode.OK, HttpStatusCode.NotFound], answers.Select(a => a.StatusCode).Order());
            Assert.Equal("approved", await answers.Single(a => a.IsSuccessStatusCode).Content.ReadAsStringAsync(Ct));
            foreach (var answer in answers)
                answer.Dispose();

            (await one.Api.PostAsJsonAsync("/elsa/api/workflow-definitions/approve/retract", new { }, Ct)).EnsureSuccessStatusCode();
            Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(first, "approve"));
            while (await StatusAsync(second, "approve") != HttpStatusCode.NotFound)
                Ct.ThrowIfCancellationRequested();
        }

        await drop();
    }

    private static System.Text.Json.Nodes.JsonObject Endpoint(string path, params (string Name, System.Text.Json.Nodes.JsonNode Value)[] inputs) =>
        Activity("In", "Elsa.HttpEndpoint", [("path", Text(path)), ("canStartWorkflow", true), .. inputs]);

    private static async Task<HttpStatusCode> StatusAsync(HttpClient client, string path)
    {
        using var answer = await client.GetAsync("/workflows/" + path, Ct);
        return answer.StatusCode;
    }

    private static async Task<HttpClient> KeyAsync(ServerUnderTest server, string role, params string[] scopes)
    {
        using var made = await server.Api.PostAsJsonAsync("/api/keys", new { name = $"{role}-{scopes.Length}", role, scopes }, Ct);
        made.EnsureSuccessStatusCode();
        var secret = (await made.Content.ReadFromJsonAsync<JsonElement>(Ct)).GetProperty("secret").GetString();
        var client = new HttpClient { BaseAddress = new Uri(server.Address) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("ApiKey", secret);
        return client;
    }

    private static async Task<HttpResponseMessage> UploadAsync(HttpClient client, string path, string name, string type, string text)
    {
        using var form = new MultipartFormDataContent();
        form.Add(new ByteArrayContent(Encoding.UTF8.GetBytes(text)) { Headers = { ContentType = new MediaTypeHeaderValue(type) } }, "file", name);
        return await client.PostAsync("/workflows/" + path, form, Ct);
    }
}
