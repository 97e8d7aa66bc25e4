using System.Diagnostics;
using Automation.Storage;
using Automation.Storage.Writes;
using Automation.Workflows.Queries.Memory;
using Microsoft.Extensions.Options;

namespace Automation.Workflows.Retention;

/// <summary>
/// Deletes ended instances that are too old, too many or take too much room, the oldest first, in commits small enough
/// that nobody waits for them.
/// </summary>
internal sealed class RetentionSweep(Database database, IOptions<RetentionOptions> options, InstancesInMemory listed, TimeProvider clock)
{
    /// <summary>A commit that takes longer is followed by a smaller one: others wait for it, and 50 ms is the most that they may.</summary>
    private static readonly TimeSpan MaxCommit = TimeSpan.FromMilliseconds(20);

    /// <summary>Parts of the journal that one commit deletes of an instance that has many.</summary>
    private const int JournalBatch = 100;

    /// <summary>Instances of a plan of alterations of which one commit deletes what became of them.</summary>
    private const int AlteredBatch = 500;

    private const string SizeOfInstance =
        "length(i.state) + (SELECT coalesce(sum(length(j.chunk)), 0) FROM workflow_journal j WHERE j.instance_id = i.id) + "
        + "(SELECT coalesce(sum(length(x.request_headers) + coalesce(length(x.request_body), 0) + coalesce(length(x.response_headers), 0) + coalesce(length(x.response_body), 0)), 0) "
        + "FROM http_exchanges x WHERE x.instance_id = i.id) + "
        + "(SELECT coalesce(sum(length(f.content)), 0) FROM workflow_files f WHERE f.instance_id = i.id)";

    private static readonly SqlStatement EndedBefore = new(
        "SELECT id, revision, 0 FROM workflow_instances WHERE finished_at < $1 ORDER BY finished_at LIMIT $2");

    private static readonly SqlStatement Oldest = new(
        $"SELECT id, revision, {SizeOfInstance} FROM workflow_instances i WHERE finished_at IS NOT NULL ORDER BY finished_at LIMIT $1");

    private static readonly SqlStatement EndOfNth = new(
        "SELECT finished_at FROM workflow_instances WHERE finished_at IS NOT NULL ORDER BY finished_at DESC LIMIT 1 OFFSET $1");

    private static readonly SqlStatement Size = new($"SELECT coalesce(sum({SizeOfInstance}), 0) FROM workflow_instances i WHERE finished_at IS NOT NULL");

    private static readonly SqlStatement DeleteSomeJournal = new(
        "DELETE FROM workflow_journal WHERE instance_id = $1 AND EXISTS (SELECT 1 FROM workflow_instances WHERE id = $1 AND finished_at IS NOT NULL) "
        + "AND revision IN (SELECT revision FROM workflow_journal WHERE instance_id = $1 ORDER BY revision LIMIT $2)");

    private static readonly SqlStatement CountJournal = new("SELECT count(*) FROM workflow_journal WHERE instance_id = $1");

    // An instance that someone has just revived is not deleted, and what belongs to it goes only with it.
    private static readonly SqlStatement DeleteEnded = new("DELETE FROM workflow_instances WHERE id = $1 AND finished_at IS NOT NULL");

    private static readonly SqlStatement[] DeleteParts =
    [
        .. new[] { "workflow_journal", "workflow_bookmarks", "workflow_operations", "http_exchanges", "workflow_files" }
            .Select(t => new SqlStatement($"DELETE FROM {t} WHERE instance_id = $1 AND NOT EXISTS (SELECT 1 FROM workflow_instances WHERE id = $1)")),
    ];

    private static readonly SqlStatement CountPlans = new(
        "SELECT count(*), coalesce(sum((SELECT count(*) FROM alteration_jobs j WHERE j.plan_id = p.id)), 0) FROM alteration_plans p WHERE completed_at < $1");

    private static readonly SqlStatement DeleteAltered = new(
        "DELETE FROM alteration_jobs WHERE (plan_id, instance_id) IN "
        + "(SELECT plan_id, instance_id FROM alteration_jobs WHERE plan_id IN (SELECT id FROM alteration_plans WHERE completed_at < $1) LIMIT $2)");

    private static readonly SqlStatement DeletePlans = new("DELETE FROM alteration_plans WHERE completed_at < $1");

    private int _batch = Math.Min(10, options.Value.BatchSize);

    /// <summary>The longest commit of the last sweep.</summary>
    public TimeSpan LongestCommit { get; private set; }

