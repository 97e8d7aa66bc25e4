using System.Data.Common;
using System.Globalization;
using System.Text.Json;
using Automation.Steps.Activities;
using Automation.Steps.Secrets;
using Automation.Steps.Values;
using Automation.Workflows.Execution;
using Automation.Workflows.Runtime;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;

namespace Automation.Steps.Sql;

/// <summary>Does the work of the SQL activities.</summary>
internal sealed class SqlStep(IOptions<SqlOptions> options, SecretStore secrets, TimeProvider clock) : IBackgroundActivity
{
    // In the target's own database, so that it is true exactly when the change is.
    private const string CreateLedger = "CREATE TABLE IF NOT EXISTS automation_ledger (operation_id text NOT NULL PRIMARY KEY, result text, done_at text NOT NULL)";

    public async Task<OperationResult> RunAsync(BackgroundOperation operation, CancellationToken cancellationToken)
    {
        var inputs = new StepInputs(operation.Inputs);
        CancellationTokenSource? timeout = null;
        var limit = options.Value.CommandTimeout;
        try
        {
            var writes = operation.ActivityType == SqlExecute.Type;
            var statements = Statements(inputs);
            limit = inputs.Duration("Timeout") ?? limit;
            if (limit <= TimeSpan.Zero || limit > TimeSpan.FromHours(1))
                throw new FormatException($"Timeout is {limit}; allowed is more than nothing, up to 01:00:00.");
            timeout = new CancellationTokenSource(limit, clock);
            using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
            await using var connection = await OpenAsync(inputs.Text("Connection"), writes, linked.Token);
            return writes
                ? await ExecuteAsync(connection, operation.OperationId, statements, linked.Token)
                : await QueryAsync(connection, statements[0], RowLimit(inputs), linked.Token);
        }
        catch (Exception e) when (e is FormatException or SecretException)
        {
            return Failed(OperationErrorKind.Failed, e);
        }
        catch (Exception e) when (e is OperationCanceledException or DbException && timeout?.IsCancellationRequested == true && !cancellationToken.IsCancellationRequested)
        {
            return new OperationResult { Error = new OperationError(OperationErrorKind.Timeout, $"The statements took longer than {limit}.", nameof(TimeoutException)) };
        }
        catch (DbException e) when (!IsWorthRepeating(e))
        {
            return Failed(OperationErrorKind.Failed, e);
        }
        finally
        {
            timeout?.Dispose();
        }
    }

    private static OperationResult Failed(OperationErrorKind kind, Exception e) => new() { Error = new OperationError(kind, e.Message, e.GetType().Name) };

    private static bool IsWorthRepeating(DbException e) => e.IsTransient || e is SqliteException { SqliteErrorCode: 5 or 6 };

    private int RowLimit(StepInputs inputs)
    {
        var rows = inputs.Integer("MaxRows") ?? options.Value.MaxRows;
        return rows >= 1 && rows <= options.Value.MaxRows ? (int)rows : throw new FormatException($"MaxRows is {rows}; allowed is 1 to {options.Value.MaxRows} (Automation:Steps:Sql:MaxRows).");
    }

    private static List<(string Sql, IReadOnlyList<KeyValuePair<string, object?>> Parameters)> Statements(StepInputs inputs)
    {
        var result = new List<(string, IReadOnlyList<KeyValuePair<string, object?>>)>();
        if (inputs.Text("Sql") is { Length: > 0 } sql)
            result.Add((sql, Parameters(inputs["Parameters"], "Parameters")));
        if (StepInputs.Parsed(inputs["Statements"], "Statements") is { } more)
        {
            foreach (var statement in PlainJson.Elements(more) ?? throw new FormatException("Statements is no list. Give one such as [{\"sql\":\"…\",\"parameters\":{…}}]."))
            {
                var members = PlainJson.Members(statement)?.ToDictionary(m => m.Key, m => m.Value, StringComparer.OrdinalIgnoreCase);
                var text = PlainJson.AsText(members?.GetValueOrDefault("sql"));
                if (text.Length == 0)
                    throw new FormatException("One of the Statements has no sql.");
                result.Add((text, Parameters(members!.GetValueOrDefault("parameters"), "The parameters of one of the Statements")));
            }
        }

        return result.Count > 0 ? result : throw new FormatException("SQL is empty.");
    }

