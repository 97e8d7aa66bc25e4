using Automation.Storage;

namespace Automation.Steps.Data;

/// <summary>How fields of documents are written in SQL. A query and an index must write them alike to find each other.</summary>
internal static class DocumentSql
{
    /// <summary>A field's value, comparable with others.</summary>
    /// <exception cref="DocumentException">The field is not valid.</exception>
    public static string Field(DatabaseProvider provider, string field) =>
        provider == DatabaseProvider.Sqlite ? $"json_extract(body, {Path(provider, field)})" : $"(body::jsonb #> {Path(provider, field)})";

    /// <summary>The way to a field.</summary>
    /// <exception cref="DocumentException">The field is not valid.</exception>
    public static string Path(DatabaseProvider provider, string field)
    {
        var names = field.Split('.');
        if (names.Any(string.IsNullOrWhiteSpace) || field.Contains('"', StringComparison.Ordinal) || field.Length > 400)
            throw new DocumentException($"The field \"{field}\" is not valid. Give a name, or names with dots between them, without quotation marks.");
        return provider == DatabaseProvider.Sqlite
            ? Text("$." + string.Join('.', names.Select(n => $"\"{n}\"")))
            : $"ARRAY[{string.Join(", ", names.Select(Text))}]";
    }

    /// <summary>A text as it stands in a statement.</summary>
    /// <exception cref="DocumentException">No statement can have it.</exception>
    public static string Text(string text) =>
        text.Contains('\0', StringComparison.Ordinal)
            ? throw new DocumentException("Names of collections and fields have no zero character.")
            : $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";
}
