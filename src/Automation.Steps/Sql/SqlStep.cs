using System.Data.Common;
using System.Text.Json;
using Automation.Steps.Activities;
using Automation.Steps.Secrets;
using Automation.Steps.Values;
using Automation.Workflows.Execution;
using Automation.Workflows.Runtime;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Automation.Steps.Sql;

/// <summary>Does the work of the SQL activities.</summary>
internal sealed class SqlStep(IOptions<SqlOptions> options, SqlDialects dialects, SqlPlaces places, SecretStore secrets, TimeProvider clock) : IBackgroundActivity
{
    private const string TooManyClients = "53300";

    public async Task<OperationResult> RunAsync(BackgroundOperation operation, CancellationToken cancellationToken)
    {
        var inputs = new StepInputs(operation.Inputs);
        CancellationTokenSource? timeout = null;
        SqlDialect? dialect = null;
        SemaphoreSlim? place = null;
        var limit = options.Value.CommandTimeout;
        try
        {
            var writes = operation.ActivityType == SqlExecute.Type;
            var statements = Statements(inputs);
            limit = inputs.Duration("Timeout") ?? limit;
            if (limit <= TimeSpan.Zero || limit > TimeSpan.FromHours(1))
                throw new FormatException($"Timeout is {limit}; allowed is more than nothing, up to 01:00:00.");
            var name = inputs.Text("Connection");
            (dialect, var target) = Target(name, writes);
            // The wait for a place is none of the time that the statements have.
            place = await places.EnterAsync(name, target, operation.Job, cancellationToken);
            timeout = new CancellationTokenSource(limit, clock);
            using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
            await using var database = await OpenAsync(dialect, target, writes, limit, linked.Token);
            return writes
                ? await ExecuteAsync(database, operation.OperationId, statements, linked.Token)
                : await QueryAsync(database, statements[0], RowLimit(inputs), linked.Token);
        }
        catch (Exception e) when (e is FormatException or SecretException)
        {
            return Failed(OperationErrorKind.Failed, e);
        }
        catch (Exception e) when (e is OperationCanceledException or DbException && timeout?.IsCancellationRequested == true && !cancellationToken.IsCancellationRequested)
        {
            return new OperationResult { Error = new OperationError(OperationErrorKind.Timeout, $"The statements took longer than {limit}.", nameof(TimeoutException)) };
        }
        catch (DbException e) when (e.SqlState == TooManyClients)
        {
            throw new InvalidOperationException($"The server of the connection \"{inputs.Text("Connection")}\" takes no more connections ({e.Message}). Let it take more, or give the connections to it fewer (Automation:Steps:Sql:Connections, MaxConnections).", e);
        }
        catch (DbException e) when (!e.IsTransient && dialect?.IsTransient?.Invoke(e) != true)
        {
            return Failed(OperationErrorKind.Failed, e);
        }
        finally
        {
            timeout?.Dispose();
            place?.Release();
        }
    }

    private static OperationResult Failed(OperationErrorKind kind, Exception e) => new() { Error = new OperationError(kind, e.Message, e.GetType().Name) };

    private int RowLimit(StepInputs inputs)
    {
        var rows = inputs.Integer("MaxRows") ?? options.Value.MaxRows;
        return rows >= 1 && rows <= options.Value.MaxRows ? (int)rows : throw new FormatException($"MaxRows is {rows}; allowed is 1 to {options.Value.MaxRows} (Automation:Steps:Sql:MaxRows).");
    }

    private static List<SqlCommandText> Statements(StepInputs inputs)
    {
        var result = new List<SqlCommandText>();
        if (inputs.Text("Sql") is { Length: > 0 } sql)
            result.Add(new SqlCommandText(sql, Parameters(inputs["Parameters"], "Parameters")));
        if (StepInputs.Parsed(inputs["Statements"], "Statements") is { } more)
        {
            foreach (var statement in PlainJson.Elements(more) ?? throw new FormatException("Statements is no list. Give one such as [{\"sql\":\"…\",\"parameters\":{…}}]."))
            {
                var members = PlainJson.Members(statement)?.ToDictionary(m => m.Key, m => m.Value, StringComparer.OrdinalIgnoreCase);
                var text = PlainJson.AsText(members?.GetValueOrDefault("sql"));
                if (text.Length == 0)
                    throw new FormatException("One of the Statements has no sql.");
                result.Add(new SqlCommandText(text, Parameters(members!.GetValueOrDefault("parameters"), "The parameters of one of the Statements")));
            }
        }

        return result.Count > 0 ? result : throw new FormatException("SQL is empty.");
    }

    private static IReadOnlyList<KeyValuePair<string, object?>> Parameters(object? value, string name) => StepInputs.Parsed(value, name) switch
    {
        null => [],
        var given => [.. PlainJson.Members(given) ?? throw new FormatException($"{name} is no object. Give one such as {{\"id\":7}}.")],
    };

    private (SqlDialect Dialect, SqlConnectionOptions Target) Target(string name, bool writes)
    {
        if (!options.Value.Connections.TryGetValue(name, out var target))
            throw new FormatException($"The connection \"{name}\" does not exist. Known are: {(options.Value.Connections.Count == 0 ? "none" : string.Join(", ", options.Value.Connections.Keys))} (Automation:Steps:Sql:Connections).");
        if (writes && target.ReadOnly)
            throw new FormatException($"The connection \"{name}\" is read-only.");
        return (dialects.Find(target.Provider) ?? throw new FormatException($"The provider \"{target.Provider}\" of the connection \"{name}\" is not there any more."), target);
    }

