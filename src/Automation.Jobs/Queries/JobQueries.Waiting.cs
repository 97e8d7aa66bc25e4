using System.Globalization;
using Automation.Jobs.Store;
using Automation.Storage.Writes;

namespace Automation.Jobs;

/// <content>Jobs that wait for a time, by that time.</content>
public sealed partial class JobQueries
{
    private static readonly SqlStatement SelectScheduled = new(
        WaitingSqlite("""AND "Score" >= $3 AND ("Score", "Id") > ($3, $4)""", "\"Score\", \"Id\""), WaitingPostgres("AND score >= $3 AND (score, id) > ($3, $4)", "score, id"));

    // The scores of this set are all the same; its latest members are the latest failures.
    private static readonly SqlStatement SelectRetries = new(WaitingSqlite("""AND "Id" < $3""", "\"Id\" DESC"), WaitingPostgres("AND id < $3", "id DESC"));

    /// <summary>Lists the jobs that wait for a time, the next one first.</summary>
    /// <param name="after">The <see cref="WaitingJobs.Next"/> of the page before; null from the first.</param>
    /// <param name="most">How many at most, 1 to 1,000.</param>
    /// <param name="cancellationToken">Ends the read.</param>
    public Task<WaitingJobs> ListScheduledAsync(string? after = null, int most = 20, CancellationToken cancellationToken = default)
    {
        var (score, id) = ReadPlace(after) ?? (double.MinValue, 0);
        return ListMembersAsync(SelectScheduled, most, [JobStore.Schedule, Math.Clamp(most, 1, MostOnAPage) + 1, score, id], cancellationToken);
    }

    /// <summary>Lists the jobs that failed and wait for another attempt, the latest failure first.</summary>
    /// <param name="after">The <see cref="WaitingJobs.Next"/> of the page before; null from the first.</param>
    /// <param name="most">How many at most, 1 to 1,000.</param>
    /// <param name="cancellationToken">Ends the read.</param>
    public Task<WaitingJobs> ListRetriesAsync(string? after = null, int most = 20, CancellationToken cancellationToken = default) =>
        ListMembersAsync(SelectRetries, most, [JobStore.Retries, Math.Clamp(most, 1, MostOnAPage) + 1, ReadPlace(after)?.Id ?? long.MaxValue], cancellationToken);

    private async Task<WaitingJobs> ListMembersAsync(SqlStatement statement, int most, SqlValue[] values, CancellationToken cancellationToken)
    {
        most = Math.Clamp(most, 1, MostOnAPage);
        var rows = (await _store.Database.QueryAsync(statement, cancellationToken, values)).Rows;
        var next = rows.Count > most ? string.Create(CultureInfo.InvariantCulture, $"{rows[most - 1][0].AsReal:R}:{rows[most - 1][1].AsInteger}") : null;
        // Whoever deletes a job by hand may leave the member.
        return new WaitingJobs([.. rows.Take(most).Where(r => !r[2].IsNull).Select(r => ReadSummary(r[2..]))], next);
    }

    /// <summary>A place in a list of such jobs: a score and the member's id.</summary>
    private static (double Score, long Id)? ReadPlace(string? text) =>
        text?.Split(':') is [var score, var id]
        && double.TryParse(score, NumberStyles.Float, CultureInfo.InvariantCulture, out var at) && double.IsFinite(at)
        && long.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var member)
            ? (at, member)
            : null;

    // A member is the job's id, behind its queue where it has one.
    private static string WaitingSqlite(string place, string order) =>
        $"""
         SELECT w."Score", w."Id", {ColumnsSqlite} FROM (SELECT "Score", "Id", "Value" FROM "Set" WHERE "Key" = $1 {place} ORDER BY {order} LIMIT $2) w
         LEFT JOIN "Job" j ON j."Id" = CAST(substr(w."Value", instr(w."Value", ':') + 1) AS INTEGER)
         LEFT JOIN "State" s ON s."Id" = {LastStateSqlite} ORDER BY {Outer(order)}
         """;

    private static string WaitingPostgres(string place, string order) =>
        $"""
         SELECT w.score, w.id, {ColumnsPostgres} FROM (SELECT score, id, value FROM hangfire.set WHERE key = $1 {place} ORDER BY {order} LIMIT $2) w
         LEFT JOIN hangfire.job j ON j.id = substring(w.value from '([0-9]+)$')::bigint
         LEFT JOIN hangfire.state s ON s.id = j.stateid ORDER BY {Outer(order)}
         """;

    private static string Outer(string order) => "w." + order.Replace(", ", ", w.", StringComparison.Ordinal);
}
