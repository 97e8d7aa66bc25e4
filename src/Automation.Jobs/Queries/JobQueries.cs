using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Automation.Jobs.Serialization;
using Automation.Jobs.Store;
using Automation.Storage;
using Automation.Storage.Writes;

namespace Automation.Jobs;

/// <summary>
/// What a dashboard asks: lists with filters, details, counts, queues, servers, statistics. Reads only; every query is
/// bounded, so that it stays quick with millions of jobs. Thread-safe.
/// </summary>
public sealed partial class JobQueries
{
    private const int MostOnAPage = 1000;
    private const int PreviewLength = 500;
    private const int Pieces = 20;

    /// <summary>How many jobs a search through their texts looks at before it gives what it has and a place to go on from.</summary>
    private const int SearchWindow = 20_000;

    /// <summary>The same for a search through their histories, which is slower.</summary>
    private const int HistoryWindow = 5_000;

    /// <summary>A list looks at a twentieth of that at once, and at no more when this is over: jobs of a rare state lie far apart.</summary>
    private static readonly TimeSpan SearchTime = TimeSpan.FromMilliseconds(30);

    /// <summary>Ids grow with the time of creation but for what clocks and reserved blocks of ids shift.</summary>
    private static readonly TimeSpan MostShift = TimeSpan.FromMinutes(1);

    private static readonly ConcurrentDictionary<string, SqlStatement> Statements = new(StringComparer.Ordinal);

    private static readonly SqlStatement SelectHistory = new(
        """SELECT "Name", "Reason", "CreatedAt", "Data" FROM "State" WHERE "JobId" = $1 ORDER BY "CreatedAt" DESC, "Id" DESC""",
        "SELECT name, reason, createdat, data::text FROM hangfire.state WHERE jobid = $1 ORDER BY createdat DESC, id DESC");

    private static readonly SqlStatement SelectLog = new("SELECT at, text FROM job_log WHERE job_id = $1 ORDER BY line DESC LIMIT 1000");
    private static readonly SqlStatement SelectProgress = new("SELECT percent, message, at FROM job_progress WHERE job_id = $1");

    private readonly JobStore _store;
    private readonly TimeProvider _clock;
    private readonly FullCounts _fullCounts;

    internal JobQueries(JobStore store, TimeProvider clock)
    {
        _store = store;
        _clock = clock;
        _fullCounts = new FullCounts(clock);
    }

    private bool IsSqlite => _store.Database.Provider == DatabaseProvider.Sqlite;

    /// <summary>Lists jobs, newest first.</summary>
    /// <param name="filter">Which.</param>
    /// <param name="before">Only ids below; null from the newest.</param>
    /// <param name="most">How many at most, 1 to 1,000.</param>
    /// <param name="cancellationToken">Ends the read.</param>
    public async Task<JobPage> ListAsync(JobFilter filter, long? before = null, int most = 20, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(filter);
        most = Math.Clamp(most, 1, MostOnAPage);
        var (top, end) = await BoundsAsync(filter, before, cancellationToken);
        var jobs = new List<JobSummary>();
        var started = _clock.GetTimestamp();
        for (var piece = 1; ; piece++)
        {
            var bottom = filter.SearchesText ? await WindowAsync(filter, top, end, cancellationToken, Pieces) : end;
            var sql = new StringBuilder(IsSqlite ? ListSqlite : ListPostgres);
            var values = new List<SqlValue> { top, bottom, most + 1 - jobs.Count };
            AddConditions(sql, values, filter, windowed: filter.SearchesText);
            sql.Append(IsSqlite ? """ ORDER BY j."Id" DESC LIMIT $3""" : " ORDER BY j.id DESC LIMIT $3");
            jobs.AddRange((await _store.Database.QueryAsync(Cached(sql.ToString()), cancellationToken, [.. values])).Rows.Select(ReadSummary));
            if (jobs.Count > most)
                return new JobPage(jobs[..most], jobs[most - 1].Id);
            if (bottom <= end)
                return new JobPage(jobs, null);
            if (piece == Pieces || _clock.GetElapsedTime(started) > SearchTime)
                return new JobPage(jobs, bottom + 1);
            top = bottom + 1;
        }
    }

