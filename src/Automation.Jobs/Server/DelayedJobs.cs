using System.Globalization;
using Automation.Jobs.Serialization;
using Automation.Jobs.Store;
using Automation.Storage.Writes;
using Microsoft.Extensions.Logging;

namespace Automation.Jobs.Server;

/// <summary>Enqueues scheduled jobs when they fall due: by a timer set to the next one, not by polling.</summary>
internal sealed partial class DelayedJobs(
    JobStore store, LocalWorkers workers, JobTransitions transitions, JobOptions options, TimeProvider clock, ILogger<DelayedJobs> logger)
{
    private const int MostAtOnce = 500;
    private static readonly TimeSpan LockRetry = TimeSpan.FromMilliseconds(200);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var timer = new DueTimer(clock, options.PollInterval);
        workers.Scheduled = timer.Nearer;
        while (true)
        {
            timer.Reset();
            // Nothing may be seen twice or missed between the look and the wait, so the timer is reset first.
            if (await NextAsync(cancellationToken) is { } next)
                timer.Nearer(next);
            await timer.WaitAsync(cancellationToken);
            await EnqueueDueAsync(cancellationToken);
        }
    }

    /// <summary>Enqueues everything that is due now.</summary>
    /// <returns>How many jobs.</returns>
    internal async Task<int> EnqueueDueAsync(CancellationToken cancellationToken)
    {
        var total = 0;
        while (true)
        {
            var due = await store.RangeAsync(JobStore.Schedule, 0, JobTime.Score(store.Now()), MostAtOnce, cancellationToken);
            if (due.Count == 0)
                return total;

            // Genuine schedulers read, decide and write under this lock; of ours, one is enough.
            var held = await JobLocks.TryAcquireAsync(store, clock, "locks:schedulepoller", cancellationToken);
            if (held is null)
            {
                await Task.Delay(LockRetry, clock, cancellationToken);
                continue;
            }

            await using (held)
                total += await EnqueueAsync(due, cancellationToken);
            workers.Signal();
        }
    }

    private async Task<int> EnqueueAsync(List<(string Value, double Score)> due, CancellationToken cancellationToken)
    {
        // One unit for all; where one of them was moved meanwhile, each by itself.
        var unit = new WriteUnit();
        var count = 0;
        foreach (var (member, _) in due)
        {
            if (await AddAsync(unit, member, cancellationToken))
                count++;
        }

        try
        {
            await store.Database.CommitAsync(unit, cancellationToken: cancellationToken);
            return count;
        }
        catch (WriteConflictException)
        {
            count = 0;
        }

        foreach (var (member, _) in due)
        {
            try
            {
                var one = new WriteUnit();
                count += await AddAsync(one, member, cancellationToken) ? 1 : 0;
                await store.Database.CommitAsync(one, cancellationToken: cancellationToken);
            }
            catch (WriteConflictException e)
            {
                // Moved by somebody else a moment ago; the next look sees what they made of it.
                LogMoved(member, e.Message);
            }
        }

        return count;
    }

    private async Task<bool> AddAsync(WriteUnit unit, string member, CancellationToken cancellationToken)
    {
        store.AddSetRemoval(unit, JobStore.Schedule, member);
        var colon = member.LastIndexOf(':');
        if (!long.TryParse(member.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var id))
            return false;
        var job = await store.FindAsync(id, cancellationToken);
        if (job?.State != JobStates.Scheduled)
            return false;
        store.AddSetRemoval(unit, JobStore.Retries, id.ToString(CultureInfo.InvariantCulture));
        await transitions.AddEnqueueAsync(unit, job, colon > 0 ? member[..colon] : null, "It has fallen due.", cancellationToken);
        return true;
    }

    private async Task<DateTime?> NextAsync(CancellationToken cancellationToken)
    {
        var first = await store.RangeAsync(JobStore.Schedule, 0, double.MaxValue, 1, cancellationToken);
        return first.Count == 0 ? null : JobTime.FromScore(Math.Min(first[0].Score, 253_402_300_799));
    }

    [LoggerMessage(LogLevel.Debug, "Scheduled job {Member} was moved by somebody else: {Reason}")]
    private partial void LogMoved(string member, string reason);
}
