using System.Collections.Concurrent;
using System.Data.Common;
using System.Diagnostics;
using System.Globalization;
using Automation.Storage;
using Automation.Storage.Workflows;
using Automation.Storage.Writes;
using Automation.Workflows.Execution;
using Microsoft.EntityFrameworkCore;

namespace Automation.Workflows.Queries;

/// <summary>Lists of instances.</summary>
public sealed class InstanceQueries(Database database)
{
    private const string Columns =
        "id, definition_id, definition_version_id, definition_version, sub_status, is_system, incident_count, correlation_id, name, parent_id, created_at, updated_at, finished_at";

    /// <summary>Up to here rows are fetched by their filter and sorted; beyond, the sort column's index is walked.</summary>
    private const long FewRows = 5_000;

    private const long FewLooks = 500;

    private const int MaxCounts = 256;

    // Counting a million rows takes long enough to be worth remembering for the next page of the same list.
    private readonly ConcurrentDictionary<string, (long Count, long ValidUntil)> _counts = new(StringComparer.Ordinal);

    /// <summary>One page of the instances that match.</summary>
    public async Task<Page<InstanceSummary>> ListAsync(InstanceFilter filter, CancellationToken cancellationToken = default)
    {
        var definitions = await DefinitionsOfTermAsync(filter.SearchTerm, cancellationToken);
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var search = new InstanceSearch(filter, database.Provider, definitions);
        if (search.IsSelective && filter.Take > 0)
        {
            // Finding the rows is the work: they are counted on the way.
            var found = await ReadAsync(connection, search, SortedSql(filter, search, filter.Descending ? "DESC" : "ASC", filter.Take, filter.Skip, "count(*) OVER ()"), cancellationToken);
            if (found.Items.Count > 0)
                return new Page<InstanceSummary>(found.Items, found.Total);
        }

        var total = await CountAsync(connection, filter, search, cancellationToken);
        if (filter.Skip >= total || filter.Take <= 0)
            return new Page<InstanceSummary>([], total);

        // The second half of a long list is nearer from its end.
        var fromEnd = filter.Skip > total / 2;
        var take = Math.Min(filter.Take, total - filter.Skip);
        var skip = fromEnd ? total - filter.Skip - take : filter.Skip;
        var direction = filter.Descending != fromEnd ? "DESC" : "ASC";
        var (items, _) = await ReadAsync(connection, search, PageSql(filter, search, total, direction, take, skip), cancellationToken);
        if (fromEnd)
            items.Reverse();
        return new Page<InstanceSummary>(items, total);
    }

    /// <summary>How many instances match.</summary>
    public async Task<long> CountAsync(InstanceFilter filter, CancellationToken cancellationToken = default)
    {
        var definitions = await DefinitionsOfTermAsync(filter.SearchTerm, cancellationToken);
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await CountAsync(connection, filter, new InstanceSearch(filter, database.Provider, definitions), cancellationToken);
    }

    /// <summary>Ids of the instances that match, in the filter's order, at most <see cref="InstanceFilter.Take"/>.</summary>
    public async Task<IReadOnlyList<string>> ListIdsAsync(InstanceFilter filter, CancellationToken cancellationToken = default) =>
        [.. (await ListAsync(filter, cancellationToken)).Items.Select(i => i.Id)];

    private string PageSql(InstanceFilter filter, InstanceSearch search, long total, string direction, long take, long skip)
    {
        var byRow = search.IsCovered || search.IsSelective ? null : search.WhereByRow;
        if (database.Provider != DatabaseProvider.Sqlite || total <= FewRows || (!search.IsCovered && byRow is null))
            return SortedSql(filter, search, direction, take, skip, "0");
        // Skipped rows are passed in the index alone; only the page's rows are fetched.
        var column = InstanceSearch.ColumnOf(filter.OrderBy);
        // For a few rows it is less work to fetch them and look than to gather all rows that pass.
        var where = byRow is null || skip + take <= FewLooks ? search.Where : byRow;
        return $"SELECT {Columns}, 0 FROM workflow_instances WHERE rowid IN (SELECT rowid FROM workflow_instances INDEXED BY {InstanceSearch.IndexOf(filter.OrderBy)} "
            + $"{where} ORDER BY {column} {direction} {Limit(take, skip)}) ORDER BY {column} {direction}, sub_status {direction}, is_system {direction}, "
            + $"incident_count {direction}, definition_id {direction}, rowid {direction}";
    }

