using Automation.Storage.Writes;
using Npgsql;

namespace Automation.Storage.Postgres;

/// <summary>One thing at a time among all servers of a PostgreSQL. A server that dies lets go with its connection.</summary>
internal sealed class PostgresLock : IAsyncDisposable
{
    // What is done under a lock takes milliseconds: where it takes longer, somebody is told rather than kept waiting.
    private const string Take = "SET LOCAL lock_timeout = '5s'; SELECT pg_advisory_xact_lock({0})";

    private readonly NpgsqlConnection _connection;

    private PostgresLock(NpgsqlConnection connection) => _connection = connection;

    public static async Task<PostgresLock> TakeAsync(NpgsqlDataSource source, long key, CancellationToken cancellationToken)
    {
        NpgsqlConnection? connection = null;
        try
        {
            connection = await source.OpenConnectionAsync(cancellationToken);
            // Held by a transaction, not by the session, so that it is the same behind a pooler.
            await connection.BeginTransactionAsync(cancellationToken);
            await using var command = connection.CreateCommand();
            command.CommandText = string.Format(System.Globalization.CultureInfo.InvariantCulture, Take, key);
            await command.ExecuteNonQueryAsync(cancellationToken);
            return new PostgresLock(connection);
        }
        catch (Exception e)
        {
            if (connection is not null)
                await connection.DisposeAsync();
            if (e is PostgresException { SqlState: PostgresErrorCodes.LockNotAvailable })
                throw new StorageUnavailableException("Another server has been changing something for longer than five seconds. Nothing was changed here; try again.", e);
            if (e is NpgsqlException)
                throw new StorageUnavailableException("The database did not answer: " + e.Message, e);
            throw;
        }
    }

    // Closing rolls the transaction back, in which nothing was written.
    public ValueTask DisposeAsync() => _connection.DisposeAsync();
}
