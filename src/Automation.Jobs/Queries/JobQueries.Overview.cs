using System.Globalization;
using System.Text.Json;
using Automation.Jobs.Serialization;
using Automation.Jobs.Store;
using Automation.Storage.Writes;

namespace Automation.Jobs;

/// <content>Counts, queues, servers, recurring jobs, statistics, failures.</content>
public sealed partial class JobQueries
{
    private static readonly SqlStatement CountState = new(
        """SELECT count(*) FROM (SELECT 1 FROM "Job" WHERE "StateName" = $1 LIMIT $2)""",
        "SELECT count(*) FROM (SELECT 1 FROM hangfire.job WHERE statename = $1 LIMIT $2) x");

    private static readonly SqlStatement CountSet = new(
        """SELECT count(*) FROM (SELECT 1 FROM "Set" WHERE "Key" = $1 LIMIT $2)""",
        "SELECT count(*) FROM (SELECT 1 FROM hangfire.set WHERE key = $1 LIMIT $2) x");

    private static readonly SqlStatement CountQueue = new(
        """SELECT count(*) FROM (SELECT 1 FROM "JobQueue" WHERE "Queue" = $1 AND +"FetchedAt" = 0 LIMIT $2)""",
        "SELECT count(*) FROM (SELECT 1 FROM hangfire.jobqueue WHERE queue = $1 AND fetchedat IS NULL LIMIT $2) x");

    private static readonly SqlStatement SelectCounter = new(
        """SELECT coalesce((SELECT sum("Value") FROM "Counter" WHERE "Key" = $1), 0) + coalesce((SELECT "Value" FROM "AggregatedCounter" WHERE "Key" = $1), 0)""",
        "SELECT (coalesce((SELECT sum(value) FROM hangfire.counter WHERE key = $1), 0) + coalesce((SELECT value FROM hangfire.aggregatedcounter WHERE key = $1), 0))::bigint");

    private static readonly SqlStatement SelectServers = new(
        """SELECT "Id", "Data", "LastHeartbeat" FROM "Server" ORDER BY "Id" LIMIT 1000""",
        "SELECT id, data::text, lastheartbeat FROM hangfire.server ORDER BY id LIMIT 1000");

    // One step per queue through the index, however long the queues are.
    private static readonly SqlStatement SelectQueues = new(
        """
        WITH RECURSIVE q(name) AS (
            SELECT min("Queue") FROM "JobQueue"
            UNION ALL SELECT (SELECT min("Queue") FROM "JobQueue" WHERE "Queue" > q.name) FROM q WHERE q.name IS NOT NULL)
        SELECT name FROM q WHERE name IS NOT NULL UNION SELECT name FROM job_queues ORDER BY 1
        """,
        """
        WITH RECURSIVE q(name) AS (
            SELECT min(queue) FROM hangfire.jobqueue
            UNION ALL SELECT (SELECT min(queue) FROM hangfire.jobqueue WHERE queue > q.name) FROM q WHERE q.name IS NOT NULL)
        SELECT name FROM q WHERE name IS NOT NULL UNION SELECT name FROM job_queues ORDER BY 1
        """);

    private static readonly SqlStatement SelectQueue = new(
        """
        SELECT (SELECT count(*) FROM "JobQueue" WHERE "FetchedAt" > 0 AND +"Queue" = $1),
            (SELECT count(*) FROM job_queues WHERE name = $1),
            (SELECT j."CreatedAt" FROM "JobQueue" q JOIN "Job" j ON j."Id" = q."JobId" WHERE q."Queue" = $1 AND +q."FetchedAt" = 0 ORDER BY q."Id" LIMIT 1)
        """,
        """
        SELECT (SELECT count(*) FROM hangfire.jobqueue WHERE queue = $1 AND fetchedat IS NOT NULL),
            (SELECT count(*) FROM job_queues WHERE name = $1),
            (SELECT j.createdat FROM hangfire.jobqueue q JOIN hangfire.job j ON j.id = q.jobid WHERE q.queue = $1 AND q.fetchedat IS NULL
                ORDER BY q.fetchedat NULLS FIRST, q.queue, q.jobid LIMIT 1)
        """);

