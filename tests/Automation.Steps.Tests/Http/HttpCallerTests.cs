using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Automation.Steps.Http;
using Automation.Steps.Outgoing;
using Automation.Steps.Tests.Support;
using Automation.Testing;

namespace Automation.Steps.Tests.Http;

public sealed class HttpCallerTests
{
    private static readonly HttpResilienceStrategy AtOnce = new() { Delay = TimeSpan.Zero };

    [Fact]
    public async Task An_answer_has_its_status_headers_and_parsed_content()
    {
        await using var server = new ScriptedServer((_, c) => c.AnswerAsync(201, """{"n":7,"list":[1,2]}""", "application/json; charset=utf-8", "X-Reply: zz\r\n"));

        var result = await Some.Caller().SendAsync(new HttpCall { Url = server.Url + "/a?b=c" }, Some.Token);

        Assert.Equal(HttpCallEnd.Answered, result.End);
        Assert.Equal(201, result.Answer!.StatusCode);
        Assert.Equal(["zz"], (List<object?>)result.Answer.Headers["x-reply"]!);
        Assert.False(result.Answer.Headers.ContainsKey("Content-Type"));
        Assert.Equal(["application/json; charset=utf-8"], (List<object?>)result.Answer.ContentHeaders["Content-Type"]!);
        Assert.Equal(7, ((JsonElement)result.Answer.ParseContent()!).GetProperty("n").GetInt32());
        var request = Assert.Single(server.Requests);
        Assert.Equal("GET /a?b=c", $"{request.Method} {request.Target}");
    }

    [Theory]
    [InlineData("plain", "text/plain", "plain")]
    [InlineData("{\"a\":1}", "application/json", "{\"a\":1}")]
    [InlineData("ignored", null, "")]
    public async Task Text_is_sent_as_it_stands_and_only_with_a_content_type(string content, string? contentType, string sent)
    {
        await using var server = ScriptedServer.Answering(200);

        await Some.Caller().SendAsync(new HttpCall { Url = server.Url, Method = "POST", Content = content, ContentType = contentType }, Some.Token);

        var request = Assert.Single(server.Requests);
        Assert.Equal(sent, request.Text);
        Assert.Equal(contentType, request.Header("Content-Type"));
    }

    [Fact]
    public async Task Values_are_sent_in_the_form_that_the_content_type_names()
    {
        await using var server = ScriptedServer.Answering(200);
        var caller = Some.Caller();
        var value = new Dictionary<string, object?> { ["a"] = 1L, ["b"] = "x y", ["c"] = new List<object?> { true, "ü&" } };

        await caller.SendAsync(new HttpCall { Url = server.Url, Method = "post", Content = value, ContentType = "application/x-www-form-urlencoded" }, Some.Token);
        await caller.SendAsync(new HttpCall { Url = server.Url, Method = "PUT", Content = value, ContentType = "application/vnd.x+json" }, Some.Token);
        await caller.SendAsync(new HttpCall { Url = server.Url, Method = "PATCH", Content = new byte[] { 1, 0, 255 }, ContentType = "application/octet-stream" }, Some.Token);

        Assert.Equal(["a=1&b=x+y&c=true&c=%C3%BC%26", """{"a":1,"b":"x y","c":[true,"ü&"]}"""], server.Requests.Take(2).Select(r => r.Text));
        Assert.Equal(new byte[] { 1, 0, 255 }, server.Requests.Last().Body);
        Assert.Equal(["POST", "PUT", "PATCH"], server.Requests.Select(r => r.Method));
    }

    [Fact]
    public async Task Headers_authorization_and_the_idempotency_key_reach_the_server()
    {
        await using var server = ScriptedServer.Answering(200);
        var call = new HttpCall
        {
            Url = server.Url,
            Authorization = "Bearer abc.def",
            IdempotencyKey = "instance/activity/0",
            Headers = new Dictionary<string, object?> { ["X-One"] = "1", ["X-Two"] = new List<object?> { "a", "b" }, ["Accept"] = "application/json" },
        };

        await Some.Caller().SendAsync(call, Some.Token);

        var request = Assert.Single(server.Requests);
        Assert.Equal("Bearer abc.def", request.Header("Authorization"));
        Assert.Equal("instance/activity/0", request.Header("Idempotency-Key"));
        Assert.Equal("1", request.Header("X-One"));
        Assert.Equal("a, b", request.Header("X-Two"));
        Assert.Equal("application/json", request.Header("Accept"));
    }

