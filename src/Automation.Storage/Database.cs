using System.Data.Common;
using Automation.Storage.Postgres;
using Automation.Storage.Schema;
using Automation.Storage.Sqlite;
using Automation.Storage.Writes;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Automation.Storage;

/// <summary>What a commit does when too many units are waiting already.</summary>
public enum WhenFull
{
    /// <summary>Wait for room. For work inside the engine, which slows down with the database.</summary>
    Wait,

    /// <summary>Fail with <see cref="StorageUnavailableException"/>. For callers from outside, who are told to come again.</summary>
    Fail,
}

/// <summary>
/// The one database. Everything is written through <see cref="CommitAsync"/>; hot reads go through
/// <see cref="QueryAsync"/>, all others through <see cref="CreateContext"/>. Thread-safe.
/// </summary>
public sealed class Database : IAsyncDisposable
{
    private Task? _opening;
    private readonly DatabaseLocation _location;
    private readonly StorageOptions _options;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly NpgsqlDataSource? _postgres;
    private readonly PostgresListener? _listener;
    private readonly SqliteReaders? _readers;
    private readonly DbContextOptions<AutomationDbContext> _contextOptions;

    private IUnitWriter? _writer;
    private SqliteCheckpointer? _checkpointer;
    private FileStream? _ownership;
    private bool _disposed;
    private long _commits;

    /// <summary>Prepares a database; nothing is touched before <see cref="OpenAsync"/>.</summary>
    /// <param name="location">Which database, and where.</param>
    /// <param name="options">How it is opened and written.</param>
    /// <param name="clock">The time.</param>
    /// <param name="logger">Where commits that fail are told.</param>
    public Database(DatabaseLocation location, StorageOptions options, TimeProvider clock, ILogger<Database> logger)
    {
        _location = location;
        _options = options;
        _clock = clock;
        _logger = logger;
        var builder = new DbContextOptionsBuilder<AutomationDbContext>();
        if (location.Provider == DatabaseProvider.Sqlite)
        {
            SqliteSession.Tune();
            _readers = new SqliteReaders(location.SqliteFile!, options);
            builder.UseSqlite(location.ConnectionString);
        }
        else
        {
            _postgres = new NpgsqlDataSourceBuilder(location.ConnectionString).Build();
            _listener = new PostgresListener(_postgres, clock, logger);
            // A connection that a restarted server has cut is found out by the first read that takes it from the pool.
            builder.UseNpgsql(_postgres, o => o.EnableRetryOnFailure(2, TimeSpan.FromMilliseconds(200), errorCodesToAdd: null));
        }

        builder.UseQueryTrackingBehavior(QueryTrackingBehavior.NoTracking);
        _contextOptions = builder.Options;
    }

    /// <summary>Which kind of database this is.</summary>
    public DatabaseProvider Provider => _location.Provider;

    /// <summary>Units committed by this process so far; that it has grown says that there is something new to see.</summary>
    public long Commits => Volatile.Read(ref _commits);

    /// <summary>Creates or upgrades the schema, then begins to take commits. Before anything else; once, however often it is called.</summary>
    /// <exception cref="SchemaTooNewException">A later version of the program has upgraded the database. Nothing was changed.</exception>
    /// <exception cref="StorageUnavailableException">The database cannot be opened, or another server owns the SQLite file.</exception>
    public Task OpenAsync(CancellationToken cancellationToken) => _opening ??= OpenOnceAsync(cancellationToken);

    private async Task OpenOnceAsync(CancellationToken cancellationToken)
    {
        if (_location.SqliteFile is { } file)
            _ownership = SqliteOwnership.Take(file);
        await SchemaUpgrade.RunAsync(this, cancellationToken);

        if (Provider == DatabaseProvider.Sqlite)
        {
            var writer = new SqliteUnitWriter(_location.SqliteFile!, _options, _logger);
            _writer = writer;
            _checkpointer = new SqliteCheckpointer(_location.SqliteFile!, writer, _clock, _logger);
            _checkpointer.Start();
        }
        else
        {
            _writer = new PostgresUnitWriter(_location.ConnectionString, _options, _clock, _logger);
        }

        _writer.Start();
    }