    private static readonly SqlStatement SelectRecurring = new(
        """SELECT "Value" FROM "Set" WHERE "Key" = 'recurring-jobs' AND "Value" > $1 ORDER BY "Value" LIMIT $2""",
        """SELECT value FROM hangfire.set WHERE key = 'recurring-jobs' AND value COLLATE "C" > $1 ORDER BY value COLLATE "C" LIMIT $2""");

    private static readonly SqlStatement SelectFailures = new(
        """
        SELECT json_extract(d, '$.ExceptionType'), count(*), max(id), max(at), d FROM (
            SELECT j."Id" AS id, s."CreatedAt" AS at, CASE WHEN json_valid(s."Data") THEN s."Data" ELSE '{}' END AS d
            FROM "Job" j JOIN "State" s ON s."Id" = (SELECT x."Id" FROM "State" x WHERE x."JobId" = j."Id" ORDER BY x."CreatedAt" DESC, x."Id" DESC LIMIT 1)
            WHERE j."StateName" = 'Failed' ORDER BY j."Id" DESC LIMIT $1)
        GROUP BY 1 ORDER BY 2 DESC
        """,
        """
        WITH latest AS MATERIALIZED (SELECT id FROM hangfire.job WHERE statename = 'Failed' ORDER BY id DESC LIMIT $1)
        SELECT d->>'ExceptionType', count(*), max(id), max(at), (array_agg(d::text ORDER BY at DESC))[1] FROM (
            SELECT j.id, s.createdat AS at, s.data AS d FROM latest l JOIN hangfire.job j ON j.id = l.id JOIN hangfire.state s ON s.id = j.stateid) f
        GROUP BY 1 ORDER BY 2 DESC
        """);

    private static readonly SqlStatement PauseQueue = new("INSERT INTO job_queues (name, paused_at) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING");
    private static readonly SqlStatement ResumeQueue = new("DELETE FROM job_queues WHERE name = $1");

    // Not counted up to the limit again once the background has found so many.
    private const long VeryMany = 10 * JobCounts.Most;

    /// <summary>How many failed jobs are grouped by their exceptions.</summary>
    public const int MostFailures = 2000;

