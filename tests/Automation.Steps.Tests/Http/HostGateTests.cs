using Automation.Steps.Http;
using Automation.Steps.Tests.Support;
using Automation.Testing;

namespace Automation.Steps.Tests.Http;

public sealed class HostGateTests
{
    [Fact]
    public async Task No_more_calls_at_a_time_than_the_host_is_allowed_and_the_wait_is_on_record()
    {
        var (running, most) = (0, 0);
        var full = new TaskCompletionSource();
        var go = new TaskCompletionSource();
        await using var server = new ScriptedServer(async (_, c) =>
        {
            var now = Interlocked.Increment(ref running);
            InterlockedMax(ref most, now);
            if (now == 2)
                full.TrySetResult();
            await go.Task;
            Interlocked.Decrement(ref running);
            await c.AnswerAsync(200, "{}");
        });
        var caller = Caller(TimeProvider.System, new HttpHostOptions { Host = $"127.0.0.1:{server.Port}", Concurrency = 2 });

        var calls = Enumerable.Range(0, 8).Select(_ => caller.SendAsync(Call(server), Some.Token)).ToList();
        await full.Task;
        go.SetResult();
        var results = await Task.WhenAll(calls);

        Assert.Equal(2, most);
        Assert.All(results, r => Assert.Equal(200, r.Answer?.StatusCode));
        var waited = results.Where(r => r.Exchanges.Count == 2).ToList();
        Assert.Equal(6, waited.Count);
        Assert.All(waited, r => Assert.Equal([HttpCallEnd.HeldBack, HttpCallEnd.Answered], r.Exchanges.Select(e => e.End)));
        Assert.All(waited, r => Assert.Contains("2 times at a time", r.Exchanges[0].Error));
        Assert.All(results, r => Assert.Equal(1, r.Attempts));
    }

    [Fact]
    public async Task A_call_that_gets_no_place_in_time_is_held_back_for_good()
    {
        var clock = new WatchedClock();
        var inside = new TaskCompletionSource();
        await using var server = new ScriptedServer(async (_, c) =>
        {
            inside.TrySetResult();
            await c.HangAsync();
        });
        var patience = TimeSpan.FromSeconds(7);
        var caller = Caller(clock, new HttpHostOptions { Concurrency = 1, MaxWait = patience });
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Some.Token);
        var first = caller.SendAsync(Call(server), stop.Token);
        await inside.Task;

        var second = caller.SendAsync(Call(server), Some.Token);
        while (await clock.NextWaitAsync(except: TimeSpan.Zero) != patience)
        {
        }

        clock.Advance(patience);

