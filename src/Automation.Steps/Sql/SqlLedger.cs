using System.Data.Common;
using System.Globalization;

namespace Automation.Steps.Sql;

/// <summary>Which steps are done, noted in the target's own database: true exactly when the change is. In words that all databases know.</summary>
internal sealed class SqlLedger(SqlDatabase database)
{
    private readonly string _prefix = database.Dialect.ParameterPrefix;

    public async Task EnsureAsync(CancellationToken cancellationToken)
    {
        // Not every database knows "IF NOT EXISTS".
        if (await IsThereAsync(cancellationToken))
            return;
        var create = $"CREATE TABLE automation_ledger (operation_id {database.Dialect.KeyType} NOT NULL PRIMARY KEY, result {database.Dialect.TextType}, done_at varchar(40) NOT NULL)";
        try
        {
            await database.RunAsync(null, new SqlCommandText(create), 0, cancellationToken);
        }
        catch (DbException)
        {
            // Another step made it at the same moment.
            if (!await IsThereAsync(cancellationToken))
                throw;
        }
    }

    /// <summary>What a step gave when it was done; null where it was not.</summary>
    public async Task<string?> FindAsync(DbTransaction transaction, string operationId, CancellationToken cancellationToken)
    {
        var (rows, _, _) = await database.RunAsync(transaction, new SqlCommandText($"SELECT result FROM automation_ledger WHERE operation_id = {_prefix}operation_id", [new("operation_id", operationId)]), 1, cancellationToken);
        return rows.Count == 0 ? null : (string?)((Dictionary<string, object?>)rows[0]!).Values.Single();
    }

    /// <summary>Notes that a step begins; a second run of it waits here, or fails, until the first is over.</summary>
    public Task NoteAsync(DbTransaction transaction, string operationId, DateTimeOffset now, CancellationToken cancellationToken) => database.RunAsync(
        transaction,
        new SqlCommandText(
            $"INSERT INTO automation_ledger (operation_id, done_at) VALUES ({_prefix}operation_id, {_prefix}done_at)",
            [new("operation_id", operationId), new("done_at", now.ToString("O", CultureInfo.InvariantCulture))]),
        0,
        cancellationToken);

    public Task CompleteAsync(DbTransaction transaction, string operationId, string result, CancellationToken cancellationToken) => database.RunAsync(
        transaction,
        // In the order of the text, for providers that go by the order.
        new SqlCommandText($"UPDATE automation_ledger SET result = {_prefix}result WHERE operation_id = {_prefix}operation_id", [new("result", result), new("operation_id", operationId)]),
        0,
        cancellationToken);

    private async Task<bool> IsThereAsync(CancellationToken cancellationToken)
    {
        try
        {
            await database.RunAsync(null, new SqlCommandText("SELECT operation_id FROM automation_ledger WHERE 1 = 0"), 0, cancellationToken);
            return true;
        }
        catch (DbException e) when (!e.IsTransient)
        {
            return false;
        }
    }
}