    [Theory]
    [InlineData("Transfer-Encoding", "chunked")]
    [InlineData("Content-Length", "3")]
    [InlineData("X-A", "b\r\nX-Injected: 1")]
    [InlineData("X A", "b")]
    [InlineData("", "b")]
    public async Task A_header_that_could_break_the_request_is_refused(string name, string value)
    {
        await using var server = ScriptedServer.Answering(200);

        var result = await Some.Caller().SendAsync(new HttpCall { Url = server.Url, Headers = [KeyValuePair.Create(name, (object?)value)] }, Some.Token);

        Assert.Equal(HttpCallEnd.Refused, result.End);
        Assert.Contains("header", result.Error);
        Assert.Empty(server.Requests);
    }

    [Fact]
    public async Task Calls_share_connections()
    {
        await using var server = ScriptedServer.Answering(200);
        var caller = Some.Caller();

        for (var i = 0; i < 50; i++)
            await caller.SendAsync(new HttpCall { Url = server.Url }, Some.Token);

        Assert.Equal(50, server.Requests.Count);
        Assert.Equal(1, server.Connections);
    }

    [Fact]
    public async Task A_refused_connection_is_a_failure_to_connect()
    {
        int port;
        await using (var server = ScriptedServer.Answering(200))
            port = server.Port;

        var result = await Some.Caller().SendAsync(new HttpCall { Url = $"http://127.0.0.1:{port}/" }, Some.Token);

        Assert.Equal(HttpCallEnd.FailedToConnect, result.End);
        Assert.Contains("refused", result.Error);
        Assert.Null(Assert.Single(result.Exchanges).StatusCode);
    }

    [Fact]
    public async Task A_connection_that_breaks_in_the_middle_of_the_body_is_a_failure_and_its_status_is_on_record()
    {
        await using var server = new ScriptedServer(async (_, c) =>
        {
            await c.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\npart");
            c.Reset();
        });

        var result = await Some.Caller().SendAsync(new HttpCall { Url = server.Url }, Some.Token);

        Assert.Equal(HttpCallEnd.FailedToConnect, result.End);
        Assert.Null(result.Answer);
        Assert.Equal(HttpCallEnd.FailedToConnect, Assert.Single(result.Exchanges).End);
    }

    [Fact]
    public async Task A_server_that_speaks_something_else_is_a_failure()
    {
        await using var server = new ScriptedServer(async (_, c) =>
        {
            await c.WriteAsync("220 mail.example ESMTP\r\n\r\n");
            c.Close();
        });

        Assert.Equal(HttpCallEnd.FailedToConnect, (await Some.Caller().SendAsync(new HttpCall { Url = server.Url }, Some.Token)).End);
    }

