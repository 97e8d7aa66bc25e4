using Automation.Intake.Events;
using Automation.Intake.Sources;
using Automation.Storage;
using Automation.Storage.Writes;

namespace Automation.Dashboard.Overview;

/// <summary>
/// Counts what happened, minute by minute, from the rows that are stored anyway: nothing is written on the way of an event,
/// nothing is lost with a process, and every node counts the same.
/// </summary>
internal sealed class RollupReader(Database database, SourceCatalog sources)
{
    /// <summary>Events of what stood in the path of refused requests, which anybody can make up.</summary>
    public const string Unknown = "(unknown)";

    private const long Minute = 60_000_000;

    // Ids come from blocks of a process; states of one moment lie this far apart at most.
    private const long IdSlack = 20_000;

    private static readonly SqlStatement Events = new(
        $"""
        SELECT received_at / {Minute}, source, sum(CASE WHEN status NOT IN (3, 5) THEN 1 ELSE 0 END), sum(CASE WHEN status = 5 THEN 1 ELSE 0 END), sum(CASE WHEN status = 4 THEN 1 ELSE 0 END),
          sum(CASE WHEN status = 2 THEN 1 ELSE 0 END), sum(CASE WHEN status = 3 THEN 1 ELSE 0 END),
          CAST(coalesce(sum(CASE WHEN status <> 5 AND occurred_at <= received_at AND replay_of IS NULL THEN received_at - occurred_at END), 0) AS bigint),
          sum(CASE WHEN status <> 5 AND occurred_at <= received_at AND replay_of IS NULL THEN 1 ELSE 0 END), max(CASE WHEN status <> 5 THEN id END), max(CASE WHEN status = 5 THEN id END)
        FROM events WHERE id >= $1 AND id < $2 GROUP BY 1, 2
        """);

    private static readonly SqlStatement Starts = new(
        $"""
        SELECT e.received_at / {Minute}, {Latencies.ClassOf("(s.started_at - e.received_at)")}, count(*)
        FROM event_starts s JOIN events e ON e.id = s.event_id WHERE s.event_id >= $1 AND s.event_id < $2 GROUP BY 1, 2
        """);

    private static readonly SqlStatement Created = new(
        $"SELECT created_at / {Minute}, count(*) FROM workflow_instances WHERE created_at >= $1 AND created_at < $2 GROUP BY 1");

    private static readonly SqlStatement Finished = new(
        $"""
        SELECT finished_at / {Minute}, sub_status, {Latencies.ClassOf("(finished_at - created_at)")}, count(*)
        FROM workflow_instances WHERE finished_at >= $1 AND finished_at < $2 GROUP BY 1, 2, 3
        """);

    private static readonly string JobMicros = "CAST(json_extract(\"Data\", '$.PerformanceDuration') AS integer) * 1000";

    private static readonly SqlStatement Jobs = new(
        $"""
        SELECT ("CreatedAt" - {DateTime.UnixEpoch.Ticks}) / {TimeSpan.TicksPerMinute}, "Name", CASE WHEN "Name" = 'Succeeded' AND json_valid("Data") THEN {Latencies.ClassOf(JobMicros)} ELSE 0 END, count(*)
        FROM "State" WHERE "Id" >= $1 AND "Id" < $2 AND "CreatedAt" >= $3 AND "CreatedAt" < $4 AND "Name" IN ('Succeeded', 'Failed') GROUP BY 1, 2, 3
        """,
        $"""
        SELECT CAST(floor(extract(epoch FROM at) / 60) AS bigint), name, CASE WHEN name = 'Succeeded' THEN {Latencies.ClassOf("took")} ELSE 0 END, count(*) FROM (
          SELECT createdat AS at, name, CASE WHEN data->>'PerformanceDuration' ~ '^[0-9]{"{1,12}"}$' THEN CAST(data->>'PerformanceDuration' AS bigint) * 1000 ELSE 0 END AS took
          FROM hangfire.state WHERE createdat >= $1 AND createdat < $2 AND name IN ('Succeeded', 'Failed')) s
        GROUP BY 1, 2, 3
        """);

    // One by one: asked for both at once, SQLite reads the whole table.
    private static readonly SqlStatement StateIds = new("""SELECT coalesce((SELECT min("Id") FROM "State"), 0), coalesce((SELECT max("Id") FROM "State"), 0)""");

    private static readonly SqlStatement StateFrom = new("""SELECT "Id", "CreatedAt" FROM "State" WHERE "Id" >= $1 ORDER BY "Id" LIMIT 1""");

