using System.Text;
using Automation.Storage.Writes;

namespace Automation.Jobs;

/// <content>All jobs of a filter, for what is done to all of them.</content>
public sealed partial class JobQueries
{
    /// <summary>Lists the ids of the jobs of a filter, newest first.</summary>
    /// <param name="filter">Which.</param>
    /// <param name="before">Only ids below; null from the newest.</param>
    /// <param name="most">How many at most, 1 to 1,000.</param>
    /// <param name="cancellationToken">Ends the read.</param>
    public async Task<JobIds> ListIdsAsync(JobFilter filter, long? before, int most, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(filter);
        most = Math.Clamp(most, 1, MostOnAPage);
        var (top, end) = await BoundsAsync(filter, before, cancellationToken);
        var bottom = filter.SearchesText ? await WindowAsync(filter, top, end, cancellationToken) : end;
        var sql = new StringBuilder(IsSqlite
            ? """SELECT j."Id" FROM "Job" j WHERE j."Id" < $1 AND j."Id" > $2"""
            : "SELECT j.id FROM hangfire.job j WHERE j.id < $1 AND j.id > $2");
        var values = new List<SqlValue> { top, bottom, most };
        AddConditions(sql, values, filter, windowed: filter.SearchesText);
        sql.Append(IsSqlite ? """ ORDER BY j."Id" DESC LIMIT $3""" : " ORDER BY j.id DESC LIMIT $3");
        long[] ids = [.. (await _store.Database.QueryAsync(Cached(sql.ToString()), cancellationToken, [.. values])).Rows.Select(r => r[0].AsInteger)];
        return new JobIds(ids, ids.Length == most ? ids[^1] : bottom > end ? bottom + 1 : null);
    }

    /// <summary>Counts the jobs of a filter for as long as somebody is ready to wait.</summary>
    /// <param name="filter">Which.</param>
    /// <param name="patience">After how long the count stops where it is.</param>
    /// <param name="cancellationToken">Ends the read.</param>
    public async Task<JobMatches> CountMatchingAsync(JobFilter filter, TimeSpan patience, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(filter);
        var started = _clock.GetTimestamp();
        var newest = (await _store.Database.QueryAsync(SelectNewest, cancellationToken)).Rows;
        var through = newest.Count == 0 ? 0 : newest[0][0].AsInteger;
        var (top, end) = await BoundsAsync(filter, through + 1, cancellationToken);
        var count = 0L;
        while (true)
        {
            var bottom = filter.IsFetched ? end : await WindowAsync(filter, top, end, cancellationToken);
            var sql = new StringBuilder(IsSqlite
                ? """SELECT count(*) FROM "Job" j WHERE j."Id" < $1 AND j."Id" > $2"""
                : "SELECT count(*) FROM hangfire.job j WHERE j.id < $1 AND j.id > $2");
            var values = new List<SqlValue> { top, bottom };
            AddConditions(sql, values, filter, windowed: !filter.IsFetched);
            count += await NumberAsync(Cached(sql.ToString()), cancellationToken, [.. values]);
            if (bottom <= end)
                return new JobMatches(count, IsComplete: true, through);
            if (_clock.GetElapsedTime(started) > patience)
                return new JobMatches(count, IsComplete: false, through);
            top = bottom + 1;
        }
    }
}
