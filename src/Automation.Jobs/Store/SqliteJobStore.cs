using Automation.Jobs.Server;
using Automation.Storage;
using Automation.Storage.Writes;

namespace Automation.Jobs.Store;

/// <summary>
/// Hangfire.Storage.SQLite's layout. The current state of a job is its latest row in <c>State</c>; 0 ticks means none.
/// One server of ours owns the file, so that reading before a guarded write is enough.
/// </summary>
internal sealed class SqliteJobStore(Database database, TimeProvider clock) : JobStore(database, clock)
{
    private static readonly SqlStatement InsertJob = new("""
        INSERT INTO "Job" ("Id", "StateId", "StateName", "InvocationData", "Arguments", "CreatedAt", "ExpireAt") VALUES ($1, 0, $2, $3, $4, $5, 0)
        """);

    private static readonly SqlStatement InsertState = new("""
        INSERT INTO "State" ("JobId", "Name", "Reason", "CreatedAt", "Data", "ExpireAt") VALUES ($1, $2, $3, $4, $5, $6)
        """);

    private static readonly SqlStatement InsertTwoStates = new("""
        INSERT INTO "State" ("JobId", "Name", "Reason", "CreatedAt", "Data", "ExpireAt") VALUES ($1, $2, $3, $4, $5, 0), ($1, $6, NULL, $7, $8, 0)
        """);

    private static readonly SqlStatement InsertParameter = new("""
        INSERT INTO "JobParameter" ("JobId", "Name", "Value", "ExpireAt") VALUES ($1, $2, $3, 0)
        """);

    private static readonly SqlStatement InsertQueueRow = new("""
        INSERT INTO "JobQueue" ("Id", "JobId", "Queue", "FetchedAt") VALUES ($1, $2, $3, $4)
        """);

    private static readonly SqlStatement MoveJob = new("""
        UPDATE "Job" SET "StateName" = $2, "ExpireAt" = $3
        WHERE "Id" = $1 AND $4 = coalesce((SELECT max("CreatedAt") FROM "State" WHERE "JobId" = $1), 0)
        """);

    // Of a job that does not expire: the index of these times is left alone.
    private static readonly SqlStatement TakeJob = new("""
        UPDATE "Job" SET "StateName" = $2 WHERE "Id" = $1 AND $3 = coalesce((SELECT max("CreatedAt") FROM "State" WHERE "JobId" = $1), 0)
        """);

    private static readonly SqlStatement ExpireStates = new("""UPDATE "State" SET "ExpireAt" = $2 WHERE "JobId" = $1""");
    private static readonly SqlStatement ExpireParameters = new("""UPDATE "JobParameter" SET "ExpireAt" = $2 WHERE "JobId" = $1""");
    private static readonly SqlStatement AcknowledgeQueueRow = new("""DELETE FROM "JobQueue" WHERE "Id" = $1""");
    private static readonly SqlStatement DeleteQueueRow = new("""DELETE FROM "JobQueue" WHERE "Id" = $1 AND "FetchedAt" = $2""");
    private static readonly SqlStatement DeleteQueueRowOfMoved = new("""
        DELETE FROM "JobQueue" WHERE "Id" = $1 AND "FetchedAt" = $2 AND NOT EXISTS (
            SELECT 1 FROM "Job" j WHERE j."Id" = $3 AND j."StateName" = 'Processing'
            AND $4 = (SELECT max(s."CreatedAt") FROM "State" s WHERE s."JobId" = $3))
        """);

    private static readonly SqlStatement SetFetchedAt = new("""UPDATE "JobQueue" SET "FetchedAt" = $3 WHERE "Id" = $1 AND "FetchedAt" = $2""");

    private static readonly SqlStatement UpdateSetMember = new("""
        UPDATE "Set" SET "Score" = $2, "ExpireAt" = 0 WHERE "Key" = $1 AND "Value" = $3
        """);

    private static readonly SqlStatement InsertSetMember = new("""
        INSERT INTO "Set" ("Key", "Score", "Value", "ExpireAt") SELECT $1, $2, $3, 0 WHERE NOT EXISTS (SELECT 1 FROM "Set" WHERE "Key" = $1 AND "Value" = $3)
        """);

    private static readonly SqlStatement DeleteSetMember = new("""DELETE FROM "Set" WHERE "Key" = $1 AND "Value" = $2""");
    private static readonly SqlStatement UpdateHashField = new("""UPDATE "Hash" SET "Value" = $3, "ExpireAt" = 0 WHERE "Key" = $1 AND +"Field" = $2""");

    private static readonly SqlStatement InsertHashField = new("""
        INSERT INTO "Hash" ("Key", "Field", "Value", "ExpireAt") SELECT $1, $2, $3, 0
        WHERE NOT EXISTS (SELECT 1 FROM "Hash" WHERE "Key" = $1 AND +"Field" = $2)
        """);

