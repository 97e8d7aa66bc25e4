namespace Automation.Storage.Writes;

/// <summary>
/// A statement of a hot path, written once and prepared once per connection. Parameters are <c>$1</c>, <c>$2</c> …
/// on both databases. Keep instances in static fields: prepared statements are cached by instance.
/// </summary>
/// <param name="sqlite">The text for SQLite.</param>
/// <param name="postgres">The text for PostgreSQL; null where the same text serves both.</param>
public sealed class SqlStatement(string sqlite, string? postgres = null)
{
    /// <summary>The text for a database.</summary>
    public string For(DatabaseProvider provider) => provider == DatabaseProvider.Sqlite ? sqlite : postgres ?? sqlite;

    /// <inheritdoc/>
    public override string ToString() => sqlite;
}
