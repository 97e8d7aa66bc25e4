using System.Globalization;
using Automation.Jobs.Serialization;
using Automation.Jobs.Server;
using Automation.Jobs.Store;
using Automation.Storage.Writes;
using Microsoft.Extensions.Logging;

namespace Automation.Jobs;

/// <summary>
/// Moves jobs between states from outside a run. Each move reads the job and commits under the guard of what it read,
/// so that of two that happen at once one is done again on what the other left.
/// </summary>
internal sealed partial class JobTransitions(JobStore store, LocalWorkers workers, TimeProvider clock, ILogger<JobTransitions> logger)
{
    private const int MostTries = 8;

    public static readonly SqlStatement TakeKey = new(
        """
        INSERT INTO job_unique_keys (key, job_id) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET job_id = excluded.job_id
        WHERE EXISTS (SELECT 1 FROM "Job" j WHERE j."Id" = job_unique_keys.job_id AND j."StateName" IN ('Succeeded', 'Failed', 'Deleted'))
        """,
        """
        INSERT INTO job_unique_keys (key, job_id) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET job_id = excluded.job_id
        WHERE EXISTS (SELECT 1 FROM hangfire.job j WHERE j.id = job_unique_keys.job_id AND j.statename IN ('Succeeded', 'Failed', 'Deleted'))
        """);

    private static readonly SqlStatement SelectKey = new("SELECT job_id FROM job_unique_keys WHERE key = $1");

    private static readonly SqlStatement SelectFetched = new(
        """SELECT 1 FROM "JobQueue" WHERE "FetchedAt" > 0 AND "JobId" = $1 LIMIT 1""",
        "SELECT 1 FROM hangfire.jobqueue WHERE jobid = $1 AND fetchedat IS NOT NULL LIMIT 1");

    private static readonly SqlStatement SelectLastEnqueued = new(
        """SELECT "Data" FROM "State" WHERE "JobId" = $1 AND "Name" = 'Enqueued' ORDER BY "CreatedAt" DESC LIMIT 1""",
        "SELECT data::text FROM hangfire.state WHERE jobid = $1 AND name = 'Enqueued' ORDER BY createdat DESC LIMIT 1");

    public IdBlocks JobIds { get; } = new(store, IdTable.Job, clock);

    public IdBlocks QueueRowIds { get; } = new(store, IdTable.JobQueue, clock);

    public JobStore Store => store;

    public void AddUniqueKey(WriteUnit unit, string key, long jobId) => unit.AddExpectingOne(TakeKey, key, jobId);

    public async Task<long?> HolderOfAsync(string key, CancellationToken cancellationToken)
    {
        var rows = await store.Database.QueryAsync(SelectKey, cancellationToken, key);
        return rows.Count == 0 ? null : rows.Rows[0][0].AsInteger;
    }

    /// <summary>Adds a new job that waits for a time.</summary>
    public void AddScheduled(
        WriteUnit unit, long id, DateTime now, DateTime due, string invocation, string arguments,
        IReadOnlyList<KeyValuePair<string, string>> parameters, string queue, string? reason)
    {
        store.AddJob(unit, new NewJob
        {
            Id = id,
            Invocation = invocation,
            Arguments = arguments,
            CreatedAt = now,
            State = StateRow.Scheduled(now, due, reason),
            Parameters = parameters,
        });
        store.AddSetMember(unit, JobStore.Schedule, JobTime.Score(due), ScheduleMember(id, queue == JobQueues.Default ? null : queue));
        unit.OnCommitted(() => workers.Scheduled?.Invoke(due));
    }