    private async Task<SqlDatabase> OpenAsync(SqlDialect dialect, SqlConnectionOptions target, bool writes, TimeSpan limit, CancellationToken cancellationToken)
    {
        var parts = dialect.Factory.CreateConnectionStringBuilder() ?? new DbConnectionStringBuilder();
        parts.ConnectionString = target.ConnectionString;
        if (!string.IsNullOrEmpty(target.Secret))
            parts[dialect.PasswordKey] = await secrets.ReadAsync(target.Secret, cancellationToken);
        // Whoever registered a provider of SQLite files: the folder counts for them too.
        if (parts is SqliteConnectionStringBuilder file && options.Value.Directory is { } directory && !file.DataSource.StartsWith(':') && !file.DataSource.StartsWith("file:", StringComparison.OrdinalIgnoreCase))
            file.DataSource = Path.GetFullPath(file.DataSource, directory);
        // What it waits for a lock before a transaction begins, it waits without looking at the token.
        if (parts is SqliteConnectionStringBuilder waiting)
            waiting.DefaultTimeout = (int)Math.Ceiling(limit.TotalSeconds);
        // One for each place: the pool itself would make steps wait on their own time, and give up after 15 s.
        if (parts is NpgsqlConnectionStringBuilder pool)
            pool.MaxPoolSize = target.Places;
        dialect.PrepareConnection?.Invoke(parts, writes);
        var connection = dialect.Factory.CreateConnection() ?? throw new FormatException($"The provider \"{dialect.Name}\" makes no connections.");
        try
        {
            connection.ConnectionString = parts.ConnectionString;
            await connection.OpenAsync(cancellationToken);
            return new SqlDatabase(dialect, connection, limit);
        }
        catch (ArgumentException e)
        {
            await connection.DisposeAsync();
            throw new FormatException($"The provider \"{dialect.Name}\" does not take the connection string: {e.Message}", e);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    private static async Task<OperationResult> QueryAsync(SqlDatabase database, SqlCommandText statement, int limit, CancellationToken cancellationToken)
    {
        // Never committed: what a query changes all the same is undone.
        await using var transaction = await database.BeginAsync(cancellationToken);
        if (database.Dialect.ReadOnlyStatement is { } readOnly)
            await database.RunAsync(transaction, new SqlCommandText(readOnly), rowLimit: 0, cancellationToken);
        var (rows, _, hasMore) = await database.RunAsync(transaction, statement, limit, cancellationToken);
        return new OperationResult
        {
            Outputs = new Dictionary<string, object?>(StringComparer.Ordinal) { ["Rows"] = rows, ["Row"] = rows.Count > 0 ? rows[0] : null, ["HasMore"] = hasMore },
            Outcomes = [rows.Count > 0 ? "Found" : "Not found", "Done"],
        };
    }

    /// <summary>All statements and the note that they were done, in one transaction; where the note is there, nothing is done again.</summary>
    private async Task<OperationResult> ExecuteAsync(SqlDatabase database, string operationId, List<SqlCommandText> statements, CancellationToken cancellationToken)
    {
        var ledger = new SqlLedger(database);
        await ledger.EnsureAsync(cancellationToken);
        try
        {
            await using var transaction = await database.BeginAsync(cancellationToken);
            if (await ledger.FindAsync(transaction, operationId, cancellationToken) is { } done)
                return Kept(done);
            await ledger.NoteAsync(transaction, operationId, clock.GetUtcNow(), cancellationToken);
            var result = await ChangeAsync(database, transaction, statements, cancellationToken);
            await ledger.CompleteAsync(transaction, operationId, PlainJson.ToText(result.Outputs), cancellationToken);
            await transaction.CommitAsync(cancellationToken);
            return result;
        }
        catch (DbException e) when (!e.IsTransient && database.IsOpen)
        {
            // Another run of the same step may have come first; its note was not to be seen before it committed.
            await using var transaction = await database.BeginAsync(cancellationToken);
            if (await ledger.FindAsync(transaction, operationId, cancellationToken) is { } done)
                return Kept(done);
            throw;
        }
    }

    private async Task<OperationResult> ChangeAsync(SqlDatabase database, DbTransaction transaction, List<SqlCommandText> statements, CancellationToken cancellationToken)
    {
        long affected = 0;
        var before = await database.ChangesAsync(transaction, cancellationToken);
        List<object?> rows = [];
        foreach (var statement in statements)
        {
            (rows, var changed, _) = await database.RunAsync(transaction, statement, options.Value.MaxRows, cancellationToken);
            affected += Math.Max(changed, 0);
        }

        return Done(before is { } start ? (await database.ChangesAsync(transaction, cancellationToken))!.Value - start : affected, rows);
    }

    private static OperationResult Kept(string result)
    {
        using var kept = JsonDocument.Parse(result);
        return Done(kept.RootElement.GetProperty("Affected").GetInt64(), kept.RootElement.GetProperty("Rows").Clone());
    }

    private static OperationResult Done(long affected, object? rows) =>
        new() { Outputs = new Dictionary<string, object?>(StringComparer.Ordinal) { ["Affected"] = affected, ["Rows"] = rows } };
}