    [Theory]
    [InlineData("")]
    [InlineData("HTTP/1.1 200 OK\r\nX-Half: ")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")]
    public async Task An_answer_that_is_not_complete_in_time_is_a_timeout(string beginning)
    {
        var clock = new ManualClock();
        var begun = new TaskCompletionSource();
        await using var server = new ScriptedServer(async (_, c) =>
        {
            await c.WriteAsync(beginning);
            begun.SetResult();
            await c.HangAsync();
        });

        var calling = Some.Caller(clock).SendAsync(new HttpCall { Url = server.Url, Timeout = TimeSpan.FromSeconds(30) }, Some.Token);
        await begun.Task;
        clock.Advance(TimeSpan.FromSeconds(29));
        Assert.False(calling.IsCompleted);
        clock.Advance(TimeSpan.FromSeconds(1));
        var result = await calling;

        Assert.Equal(HttpCallEnd.TimedOut, result.End);
        Assert.Contains("00:00:30", result.Error);
        Assert.Equal(TimeSpan.FromSeconds(30), Assert.Single(result.Exchanges).Duration);
    }

    [Fact]
    public async Task Cancellation_reaches_a_call_that_is_under_way()
    {
        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(Some.Token);
        await using var server = new ScriptedServer(async (_, c) =>
        {
            await c.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
            await cancellation.CancelAsync();
            await c.HangAsync();
        });

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Some.Caller().SendAsync(new HttpCall { Url = server.Url, Resilience = AtOnce }, cancellation.Token));
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task An_answer_larger_than_the_limit_is_not_read_to_its_end()
    {
        await using var announced = new ScriptedServer(async (_, c) =>
        {
            await c.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 5000000000\r\n\r\n");
            await c.HangAsync();
        });
        await using var endless = new ScriptedServer(async (_, c) =>
        {
            await c.WriteAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
            while (true)
                await c.WriteAsync("400\r\n" + new string('x', 1024) + "\r\n");
        });

        foreach (var server in new[] { announced, endless })
        {
            var result = await Some.Caller().SendAsync(new HttpCall { Url = server.Url, MaxResponseBytes = 100_000, Resilience = AtOnce }, Some.Token);

            Assert.Equal(HttpCallEnd.TooLarge, result.End);
            Assert.Contains("100000 bytes", result.Error);
            Assert.Equal(200, Assert.Single(result.Exchanges).StatusCode);
        }
    }

    [Fact]
    public async Task A_gzip_bomb_ends_at_the_limit()
    {
        using var packed = new MemoryStream();
        await using (var gzip = new GZipStream(packed, CompressionLevel.Optimal, leaveOpen: true))
        {
            var zeros = new byte[1 << 20];
            for (var i = 0; i < 64; i++)
                await gzip.WriteAsync(zeros, Some.Token);
        }

        await using var server = new ScriptedServer((_, c) => c.AnswerAsync(200, packed.ToArray(), "text/plain", "Content-Encoding: gzip\r\n"));

        var result = await Some.Caller().SendAsync(new HttpCall { Url = server.Url, MaxResponseBytes = 1 << 20 }, Some.Token);

        Assert.Equal(HttpCallEnd.TooLarge, result.End);
        Assert.True(packed.Length < 100_000);
    }

    [Fact]
    public async Task A_compressed_answer_is_unpacked()
    {
        using var packed = new MemoryStream();
        await using (var brotli = new BrotliStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            await brotli.WriteAsync("""{"a":"b"}"""u8.ToArray(), Some.Token);
        await using var server = new ScriptedServer((_, c) => c.AnswerAsync(200, packed.ToArray(), "application/json", "Content-Encoding: br\r\n"));

        var result = await Some.Caller().SendAsync(new HttpCall { Url = server.Url }, Some.Token);

        Assert.Equal("""{"a":"b"}""", Encoding.UTF8.GetString(result.Answer!.Body));
    }

    [Fact]
    public async Task A_certificate_that_nobody_vouches_for_is_a_failure_that_says_so()
    {
        await using var server = new ScriptedServer((_, c) => c.AnswerAsync(200, "{}"), Some.Certificate("127.0.0.1"));

        var result = await Some.Caller().SendAsync(new HttpCall { Url = server.Url }, Some.Token);

        Assert.Equal(HttpCallEnd.FailedToConnect, result.End);
        Assert.Contains("certificate", result.Error);
        Assert.Empty(server.Requests);
    }

    [Fact]
    public async Task TLS_works_where_the_certificate_is_trusted()
    {
        await using var server = new ScriptedServer((_, c) => c.AnswerAsync(200, "{}"), Some.Certificate("127.0.0.1"));

        Assert.Equal(200, (await Some.Caller(trusting: true).SendAsync(new HttpCall { Url = server.Url }, Some.Token)).Answer?.StatusCode);
    }

    [Fact]
    public async Task Without_a_strategy_nothing_is_repeated()
    {
        await using var server = ScriptedServer.Answering(500);

        var result = await Some.Caller().SendAsync(new HttpCall { Url = server.Url }, Some.Token);

        Assert.Equal(500, result.Answer!.StatusCode);
        Assert.Single(result.Exchanges);
    }

    [Fact]
    public async Task A_strategy_repeats_until_an_answer_is_good_with_the_same_key_and_a_record_of_each()
    {
        await using var server = ScriptedServer.AnsweringInTurn((500, ""), (503, ""), (200, ""));

        var result = await Some.Caller().SendAsync(new HttpCall { Url = server.Url, Resilience = AtOnce, IdempotencyKey = "i/a/0" }, Some.Token);

        Assert.Equal(200, result.Answer!.StatusCode);
        Assert.Equal([500, 503, 200], result.Exchanges.Select(e => e.StatusCode));
        Assert.Equal([1, 2, 3], result.Exchanges.Select(e => e.Attempt));
        Assert.Equal([TimeSpan.Zero, TimeSpan.Zero, null], result.Exchanges.Select(e => e.RetryDelay));
        Assert.All(server.Requests, r => Assert.Equal("i/a/0", r.Header("Idempotency-Key")));
    }

    [Fact]
    public async Task A_strategy_gives_up_after_its_attempts()
    {
        await using var server = ScriptedServer.Answering(503);

        var result = await Some.Caller().SendAsync(new HttpCall { Url = server.Url, Resilience = AtOnce with { MaxRetryAttempts = 2 } }, Some.Token);

        Assert.Equal(503, result.Answer!.StatusCode);
        Assert.Equal(3, server.Requests.Count);
    }

    [Fact]
    public async Task A_strategy_does_not_repeat_what_repeating_cannot_help()
    {
        await using var server = ScriptedServer.Answering(404);

        await Some.Caller().SendAsync(new HttpCall { Url = server.Url, Resilience = AtOnce }, Some.Token);
        var refused = await Some.Caller().SendAsync(new HttpCall { Url = "http://10.0.0.1/", Resilience = AtOnce }, Some.Token);

        Assert.Single(server.Requests);
        Assert.Single(refused.Exchanges);
    }

    [Theory]
    [InlineData("Retry-After: 7\r\n", 7)]
    [InlineData("Retry-After: Thu, 15 Jan 2026 12:00:09 GMT\r\n", 9)]
    [InlineData("Retry-After: 100000\r\n", 120)]
    [InlineData("Retry-After: soon\r\n", 1)]
    [InlineData("", 1)]
    public async Task The_wait_is_what_the_answer_asks_for_up_to_a_limit_else_the_strategys(string header, int seconds)
    {
        var clock = new WatchedClock();
        var timeout = TimeSpan.FromHours(1);
        await using var server = ScriptedServer.AnsweringInTurn((429, header), (200, ""));

        var calling = Some.Caller(clock).SendAsync(new HttpCall { Url = server.Url, Resilience = new(), Timeout = timeout }, Some.Token);
        var wait = await clock.NextWaitAsync(except: timeout);
        clock.Advance(wait);
        var result = await calling;

        Assert.Equal(TimeSpan.FromSeconds(seconds), wait);
        Assert.Equal(wait, result.Exchanges[0].RetryDelay);
        Assert.Equal(2, server.Requests.Count);
    }

    [Theory]
    [InlineData(HttpBackoff.Constant, 2, 2, 2)]
    [InlineData(HttpBackoff.Linear, 2, 4, 6)]
    [InlineData(HttpBackoff.Exponential, 2, 4, 8)]
    public void Waits_grow_as_the_backoff_says(HttpBackoff backoff, int first, int second, int third)
    {
        var strategy = new HttpResilienceStrategy { Delay = TimeSpan.FromSeconds(2), BackoffType = backoff };

        Assert.Equal([first, second, third], Enumerable.Range(1, 3).Select(n => (int)strategy.DelayAfter(n, 0.5).TotalSeconds));
        Assert.Equal(1.5, (strategy with { UseJitter = true }).DelayAfter(1, 0).TotalSeconds);
        Assert.Equal(2.5, (strategy with { UseJitter = true }).DelayAfter(1, 1).TotalSeconds);
    }

    [Fact]
    public async Task Redirects_are_the_answer_unless_asked_for()
    {
        await using var server = ScriptedServer.AnsweringInTurn((302, "Location: /next\r\n"), (200, ""));

        var plain = await Some.Caller().SendAsync(new HttpCall { Url = server.Url }, Some.Token);

        Assert.Equal(302, plain.Answer!.StatusCode);
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task A_followed_redirect_to_another_origin_takes_no_credentials_along()
    {
        await using var other = ScriptedServer.Answering(200);
        await using var server = ScriptedServer.AnsweringInTurn((302, "Location: /next\r\n"), (307, $"Location: {other.Url}/there\r\n"));
        var call = new HttpCall
        {
            Url = server.Url, Method = "POST", Content = "x", ContentType = "text/plain", Authorization = "Bearer t", MaxRedirects = 3,
            Headers = new Dictionary<string, object?> { ["X-Api-Key"] = "k", ["X-Plain"] = "p" },
        };

        var result = await Some.Caller().SendAsync(call, Some.Token);

        Assert.Equal(200, result.Answer!.StatusCode);
        Assert.Equal(["POST", "GET"], server.Requests.Select(r => r.Method));
        Assert.Equal("Bearer t", server.Requests.Last().Header("Authorization"));
        var there = Assert.Single(other.Requests);
        Assert.Equal("GET /there", $"{there.Method} {there.Target}");
        Assert.Null(there.Header("Authorization"));
        Assert.Null(there.Header("X-Api-Key"));
        Assert.Equal("p", there.Header("X-Plain"));
    }

    [Fact]
    public async Task Redirects_end_at_their_limit()
    {
        await using var server = ScriptedServer.AnsweringInTurn((301, "Location: /again\r\n"));

        var result = await Some.Caller().SendAsync(new HttpCall { Url = server.Url, MaxRedirects = 4 }, Some.Token);

        Assert.Equal(301, result.Answer!.StatusCode);
        Assert.Equal(5, server.Requests.Count);
    }
}
