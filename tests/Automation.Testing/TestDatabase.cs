using Automation.Storage;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Automation.Testing;

/// <summary>
/// An open database that nobody else uses and that is gone when the test ends. The first one of its kind in a process is made
/// from nothing by the upgrade that every server runs; the others are copies of it.
/// </summary>
public sealed class TestDatabase : IAsyncDisposable
{
    private static readonly Lazy<Task<byte[]>> SqliteTemplate = new(UpgradeSqliteAsync);
    private static readonly Lazy<Task<string>> PostgresTemplate = new(UpgradePostgresAsync);

    private readonly Func<ValueTask> _remove;

    private TestDatabase(DatabaseLocation location, Database database, Func<ValueTask> remove)
    {
        Location = location;
        Database = database;
        _remove = remove;
    }

    /// <summary>Where it is, for opening it a second time.</summary>
    public DatabaseLocation Location { get; }

    /// <summary>The open database.</summary>
    public Database Database { get; private set; }

    /// <summary>Makes one of the asked kind; skips the test where PostgreSQL is not installed.</summary>
    public static async Task<TestDatabase> CreateAsync(DatabaseProvider provider, TimeProvider? clock = null, StorageOptions? options = null)
    {
        if (provider == DatabaseProvider.PostgreSql)
        {
            // Copying files takes a fifth of the processor time of making a hundred tables.
            var (connectionString, drop) = await PostgresServer.CreateDatabaseAsync(await PostgresServer.CanCopyAsync() ? await PostgresTemplate.Value : null);
            var location = DatabaseLocation.From(connectionString, "");
            return new TestDatabase(location, await OpenAsync(location, clock, options), drop);
        }

        var directory = Directory.CreateTempSubdirectory("automation-");
        var file = DatabaseLocation.Sqlite(Path.Combine(directory.FullName, "automation.db"));
        await File.WriteAllBytesAsync(file.SqliteFile!, await SqliteTemplate.Value);
        return new TestDatabase(file, await OpenAsync(file, clock, options), () =>
        {
            directory.Delete(recursive: true);
            return ValueTask.CompletedTask;
        });
    }

    /// <summary>Opens the same database a second time, as another server does; disposing that leaves the database. PostgreSQL only.</summary>
    public async Task<TestDatabase> OpenAgainAsync(TimeProvider? clock = null, StorageOptions? options = null) =>
        new(Location, await OpenAsync(Location, clock, options), () => ValueTask.CompletedTask);

    /// <summary>Closes the database and opens it again, as a restart does.</summary>
    public async Task ReopenAsync(TimeProvider? clock = null, StorageOptions? options = null)
    {
        await Database.DisposeAsync();
        Database = await OpenAsync(Location, clock, options);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Database.DisposeAsync();
        await _remove();
    }

    private static async Task<string> UpgradePostgresAsync()
    {
        var (connectionString, _) = await PostgresServer.CreateDatabaseAsync();
        await (await OpenAsync(DatabaseLocation.From(connectionString, ""), null, null)).DisposeAsync();
        return new NpgsqlConnectionStringBuilder(connectionString).Database!;
    }

    private static async Task<byte[]> UpgradeSqliteAsync()
    {
        var directory = Directory.CreateTempSubdirectory("automation-");
        var file = DatabaseLocation.Sqlite(Path.Combine(directory.FullName, "automation.db"));
        await (await OpenAsync(file, null, null)).DisposeAsync();
        // Closing it has moved everything from its log into the file.
        if (File.Exists(file.SqliteFile + "-wal"))
            throw new InvalidOperationException("The database has been closed and still has a log beside it.");
        var content = await File.ReadAllBytesAsync(file.SqliteFile!);
        directory.Delete(recursive: true);
        return content;
    }

    private static async Task<Database> OpenAsync(DatabaseLocation location, TimeProvider? clock, StorageOptions? options)
    {
        var database = new Database(location, options ?? new StorageOptions(), clock ?? TimeProvider.System, NullLogger<Database>.Instance);
        await database.OpenAsync(CancellationToken.None);
        return database;
    }
}
