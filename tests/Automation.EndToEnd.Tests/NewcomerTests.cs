using System.Diagnostics;
using System.Net;

namespace Automation.EndToEnd.Tests;

/// <summary>What somebody new does in the first five minutes.</summary>
public sealed class NewcomerTests
{
    [Fact]
    public async Task A_sample_that_is_sent_is_stored_routed_run_and_seen()
    {
        await using var server = await ServerUnderTest.StartAsync();

        var (code, output) = await RunAsync("send", "flyflow", "call_ended", "--url", server.Address);

        Assert.Equal(0, code);
        Assert.Contains("200 OK", output, StringComparison.Ordinal);
        Assert.Contains("""{"status":"success"}""", output, StringComparison.Ordinal);
        var page = await server.WaitForAsync("/api/events?type=call_ended", p => p.GetProperty("items")[0].GetProperty("status").GetString() == "Routed");
        var found = await server.GetJsonAsync("/api/events/" + page.GetProperty("items")[0].GetProperty("id").GetString());
        var start = Assert.Single(found.GetProperty("starts").EnumerateArray());
        Assert.Equal("call-ended", start.GetProperty("definitionId").GetString());
        Assert.Contains(found.GetProperty("rules").EnumerateArray(), r => r.GetProperty("matches").GetBoolean());

        // The call was long enough, so its transcript was fetched and its summary posted by background jobs; both other sides are
        // this server.
        var instance = await server.WaitForAsync(
            "/api/instances/" + start.GetProperty("instanceId").GetString(), i => i.GetProperty("instance").GetProperty("subStatus").GetString() == "Finished");
        var exchanges = instance.GetProperty("httpExchanges").EnumerateArray().Select(e => e.GetProperty("exchange")).ToList();
        Assert.Equal(["GET", "POST"], exchanges.Select(e => e.GetProperty("method").GetString()));
        Assert.All(exchanges, e => Assert.Equal(200, e.GetProperty("statusCode").GetInt32()));
        Assert.All(exchanges, e => Assert.NotNull(e.GetProperty("idempotencyKey").GetString()));
        await server.WaitForAsync("/api/events?source=inbox&type=call.summary", p => p.GetProperty("items").GetArrayLength() == 1);
    }

    [Fact]
    public async Task A_sample_that_is_not_known_or_a_server_that_is_not_there_is_told_in_a_sentence()
    {
        var (unknown, sentence) = await RunAsync("send", "flyflow", "call_begun");
        var (away, message) = await RunAsync("send", "flyflow", "call_ended", "--url", "http://127.0.0.1:9");
        var (listed, names) = await RunAsync("send", "flyflow");

        Assert.Equal((2, 3, 0), (unknown, away, listed));
        Assert.Contains("Flyflow has no sample \"call_begun\". There are: call_started, tool_call, tool_call (lookup_order), tool_call (book_appointment), tool_call (open_ticket), tool_call (request_callback), call_ended.", sentence, StringComparison.Ordinal);
        Assert.Contains("Is the server running?", message, StringComparison.Ordinal);
        Assert.Contains("tool_call", names, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_event_from_fifty_connections_starts_one_instance_and_every_answer_is_2xx()
    {
        await using var server = await ServerUnderTest.StartAsync(("Logging__LogLevel__Default", "Warning"));
        const string json = """{"event_type":"tool_call","call_id":"same","timestamp":"2026-01-01T00:00:00Z","data":{"tool_name":"other"}}""";

        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Task.Run(async () =>
        {
            var statuses = new List<(HttpStatusCode, string)>();
            for (var i = 0; i < 20; i++)
            {
                using var answer = await server.PostAsync("flyflow", json);
                statuses.Add((answer.StatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)));
            }

            return statuses;
        })));

        Assert.All(answers.SelectMany(a => a), a => Assert.Equal((HttpStatusCode.OK, """{"status":"success"}"""), a));
        await server.WaitForAsync("/api/events?status=Routed", p => p.GetProperty("items").GetArrayLength() == 1);
        var instances = await server.GetJsonAsync("/api/instances?workflow=tool-call");
        Assert.Equal(1, instances.GetProperty("totalCount").GetInt64());
    }

    [Fact]
    public async Task Without_a_key_everything_but_webhooks_and_health_is_closed()
    {
        await using var server = await ServerUnderTest.StartAsync();
        using var anonymous = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = new Uri(server.Address) };
        var token = TestContext.Current.CancellationToken;

        foreach (var path in new[] { "/api/events", "/api/instances", "/api/events/x", "/elsa/api/workflow-definitions" })
        {
            using var refused = await anonymous.GetAsync(new Uri(path, UriKind.Relative), token);
            Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        }

        foreach (var path in new[] { "/", "/events", "/instances", "/live", "/nowhere" })
        {
            using var redirected = await anonymous.GetAsync(new Uri(path, UriKind.Relative), token);
            Assert.Equal(HttpStatusCode.Redirect, redirected.StatusCode);
            Assert.StartsWith("/sign-in", redirected.Headers.Location!.IsAbsoluteUri ? redirected.Headers.Location.AbsolutePath : redirected.Headers.Location.ToString(), StringComparison.Ordinal);
        }

        using var ready = await anonymous.GetAsync(new Uri("/healthz/ready", UriKind.Relative), token);
        Assert.Equal(HttpStatusCode.OK, ready.StatusCode);
        using var wrong = new HttpRequestMessage(HttpMethod.Get, new Uri("/api/events", UriKind.Relative));
        wrong.Headers.TryAddWithoutValidation("Authorization", "ApiKey something-else-entirely");
        using var answer = await anonymous.SendAsync(wrong, token);
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    public async Task A_stop_is_graceful_and_the_next_start_finds_everything()
    {
        await using var server = await ServerUnderTest.StartAsync();
        using (await server.PostAsync("flyflow", """{"event_type":"tool_call","call_id":"kept","timestamp":"2026-01-01T00:00:00Z","data":{"tool_name":"other"}}"""))
        {
        }

        Assert.Equal(0, await server.StopAsync());
        await server.StartProcessAsync();

        var events = await server.GetJsonAsync("/api/events?correlationId=kept");
        Assert.Equal(1, events.GetProperty("items").GetArrayLength());
    }

    [Theory]
    [InlineData("Automation__Jobs__WorkerCount", "0", "Automation:Jobs:WorkerCount is \"0\"; allowed is 1 to 1000.")]
    [InlineData("Automation__Worflows__Directory", "x", "Automation:Worflows is not a setting. Did you mean Workflows?")]
    public async Task A_wrong_setting_stops_the_start_with_key_value_and_range(string name, string value, string expected)
    {
        var failure = await Assert.ThrowsAsync<InvalidOperationException>(() => ServerUnderTest.StartAsync((name, value)));

        Assert.Contains(expected, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_listens_beyond_loopback_refuses_open_sources()
    {
        var failure = await Assert.ThrowsAsync<InvalidOperationException>(() => ServerUnderTest.StartAsync(("ASPNETCORE_URLS", ""), ("Kestrel__Endpoints__Public__Url", "http://0.0.0.0:0")));

        Assert.Contains("AllowOpenSources", failure.Message, StringComparison.Ordinal);
    }

    internal static async Task<(int Code, string Output)> RunAsync(params string[] arguments)
    {
        var info = new ProcessStartInfo("dotnet", [ServerUnderTest.Program, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        using var process = Process.Start(info)!;
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, await output + await errors);
    }
}
