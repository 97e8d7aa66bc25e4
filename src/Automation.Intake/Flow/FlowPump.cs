using System.Collections.Concurrent;
using System.Threading.Channels;
using Automation.Intake.Mapping;
using Automation.Intake.Routing;
using Automation.Storage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Automation.Intake.Flow;

/// <summary>
/// Looks at the keys of flow control when something may start: a time has come, an instance has ended, the rules have
/// changed. What wakes it may be lost; the database says what is due, and is asked again and again.
/// </summary>
internal sealed partial class FlowPump(
    FlowControl control, FlowStore store, MappingStore mappings, IWorkflowStarter workflows, Database database, TimeProvider clock, ILogger<FlowPump> logger)
    : BackgroundService
{
    private const int Workers = 16;

    /// <summary>How often the rules are looked at, and the times that other servers may have planned.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>How often instances that ended unnoticed are looked for where this process is the only one.</summary>
    private const int TicksPerSweep = 30;

    private readonly Channel<FlowKey> _keys = Channel.CreateUnbounded<FlowKey>();
    private readonly ConcurrentDictionary<FlowKey, byte> _queued = new();
    private readonly SemaphoreSlim _wake = new(0, 1);
    private long _plannedTicks = long.MaxValue;

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        control.Planned = WakeAt;
        using var listening = workflows.OnEnded(Ended);
        await Task.WhenAll([PlanAsync(stoppingToken), .. Enumerable.Range(0, Workers).Select(_ => WorkAsync(stoppingToken))]);
    }

    private void Ended(string instanceId)
    {
        if (control.TryTakeEnded(instanceId, out var key))
            Queue(key);
    }

    private void Queue(FlowKey key)
    {
        if (_queued.TryAdd(key, 0))
            _keys.Writer.TryWrite(key);
    }

    private void WakeAt(DateTimeOffset time)
    {
        if (time.UtcTicks < Volatile.Read(ref _plannedTicks))
            Wake();
    }

    private void Wake()
    {
        try
        {
            _wake.Release();
        }
        catch (SemaphoreFullException)
        {
            // It is about to wake already.
        }
    }

    private async Task PlanAsync(CancellationToken stopping)
    {
        RuleSet? rules = null;
        var untilSweep = 0;
        var remembered = false;
        while (!stopping.IsCancellationRequested)
        {
            var pause = Interval;
            try
            {
                if (!remembered)
                {
                    foreach (var (key, instanceId) in await store.RunningAsync(stopping))
                        control.Remember(instanceId, key);
                    remembered = true;
                }

                var sweep = untilSweep-- <= 0 || database.Provider == DatabaseProvider.PostgreSql;
                // Whatever waits is looked at when the rules are not those that let it wait.
                if (!ReferenceEquals(rules, mappings.Current))
                {
                    rules = mappings.Current;
                    foreach (var key in await store.WaitingAsync(stopping))
                        Queue(key);
                    sweep = true;
                }

                if (sweep)
                {
                    untilSweep = TicksPerSweep;
                    foreach (var key in await store.FreedAsync(stopping))
                        Queue(key);
                    while (await store.GiveBackAsync(stopping))
                    {
                        // Until all are noted; each round commits some.
                    }
                }

                var now = clock.GetUtcNow();
                // Cleared first: what is planned from here on wakes.
                Volatile.Write(ref _plannedTicks, long.MaxValue);
                foreach (var key in await store.DueAsync(now, stopping))
                    Queue(key);
                if (await store.NextAsync(stopping) is { } next && next > now && next - now < pause)
                    pause = next - now;
                Volatile.Write(ref _plannedTicks, (now + pause).UtcTicks);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                LogFailed(e);
            }

            try
            {
                using var waiting = CancellationTokenSource.CreateLinkedTokenSource(stopping);
                var woken = _wake.WaitAsync(waiting.Token);
                await Task.WhenAny(woken, Task.Delay(pause, clock, waiting.Token));
                await waiting.CancelAsync();
                await woken;
            }
            catch (OperationCanceledException)
            {
                // Not woken before its time, or stopping.
            }
        }
    }

    private async Task WorkAsync(CancellationToken stopping)
    {
        try
        {
            await foreach (var key in _keys.Reader.ReadAllAsync(stopping))
            {
                _queued.TryRemove(key, out _);
                try
                {
                    if (await control.ReleaseAsync(key, stopping))
                        Queue(key);
                }
                catch (Exception e) when (e is not OperationCanceledException)
                {
                    // The database may be away for a moment; the key is due until it has been dealt with.
                    LogFailed(e);
                    WakeAt(clock.GetUtcNow());
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Stopping; what waits is in the database.
        }
    }

    [LoggerMessage(LogLevel.Warning, "Flow control could not go on; trying again")]
    private partial void LogFailed(Exception exception);
}
