using Automation.Storage;
using Automation.Storage.Writes;
using Automation.Workflows.Execution;
using Automation.Workflows.Queries;
using Automation.Workflows.Queries.Memory;
using Automation.Workflows.Runtime;
using Automation.Workflows.Tests.Runtime.Support;

namespace Automation.Workflows.Tests.Runtime;

public sealed class InstanceListOnSqliteTests() : InstanceListConformance(DatabaseProvider.Sqlite);

public sealed class InstanceListOnPostgreSqlTests() : InstanceListConformance(DatabaseProvider.PostgreSql);

/// <summary>Lists of instances agree with a plain filter over the same rows, on every database.</summary>
public abstract class InstanceListConformance(DatabaseProvider provider) : IAsyncLifetime
{
    // More rows than are fetched and sorted at once, so that both ways of paging are used.
    private const int Rows = 6_000;

    private static readonly SqlStatement Insert = new(
        "INSERT INTO workflow_instances (id, definition_id, definition_version_id, definition_version, sub_status, is_system, incident_count, correlation_id, name, parent_id, "
        + "created_at, updated_at, finished_at, revision, state) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 1, '{}')");

    private static readonly SqlStatement Rename = new("UPDATE workflow_instances SET name = $2, correlation_id = NULL, updated_at = $3 WHERE id = $1");

    private readonly List<InstanceSummary> _all = [];
    private RuntimeHost _host = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        // The rows ended long ago: retention, whose turn may come at any moment, must leave them alone.
        _host = await RuntimeHost.StartAsync(provider, settings: new(StringComparer.Ordinal) { ["Automation:Workflows:Retention:Age"] = "00:00:00" });
        var random = new Random(7);
        var start = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        var unit = new WriteUnit();
        for (var i = 0; i < Rows; i++)
        {
            var subStatus = (WorkflowSubStatus)random.Next(6);
            var number = i * 7919 % Rows;
            var item = new InstanceSummary
            {
                // Some as this server makes them, the others brought in from elsewhere.
                Id = number % 10 == 9 ? $"0195c0de-0000-7000-8000-{number:x12}" : $"{number:x8}",
                DefinitionId = $"def-{random.Next(4)}",
                DefinitionVersionId = $"v{random.Next(3)}",
                Version = random.Next(1, 4),
                SubStatus = subStatus,
                IsSystem = random.Next(10) == 0,
                IncidentCount = subStatus == WorkflowSubStatus.Faulted ? 1 : 0,
                CorrelationId = random.Next(3) == 0 ? null : $"Call-{random.Next(500)}",
                Name = random.Next(2) == 0 ? null : $"Order {random.Next(2000)}",
                CreatedAt = start.AddSeconds(random.Next(100_000)),
                UpdatedAt = start.AddSeconds(random.Next(100_000)),
                FinishedAt = subStatus is WorkflowSubStatus.Finished or WorkflowSubStatus.Cancelled or WorkflowSubStatus.Faulted ? start.AddSeconds(random.Next(100_000)) : null,
            };
            _all.Add(item);
            unit.Add(
                Insert, item.Id, item.DefinitionId, item.DefinitionVersionId, item.Version, (int)item.SubStatus, item.IsSystem, item.IncidentCount, item.CorrelationId, item.Name,
                item.ParentInstanceId, SqlValue.Micros(item.CreatedAt), SqlValue.Micros(item.UpdatedAt), SqlValue.Micros(item.FinishedAt));
        }