    /// <summary>One sweep.</summary>
    /// <returns>How many instances were deleted.</returns>
    public async Task<long> RunAsync(CancellationToken cancellationToken)
    {
        LongestCommit = TimeSpan.Zero;
        var deleted = 0L;
        if (options.Value.Age > TimeSpan.Zero)
        {
            var oldest = SqlValue.ToMicros(clock.GetUtcNow() - options.Value.Age);
            deleted += await DeleteBeforeAsync(oldest, cancellationToken);
            await DeletePlansBeforeAsync(oldest, cancellationToken);
        }

        if (options.Value.Count > 0 && await database.QueryAsync(EndOfNth, cancellationToken, options.Value.Count) is { Count: > 0 } surplus)
            // The first that is too many goes as well.
            deleted += await DeleteBeforeAsync(surplus.Rows[0][0].AsInteger + 1, cancellationToken);
        if (options.Value.MaxBytes > 0)
            deleted += await DeleteBeyondAsync(options.Value.MaxBytes, cancellationToken);
        return deleted;
    }

    private async Task<long> DeleteBeforeAsync(long micros, CancellationToken cancellationToken)
    {
        var deleted = 0L;
        while (await database.QueryAsync(EndedBefore, cancellationToken, micros, _batch) is { Count: > 0 } batch)
        {
            await DeleteAsync(batch.Rows, cancellationToken);
            deleted += batch.Count;
        }

        return deleted;
    }

    /// <summary>Alterations of many instances are told as long as the instances are.</summary>
    private async Task DeletePlansBeforeAsync(long micros, CancellationToken cancellationToken)
    {
        var row = (await database.QueryAsync(CountPlans, cancellationToken, micros)).Rows[0];
        if (row[0].AsInteger == 0)
            return;
        for (var altered = row[1].AsInteger; altered > AlteredBatch; altered -= AlteredBatch)
            await CommitAsync(new WriteUnit().Add(DeleteAltered, micros, AlteredBatch), cancellationToken);
        await CommitAsync(new WriteUnit().Add(DeleteAltered, micros, AlteredBatch).Add(DeletePlans, micros), cancellationToken);
    }

    private async Task<long> DeleteBeyondAsync(long maxBytes, CancellationToken cancellationToken)
    {
        // What is there is added up once a sweep, in a read that holds nobody up.
        var size = (await database.QueryAsync(Size, cancellationToken)).Rows[0][0].AsInteger;
        var deleted = 0L;
        while (size > maxBytes && await database.QueryAsync(Oldest, cancellationToken, _batch) is { Count: > 0 } batch)
        {
            var surplus = new List<SqlValue[]>();
            foreach (var row in batch.Rows)
            {
                if (size <= maxBytes)
                    break;
                surplus.Add(row);
                size -= row[2].AsInteger;
            }

            await DeleteAsync(surplus, cancellationToken);
            deleted += surplus.Count;
        }

        return deleted;
    }

    private async Task DeleteAsync(IReadOnlyList<SqlValue[]> instances, CancellationToken cancellationToken)
    {
        var unit = new WriteUnit();
        foreach (var instance in instances)
        {
            // Each commit of an instance has left one part in its journal.
            if (instance[1].AsInteger > JournalBatch)
                await ShortenJournalAsync(instance[0], cancellationToken);
            unit.Add(DeleteEnded, instance[0]);
            foreach (var part in DeleteParts)
                unit.Add(part, instance[0]);
        }

        var took = await CommitAsync(unit, cancellationToken);
        listed.Touch(instances.Select(i => i[0].AsText!));
        _batch = took > MaxCommit ? Math.Max(1, _batch / 2) : Math.Min(options.Value.BatchSize, _batch + 5);
    }

    private async Task ShortenJournalAsync(SqlValue instanceId, CancellationToken cancellationToken)
    {
        var parts = (await database.QueryAsync(CountJournal, cancellationToken, instanceId)).Rows[0][0].AsInteger;
        for (; parts > JournalBatch; parts -= JournalBatch)
            await CommitAsync(new WriteUnit().Add(DeleteSomeJournal, instanceId, JournalBatch), cancellationToken);
    }

    private async Task<TimeSpan> CommitAsync(WriteUnit unit, CancellationToken cancellationToken)
    {
        var began = Stopwatch.GetTimestamp();
        await database.CommitAsync(unit, cancellationToken: cancellationToken);
        var took = Stopwatch.GetElapsedTime(began);
        if (took > LongestCommit)
            LongestCommit = took;
        return took;
    }
}