    private static IReadOnlyList<KeyValuePair<string, object?>> Parameters(object? value, string name) => StepInputs.Parsed(value, name) switch
    {
        null => [],
        var given => [.. PlainJson.Members(given) ?? throw new FormatException($"{name} is no object. Give one such as {{\"id\":7}}.")],
    };

    private async Task<DbConnection> OpenAsync(string name, bool writes, CancellationToken cancellationToken)
    {
        if (!options.Value.Connections.TryGetValue(name, out var target))
            throw new FormatException($"The connection \"{name}\" does not exist. Known are: {(options.Value.Connections.Count == 0 ? "none" : string.Join(", ", options.Value.Connections.Keys))} (Automation:Steps:Sql:Connections).");
        if (writes && target.ReadOnly)
            throw new FormatException($"The connection \"{name}\" is read-only.");
        var password = string.IsNullOrEmpty(target.Secret) ? null : await secrets.ReadAsync(target.Secret, cancellationToken);
        DbConnection connection;
        if (target.Provider == SqlProvider.PostgreSql)
        {
            var parts = new NpgsqlConnectionStringBuilder(target.ConnectionString);
            if (password is not null)
                parts.Password = password;
            connection = new NpgsqlConnection(parts.ConnectionString);
        }
        else
        {
            var parts = new SqliteConnectionStringBuilder(target.ConnectionString) { Mode = writes ? SqliteOpenMode.ReadWriteCreate : SqliteOpenMode.ReadOnly };
            if (options.Value.Directory is { } directory && !parts.DataSource.StartsWith(':') && !parts.DataSource.StartsWith("file:", StringComparison.OrdinalIgnoreCase))
                parts.DataSource = Path.GetFullPath(parts.DataSource, directory);
            connection = new SqliteConnection(parts.ConnectionString);
        }

        try
        {
            await connection.OpenAsync(cancellationToken);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    private static async Task<OperationResult> QueryAsync(DbConnection connection, (string Sql, IReadOnlyList<KeyValuePair<string, object?>> Parameters) statement, int limit, CancellationToken cancellationToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        if (connection is NpgsqlConnection)
            await RunAsync(connection, transaction, ("SET TRANSACTION READ ONLY", []), limit: 0, cancellationToken);
        var (rows, _, hasMore) = await RunAsync(connection, transaction, statement, limit, cancellationToken);
        return new OperationResult
        {
            Outputs = new Dictionary<string, object?>(StringComparer.Ordinal) { ["Rows"] = rows, ["Row"] = rows.Count > 0 ? rows[0] : null, ["HasMore"] = hasMore },
            Outcomes = [rows.Count > 0 ? "Found" : "Not found", "Done"],
        };
    }

    /// <summary>All statements and the note that they were done, in one transaction; where the note is there, nothing is done again.</summary>
    private async Task<OperationResult> ExecuteAsync(
        DbConnection connection, string operationId, List<(string Sql, IReadOnlyList<KeyValuePair<string, object?>> Parameters)> statements, CancellationToken cancellationToken)
    {
        await EnsureLedgerAsync(connection, cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        KeyValuePair<string, object?>[] id = [new("operation_id", operationId), new("done_at", clock.GetUtcNow().ToString("O", CultureInfo.InvariantCulture))];
        var (_, noted, _) = await RunAsync(connection, transaction, ("INSERT INTO automation_ledger (operation_id, done_at) VALUES (@operation_id, @done_at) ON CONFLICT DO NOTHING", id), 0, cancellationToken);
        if (noted == 0)
        {
            var (found, _, _) = await RunAsync(connection, transaction, ("SELECT result FROM automation_ledger WHERE operation_id = @operation_id", id[..1]), 1, cancellationToken);
            using var kept = JsonDocument.Parse((string)((Dictionary<string, object?>)found[0]!)["result"]!);
            return Done(kept.RootElement.GetProperty("Affected").GetInt64(), kept.RootElement.GetProperty("Rows").Clone());
        }

        long affected = 0;
        var before = await ChangesAsync(connection, transaction, cancellationToken);
        List<object?> rows = [];
        foreach (var statement in statements)
        {
            (rows, var changed, _) = await RunAsync(connection, transaction, statement, options.Value.MaxRows, cancellationToken);
            affected += Math.Max(changed, 0);
        }

        if (before is { } start)
            affected = (await ChangesAsync(connection, transaction, cancellationToken))!.Value - start;

        var result = Done(affected, rows);
        await RunAsync(connection, transaction, ("UPDATE automation_ledger SET result = @result WHERE operation_id = @operation_id", [id[0], new("result", PlainJson.ToText(result.Outputs))]), 0, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return result;
    }

    private static OperationResult Done(long affected, object? rows) =>
        new() { Outputs = new Dictionary<string, object?>(StringComparer.Ordinal) { ["Affected"] = affected, ["Rows"] = rows } };

    /// <summary>SQLite: the rows changed by this connection so far. Its count for one statement is that of an earlier one where it changes the schema.</summary>
    private static async Task<long?> ChangesAsync(DbConnection connection, DbTransaction transaction, CancellationToken cancellationToken)
    {
        if (connection is not SqliteConnection)
            return null;
        var (rows, _, _) = await RunAsync(connection, transaction, ("SELECT total_changes() AS changes", []), 1, cancellationToken);
        return (long)((Dictionary<string, object?>)rows[0]!)["changes"]!;
    }

    private static async Task EnsureLedgerAsync(DbConnection connection, CancellationToken cancellationToken)
    {
        try
        {
            await RunAsync(connection, null, (CreateLedger, []), 0, cancellationToken);
        }
        catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.UniqueViolation or PostgresErrorCodes.DuplicateTable)
        {
            // Another step made it at the same moment; PostgreSQL reports that race although it was asked not to mind.
        }
    }

    private static async Task<(List<object?> Rows, int Affected, bool HasMore)> RunAsync(
        DbConnection connection, DbTransaction? transaction, (string Sql, IReadOnlyList<KeyValuePair<string, object?>> Parameters) statement, int limit, CancellationToken cancellationToken)
    {
        await using var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandTimeout = 0;
#pragma warning disable CA2100 // The text is the designer's; values are parameters.
        command.CommandText = statement.Sql;
#pragma warning restore CA2100
        foreach (var (name, value) in statement.Parameters)
            command.Parameters.Add(Parameter(connection, name.TrimStart('@', ':', '$'), value));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var rows = new List<object?>();
        var hasMore = false;
        while (await reader.ReadAsync(cancellationToken))
        {
            if (rows.Count >= limit)
            {
                hasMore = true;
                break;
            }

            var row = new Dictionary<string, object?>(StringComparer.Ordinal);
            for (var i = 0; i < reader.FieldCount; i++)
                row[reader.GetName(i)] = reader.IsDBNull(i) ? null : Plain(reader, i);
            rows.Add(row);
        }

        await reader.CloseAsync();
        return (rows, reader.RecordsAffected, hasMore);
    }

    private static DbParameter Parameter(DbConnection connection, string name, object? value)
    {
        object? plain = value switch
        {
            JsonElement { ValueKind: JsonValueKind.Null or JsonValueKind.Undefined } => null,
            JsonElement { ValueKind: JsonValueKind.True } => true,
            JsonElement { ValueKind: JsonValueKind.False } => false,
            JsonElement { ValueKind: JsonValueKind.Number } e => e.TryGetInt64(out var n) ? n : e.GetDouble(),
            null or bool or long or int or double or decimal or byte[] => value,
            _ => PlainJson.AsText(value),
        };
        if (connection is SqliteConnection)
            return new SqliteParameter("@" + name, plain ?? DBNull.Value);
        var parameter = new NpgsqlParameter(name, plain ?? DBNull.Value);
        // The server takes text as whatever stands there: a date, a number, JSON.
        if (plain is string or null)
            parameter.NpgsqlDbType = NpgsqlDbType.Unknown;
        return parameter;
    }

    private static object? Plain(DbDataReader reader, int column)
    {
        switch (reader.GetValue(column))
        {
            case string text when reader.GetDataTypeName(column) is "json" or "jsonb":
                using (var document = JsonDocument.Parse(text))
                    return document.RootElement.Clone();
            case short n: return (long)n;
            case int n: return (long)n;
            case float f: return (double)f;
            case DateTime { Kind: DateTimeKind.Utc } at: return new DateTimeOffset(at);
            case DateTime at: return at.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFF", CultureInfo.InvariantCulture);
            case DateOnly date: return date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
            case Array array when array is not byte[]: return array.Cast<object?>().Select(v => v is DBNull ? null : v).ToList();
            case var value and (string or long or double or decimal or bool or byte[] or Guid or TimeSpan): return value;
            case var other: return Convert.ToString(other, CultureInfo.InvariantCulture);
        }
    }
}
