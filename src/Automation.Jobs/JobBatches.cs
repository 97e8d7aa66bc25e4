using Automation.Jobs.Serialization;
using Automation.Jobs.Store;
using Automation.Storage.Writes;

namespace Automation.Jobs;

/// <summary>How far a batch is.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Name">What it is called.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="Total">How many jobs it has.</param>
/// <param name="Finished">How many of them have succeeded or were deleted.</param>
/// <param name="ContinuationId">The job that starts when all have finished.</param>
/// <param name="FinishedAt">When all had finished.</param>
public sealed record JobBatch(string Id, string Name, DateTimeOffset CreatedAt, long Total, long Finished, long? ContinuationId, DateTimeOffset? FinishedAt);

/// <summary>
/// Jobs that belong together: how many of them have finished can be asked, and one more job can start when all have.
/// A job that failed for good holds its batch up until it is tried again or deleted.
/// </summary>
public sealed class JobBatches
{
    private const int JobsPerUnit = 500;

    /// <summary>What stands for a parent at a job that waits for a batch.</summary>
    internal const long NoParent = 0;

    internal static readonly SqlStatement FinishMember = new("UPDATE job_batch_jobs SET finished = TRUE WHERE job_id = $1");

    private static readonly SqlStatement InsertMember = new("INSERT INTO job_batch_jobs (job_id, batch_id, finished) VALUES ($1, $2, FALSE)");

    // Total stays negative until all jobs are stored, so that a batch does not finish while it is being filled.
    private static readonly SqlStatement InsertBatch = new("""
        INSERT INTO job_batches (id, name, created_at, total, continuation_id) VALUES ($1, $2, $3, -1, $4)
        """);

    private static readonly SqlStatement CloseBatch = new("UPDATE job_batches SET total = (SELECT count(*) FROM job_batch_jobs WHERE batch_id = $1) WHERE id = $1");

    private static readonly SqlStatement FinishBatch = new("""
        UPDATE job_batches SET finished_at = $2 WHERE id = $1 AND finished_at IS NULL AND total >= 0
            AND NOT EXISTS (SELECT 1 FROM job_batch_jobs WHERE batch_id = $1 AND NOT finished)
        RETURNING continuation_id
        """);

    private static readonly SqlStatement SelectBatch = new("""
        SELECT b.id, b.name, b.created_at, b.total, (SELECT count(*) FROM job_batch_jobs WHERE batch_id = b.id AND finished), b.continuation_id, b.finished_at
        FROM job_batches b WHERE b.id = $1
        """);

    private static readonly SqlStatement SelectByContinuation = new("SELECT id, finished_at FROM job_batches WHERE continuation_id = $1");

    private static readonly SqlStatement SelectLatest = new("""
        SELECT b.id, b.name, b.created_at, b.total, (SELECT count(*) FROM job_batch_jobs WHERE batch_id = b.id AND finished), b.continuation_id, b.finished_at
        FROM job_batches b WHERE b.created_at < $1 ORDER BY b.created_at DESC LIMIT $2
        """);

    private readonly JobStore _store;
    private readonly JobClient _client;
    private readonly JobTransitions _transitions;
    private readonly TimeProvider _clock;

    internal JobBatches(JobStore store, JobClient client, JobTransitions transitions, TimeProvider clock)
    {
        _store = store;
        _client = client;
        _transitions = transitions;
        _clock = clock;
    }

    /// <summary>Enqueues jobs as one batch.</summary>
    /// <param name="name">What it is called.</param>
    /// <param name="jobs">The jobs.</param>
    /// <param name="continuation">Starts when all have succeeded or were deleted; null for none.</param>
    /// <param name="cancellationToken">Ends the work; jobs that were stored by then run.</param>
    /// <returns>The batch's id.</returns>
    public async Task<string> EnqueueAsync(
        string name, IEnumerable<JobRequest> jobs, JobRequest? continuation = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(jobs);
        var id = Guid.CreateVersion7(_clock.GetUtcNow()).ToString("N");
        var unit = new WriteUnit();
        SqlValue continuationId = SqlValue.Null;
        if (continuation is not null)
            continuationId = await _client.AddAwaitingAsync(unit, continuation, NoParent, ContinuationOptions.OnAnyFinishedState, cancellationToken);
        unit.Add(InsertBatch, id, name, SqlValue.Micros(_clock.GetUtcNow()), continuationId);
        var waiting = 0;
        foreach (var job in jobs)
        {
            await _client.EnqueueAsync(unit, job.InBatch(id), cancellationToken);
            if (++waiting < JobsPerUnit)
                continue;
            await _store.Database.CommitAsync(unit, cancellationToken: cancellationToken);
            unit = new WriteUnit();
            waiting = 0;
        }

        unit.Add(CloseBatch, id);
        await _store.Database.CommitAsync(unit, cancellationToken: cancellationToken);
        await _transitions.FinishBatchAsync(id, cancellationToken);
        return id;
    }

    /// <summary>How far a batch is; null where there is none of this id.</summary>
    public async Task<JobBatch?> FindAsync(string id, CancellationToken cancellationToken = default)
    {
        var rows = await _store.Database.QueryAsync(SelectBatch, cancellationToken, id);
        return rows.Count == 0 ? null : Read(rows.Rows[0]);
    }

    /// <summary>The latest batches, newest first.</summary>
    /// <param name="before">Only those made before; null for all.</param>
    /// <param name="most">How many at most.</param>
    /// <param name="cancellationToken">Ends the read.</param>
    public async Task<IReadOnlyList<JobBatch>> ListAsync(DateTimeOffset? before, int most, CancellationToken cancellationToken = default)
    {
        var rows = await _store.Database.QueryAsync(SelectLatest, cancellationToken, before is { } b ? SqlValue.Micros(b) : long.MaxValue, most);
        return [.. rows.Rows.Select(Read)];
    }

    internal static void AddMember(WriteUnit unit, string batchId, long jobId) => unit.Add(InsertMember, jobId, batchId);

    internal static void AddFinished(WriteUnit unit, ClaimedJob job)
    {
        if (job.HasParameters && job.Parameters.ContainsKey(JobParameters.BatchId))
            unit.Add(FinishMember, job.Id);
    }

    /// <summary>Marks a batch as finished if it is; of several that try at once, one gets the continuation.</summary>
    internal static async Task<long?> TryFinishAsync(JobStore store, string batchId, CancellationToken cancellationToken)
    {
        var unit = new WriteUnit();
        var rows = unit.Query(FinishBatch, batchId, SqlValue.Micros(new DateTimeOffset(store.Now())));
        await store.Database.CommitAsync(unit, cancellationToken: cancellationToken);
        return rows.Count == 0 || rows.Rows[0][0].IsNull ? null : rows.Rows[0][0].AsInteger;
    }

    /// <summary>The batch that a job waits for, and whether it has finished; null where it waits for none.</summary>
    internal static async ValueTask<(string Id, bool IsFinished)?> FindAwaitedAsync(JobStore store, long continuationId, CancellationToken cancellationToken)
    {
        var rows = await store.Database.QueryAsync(SelectByContinuation, cancellationToken, continuationId);
        return rows.Count == 0 ? null : (rows.Rows[0][0].AsText!, !rows.Rows[0][1].IsNull);
    }

    private static JobBatch Read(SqlValue[] row) => new(
        row[0].AsText!, row[1].AsText!, row[2].AsMicrosTime!.Value, Math.Max(0, row[3].AsInteger), row[4].AsInteger,
        row[5].IsNull ? null : row[5].AsInteger, row[6].AsMicrosTime);
}
