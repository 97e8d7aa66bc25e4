using Automation.Storage.Writes;
using Automation.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Automation.Storage.Tests;

/// <summary>What a unit of work promises, on every database.</summary>
public abstract class UnitConformance(DatabaseProvider provider) : IAsyncLifetime
{
    private static readonly SqlStatement CreateTable = new(
        "CREATE TABLE thing (id text PRIMARY KEY, n bigint NOT NULL, r double precision, b blob, f boolean)",
        "CREATE TABLE thing (id text PRIMARY KEY, n bigint NOT NULL, r double precision, b bytea, f boolean)");

    private static readonly SqlStatement Insert = new("INSERT INTO thing (id, n) VALUES ($1, $2)");
    private static readonly SqlStatement InsertIfNew = new("INSERT INTO thing (id, n) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING");
    private static readonly SqlStatement AddToAll = new("UPDATE thing SET n = n + $1");
    private static readonly SqlStatement InsertAll = new("INSERT INTO thing (id, n, r, b, f) VALUES ($1, $2, $3, $4, $5)");
    private static readonly SqlStatement Increment = new("UPDATE thing SET n = n + 1 WHERE id = $1 AND n = $2");
    private static readonly SqlStatement Select = new("SELECT id, n, r, b, f FROM thing WHERE id = $1");
    private static readonly SqlStatement Count = new("SELECT count(*), coalesce(sum(n), 0) FROM thing");
    private static readonly SqlStatement Take = new("UPDATE thing SET n = n + 100 WHERE n < $1 RETURNING id, n");

    private TestDatabase _test = null!;

