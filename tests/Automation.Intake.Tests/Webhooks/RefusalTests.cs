using System.Net;
using System.Text;
using System.Text.Json;
using Automation.Intake.Tests.Support;
using Automation.Storage.Events;
using Automation.Testing;

namespace Automation.Intake.Tests.Webhooks;

public sealed class RefusalTests
{
    private const string Good = """{"event_type":"call_ended","call_id":"c1","timestamp":"2026-01-01T00:00:00Z","data":{}}""";

    public static TheoryData<string, string> Malformed => new()
    {
        { "", "The body is empty" },
        { "   \r\n ", "The body is empty" },
        { "\uFEFF", "The body is empty" },
        { "{", "" },
        { "{\"event_type\":\"x\",}", "" },
        { "{\"event_type\":\"x\"} {}", "" },
        { "{'event_type':'x'}", "" },
        { "// comment\n{\"event_type\":\"x\"}", "" },
        { "{\"event_type\":01}", "" },
        { "{\"event_type\":\"a\tb\"}", "" },
        { "nul", "" },
        { "[", "" },
        { new string('[', 1000) + new string(']', 1000), "depth" },
        { string.Concat(Enumerable.Repeat("{\"a\":", 1000)) + "1" + new string('}', 1000), "depth" },
        { "{\"event_type\":\"\\ud800\"}", "surrogate" },
        { "{\"event_type\":\"x\",\"\\ud800\":1}", "" },
    };

