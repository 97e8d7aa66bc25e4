using System.Data.Common;
using System.Globalization;
using System.Text.Json;
using Automation.Steps.Values;

namespace Automation.Steps.Sql;

/// <summary>A statement and its parameters.</summary>
internal sealed record SqlCommandText(string Sql, IReadOnlyList<KeyValuePair<string, object?>> Parameters)
{
    public SqlCommandText(string sql)
        : this(sql, [])
    {
    }
}

/// <summary>An open connection of a step to a database of whatever kind.</summary>
internal sealed class SqlDatabase(SqlDialect dialect, DbConnection connection, TimeSpan limit) : IAsyncDisposable
{
    public SqlDialect Dialect => dialect;

    public bool IsOpen => connection.State == System.Data.ConnectionState.Open;

    public ValueTask<DbTransaction> BeginAsync(CancellationToken cancellationToken) => connection.BeginTransactionAsync(cancellationToken);

    /// <summary>The rows changed on this connection so far; null where the counts of the statements are right.</summary>
    public async Task<long?> ChangesAsync(DbTransaction transaction, CancellationToken cancellationToken)
    {
        if (dialect.ChangesQuery is not { } query)
            return null;
        var (rows, _, _) = await RunAsync(transaction, new SqlCommandText(query), 1, cancellationToken);
        return Convert.ToInt64(((Dictionary<string, object?>)rows[0]!).Values.Single(), CultureInfo.InvariantCulture);
    }

    public async Task<(List<object?> Rows, int Affected, bool HasMore)> RunAsync(DbTransaction? transaction, SqlCommandText statement, int rowLimit, CancellationToken cancellationToken)
    {
        await using var command = connection.CreateCommand();
        command.Transaction = transaction;
        // The caller's token comes first; this ends a wait for somebody else's lock that heeds no token.
        command.CommandTimeout = (int)Math.Ceiling(limit.TotalSeconds) + 1;
#pragma warning disable CA2100 // The text is the designer's; values are parameters.
        command.CommandText = statement.Sql;
#pragma warning restore CA2100
        // Asked for also where there are none: only then a provider says which ones are missing.
        var parameters = command.Parameters;
        foreach (var (name, value) in statement.Parameters)
        {
            var parameter = command.CreateParameter();
            parameter.ParameterName = dialect.ParameterPrefix + name.TrimStart('@', ':', '$');
            parameter.Value = Value(value) ?? DBNull.Value;
            dialect.PrepareParameter?.Invoke(parameter);
            parameters.Add(parameter);
        }

        try
        {
            await using var stop = cancellationToken.Register(() => dialect.Interrupt?.Invoke(connection));
            return await ReadAsync(command, rowLimit, cancellationToken);
        }
        catch (DbException e) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(e.Message, e, cancellationToken);
        }
        catch (InvalidOperationException e) when (IsOpen)
        {
            // Such as a parameter without a value: no other attempt would change that.
            throw new FormatException(e.Message, e);
        }
    }

    private static async Task<(List<object?> Rows, int Affected, bool HasMore)> ReadAsync(DbCommand command, int rowLimit, CancellationToken cancellationToken)
    {
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var rows = new List<object?>();
        var hasMore = false;
        while (await reader.ReadAsync(cancellationToken))
        {
            if (rows.Count >= rowLimit)
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

    public ValueTask DisposeAsync() => connection.DisposeAsync();

    private static object? Value(object? value) => value switch
    {
        JsonElement { ValueKind: JsonValueKind.Null or JsonValueKind.Undefined } => null,
        JsonElement { ValueKind: JsonValueKind.True } => true,
        JsonElement { ValueKind: JsonValueKind.False } => false,
        JsonElement { ValueKind: JsonValueKind.Number } e => e.TryGetInt64(out var n) ? n : e.GetDouble(),
        null or bool or long or int or double or decimal or byte[] => value,
        _ => PlainJson.AsText(value),
    };

    private static object? Plain(DbDataReader reader, int column)
    {
        switch (reader.GetValue(column))
        {
            case string text when reader.GetDataTypeName(column).ToUpperInvariant() is "JSON" or "JSONB":
                using (var document = JsonDocument.Parse(text))
                    return document.RootElement.Clone();
            case var n and (byte or sbyte or short or ushort or int or uint): return Convert.ToInt64(n, CultureInfo.InvariantCulture);
            case ulong n: return n <= long.MaxValue ? (long)n : (decimal)n;
            case float f: return (double)f;
            case DateTime { Kind: DateTimeKind.Utc } at: return new DateTimeOffset(at);
            case DateTime at: return at.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFF", CultureInfo.InvariantCulture);
            case DateOnly date: return date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
            case Array array when array is not byte[]: return array.Cast<object?>().Select(v => v is DBNull ? null : v).ToList();
            case var value and (string or long or double or decimal or bool or byte[] or Guid or TimeSpan or DateTimeOffset): return value;
            case var other: return Convert.ToString(other, CultureInfo.InvariantCulture);
        }
    }
}
