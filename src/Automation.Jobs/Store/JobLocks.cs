using System.Globalization;
using Automation.Storage;
using Automation.Storage.Writes;

namespace Automation.Jobs.Store;

/// <summary>Somebody else held a lock for too long.</summary>
public sealed class JobLockTimeoutException(string resource) : TimeoutException($"The lock \"{resource}\" was not free in time.")
{
    /// <summary>What is locked.</summary>
    public string Resource { get; } = resource;
}

/// <summary>
/// Hangfire's distributed locks, understood by genuine servers on the same database. On SQLite a lock has an owner and
/// an expiry that is renewed while it is held; on PostgreSQL it is a row that its holder removes and that is taken over
/// after ten minutes.
/// </summary>
internal sealed class JobLocks : IAsyncDisposable
{
    private static readonly TimeSpan SqliteLifetime = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan PostgresLifetime = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(100);

    private static readonly SqlStatement RemoveStale = new(
        """DELETE FROM "DistributedLock" WHERE "Resource" = $1 AND "ExpireAt" < $2""",
        "DELETE FROM hangfire.lock WHERE resource = $1 AND acquired < $2");

    private static readonly SqlStatement Insert = new(
        """
        INSERT INTO "DistributedLock" ("Id", "Resource", "ResourceKey", "ExpireAt") VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING
        """);

    private static readonly SqlStatement InsertPostgres = new(
        "SELECT 'PostgreSQL only'", "INSERT INTO hangfire.lock (resource, acquired) VALUES ($1, $2) ON CONFLICT DO NOTHING");

    private static readonly SqlStatement Renew = new(
        """UPDATE "DistributedLock" SET "ExpireAt" = $3 WHERE "Resource" = $1 AND "ResourceKey" = $2""",
        "UPDATE hangfire.lock SET acquired = $3 WHERE resource = $1 AND acquired = $2");

    private static readonly SqlStatement Remove = new(
        """DELETE FROM "DistributedLock" WHERE "Resource" = $1 AND "ResourceKey" = $2""",
        "DELETE FROM hangfire.lock WHERE resource = $1 AND acquired = $2");

    private static readonly SqlStatement NoteOwner = new("""
        INSERT INTO job_locks (resource, server_id) VALUES ($1, $2) ON CONFLICT (resource) DO UPDATE SET server_id = excluded.server_id
        """);

    private static readonly SqlStatement ForgetOwner = new("DELETE FROM job_locks WHERE resource = $1");
    private static readonly SqlStatement ForgetServer = new("DELETE FROM job_locks WHERE server_id = $1");

    private static readonly SqlStatement RemoveOfServer = new(
        """DELETE FROM "DistributedLock" WHERE "Resource" IN (SELECT resource FROM job_locks WHERE server_id = $1)""",
        "DELETE FROM hangfire.lock WHERE resource IN (SELECT resource FROM job_locks WHERE server_id = $1)");

    private readonly JobStore _store;
    private readonly string _resource;
    private readonly string _key;
    private readonly Lock _guard = new();
    private readonly ITimer _renewal;
    private DateTime _acquired;

    private JobLocks(JobStore store, TimeProvider clock, string resource, string key, DateTime acquired)
    {
        _store = store;
        _resource = resource;
        _key = key;
        _acquired = acquired;
        var interval = store.Database.Provider == DatabaseProvider.Sqlite ? SqliteLifetime / 5 : PostgresLifetime / 5;
        _renewal = clock.CreateTimer(_ => _ = RenewAsync(), null, interval, interval);
    }

    /// <summary>The lock of a job's state and parameters.</summary>
    public static string OfJob(long id) => string.Create(CultureInfo.InvariantCulture, $"job:{id}:state-lock");

    /// <summary>Takes a lock, waiting for it.</summary>
    /// <exception cref="JobLockTimeoutException">It was not free in time.</exception>
    public static async Task<JobLocks> AcquireAsync(JobStore store, TimeProvider clock, string resource, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var start = clock.GetTimestamp();
        while (true)
        {
            if (await TryAcquireAsync(store, clock, resource, cancellationToken) is { } held)
                return held;
            if (clock.GetElapsedTime(start) >= timeout)
                throw new JobLockTimeoutException(resource);
            await Task.Delay(RetryDelay, clock, cancellationToken);
        }
    }

    /// <summary>Takes a lock if it is free now.</summary>
    public static async Task<JobLocks?> TryAcquireAsync(JobStore store, TimeProvider clock, string resource, CancellationToken cancellationToken)
    {
        var isSqlite = store.Database.Provider == DatabaseProvider.Sqlite;
        var row = (isSqlite ? "HangFire:" : "hangfire:") + resource;
        var now = store.Now();
        var key = Guid.CreateVersion7(clock.GetUtcNow()).ToString();
        var unit = new WriteUnit();
        unit.Add(RemoveStale, row, SqlValue.Timestamp(isSqlite ? now : now - PostgresLifetime));
        if (isSqlite)
            unit.AddExpectingOne(Insert, key, row, key, SqlValue.Timestamp(now + SqliteLifetime));
        else
            unit.AddExpectingOne(InsertPostgres, row, SqlValue.Timestamp(now));
        unit.Add(NoteOwner, row, store.ServerId);
        try
        {
            await store.Database.CommitAsync(unit, cancellationToken: cancellationToken);
            return new JobLocks(store, clock, row, key, now);
        }
        catch (WriteConflictException)
        {
            return null;
        }
    }

    /// <summary>Lets go of what a dead server held.</summary>
    public static void AddRemovalOf(WriteUnit unit, string serverId)
    {
        unit.Add(RemoveOfServer, serverId);
        unit.Add(ForgetServer, serverId);
    }

    public async ValueTask DisposeAsync()
    {
        await _renewal.DisposeAsync();
        DateTime acquired;
        lock (_guard)
            acquired = _acquired;
        await _store.Database.CommitAsync(new WriteUnit().Add(Remove, _resource, KeyOf(acquired)).Add(ForgetOwner, _resource));
    }

    private SqlValue KeyOf(DateTime acquired) => _store.Database.Provider == DatabaseProvider.Sqlite ? _key : SqlValue.Timestamp(acquired);

    private async Task RenewAsync()
    {
        try
        {
            var now = _store.Now();
            DateTime acquired;
            lock (_guard)
                acquired = _acquired;
            var isSqlite = _store.Database.Provider == DatabaseProvider.Sqlite;
            await _store.Database.CommitAsync(new WriteUnit().AddExpectingOne(
                Renew, _resource, KeyOf(acquired), SqlValue.Timestamp(isSqlite ? now + SqliteLifetime : now)));
            lock (_guard)
                _acquired = now;
        }
        catch (Exception)
        {
            // Renewed again at the next tick, long before it expires. A lock that was taken over is not ours to renew.
        }
    }
}