    private Database Database => _test.Database;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _test = await TestDatabase.CreateAsync(provider);
        await Database.CommitAsync(new WriteUnit().Add(CreateTable), cancellationToken: Token);
    }

    public async ValueTask DisposeAsync()
    {
        if (_test is not null)
            await _test.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task A_committed_unit_is_there_after_a_restart()
    {
        await Database.CommitAsync(new WriteUnit().Add(Insert, "a", 1), cancellationToken: Token);

        await _test.ReopenAsync();

        Assert.Equal(1, (await Database.QueryAsync(Select, Token, "a")).Count);
    }

    [Fact]
    public async Task Values_come_back_as_they_were_written()
    {
        byte[] bytes = [0, 1, 255];
        await Database.CommitAsync(
            new WriteUnit()
                .Add(InsertAll, "full 🎉 \"quoted\"", long.MinValue, 1.5, bytes, true)
                .Add(InsertAll, "", 0, SqlValue.Null, Array.Empty<byte>(), false)
                .Add(InsertAll, "null", long.MaxValue, SqlValue.Null, SqlValue.Null, SqlValue.Null),
            cancellationToken: Token);

        var full = (await Database.QueryAsync(Select, Token, "full 🎉 \"quoted\"")).Rows[0];
        Assert.Equal((long.MinValue, 1.5, true), (full[1].AsInteger, full[2].AsReal, full[4].AsBoolean));
        Assert.Equal(bytes, full[3].AsBlob);
        var empty = (await Database.QueryAsync(Select, Token, "")).Rows[0];
        Assert.False(empty[3].IsNull);
        Assert.Empty(empty[3].AsBlob!);
        Assert.False(empty[4].AsBoolean);
        var none = (await Database.QueryAsync(Select, Token, "null")).Rows[0];
        Assert.Equal(long.MaxValue, none[1].AsInteger);
        Assert.True(none[2].IsNull && none[3].IsNull && none[4].IsNull);
    }

    [Fact]
    public async Task A_guard_that_does_not_hold_takes_the_whole_unit_back_and_names_its_statement()
    {
        var unit = new WriteUnit().Add(Insert, "a", 1).AddExpectingOne(Increment, "a", 7);

        var conflict = await Assert.ThrowsAsync<WriteConflictException>(() => Database.CommitAsync(unit, cancellationToken: Token));

        Assert.Same(Increment, conflict.Statement);
        Assert.Equal(0, await CountAsync());
    }

    [Fact]
    public async Task A_constraint_that_is_violated_takes_the_whole_unit_back_and_names_its_statement()
    {
        await Database.CommitAsync(new WriteUnit().Add(Insert, "a", 1), cancellationToken: Token);

        var conflict = await Assert.ThrowsAsync<WriteConflictException>(
            () => Database.CommitAsync(new WriteUnit().Add(Increment, "a", 1).Add(Insert, "a", 2), cancellationToken: Token));

        Assert.Same(Insert, conflict.Statement);
        Assert.Equal(1, (await Database.QueryAsync(Select, Token, "a")).Rows[0][1].AsInteger);
    }

    [Fact]
    public async Task A_counted_statement_tells_how_many_rows_it_changed()
    {
        var first = new WriteUnit();
        var inserted = first.AddCounted(InsertIfNew, "a", 1);
        var second = new WriteUnit();
        var repeated = second.AddCounted(InsertIfNew, "a", 2);
        var updated = second.Add(Insert, "b", 2).AddCounted(AddToAll, 10);

        await Database.CommitAsync(first, cancellationToken: Token);
        await Database.CommitAsync(second, cancellationToken: Token);

        Assert.Equal((1, 0, 2), (inserted.Count, repeated.Count, updated.Count));
        Assert.Equal(11, (await Database.QueryAsync(Select, Token, "a")).Rows[0][1].AsInteger);
    }

    [Fact]
    public async Task Counts_are_right_where_a_shared_commit_had_to_be_taken_back()
    {
        await Database.CommitAsync(new WriteUnit().Add(Insert, "taken", 0), cancellationToken: Token);
        var counts = new List<ChangedRows>();
        var commits = Enumerable.Range(0, 60).Select(i =>
        {
            var unit = new WriteUnit();
            counts.Add(unit.AddCounted(InsertIfNew, $"{i / 2}", i));
            return Database.CommitAsync(i == 40 ? unit.Add(Insert, "taken", 1) : unit, cancellationToken: Token);
        }).ToList();

        await Assert.ThrowsAsync<WriteConflictException>(() => commits[40]);
        await Task.WhenAll(commits.Where((_, i) => i != 40));

        // The failed one's row went with it, so its twin inserted.
        Assert.All(Enumerable.Range(0, 60).Where(i => i != 40), i => Assert.Equal(i % 2 == 0 || i == 41 ? 1 : 0, counts[i].Count));
        Assert.Equal(31, await CountAsync());
    }

    [Fact]
    public async Task A_wrong_statement_fails_its_unit_and_no_other()
    {
        var wrong = new SqlStatement("INSERT INTO no_such_table VALUES ($1)");

        var commits = Enumerable.Range(0, 40)
            .Select(i => Database.CommitAsync(i % 10 == 3 ? new WriteUnit().Add(wrong, 1) : new WriteUnit().Add(Insert, $"{i}", i), cancellationToken: Token))
            .ToList();

        for (var i = 0; i < commits.Count; i++)
        {
            if (i % 10 == 3)
                await Assert.ThrowsAsync<StorageException>(() => commits[i]);
            else
                await commits[i];
        }

        Assert.Equal(36, await CountAsync());
    }

    [Fact]
    public async Task Units_that_fail_do_not_touch_the_units_they_share_a_commit_with()
    {
        await Database.CommitAsync(new WriteUnit().Add(Insert, "taken", 0), cancellationToken: Token);
        var commits = Enumerable.Range(0, 500)
            .Select(i => Database.CommitAsync(new WriteUnit().Add(Insert, i % 5 == 0 ? "taken" : $"{i}", 1), cancellationToken: Token))
            .ToList();

        var failed = 0;
        foreach (var commit in commits)
        {
            try
            {
                await commit;
            }
            catch (WriteConflictException)
            {
                failed++;
            }
        }

        Assert.Equal((100, 401), (failed, await CountAsync()));
    }

    [Fact]
    public async Task Sums_count_the_units_that_commit_and_no_others()
    {
        var increments = new SqlStatement("INSERT INTO thing (id, n) VALUES ($2, $1) ON CONFLICT (id) DO UPDATE SET n = thing.n + excluded.n");
        await Database.CommitAsync(new WriteUnit().Add(Insert, "taken", 0), cancellationToken: Token);
        var commits = Enumerable.Range(0, 400).Select(i =>
        {
            var unit = new WriteUnit().AddSum(increments, 1 + (i % 2), i % 3 == 0 ? "three" : "other");
            return Task.Run(() => Database.CommitAsync(i % 10 == 0 ? unit.Add(Insert, "taken", 1) : unit.Add(Insert, $"own {i}", 0), cancellationToken: Token));
        }).ToArray();

        await Task.WhenAll(commits).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);

        long Expected(bool three) => Enumerable.Range(0, 400).Where(i => i % 10 != 0 && (i % 3 == 0) == three).Sum(i => 1 + (i % 2));
        Assert.Equal(40, commits.Count(c => c.IsFaulted));
        Assert.Equal(Expected(true), (await Database.QueryAsync(Select, Token, "three")).Rows[0][1].AsInteger);
        Assert.Equal(Expected(false), (await Database.QueryAsync(Select, Token, "other")).Rows[0][1].AsInteger);
    }

    [Fact]
    public async Task Of_many_units_that_guard_the_same_version_exactly_one_commits()
    {
        await Database.CommitAsync(new WriteUnit().Add(Insert, "a", 0), cancellationToken: Token);

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 50).Select(async _ =>
        {
            try
            {
                await Database.CommitAsync(new WriteUnit().AddExpectingOne(Increment, "a", 0), cancellationToken: Token);
                return true;
            }
            catch (WriteConflictException)
            {
                return false;
            }
        }));

        Assert.Single(outcomes, won => won);
        Assert.Equal(1, (await Database.QueryAsync(Select, Token, "a")).Rows[0][1].AsInteger);
    }

    [Fact]
    public async Task Rows_that_a_unit_returns_are_there_after_the_commit()
    {
        var unit = new WriteUnit().Add(Insert, "a", 1).Add(Insert, "b", 2).Add(Insert, "c", 50);
        var before = unit.Query(Count);
        var taken = unit.Query(Take, 10);
        unit.Add(Insert, "d", 3);
        var after = unit.Query(Count);

        await Database.CommitAsync(unit, cancellationToken: Token);

        Assert.Equal(3, before.Rows[0][0].AsInteger);
        Assert.Equal([("a", 101L), ("b", 102L)], taken.Rows.Select(r => (r[0].AsText!, r[1].AsInteger)).Order());
        Assert.Equal(4, after.Rows[0][0].AsInteger);
    }

    [Fact]
    public async Task A_unit_whose_rows_nobody_asked_for_does_not_give_them_to_another()
    {
        // On PostgreSQL they share a batch, whose result sets come in the order of the statements alone.
        await Database.CommitAsync(new WriteUnit().Add(Insert, "a", 7), cancellationToken: Token);
        var units = Enumerable.Range(0, 200).Select(_ =>
        {
            var unit = new WriteUnit();
            return (Unit: unit, Rows: unit.Query(Select, "a"));
        }).ToList();
        var silent = Enumerable.Range(0, 200).Select(_ => new WriteUnit().Add(Select, "nobody"));

        var commits = units.Select(u => u.Unit).Zip(silent, (asked, unasked) => new[] { unasked, asked })
            .SelectMany(pair => pair).Select(unit => Database.CommitAsync(unit, cancellationToken: Token)).ToList();
        await Task.WhenAll(commits.Where((_, i) => i % 2 == 1));

        Assert.All(units, u => Assert.Equal(7, Assert.Single(u.Rows.Rows)[1].AsInteger));
        // Those that shared a commit with a query were refused, because theirs cannot be told from the rows asked for.
        foreach (var unasked in commits.Where((_, i) => i % 2 == 0))
            Assert.True(await Record.ExceptionAsync(() => unasked) is null or StorageException);
    }

    [Fact]
    public async Task Many_callers_store_each_unit_once()
    {
        const int callers = 16, each = 200;
        await Parallel.ForEachAsync(Enumerable.Range(0, callers), Token, async (caller, token) =>
        {
            for (var i = 0; i < each; i++)
                await Database.CommitAsync(new WriteUnit().Add(Insert, $"{caller}/{i}", 1), cancellationToken: token);
        });

        Assert.Equal(callers * each, await CountAsync());
    }

    [Fact]
    public async Task Who_wants_to_know_is_told_of_a_commit_and_never_of_a_failure()
    {
        var told = new List<string>();
        await Database.CommitAsync(new WriteUnit().Add(Insert, "a", 1).OnCommitted(() => told.Add("a")), cancellationToken: Token);
        await Assert.ThrowsAsync<WriteConflictException>(
            () => Database.CommitAsync(new WriteUnit().Add(Insert, "a", 1).OnCommitted(() => told.Add("again")), cancellationToken: Token));

        Assert.Equal(["a"], told);
    }

    [Fact]
    public async Task Closing_commits_what_was_accepted()
    {
        var commits = Enumerable.Range(0, 300).Select(i => Database.CommitAsync(new WriteUnit().Add(Insert, $"{i}", 1), cancellationToken: Token)).ToList();

        await _test.ReopenAsync();

        await Task.WhenAll(commits);
        Assert.Equal(300, await CountAsync());
    }

    [Fact]
    public async Task A_database_of_a_later_version_is_refused_and_not_touched()
    {
        await Database.CommitAsync(
            new WriteUnit().Add(new SqlStatement("INSERT INTO \"__EFMigrationsHistory\" (\"MigrationId\", \"ProductVersion\") VALUES ($1, $2)"), "29990101000000_Future", "99.0.0"),
            cancellationToken: Token);

        var refusal = await Assert.ThrowsAsync<Schema.SchemaTooNewException>(() => _test.ReopenAsync());

        Assert.Contains("29990101000000_Future", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("Nothing was changed", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_database_of_an_earlier_version_is_upgraded()
    {
        // What an earlier version would have left: the last migration neither recorded nor done.
        await Database.CommitAsync(
            new WriteUnit()
                .Add(new SqlStatement("DELETE FROM \"__EFMigrationsHistory\" WHERE \"MigrationId\" = $1"), "20261121000008_Replays")
                .Add(new SqlStatement("DROP TABLE event_replays"))
                .Add(Insert, "kept", 1),
            cancellationToken: Token);

        await _test.ReopenAsync();

        Assert.Equal(1, await CountAsync());
        Assert.Equal(0, (await Database.QueryAsync(new SqlStatement("SELECT id FROM event_replays"), Token)).Count);
    }

    [Fact]
    public async Task An_upgrade_that_fails_leaves_nothing_behind()
    {
        // Two migrations are not recorded, and what is in the way of the second is there.
        await Database.CommitAsync(
            new WriteUnit()
                .Add(new SqlStatement("DELETE FROM \"__EFMigrationsHistory\" WHERE \"MigrationId\" IN ('20261121000008_Replays', '20261121000010_Notifications')"))
                .Add(new SqlStatement("DROP TABLE event_replays")),
            cancellationToken: Token);

        var refusal = await Assert.ThrowsAsync<StorageUnavailableException>(() => _test.ReopenAsync());

        Assert.Contains("20261121000010_Notifications", refusal.Message, StringComparison.Ordinal);
        await using var other = new Database(_test.Location, new StorageOptions(), TimeProvider.System, NullLogger<Database>.Instance);
        await using var connection = await other.OpenConnectionAsync(Token);
        var select = connection.CreateCommand();
        select.CommandText = "SELECT * FROM event_replays";
        await Assert.ThrowsAnyAsync<System.Data.Common.DbException>(() => select.ExecuteScalarAsync(Token));
    }

    private async Task<long> CountAsync() => (await Database.QueryAsync(Count, Token)).Rows[0][0].AsInteger;
}

public sealed class UnitsOnSqlite() : UnitConformance(DatabaseProvider.Sqlite);

public sealed class UnitsOnPostgres() : UnitConformance(DatabaseProvider.PostgreSql);
