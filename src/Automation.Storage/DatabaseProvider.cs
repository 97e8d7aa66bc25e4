namespace Automation.Storage;

/// <summary>The relational databases that the engine runs on.</summary>
public enum DatabaseProvider
{
    /// <summary>One SQLite file beside the process: the default.</summary>
    Sqlite,

    /// <summary>PostgreSQL 15 or newer, for several nodes.</summary>
    PostgreSql,
}
