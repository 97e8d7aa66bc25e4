using System.Collections.Concurrent;
using System.Data.Common;
using System.Diagnostics;
using System.Globalization;
using Automation.Storage;
using Automation.Storage.Workflows;
using Automation.Storage.Writes;
using Automation.Workflows.Execution;
using Automation.Workflows.Queries.Memory;
using Microsoft.EntityFrameworkCore;

namespace Automation.Workflows.Queries;

/// <summary>Lists of instances.</summary>
public sealed class InstanceQueries(Database database, InstancesInMemory memory)
{
    private const string Columns =
        "id, definition_id, definition_version_id, definition_version, sub_status, is_system, incident_count, correlation_id, name, parent_id, created_at, updated_at, finished_at";

    /// <summary>Up to here rows are fetched by their filter and sorted; beyond, the sort column's index is walked.</summary>
    private const long FewRows = 5_000;

    /// <summary>Up to here all rows that a search finds are gathered; beyond, the list is walked until enough are found.</summary>
    private const int FewFound = 15_000;

    /// <summary>Of a search that finds more than that, the list has so many at first, and so many more each time its end is reached.</summary>
    private const int ShownOfMany = 500;

    /// <summary>From here on a page is found in memory, if the instances are there: an index is walked past all before it.</summary>
    private const int Deep = 1_000;

    /// <summary>More are not asked for by who looks at a page.</summary>
    private const int MostOfPage = 100;

    private const int MaxCounts = 256;

    // Counting a million rows takes long enough to be worth remembering for the next page of the same list.
    private readonly ConcurrentDictionary<string, (long Count, long ValidUntil)> _counts = new(StringComparer.Ordinal);

    /// <summary>
    /// One page of the instances that match. A search that more than 15,000 match counts no further than the next 500 behind the
    /// page, unless the instances are in memory.
    /// </summary>
    public async Task<Page<InstanceSummary>> ListAsync(InstanceFilter filter, CancellationToken cancellationToken = default)
    {
        for (var tries = 0; tries < 3 && await FindInMemoryAsync(filter, cancellationToken) is { } known; tries++)
        {
            var items = await FetchAsync(filter, known.Ids, cancellationToken);
            if (items.Count == known.Ids.Count)
                return new Page<InstanceSummary>(items, known.Total);
            // Another server has deleted some.
            memory.Touch(known.Ids.Except(items.Select(i => i.Id), StringComparer.Ordinal));
        }

        return await ListStoredAsync(filter, cancellationToken);
    }

    /// <summary>The same from the database alone: what is changed by it must not be found from memory.</summary>
    private async Task<Page<InstanceSummary>> ListStoredAsync(InstanceFilter filter, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var (search, findsTooMany) = await SearchAsync(filter, cancellationToken);
        if (findsTooMany)
        {
            var (shown, counted) = await PageOfManyAsync(connection, filter, search, cancellationToken);
            return new Page<InstanceSummary>(await FetchAsync(filter, shown, cancellationToken), counted);
        }

        if (search.IsSelective && filter.Take > 0)
        {
            // Finding the rows is the work: they are counted on the way.
            var found = await ReadAsync(connection, search, SortedSql(filter, search, filter.Descending ? "DESC" : "ASC", filter.Take, filter.Skip, counted: true), cancellationToken);
            if (found.Items.Count > 0)
                return new Page<InstanceSummary>(found.Items, found.Total);
        }

        var total = await CountAsync(connection, filter, search, cancellationToken);
        // Who opens a long list may well search it next.
        if (total >= memory.Smallest)
            memory.Prepare();
        if (filter.Skip >= total || filter.Take <= 0)
            return new Page<InstanceSummary>([], total);

        // The second half of a long list is nearer from its end.
        var fromEnd = filter.Skip > total / 2;
        var take = Math.Min(filter.Take, total - filter.Skip);
        var skip = fromEnd ? total - filter.Skip - take : filter.Skip;
        var direction = filter.Descending != fromEnd ? "DESC" : "ASC";
        var walks = database.Provider == DatabaseProvider.PostgreSql ? !search.IsSelective : search.IsCovered && total > FewRows;
        var (items, _) = await ReadAsync(
            connection, search, walks ? WalkingSql(filter, search, direction, take, skip) : SortedSql(filter, search, direction, take, skip, counted: false), cancellationToken);
        if (fromEnd)
            items.Reverse();
        return new Page<InstanceSummary>(items, total);
    }

