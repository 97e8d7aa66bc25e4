using Automation.Storage;
using Automation.Storage.Writes;
using Automation.Testing;
using Automation.Workflows.Queries;
using Automation.Workflows.Queries.Memory;
using Automation.Workflows.Runtime;
using Automation.Workflows.Tests.Runtime.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Automation.Workflows.Tests.Runtime;

public sealed class InstancesInMemoryOnSqliteTests() : InstancesInMemoryConformance(DatabaseProvider.Sqlite);

public sealed class InstancesInMemoryOnPostgreSqlTests() : InstancesInMemoryConformance(DatabaseProvider.PostgreSql);

/// <summary>When instances are read into memory, read anew and given up.</summary>
public abstract class InstancesInMemoryConformance(DatabaseProvider provider) : IAsyncLifetime
{
    private const int Rows = 200;

    private static readonly InstanceFilter ByName = new() { OrderBy = InstanceOrder.Name, Descending = false, Take = Rows };
    private static readonly SqlStatement Insert = new(
        "INSERT INTO workflow_instances (id, definition_id, definition_version_id, definition_version, sub_status, is_system, incident_count, correlation_id, name, parent_id, "
        + "created_at, updated_at, finished_at, revision, state) VALUES ($1, 'd', 'v', 1, 3, FALSE, 0, NULL, $2, NULL, $3, $3, $3, 1, '{}')");

