using System.Buffers.Binary;
using Automation.Storage.Sqlite;
using Automation.Storage.Writes;
using Automation.Testing;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace Automation.Storage.Tests;

public sealed class SqliteTests
{
    private static readonly SqlStatement CreateTable = new("CREATE TABLE thing (id text PRIMARY KEY, n bigint NOT NULL)");
    private static readonly SqlStatement Insert = new("INSERT INTO thing (id, n) VALUES ($1, $2)");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_second_server_on_the_same_file_is_told_who_has_it()
    {
        await using var test = await TestDatabase.CreateAsync(DatabaseProvider.Sqlite);
        await using var second = new Database(test.Location, new StorageOptions(), TimeProvider.System, NullLogger<Database>.Instance);

        var refusal = await Assert.ThrowsAsync<StorageUnavailableException>(() => second.OpenAsync(Token));

        Assert.Contains(test.Location.SqliteFile!, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task More_units_than_may_wait_are_refused_and_the_others_are_stored()
    {
        await using var test = await TestDatabase.CreateAsync(DatabaseProvider.Sqlite, options: new StorageOptions { MaxWaitingUnits = 16, BusyTimeout = TimeSpan.FromMinutes(1) });
        await test.Database.CommitAsync(new WriteUnit().Add(CreateTable), cancellationToken: Token);

        // Another process holds the write lock, so nothing can be committed and the list of waiting units fills.
        await using var other = new SqliteConnection(test.Location.ConnectionString);
        await other.OpenAsync(Token);
        var begin = other.CreateCommand();
        begin.CommandText = "BEGIN IMMEDIATE";
        await begin.ExecuteNonQueryAsync(Token);
        // The writer holds some, at most what waited when it began; then 16 wait; the next is refused.
        var commits = new List<Task>();
        var refused = 0;
        for (var i = 0; i < 200 && refused == 0; i++)
        {
            var commit = test.Database.CommitAsync(new WriteUnit().Add(Insert, $"{i}", i), WhenFull.Fail, Token);
            if (commit.IsFaulted)
            {
                await Assert.ThrowsAsync<StorageUnavailableException>(() => commit);
                refused++;
            }
            else
            {
                commits.Add(commit);
            }
        }

        Assert.Equal(1, refused);
        var rollback = other.CreateCommand();
        rollback.CommandText = "ROLLBACK";
        await rollback.ExecuteNonQueryAsync(Token);
        await Task.WhenAll(commits);
        Assert.Equal(commits.Count, (await test.Database.QueryAsync(new SqlStatement("SELECT id FROM thing"), Token)).Count);
    }

    [Fact]
    public async Task A_full_disk_fails_the_callers_stores_nothing_and_the_next_commit_works()
    {
        await using var test = await TestDatabase.CreateAsync(DatabaseProvider.Sqlite);
        await test.Database.CommitAsync(new WriteUnit().Add(CreateTable), cancellationToken: Token);
        // SQLite answers "database or disk is full" when the file may not grow any further, as it does on a full disk.
        var pages = (await Query(test, "PRAGMA page_count")).AsInteger;
        await test.Database.CommitAsync(new WriteUnit().Add(Insert, "small", 1), cancellationToken: Token);
        var limit = new WriteUnit();
        limit.Query(new SqlStatement($"PRAGMA max_page_count = {pages + 3}"));
        await test.Database.CommitAsync(limit, cancellationToken: Token);

        var big = new string('x', 1_000_000);
        await Assert.ThrowsAsync<StorageUnavailableException>(() => test.Database.CommitAsync(new WriteUnit().Add(Insert, big, 1), cancellationToken: Token));

        await test.Database.CommitAsync(new WriteUnit().Add(Insert, "another", 1), cancellationToken: Token);
        Assert.Equal(2, (await test.Database.QueryAsync(new SqlStatement("SELECT id FROM thing"), Token)).Count);
    }

    [Fact]
    public async Task The_log_starts_anew_once_the_writer_has_moved_the_rest()
    {
        var directory = Directory.CreateTempSubdirectory("automation-");
        var file = Path.Combine(directory.FullName, "here.db");
        await using (var writer = new SqliteUnitWriter(file, new StorageOptions(), NullLogger.Instance))
        {
            writer.Start();
            await CommitAsync(writer, new WriteUnit().Add(CreateTable));
            for (var i = 0; i < 100; i++)
                await CommitAsync(writer, new WriteUnit().Add(Insert, $"{i}", i));
            Assert.Equal(0u, TimesAnew());

            writer.FinishCheckpoint();
            await CommitAsync(writer, new WriteUnit().Add(Insert, "before", 1));
            Assert.Equal(0u, TimesAnew());
            await CommitAsync(writer, new WriteUnit().Add(Insert, "after", 1));
            await CommitAsync(writer, new WriteUnit().Add(Insert, "later", 1));
            Assert.Equal(1u, TimesAnew());
        }

        using (var session = new SqliteSession(file))
        {
            var rows = new RowSet();
            session.Execute(new SqlStatement("SELECT count(*) FROM thing"), [], rows, out _);
            Assert.Equal(103, rows.Rows[0][0].AsInteger);
        }

        directory.Delete(recursive: true);

        // The log's header counts how often it began anew, in its fourth word (SQLite's "WAL-mode file format").
        uint TimesAnew()
        {
            using var log = new FileStream(file + "-wal", FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            var header = new byte[16];
            log.ReadExactly(header);
            return BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(12));
        }
    }

    private static Task CommitAsync(SqliteUnitWriter writer, WriteUnit unit)
    {
        var pending = new PendingUnit(unit);
        Assert.True(writer.TryAccept(pending));
        return pending.Completion;
    }

    [Theory]
    [InlineData("Host=db;Database=a", DatabaseProvider.PostgreSql)]
    [InlineData("Data Source=here.db", DatabaseProvider.Sqlite)]
    [InlineData("  ", DatabaseProvider.Sqlite)]
    [InlineData(null, DatabaseProvider.Sqlite)]
    public void A_connection_string_says_which_database_it_means(string? text, DatabaseProvider provider)
    {
        var directory = Directory.CreateTempSubdirectory("automation-");
        Assert.Equal(provider, DatabaseLocation.From(text?.Replace("here.db", Path.Combine(directory.FullName, "here.db"), StringComparison.Ordinal), directory.FullName).Provider);
        directory.Delete(recursive: true);
    }

    [Fact]
    public void A_connection_string_of_another_kind_is_refused() =>
        Assert.Contains("ConnectionStrings:Automation", Assert.Throws<ArgumentException>(() => DatabaseLocation.From("Endpoint=x", ".")).Message, StringComparison.Ordinal);

    private static async Task<SqlValue> Query(TestDatabase test, string sql) =>
        (await test.Database.QueryAsync(new SqlStatement(sql), Token)).Rows[0][0];
}
