using Automation.Storage;
using Automation.Storage.Writes;

namespace Automation.Dashboard.Overview;

/// <summary>What a source has sent of late.</summary>
/// <param name="Events">Events of the last 24 hours.</param>
/// <param name="Rejected">Refused requests of the last 24 hours.</param>
/// <param name="Lag">Mean time between happening and arriving in the last 24 hours; null where the sender gives no time.</param>
/// <param name="LastEvent">Id of the newest event of the last 31 days.</param>
/// <param name="LastRefused">Id of the newest refused request of the last 31 days.</param>
internal sealed record SourceHealth(long Events, long Rejected, TimeSpan? Lag, string? LastEvent, string? LastRefused)
{
    public static SourceHealth None { get; } = new(0, 0, null, null, null);
}

/// <summary>The stored counts of minutes and hours.</summary>
internal sealed class RollupStore(Database database, TimeProvider clock)
{
    /// <summary>Seconds of a row.</summary>
    public const int Minute = 60, Hour = 3600;

    private const string Columns =
        "at, source, events, rejected, failed, unmatched, duplicates, lag_sum, lag_count, last_event, last_refused, started, finished, faulted, jobs_succeeded, jobs_failed, start_latency, run_latency, job_latency";

    private static readonly SqlStatement Upsert = new(
        $"""
        INSERT INTO rollups (span, {Columns}, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)
        ON CONFLICT (span, at, source) DO UPDATE SET events = excluded.events, rejected = excluded.rejected, failed = excluded.failed, unmatched = excluded.unmatched,
          duplicates = excluded.duplicates, lag_sum = excluded.lag_sum, lag_count = excluded.lag_count, last_event = excluded.last_event, last_refused = excluded.last_refused,
          started = excluded.started, finished = excluded.finished, faulted = excluded.faulted, jobs_succeeded = excluded.jobs_succeeded, jobs_failed = excluded.jobs_failed,
          start_latency = excluded.start_latency, run_latency = excluded.run_latency, job_latency = excluded.job_latency, updated_at = excluded.updated_at
        """);

    private static readonly SqlStatement Range = new($"SELECT {Columns} FROM rollups WHERE span = $1 AND at >= $2 AND at < $3 ORDER BY at");

    private static readonly SqlStatement Newest = new("SELECT at, updated_at FROM rollups WHERE span = $1 ORDER BY at DESC LIMIT 1");

    private static readonly SqlStatement Oldest = new("SELECT at FROM rollups WHERE span = 3600 ORDER BY at LIMIT 1");

    private static readonly SqlStatement OfSources = new(
        """
        SELECT source, CAST(sum(CASE WHEN at >= $2 THEN events ELSE 0 END) AS bigint), CAST(sum(CASE WHEN at >= $2 THEN rejected ELSE 0 END) AS bigint),
          CAST(sum(CASE WHEN at >= $2 THEN lag_sum ELSE 0 END) AS bigint), CAST(sum(CASE WHEN at >= $2 THEN lag_count ELSE 0 END) AS bigint), max(last_event), max(last_refused)
        FROM rollups WHERE span = 3600 AND at >= $1 AND source <> '' GROUP BY source
        """);

    private static readonly SqlStatement Sweep = new("DELETE FROM rollups WHERE span = $1 AND at < $2");

    /// <summary>The newest minute that anybody has counted, and when; the newest hour where no minute is left.</summary>
    public async Task<(DateTimeOffset At, DateTimeOffset UpdatedAt)?> NewestAsync(CancellationToken cancellationToken)
    {
        foreach (var span in new[] { Minute, Hour })
        {
            if ((await database.QueryAsync(Newest, cancellationToken, span)).Rows is [var row])
                return (DateTimeOffset.FromUnixTimeSeconds(row[0].AsInteger), row[1].AsMicrosTime!.Value);
        }

        return null;
    }

    /// <summary>The oldest hour that is counted; null where none is.</summary>
    public async Task<DateTimeOffset?> OldestAsync(CancellationToken cancellationToken) =>
        (await database.QueryAsync(Oldest, cancellationToken)).Rows is [var row] ? DateTimeOffset.FromUnixTimeSeconds(row[0].AsInteger) : null;

    /// <summary>The rows of a time, oldest first.</summary>
    public async Task<IReadOnlyList<Rollup>> ReadAsync(int span, DateTimeOffset from, DateTimeOffset to, CancellationToken cancellationToken) =>
        [.. (await database.QueryAsync(Range, cancellationToken, span, from.ToUnixTimeSeconds(), to.ToUnixTimeSeconds())).Rows.Select(Read)];

    /// <summary>How the sources fare, by slug.</summary>
    public async Task<IReadOnlyDictionary<string, SourceHealth>> SourcesAsync(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var rows = await database.QueryAsync(OfSources, cancellationToken, (now - TimeSpan.FromDays(31)).ToUnixTimeSeconds(), (now - TimeSpan.FromDays(1)).ToUnixTimeSeconds());
        return rows.Rows.ToDictionary(
            r => r[0].AsText!,
            r => new SourceHealth(r[1].AsInteger, r[2].AsInteger, r[4].AsInteger > 0 ? TimeSpan.FromMicroseconds(r[3].AsInteger / r[4].AsInteger) : null, r[5].AsText, r[6].AsText),
            StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>Writes rows in place of what is there.</summary>
    public async Task WriteAsync(int span, IReadOnlyCollection<Rollup> rows, CancellationToken cancellationToken)
    {
        var now = SqlValue.Micros(clock.GetUtcNow());
        foreach (var part in rows.Chunk(200))
        {
            var unit = new WriteUnit();
            foreach (var r in part)
            {
                unit.Add(
                    Upsert, span, r.At, r.Source, r.Events, r.Rejected, r.Failed, r.Unmatched, r.Duplicates, r.LagSum, r.LagCount, r.LastEvent, r.LastRefused, r.Started, r.Finished,
                    r.Faulted, r.JobsSucceeded, r.JobsFailed, r.StartLatency.ToString(), r.RunLatency.ToString(), r.JobLatency.ToString(), now);
            }

            await database.CommitAsync(unit, cancellationToken: cancellationToken);
        }
    }

    /// <summary>Removes rows before a time.</summary>
    public Task SweepAsync(int span, DateTimeOffset before, CancellationToken cancellationToken) =>
        database.CommitAsync(new WriteUnit().Add(Sweep, span, before.ToUnixTimeSeconds()), cancellationToken: cancellationToken);

    private static Rollup Read(SqlValue[] row) => new()
    {
        At = row[0].AsInteger,
        Source = row[1].AsText!,
        Events = row[2].AsInteger,
        Rejected = row[3].AsInteger,
        Failed = row[4].AsInteger,
        Unmatched = row[5].AsInteger,
        Duplicates = row[6].AsInteger,
        LagSum = row[7].AsInteger,
        LagCount = row[8].AsInteger,
        LastEvent = row[9].AsText,
        LastRefused = row[10].AsText,
        Started = row[11].AsInteger,
        Finished = row[12].AsInteger,
        Faulted = row[13].AsInteger,
        JobsSucceeded = row[14].AsInteger,
        JobsFailed = row[15].AsInteger,
        StartLatency = Latencies.Parse(row[16].AsText!),
        RunLatency = Latencies.Parse(row[17].AsText!),
        JobLatency = Latencies.Parse(row[18].AsText!),
    };
}
