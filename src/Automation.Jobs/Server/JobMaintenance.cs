using System.Globalization;
using Automation.Jobs.Serialization;
using Automation.Jobs.Store;
using Automation.Storage;
using Automation.Storage.Writes;
using Microsoft.Extensions.Logging;

namespace Automation.Jobs.Server;

/// <summary>
/// Removes what has expired, sums counters, and comes back to continuations that a crash left waiting. Everything goes
/// in small units, so that it never holds up the jobs themselves.
/// </summary>
internal sealed partial class JobMaintenance(
    JobStore store, JobTransitions transitions, JobHandlers handlers, JobOptions options, TimeProvider clock, ILogger<JobMaintenance> logger)
{
    /// <summary>How the reason of a job begins that was parked for want of a handler.</summary>
    public const string NoHandler = "No handler is registered for jobs named";

    private const int BatchSize = 500;
    private const int AwaitingAtOnce = 1000;

    private static readonly SqlStatement SelectExpiredJobs = new(
        """SELECT "Id" FROM "Job" WHERE "ExpireAt" > 0 AND "ExpireAt" < $1 LIMIT $2""",
        "SELECT id FROM hangfire.job WHERE expireat < $1 LIMIT $2");

    private static readonly SqlStatement SelectAwaiting = new(
        """SELECT "Id" FROM "Job" WHERE "StateName" = 'Awaiting' AND "Id" > $1 ORDER BY "Id" LIMIT $2""",
        "SELECT id FROM hangfire.job WHERE statename = 'Awaiting' AND id > $1 ORDER BY id LIMIT $2");

    private static readonly SqlStatement DeleteJob = new(
        """DELETE FROM "Job" WHERE "Id" = $1 AND "ExpireAt" > 0 AND "ExpireAt" < $2""",
        "DELETE FROM hangfire.job WHERE id = $1 AND expireat < $2");

    // Only for a job that is gone: it may have been requeued in the last moment.
    private static readonly SqlStatement[] DeleteOfJob =
    [
        new("""DELETE FROM "State" WHERE "JobId" = $1 AND NOT EXISTS (SELECT 1 FROM "Job" WHERE "Id" = $1)""",
            "DELETE FROM hangfire.state WHERE jobid = $1 AND NOT EXISTS (SELECT 1 FROM hangfire.job WHERE id = $1)"),
        new("""DELETE FROM "JobParameter" WHERE "JobId" = $1 AND NOT EXISTS (SELECT 1 FROM "Job" WHERE "Id" = $1)""",
            "DELETE FROM hangfire.jobparameter WHERE jobid = $1 AND NOT EXISTS (SELECT 1 FROM hangfire.job WHERE id = $1)"),
        new("""DELETE FROM job_log WHERE job_id = $1 AND NOT EXISTS (SELECT 1 FROM "Job" WHERE "Id" = $1)""",
            "DELETE FROM job_log WHERE job_id = $1 AND NOT EXISTS (SELECT 1 FROM hangfire.job WHERE id = $1)"),
        new("""DELETE FROM job_progress WHERE job_id = $1 AND NOT EXISTS (SELECT 1 FROM "Job" WHERE "Id" = $1)""",
            "DELETE FROM job_progress WHERE job_id = $1 AND NOT EXISTS (SELECT 1 FROM hangfire.job WHERE id = $1)"),
    ];

    private static readonly SqlStatement[] DeleteExpired =
    [
        .. new[] { "AggregatedCounter", "Counter", "Set", "Hash", "List" }.Select(t => new SqlStatement(
            $"""DELETE FROM "{t}" WHERE "ExpireAt" > 0 AND "ExpireAt" < $1""",
            $"DELETE FROM hangfire.{t.ToLowerInvariant()} WHERE expireat < $1")),
    ];

    // What a genuine server has expired with its job, or left behind without one.
    private static readonly SqlStatement[] DeleteLeftovers =
    [
        new("""DELETE FROM "State" WHERE "Id" IN (SELECT s."Id" FROM "State" s WHERE s."ExpireAt" > 0 AND s."ExpireAt" < $1 AND NOT EXISTS (SELECT 1 FROM "Job" j WHERE j."Id" = s."JobId") LIMIT 1000)""",
            "DELETE FROM hangfire.state WHERE $1::timestamptz IS NULL"),
        new("""DELETE FROM "JobParameter" WHERE "Id" IN (SELECT p."Id" FROM "JobParameter" p WHERE p."ExpireAt" > 0 AND p."ExpireAt" < $1 AND NOT EXISTS (SELECT 1 FROM "Job" j WHERE j."Id" = p."JobId") LIMIT 1000)""",
            "DELETE FROM hangfire.jobparameter WHERE $1::timestamptz IS NULL"),
    ];

    private static readonly SqlStatement DeleteKeys = new(
        """DELETE FROM job_unique_keys WHERE NOT EXISTS (SELECT 1 FROM "Job" j WHERE j."Id" = job_id AND j."StateName" NOT IN ('Succeeded', 'Failed', 'Deleted'))""",
        "DELETE FROM job_unique_keys WHERE NOT EXISTS (SELECT 1 FROM hangfire.job j WHERE j.id = job_id AND j.statename NOT IN ('Succeeded', 'Failed', 'Deleted'))");

    // One statement each, so that no row that arrives between two is lost.
    private static readonly SqlStatement[] Aggregate =
    [
        new("""
            INSERT INTO "AggregatedCounter" ("Key", "Value", "ExpireAt")
            SELECT "Key", sum("Value"), max("ExpireAt") FROM "Counter" GROUP BY "Key"
            ON CONFLICT ("Key") DO UPDATE SET "Value" = "Value" + excluded."Value", "ExpireAt" = max("ExpireAt", excluded."ExpireAt")
            """,
            """
            WITH gone AS (DELETE FROM hangfire.counter RETURNING key, value, expireat)
            INSERT INTO hangfire.aggregatedcounter AS a (key, value, expireat)
            SELECT key, sum(value), max(expireat) FROM gone GROUP BY key ORDER BY key
            ON CONFLICT (key) DO UPDATE SET value = a.value + excluded.value, expireat = GREATEST(a.expireat, excluded.expireat)
            """),
        new("""DELETE FROM "Counter" """, "DELETE FROM hangfire.counter WHERE FALSE"),
    ];

    private static readonly SqlStatement HasCounters = new("""SELECT 1 FROM "Counter" LIMIT 1""", "SELECT 1 FROM hangfire.counter LIMIT 1");

    private long _awaitingAfter;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(options.MaintenanceInterval, clock);
        await ReturnParkedAsync(cancellationToken);
        do
            await RunOnceAsync(cancellationToken);
        while (await timer.WaitForNextTickAsync(cancellationToken));
    }

    /// <summary>One round.</summary>
    /// <returns>How many jobs have been removed.</returns>
    internal async Task<int> RunOnceAsync(CancellationToken cancellationToken)
    {
        await SumCountersAsync(cancellationToken);
        var removed = await RemoveJobsAsync(cancellationToken);
        var now = SqlValue.Timestamp(store.Now());
        var unit = new WriteUnit();
        foreach (var statement in DeleteExpired)
            unit.Add(statement, now);
        foreach (var statement in DeleteLeftovers)
            unit.Add(statement, now);
        unit.Add(DeleteKeys);
        await store.Database.CommitAsync(unit, cancellationToken: cancellationToken);
        await SweepAwaitingAsync(cancellationToken);
        if (removed > 0)
            LogRemoved(removed);
        return removed;
    }

    /// <summary>Requeues jobs that were parked for want of a handler which this server has.</summary>
    private async Task ReturnParkedAsync(CancellationToken cancellationToken)
    {
        for (var after = 0L; ;)
        {
            // The scores are the ids.
            var members = await store.RangeAsync(JobStore.Parked, after + 1, double.MaxValue, BatchSize, cancellationToken);
            foreach (var (member, score) in members)
            {
                after = (long)score;
                if (await store.FindAsync(after, cancellationToken) is not { State: JobStates.Failed } job || !IsParked(job))
                {
                    // A genuine server has moved or expired it, which does not know of this list.
                    var unit = new WriteUnit();
                    store.AddSetRemoval(unit, JobStore.Parked, member);
                    await store.Database.CommitAsync(unit, cancellationToken: cancellationToken);
                }
                else if (IsKnown(job.Invocation, job.Arguments))
                {
                    await transitions.RequeueAsync(job.Id, "Its handler is registered now.", cancellationToken);
                }
            }

            if (members.Count < BatchSize)
                return;
        }
    }

    private static bool IsParked(JobRecord job) =>
        JobJson.ReadStrings(job.StateData).GetValueOrDefault("ExceptionMessage")?.StartsWith(NoHandler, StringComparison.Ordinal) == true;

    private bool IsKnown(string? invocation, string? arguments)
    {
        try
        {
            var data = InvocationData.ReadJob(invocation, arguments);
            return data.IsNamed && handlers.Find(data.Named().Name) is not null;
        }
        catch (JobLoadException)
        {
            return false;
        }
    }

    private async Task SumCountersAsync(CancellationToken cancellationToken)
    {
        if ((await store.Database.QueryAsync(HasCounters, cancellationToken)).Count == 0)
            return;
        var unit = new WriteUnit();
        foreach (var statement in Aggregate)
            unit.Add(statement);
        await store.Database.CommitAsync(unit, cancellationToken: cancellationToken);
    }

    private async Task<int> RemoveJobsAsync(CancellationToken cancellationToken)
    {
        var now = SqlValue.Timestamp(store.Now());
        for (var removed = 0; ;)
        {
            var expired = await store.Database.QueryAsync(SelectExpiredJobs, cancellationToken, now, BatchSize);
            if (expired.Count == 0)
                return removed;
            var unit = new WriteUnit();
            foreach (var row in expired.Rows)
            {
                unit.Add(DeleteJob, row[0], now);
                foreach (var statement in DeleteOfJob)
                    unit.Add(statement, row[0]);
            }

            await store.Database.CommitAsync(unit, cancellationToken: cancellationToken);
            removed += expired.Count;
            // Jobs that run come first.
            await Task.Yield();
        }
    }

    /// <summary>
    /// Starts what waits for a job that has ended, where the server that should have done so was killed before. Of very
    /// many that wait it looks at some each time, and goes on from there.
    /// </summary>
    private async Task SweepAwaitingAsync(CancellationToken cancellationToken)
    {
        foreach (var (member, _) in await store.RangeAsync(JobStore.AwaitingSet, 0, double.MaxValue, AwaitingAtOnce, cancellationToken))
        {
            if (!long.TryParse(member, NumberStyles.None, CultureInfo.InvariantCulture, out var id)
                || (await store.FindAsync(id, cancellationToken))?.State == JobStates.Awaiting)
                continue;
            // The awaiting page of a genuine dashboard breaks on a member without its job.
            var unit = new WriteUnit();
            store.AddSetRemoval(unit, JobStore.AwaitingSet, member);
            await store.Database.CommitAsync(unit, cancellationToken: cancellationToken);
        }

        var rows = (await store.Database.QueryAsync(SelectAwaiting, cancellationToken, _awaitingAfter, AwaitingAtOnce)).Rows;
        foreach (var row in rows)
            await StartIfParentEndedAsync(row[0].AsInteger, cancellationToken);
        _awaitingAfter = rows.Count < AwaitingAtOnce ? 0 : rows[^1][0].AsInteger;
    }

    private async Task StartIfParentEndedAsync(long id, CancellationToken cancellationToken)
    {
        if (await store.FindAsync(id, cancellationToken) is not { State: JobStates.Awaiting } job)
            return;
        var data = JobJson.ReadStrings(job.StateData);
        if (!long.TryParse(data.GetValueOrDefault("ParentId"), NumberStyles.None, CultureInfo.InvariantCulture, out var parentId))
            return;
        if (parentId == JobBatches.NoParent)
        {
            if (await JobBatches.FindAwaitedAsync(store, id, cancellationToken) is not var (batch, isFinished))
                return;
            if (isFinished)
                await transitions.ContinueAsync(JobStates.Succeeded, [new Continuation(id, ContinuationOptions.OnAnyFinishedState)], cancellationToken);
            else
                await transitions.FinishBatchAsync(batch, cancellationToken);
            return;
        }

        var parent = await store.FindAsync(parentId, cancellationToken);
        if (parent is null || JobStates.IsFinal(parent.State))
            await transitions.ContinueAsync(parent?.State ?? JobStates.Deleted, [new Continuation(id, Continuation.ReadOptions(data.GetValueOrDefault("Options")))], cancellationToken);
    }

    [LoggerMessage(LogLevel.Information, "Removed {Jobs} jobs that had expired")]
    private partial void LogRemoved(int jobs);
}
