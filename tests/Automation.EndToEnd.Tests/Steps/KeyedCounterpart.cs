using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace Automation.EndToEnd.Tests.Steps;

/// <summary>
/// A service that honours idempotency keys: what is asked for under a key happens once, and is answered the same way again.
/// It can keep callers waiting, before or after it has done what they asked for.
/// </summary>
internal sealed class KeyedCounterpart : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentDictionary<string, bool> _done = new(StringComparer.Ordinal);
    private volatile Round _round = new(int.MaxValue, 0);

    private KeyedCounterpart(WebApplication app) => _app = app;

    public string Url { get; private set; } = "";

    /// <summary>What happened: each time that something was done, by what was asked for.</summary>
    public ConcurrentQueue<string> Effects { get; } = [];

    /// <summary>The keys under which each thing was asked for.</summary>
    public ConcurrentDictionary<string, ConcurrentDictionary<string, bool>> Keys { get; } = new(StringComparer.Ordinal);

    public static async Task<KeyedCounterpart> StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0));
        var counterpart = new KeyedCounterpart(builder.Build());
        counterpart._app.Run(counterpart.ServeAsync);
        await counterpart._app.StartAsync();
        counterpart.Url = counterpart._app.Urls.Single() + "/work";
        return counterpart;
    }

    /// <summary>Begins a round in which so many are answered and all others kept waiting.</summary>
    /// <returns>Ends when so many different keys have been seen in it.</returns>
    public Task BeginRound(int expected, int answered)
    {
        var round = new Round(expected, answered);
        _round = round;
        return round.AllSeen.Task;
    }

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource(TimeSpan.Zero);
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }

    private async Task ServeAsync(HttpContext context)
    {
        var round = _round;
        var key = context.Request.Headers["Idempotency-Key"].ToString();
        using var reader = new StreamReader(context.Request.Body);
        var what = await reader.ReadToEndAsync(context.RequestAborted);
        Keys.GetOrAdd(what, _ => new(StringComparer.Ordinal))[key] = true;
        var number = round.Count(key);
        var isAnswered = number <= round.Answered;
        // Of those that are kept waiting, every second has been done already.
        if ((isAnswered || number % 2 == 0) && _done.TryAdd(key, value: true))
            Effects.Enqueue(what);
        if (number == round.Expected)
            round.AllSeen.TrySetResult();
        if (!isAnswered)
            await Task.Delay(Timeout.InfiniteTimeSpan, context.RequestAborted);
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(string.Create(CultureInfo.InvariantCulture, $$"""{"done":{{what}}}"""), context.RequestAborted);
    }

    private sealed class Round(int expected, int answered)
    {
        private readonly ConcurrentDictionary<string, int> _numbers = new(StringComparer.Ordinal);
        private int _last;

        public int Expected => expected;

        public int Answered => answered;

        public TaskCompletionSource AllSeen { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>The number of a key among those of the round, from 1.</summary>
        public int Count(string key) => _numbers.TryGetValue(key, out var known) ? known : _numbers.GetOrAdd(key, _ => Interlocked.Increment(ref _last));
    }
}