    private static readonly SqlStatement ChangeHashField = new("""
        UPDATE "Hash" SET "Value" = $4, "ExpireAt" = 0 WHERE "Key" = $1 AND +"Field" = $2 AND coalesce("Value", '') = $3
        """);

    private static readonly SqlStatement DeleteHash = new("""DELETE FROM "Hash" WHERE "Key" = $1""");
    private static readonly SqlStatement UpdateParameter = new("""UPDATE "JobParameter" SET "Value" = $3 WHERE "JobId" = $1 AND +"Name" = $2""");

    private static readonly SqlStatement InsertMissingParameter = new("""
        INSERT INTO "JobParameter" ("JobId", "Name", "Value", "ExpireAt") SELECT $1, $2, $3, 0
        WHERE NOT EXISTS (SELECT 1 FROM "JobParameter" WHERE "JobId" = $1 AND +"Name" = $2)
        """);

    // Straight into the aggregate: with one writer there is nobody to contend with, and the history graphs, which read
    // only this table, are live.
    private static readonly SqlStatement Count = new("""
        INSERT INTO "AggregatedCounter" ("Key", "Value", "ExpireAt") VALUES ($2, $1, 0), ($3, $1, $4), ($5, $1, $6)
        ON CONFLICT ("Key") DO UPDATE SET "Value" = "Value" + excluded."Value", "ExpireAt" = excluded."ExpireAt"
        """);

    private static readonly SqlStatement CountTwo = new("""
        INSERT INTO "AggregatedCounter" ("Key", "Value", "ExpireAt") VALUES ($2, $1, $3), ($4, $1, $5)
        ON CONFLICT ("Key") DO UPDATE SET "Value" = "Value" + excluded."Value", "ExpireAt" = excluded."ExpireAt"
        """);

    private static readonly SqlStatement CountOne = new("""
        INSERT INTO "AggregatedCounter" ("Key", "Value", "ExpireAt") VALUES ($2, $1, 0) ON CONFLICT ("Key") DO UPDATE SET "Value" = "Value" + excluded."Value"
        """);

    private static readonly SqlStatement SelectAvailable = new("""
        SELECT q."Id", q."JobId", j."StateName", j."InvocationData", j."Arguments", j."CreatedAt",
            (SELECT max(s."CreatedAt") FROM "State" s WHERE s."JobId" = q."JobId"),
            EXISTS (SELECT 1 FROM "JobParameter" p WHERE p."JobId" = q."JobId"), j."ExpireAt"
        FROM "JobQueue" q LEFT JOIN "Job" j ON j."Id" = q."JobId"
        WHERE q."Queue" = $1 AND +q."FetchedAt" = 0 ORDER BY q."Id" LIMIT $2
        """);

    private static readonly SqlStatement SelectParameters = new("""SELECT "Name", "Value" FROM "JobParameter" WHERE "JobId" = $1 ORDER BY "Id" """);

    private static readonly SqlStatement SelectContinuations = new("""
        SELECT "JobId", "Value" FROM "JobParameter" WHERE "JobId" = $1 AND +"Name" = 'Continuations' ORDER BY "Id" DESC LIMIT 1
        """);

    private static readonly SqlStatement SelectJob = new("""
        SELECT j."InvocationData", j."Arguments", j."CreatedAt", j."ExpireAt", j."StateName", s."CreatedAt", s."Data"
        FROM "Job" j LEFT JOIN "State" s ON s."Id" = (SELECT x."Id" FROM "State" x WHERE x."JobId" = $1 ORDER BY x."CreatedAt" DESC, x."Id" DESC LIMIT 1)
        WHERE j."Id" = $1
        """);

    private static readonly SqlStatement SelectRange = new("""
        SELECT "Value", "Score" FROM "Set" WHERE "Key" = $1 AND "Score" BETWEEN $2 AND $3 ORDER BY "Score" LIMIT $4
        """);

    private static readonly SqlStatement SelectHash = new("""SELECT "Field", "Value" FROM "Hash" WHERE "Key" = $1 ORDER BY "Id" """);
    private static readonly SqlStatement InsertSequence = new("INSERT INTO sqlite_sequence (name, seq) SELECT $1, 0 WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = $1)");
    private static readonly SqlStatement BumpSequence = new("UPDATE sqlite_sequence SET seq = seq + $2 WHERE name = $1 RETURNING seq");

    public override bool IsJobGuard(SqlStatement statement) => statement == MoveJob || statement == TakeJob;