        await _host.Database.CommitAsync(unit, cancellationToken: Token);
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task Every_filter_gives_the_rows_that_match()
    {
        foreach (var (filter, matches) in Cases())
        {
            var expected = _all.Where(matches).Select(i => i.Id).Order(StringComparer.Ordinal);
            foreach (var order in Enum.GetValues<InstanceOrder>())
            {
                var page = await _host.Instances.ListAsync(filter with { OrderBy = order, Take = Rows }, Token);
                Assert.Equal(expected, page.Items.Select(i => i.Id).Order(StringComparer.Ordinal));
                Assert.Equal(page.Items.Count, page.TotalCount);
            }
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Pages_follow_each_other_in_order_without_gap_or_repeat(bool descending)
    {
        foreach (var order in Enum.GetValues<InstanceOrder>())
        {
            // One list of many rows, one of few: they are paged in different ways.
            foreach (var filter in (InstanceFilter[])[new() { OrderBy = order, Descending = descending }, new() { OrderBy = order, Descending = descending, DefinitionIds = ["def-1"], SubStatuses = [WorkflowSubStatus.Finished] }])
            {
                var all = (await _host.Instances.ListAsync(filter with { Take = Rows }, Token)).Items;
                var paged = new List<InstanceSummary>();
                for (var skip = 0; skip < all.Count; skip += 997)
                    paged.AddRange((await _host.Instances.ListAsync(filter with { Skip = skip, Take = 997 }, Token)).Items);

                Assert.Equal(all.Count, paged.Select(i => i.Id).Distinct().Count());
                var keys = paged.Select(i => KeyOf(i, order)).ToList();
                var sorted = descending ? keys.OrderDescending(NullsFirst.Comparer) : keys.Order(NullsFirst.Comparer);
                Assert.Equal(sorted, keys);
            }
        }
    }

    [Fact]
    public async Task Lists_from_memory_are_what_a_plain_filter_gives()
    {
        var memory = _host.Get<InstancesInMemory>();
        await ReadAllAsync(memory);
        var answered = 0;
        foreach (var (filter, matches) in Cases())
        {
            foreach (var order in Enum.GetValues<InstanceOrder>())
            {
                foreach (var descending in (bool[])[false, true])
                {
                    var expected = Sorted(_all.Where(matches), order, descending);
                    foreach (var skip in (int[])[0, expected.Length / 2, Math.Max(0, expected.Length - 7), expected.Length])
                    {
                        var page = filter with { OrderBy = order, Descending = descending, Skip = skip, Take = 10 };
                        if (await memory.FindAsync(page, () => _host.Instances.DefinitionsOfTermAsync(page.SearchTerm, Token), Token) is not var (ids, total))
                            continue;
                        answered++;
                        Assert.Equal(expected.Length, total);
                        Assert.Equal(expected.Skip(skip).Take(10), ids);
                    }
                }
            }
        }

        // All but those about an id, a version, one correlation id or one name.
        Assert.Equal((Cases().Length - 5) * 4 * 2 * 4, answered);
    }

    [Fact]
    public async Task Memory_follows_whatever_changes()
    {
        var memory = _host.Get<InstancesInMemory>();
        await ReadAllAsync(memory);
        var filter = new InstanceFilter { SearchTerm = "fresh", OrderBy = InstanceOrder.Updated };
        Assert.Empty((await _host.Instances.ListAsync(filter, Token)).Items);

        var now = TimeProvider.System.GetUtcNow();
        var (old, removed, gone) = (_all[10].Id, _all[11].Id, _all[12].Id);
        await _host.Database.CommitAsync(
            new WriteUnit()
                .Add(Insert, "new one", "Fresh-definition", "v1", 1, 2, false, 0, (string?)null, (string?)null, (string?)null, SqlValue.Micros(now), SqlValue.Micros(now), SqlValue.Null)
                .Add(Insert, "0195c0de-0000-7000-8000-fffffffffff1", "def-1", "v1", 1, 3, false, 0, "FRESH-1", (string?)null, (string?)null, SqlValue.Micros(now), SqlValue.Micros(now), SqlValue.Micros(now))
                .Add(Rename, old, "A fresh name", SqlValue.Micros(now))
                .Add(Rename, removed, "Refreshed", SqlValue.Micros(now))
                .Add(Rename, gone, "Freshly gone", SqlValue.Micros(now)),
            cancellationToken: Token);
        await AssertFoundAsync("0195c0de-0000-7000-8000-fffffffffff1", old, removed, gone);
        Assert.Equal("new one", Assert.Single((await _host.Instances.ListAsync(filter with { SearchTerm = "new one" }, Token)).Items).Id);

        // Found under its new name alone.
        Assert.DoesNotContain((await _host.Instances.ListAsync(filter with { SearchTerm = _all[10].Name ?? "Order", Take = Rows }, Token)).Items, i => i.Id == old);

        await _host.Get<InstanceRemover>().DeleteAsync(removed, Token);
        await AssertFoundAsync("0195c0de-0000-7000-8000-fffffffffff1", old, gone);

        // As another server would.
        await _host.Database.CommitAsync(new WriteUnit().Add(InstanceSql.DeleteInstance, gone), cancellationToken: Token);
        await AssertFoundAsync("0195c0de-0000-7000-8000-fffffffffff1", old);
        await _host.Database.CommitAsync(new WriteUnit().Add(Rename, old, "Order of old", SqlValue.Micros(now)), cancellationToken: Token);
        await AssertFoundAsync("0195c0de-0000-7000-8000-fffffffffff1");

        async Task AssertFoundAsync(params string[] ids)
        {
            var page = await _host.Instances.ListAsync(filter, Token);
            Assert.Equal(ids.Order(StringComparer.Ordinal), page.Items.Select(i => i.Id).Order(StringComparer.Ordinal));
            Assert.Equal(ids.Length, page.TotalCount);
        }
    }

    [Fact]
    public async Task What_changes_too_much_is_left_to_the_database()
    {
        var memory = _host.Get<InstancesInMemory>();
        await ReadAllAsync(memory);
        memory.Touch(Enumerable.Range(0, 6_000).Select(i => $"unknown {i}"));
        var filter = new InstanceFilter { SearchTerm = "call-49" };
        Assert.Null(await memory.FindAsync(filter, () => Task.FromResult<IReadOnlyCollection<string>>([]), Token));
        var expected = _all.Count(i => i.CorrelationId?.Contains("call-49", StringComparison.OrdinalIgnoreCase) == true);
        Assert.Equal(expected, (await _host.Instances.ListAsync(filter, Token)).TotalCount);
    }

    [Fact]
    public async Task A_search_box_finds_ids_by_their_beginning_and_texts_among_the_newest_only()
    {
        var queries = _host.Get<InstanceQueries>();
        InstanceSummary[] newest = [.. _all.OrderByDescending(i => i.CreatedAt).ThenByDescending(i => i.Id, StringComparer.Ordinal).Take(300)];
        var oldest = _all.MinBy(i => i.CreatedAt)!;

        Assert.Equal([oldest.Id], (await queries.FindAmongNewestAsync(oldest.Id, 300, 10, Token)).Select(i => i.Id));

        // Those at the edge of the newest may have been created at the same moment as the next.
        var edge = newest[^1].CreatedAt;
        foreach (var text in new[] { "call-12", "ORDER 1", "nothing is called so" })
        {
            var found = await queries.FindAmongNewestAsync(text, 300, 300, Token);
            var has = (InstanceSummary i) => (i.CorrelationId?.Contains(text, StringComparison.OrdinalIgnoreCase) ?? false) || (i.Name?.Contains(text, StringComparison.OrdinalIgnoreCase) ?? false);
            Assert.Equal(newest.Where(i => has(i) && i.CreatedAt > edge).Select(i => i.Id), found.Where(i => i.CreatedAt > edge).Select(i => i.Id));
            Assert.DoesNotContain(found, i => i.CreatedAt < edge);
        }

        Assert.Equal(3, (await queries.FindAmongNewestAsync("order", 300, 3, Token)).Count);
    }

    [Fact]
    public async Task A_search_that_very_many_match_counts_no_further_than_one_pages_and_leaves_none_out()
    {
        var start = new DateTimeOffset(2026, 2, 1, 0, 0, 0, TimeSpan.Zero);
        var unit = new WriteUnit();
        var crowd = new List<DateTimeOffset>();
        for (var i = 0; i < 15_001; i++)
        {
            var time = SqlValue.Micros(start.AddSeconds(i * 7919 % 15_013));
            crowd.Add(start.AddSeconds(i * 7919 % 15_013));
            unit.Add(Insert, $"m{i:x7}", "many", "v1", 1, (int)WorkflowSubStatus.Finished, false, 0, $"Crowd-{i}", (string?)null, (string?)null, time, time, time);
        }

        await _host.Database.CommitAsync(unit, cancellationToken: Token);
        var memory = _host.Get<InstancesInMemory>();
        foreach (var order in (InstanceOrder[])[InstanceOrder.Created, InstanceOrder.Finished])
        {
            var filter = new InstanceFilter { SearchTerm = "crowd-", OrderBy = order, Statuses = [WorkflowStatus.Finished] };
            var first = await _host.Instances.ListAsync(filter with { Take = 10 }, Token);
            var last = await _host.Instances.ListAsync(filter with { Skip = 495, Take = 10 }, Token);

            // There is always a next page, until there is none.
            Assert.Equal((500, 1000), (first.TotalCount, last.TotalCount));
            Assert.Equal(Enumerable.Range(0, 10).Select(i => start.AddSeconds(15_012 - i)), first.Items.Select(i => i.CreatedAt));
            Assert.Equal(Enumerable.Range(495, 10).Select(i => start.AddSeconds(15_012 - i)), last.Items.Select(i => i.CreatedAt));
            Assert.Equal(500, await _host.Instances.CountAsync(filter, Token));

            var all = new List<string>();
            while (await _host.Instances.ListIdsAsync(filter with { Skip = all.Count, Take = 10_000 }, Token) is { Count: > 0 } page)
                all.AddRange(page);
            Assert.Equal(15_001, all.Distinct(StringComparer.Ordinal).Count());
            Assert.Equal(15_001, all.Count);
        }

        // From memory each is counted, and every page is as far away.
        await ReadAllAsync(memory);
        var middle = await _host.Instances.ListAsync(new InstanceFilter { SearchTerm = "crowd-", Skip = 7_500, Take = 10 }, Token);
        Assert.Equal(15_001, middle.TotalCount);
        Assert.Equal(crowd.OrderDescending().Skip(7_500).Take(10), middle.Items.Select(i => i.CreatedAt));
    }

    private static Task ReadAllAsync(InstancesInMemory memory)
    {
        memory.Smallest = 0;
        return memory.ReadAsync(Token);
    }

    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    private static (InstanceFilter Filter, Func<InstanceSummary, bool> Matches)[] Cases() =>
    [
        (new(), _ => true),
        (new() { IsSystem = false }, i => !i.IsSystem),
        (new() { Statuses = [WorkflowStatus.Running] }, i => i.Status == WorkflowStatus.Running),
        (new() { Statuses = [WorkflowStatus.Finished], SubStatuses = [WorkflowSubStatus.Faulted, WorkflowSubStatus.Suspended] }, i => i.SubStatus == WorkflowSubStatus.Faulted),
        (new() { SubStatuses = [WorkflowSubStatus.Suspended] }, i => i.SubStatus == WorkflowSubStatus.Suspended),
        (new() { HasIncidents = true, IsSystem = false }, i => i.IncidentCount > 0 && !i.IsSystem),
        (new() { HasIncidents = false }, i => i.IncidentCount == 0),
        (new() { DefinitionIds = ["def-1", "def-3"] }, i => i.DefinitionId is "def-1" or "def-3"),
        (new() { DefinitionIds = ["def-1"], DefinitionVersionIds = ["v2"] }, i => i.DefinitionId == "def-1" && i.DefinitionVersionId == "v2"),
        (new() { Version = 2 }, i => i.Version == 2),
        (new() { CorrelationId = "Call-7" }, i => i.CorrelationId == "Call-7"),
        (new() { Name = "Order 70" }, i => i.Name == "Order 70"),
        (new() { Ids = ["00000001", "nosuch"] }, i => i.Id == "00000001"),
        (new() { SearchTerm = "call-49" }, i => i.CorrelationId?.Contains("call-49", StringComparison.OrdinalIgnoreCase) == true),
        (new() { SearchTerm = "DER 19" }, i => i.Name?.Contains("der 19", StringComparison.OrdinalIgnoreCase) == true),
        (new() { SearchTerm = "00000A" }, i => i.Id.Length == 8 && i.Id.Contains("00000a", StringComparison.Ordinal)),
        (new() { SearchTerm = "000A" }, i => i.Id.Length == 8 && i.Id.Contains("000a", StringComparison.Ordinal)),
        // Within ids of this server, what stands nowhere else; and what they begin with.
        (new() { SearchTerm = "8000-0000000000A" }, i => i.Id.Contains("8000-0000000000a", StringComparison.Ordinal)),
        (new() { SearchTerm = "0195C0DE" }, i => i.Id.Length > 8),
        (new() { SearchTerm = "100%" }, _ => false),
        (new() { Timestamps = [new(InstanceOrder.Created, TimestampOperator.GreaterThan, Noon)] }, i => i.CreatedAt > Noon),
        (new() { Timestamps = [new(InstanceOrder.Finished, TimestampOperator.LessThanOrEqual, Noon)] }, i => i.FinishedAt <= Noon),
        (new() { Timestamps = [new(InstanceOrder.Updated, TimestampOperator.GreaterThanOrEqual, Noon), new(InstanceOrder.Created, TimestampOperator.LessThan, Noon)], IsSystem = false }, i => i.UpdatedAt >= Noon && i.CreatedAt < Noon && !i.IsSystem),
        (new() { Timestamps = [new(InstanceOrder.Updated, TimestampOperator.LessThan, Noon)], SubStatuses = [WorkflowSubStatus.Suspended, WorkflowSubStatus.Faulted] }, i => i.UpdatedAt < Noon && i.SubStatus is (WorkflowSubStatus.Suspended or WorkflowSubStatus.Faulted)),
    ];

    private static string[] Sorted(IEnumerable<InstanceSummary> items, InstanceOrder order, bool descending)
    {
        var sorted = order switch
        {
            InstanceOrder.Created => items.OrderBy(i => i.CreatedAt).ThenBy(i => i.Id, StringComparer.Ordinal),
            InstanceOrder.Updated => items.OrderBy(i => i.UpdatedAt).ThenBy(i => i.Id, StringComparer.Ordinal),
            InstanceOrder.Finished => items.OrderBy(i => i.FinishedAt ?? DateTimeOffset.MinValue).ThenBy(i => i.Id, StringComparer.Ordinal),
            _ => items.OrderBy(i => i.Name, NullsFirst.Comparer).ThenBy(i => i.Id, StringComparer.Ordinal),
        };
        string[] ids = [.. sorted.Select(i => i.Id)];
        if (descending)
            Array.Reverse(ids);
        return ids;
    }

    private static string? KeyOf(InstanceSummary item, InstanceOrder order) => order switch
    {
        InstanceOrder.Created => item.CreatedAt.ToString("O"),
        InstanceOrder.Updated => item.UpdatedAt.ToString("O"),
        InstanceOrder.Finished => item.FinishedAt?.ToString("O"),
        // Databases sort text by their own collation: whether names are grouped by presence is what can be told here.
        _ => item.Name is null ? null : "named",
    };

    private static class NullsFirst
    {
        public static readonly IComparer<string?> Comparer = Comparer<string?>.Create(string.CompareOrdinal);
    }
}
