using Automation.Jobs.Serialization;
using Automation.Jobs.Server;
using Automation.Storage;
using Automation.Storage.Writes;

namespace Automation.Jobs.Store;

/// <summary>
/// Hangfire.PostgreSql's layout. The current state of a job is the row that <c>stateid</c> names; several servers
/// share it, so queue rows are taken with <c>SKIP LOCKED</c>. A job's rows are written in one statement where they can be.
/// </summary>
internal sealed class PostgresJobStore(Database database, TimeProvider clock) : JobStore(database, clock)
{
    /// <summary>The channel on which servers are told of new jobs.</summary>
    public const string Channel = "new_job";

    private static readonly SqlStatement InsertJob = Sql("""
        WITH n AS (SELECT nextval('hangfire.state_id_seq') AS id),
        j AS (INSERT INTO hangfire.job (id, stateid, statename, invocationdata, arguments, createdat)
            SELECT $1, n.id, $2, $3::jsonb, $4::jsonb, $5 FROM n)
        INSERT INTO hangfire.state (id, jobid, name, reason, createdat, data) SELECT n.id, $1, $2, $6::text, $7, $8::jsonb FROM n
        """);

    private static readonly SqlStatement InsertTakenJob = Sql("""
        WITH n AS (SELECT nextval('hangfire.state_id_seq') AS first, nextval('hangfire.state_id_seq') AS second),
        j AS (INSERT INTO hangfire.job (id, stateid, statename, invocationdata, arguments, createdat)
            SELECT $1, n.second, $9, $3::jsonb, $4::jsonb, $5 FROM n),
        q AS (INSERT INTO hangfire.jobqueue (id, jobid, queue, fetchedat) VALUES ($12, $1, $13, $14))
        INSERT INTO hangfire.state (id, jobid, name, reason, createdat, data)
            SELECT n.first, $1, $2, $6::text, $7, $8::jsonb FROM n UNION ALL SELECT n.second, $1, $9, NULL, $10, $11::jsonb FROM n
        """);

    private static readonly SqlStatement InsertState = Sql("""
        INSERT INTO hangfire.state (jobid, name, reason, createdat, data) VALUES ($1, $2, $3::text, $4, $5::jsonb)
        """);

    private static readonly SqlStatement InsertParameter = Sql("""
        INSERT INTO hangfire.jobparameter (jobid, name, value) VALUES ($1, $2, $3)
        """);

    private static readonly SqlStatement InsertQueueRow = Sql("""
        INSERT INTO hangfire.jobqueue (id, jobid, queue) VALUES ($1, $2, $3)
        """);

    private static readonly SqlStatement MoveJob = Sql("""
        WITH s AS (INSERT INTO hangfire.state (jobid, name, reason, createdat, data) VALUES ($1, $2, $3::text, $4, $5::jsonb) RETURNING id)
        UPDATE hangfire.job j SET stateid = s.id, statename = $2, expireat = $6::timestamptz FROM s
        WHERE j.id = $1 AND EXISTS (SELECT 1 FROM hangfire.state c WHERE c.id = j.stateid AND c.createdat = $7)
        """);

    // The ends of many runs at once, as [{"j": job, "q": queue row, "v": version, "a": at, "x": expires, "d": data}, …].
    private static readonly SqlStatement SucceedJobs = Sql("""
        WITH e AS (SELECT * FROM jsonb_to_recordset($1::jsonb) AS e(j bigint, q bigint, v timestamptz, a timestamptz, x timestamptz, d jsonb)),
        s AS (INSERT INTO hangfire.state (jobid, name, createdat, data) SELECT j, 'Succeeded', a, d FROM e RETURNING id, jobid),
        g AS (DELETE FROM hangfire.jobqueue USING e WHERE id = e.q)
        UPDATE hangfire.job j SET stateid = s.id, statename = 'Succeeded', expireat = e.x FROM s JOIN e ON e.j = s.jobid
        WHERE j.id = s.jobid AND EXISTS (SELECT 1 FROM hangfire.state c WHERE c.id = j.stateid AND c.createdat = e.v)
        """);

    private static readonly SqlStatement SelectContinuationsOfMany = Sql("""
        SELECT DISTINCT ON (p.jobid) p.jobid, p.value FROM jsonb_to_recordset($1::jsonb) AS e(j bigint)
        JOIN hangfire.jobparameter p ON p.jobid = e.j AND p.name = 'Continuations' ORDER BY p.jobid, p.id DESC
        """);

