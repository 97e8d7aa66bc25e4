using Automation.Steps.Http;
using Automation.Steps.Tests.Support;
using Automation.Testing;

namespace Automation.Steps.Tests.Http;

/// <summary>Answers that never end: each call does.</summary>
public sealed class EndlessAnswerTests
{
    [Fact]
    public async Task A_body_without_a_length_ends_at_the_limit_and_the_connection_with_it()
    {
        var cutOff = new TaskCompletionSource();
        await using var server = new ScriptedServer(async (_, c) =>
        {
            await c.WriteAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
            await WriteForEverAsync(c, "400\r\n" + new string('x', 0x400) + "\r\n", cutOff);
        });

        var result = await Some.Caller().SendAsync(new HttpCall { Url = server.Url, MaxResponseBytes = 100_000, Resilience = new() }, Some.Token);
        await cutOff.Task.WaitAsync(Some.Token);

        Assert.Equal((HttpCallEnd.TooLarge, 1), (result.End, result.Attempts));
        Assert.Contains("100000", result.Error);
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task Headers_without_an_end_are_a_failure()
    {
        var cutOff = new TaskCompletionSource();
        await using var server = new ScriptedServer(async (_, c) =>
        {
            await c.WriteAsync("HTTP/1.1 200 OK\r\n");
            await WriteForEverAsync(c, "X-More: " + new string('x', 1000) + "\r\n", cutOff);
        });

        var result = await Some.Caller().SendAsync(new HttpCall { Url = server.Url }, Some.Token);
        await cutOff.Task.WaitAsync(Some.Token);

        Assert.Equal(HttpCallEnd.FailedToConnect, result.End);
        Assert.Null(result.Answer);
        Assert.NotEmpty(result.Error!);
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", "x")]
    [InlineData("HTTP/1.1 200 OK\r\nX-Slow: ", "x")]
    [InlineData("", "HTTP/1.1 102 Processing\r\n\r\n")]
    public async Task What_drips_is_cut_off_when_its_time_is_over_although_something_always_comes(string beginning, string drop)
    {
        var clock = new ManualClock();
        var (drops, cutOff) = (new SemaphoreSlim(0), new TaskCompletionSource());
        var fell = new SemaphoreSlim(0);
        await using var server = new ScriptedServer(async (_, c) =>
        {
            await c.WriteAsync(beginning);
            try
            {
                while (true)
                {
                    await c.WriteAsync(drop);
                    fell.Release();
                    await drops.WaitAsync(c.Stopped);
                }
            }
            catch (IOException)
            {
                cutOff.TrySetResult();
                throw;
            }
        });

        var calling = Some.Caller(clock).SendAsync(new HttpCall { Url = server.Url, Timeout = TimeSpan.FromSeconds(30) }, Some.Token);
        for (var i = 0; i < 30; i++)
        {
            await fell.WaitAsync(Some.Token);
            Assert.False(calling.IsCompleted);
            clock.Advance(TimeSpan.FromSeconds(1));
            drops.Release();
        }

        var result = await calling;
        Assert.Equal(HttpCallEnd.TimedOut, result.End);
        while (!cutOff.Task.IsCompleted)
        {
            drops.Release();
            await Task.WhenAny(cutOff.Task, fell.WaitAsync(Some.Token));
        }
    }

    private static async Task WriteForEverAsync(ServerConnection connection, string text, TaskCompletionSource cutOff)
    {
        try
        {
            while (true)
                await connection.WriteAsync(text);
        }
        catch (IOException)
        {
            cutOff.TrySetResult();
            throw;
        }
    }
}
