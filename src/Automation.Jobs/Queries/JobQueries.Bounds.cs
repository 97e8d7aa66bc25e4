using Automation.Storage.Writes;

namespace Automation.Jobs;

/// <content>Which ids a list has to look at: neither creation times nor texts have an index in this layout.</content>
public sealed partial class JobQueries
{
    private static readonly SqlStatement SelectNewest = new(
        """SELECT "Id" FROM "Job" ORDER BY "Id" DESC LIMIT 1""", "SELECT id FROM hangfire.job ORDER BY id DESC LIMIT 1");

    private static readonly SqlStatement SelectFirstFrom = new(
        """SELECT "Id", "CreatedAt" FROM "Job" WHERE "Id" >= $1 ORDER BY "Id" LIMIT 1""", "SELECT id, createdat FROM hangfire.job WHERE id >= $1 ORDER BY id LIMIT 1");

    private static readonly SqlStatement SelectWindow = new(
        """SELECT min("Id"), count(*) FROM (SELECT "Id" FROM "Job" WHERE "Id" < $1 AND "Id" > $2 ORDER BY "Id" DESC LIMIT $3)""",
        "SELECT min(id), count(*) FROM (SELECT id FROM hangfire.job WHERE id < $1 AND id > $2 ORDER BY id DESC LIMIT $3) w");

    private static readonly SqlStatement SelectWindowOfState = new(
        """SELECT min("Id"), count(*) FROM (SELECT "Id" FROM "Job" WHERE "Id" < $1 AND "Id" > $2 AND "StateName" = $4 ORDER BY "Id" DESC LIMIT $3)""",
        "SELECT min(id), count(*) FROM (SELECT id FROM hangfire.job WHERE id < $1 AND id > $2 AND statename = $4 ORDER BY id DESC LIMIT $3) w");

    /// <summary>All jobs of the filter have ids below the first and above the second.</summary>
    private async Task<(long Top, long Bottom)> BoundsAsync(JobFilter filter, long? before, CancellationToken cancellationToken)
    {
        var top = before ?? long.MaxValue;
        if (filter.CreatedTo is { } to)
            top = Math.Min(top, await FirstCreatedAtAsync(Shifted(to, MostShift), cancellationToken));
        var bottom = filter.CreatedFrom is { } from ? await FirstCreatedAtAsync(Shifted(from, -MostShift), cancellationToken) - 1 : 0;
        return (top, Math.Max(0, bottom));
    }

    /// <summary>Where a search through texts that begins below an id stops for now.</summary>
    /// <returns>The end, where it gets that far.</returns>
    private async Task<long> WindowAsync(JobFilter filter, long top, long end, CancellationToken cancellationToken, int pieces = 1)
    {
        var most = (filter.SearchesHistory ? HistoryWindow : SearchWindow) / pieces;
        var row = (filter.State is { } state
            ? await _store.Database.QueryAsync(SelectWindowOfState, cancellationToken, top, end, most, state)
            : await _store.Database.QueryAsync(SelectWindow, cancellationToken, top, end, most)).Rows[0];
        return row[1].AsInteger < most ? end : row[0].AsInteger - 1;
    }

    /// <summary>The first id from which on jobs were created at a time or later, found by halving.</summary>
    private async Task<long> FirstCreatedAtAsync(DateTimeOffset time, CancellationToken cancellationToken)
    {
        var newest = await _store.Database.QueryAsync(SelectNewest, cancellationToken);
        if (newest.Count == 0)
            return 0;
        var (below, from) = (0L, newest.Rows[0][0].AsInteger + 1);
        while (from - below > 1)
        {
            var middle = below + ((from - below) / 2);
            var found = (await _store.Database.QueryAsync(SelectFirstFrom, cancellationToken, middle)).Rows;
            if (found.Count == 0 || Time(found[0][1]) >= time)
                from = middle;
            else
                below = Math.Max(middle, Math.Min(found[0][0].AsInteger, from - 1));
        }

        return from;
    }

    private static DateTimeOffset Shifted(DateTimeOffset time, TimeSpan by) =>
        by > TimeSpan.Zero
            ? time > DateTimeOffset.MaxValue - by ? DateTimeOffset.MaxValue : time + by
            : time < DateTimeOffset.MinValue - by ? DateTimeOffset.MinValue : time + by;
}