    /// <summary>Lists the jobs that wait in a queue, in the order in which they are taken, or those of it that servers hold.</summary>
    /// <param name="queue">The queue.</param>
    /// <param name="fetched">True for those that servers hold.</param>
    /// <param name="after">Only queue places after this one; null from the first.</param>
    /// <param name="most">How many at most, 1 to 1,000.</param>
    /// <param name="cancellationToken">Ends the read.</param>
    /// <returns>The jobs; the page's <see cref="JobPage.Before"/> is to be passed as <paramref name="after"/>.</returns>
    public async Task<JobPage> ListQueueAsync(
        string queue, bool fetched, long? after = null, int most = 20, CancellationToken cancellationToken = default)
    {
        most = Math.Clamp(most, 1, MostOnAPage);
        var text = IsSqlite
            ? $"""
               SELECT q."Id", {ColumnsSqlite} FROM "JobQueue" q JOIN "Job" j ON j."Id" = q."JobId" LEFT JOIN "State" s ON s."Id" = {LastStateSqlite}
               WHERE {(fetched ? "+q.\"Queue\" = $1 AND q.\"FetchedAt\" > 0 AND +q.\"Id\" > $2" : "q.\"Queue\" = $1 AND +q.\"FetchedAt\" = 0 AND q.\"Id\" > $2")}
               ORDER BY {(fetched ? "+" : "")}q."Id" LIMIT $3
               """
            : $"""
               SELECT q.id, {ColumnsPostgres} FROM hangfire.jobqueue q JOIN hangfire.job j ON j.id = q.jobid LEFT JOIN hangfire.state s ON s.id = j.stateid
               WHERE q.queue = $1 AND q.fetchedat IS {(fetched ? "NOT NULL" : "NULL")} AND q.id > $2 ORDER BY q.id LIMIT $3
               """;
        var rows = (await _store.Database.QueryAsync(Cached(text), cancellationToken, queue, after ?? 0, most + 1)).Rows;
        var jobs = rows.Take(most).Select(r => ReadSummary(r[1..])).ToList();
        return new JobPage(jobs, rows.Count > most ? rows[most - 1][0].AsInteger : null);
    }

    /// <summary>Everything about one job; null where there is none of this id.</summary>
    public async Task<JobDetails?> FindAsync(long id, CancellationToken cancellationToken = default)
    {
        var text = IsSqlite
            ? $"""SELECT {ColumnsSqlite} FROM "Job" j LEFT JOIN "State" s ON s."Id" = {LastStateSqlite} WHERE j."Id" = $1"""
            : $"SELECT {ColumnsPostgres} FROM hangfire.job j LEFT JOIN hangfire.state s ON s.id = j.stateid WHERE j.id = $1";
        var rows = (await _store.Database.QueryAsync(Cached(text), cancellationToken, id)).Rows;
        if (rows.Count == 0)
            return null;
        var job = ReadSummary(rows[0]);
        var history = await _store.Database.QueryAsync(SelectHistory, cancellationToken, id);
        var parameters = await _store.ParametersAsync(id, cancellationToken);
        var log = await _store.Database.QueryAsync(SelectLog, cancellationToken, id);
        var progress = (await _store.Database.QueryAsync(SelectProgress, cancellationToken, id)).Rows;
        return new JobDetails(
            job,
            rows[0][1].AsText ?? "",
            ArgumentsOf(rows[0]),
            parameters,
            [.. history.Rows.Select(r => new JobHistoryEntry(r[0].AsText ?? "", r[1].AsText, Time(r[2]) ?? default, JobJson.ReadStrings(r[3].AsText)))],
            [.. Continuation.ReadAll(parameters.GetValueOrDefault(JobParameters.Continuations)).Select(c => c.JobId)],
            [.. log.Rows.Reverse().Select(r => new JobLogLine(r[0].AsMicrosTime!.Value, r[1].AsText ?? ""))],
            progress.Count == 0 ? null : new JobProgress(progress[0][0].AsReal, progress[0][1].AsText, progress[0][2].AsMicrosTime!.Value));
    }

