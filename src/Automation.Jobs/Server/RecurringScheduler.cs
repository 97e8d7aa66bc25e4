using Automation.Jobs.Serialization;
using Automation.Jobs.Store;
using Automation.Storage.Writes;
using Microsoft.Extensions.Logging;

namespace Automation.Jobs.Server;

/// <summary>Runs recurring jobs when they fall due: by a timer set to the next one.</summary>
internal sealed partial class RecurringScheduler(
    JobStore store, LocalWorkers workers, RecurringRuns runs, JobOptions options, TimeProvider clock, ILogger<RecurringScheduler> logger)
{
    private const int MostAtOnce = 1000;
    private const int JobsPerUnit = 100;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var timer = new DueTimer(clock, options.PollInterval);
        workers.RecurringChanged = timer.Now;
        while (true)
        {
            timer.Reset();
            var first = await store.RangeAsync(JobStore.RecurringJobs, 0, double.MaxValue, 1, cancellationToken);
            if (first.Count > 0)
                timer.Nearer(JobTime.FromScore(Math.Min(first[0].Score, 253_402_300_799)));
            await timer.WaitAsync(cancellationToken);
            await RunDueAsync(cancellationToken);
        }
    }

    /// <summary>Enqueues a run of everything that is due now.</summary>
    /// <returns>How many runs.</returns>
    internal async Task<int> RunDueAsync(CancellationToken cancellationToken)
    {
        var total = 0;
        while (true)
        {
            var due = await store.RangeAsync(JobStore.RecurringJobs, 0, JobTime.Score(store.Now()), MostAtOnce, cancellationToken);
            if (due.Count == 0)
                return total;
            var held = await JobLocks.TryAcquireAsync(store, clock, "recurring-jobs:lock", cancellationToken);
            if (held is null)
            {
                await Task.Delay(Pause, clock, cancellationToken);
                continue;
            }

            await using (held)
            {
                foreach (var chunk in due.Chunk(JobsPerUnit))
                {
                    total += await RunAsync([.. chunk.Select(d => d.Value)], cancellationToken);
                    workers.Signal();
                }
            }
        }
    }

    private async Task<int> RunAsync(string[] ids, CancellationToken cancellationToken)
    {
        var unit = new WriteUnit();
        var count = 0;
        foreach (var id in ids)
            count += await runs.AddDueAsync(unit, id, await store.HashAsync(RecurringRuns.KeyOf(id), cancellationToken), cancellationToken);
        try
        {
            await store.Database.CommitAsync(unit, cancellationToken: cancellationToken);
            return count;
        }
        catch (WriteConflictException) when (ids.Length > 1)
        {
            // One of them was changed in this moment.
        }
        catch (WriteConflictException e)
        {
            LogChanged(ids[0], e.Message);
            return 0;
        }

        count = 0;
        foreach (var id in ids)
            count += await RunAsync([id], cancellationToken);
        return count;
    }

    [LoggerMessage(LogLevel.Debug, "Recurring job {Id} was changed by somebody else: {Reason}")]
    private partial void LogChanged(string id, string reason);
}
