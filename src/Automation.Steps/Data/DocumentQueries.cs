using System.Data.Common;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Automation.Steps.Values;
using Automation.Storage;
using Automation.Storage.Writes;

namespace Automation.Steps.Data;

/// <summary>Finds documents by their fields.</summary>
public sealed class DocumentQueries(Database database, TimeProvider clock)
{
    /// <summary>Most documents that one query gives.</summary>
    public const int MaxTake = 1000;

    private static readonly Dictionary<string, string> Operators = new(StringComparer.OrdinalIgnoreCase)
    {
        ["eq"] = "=", ["ne"] = "<>", ["gt"] = ">", ["gte"] = ">=", ["lt"] = "<", ["lte"] = "<=",
    };

    /// <summary>All documents of a collection that fit, by key, read a page at a time.</summary>
    /// <param name="collection">The collection.</param>
    /// <param name="where">What they must be, as for one page.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="DocumentException">The conditions are not valid.</exception>
    public async IAsyncEnumerable<Document> AllAsync(string collection, object? where, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        const int size = 200;
        for (string? after = null; ;)
        {
            var page = await FindAsync(collection, where, orderBy: null, 0, size, cancellationToken, after);
            foreach (var document in page)
                yield return document;
            if (page.Count < size)
                yield break;
            after = page[^1].Key;
        }
    }

    /// <summary>The documents of a collection that fit.</summary>
    /// <param name="collection">The collection.</param>
    /// <param name="where">
    /// An object of field names (with dots for inner fields) and what they must be: a value, or an object of comparisons
    /// (<c>eq</c>, <c>ne</c>, <c>gt</c>, <c>gte</c>, <c>lt</c>, <c>lte</c>, <c>in</c>). All must hold. Null gives all documents.
    /// </param>
    /// <param name="orderBy">A field, with a minus before it for the largest first. Null orders by key.</param>
    /// <param name="skip">How many to leave out.</param>
    /// <param name="take">How many at most, 1 to <see cref="MaxTake"/>.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <param name="after">Only what comes behind this key.</param>
    /// <exception cref="DocumentException">The conditions are not valid.</exception>
    public async Task<IReadOnlyList<Document>> FindAsync(
        string collection, object? where, string? orderBy, int skip, int take, CancellationToken cancellationToken, string? after = null)
    {
        if (take is < 1 or > MaxTake)
            throw new DocumentException($"take is {take}; allowed is 1 to {MaxTake}.");
        if (skip < 0)
            throw new DocumentException($"skip is {skip}; allowed is 0 and more.");

        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var command = connection.CreateCommand();
        Write(command, collection, where, orderBy, skip, take, after);
        var found = new List<Document>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            found.Add(new Document(
                reader.GetString(0), reader.GetString(1), reader.GetInt64(2), reader.GetString(3),
                SqlValue.FromMicros(reader.GetInt64(4)), SqlValue.FromMicros(reader.GetInt64(5)), await reader.IsDBNullAsync(6, cancellationToken) ? null : SqlValue.FromMicros(reader.GetInt64(6))));
        }