    private const string LastStateSqlite = """(SELECT x."Id" FROM "State" x WHERE x."JobId" = j."Id" ORDER BY x."CreatedAt" DESC, x."Id" DESC LIMIT 1)""";

    private const string ColumnsSqlite =
        """j."Id", j."InvocationData", j."Arguments", j."StateName", s."CreatedAt", s."Reason", s."Data", j."CreatedAt", j."ExpireAt" """;

    private const string ColumnsPostgres =
        "j.id, j.invocationdata::text, j.arguments::text, j.statename, s.createdat, s.reason, s.data::text, j.createdat, j.expireat";

    private const string ListSqlite =
        $"""SELECT {ColumnsSqlite} FROM "Job" j LEFT JOIN "State" s ON s."Id" = {LastStateSqlite} WHERE j."Id" < $1 AND j."Id" > $2""";

    private const string ListPostgres =
        $"SELECT {ColumnsPostgres} FROM hangfire.job j LEFT JOIN hangfire.state s ON s.id = j.stateid WHERE j.id < $1 AND j.id > $2";

    private static SqlStatement Cached(string text) => Statements.GetOrAdd(text, static t => new SqlStatement(t));

    private void AddConditions(StringBuilder sql, List<SqlValue> values, JobFilter filter, bool windowed)
    {
        string Next(SqlValue value)
        {
            values.Add(value);
            return "$" + values.Count.ToString(CultureInfo.InvariantCulture);
        }

        if (filter.State is { } state)
        {
            // In a window the ids of the state come first, from its index. Left to itself PostgreSQL would read all jobs from the
            // newest on where it takes the state for a frequent one.
            var wanted = Next(state);
            sql.Append(IsSqlite ? $""" AND j."StateName" = {wanted}"""
                : windowed ? $" AND j.id = ANY(ARRAY(SELECT w.id FROM hangfire.job w WHERE w.statename = {wanted} AND w.id < $1 AND w.id > $2))"
                : $" AND j.statename = {wanted}");
        }

        if (filter.CreatedFrom is { } from)
            sql.Append(IsSqlite ? $""" AND j."CreatedAt" >= {Next(Stamp(from))}""" : $" AND j.createdat >= {Next(Stamp(from))}");
        if (filter.CreatedTo is { } to)
            sql.Append(IsSqlite ? $""" AND j."CreatedAt" < {Next(Stamp(to))}""" : $" AND j.createdat < {Next(Stamp(to))}");
        if (filter.Name is { } name)
        {
            var (named, typed) = (Next($"[\"\\\"{Escape(name)}\\\"\"%"), Next($"%\"Type\":\"{Escape(name)}%"));
            sql.Append(IsSqlite
                ? $""" AND (j."Arguments" LIKE {named} ESCAPE '!' OR j."InvocationData" LIKE {typed} ESCAPE '!')"""
                : $" AND (j.arguments::text LIKE {named} ESCAPE '!' OR j.invocationdata->>'Type' LIKE substr({typed}, 10) ESCAPE '!')");
        }

        if (filter.ArgumentText is { } argument)
        {
            // Stored as JSON in JSON: a quote in the text has two backslashes before it there.
            var piece = Next($"%{Escape(argument.Replace("\"", "%\"", StringComparison.Ordinal), keepPercent: true)}%");
            sql.Append(IsSqlite ? $""" AND j."Arguments" LIKE {piece} ESCAPE '!'""" : $" AND j.arguments::text ILIKE {piece} ESCAPE '!'");
        }

        if (filter.ExceptionText is { } exception)
        {
            var piece = Next($"%{Escape(exception)}%");
            sql.Append(IsSqlite
                ? $""" AND EXISTS (SELECT 1 FROM "State" f WHERE f."JobId" = j."Id" AND f."Name" = 'Failed' AND f."Data" LIKE {piece} ESCAPE '!')"""
                : $" AND EXISTS (SELECT 1 FROM hangfire.state f WHERE f.jobid = j.id AND f.name = 'Failed' AND f.data::text ILIKE {piece} ESCAPE '!')");
        }

        if (filter.IsRetry)
        {
            sql.Append(IsSqlite
                ? """ AND EXISTS (SELECT 1 FROM "Set" r WHERE r."Key" = 'retries' AND r."Value" = CAST(j."Id" AS TEXT))"""
                : " AND EXISTS (SELECT 1 FROM hangfire.set r WHERE r.key = 'retries' AND r.value = j.id::text)");
        }

        if (filter.IsFetched)
        {
            var taken = filter.Queue is { } source ? (IsSqlite ? $""" AND +q."Queue" = {Next(source)}""" : $" AND q.queue = {Next(source)}") : "";
            sql.Append(IsSqlite
                ? $""" AND j."Id" IN (SELECT q."JobId" FROM "JobQueue" q WHERE q."FetchedAt" > 0{taken})"""
                : $" AND j.id IN (SELECT q.jobid FROM hangfire.jobqueue q WHERE q.fetchedat IS NOT NULL{taken})");
        }
        else if (filter.Queue is { } queue)
        {
            sql.Append(IsSqlite
                ? $""" AND EXISTS (SELECT 1 FROM "State" e WHERE e."JobId" = j."Id" AND e."Name" = 'Enqueued' AND e."Data" LIKE {Next($"%\"Queue\":\"{Escape(queue)}\"%")} ESCAPE '!')"""
                : $" AND EXISTS (SELECT 1 FROM hangfire.state e WHERE e.jobid = j.id AND e.name = 'Enqueued' AND e.data->>'Queue' = {Next(queue)})");
        }
    }

    private static string Escape(string text, bool keepPercent = false)
    {
        var escaped = text.Replace("!", "!!", StringComparison.Ordinal).Replace("_", "!_", StringComparison.Ordinal);
        return keepPercent ? escaped : escaped.Replace("%", "!%", StringComparison.Ordinal);
    }

    private SqlValue Stamp(DateTimeOffset time) => SqlValue.Timestamp(time.UtcDateTime);

    private static JobSummary ReadSummary(SqlValue[] row)
    {
        var (name, arguments) = Describe(row[1].AsText, row[2].AsText);
        return new JobSummary(
            row[0].AsInteger, name, arguments.Length > PreviewLength ? arguments[..PreviewLength] + "…" : arguments, row[3].AsText,
            Time(row[4]), row[5].AsText, JobJson.ReadStrings(row[6].AsText), Time(row[7]) ?? default, Time(row[8]));
    }

    /// <summary>Name and arguments, also of a row that somebody has damaged.</summary>
    private static (string Name, string Arguments) Describe(string? invocation, string? arguments)
    {
        try
        {
            var data = InvocationData.ReadJob(invocation, arguments);
            return (data.DisplayName, data.IsNamed ? data.Arguments[1] ?? "[]" : $"[{string.Join(',', data.Arguments.Select(a => a ?? "null"))}]");
        }
        catch (JobLoadException)
        {
            return ("(unreadable)", arguments ?? "");
        }
    }

    private static IReadOnlyList<string?> ArgumentsOf(SqlValue[] row)
    {
        try
        {
            var data = InvocationData.ReadJob(row[1].AsText, row[2].AsText);
            return data.IsNamed ? [.. data.Named().Arguments] : data.Arguments;
        }
        catch (JobLoadException)
        {
            return [row[2].AsText];
        }
    }

    private static DateTimeOffset? Time(SqlValue value) => value.AsTimestamp is { } time ? new DateTimeOffset(time, TimeSpan.Zero) : null;
}
