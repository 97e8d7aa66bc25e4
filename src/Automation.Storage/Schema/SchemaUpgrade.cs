using System.Data.Common;
using System.Reflection;
using Automation.Storage.Writes;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Automation.Storage.Schema;

/// <summary>A later version of the program has upgraded this database; this version does not touch it.</summary>
public sealed class SchemaTooNewException(string migration)
    : Exception($"The database was upgraded by a later version of Automation (it has the migration \"{migration}\", unknown here). Start that version, or restore a backup from before the upgrade. Nothing was changed.");

/// <summary>Brings the schema to this version before anything else happens.</summary>
internal static class SchemaUpgrade
{
    /// <summary>The migrations of this version, oldest first.</summary>
    public static IReadOnlyList<string> Known { get; } =
        [.. typeof(SchemaUpgrade).Assembly.GetTypes().Select(t => t.GetCustomAttribute<MigrationAttribute>()?.Id).OfType<string>().Order(StringComparer.Ordinal)];

    public static async Task RunAsync(Database database, CancellationToken cancellationToken)
    {
        var applied = await AppliedAsync(database, cancellationToken);
        if (applied.Except(Known, StringComparer.Ordinal).FirstOrDefault() is { } unknown)
            throw new SchemaTooNewException(unknown);

        // Asked in plain SQL, because building EF's model only to learn that nothing is to be done costs half a start.
        if (Known.All(applied.Contains))
            return;

        await using var context = database.CreateContext();
        if (database.Provider == DatabaseProvider.Sqlite)
            await DropStaleLockAsync(context, cancellationToken);
        await context.Database.MigrateAsync(cancellationToken);
    }

    /// <summary>
    /// EF marks a running migration by a row on SQLite; a process killed in the middle leaves it behind and the next
    /// start would wait for ever. Whoever owns the file may remove it.
    /// </summary>
    private static Task DropStaleLockAsync(AutomationDbContext context, CancellationToken cancellationToken) =>
        context.Database.ExecuteSqlRawAsync("DROP TABLE IF EXISTS \"__EFMigrationsLock\"", cancellationToken);

    private static async Task<HashSet<string>> AppliedAsync(Database database, CancellationToken cancellationToken)
    {
        DbConnection connection;
        try
        {
            connection = await database.OpenConnectionAsync(cancellationToken);
        }
        catch (DbException e)
        {
            throw new StorageUnavailableException("The database cannot be opened: " + e.Message, e);
        }

        await using (connection)
        {
            var applied = new HashSet<string>(StringComparer.Ordinal);
            await using var exists = connection.CreateCommand();
            exists.CommandText = database.Provider == DatabaseProvider.Sqlite
                ? "SELECT count(*) FROM sqlite_master WHERE name = '__EFMigrationsHistory'"
                : "SELECT count(*) FROM information_schema.tables WHERE table_name = '__EFMigrationsHistory'";
            if (Convert.ToInt64(await exists.ExecuteScalarAsync(cancellationToken), System.Globalization.CultureInfo.InvariantCulture) == 0)
                return applied;

            await using var select = connection.CreateCommand();
            select.CommandText = "SELECT \"MigrationId\" FROM \"__EFMigrationsHistory\"";
            await using var reader = await select.ExecuteReaderAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
                applied.Add(reader.GetString(0));
            return applied;
        }
    }
}