    private static readonly SqlStatement AcknowledgeQueueRow = Sql("DELETE FROM hangfire.jobqueue WHERE id = $1");
    private static readonly SqlStatement DeleteQueueRow = Sql("DELETE FROM hangfire.jobqueue WHERE id = $1 AND fetchedat = $2");
    private static readonly SqlStatement DeleteQueueRowOfMoved = Sql("""
        DELETE FROM hangfire.jobqueue WHERE id = $1 AND fetchedat = $2 AND NOT EXISTS (
            SELECT 1 FROM hangfire.job j JOIN hangfire.state s ON s.id = j.stateid
            WHERE j.id = $3 AND j.statename = 'Processing' AND s.createdat = $4)
        """);

    private static readonly SqlStatement DeleteFreeQueueRow = Sql("DELETE FROM hangfire.jobqueue WHERE id = $1 AND fetchedat IS NULL");
    private static readonly SqlStatement SetFetchedAt = Sql("UPDATE hangfire.jobqueue SET fetchedat = $3::timestamptz WHERE id = $1 AND fetchedat = $2");

    private static readonly SqlStatement UpsertSetMember = Sql("""
        INSERT INTO hangfire.set (key, score, value) VALUES ($1, $2, $3) ON CONFLICT (key, value) DO UPDATE SET score = excluded.score
        """);

    private static readonly SqlStatement DeleteSetMember = Sql("DELETE FROM hangfire.set WHERE key = $1 AND value = $2");

    private static readonly SqlStatement UpsertHashField = Sql("""
        INSERT INTO hangfire.hash (key, field, value) VALUES ($1, $2, $3) ON CONFLICT (key, field) DO UPDATE SET value = excluded.value
        """);

    private static readonly SqlStatement ChangeHashField = Sql("""
        UPDATE hangfire.hash SET value = $4 WHERE key = $1 AND field = $2 AND coalesce(value, '') = $3
        """);

    private static readonly SqlStatement DeleteHash = Sql("DELETE FROM hangfire.hash WHERE key = $1");

    private static readonly SqlStatement UpsertParameter = Sql("""
        WITH u AS (UPDATE hangfire.jobparameter SET value = $3 WHERE jobid = $1 AND name = $2 RETURNING id)
        INSERT INTO hangfire.jobparameter (jobid, name, value) SELECT $1, $2, $3 WHERE NOT EXISTS (SELECT 1 FROM u)
        """);

    private static readonly SqlStatement Count = Sql("""
        INSERT INTO hangfire.counter (key, value, expireat) VALUES ($2, $1, NULL), ($3, $1, $4), ($5, $1, $6)
        """);

    private static readonly SqlStatement CountTwo = Sql("""
        INSERT INTO hangfire.counter (key, value, expireat) VALUES ($2, $1, $3), ($4, $1, $5)
        """);

    private static readonly SqlStatement CountOne = Sql("INSERT INTO hangfire.counter (key, value) VALUES ($2, $1)");
    private static readonly SqlStatement Notify = Sql("NOTIFY " + Channel);

    private static readonly SqlStatement Claim = Sql("""
        WITH picked AS (
            SELECT id FROM hangfire.jobqueue WHERE queue = $1 AND fetchedat IS NULL
            ORDER BY fetchedat NULLS FIRST, queue, jobid LIMIT $2 FOR UPDATE SKIP LOCKED),
        taken AS (UPDATE hangfire.jobqueue q SET fetchedat = $3 FROM picked p WHERE q.id = p.id RETURNING q.id, q.jobid),
        jobs AS (
            SELECT j.id, j.stateid, j.statename, j.invocationdata, j.arguments, j.createdat
            FROM hangfire.job j WHERE j.id IN (SELECT jobid FROM taken) FOR UPDATE),
        stated AS (
            INSERT INTO hangfire.state (jobid, name, createdat, data)
            SELECT j.id, 'Processing', GREATEST($3, c.createdat + interval '1 microsecond'), $4::jsonb
            FROM jobs j LEFT JOIN hangfire.state c ON c.id = j.stateid
            WHERE j.statename IN ('Enqueued', 'Scheduled', 'Processing')
            RETURNING id, jobid, createdat),
        moved AS (UPDATE hangfire.job j SET stateid = s.id, statename = 'Processing', expireat = NULL FROM stated s WHERE j.id = s.jobid)
        SELECT t.id, t.jobid, j.statename, s.createdat, j.invocationdata::text, j.arguments::text, j.createdat,
            (SELECT json_agg(json_build_array(p.name, p.value) ORDER BY p.id)::text FROM hangfire.jobparameter p WHERE p.jobid = t.jobid)
        FROM taken t LEFT JOIN jobs j ON j.id = t.jobid LEFT JOIN stated s ON s.jobid = t.jobid ORDER BY t.jobid
        """);

