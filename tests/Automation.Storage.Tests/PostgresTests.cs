using Automation.Storage.Writes;
using Automation.Testing;
using Npgsql;

namespace Automation.Storage.Tests;

/// <summary>What is PostgreSQL's alone: units that get into each other's way, and words between servers.</summary>
public sealed class PostgresTests
{
    private static readonly SqlStatement CreateTable = new("", "CREATE TABLE thing (id text PRIMARY KEY, n bigint NOT NULL)");
    private static readonly SqlStatement Insert = new("", "INSERT INTO thing (id, n) VALUES ($1, 1)");
    private static readonly SqlStatement Touch = new("", "UPDATE thing SET n = n + 1 WHERE id = $1");
    private static readonly SqlStatement Count = new("", "SELECT count(*) FROM thing");
    private static readonly SqlStatement AlwaysDeadlocked = new("", "DO $$ BEGIN RAISE EXCEPTION 'deadlock detected' USING ERRCODE = '40P01'; END $$");
    private static readonly SqlStatement Say = new("", "SELECT 1 FROM (SELECT pg_notify('words', $1)) said");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_unit_that_always_deadlocks_fails_alone()
    {
        await using var test = await TestDatabase.CreateAsync(DatabaseProvider.PostgreSql, options: new StorageOptions { PostgresCommitters = 1 });
        await test.Database.CommitAsync(new WriteUnit().Add(CreateTable).Add(Insert, "held"), cancellationToken: Token);

        // The only committer waits for a row that somebody else has, so that the units behind it share a transaction.
        await using var other = (NpgsqlConnection)await test.Database.OpenConnectionAsync(Token);
        await using var holding = await other.BeginTransactionAsync(Token);
        await using (var hold = new NpgsqlCommand("UPDATE thing SET n = 0 WHERE id = 'held'", other, holding))
            await hold.ExecuteNonQueryAsync(Token);
        var first = test.Database.CommitAsync(new WriteUnit().Add(Touch, "held"), cancellationToken: Token);
        await using (var watching = (NpgsqlConnection)await test.Database.OpenConnectionAsync(Token))
        {
            await using var waits = new NpgsqlCommand("SELECT count(*) FROM pg_locks WHERE NOT granted", watching);
            while ((long)(await waits.ExecuteScalarAsync(Token))! == 0)
            {
                // Until it waits.
            }
        }

        var good = Enumerable.Range(0, 10).Select(i => test.Database.CommitAsync(new WriteUnit().Add(Insert, "a" + i), cancellationToken: Token)).ToList();
        var bad = test.Database.CommitAsync(new WriteUnit().Add(Insert, "bad").Add(AlwaysDeadlocked), cancellationToken: Token);
        good.AddRange(Enumerable.Range(0, 10).Select(i => test.Database.CommitAsync(new WriteUnit().Add(Insert, "b" + i), cancellationToken: Token)));
        await holding.CommitAsync(Token);

        await first;
        await Task.WhenAll(good);
        await Assert.ThrowsAsync<StorageUnavailableException>(() => bad);
        Assert.Equal(21, (await test.Database.QueryAsync(Count, Token)).Rows[0][0].AsInteger);
    }

    [Fact]
    public async Task Words_of_another_server_are_heard_also_after_the_connection_was_cut()
    {
        await using var test = await TestDatabase.CreateAsync(DatabaseProvider.PostgreSql);
        await using var another = await test.OpenAgainAsync();
        var words = System.Threading.Channels.Channel.CreateUnbounded<string>();
        using var listening = test.Database.Listen("words", w => words.Writer.TryWrite(w));
        // That something may have been missed is said first, and again after each cut.
        Assert.Equal("", await words.Reader.ReadAsync(Token));

        await another.Database.CommitAsync(Spoken("one"), cancellationToken: Token);
        Assert.Equal("one", await words.Reader.ReadAsync(Token));

        await using (var connection = (NpgsqlConnection)await another.Database.OpenConnectionAsync(Token))
        {
            await using var cut = new NpgsqlCommand("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'", connection);
            Assert.Equal(1L, await cut.ExecuteScalarAsync(Token));
        }

        Assert.Equal("", await words.Reader.ReadAsync(Token));
        await another.Database.CommitAsync(Spoken("two"), cancellationToken: Token);
        Assert.Equal("two", await words.Reader.ReadAsync(Token));

        // Who comes later gets a connection that listens to both.
        using var later = test.Database.Listen("others", _ => { });
        Assert.Equal("", await words.Reader.ReadAsync(Token));
        await another.Database.CommitAsync(Spoken("three"), cancellationToken: Token);
        Assert.Equal("three", await words.Reader.ReadAsync(Token));
    }

    private static WriteUnit Spoken(string word)
    {
        var unit = new WriteUnit();
        unit.Query(Say, word);
        return unit;
    }
}
