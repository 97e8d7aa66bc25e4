using Automation.Storage.Writes;
using Npgsql;

namespace Automation.Storage.Postgres;

/// <summary>Hot reads on PostgreSQL.</summary>
internal static class PostgresReads
{
    public static async ValueTask<RowSet> QueryAsync(NpgsqlDataSource source, SqlStatement statement, SqlValue[] values, CancellationToken cancellationToken)
    {
        try
        {
            return await QueryOnceAsync(source, statement, values, cancellationToken);
        }
        catch (NpgsqlException e) when (e.IsTransient && !cancellationToken.IsCancellationRequested)
        {
            // A connection that a restarted server has cut is found out by the first read that takes it from the pool.
            try
            {
                return await QueryOnceAsync(source, statement, values, cancellationToken);
            }
            catch (NpgsqlException again) when (again.IsTransient && !cancellationToken.IsCancellationRequested)
            {
                throw new StorageUnavailableException("The database did not answer: " + again.Message, again);
            }
        }
    }

    private static async ValueTask<RowSet> QueryOnceAsync(NpgsqlDataSource source, SqlStatement statement, SqlValue[] values, CancellationToken cancellationToken)
    {
        await using var command = source.CreateCommand(statement.For(DatabaseProvider.PostgreSql));
        foreach (var value in values)
            command.Parameters.Add(PostgresValues.ToParameter(value));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var rows = new RowSet();
        while (await reader.ReadAsync(cancellationToken))
            rows.Add(PostgresValues.ReadRow(reader));
        return rows;
    }
}