    private string SortedSql(InstanceFilter filter, InstanceSearch search, string direction, long take, long skip, string total)
    {
        // NULL is smallest, as on SQLite; PostgreSQL's index of a column that can be NULL is made for that.
        var canBeNull = filter.OrderBy is InstanceOrder.Finished or InstanceOrder.Name;
        var nulls = database.Provider == DatabaseProvider.Sqlite || !canBeNull ? "" : direction == "DESC" ? " NULLS LAST" : " NULLS FIRST";
        return $"SELECT {Columns}, {total} FROM workflow_instances {CountIndex(filter, search)} {search.Where} "
            + $"ORDER BY {InstanceSearch.ColumnOf(filter.OrderBy)} {direction}{nulls}, id {direction} {Limit(take, skip)}";
    }

    private static string Limit(long take, long skip) => string.Create(CultureInfo.InvariantCulture, $"LIMIT {take} OFFSET {skip}");

    /// <summary>The index in which SQLite counts.</summary>
    private string CountIndex(InstanceFilter filter, InstanceSearch search)
    {
        if (database.Provider != DatabaseProvider.Sqlite || search.IsSelective)
            return "";
        if (search.IsByTime)
            return $"INDEXED BY {InstanceSearch.IndexOf(filter.Timestamps.First().Column)}";
        return search.HasDefinitions ? "INDEXED BY ix_workflow_instances_definition" : "INDEXED BY ix_workflow_instances_status";
    }

    private async Task<long> CountAsync(DbConnection connection, InstanceFilter filter, InstanceSearch search, CancellationToken cancellationToken)
    {
        var key = $"{search.Where}|{string.Join('|', search.Parameters)}";
        if (_counts.TryGetValue(key, out var known) && Stopwatch.GetTimestamp() < known.ValidUntil)
            return known.Count;
        var began = Stopwatch.GetTimestamp();
        await using var command = Command(connection, $"SELECT count(*) FROM workflow_instances {CountIndex(filter, search)} {search.Where}", search.Parameters);
        var count = Convert.ToInt64(await command.ExecuteScalarAsync(cancellationToken), CultureInfo.InvariantCulture);
        var took = Stopwatch.GetTimestamp() - began;
        if (took > Stopwatch.Frequency / 200)
        {
            if (_counts.Count >= MaxCounts)
                _counts.Clear();
            _counts[key] = (count, Stopwatch.GetTimestamp() + Math.Min(20 * took, 5 * Stopwatch.Frequency));
        }

        return count;
    }

    private async Task<IReadOnlyCollection<string>> DefinitionsOfTermAsync(string? term, CancellationToken cancellationToken)
    {
        if (string.IsNullOrWhiteSpace(term))
            return [];
        var lower = term.Trim().ToLowerInvariant();
        await using var context = database.CreateContext();
        // Translated to SQL, where a culture means nothing.
#pragma warning disable CA1304, CA1311, CA1862, MA0011
        return await context.Set<WorkflowDefinitionRow>().Where(d => d.DefinitionId.ToLower().Contains(lower) || d.Id == lower)
            .Select(d => d.DefinitionId).Distinct().Take(1000).ToListAsync(cancellationToken);
#pragma warning restore CA1304, CA1311, CA1862, MA0011
    }

    private static async Task<(List<InstanceSummary> Items, long Total)> ReadAsync(DbConnection connection, InstanceSearch search, string sql, CancellationToken cancellationToken)
    {
        await using var command = Command(connection, sql, search.Parameters);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var items = new List<InstanceSummary>();
        var total = 0L;
        while (await reader.ReadAsync(cancellationToken))
        {
            total = reader.GetInt64(13);
            items.Add(new InstanceSummary
            {
                Id = reader.GetString(0),
                DefinitionId = reader.GetString(1),
                DefinitionVersionId = reader.GetString(2),
                Version = reader.GetInt32(3),
                SubStatus = (WorkflowSubStatus)reader.GetInt32(4),
                IsSystem = reader.GetBoolean(5),
                IncidentCount = reader.GetInt32(6),
                CorrelationId = reader.IsDBNull(7) ? null : reader.GetString(7),
                Name = reader.IsDBNull(8) ? null : reader.GetString(8),
                ParentInstanceId = reader.IsDBNull(9) ? null : reader.GetString(9),
                CreatedAt = SqlValue.FromMicros(reader.GetInt64(10)),
                UpdatedAt = SqlValue.FromMicros(reader.GetInt64(11)),
                FinishedAt = reader.IsDBNull(12) ? null : SqlValue.FromMicros(reader.GetInt64(12)),
            });
        }

        return (items, total);
    }

    private static DbCommand Command(DbConnection connection, string sql, List<object> parameters)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        for (var i = 0; i < parameters.Count; i++)
        {
            var parameter = command.CreateParameter();
            // Npgsql takes $1 by position, without a name; SQLite by this name.
            if (connection is Microsoft.Data.Sqlite.SqliteConnection)
                parameter.ParameterName = string.Create(CultureInfo.InvariantCulture, $"${i + 1}");
            parameter.Value = parameters[i];
            command.Parameters.Add(parameter);
        }

        return command;
    }
}
