using System.Runtime.InteropServices;

namespace Automation.Storage.Writes;

/// <summary>
/// Rows that belong together: they are committed all or not at all, in one transaction that other units may share.
/// A unit is data, not code, so that it can be applied again where a shared transaction had to be taken back.
/// Build it on one thread, hand it to <see cref="Database.CommitAsync"/> once.
/// </summary>
public sealed class WriteUnit
{
    private readonly List<Command> _commands = [];
    private List<Sum>? _sums;
    private List<Action>? _committed;

    /// <summary>How many statements the unit holds.</summary>
    public int Count => _commands.Count + (_sums?.Count ?? 0);

    internal ReadOnlySpan<Sum> Sums => CollectionsMarshal.AsSpan(_sums);

    internal ReadOnlySpan<Command> Commands => CollectionsMarshal.AsSpan(_commands);

    /// <summary>Adds a statement; how many rows it changes does not matter.</summary>
    public WriteUnit Add(SqlStatement statement, params ReadOnlySpan<SqlValue> values)
    {
        _commands.Add(new Command(statement, values.ToArray(), Expected: -1, null));
        return this;
    }

    /// <summary>
    /// Adds a statement that must change exactly one row; otherwise the whole unit is taken back and the commit
    /// fails with a <see cref="WriteConflictException"/>. This is how versions, leases and unique keys are guarded.
    /// </summary>
    public WriteUnit AddExpectingOne(SqlStatement statement, params ReadOnlySpan<SqlValue> values)
    {
        _commands.Add(new Command(statement, values.ToArray(), Expected: 1, null));
        return this;
    }

    /// <summary>Adds a statement that must change exactly so many rows, as <see cref="AddExpectingOne"/> does for one.</summary>
    public WriteUnit AddExpecting(int count, SqlStatement statement, params ReadOnlySpan<SqlValue> values)
    {
        _commands.Add(new Command(statement, values.ToArray(), count, null));
        return this;
    }

    /// <summary>
    /// Adds a statement whose number of changed rows tells something, such as whether <c>ON CONFLICT … DO NOTHING</c> did
    /// nothing. Costs less than <c>RETURNING</c>.
    /// </summary>
    /// <returns>The number, filled when the unit has committed.</returns>
    public ChangedRows AddCounted(SqlStatement statement, params ReadOnlySpan<SqlValue> values)
    {
        var changed = new ChangedRows();
        _commands.Add(new Command(statement, values.ToArray(), Expected: -1, null, changed));
        return changed;
    }

    /// <summary>Adds a statement that returns rows (<c>SELECT</c> or <c>… RETURNING</c>).</summary>
    /// <returns>The rows, filled when the unit has committed.</returns>
    public RowSet Query(SqlStatement statement, params ReadOnlySpan<SqlValue> values)
    {
        var rows = new RowSet();
        _commands.Add(new Command(statement, values.ToArray(), Expected: -1, rows));
        return rows;
    }

    /// <summary>
    /// Adds to a total that many units add to. Of all units of a commit those amounts become one whose statement and keys
    /// are the same, and the statement runs once, after everything else, in the same transaction.
    /// </summary>
    /// <param name="statement">Adds $1 to what the keys, from $2 on, stand for; must not fail where a total is not there yet.</param>
    /// <param name="amount">How much.</param>
    /// <param name="keys">Integers, texts and times.</param>
    public WriteUnit AddSum(SqlStatement statement, long amount, params ReadOnlySpan<SqlValue> keys)
    {
        (_sums ??= []).Add(new Sum(statement, amount, keys.ToArray()));
        return this;
    }

    /// <summary>
    /// Runs something small after the commit and before the committer's caller goes on: to wake a worker, to publish a
    /// change. It runs on the committer's thread, must not throw and must not wait. Not called where the unit fails.
    /// </summary>
    public WriteUnit OnCommitted(Action action)
    {
        (_committed ??= []).Add(action);
        return this;
    }

    internal void NotifyCommitted()
    {
        if (_committed is null)
            return;
        foreach (var action in _committed)
            action();
    }

    internal readonly record struct Command(SqlStatement Statement, SqlValue[] Values, int Expected, RowSet? Rows, ChangedRows? Changed = null);

    internal readonly record struct Sum(SqlStatement Statement, long Amount, SqlValue[] Keys);
}
