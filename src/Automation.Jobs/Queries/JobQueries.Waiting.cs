using Automation.Jobs.Store;
using Automation.Storage.Writes;

namespace Automation.Jobs;

/// <content>Jobs that wait for a time, by that time.</content>
public sealed partial class JobQueries
{
    private static readonly SqlStatement SelectScheduled = new(WaitingSqlite("\"Score\", \"Id\""), WaitingPostgres("score, id"));

    // The scores of this set are all the same; its latest members are the latest failures.
    private static readonly SqlStatement SelectRetries = new(WaitingSqlite("\"Id\" DESC"), WaitingPostgres("id DESC"));

    /// <summary>Lists the jobs that wait for a time, the next one first.</summary>
    /// <param name="skip">How many to leave out.</param>
    /// <param name="most">How many at most, 1 to 1,000.</param>
    /// <param name="cancellationToken">Ends the read.</param>
    public Task<IReadOnlyList<JobSummary>> ListScheduledAsync(int skip = 0, int most = 20, CancellationToken cancellationToken = default) =>
        ListMembersAsync(SelectScheduled, JobStore.Schedule, skip, most, cancellationToken);

    /// <summary>Lists the jobs that failed and wait for another attempt, the latest failure first.</summary>
    /// <param name="skip">How many to leave out.</param>
    /// <param name="most">How many at most, 1 to 1,000.</param>
    /// <param name="cancellationToken">Ends the read.</param>
    public Task<IReadOnlyList<JobSummary>> ListRetriesAsync(int skip = 0, int most = 20, CancellationToken cancellationToken = default) =>
        ListMembersAsync(SelectRetries, JobStore.Retries, skip, most, cancellationToken);

    private async Task<IReadOnlyList<JobSummary>> ListMembersAsync(SqlStatement statement, string key, int skip, int most, CancellationToken cancellationToken)
    {
        var rows = await _store.Database.QueryAsync(statement, cancellationToken, key, Math.Clamp(most, 1, MostOnAPage), Math.Max(0, skip));
        return [.. rows.Rows.Select(ReadSummary)];
    }

    // A member is the job's id, behind its queue where it has one.
    private static string WaitingSqlite(string order) =>
        $"""
         SELECT {ColumnsSqlite} FROM (
             SELECT "Score", "Id", CAST(substr("Value", instr("Value", ':') + 1) AS INTEGER) AS job
             FROM "Set" WHERE "Key" = $1 ORDER BY {order} LIMIT $2 OFFSET $3) w
         JOIN "Job" j ON j."Id" = w.job LEFT JOIN "State" s ON s."Id" = {LastStateSqlite} ORDER BY {Outer(order)}
         """;

    private static string WaitingPostgres(string order) =>
        $"""
         SELECT {ColumnsPostgres} FROM (
             SELECT score, id, substring(value from '([0-9]+)$')::bigint AS job
             FROM hangfire.set WHERE key = $1 ORDER BY {order} LIMIT $2 OFFSET $3) w
         JOIN hangfire.job j ON j.id = w.job LEFT JOIN hangfire.state s ON s.id = j.stateid ORDER BY {Outer(order)}
         """;

    private static string Outer(string order) => "w." + order.Replace(", ", ", w.", StringComparison.Ordinal);
}
