using Automation.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace Automation.Testing;

/// <summary>An open database that nobody else uses and that is gone when the test ends.</summary>
public sealed class TestDatabase : IAsyncDisposable
{
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
            var (connectionString, drop) = await PostgresServer.CreateDatabaseAsync();
            var location = DatabaseLocation.From(connectionString, "");
            return new TestDatabase(location, await OpenAsync(location, clock, options), drop);
        }

        var directory = Directory.CreateTempSubdirectory("automation-");
        var file = DatabaseLocation.Sqlite(Path.Combine(directory.FullName, "automation.db"));
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

    private static async Task<Database> OpenAsync(DatabaseLocation location, TimeProvider? clock, StorageOptions? options)
    {
        var database = new Database(location, options ?? new StorageOptions(), clock ?? TimeProvider.System, NullLogger<Database>.Instance);
        await database.OpenAsync(CancellationToken.None);
        return database;
    }
}