    private static readonly SqlStatement HasAvailable = Sql("SELECT 1 FROM hangfire.jobqueue WHERE queue = $1 AND fetchedat IS NULL LIMIT 1");
    private static readonly SqlStatement ReserveJobs = Sql("SELECT nextval('hangfire.job_id_seq') FROM generate_series(1, $1)");
    private static readonly SqlStatement ReserveQueueRows = Sql("SELECT nextval('hangfire.jobqueue_id_seq') FROM generate_series(1, $1)");

    private static readonly SqlStatement SelectContinuations =
        Sql("SELECT jobid, value FROM hangfire.jobparameter WHERE jobid = $1 AND name = 'Continuations' ORDER BY id DESC LIMIT 1");

    private static readonly SqlStatement SelectJob = Sql("""
        SELECT j.invocationdata::text, j.arguments::text, j.createdat, j.expireat, j.statename, s.createdat, s.data::text
        FROM hangfire.job j LEFT JOIN hangfire.state s ON s.id = j.stateid WHERE j.id = $1
        """);

    private static readonly SqlStatement SelectParameters = Sql("SELECT name, value FROM hangfire.jobparameter WHERE jobid = $1 ORDER BY id");

    private static readonly SqlStatement SelectRange = Sql("""
        SELECT value, score FROM hangfire.set WHERE key = $1 AND score BETWEEN $2 AND $3 ORDER BY score LIMIT $4
        """);

    private static readonly SqlStatement SelectHash = Sql("SELECT field, value FROM hangfire.hash WHERE key = $1");

    public override bool IsJobGuard(SqlStatement statement) => statement == MoveJob || statement == SucceedJobs;

    public override void AddJob(WriteUnit unit, NewJob job)
    {
        var state = job.State;
        if (job.Taken is { } taken)
        {
            unit.Add(InsertTakenJob, job.Id, state.Name, job.Invocation, job.Arguments, Time(job.CreatedAt), state.Reason, Time(state.CreatedAt), state.Data,
                taken.Name, Time(taken.CreatedAt), taken.Data, job.QueueRowId, job.Queue!, Time(job.FetchedAt));
        }
        else
        {
            unit.Add(InsertJob, job.Id, state.Name, job.Invocation, job.Arguments, Time(job.CreatedAt), state.Reason, Time(state.CreatedAt), state.Data);
            if (job.Queue is not null)
                AddQueueRow(unit, job.QueueRowId, job.Id, job.Queue);
        }

        foreach (var (name, value) in job.Parameters)
            unit.Add(InsertParameter, job.Id, name, value);
    }

    public override void AddTransition(
        WriteUnit unit, long jobId, DateTime version, StateRow state, bool hasParameters = true, bool wasFinal = false, StateRow? before = null)
    {
        if (before is { } first)
            AddHistory(unit, jobId, first);
        unit.AddExpectingOne(MoveJob, jobId, state.Name, state.Reason, Time(state.CreatedAt), state.Data,
            JobStates.IsFinal(state.Name) ? Time(state.CreatedAt + Retention) : SqlValue.Null, Time(version));
    }