    public override void AddJob(WriteUnit unit, NewJob job)
    {
        unit.Add(InsertJob, job.Id, (job.Taken ?? job.State).Name, job.Invocation, job.Arguments, Ticks(job.CreatedAt));
        if (job.Taken is { } taken)
        {
            unit.Add(InsertTwoStates, job.Id, job.State.Name, job.State.Reason, Ticks(job.State.CreatedAt), job.State.Data,
                taken.Name, Ticks(taken.CreatedAt), taken.Data);
        }
        else
        {
            AddHistory(unit, job.Id, job.State);
        }

        foreach (var (name, value) in job.Parameters)
            unit.Add(InsertParameter, job.Id, name, value);
        if (job.Queue is not null)
            unit.Add(InsertQueueRow, job.QueueRowId, job.Id, job.Queue, Ticks(job.FetchedAt));
    }

    public override void AddTransition(
        WriteUnit unit, long jobId, DateTime version, StateRow state, bool hasParameters = true, bool wasFinal = false, StateRow? before = null)
    {
        var expireAt = JobStates.IsFinal(state.Name) ? Ticks(state.CreatedAt + Retention) : 0;
        unit.AddExpectingOne(MoveJob, jobId, state.Name, expireAt, Ticks(version));
        if (expireAt != 0 || wasFinal)
        {
            unit.Add(ExpireStates, jobId, expireAt);
            if (hasParameters)
                unit.Add(ExpireParameters, jobId, expireAt);
        }

        if (before is { } first)
            AddHistory(unit, jobId, first);
        unit.Add(InsertState, jobId, state.Name, state.Reason, Ticks(state.CreatedAt), state.Data, expireAt);
    }

    public override RowSet AddContinuationsQuery(WriteUnit unit, long jobId) => unit.Query(SelectContinuations, jobId);

    public override void AddHistory(WriteUnit unit, long jobId, StateRow state) =>
        unit.Add(InsertState, jobId, state.Name, state.Reason, Ticks(state.CreatedAt), state.Data, 0);

    public override void AddQueueRow(WriteUnit unit, long rowId, long jobId, string queue) => unit.Add(InsertQueueRow, rowId, jobId, queue, 0);

    public override void AddAcknowledge(WriteUnit unit, long rowId) => unit.Add(AcknowledgeQueueRow, rowId);

    public override void AddDropQueueRow(WriteUnit unit, long rowId, DateTime? fetchedAt) => unit.Add(DeleteQueueRow, rowId, Ticks(fetchedAt));

    protected override void AddDropQueueRowOfMoved(WriteUnit unit, ClaimedJob job) =>
        unit.Add(DeleteQueueRowOfMoved, job.QueueRowId, Ticks(job.FetchedAt), job.Id, Ticks(job.Version));

    public override void AddRelease(WriteUnit unit, long rowId, DateTime? fetchedAt) => unit.Add(SetFetchedAt, rowId, Ticks(fetchedAt), 0);

    public override void AddRenewal(WriteUnit unit, long rowId, DateTime fetchedAt, DateTime renewedAt) =>
        unit.AddExpectingOne(SetFetchedAt, rowId, Ticks(fetchedAt), Ticks(renewedAt));

    public override void AddSetMember(WriteUnit unit, string key, double score, string value)
    {
        unit.Add(UpdateSetMember, key, score, value);
        unit.Add(InsertSetMember, key, score, value);
    }

    public override void AddSetRemoval(WriteUnit unit, string key, string value) => unit.Add(DeleteSetMember, key, value);

    public override void AddHashField(WriteUnit unit, string key, string field, string value)
    {
        unit.Add(UpdateHashField, key, field, value);
        unit.Add(InsertHashField, key, field, value);
    }

    public override void AddHashFieldChange(WriteUnit unit, string key, string field, string from, string to) =>
        unit.AddExpectingOne(ChangeHashField, key, field, from, to);

    public override void AddHashRemoval(WriteUnit unit, string key) => unit.Add(DeleteHash, key);

    public override void AddParameter(WriteUnit unit, long jobId, string name, string value)
    {
        unit.Add(UpdateParameter, jobId, name, value);
        unit.Add(InsertMissingParameter, jobId, name, value);
    }

    public override void AddStatistics(WriteUnit unit, string kind, DateTime at, long count)
    {
        var day = StatisticsKey(kind, at, hour: false);
        var hour = StatisticsKey(kind, at, hour: true);
        // To the second, so that what ends together is counted together.
        var second = new DateTime(at.Ticks - (at.Ticks % TimeSpan.TicksPerSecond), at.Kind);
        if (kind == "failed")
            unit.AddSum(CountTwo, count, day, Ticks(second.AddMonths(1)), hour, Ticks(second.AddDays(1)));
        else
            unit.AddSum(Count, count, "stats:" + kind, day, Ticks(second.AddMonths(1)), hour, Ticks(second.AddDays(1)));
    }