    [Theory]
    [MemberData(nameof(Malformed))]
    public async Task A_body_that_is_not_JSON_is_refused_with_the_place(string body, string reason)
    {
        await using var server = await IntakeServer.StartAsync();

        var problem = await Problem(await server.PostAsync("flyflow", body), HttpStatusCode.BadRequest);

        Assert.Contains(reason, problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        if (problem.TryGetProperty("line", out var line))
            Assert.True(line.GetInt64() >= 1);
        var row = Assert.Single(await server.ListAsync());
        Assert.Equal(EventStatus.Rejected, row.Status);
        Assert.Equal(400, row.Answer);
    }

    [Fact]
    public async Task Broken_JSON_is_told_with_line_and_byte()
    {
        await using var server = await IntakeServer.StartAsync();

        var problem = await Problem(await server.PostAsync("flyflow", "{\n  \"event_type\": \"x\",\n  \"a\" 1\n}"), HttpStatusCode.BadRequest);

        Assert.Equal(3, problem.GetProperty("line").GetInt64());
        Assert.Equal(7, problem.GetProperty("byte").GetInt64());
    }

    [Fact]
    public async Task Invalid_UTF8_is_told_with_line_and_byte()
    {
        await using var server = await IntakeServer.StartAsync();
        byte[] body = [.. "{\n \"event_type\":\""u8, 0xC3, 0x28, .. "\"}"u8];

        var problem = await Problem(await server.PostAsync("flyflow", body), HttpStatusCode.BadRequest);

        Assert.Contains("UTF-8", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Equal(2, problem.GetProperty("line").GetInt64());
        Assert.Equal(16, problem.GetProperty("byte").GetInt64());
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("\"call_ended\"")]
    [InlineData("null")]
    [InlineData("{\"event_type\":null}")]
    [InlineData("{\"event_type\":{\"event_type\":\"x\"}}")]
    [InlineData("{\"event_type\":\"\"}")]
    [InlineData("{\"event_type\":\"x\",\"event_type\":null}")]
    [InlineData("{\"event_type\":\"a\\u0000b\"}")]
    public async Task An_event_without_a_type_is_refused(string body)
    {
        await using var server = await IntakeServer.StartAsync();

        var problem = await Problem(await server.PostAsync("flyflow", body), HttpStatusCode.BadRequest);

        Assert.Contains("type", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Refusals_come_in_the_stated_order()
    {
        await using var server = await IntakeServer.StartAsync(new()
        {
            ["Sources:flyflow:Open"] = "false",
            ["Sources:flyflow:HeaderToken:Values:0"] = "right",
            ["Sources:flyflow:RateLimit"] = "1",
            ["Sources:flyflow:RateWindow"] = "01:00:00",
        });
        var huge = new string('x', 2 * 1024 * 1024);
        (string, string) text = ("Content-Type", "text/plain");

        // Everything is wrong with the first; each next one has one thing less.
        using (var get = new HttpRequestMessage(HttpMethod.Put, "/webhooks/unknown") { Content = new StringContent(huge) })
            await Problem(await server.Client.SendAsync(get, TestContext.Current.CancellationToken), HttpStatusCode.NotFound);
        using (var put = new HttpRequestMessage(HttpMethod.Put, "/webhooks/flyflow") { Content = new StringContent(huge) })
        {
            var response = await server.Client.SendAsync(put, TestContext.Current.CancellationToken);
            Assert.Equal(["POST"], response.Content.Headers.Allow);
            await Problem(response, HttpStatusCode.MethodNotAllowed);
        }

        await Problem(await server.PostAsync("flyflow", huge, text), HttpStatusCode.UnsupportedMediaType);
        await Problem(await server.PostAsync("flyflow", huge), HttpStatusCode.RequestEntityTooLarge);
        await Problem(await server.PostAsync("flyflow", "{", ("X-Webhook-Token", "wrong")), HttpStatusCode.Unauthorized);
        var limited = await server.PostAsync("flyflow", "{", ("X-Webhook-Token", "wrong"));
        Assert.True(limited.Headers.RetryAfter!.Delta > TimeSpan.FromMinutes(55));
        Assert.Equal("1", limited.Headers.GetValues("RateLimit-Limit").Single());
        Assert.Equal("0", limited.Headers.GetValues("RateLimit-Remaining").Single());
        Assert.Equal("3600", limited.Headers.GetValues("RateLimit-Reset").Single());
        await Problem(limited, HttpStatusCode.TooManyRequests);

        Assert.Equal([404, 405, 415, 413, 401, 429], (await server.ListAsync()).Select(e => e.Answer));
        Assert.All(await server.ListAsync(), e => Assert.Equal(EventStatus.Rejected, e.Status));
    }

    [Theory]
    [InlineData("")]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("multipart/form-data; boundary=x")]
    [InlineData("application/json; charset=utf-16")]
    [InlineData("application/jsonx")]
    [InlineData("garbage")]
    public async Task A_wrong_content_type_is_refused(string contentType)
    {
        await using var server = await IntakeServer.StartAsync();

        await Problem(await server.PostAsync("flyflow", Good, ("Content-Type", contentType)), HttpStatusCode.UnsupportedMediaType);
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData("APPLICATION/JSON")]
    [InlineData("application/json;charset=UTF-8")]
    [InlineData("application/json; charset=\"utf-8\"")]
    [InlineData("application/cloudevents+json")]
    public async Task JSON_content_types_are_taken(string contentType)
    {
        await using var server = await IntakeServer.StartAsync();

        Assert.Equal(HttpStatusCode.OK, (await server.PostAsync("flyflow", Good, ("Content-Type", contentType))).StatusCode);
    }

    [Fact]
    public async Task An_encoded_body_is_refused()
    {
        await using var server = await IntakeServer.StartAsync();

        await Problem(await server.PostAsync("flyflow", Good, ("Content-Encoding", "gzip")), HttpStatusCode.UnsupportedMediaType);
    }

    [Theory]
    [InlineData("flyflow/secret/more")]
    [InlineData("nothing")]
    [InlineData("..%2Fflyflow")]
    public async Task An_unknown_path_is_refused(string path)
    {
        await using var server = await IntakeServer.StartAsync();

        await Problem(await server.PostAsync(path, Good), HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task A_chunked_body_over_the_limit_is_refused()
    {
        await using var server = await IntakeServer.StartAsync(new() { ["Sources:flyflow:MaxBodyBytes"] = "1024" });
        using var connection = await server.ConnectAsync();

        await connection.SendAsync("POST /webhooks/flyflow HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n");
        await connection.SendAsync("800\r\n" + new string(' ', 2048) + "\r\n");

        Assert.StartsWith("HTTP/1.1 413 ", await connection.ReceiveAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_that_arrives_in_pieces_is_taken()
    {
        await using var server = await IntakeServer.StartAsync();
        using var connection = await server.ConnectAsync();

        await connection.SendAsync("POST /webhooks/flyflow HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n");
        foreach (var c in Good)
            await connection.SendAsync($"1\r\n{c}\r\n");
        await connection.SendAsync("0\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 200 ", await connection.ReceiveAsync(), StringComparison.Ordinal);
        var stored = await server.Events.FindAsync((await server.ListAsync()).Single().Id, TestContext.Current.CancellationToken);
        Assert.Equal(Good, Encoding.UTF8.GetString(stored!.Body));
    }

    [Fact]
    public async Task A_chunked_body_that_stalls_is_refused_and_the_connection_ends()
    {
        await using var server = await IntakeServer.StartAsync(new() { ["BodyTimeout"] = "00:00:00.300" });
        using var connection = await server.ConnectAsync();

        await connection.SendAsync("POST /webhooks/flyflow HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"eve\r\n");
        var answer = await connection.ReceiveAsync();

        Assert.StartsWith("HTTP/1.1 408 ", answer, StringComparison.Ordinal);
        Assert.Contains("Connection: close", answer, StringComparison.Ordinal);
        var row = Assert.Single(await server.ListAsync(EventStatus.Rejected));
        Assert.Equal(408, row.Answer);
        Assert.Equal("{\"eve"u8.ToArray(), (await server.Events.FindAsync(row.Id, TestContext.Current.CancellationToken))!.Body);
        Assert.Equal(HttpStatusCode.OK, (await server.PostAsync("flyflow", Good)).StatusCode);
    }

    [Fact]
    public async Task Kestrels_own_limit_on_slow_bodies_does_not_come_first()
    {
        await using var server = await IntakeServer.StartAsync(
            new() { ["BodyTimeout"] = "00:00:03" },
            kestrel: k => k.Limits.MinRequestBodyDataRate = new Microsoft.AspNetCore.Server.Kestrel.Core.MinDataRate(240, TimeSpan.FromSeconds(1.001)));
        using var connection = await server.ConnectAsync();

        await connection.SendAsync("POST /webhooks/flyflow HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{");

        Assert.Contains("application/problem+json", await connection.ReceiveAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_sender_that_hangs_up_in_the_middle_stores_no_event()
    {
        await using var server = await IntakeServer.StartAsync();
        using var connection = await server.ConnectAsync();

        await connection.SendAsync($"POST /webhooks/flyflow HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {Good.Length}\r\n\r\n{Good[..20]}");
        connection.Abort();

        Assert.Equal(HttpStatusCode.OK, (await server.PostAsync("flyflow", Good)).StatusCode);
        await server.DrainAsync();
        Assert.Single(server.Starter.Starts);
    }

    [Fact]
    public async Task A_broken_chunk_size_is_refused()
    {
        await using var server = await IntakeServer.StartAsync();
        using var connection = await server.ConnectAsync();

        await connection.SendAsync("POST /webhooks/flyflow HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 400 ", await connection.ReceiveAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Headers_without_end_are_refused_and_the_server_goes_on()
    {
        await using var server = await IntakeServer.StartAsync();
        using var connection = await server.ConnectAsync();

        await connection.SendAsync("POST /webhooks/flyflow HTTP/1.1\r\nHost: x\r\nX-Huge: " + new string('h', 100_000) + "\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 431 ", await connection.ReceiveAsync(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await server.PostAsync("flyflow", Good)).StatusCode);
    }

    [Fact]
    public async Task A_refused_request_keeps_headers_without_secrets_and_the_first_4_KiB()
    {
        await using var server = await IntakeServer.StartAsync(new()
        {
            ["Sources:flyflow:Open"] = "false",
            ["Sources:flyflow:HeaderToken:Name"] = "X-Mine",
            ["Sources:flyflow:HeaderToken:Values:0"] = "right",
        });

        await Problem(
            await server.PostAsync("flyflow?token=t0p&a=b", "{" + new string(' ', 10_000) + "}", ("X-Mine", "wrong-s3cret"), ("Authorization", "Bearer s3cret"), ("X-Plain", "shown")),
            HttpStatusCode.Unauthorized);

        var row = await server.Events.FindAsync((await server.ListAsync()).Single().Id, TestContext.Current.CancellationToken);
        Assert.Equal(4096, row!.Body.Length);
        Assert.Equal(10_002, row.Summary.BodySize);
        Assert.DoesNotContain("s3cret", row.Headers, StringComparison.Ordinal);
        Assert.Contains("shown", row.Headers, StringComparison.Ordinal);
        Assert.Equal("?token=***&a=b", row.Query);
    }

    [Fact]
    public async Task Rows_of_refused_requests_are_bounded()
    {
        var clock = new ManualClock();
        await using var server = await IntakeServer.StartAsync(new() { ["RejectedRowsPerSecond"] = "1" }, clock: clock);

        for (var i = 0; i < 30; i++)
            await Problem(await server.PostAsync("nothing", "{}"), HttpStatusCode.NotFound);
        Assert.Equal(10, (await server.ListAsync()).Count);

        clock.Jump(TimeSpan.FromSeconds(2));
        for (var i = 0; i < 30; i++)
            await Problem(await server.PostAsync("nothing", "{}"), HttpStatusCode.NotFound);
        Assert.Equal(12, (await server.ListAsync()).Count);
    }

    [Fact]
    public async Task A_source_without_any_secret_refuses_unless_it_is_open()
    {
        await using var server = await IntakeServer.StartAsync(new() { ["Sources:flyflow:Open"] = "false" });

        var problem = await Problem(await server.PostAsync("flyflow", Good), HttpStatusCode.Unauthorized);

        Assert.Contains("open", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    private static Task<JsonElement> Problem(HttpResponseMessage response, HttpStatusCode status) => ProblemDetails.ReadAsync(response, status);
}
