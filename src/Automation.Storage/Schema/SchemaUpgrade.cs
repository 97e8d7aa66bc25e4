using System.Data.Common;
using System.Reflection;
using Automation.Storage.Writes;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.EntityFrameworkCore.Migrations.Operations;

namespace Automation.Storage.Schema;

/// <summary>A later version of the program has upgraded this database; this version does not touch it.</summary>
public sealed class SchemaTooNewException(string migration)
    : Exception($"The database was upgraded by a later version of Automation (it has the migration \"{migration}\", unknown here). Start that version, or restore a backup from before the upgrade. Nothing was changed.");

/// <summary>
/// Brings the schema to this version before anything else happens, all of it or nothing. The migrations are EF Core's
/// and are recorded as EF Core records them, so its tools work; but they are plain SQL and are run as such, because
/// building EF's model and services for them would cost half a start.
/// </summary>
internal static class SchemaUpgrade
{
    private const string History = "\"__EFMigrationsHistory\"";

    // Any number does, as long as every server of a database asks for the same one.
    private const long LockKey = 0x4155_544F_4D41_5445;

    private static readonly SortedDictionary<string, Type> Migrations = new(
        typeof(SchemaUpgrade).Assembly.GetTypes()
            .Select(type => (Id: type.GetCustomAttribute<MigrationAttribute>()?.Id, Type: type))
            .Where(m => m.Id is not null)
            .ToDictionary(m => m.Id!, m => m.Type, StringComparer.Ordinal),
        StringComparer.Ordinal);

    public static async Task RunAsync(Database database, CancellationToken cancellationToken)
    {
        await using var connection = await OpenAsync(database, cancellationToken);
        if (await PendingAsync(database, connection, cancellationToken) is { Count: 0 })
            return;

        // On SQLite this process owns the file; on PostgreSQL another server may be upgrading this very moment.
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        if (database.Provider == DatabaseProvider.PostgreSql)
            await ExecuteAsync(connection, transaction, $"SELECT pg_advisory_xact_lock({LockKey})", cancellationToken);
        await ExecuteAsync(
            connection, transaction,
            $"CREATE TABLE IF NOT EXISTS {History} (\"MigrationId\" varchar(150) NOT NULL PRIMARY KEY, \"ProductVersion\" varchar(32) NOT NULL)",
            cancellationToken);
        foreach (var (id, type) in await PendingAsync(database, connection, cancellationToken))
        {
            try
            {
                foreach (var sql in StatementsOf(type, database.Provider))
                    await ExecuteAsync(connection, transaction, sql, cancellationToken);
                await ExecuteAsync(connection, transaction, $"INSERT INTO {History} VALUES ('{id}', '{ProductInfo.GetVersion()}')", cancellationToken);
            }
            catch (DbException e)
            {
                throw new StorageUnavailableException($"The database could not be upgraded, and nothing was changed. {id}: {e.Message}", e);
            }
        }

        await transaction.CommitAsync(cancellationToken);
    }

    private static IEnumerable<string> StatementsOf(Type type, DatabaseProvider provider)
    {
        var migration = (Migration)Activator.CreateInstance(type)!;
        migration.ActiveProvider = provider == DatabaseProvider.Sqlite ? "Microsoft.EntityFrameworkCore.Sqlite" : "Npgsql.EntityFrameworkCore.PostgreSQL";
        return migration.UpOperations.Select(operation => operation is SqlOperation { Sql: var sql }
            ? sql
            : throw new NotSupportedException($"{type.Name} holds a {operation.GetType().Name}; migrations are written in SQL here."));
    }

    /// <summary>The migrations that the database has not seen, oldest first.</summary>
    /// <exception cref="SchemaTooNewException">It has seen one that this version does not know.</exception>
    private static async Task<List<KeyValuePair<string, Type>>> PendingAsync(Database database, DbConnection connection, CancellationToken cancellationToken)
    {
        var applied = new HashSet<string>(StringComparer.Ordinal);
        await using var exists = connection.CreateCommand();
        exists.CommandText = database.Provider == DatabaseProvider.Sqlite
            ? "SELECT count(*) FROM sqlite_master WHERE name = '__EFMigrationsHistory'"
            : "SELECT count(*) FROM pg_tables WHERE tablename = '__EFMigrationsHistory' AND schemaname = current_schema()";
        if (Convert.ToInt64(await exists.ExecuteScalarAsync(cancellationToken), System.Globalization.CultureInfo.InvariantCulture) > 0)
        {
            await using var select = connection.CreateCommand();
            select.CommandText = $"SELECT \"MigrationId\" FROM {History}";
            await using var reader = await select.ExecuteReaderAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
                applied.Add(reader.GetString(0));
        }

        return applied.Order(StringComparer.Ordinal).FirstOrDefault(id => !Migrations.ContainsKey(id)) is { } unknown
            ? throw new SchemaTooNewException(unknown)
            : [.. Migrations.Where(m => !applied.Contains(m.Key))];
    }

    private static async Task<DbConnection> OpenAsync(Database database, CancellationToken cancellationToken)
    {
        try
        {
            return await database.OpenConnectionAsync(cancellationToken);
        }
        catch (DbException e)
        {
            throw new StorageUnavailableException("The database cannot be opened: " + e.Message, e);
        }
    }

    private static async Task ExecuteAsync(DbConnection connection, DbTransaction transaction, string sql, CancellationToken cancellationToken)
    {
        await using var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