        return found;
    }

    internal void Write(DbCommand command, string collection, object? where, string? orderBy, int skip, int take, string? after = null)
    {
        // Collections and fields stand in the text, not beside it: the indexes of a collection have them so too.
        var sql = new StringBuilder("SELECT collection, key, version, body, created_at, updated_at, expires_at FROM documents WHERE collection = ")
            .Append(DocumentSql.Text(collection))
            .Append(" AND (expires_at IS NULL OR expires_at > ").Append(Parameter(command, SqlValue.ToMicros(clock.GetUtcNow()))).Append(')');
        if (after is not null)
            sql.Append(" AND key > ").Append(Parameter(command, after));
        foreach (var (field, condition) in Conditions(where))
            Add(command, sql, field, condition);

        sql.Append(" ORDER BY ");
        if (!string.IsNullOrWhiteSpace(orderBy))
            sql.Append(Field(orderBy.TrimStart('-'))).Append(orderBy.StartsWith('-') ? " DESC, " : " ASC, ");
        sql.Append("key LIMIT ").Append(take.ToString(CultureInfo.InvariantCulture)).Append(" OFFSET ").Append(skip.ToString(CultureInfo.InvariantCulture));
        command.CommandText = sql.ToString();
    }

    private static IEnumerable<KeyValuePair<string, object?>> Conditions(object? where) => where switch
    {
        null or JsonElement { ValueKind: JsonValueKind.Null or JsonValueKind.Undefined } => [],
        _ => PlainJson.Members(where) ?? throw new DocumentException("The conditions are not an object. Give one such as {\"status\":\"open\",\"amount\":{\"gte\":100}}."),
    };

    private void Add(DbCommand command, StringBuilder sql, string field, object? condition)
    {
        if (PlainJson.Members(condition) is not { } comparisons)
        {
            Compare(command, sql, field, "=", condition);
            return;
        }

        foreach (var (name, value) in comparisons)
        {
            if (Operators.TryGetValue(name, out var sign))
                Compare(command, sql, field, sign, value);
            else if (name.Equals("in", StringComparison.OrdinalIgnoreCase))
                AnyOf(command, sql, field, value);
            else
                throw new DocumentException($"The comparison \"{name}\" of \"{field}\" does not exist. Known are eq, ne, gt, gte, lt, lte and in.");
        }
    }

    private void Compare(DbCommand command, StringBuilder sql, string field, string sign, object? value)
    {
        if (IsNull(value))
        {
            // JSON null and a missing field are the same here.
            if (sign is not ("=" or "<>"))
                throw new DocumentException($"\"{field}\" cannot be compared with null by \"{sign}\".");
            sql.Append(" AND ").Append(Text(field)).Append(sign == "=" ? " IS NULL" : " IS NOT NULL");
            return;
        }

        // A text is neither larger nor smaller than a number: only values of the same kind are compared.
        var same = $"({OfKind(field, value!)} AND {Field(field)} {(sign == "<>" ? "=" : sign)} {Value(command, value!)})";
        sql.Append(sign == "<>" ? $" AND NOT COALESCE({same}, FALSE)" : $" AND {same}");
    }

    private void AnyOf(DbCommand command, StringBuilder sql, string field, object? values)
    {
        var list = (PlainJson.Elements(values) ?? throw new DocumentException($"\"in\" of \"{field}\" is not a list.")).ToList();
        if (list.Count > 500)
            throw new DocumentException($"\"in\" of \"{field}\" has {list.Count} values; allowed are 500.");
        if (list.Exists(IsNull))
            throw new DocumentException($"\"in\" of \"{field}\" has null in it; only texts, numbers, true and false are allowed.");
        sql.Append(" AND (").AppendJoin(" OR ", list.Select(v => $"({OfKind(field, v!)} AND {Field(field)} = {Value(command, v!)})").DefaultIfEmpty("1 = 0")).Append(')');
    }

    private static bool IsNull(object? value) => value is null or JsonElement { ValueKind: JsonValueKind.Null or JsonValueKind.Undefined };

    private bool IsSqlite => database.Provider == DatabaseProvider.Sqlite;

    private string Field(string field) => DocumentSql.Field(database.Provider, field);

    private string Text(string field) => IsSqlite ? Field(field) : $"(body::jsonb #>> {DocumentSql.Path(database.Provider, field)})";

    private string OfKind(string field, object value)
    {
        var scalar = Scalar(value);
        if (IsSqlite)
            return $"json_type(body, {DocumentSql.Path(database.Provider, field)}) IN {(scalar is string ? "('text')" : scalar is bool ? "('true', 'false')" : "('integer', 'real')")}";
        return $"jsonb_typeof{Field(field)} = '{(scalar is string ? "string" : scalar is bool ? "boolean" : "number")}'";
    }

    private string Value(DbCommand command, object value)
    {
        var scalar = Scalar(value);
        return IsSqlite ? Parameter(command, scalar is bool b ? (b ? 1L : 0L) : scalar) : $"({Parameter(command, PlainJson.ToText(scalar))}::text)::jsonb";
    }

    /// <summary>A value as a text, a long, a double or a truth value.</summary>
    private static object Scalar(object value) => Bare(value) is string text && text.Contains('\0', StringComparison.Ordinal)
        ? throw new DocumentException("No document has a text with a zero character (\\u0000), so none can be found by it.")
        : Bare(value);

    private static object Bare(object value) => value switch
    {
        string or long or double or bool => value,
        int n => (long)n,
        decimal m => (double)m,
        float f => (double)f,
        JsonElement { ValueKind: JsonValueKind.String } e => e.GetString()!,
        JsonElement { ValueKind: JsonValueKind.True } => true,
        JsonElement { ValueKind: JsonValueKind.False } => false,
        JsonElement { ValueKind: JsonValueKind.Number } e => e.TryGetInt64(out var n) ? n : e.GetDouble(),
        DateTimeOffset or TimeSpan or Guid => PlainJson.ToText(value).Trim('"'),
        _ => throw new DocumentException("Fields are compared with texts, numbers, true and false only."),
    };

    private static string Parameter(DbCommand command, object value)
    {
        var parameter = command.CreateParameter();
        parameter.ParameterName = string.Create(CultureInfo.InvariantCulture, $"@p{command.Parameters.Count}");
        parameter.Value = value;
        command.Parameters.Add(parameter);
        return parameter.ParameterName;
    }
}