    public override void AddTotal(WriteUnit unit, string kind, long count) => unit.AddSum(CountOne, count, "stats:" + kind);

    public override async Task<ClaimResult> ClaimAsync(
        string queue, int most, ServerIdentity identity, string workerId, CancellationToken cancellationToken)
    {
        var rows = (await Database.QueryAsync(SelectAvailable, cancellationToken, queue, most)).Rows;
        if (rows.Count == 0)
            return new ClaimResult([], 0);

        var fetchedAt = Now();
        var claims = new List<ClaimedJob>(rows.Count);
        var stale = new WriteUnit();
        var seen = new HashSet<long>();
        foreach (var row in rows)
        {
            var (rowId, jobId, state) = (row[0].AsInteger, row[1].AsInteger, row[2].AsText);
            // Hangfire commits a job and its queue row apart: one without a state is still on its way.
            var isIncomplete = state is null && !row[5].IsNull && fetchedAt - row[5].AsTimestamp < TimeSpan.FromMinutes(1);
            if (isIncomplete || !seen.Add(jobId))
                continue;
            if (!JobStates.CanStart(state))
            {
                AddDropQueueRow(stale, rowId, null);
                continue;
            }

            if (state == JobStates.Scheduled)
                AddUnscheduled(stale, jobId);
            claims.Add(new ClaimedJob
            {
                Id = jobId,
                Queue = queue,
                QueueRowId = rowId,
                FetchedAt = fetchedAt,
                Version = NowAfter(row[6].AsTimestamp ?? default),
                CreatedAt = row[5].AsTimestamp ?? fetchedAt,
                Invocation = row[3].AsText,
                Arguments = row[4].AsText,
                Identity = identity,
                Parameters = row[7].AsBoolean ? await ParametersAsync(jobId, cancellationToken) : ClaimedJob.NoParameters,
            });
        }

        if (stale.Count > 0)
            await Database.CommitAsync(stale, cancellationToken: cancellationToken);
        if (claims.Count > 0)
            claims = await TakeAsync(claims, rows, identity, workerId);
        return new ClaimResult(claims, rows.Count);
    }

    private async Task<List<ClaimedJob>> TakeAsync(List<ClaimedJob> claims, IReadOnlyList<SqlValue[]> rows, ServerIdentity identity, string workerId)
    {
        var found = rows.DistinctBy(r => r[1].AsInteger).ToDictionary(r => r[1].AsInteger);
        var unit = new WriteUnit();
        foreach (var claim in claims)
            AddTake(unit, claim, found[claim.Id], identity, workerId);
        try
        {
            await Database.CommitAsync(unit);
            return claims;
        }
        catch (WriteConflictException)
        {
            // Somebody else has touched one of them; take the others one by one.
        }

        var taken = new List<ClaimedJob>();
        foreach (var claim in claims)
        {
            var one = new WriteUnit();
            AddTake(one, claim, found[claim.Id], identity, workerId);
            try
            {
                await Database.CommitAsync(one);
                taken.Add(claim);
            }
            catch (WriteConflictException)
            {
                // Taken or changed by another: it is theirs, or the next round sees its new state.
            }
        }

        return taken;
    }

    private void AddTake(WriteUnit unit, ClaimedJob claim, SqlValue[] row, ServerIdentity identity, string workerId)
    {
        unit.AddExpectingOne(SetFetchedAt, claim.QueueRowId, 0, Ticks(claim.FetchedAt));
        var (version, state) = (row[6].AsTimestamp ?? default, StateRow.Processing(claim.Version, identity.ServerId, workerId));
        if (row[8].AsTimestamp is not null)
        {
            AddTransition(unit, claim.Id, version, state);
            return;
        }

        unit.AddExpectingOne(TakeJob, claim.Id, state.Name, Ticks(version));
        AddHistory(unit, claim.Id, state);
    }

    public override async Task<long[]> ReserveIdsAsync(IdTable table, int count, CancellationToken cancellationToken)
    {
        var unit = new WriteUnit();
        var name = table == IdTable.Job ? "Job" : "JobQueue";
        unit.Add(InsertSequence, name);
        var rows = unit.Query(BumpSequence, name, count);
        await Database.CommitAsync(unit, cancellationToken: cancellationToken);
        var last = rows.Rows[0][0].AsInteger;
        var ids = new long[count];
        for (var i = 0; i < count; i++)
            ids[i] = last - count + 1 + i;
        return ids;
    }

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
        var rows = (await Database.QueryAsync(SelectParameters, cancellationToken, jobId)).Rows;
        if (rows.Count == 0)
            return ClaimedJob.NoParameters;
        var parameters = new Dictionary<string, string?>(rows.Count);
        foreach (var row in rows)
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

    private static long Ticks(DateTime? utc) => utc?.Ticks ?? 0;
}
