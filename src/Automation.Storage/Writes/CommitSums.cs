namespace Automation.Storage.Writes;

/// <summary>What the units of one commit add to totals, gathered; see <see cref="WriteUnit.AddSum"/>. There are few, so they are a list.</summary>
internal sealed class CommitSums
{
    private readonly List<(SqlStatement Statement, SqlValue[] Values)> _sums = [];

    /// <summary>The statements with their values: the amount, then the keys.</summary>
    public IReadOnlyList<(SqlStatement Statement, SqlValue[] Values)> All => _sums;

    /// <summary>Begins a commit.</summary>
    public void Clear() => _sums.Clear();

    /// <summary>Adds what a unit adds.</summary>
    public void Add(WriteUnit unit)
    {
        foreach (ref readonly var sum in unit.Sums)
            Add(sum);
    }

    private void Add(in WriteUnit.Sum sum)
    {
        foreach (var (statement, values) in _sums)
        {
            if (ReferenceEquals(statement, sum.Statement) && Same(values.AsSpan(1), sum.Keys))
            {
                values[0] = values[0].AsInteger + sum.Amount;
                return;
            }
        }

        _sums.Add((sum.Statement, [sum.Amount, .. sum.Keys]));
    }

    private static bool Same(ReadOnlySpan<SqlValue> a, ReadOnlySpan<SqlValue> b)
    {
        if (a.Length != b.Length)
            return false;
        for (var i = 0; i < a.Length; i++)
        {
            if (a[i].Kind != b[i].Kind || a[i].AsInteger != b[i].AsInteger || !string.Equals(a[i].AsText, b[i].AsText, StringComparison.Ordinal))
                return false;
        }

        return true;
    }
}