    public override void AddSuccesses(WriteUnit unit, IReadOnlyList<JobRun> runs)
    {
        if (runs.Count < 2)
        {
            base.AddSuccesses(unit, runs);
            return;
        }

        var ends = JobJson.Write(writer =>
        {
            writer.WriteStartArray();
            foreach (var run in runs)
            {
                var state = run.SuccessState(run.ResultJson);
                writer.WriteStartObject();
                writer.WriteNumber("j", run.Job.Id);
                writer.WriteNumber("q", run.Job.QueueRowId);
                writer.WriteString("v", run.Job.Version);
                writer.WriteString("a", state.CreatedAt);
                writer.WriteString("x", state.CreatedAt + Retention);
                writer.WritePropertyName("d");
                writer.WriteRawValue(state.Data);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
        });
        unit.AddExpecting(runs.Count, SucceedJobs, ends);
        var continuations = unit.Query(SelectContinuationsOfMany, ends);
        foreach (var run in runs)
        {
            JobBatches.AddFinished(unit, run.Job);
            run.Continuations = continuations;
        }
    }

    public override RowSet AddContinuationsQuery(WriteUnit unit, long jobId) => unit.Query(SelectContinuations, jobId);

    public override void AddHistory(WriteUnit unit, long jobId, StateRow state) =>
        unit.Add(InsertState, jobId, state.Name, state.Reason, Time(state.CreatedAt), state.Data);

    public override void AddQueueRow(WriteUnit unit, long rowId, long jobId, string queue)
    {
        unit.Add(InsertQueueRow, rowId, jobId, queue);
        unit.Add(Notify);
    }

    public override void AddAcknowledge(WriteUnit unit, long rowId) => unit.Add(AcknowledgeQueueRow, rowId);

    public override void AddDropQueueRow(WriteUnit unit, long rowId, DateTime? fetchedAt)
    {
        if (fetchedAt is null)
            unit.Add(DeleteFreeQueueRow, rowId);
        else
            unit.Add(DeleteQueueRow, rowId, Time(fetchedAt));
    }

    protected override void AddDropQueueRowOfMoved(WriteUnit unit, ClaimedJob job) =>
        unit.Add(DeleteQueueRowOfMoved, job.QueueRowId, Time(job.FetchedAt), job.Id, Time(job.Version));

    public override void AddRelease(WriteUnit unit, long rowId, DateTime? fetchedAt)
    {
        unit.Add(SetFetchedAt, rowId, Time(fetchedAt), SqlValue.Null);
        unit.Add(Notify);
    }

    public override void AddRenewal(WriteUnit unit, long rowId, DateTime fetchedAt, DateTime renewedAt) =>
        unit.AddExpectingOne(SetFetchedAt, rowId, Time(fetchedAt), Time(renewedAt));

    public override void AddSetMember(WriteUnit unit, string key, double score, string value) => unit.Add(UpsertSetMember, key, score, value);

    public override void AddSetRemoval(WriteUnit unit, string key, string value) => unit.Add(DeleteSetMember, key, value);

    public override void AddHashField(WriteUnit unit, string key, string field, string value) => unit.Add(UpsertHashField, key, field, value);

    public override void AddHashFieldChange(WriteUnit unit, string key, string field, string from, string to) =>
        unit.AddExpectingOne(ChangeHashField, key, field, from, to);

    public override void AddHashRemoval(WriteUnit unit, string key) => unit.Add(DeleteHash, key);

    public override void AddParameter(WriteUnit unit, long jobId, string name, string value) => unit.Add(UpsertParameter, jobId, name, value);

    public override void AddStatistics(WriteUnit unit, string kind, DateTime at, long count)
    {
        var day = StatisticsKey(kind, at, hour: false);
        var hour = StatisticsKey(kind, at, hour: true);
        // To the second, so that what ends together is counted together.
        var second = new DateTime(at.Ticks - (at.Ticks % TimeSpan.TicksPerSecond), at.Kind);
        if (kind == "failed")
            unit.AddSum(CountTwo, count, day, Time(second.AddMonths(1)), hour, Time(second.AddDays(1)));
        else
            unit.AddSum(Count, count, "stats:" + kind, day, Time(second.AddMonths(1)), hour, Time(second.AddDays(1)));
    }

    public override void AddTotal(WriteUnit unit, string kind, long count) => unit.AddSum(CountOne, count, "stats:" + kind);

    public override async Task<ClaimResult> ClaimAsync(
        string queue, int most, ServerIdentity identity, string workerId, CancellationToken cancellationToken)
    {
        // An empty queue is the usual case and costs a read, not a transaction.
        if ((await Database.QueryAsync(HasAvailable, cancellationToken, queue)).Count == 0)
            return new ClaimResult([], 0);

        var fetchedAt = Now();
        var unit = new WriteUnit();
        var rows = unit.Query(Claim, queue, most, Time(fetchedAt), StateRow.Processing(fetchedAt, identity.ServerId, workerId).Data);
        await Database.CommitAsync(unit);

        var claims = new List<ClaimedJob>(rows.Count);
        var stale = new WriteUnit();
        var seen = new HashSet<long>();
        foreach (var row in rows.Rows)
        {
            var (rowId, jobId) = (row[0].AsInteger, row[1].AsInteger);
            if (row[3].IsNull || !seen.Add(jobId))
            {
                var isIncomplete = row[2].IsNull && !row[6].IsNull && fetchedAt - row[6].AsTimestamp < TimeSpan.FromMinutes(1);
                if (isIncomplete)
                    AddRelease(stale, rowId, fetchedAt);
                else
                    AddDropQueueRow(stale, rowId, fetchedAt);
                continue;
            }

            if (row[2].AsText == JobStates.Scheduled)
                AddUnscheduled(stale, jobId);
            claims.Add(new ClaimedJob
            {
                Id = jobId,
                Queue = queue,
                QueueRowId = rowId,
                FetchedAt = fetchedAt,
                Version = row[3].AsTimestamp!.Value,
                CreatedAt = row[6].AsTimestamp!.Value,
                Invocation = row[4].AsText,
                Arguments = row[5].AsText,
                Identity = identity,
                Parameters = ReadParameters(row[7].AsText),
            });
        }

        try
        {
            if (stale.Count > 0)
                await Database.CommitAsync(stale);
        }
        catch (Exception e) when (claims.Count > 0 && e is StorageUnavailableException or StorageException)
        {
            // The others are taken and must run; these stay fetched until the sweep over orphans finds them.
        }

        return new ClaimResult(claims, rows.Count);
    }

    public override async Task<long[]> ReserveIdsAsync(IdTable table, int count, CancellationToken cancellationToken) =>
        [.. (await Database.QueryAsync(table == IdTable.Job ? ReserveJobs : ReserveQueueRows, cancellationToken, count)).Rows.Select(r => r[0].AsInteger)];

    public override async Task<JobRecord?> FindAsync(long jobId, CancellationToken cancellationToken)
    {
        var rows = (await Database.QueryAsync(SelectJob, cancellationToken, jobId)).Rows;
        if (rows.Count == 0)
            return null;
        var row = rows[0];
        return new JobRecord(jobId, row[0].AsText, row[1].AsText, row[2].AsTimestamp ?? default, row[3].AsTimestamp, row[4].AsText, row[5].AsTimestamp ?? default, row[6].AsText);
    }

    public override async Task<Dictionary<string, string?>> ParametersAsync(long jobId, CancellationToken cancellationToken)
    {
        var parameters = new Dictionary<string, string?>();
        foreach (var row in (await Database.QueryAsync(SelectParameters, cancellationToken, jobId)).Rows)
            parameters[row[0].AsText ?? ""] = row[1].AsText;
        return parameters;
    }

    public override async Task<List<(string Value, double Score)>> RangeAsync(string key, double from, double to, int most, CancellationToken cancellationToken) =>
        [.. (await Database.QueryAsync(SelectRange, cancellationToken, key, from, to, most)).Rows.Select(r => (r[0].AsText ?? "", r[1].AsReal))];

    public override async Task<Dictionary<string, string>> HashAsync(string key, CancellationToken cancellationToken)
    {
        var hash = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var row in (await Database.QueryAsync(SelectHash, cancellationToken, key)).Rows)
            hash[row[0].AsText ?? ""] = row[1].AsText ?? "";
        return hash;
    }

    private static Dictionary<string, string?> ReadParameters(string? json)
    {
        if (json is null)
            return ClaimedJob.NoParameters;
        var parameters = new Dictionary<string, string?>();
        using var document = System.Text.Json.JsonDocument.Parse(json);
        foreach (var pair in document.RootElement.EnumerateArray())
            parameters[pair[0].GetString() ?? ""] = pair[1].GetString();
        return parameters;
    }

    private static SqlStatement Sql(string text) => new("SELECT 'PostgreSQL only'", text);

    private static SqlValue Time(DateTime? utc) => SqlValue.Timestamp(utc);
}