    /// <summary>Adds a new job that waits for another.</summary>
    public void AddAwaiting(
        WriteUnit unit, long id, long parentId, ContinuationOptions options, string queue,
        IReadOnlyList<KeyValuePair<string, string>> parameters, string invocation, string arguments)
    {
        var now = store.Now();
        store.AddJob(unit, new NewJob
        {
            Id = id,
            Invocation = invocation,
            Arguments = arguments,
            CreatedAt = now,
            State = StateRow.Awaiting(now, parentId, TypedState.Enqueued(queue), options),
            Parameters = parameters,
        });
        // The awaiting page of a genuine dashboard breaks on a parent that is not there, so a batch's continuation is not listed.
        if (parentId != JobBatches.NoParent)
            store.AddSetMember(unit, JobStore.AwaitingSet, JobTime.Score(now), id.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>Commits a unit that holds a waiting job, together with its entry at the job it waits for.</summary>
    /// <exception cref="KeyNotFoundException">There is no such parent.</exception>
    public async Task CommitContinuationAsync(WriteUnit unit, long parentId, long childId, ContinuationOptions options, CancellationToken cancellationToken)
    {
        // Genuine clients and we read this list, add to it and write it back; the lock keeps them from losing an entry.
        await using (await JobLocks.AcquireAsync(store, clock, JobLocks.OfJob(parentId), TimeSpan.FromMinutes(1), cancellationToken))
        {
            if (await store.FindAsync(parentId, cancellationToken) is null)
                throw new KeyNotFoundException($"There is no job {parentId} to wait for.");
            var parameters = await store.ParametersAsync(parentId, cancellationToken);
            var list = Continuation.ReadAll(parameters.GetValueOrDefault(JobParameters.Continuations));
            list.Add(new Continuation(childId, options));
            store.AddParameter(unit, parentId, JobParameters.Continuations, Continuation.WriteAll(list));
            await store.Database.CommitAsync(unit, cancellationToken: cancellationToken);
        }

        // The parent may have ended before the entry was there; whoever sees both acts, and the state guard lets one do so.
        var parent = await store.FindAsync(parentId, cancellationToken);
        if (parent is null || JobStates.IsFinal(parent.State))
            await ContinueAsync(parent?.State ?? JobStates.Deleted, [new Continuation(childId, options)], cancellationToken);
    }

    /// <summary>How a job is listed in the schedule: with its queue, where the job itself has one.</summary>
    public static string ScheduleMember(long id, string? jobQueue)
    {
        var text = id.ToString(CultureInfo.InvariantCulture);
        return jobQueue is null ? text : $"{jobQueue}:{text}";
    }

    public async Task<bool> DeleteAsync(long id, string? reason, CancellationToken cancellationToken, string? onlyFrom = null)
    {
        var deleted = await MoveAsync(
            id,
            job => job.State is not null and not JobStates.Deleted && (onlyFrom is null || job.State == onlyFrom),
            (unit, job) =>
            {
                var now = store.NowAfter(job.Version);
                store.AddTransition(unit, id, job.Version, StateRow.Deleted(now, reason), wasFinal: JobStates.IsFinal(job.State));
                store.AddStatistics(unit, "deleted", now, 1);
                unit.Add(JobBatches.FinishMember, id);
                return ValueTask.CompletedTask;
            },
            cancellationToken);
        if (deleted is null)
            return false;
        workers.Revoke(id, deleted.Version);
        await AfterEndAsync(id, JobStates.Deleted, cancellationToken);
        return true;
    }

    public async Task<bool> CancelAsync(long id, TimeSpan timeout, CancellationToken cancellationToken)
    {
        await DeleteAsync(id, "Cancelled", cancellationToken);
        var start = clock.GetTimestamp();
        while ((await store.Database.QueryAsync(SelectFetched, cancellationToken, id)).Count > 0)
        {
            if (clock.GetElapsedTime(start) >= timeout)
                return false;
            await Task.Delay(TimeSpan.FromMilliseconds(50), clock, cancellationToken);
        }

        return true;
    }

    public async Task<bool> RequeueAsync(long id, string? reason, CancellationToken cancellationToken, string? onlyFrom = null)
    {
        var moved = await MoveAsync(
            id,
            job => job.State is not null && (onlyFrom is null || job.State == onlyFrom),
            (unit, job) => AddEnqueueAsync(unit, job, null, reason, cancellationToken),
            cancellationToken);
        if (moved is null)
            return false;
        workers.Revoke(id, moved.Version);
        workers.Signal();
        return true;
    }

    /// <summary>Enqueues a scheduled job that has fallen due. False where it is not scheduled any more.</summary>
    public async Task<bool> EnqueueDueAsync(long id, string? reason, CancellationToken cancellationToken)
    {
        var moved = await MoveAsync(
            id, job => job.State == JobStates.Scheduled, (unit, job) => AddEnqueueAsync(unit, job, null, reason, cancellationToken), cancellationToken);
        return moved is not null;
    }

    /// <summary>Adds the move of a job into a queue.</summary>
    public async ValueTask AddEnqueueAsync(WriteUnit unit, JobRecord job, string? queue, string? reason, CancellationToken cancellationToken)
    {
        queue ??= await QueueOfAsync(job, cancellationToken);
        var rowId = await QueueRowIds.NextAsync(cancellationToken);
        store.AddTransition(unit, job.Id, job.Version, StateRow.Enqueued(store.NowAfter(job.Version), queue, reason), wasFinal: JobStates.IsFinal(job.State));
        store.AddQueueRow(unit, rowId, job.Id, queue);
    }

    /// <summary>What follows the end of a job: its continuations, and its batch.</summary>
    public async Task AfterEndAsync(long id, string state, CancellationToken cancellationToken)
    {
        var parameters = await store.ParametersAsync(id, cancellationToken);
        if (parameters.TryGetValue(JobParameters.Continuations, out var continuations))
            await ContinueAsync(state, Continuation.ReadAll(continuations), cancellationToken);
        if (JobParameters.Text(parameters, JobParameters.BatchId) is { } batch)
            await FinishBatchAsync(batch, cancellationToken);
    }

    /// <summary>Starts, or deletes, the jobs that waited for one that has ended so.</summary>
    public async Task ContinueAsync(string parentState, IReadOnlyList<Continuation> continuations, CancellationToken cancellationToken)
    {
        foreach (var (childId, options) in continuations)
        {
            try
            {
                await ContinueOneAsync(childId, parentState, options, cancellationToken);
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                // The sweep over the awaiting jobs comes back to it.
                LogContinuationFailed(childId, e);
            }
        }
    }

    /// <summary>Starts a batch's continuation when the last of its jobs has ended.</summary>
    public async Task FinishBatchAsync(string batchId, CancellationToken cancellationToken)
    {
        if (await JobBatches.TryFinishAsync(store, batchId, cancellationToken) is { } continuation)
            await ContinueOneAsync(continuation, JobStates.Succeeded, ContinuationOptions.OnAnyFinishedState, cancellationToken);
    }

    private async Task ContinueOneAsync(long childId, string parentState, ContinuationOptions options, CancellationToken cancellationToken)
    {
        var deleted = false;
        var moved = await MoveAsync(
            childId,
            job => job.State == JobStates.Awaiting,
            async (unit, job) =>
            {
                var now = store.NowAfter(job.Version);
                deleted = false;
                if (!Continuation.StartsAfter(options, parentState))
                {
                    deleted = true;
                    AddDeleted(unit, job, now, "The job it waited for ended otherwise.");
                    return;
                }

                TypedState next;
                try
                {
                    next = TypedState.Read(JobJson.ReadStrings(job.StateData).GetValueOrDefault("NextState"));
                }
                catch (JobLoadException e)
                {
                    store.AddTransition(unit, childId, job.Version, StateRow.Failed(now, e, null, "Its next state cannot be read."));
                    store.AddStatistics(unit, "failed", now, 1);
                    return;
                }

                switch (next.Name)
                {
                    case JobStates.Scheduled:
                        var due = next.EnqueueAt ?? now;
                        var invocation = TryRead(job);
                        store.AddTransition(unit, childId, job.Version, StateRow.Scheduled(now, due, next.Reason));
                        store.AddSetMember(unit, JobStore.Schedule, JobTime.Score(due), ScheduleMember(childId, invocation?.Queue));
                        unit.OnCommitted(() => workers.Scheduled?.Invoke(due));
                        break;
                    case JobStates.Deleted:
                        deleted = true;
                        AddDeleted(unit, job, now, next.Reason);
                        break;
                    default:
                        // The job's own queue counts where the state leaves it at the default, as everywhere.
                        var queue = next.Queue is null or JobQueues.Default ? TryRead(job)?.Queue ?? next.Queue : next.Queue;
                        await AddEnqueueAsync(unit, job, queue ?? JobQueues.Default, next.Reason ?? "The job it waited for has ended.", cancellationToken);
                        unit.OnCommitted(workers.Signal);
                        break;
                }
            },
            cancellationToken);
        if (moved is not null && deleted)
            await AfterEndAsync(childId, JobStates.Deleted, cancellationToken);
    }

    private void AddDeleted(WriteUnit unit, JobRecord job, DateTime now, string? reason)
    {
        store.AddTransition(unit, job.Id, job.Version, StateRow.Deleted(now, reason));
        store.AddStatistics(unit, "deleted", now, 1);
        unit.Add(JobBatches.FinishMember, job.Id);
    }

    /// <summary>Reads a job, adds what leaving its state means and what the caller wants, commits; again where somebody came between.</summary>
    /// <returns>The job as it was before, or null where it was not in a state for this.</returns>
    public async Task<JobRecord?> MoveAsync(long id, Func<JobRecord, bool> may, Func<WriteUnit, JobRecord, ValueTask> add, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var job = await store.FindAsync(id, cancellationToken);
            if (job is null || !may(job))
                return null;
            var unit = new WriteUnit();
            await add(unit, job);
            store.AddLeaving(unit, job, job.State == JobStates.Scheduled ? TryRead(job)?.Queue : null);
            try
            {
                await store.Database.CommitAsync(unit, cancellationToken: cancellationToken);
                return job;
            }
            catch (WriteConflictException e) when (store.IsJobGuard(e.Statement) && attempt < MostTries)
            {
                // Somebody else moved it; what they left decides.
            }
        }
    }

    /// <summary>The queue that a job belongs to: its own, or the one it was in last.</summary>
    public async ValueTask<string> QueueOfAsync(JobRecord job, CancellationToken cancellationToken)
    {
        if (TryRead(job)?.Queue is { Length: > 0 } queue)
            return queue;
        var rows = await store.Database.QueryAsync(SelectLastEnqueued, cancellationToken, job.Id);
        return rows.Count > 0 && JobJson.ReadStrings(rows.Rows[0][0].AsText).GetValueOrDefault("Queue") is { Length: > 0 } last ? last : JobQueues.Default;
    }

    private static InvocationData? TryRead(JobRecord job)
    {
        try
        {
            return InvocationData.ReadJob(job.Invocation, job.Arguments);
        }
        catch (JobLoadException)
        {
            // It fails when it is run, and says why there.
            return null;
        }
    }

    [LoggerMessage(LogLevel.Warning, "Could not start job {JobId}, which waited for another; trying again later")]
    private partial void LogContinuationFailed(long jobId, Exception exception);
}