        var result = await second;
        Assert.Equal(HttpCallEnd.HeldBack, result.End);
        Assert.Contains("no place within", result.Error);
        Assert.Single(server.Requests);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
    }

    [Fact]
    public async Task Calls_go_out_no_faster_than_the_host_is_allowed()
    {
        var clock = new WatchedClock();
        await using var server = ScriptedServer.Answering(200);
        var caller = Caller(clock, new HttpHostOptions { Host = "127.0.0.1", Calls = 2, Per = TimeSpan.FromSeconds(10), MaxWait = TimeSpan.FromSeconds(10) });
        var attempt = new HttpOptions().Timeout;

        await caller.SendAsync(Call(server), Some.Token);
        clock.Advance(TimeSpan.FromSeconds(4));
        await caller.SendAsync(Call(server), Some.Token);
        var third = caller.SendAsync(Call(server), Some.Token);
        Assert.Equal(TimeSpan.FromSeconds(6), await clock.NextWaitAsync(except: attempt));
        var fourth = caller.SendAsync(Call(server), Some.Token);
        Assert.Equal(TimeSpan.FromSeconds(10), await clock.NextWaitAsync(except: attempt));
        var fifth = await caller.SendAsync(Call(server), Some.Token);

        Assert.Equal(HttpCallEnd.HeldBack, fifth.End);
        Assert.Equal(2, server.Requests.Count);
        clock.Advance(TimeSpan.FromSeconds(6));
        Assert.Equal(200, (await third).Answer?.StatusCode);
        Assert.Equal(3, server.Requests.Count);
        clock.Advance(TimeSpan.FromSeconds(4));
        Assert.Equal(200, (await fourth).Answer?.StatusCode);
    }

    [Fact]
    public async Task A_host_that_fails_is_left_alone_until_the_circuit_closes_again()
    {
        var clock = new WatchedClock();
        var status = 500;
        await using var server = new ScriptedServer((_, c) => c.AnswerAsync(status, "{}"));
        await using var other = ScriptedServer.Answering(200);
        var caller = Caller(clock, new HttpHostOptions { MinimumCalls = 4, FailureRatio = 0.5, Break = TimeSpan.FromSeconds(20) });

        for (var i = 0; i < 4; i++)
            await caller.SendAsync(Call(server), Some.Token);
        var held = await caller.SendAsync(Call(server), Some.Token);

        Assert.Equal(HttpCallEnd.HeldBack, held.End);
        Assert.Contains("circuit is open", Assert.Single(held.Exchanges).Error);
        Assert.Equal(4, server.Requests.Count);
        Assert.Equal(200, (await caller.SendAsync(Call(other), Some.Token)).Answer?.StatusCode);
        // What keeps limits of its own is not held.
        Assert.Equal(500, (await caller.SendAsync(new HttpCall { Url = server.Url }, Some.Token)).Answer?.StatusCode);

        status = 200;
        clock.Advance(TimeSpan.FromSeconds(20));
        Assert.Equal(200, (await caller.SendAsync(Call(server), Some.Token)).Answer?.StatusCode);
        Assert.Equal(200, (await caller.SendAsync(Call(server), Some.Token)).Answer?.StatusCode);
    }

    [Fact]
    public async Task A_call_with_attempts_left_waits_for_the_circuit()
    {
        var clock = new WatchedClock();
        var status = 503;
        await using var server = new ScriptedServer((_, c) => c.AnswerAsync(status, "{}"));
        var caller = Caller(clock, new HttpHostOptions { MinimumCalls = 2, FailureRatio = 0.5, Break = TimeSpan.FromSeconds(20) });
        await caller.SendAsync(Call(server), Some.Token);
        await caller.SendAsync(Call(server), Some.Token);
        status = 200;

        var call = caller.SendAsync(Call(server) with { Resilience = new HttpResilienceStrategy { Delay = TimeSpan.FromSeconds(1) } }, Some.Token);
        while (await clock.NextWaitAsync(except: new HttpOptions().Timeout) != TimeSpan.FromSeconds(20))
        {
        }

        clock.Advance(TimeSpan.FromSeconds(20));

        var result = await call;
        Assert.Equal([HttpCallEnd.HeldBack, HttpCallEnd.Answered], result.Exchanges.Select(e => e.End));
        Assert.Equal(TimeSpan.FromSeconds(20), result.Exchanges[0].RetryDelay);
    }

    [Fact]
    public async Task Calls_that_wait_for_a_host_leave_their_workers_to_calls_to_others()
    {
        var (running, most) = (0, 0);
        var (slowIsIn, go) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var narrow = new ScriptedServer(async (_, c) =>
        {
            InterlockedMax(ref most, Interlocked.Increment(ref running));
            slowIsIn.TrySetResult();
            await go.Task;
            Interlocked.Decrement(ref running);
            await c.AnswerAsync(200, "{}");
        });
        await using var other = ScriptedServer.Answering(200);
        await using var host = await StepsHost.StartAsync(settings:
        [
            ("Automation:Jobs:WorkerCount", "2"), ("Automation:Steps:Http:Hosts:0:Host", $"127.0.0.1:{narrow.Port}"),
            ("Automation:Steps:Http:Hosts:0:Concurrency", "1"), ("Automation:Steps:Http:Hosts:0:MaxWait", "00:10:00"),
        ]);
        var (toNarrow, toOther) = (await host.PublishAsync(StepsHost.Step(CallHttp.Type, "Call", ("url", narrow.Url))), await host.PublishAsync(StepsHost.Step(CallHttp.Type, "Call", ("url", other.Url))));

        var waiting = Enumerable.Range(0, 101).Select(_ => host.RunPublishedAsync(toNarrow)).ToList();
        await slowIsIn.Task;
        // A hundred calls wait behind the slow one and there are two workers: these would never end if a wait kept one.
        for (var i = 0; i < 3; i++)
            await host.RunPublishedAsync(toOther);

        Assert.Equal(3, other.Requests.Count);
        Assert.Single(narrow.Requests);
        go.SetResult();
        await Task.WhenAll(waiting);
        Assert.Equal(101, narrow.Requests.Count);
        Assert.Equal(101, narrow.Requests.Select(r => r.Headers["Idempotency-Key"]).Distinct().Count());
        Assert.Equal(1, most);
    }

    [Theory]
    [InlineData("*", "https://a.example/", true)]
    [InlineData("api.example.org", "https://API.example.org./x", true)]
    [InlineData("api.example.org", "https://x.api.example.org/", false)]
    [InlineData("*.example.org", "https://x.api.example.org/", true)]
    [InlineData("*.example.org", "https://example.org/", false)]
    [InlineData("localhost:8080", "http://localhost:8080/", true)]
    [InlineData("localhost:8080", "http://localhost:8081/", false)]
    public void An_entry_is_about_the_hosts_that_it_names(string host, string url, bool covers) =>
        Assert.Equal(covers, new HttpHostOptions { Host = host }.Covers(new Uri(url)));

    private static HttpCall Call(ScriptedServer server) => new() { Url = server.Url, KeepsHostLimits = true };

    private static HttpCaller Caller(TimeProvider clock, HttpHostOptions host) => Some.Caller(clock, new HttpOptions { Hosts = [host] });

    private static void InterlockedMax(ref int target, int value)
    {
        int seen;
        while ((seen = Volatile.Read(ref target)) < value && Interlocked.CompareExchange(ref target, value, seen) != seen)
        {
        }
    }
}