    /// <summary>How many jobs are in each state, and the totals.</summary>
    public async Task<JobCounts> CountAsync(CancellationToken cancellationToken = default)
    {
        var byState = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var state in JobStates.All)
            byState[state] = await CountedAsync(CountState, state, cancellationToken);
        return new JobCounts(
            byState,
            await NumberAsync(SelectCounter, cancellationToken, "stats:succeeded"),
            await NumberAsync(SelectCounter, cancellationToken, "stats:deleted"),
            await CountedAsync(CountSet, JobStore.RecurringJobs, cancellationToken),
            await CountedAsync(CountSet, JobStore.Retries, cancellationToken),
            (await _store.Database.QueryAsync(SelectServers, cancellationToken)).Count,
            (await _store.Database.QueryAsync(SelectQueues, cancellationToken)).Count);
    }

    /// <summary>The queues that have jobs or are paused.</summary>
    public async Task<IReadOnlyList<JobQueueView>> QueuesAsync(CancellationToken cancellationToken = default)
    {
        var queues = new List<JobQueueView>();
        foreach (var row in (await _store.Database.QueryAsync(SelectQueues, cancellationToken)).Rows)
        {
            var name = row[0].AsText!;
            var q = (await _store.Database.QueryAsync(SelectQueue, cancellationToken, name)).Rows[0];
            queues.Add(new JobQueueView(name, await CountedAsync(CountQueue, name, cancellationToken), q[0].AsInteger, q[1].AsInteger > 0, Time(q[2])));
        }

        return queues;
    }

    /// <summary>Lets servers leave a queue alone until it is resumed; jobs that run are not affected. Told to all of our servers within a beat.</summary>
    public Task PauseQueueAsync(string queue, CancellationToken cancellationToken = default) =>
        _store.Database.CommitAsync(
            new WriteUnit().Add(PauseQueue, JobQueues.Validate(queue), SqlValue.Micros(_clock.GetUtcNow())), cancellationToken: cancellationToken);

    /// <summary>Lets servers take jobs of a queue again.</summary>
    public Task ResumeQueueAsync(string queue, CancellationToken cancellationToken = default) =>
        _store.Database.CommitAsync(new WriteUnit().Add(ResumeQueue, JobQueues.Validate(queue)), cancellationToken: cancellationToken);

    /// <summary>The servers on the list, ours and genuine ones.</summary>
    public async Task<IReadOnlyList<JobServerView>> ServersAsync(CancellationToken cancellationToken = default)
    {
        var rows = await _store.Database.QueryAsync(SelectServers, cancellationToken);
        return [.. rows.Rows.Select(ReadServer)];
    }

    /// <summary>The recurring jobs, by id.</summary>
    /// <param name="after">Only ids after this one; null from the first.</param>
    /// <param name="most">How many at most, 1 to 1,000.</param>
    /// <param name="cancellationToken">Ends the read.</param>
    public async Task<IReadOnlyList<RecurringJobView>> RecurringAsync(string? after = null, int most = 100, CancellationToken cancellationToken = default)
    {
        var views = new List<RecurringJobView>();
        foreach (var row in (await _store.Database.QueryAsync(SelectRecurring, cancellationToken, after ?? "", Math.Clamp(most, 1, MostOnAPage))).Rows)
        {
            var id = row[0].AsText!;
            var hash = await _store.HashAsync(RecurringRuns.KeyOf(id), cancellationToken);
            views.Add(new RecurringJobView(
                id,
                PayloadName(hash.GetValueOrDefault("Job")),
                hash.GetValueOrDefault("Cron") ?? "",
                RecurringRuns.ZoneIdOf(hash),
                hash.GetValueOrDefault("Queue") is { Length: > 0 } queue ? queue : JobQueues.Default,
                Offset(JobTime.Parse(hash.GetValueOrDefault("NextExecution"))),
                Offset(JobTime.Parse(hash.GetValueOrDefault("LastExecution"))),
                long.TryParse(hash.GetValueOrDefault("LastJobId"), NumberStyles.None, CultureInfo.InvariantCulture, out var last) ? last : null,
                Offset(JobTime.Parse(hash.GetValueOrDefault("CreatedAt"))),
                Enum.TryParse<MisfireMode>(hash.GetValueOrDefault("Misfire"), ignoreCase: true, out var misfire) ? misfire : MisfireMode.Relaxed,
                hash.GetValueOrDefault("Error") is { Length: > 0 } error ? error : null,
                int.TryParse(hash.GetValueOrDefault("RetryAttempt"), NumberStyles.None, CultureInfo.InvariantCulture, out var retry) ? retry : 0));
        }

        return views;
    }

    /// <summary>How many jobs ended in each of the last 24 hours, oldest first; the last one is the current hour.</summary>
    public Task<IReadOnlyList<JobStatistic>> LastDayAsync(CancellationToken cancellationToken = default)
    {
        var now = _clock.GetUtcNow();
        var hour = new DateTimeOffset(now.Year, now.Month, now.Day, now.Hour, 0, 0, TimeSpan.Zero);
        return StatisticsAsync(Enumerable.Range(0, 24).Select(i => hour.AddHours(i - 23)), "yyyy-MM-dd-HH", cancellationToken);
    }

    /// <summary>How many jobs ended in each of the last 7 days (UTC), oldest first; the last one is today.</summary>
    public Task<IReadOnlyList<JobStatistic>> LastWeekAsync(CancellationToken cancellationToken = default)
    {
        var now = _clock.GetUtcNow();
        var day = new DateTimeOffset(now.Year, now.Month, now.Day, 0, 0, 0, TimeSpan.Zero);
        return StatisticsAsync(Enumerable.Range(0, 7).Select(i => day.AddDays(i - 6)), "yyyy-MM-dd", cancellationToken);
    }

    /// <summary>The failed jobs (of the latest <see cref="MostFailures"/>) by the type of their exception, the most frequent first.</summary>
    public async Task<IReadOnlyList<JobFailureGroup>> FailuresAsync(CancellationToken cancellationToken = default)
    {
        var rows = await _store.Database.QueryAsync(SelectFailures, cancellationToken, MostFailures);
        return
        [
            .. rows.Rows.Select(r => new JobFailureGroup(
                r[0].AsText ?? "(unknown)", JobJson.ReadStrings(r[4].AsText).GetValueOrDefault("ExceptionMessage") ?? "",
                r[1].AsInteger, r[2].AsInteger, Time(r[3]) ?? default)),
        ];
    }

    private async Task<IReadOnlyList<JobStatistic>> StatisticsAsync(IEnumerable<DateTimeOffset> times, string format, CancellationToken cancellationToken)
    {
        var at = times.Select(t => (Time: t, Text: t.ToString(format, CultureInfo.InvariantCulture))).ToList();
        SqlValue[] keys = [.. at.SelectMany(t => new SqlValue[] { "stats:succeeded:" + t.Text, "stats:failed:" + t.Text, "stats:deleted:" + t.Text })];
        var list = string.Join(", ", Enumerable.Range(1, keys.Length).Select(i => string.Create(CultureInfo.InvariantCulture, $"${i}")));
        var text = IsSqlite
            ? $"""SELECT "Key", "Value" FROM "AggregatedCounter" WHERE "Key" IN ({list}) UNION ALL SELECT "Key", sum("Value") FROM "Counter" WHERE "Key" IN ({list}) GROUP BY "Key" """
            : $"SELECT key, value FROM hangfire.aggregatedcounter WHERE key IN ({list}) UNION ALL SELECT key, sum(value)::bigint FROM hangfire.counter WHERE key IN ({list}) GROUP BY key";
        var counts = (await _store.Database.QueryAsync(Cached(text), cancellationToken, keys)).Rows.ToLookup(r => r[0].AsText!, r => r[1].AsInteger, StringComparer.Ordinal);
        return [.. at.Select(t => new JobStatistic(t.Time, counts["stats:succeeded:" + t.Text].Sum(), counts["stats:failed:" + t.Text].Sum(), counts["stats:deleted:" + t.Text].Sum()))];
    }

    /// <summary>Counts up to <see cref="JobCounts.Most"/>; of more, what was counted in the background.</summary>
    private async Task<long> CountedAsync(SqlStatement statement, string key, CancellationToken cancellationToken)
    {
        var name = $"{statement} {key}";
        if (_fullCounts.Known(name) is { } known and > VeryMany)
            return Latest() ?? known;
        var count = await NumberAsync(statement, cancellationToken, key, JobCounts.Most);
        return count < JobCounts.Most ? count : Math.Max(Latest() ?? 0, JobCounts.Most);

        long? Latest() => _fullCounts.Latest(name, () => NumberAsync(statement, CancellationToken.None, key, long.MaxValue));
    }

    private async Task<long> NumberAsync(SqlStatement statement, CancellationToken cancellationToken, params SqlValue[] values) =>
        (await _store.Database.QueryAsync(statement, cancellationToken, values)).Rows[0][0].AsInteger;

    private static JobServerView ReadServer(SqlValue[] row)
    {
        var (workers, queues, started) = (0, (IReadOnlyList<string>)[], (DateTime?)null);
        try
        {
            using var document = JsonDocument.Parse(row[1].AsText ?? "{}");
            var root = document.RootElement;
            if (root.TryGetProperty("WorkerCount", out var count) && count.TryGetInt32(out var n))
                workers = n;
            if (root.TryGetProperty("Queues", out var list))
                queues = [.. JobJson.ReadStringArray(list).OfType<string>()];
            if (root.TryGetProperty("StartedAt", out var time))
                started = JobTime.Parse(time.ToString());
        }
        catch (JsonException)
        {
            // Shown with what can be read.
        }

        return new JobServerView(row[0].AsText!, workers, queues, Offset(started), Time(row[2]) ?? default);
    }

    private static string PayloadName(string? payload)
    {
        try
        {
            return InvocationData.ReadPayload(payload).DisplayName;
        }
        catch (JobLoadException)
        {
            return "(unreadable)";
        }
    }

    private static DateTimeOffset? Offset(DateTime? utc) => utc is { } t ? new DateTimeOffset(t, TimeSpan.Zero) : null;
}