    private readonly ManualClock _clock = new(new DateTimeOffset(2026, 3, 1, 0, 0, 0, TimeSpan.Zero));
    private RuntimeHost _host = null!;
    private InstancesInMemory _memory = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _host = await RuntimeHost.StartAsync(provider, settings: new(StringComparer.Ordinal) { ["Automation:Workflows:Retention:Age"] = "00:00:00" });
        var unit = new WriteUnit();
        for (var i = 0; i < Rows; i++)
            Add(unit, i, i % 3 == 0 ? null : $"Name {i * 77 % Rows}");
        await _host.Database.CommitAsync(unit, cancellationToken: Token);
        _memory = NewMemory();
    }

    public async ValueTask DisposeAsync()
    {
        await _memory.DisposeAsync();
        await _host.DisposeAsync();
    }

    [Fact]
    public async Task They_are_read_when_someone_looks_and_given_up_when_nobody_does()
    {
        Assert.Null(await FindAsync(ByName));
        await _memory.Reading;
        Assert.Equal(Rows, (await FindAsync(ByName))?.Total);

        _clock.Advance(TimeSpan.FromMinutes(9));
        Assert.Equal(Rows, (await FindAsync(ByName))?.Total);
        _clock.Advance(TimeSpan.FromMinutes(9));
        Assert.Equal(Rows, (await FindAsync(ByName))?.Total);
        _clock.Advance(TimeSpan.FromMinutes(11));
        Assert.Null(await FindAsync(ByName));
    }

    [Fact]
    public async Task Too_few_and_too_many_are_left_to_the_database()
    {
        _memory.Smallest = Rows + 1;
        await _memory.ReadAsync(Token);
        Assert.Null(await FindAsync(ByName));

        await using var small = NewMemory(most: Rows - 1);
        await small.ReadAsync(Token);
        Assert.Null(await small.FindAsync(ByName, NoDefinitions, Token));
    }

    [Fact]
    public async Task They_are_read_anew_where_others_deleted_some_and_after_a_while_in_any_case()
    {
        await _memory.ReadAsync(Token);
        await _host.Database.CommitAsync(new WriteUnit().Add(InstanceSql.DeleteInstance, IdOf(7)), cancellationToken: Token);
        _clock.Advance(TimeSpan.FromSeconds(31));
        Assert.Equal(Rows, (await FindAsync(ByName))?.Total);
        await _memory.Reading;
        Assert.Equal(Rows - 1, (await FindAsync(ByName))?.Total);

        // Brought in by another server with the times that it had.
        var unit = new WriteUnit();
        Add(unit, 7, "Back again");
        await _host.Database.CommitAsync(unit, cancellationToken: Token);
        _clock.Advance(TimeSpan.FromMinutes(9));
        Assert.Equal(Rows - 1, (await FindAsync(ByName))?.Total);
        _clock.Advance(TimeSpan.FromMinutes(2));
        await FindAsync(ByName);
        await _memory.Reading;
        Assert.Equal(Rows, (await FindAsync(ByName))?.Total);
    }

    [Fact]
    public async Task What_this_server_brings_in_is_found_at_once()
    {
        await _memory.ReadAsync(Token);
        var unit = new WriteUnit();
        Add(unit, 999, "Brought in");
        await _host.Database.CommitAsync(unit, cancellationToken: Token);
        _memory.Touch(IdOf(999));
        Assert.Equal([IdOf(999)], (await FindAsync(ByName with { SearchTerm = "brought" }))?.Ids);
    }

    [Fact]
    public async Task Names_that_only_the_database_can_sort_are_in_its_order()
    {
        _memory.NamesByCode = false;
        await _memory.ReadAsync(Token);
        var expected = (await _host.Instances.ListAsync(ByName, Token)).Items;
        Assert.Equal(expected.Select(i => i.Id), (await FindAsync(ByName))?.Ids);

        // It alone knows where a name belongs that came since.
        var unit = new WriteUnit();
        Add(unit, 999, "Namely");
        await _host.Database.CommitAsync(unit, cancellationToken: Token);
        _memory.Touch(IdOf(999));
        _clock.Advance(TimeSpan.FromSeconds(31));
        Assert.Null(await FindAsync(ByName));
        await _memory.Reading;
        Assert.Equal(Rows + 1, (await FindAsync(ByName))?.Total);
    }

    [Theory]
    [InlineData("0195c0de-0000-7000-8000-000000000007", true, false)]
    [InlineData("0195c0de-0", true, false)]
    [InlineData("0195c0de0", false, true)]
    [InlineData("8000-00000000000", true, false)]
    [InlineData("0195c0de0000700080000000000000ab", false, true)]
    [InlineData("700080000000000000a", false, true)]
    [InlineData("zzzz", false, false)]
    public async Task Ids_are_found_however_they_are_written(string text, bool dashes, bool digits)
    {
        var unit = new WriteUnit();
        var time = SqlValue.Micros(_clock.GetUtcNow());
        unit.Add(Insert, "0195c0de0000700080000000000000ab", (string?)null, time);
        await _host.Database.CommitAsync(unit, cancellationToken: Token);
        await _memory.ReadAsync(Token);
        var filter = new InstanceFilter { SearchTerm = text.ToUpperInvariant(), Take = 1_000 };
        var stored = (await _host.Instances.ListAsync(filter, Token)).Items.Select(i => i.Id).Order(StringComparer.Ordinal).ToList();
        var found = (await FindAsync(filter))!.Value.Ids.Order(StringComparer.Ordinal).ToList();

        Assert.Equal(stored, found);
        Assert.Equal(dashes, found.Exists(i => i.Length == 36));
        Assert.Equal(digits, found.Exists(i => i.Length == 32));
    }

    private static Task<IReadOnlyCollection<string>> NoDefinitions() => Task.FromResult<IReadOnlyCollection<string>>([]);

    private static string IdOf(int number) => $"0195c0de-0000-7000-8000-{number:x12}";

    private static void Add(WriteUnit unit, int number, string? name) =>
        unit.Add(Insert, IdOf(number), name, SqlValue.Micros(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero).AddMinutes(number)));

    private Task<(List<string> Ids, long Total)?> FindAsync(InstanceFilter filter) => _memory.FindAsync(filter, NoDefinitions, Token);

    private InstancesInMemory NewMemory(int most = 1_000) =>
        new(_host.Database, Options.Create(new WorkflowOptions { InstancesInMemory = most }), _clock, NullLogger<InstancesInMemory>.Instance) { Smallest = 0 };
}