    private static readonly SqlStatement Oldest = new(
        "SELECT min(at) FROM (SELECT (SELECT min(received_at) FROM (SELECT received_at FROM events ORDER BY id LIMIT 1) e) AS at UNION ALL SELECT min(created_at) FROM workflow_instances) o");

    /// <summary>When the first thing happened that is still stored; null where nothing is.</summary>
    public async Task<DateTimeOffset?> OldestAsync(CancellationToken cancellationToken) => (await database.QueryAsync(Oldest, cancellationToken)).Rows[0][0].AsMicrosTime;

    /// <summary>Counts the minutes from one time to another, both at a full minute.</summary>
    public async Task<IReadOnlyCollection<Rollup>> ReadAsync(DateTimeOffset from, DateTimeOffset to, CancellationToken cancellationToken)
    {
        var minutes = new Dictionary<(long, string), Rollup>();
        Rollup At(long minute, string source = "")
        {
            if (!minutes.TryGetValue((minute, source), out var found))
                minutes[(minute, source)] = found = new Rollup { At = minute * 60, Source = source };
            return found;
        }

        var (first, last) = (EventIds.At(from), EventIds.At(to));
        var known = sources.All.ToDictionary(s => s.Slug, s => s.Slug, StringComparer.OrdinalIgnoreCase);
        foreach (var row in (await database.QueryAsync(Events, cancellationToken, first, last)).Rows)
        {
            At(row[0].AsInteger, known.GetValueOrDefault(row[1].AsText!, Unknown)).Add(new Rollup
            {
                At = 0,
                Events = row[2].AsInteger,
                Rejected = row[3].AsInteger,
                Failed = row[4].AsInteger,
                Unmatched = row[5].AsInteger,
                Duplicates = row[6].AsInteger,
                LagSum = row[7].AsInteger,
                LagCount = row[8].AsInteger,
                LastEvent = row[9].AsText,
                LastRefused = row[10].AsText,
            });
        }

        foreach (var row in (await database.QueryAsync(Starts, cancellationToken, first, last)).Rows)
            At(row[0].AsInteger).StartLatency.Add((int)row[1].AsInteger, row[2].AsInteger);
        foreach (var row in (await database.QueryAsync(Created, cancellationToken, SqlValue.Micros(from), SqlValue.Micros(to))).Rows)
            At(row[0].AsInteger).Started += row[1].AsInteger;
        foreach (var row in (await database.QueryAsync(Finished, cancellationToken, SqlValue.Micros(from), SqlValue.Micros(to))).Rows)
        {
            var minute = At(row[0].AsInteger);
            if (row[1].AsInteger == (long)Workflows.Execution.WorkflowSubStatus.Faulted)
                minute.Faulted += row[3].AsInteger;
            else
                minute.Finished += row[3].AsInteger;
            minute.RunLatency.Add((int)row[2].AsInteger, row[3].AsInteger);
        }

        foreach (var row in (await JobsAsync(from, to, cancellationToken)).Rows)
        {
            var minute = At(row[0].AsInteger);
            if (row[1].AsText == "Failed")
            {
                minute.JobsFailed += row[3].AsInteger;
                continue;
            }

            minute.JobsSucceeded += row[3].AsInteger;
            minute.JobLatency.Add((int)row[2].AsInteger, row[3].AsInteger);
        }

        return minutes.Values;
    }

    private async Task<RowSet> JobsAsync(DateTimeOffset from, DateTimeOffset to, CancellationToken cancellationToken)
    {
        var (first, last) = (SqlValue.Timestamp(from.UtcDateTime), SqlValue.Timestamp(to.UtcDateTime));
        if (database.Provider == DatabaseProvider.PostgreSql)
            return await database.QueryAsync(Jobs, cancellationToken, first, last);
        return await database.QueryAsync(
            Jobs, cancellationToken, await FirstIdAsync(from.UtcDateTime, cancellationToken) - IdSlack, await FirstIdAsync(to.UtcDateTime, cancellationToken) + IdSlack, first, last);
    }

    /// <summary>About the first state of a time: their ids grow with time, so halving the range finds it without an index of times.</summary>
    private async Task<long> FirstIdAsync(DateTime at, CancellationToken cancellationToken)
    {
        var ends = (await database.QueryAsync(StateIds, cancellationToken)).Rows[0];
        var (low, high) = (ends[0].AsInteger, ends[1].AsInteger + 1);
        while (low < high)
        {
            var middle = low + (high - low) / 2;
            var row = (await database.QueryAsync(StateFrom, cancellationToken, middle)).Rows;
            if (row.Count == 0 || row[0][1].AsTimestamp >= at)
                high = middle;
            else
                low = row[0][0].AsInteger + 1;
        }

        return low;
    }
}