    /// <summary>
    /// Instances whose id begins with a text, and of the newest those that have it in their correlation id or name: what a
    /// search box can answer at once, however many there are.
    /// </summary>
    /// <param name="text">The text.</param>
    /// <param name="among">How many of the newest are looked at.</param>
    /// <param name="take">How many are wanted.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<IReadOnlyList<InstanceSummary>> FindAmongNewestAsync(string text, int among, int take, CancellationToken cancellationToken = default)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var filter = new InstanceFilter { OrderBy = InstanceOrder.Created };
        var search = new InstanceSearch(filter, database.Provider, []);
        var term = new InstanceTerm(text, database.Provider, []);
        var most = search.Parameter(take);
        var sql = $"SELECT {Columns}, 0 FROM workflow_instances WHERE id IN ("
            + $"SELECT id FROM (SELECT id FROM workflow_instances WHERE {term.OfBeginning(search.Parameter)} LIMIT {most}) b UNION "
            + $"SELECT id FROM (SELECT * FROM (SELECT id, correlation_id, name, created_at FROM workflow_instances {WalkedIndex(filter)} ORDER BY created_at DESC LIMIT {search.Parameter(among)}) newest "
            + $"WHERE {term.OfRow(search.Parameter)} ORDER BY created_at DESC LIMIT {most}) f) ORDER BY created_at DESC, id DESC LIMIT {most}";
        return (await ReadAsync(connection, search, sql, cancellationToken)).Items;
    }

    /// <summary>How many instances match; at most 500 of a search that more than 15,000 match.</summary>
    public async Task<long> CountAsync(InstanceFilter filter, CancellationToken cancellationToken = default)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var (search, findsTooMany) = await SearchAsync(filter, cancellationToken);
        return findsTooMany
            ? (await FirstOfManyAsync(connection, filter, search, ShownOfMany, cancellationToken)).Count
            : await CountAsync(connection, filter, search, cancellationToken);
    }

    /// <summary>Ids of the instances that match, in the filter's order, at most <see cref="InstanceFilter.Take"/>.</summary>
    public async Task<IReadOnlyList<string>> ListIdsAsync(InstanceFilter filter, CancellationToken cancellationToken = default)
    {
        if (!string.IsNullOrWhiteSpace(filter.SearchTerm))
        {
            await using var connection = await database.OpenConnectionAsync(cancellationToken);
            if (await SearchAsync(filter, cancellationToken) is (var search, FindsTooMany: true))
                return (await PageOfManyAsync(connection, filter, search, cancellationToken)).Ids;
        }

        return [.. (await ListStoredAsync(filter, cancellationToken)).Items.Select(i => i.Id)];
    }

    /// <summary>What may take the database long, a search, a page far behind the first or one of a few among many, is answered from memory.</summary>
    private async Task<(List<string> Ids, long Total)?> FindInMemoryAsync(InstanceFilter filter, CancellationToken cancellationToken)
    {
        var isFiltered = filter.Take <= MostOfPage
            && (filter.HasIncidents is not null || filter.DefinitionIds.Count + filter.Statuses.Count + filter.SubStatuses.Count + filter.Timestamps.Count > 0);
        return isFiltered || filter.Skip >= Deep || !string.IsNullOrWhiteSpace(filter.SearchTerm)
            ? await memory.FindAsync(filter, () => DefinitionsOfTermAsync(filter.SearchTerm, cancellationToken), cancellationToken)
            : null;
    }

    /// <summary>The conditions, with what a search has found unless that is too much.</summary>
    private async Task<(InstanceSearch Search, bool FindsTooMany)> SearchAsync(InstanceFilter filter, CancellationToken cancellationToken)
    {
        var definitions = await DefinitionsOfTermAsync(filter.SearchTerm, cancellationToken);
        var search = new InstanceSearch(filter, database.Provider, definitions);
        if (search.Term is not { } term)
            return (search, false);
        var found = await FindAsync(term, term.Places(), cancellationToken);
        if (found.TrueForAll(f => f.Keys.Count == 0))
            found = await FindAsync(term, term.LastPlaces(), cancellationToken);

        // Where it stands too often, each row is looked at; what is found elsewhere is known already.
        List<InstanceTerm.Place> everywhere = [];
        var keys = found.SelectMany(f => f.Keys).ToHashSet();
        foreach (var (place, of) in found.OrderByDescending(f => f.Keys.Count))
        {
            if (keys.Count <= FewFound)
                break;
            everywhere.Add(place);
            keys.ExceptWith(of);
        }

        if (everywhere.Count > 0)
            search.LookAtRows(everywhere, keys);
        else
            search.Restrict(keys);
        return (search, everywhere.Count > 0);
    }

    /// <summary>The rows that have the text at each place. Each has an index of its own; together they take half the time on two processors.</summary>
    private async Task<List<(InstanceTerm.Place Place, List<object> Keys)>> FindAsync(InstanceTerm term, IReadOnlyList<InstanceTerm.Place> places, CancellationToken cancellationToken) =>
        [.. await Task.WhenAll(places.Select(place => Task.Run(async () => (place, await KeysAsync(term, place, cancellationToken)), cancellationToken)))];

    /// <summary>Keys of the rows that have the text at one place, at most one more than are gathered.</summary>
    private async Task<List<object>> KeysAsync(InstanceTerm term, InstanceTerm.Place place, CancellationToken cancellationToken)
    {
        var parameters = new List<object>();
        var sql = term.Keys(place, value =>
        {
            parameters.Add(value);
            return string.Create(CultureInfo.InvariantCulture, $"${parameters.Count}");
        });
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var command = Command(connection, string.Create(CultureInfo.InvariantCulture, $"{sql} LIMIT {FewFound + 1}"), parameters);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var keys = new List<object>();
        while (await reader.ReadAsync(cancellationToken))
            keys.Add(reader.GetValue(0));
        return keys;
    }

    /// <summary>Ids of one page of more than are gathered, and how many there are as far as that is known.</summary>
    private async Task<(List<string> Ids, int Known)> PageOfManyAsync(DbConnection connection, InstanceFilter filter, InstanceSearch search, CancellationToken cancellationToken)
    {
        var first = await FirstOfManyAsync(connection, filter, search, ShownOfMany * (1 + ((filter.Skip + filter.Take) / ShownOfMany)), cancellationToken);
        return ([.. first.Skip((int)Math.Min(filter.Skip, first.Count)).Take(filter.Take)], first.Count);
    }

    /// <summary>Ids of the first that match, found by walking the list and looking at each row.</summary>
    private async Task<List<string>> FirstOfManyAsync(DbConnection connection, InstanceFilter filter, InstanceSearch search, long most, CancellationToken cancellationToken)
    {
        var direction = filter.Descending ? "DESC" : "ASC";
        var order = database.Provider == DatabaseProvider.Sqlite ? $"ORDER BY {InstanceSearch.ColumnOf(filter.OrderBy)} {direction}" : OrderSql(filter, direction);
        await using var command = Command(
            connection, $"SELECT id FROM workflow_instances {WalkedIndex(filter)} {search.WhereWalking} {order} {Limit(most, 0)}", search.Parameters);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var ids = new List<string>();
        while (await reader.ReadAsync(cancellationToken))
            ids.Add(reader.GetString(0));
        return ids;
    }

    /// <summary>The instances of these ids, in this order.</summary>
    private async Task<List<InstanceSummary>> FetchAsync(InstanceFilter filter, List<string> ids, CancellationToken cancellationToken)
    {
        if (ids.Count == 0)
            return [];
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var search = new InstanceSearch(new InstanceFilter { Ids = ids }, database.Provider, []);
        var (items, _) = await ReadAsync(connection, search, SortedSql(filter, search, "DESC", ids.Count, 0, counted: false), cancellationToken);
        var byId = items.ToDictionary(i => i.Id, StringComparer.Ordinal);
        return [.. ids.Where(byId.ContainsKey).Select(id => byId[id])];
    }

    /// <summary>Skipped rows are passed in the index alone; only the page's rows are fetched.</summary>
    private string WalkingSql(InstanceFilter filter, InstanceSearch search, string direction, long take, long skip)
    {
        if (database.Provider == DatabaseProvider.PostgreSql)
        {
            var order = OrderSql(filter, direction);
            return $"SELECT {Columns}, 0 FROM workflow_instances WHERE id IN (SELECT id FROM workflow_instances {search.WhereWalking} {order} {Limit(take, skip)}) {order}";
        }

        var sorted = string.Join(", ", InstanceSearch.IndexColumnsOf(filter.OrderBy).Select(c => $"{c} {direction}"));
        return $"SELECT {Columns}, 0 FROM workflow_instances WHERE rowid IN (SELECT rowid FROM workflow_instances {WalkedIndex(filter)} "
            + $"{search.WhereWalking} ORDER BY {InstanceSearch.ColumnOf(filter.OrderBy)} {direction} {Limit(take, skip)}) ORDER BY {sorted}";
    }

    /// <summary>The rows are found, sorted by as little of each as it takes, and those of the page fetched.</summary>
    private string SortedSql(InstanceFilter filter, InstanceSearch search, string direction, long take, long skip, bool counted)
    {
        var order = OrderSql(filter, direction);
        return $"SELECT {Columns}, p.total FROM (SELECT id AS key, {(counted ? "count(*) OVER ()" : "0")} AS total FROM {search.From} {CountIndex(filter, search)} "
            + $"{search.Where} {order} {Limit(take, skip)}) p JOIN workflow_instances ON id = p.key {order}";
    }

    private string OrderSql(InstanceFilter filter, string direction)
    {
        // NULL is smallest, as on SQLite; PostgreSQL's index of a column that can be NULL is made for that.
        var canBeNull = filter.OrderBy is InstanceOrder.Finished or InstanceOrder.Name;
        var nulls = database.Provider == DatabaseProvider.Sqlite || !canBeNull ? "" : direction == "DESC" ? " NULLS LAST" : " NULLS FIRST";
        return $"ORDER BY {InstanceSearch.ColumnOf(filter.OrderBy)} {direction}{nulls}, id {direction}";
    }

    private string WalkedIndex(InstanceFilter filter) =>
        database.Provider == DatabaseProvider.Sqlite ? "INDEXED BY " + InstanceSearch.IndexOf(filter.OrderBy) : "";

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
        var sql = $"SELECT count(*) FROM {search.From} {CountIndex(filter, search)} {search.Where}";
        // What a search has found is a parameter that has no text of its own.
        var key = search.IsSelective ? null : $"{sql}|{string.Join('|', search.Parameters)}";
        if (key is not null && _counts.TryGetValue(key, out var known) && Stopwatch.GetTimestamp() < known.ValidUntil)
            return known.Count;
        var began = Stopwatch.GetTimestamp();
        await using var command = Command(connection, sql, search.Parameters);
        var count = Convert.ToInt64(await command.ExecuteScalarAsync(cancellationToken), CultureInfo.InvariantCulture);
        var took = Stopwatch.GetTimestamp() - began;
        // A short list is counted anew each time: there one more or less is seen.
        if (key is not null && count > FewRows && took > Stopwatch.Frequency / 200)
        {
            if (_counts.Count >= MaxCounts)
                _counts.Clear();
            _counts[key] = (count, Stopwatch.GetTimestamp() + Math.Min(20 * took, 5 * Stopwatch.Frequency));
        }

        return count;
    }

    /// <summary>Definitions that a text means which instances are searched for.</summary>
    internal async Task<IReadOnlyCollection<string>> DefinitionsOfTermAsync(string? term, CancellationToken cancellationToken)
    {
        if (string.IsNullOrWhiteSpace(term))
            return [];
        var lower = term.Trim().ToLowerInvariant();
        await using var context = database.CreateContext();
        // Translated to SQL, where a culture means nothing. Every definition has one latest version, and an index has those alone.
#pragma warning disable CA1304, CA1311, CA1862, MA0011
        var named = await context.Set<WorkflowDefinitionRow>().Where(d => d.IsLatest && d.DefinitionId.ToLower().Contains(lower))
            .Select(d => d.DefinitionId).Take(1000).ToListAsync(cancellationToken);
#pragma warning restore CA1304, CA1311, CA1862, MA0011
        var ofVersion = await context.Set<WorkflowDefinitionRow>().Where(d => d.Id == lower).Select(d => d.DefinitionId).ToListAsync(cancellationToken);
        return [.. named.Union(ofVersion, StringComparer.Ordinal)];
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
