using Microsoft.Data.Sqlite;

namespace Automation.Storage;

/// <summary>Which database, and where.</summary>
public sealed class DatabaseLocation
{
    private DatabaseLocation(DatabaseProvider provider, string connectionString, string? sqliteFile)
    {
        Provider = provider;
        ConnectionString = connectionString;
        SqliteFile = sqliteFile;
    }

    /// <summary>The kind of database.</summary>
    public DatabaseProvider Provider { get; }

    /// <summary>How to connect.</summary>
    public string ConnectionString { get; }

    /// <summary>Full path of the SQLite file; null for PostgreSQL and for databases in memory.</summary>
    public string? SqliteFile { get; }

    /// <summary>
    /// Reads <c>ConnectionStrings:Automation</c>. One with a <c>Host</c> is PostgreSQL, one with a <c>Data Source</c> is
    /// SQLite; none means <c>automation.db</c> in the data directory, which is created where it is missing.
    /// </summary>
    /// <param name="connectionString">The connection string, or null.</param>
    /// <param name="dataDirectory">Where the default database lives.</param>
    /// <exception cref="ArgumentException">The text is neither kind of connection string.</exception>
    public static DatabaseLocation From(string? connectionString, string dataDirectory)
    {
        if (string.IsNullOrWhiteSpace(connectionString))
            return Sqlite(Path.Combine(dataDirectory, "automation.db"));

        var keys = connectionString.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Select(part => part.Split('=')[0].Trim())
            .ToHashSet(StringComparer.OrdinalIgnoreCase);
        if (keys.Contains("Host") || keys.Contains("Server"))
            return new DatabaseLocation(DatabaseProvider.PostgreSql, WithDefaults(connectionString), sqliteFile: null);
        if (keys.Contains("Data Source") || keys.Contains("DataSource") || keys.Contains("Filename"))
            return Sqlite(new SqliteConnectionStringBuilder(connectionString).DataSource);
        throw new ArgumentException(
            "ConnectionStrings:Automation must be a PostgreSQL connection string (Host=…) or a SQLite one (Data Source=…).",
            nameof(connectionString));
    }

    /// <summary>A SQLite file; its directory is created where it is missing.</summary>
    public static DatabaseLocation Sqlite(string file)
    {
        var path = Path.GetFullPath(file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        return new DatabaseLocation(DatabaseProvider.Sqlite, new SqliteConnectionStringBuilder { DataSource = path }.ToString(), path);
    }

    private static string WithDefaults(string connectionString)
    {
        // The failed command is told so that a conflict can name its statement.
        var builder = new Npgsql.NpgsqlConnectionStringBuilder(connectionString) { IncludeFailedBatchedCommand = true };
        if (builder.MaxAutoPrepare == 0)
            builder.MaxAutoPrepare = 200;
        return builder.ToString();
    }
}
