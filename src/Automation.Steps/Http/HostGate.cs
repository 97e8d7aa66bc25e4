using System.Globalization;
using Automation.Jobs;
using Automation.Steps.Outgoing;
using Polly;
using Polly.CircuitBreaker;

namespace Automation.Steps.Http;

/// <summary>What one request came to.</summary>
internal sealed record HttpRequestEnd(HttpCallEnd End, HttpAnswer? Answer, string? Error, Uri? Location)
{
    /// <summary>When a request that was held back may be worth trying again.</summary>
    public TimeSpan? TryAfter { get; init; }

    public bool IsHostFailure => End is HttpCallEnd.FailedToConnect or HttpCallEnd.TimedOut || Answer?.StatusCode >= 500;
}

/// <summary>The way to one host: so many requests at a time, so many in a while, and none where it is known to be down.</summary>
internal sealed class HostGate
{
    private readonly string _host;
    private readonly HttpHostOptions _options;
    private readonly TimeProvider _clock;
    private readonly SemaphoreSlim? _places;
    private readonly WindowLimit? _rate;
    private readonly ResiliencePipeline<HttpRequestEnd>? _circuit;
    private int _inside;

    public HostGate(string host, HttpHostOptions options, TimeProvider clock)
    {
        _host = host;
        _options = options;
        _clock = clock;
        _places = options.Concurrency is { } places ? new SemaphoreSlim(places) : null;
        _rate = options.Calls is null ? null : new WindowLimit(options.Per);
        if (options.FailureRatio > 0)
        {
            _circuit = new ResiliencePipelineBuilder<HttpRequestEnd> { TimeProvider = clock }
                .AddCircuitBreaker(new CircuitBreakerStrategyOptions<HttpRequestEnd>
                {
                    FailureRatio = options.FailureRatio,
                    MinimumThroughput = options.MinimumCalls,
                    SamplingDuration = options.Window,
                    BreakDuration = options.Break,
                    ShouldHandle = arguments => ValueTask.FromResult(arguments.Outcome.Result is { IsHostFailure: true }),
                })
                .Build();
        }

        LastUsed = clock.GetTimestamp();
    }

    public long LastUsed { get; private set; }

    /// <summary>Whether a request is on its way or waits.</summary>
    public bool IsBusy => Volatile.Read(ref _inside) > 0;

    /// <summary>Waits for a place.</summary>
    /// <param name="job">The job that wants it, if any; it waits without its worker.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Whether the request may go out, and what it waited for; null where there was a place at once.</returns>
    public async ValueTask<(bool MayGo, string? Wait)> EnterAsync(JobContext? job, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _inside);
        var entered = false;
        try
        {
            var wait = await WaitAsync(job, cancellationToken);
            entered = wait.MayGo;
            return wait;
        }
        finally
        {
            if (!entered)
                Interlocked.Decrement(ref _inside);
        }
    }

    /// <summary>Sends what has a place, unless the circuit is open, and gives the place back.</summary>
    public async ValueTask<HttpRequestEnd> SendAsync(Func<Task<HttpRequestEnd>> send, CancellationToken cancellationToken)
    {
        try
        {
            if (_circuit is null)
                return await send();
            return await _circuit.ExecuteAsync(static async (s, _) => await s(), send, cancellationToken);
        }
        catch (BrokenCircuitException e)
        {
            var after = e.RetryAfter ?? _options.Break;
            return new HttpRequestEnd(HttpCallEnd.HeldBack, Answer: null, $"Held back: most calls to {_host} have failed lately, so its circuit is open. It is tried again in {Seconds(after)}.", Location: null) { TryAfter = after };
        }
        finally
        {
            LastUsed = _clock.GetTimestamp();
            _places?.Release();
            Interlocked.Decrement(ref _inside);
        }
    }

    private async ValueTask<(bool MayGo, string? Wait)> WaitAsync(JobContext? job, CancellationToken cancellationToken)
    {
        var started = _clock.GetTimestamp();
        string? wait = null;
        if (_places is not null && !_places.Wait(0, CancellationToken.None))
        {
            wait = $"Held back: {_host} is called {_options.Concurrency} times at a time";
            job?.Log($"{wait}. The call waits its turn.");
            using var patience = new CancellationTokenSource(_options.MaxWait, _clock);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
            try
            {
                await HttpCaller.WaitAsync(job, () => _places.WaitAsync(either.Token));
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                return (false, $"{wait}, and there was no place within {_options.MaxWait}.");
            }
        }

        try
        {
            if (_rate is not null)
            {
                var now = _clock.GetUtcNow();
                var left = _options.MaxWait - _clock.GetElapsedTime(started);
                if (!_rate.TryTake(now, _options.Calls!.Value, left, out var at))
                {
                    _places?.Release();
                    return (false, $"Held back: {_host} is called {_options.Calls} times in {_options.Per}, and the next place is {Seconds(at - now)} away.");
                }

                if (at > now)
                {
                    wait = $"Held back: {_host} is called {_options.Calls} times in {_options.Per}";
                    var turn = at - now;
                    job?.Log($"{wait}. Its turn is in {Seconds(turn)}.");
                    await HttpCaller.WaitAsync(job, () => Task.Delay(turn, _clock, cancellationToken));
                }
            }
        }
        catch (OperationCanceledException)
        {
            _places?.Release();
            throw;
        }

        return (true, wait is null ? null : $"{wait}. It went out after {Seconds(_clock.GetElapsedTime(started))}.");
    }

    private static string Seconds(TimeSpan span) => string.Create(CultureInfo.InvariantCulture, $"{span.TotalSeconds:0.0} s");
}
