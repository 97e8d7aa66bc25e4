using System.Diagnostics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Automation.Dashboard.Overview;

/// <summary>
/// Keeps the counts of minutes and hours current. It reads what is stored, so that events are not slowed, a restart loses
/// nothing, and nodes that count the same minute write the same row; the last two minutes are counted anew each time, for
/// what was committed late. What has never been counted, such as a month of events on the first start, is counted from the
/// latest hour backwards, between looks at the last minutes: the overview is right for now first.
/// </summary>
internal sealed partial class RollupWorker(RollupReader reader, RollupStore store, TimeProvider clock, ILogger<RollupWorker> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Overlap = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Chunk = TimeSpan.FromHours(1);
    private static readonly TimeSpan KeepMinutes = TimeSpan.FromDays(3);
    private static readonly TimeSpan KeepHours = TimeSpan.FromDays(400);

    // Counting takes at most this part of the time, however much there is to count.
    private const int Rest = 20;

    private DateTimeOffset? _counted;
    private DateTimeOffset _swept;
    private bool _isFilled;

    /// <summary>How far back what was never counted is counted.</summary>
    internal TimeSpan FirstLook { get; init; } = TimeSpan.FromDays(31);

    /// <summary>Told before each count of an hour, or of a part of one, from when it is.</summary>
    internal Action<DateTimeOffset>? Counting { get; init; }

    /// <summary>Counts what is not counted yet.</summary>
    /// <returns>How many rows were written.</returns>
    public async Task<int> RunOnceAsync(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var newest = await store.NewestAsync(cancellationToken);
        // Another node has just done it.
        if (newest?.UpdatedAt is { } updated && _counted is { } own && updated > own && updated > now - Interval * 0.8)
        {
            _counted = now;
            return 0;
        }

        var written = await CountLatestAsync(cancellationToken);
        if (!_isFilled)
            written += await FillAsync(cancellationToken);
        if (now - _swept > TimeSpan.FromHours(1))
        {
            await store.SweepAsync(RollupStore.Minute, now - KeepMinutes, cancellationToken);
            await store.SweepAsync(RollupStore.Hour, now - KeepHours, cancellationToken);
            _swept = now;
        }

        return written;
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Reading is synchronous on SQLite; the host's start is not to wait for it.
        await Task.Yield();
        while (!stoppingToken.IsCancellationRequested)
        {
            var began = Stopwatch.GetTimestamp();
            try
            {
                await RunOnceAsync(stoppingToken);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                // The database may be away for a moment; what is missing is counted the next time.
                LogFailed(e);
            }

            var took = Stopwatch.GetElapsedTime(began) * Rest;
            try
            {
                await Task.Delay(took > Interval ? took : Interval, clock, stoppingToken);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    /// <summary>Counts from where it was left until now; where nothing was counted yet, the hour before this one and this one.</summary>
    private async Task<int> CountLatestAsync(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var last = Later((await store.NewestAsync(cancellationToken))?.At, _counted);
        // Minutes are kept for a few days only: before them, a whole hour is counted or none of it.
        var from = last is { } known && known > now - KeepMinutes ? known - Overlap : last is { } old ? Floor(old, RollupStore.Hour) : Floor(now, RollupStore.Hour) - Chunk;
        if (from < now - FirstLook)
            from = now - FirstLook;
        var end = Floor(now, RollupStore.Minute) + TimeSpan.FromMinutes(1);
        var written = 0;
        for (var at = Floor(from, RollupStore.Minute); at < end;)
        {
            var next = Floor(at, RollupStore.Hour) + Chunk;
            var to = next < end ? next : end;
            written += await CountAsync(at, to, now, cancellationToken);
            at = to;
        }

        _counted = now;
        return written;
    }

    /// <summary>Counts the hours before the oldest one that is counted, the latest first, as far back as there is anything.</summary>
    private async Task<int> FillAsync(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var written = 0;
        if (await reader.OldestAsync(cancellationToken) is { } oldest)
        {
            var until = Floor(oldest > now - FirstLook ? oldest : now - FirstLook, RollupStore.Hour);
            var looked = Stopwatch.GetTimestamp();
            for (var at = await store.OldestAsync(cancellationToken) ?? Floor(now, RollupStore.Hour) - Chunk; at > until; at -= Chunk)
            {
                written += await CountAsync(at - Chunk, at, now, cancellationToken);
                if (Stopwatch.GetElapsedTime(looked) > Interval)
                {
                    written += await CountLatestAsync(cancellationToken);
                    looked = Stopwatch.GetTimestamp();
                }
            }
        }

        _isFilled = true;
        return written;
    }

    /// <summary>Counts minutes of one hour, and the hour from its minutes.</summary>
    private async Task<int> CountAsync(DateTimeOffset from, DateTimeOffset to, DateTimeOffset now, CancellationToken cancellationToken)
    {
        Counting?.Invoke(from);
        cancellationToken.ThrowIfCancellationRequested();
        var counted = await reader.ReadAsync(from, to, cancellationToken);
        var hourFrom = Floor(from, RollupStore.Hour);
        var stored = await store.ReadAsync(RollupStore.Minute, hourFrom, hourFrom + Chunk, cancellationToken);
        var known = stored.ToDictionary(r => (r.At, r.Source));
        var changed = counted.Where(c => !known.TryGetValue((c.At, c.Source), out var same) || !Same(c, same)).ToList();
        if (changed.Count == 0)
            return 0;

        var recounted = counted.Select(c => (c.At, c.Source)).ToHashSet();
        var hours = new Dictionary<string, Rollup>(StringComparer.Ordinal);
        foreach (var minute in stored.Where(s => !recounted.Contains((s.At, s.Source))).Concat(counted))
        {
            if (!hours.TryGetValue(minute.Source, out var hour))
                hours[minute.Source] = hour = new Rollup { At = hourFrom.ToUnixTimeSeconds(), Source = minute.Source };
            hour.Add(minute);
        }

        // The hour first: minutes that are there say that their hour is, too.
        await store.WriteAsync(RollupStore.Hour, hours.Values, cancellationToken);
        if (to > now - KeepMinutes)
            await store.WriteAsync(RollupStore.Minute, changed, cancellationToken);
        return changed.Count + hours.Count;
    }

    private static bool Same(Rollup a, Rollup b) =>
        (a.Events, a.Rejected, a.Failed, a.Unmatched, a.Duplicates, a.LagSum, a.LastEvent, a.LastRefused) == (b.Events, b.Rejected, b.Failed, b.Unmatched, b.Duplicates, b.LagSum, b.LastEvent, b.LastRefused)
        && (a.Started, a.Finished, a.Faulted, a.JobsSucceeded, a.JobsFailed) == (b.Started, b.Finished, b.Faulted, b.JobsSucceeded, b.JobsFailed)
        && a.StartLatency.ToString() == b.StartLatency.ToString() && a.RunLatency.ToString() == b.RunLatency.ToString() && a.JobLatency.ToString() == b.JobLatency.ToString();

    private static DateTimeOffset? Later(DateTimeOffset? a, DateTimeOffset? b) => a is null || b > a ? b : a;

    private static DateTimeOffset Floor(DateTimeOffset time, int seconds) => DateTimeOffset.FromUnixTimeSeconds(time.ToUnixTimeSeconds() / seconds * seconds);

    [LoggerMessage(LogLevel.Warning, "What happened in the last minutes could not be counted for the overview; it is tried again")]
    private partial void LogFailed(Exception exception);
}