    /// <summary>
    /// Commits a unit and returns when it is on disk. Other units may share the transaction; each fails alone.
    /// The token ends the wait for a place in the queue; once the unit is queued, its outcome is awaited, because a
    /// caller must know it.
    /// </summary>
    /// <exception cref="WriteConflictException">A guarded statement or a constraint did not hold; nothing of the unit is stored.</exception>
    /// <exception cref="StorageUnavailableException">The database could not take it; nothing of the unit is stored.</exception>
    public async Task CommitAsync(WriteUnit unit, WhenFull whenFull = WhenFull.Wait, CancellationToken cancellationToken = default)
    {
        var writer = _writer ?? throw new InvalidOperationException("The database is not open.");
        var pending = new PendingUnit(unit);
        if (!writer.TryAccept(pending))
        {
            if (whenFull == WhenFull.Fail)
                throw new StorageUnavailableException($"More than {_options.MaxWaitingUnits} units of work are waiting for the database.");
            try
            {
                await writer.AcceptAsync(pending, cancellationToken);
            }
            catch (System.Threading.Channels.ChannelClosedException e)
            {
                throw new StorageUnavailableException("The database is closing.", e);
            }
        }

        await pending.Completion;
        Interlocked.Increment(ref _commits);
    }

    /// <summary>Reads rows with a prepared statement: for hot paths. SQLite answers on the calling thread.</summary>
    /// <exception cref="StorageUnavailableException">The PostgreSQL server is away.</exception>
    public ValueTask<RowSet> QueryAsync(SqlStatement statement, CancellationToken cancellationToken, params ReadOnlySpan<SqlValue> values) =>
        _readers is { } readers
            ? new ValueTask<RowSet>(readers.Query(statement, values))
            : PostgresReads.QueryAsync(_postgres!, statement, values.ToArray(), cancellationToken);

    /// <summary>
    /// Hears what servers of a PostgreSQL say with <c>NOTIFY</c>, this one included; on SQLite, where there is no other, never
    /// anything. Words may be lost: whoever listens looks for itself now and then.
    /// </summary>
    /// <param name="channel">A lower-case name.</param>
    /// <param name="heard">Called with what was said; with nothing in it where words may have been missed. Must not throw and must not wait.</param>
    /// <returns>Dispose it to stop.</returns>
    public IDisposable? Listen(string channel, Action<string> heard) => _listener?.Add(channel, heard);

    /// <summary>Keeps the other servers of a PostgreSQL from doing the same thing at the same time; on SQLite there is no other.</summary>
    /// <param name="key">What is done, as a number of its own.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Dispose it to let the next one in; null on SQLite.</returns>
    /// <exception cref="StorageUnavailableException">Another server did not let go within five seconds, or PostgreSQL is away.</exception>
    public async Task<IAsyncDisposable?> LockAsync(long key, CancellationToken cancellationToken) =>
        _postgres is null ? null : await PostgresLock.TakeAsync(_postgres, key, cancellationToken);

    /// <summary>A context for reading by LINQ, without tracking. Write through <see cref="CommitAsync"/> instead.</summary>
    public AutomationDbContext CreateContext() => new(_contextOptions);

    /// <summary>An open connection for reading with SQL of one's own; dispose it soon.</summary>
    public async Task<DbConnection> OpenConnectionAsync(CancellationToken cancellationToken)
    {
        if (_postgres is not null)
            return await _postgres.OpenConnectionAsync(cancellationToken);
        var connection = new SqliteConnection(_location.ConnectionString);
        await connection.OpenAsync(cancellationToken);
        // Long lists walk whole indexes: read where they are, not copied through a cache of 2 MB. Pooled connections lose it.
        await using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA mmap_size = 1073741824";
        await command.ExecuteNonQueryAsync(cancellationToken);
        return connection;
    }

    /// <summary>Commits what waits, then closes.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_disposed)
            return;
        _disposed = true;
        if (_listener is not null)
            await _listener.DisposeAsync();
        if (_writer is { } writer)
            await writer.DisposeAsync();
        if (_checkpointer is { } checkpointer)
            await checkpointer.DisposeAsync();
        _readers?.Dispose();
        if (_postgres is not null)
            await _postgres.DisposeAsync();
        if (Provider == DatabaseProvider.Sqlite)
        {
            using var pooled = new SqliteConnection(_location.ConnectionString);
            SqliteConnection.ClearPool(pooled);
        }

        if (_ownership is not null)
            await _ownership.DisposeAsync();
    }
}
