namespace Automation.Storage.Writes;

/// <summary>The rows that a query inside a <see cref="WriteUnit"/> gave; readable once the unit has committed.</summary>
public sealed class RowSet
{
    private readonly List<SqlValue[]> _rows = [];

    /// <summary>The rows, each with its columns in order.</summary>
    public IReadOnlyList<SqlValue[]> Rows => _rows;

    /// <summary>How many rows there are.</summary>
    public int Count => _rows.Count;

    internal void Clear() => _rows.Clear();

    internal void Add(SqlValue[] row) => _rows.Add(row);
}
