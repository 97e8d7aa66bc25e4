using System.Text;

namespace Automation.Steps.Values;

/// <summary>Comma-separated values as RFC 4180 has them; reading takes bare line feeds too.</summary>
internal static class Csv
{
    /// <summary>The records of a text, each with its fields. Empty lines are none.</summary>
    /// <exception cref="FormatException">A quoted field does not end, or something stands behind its end.</exception>
    public static IEnumerable<List<string>> Read(TextReader text, char delimiter)
    {
        var record = new List<string>();
        var field = new StringBuilder();
        var line = 1;
        int next;
        while ((next = text.Read()) >= 0)
        {
            var c = (char)next;
            if (c == '"' && field.Length == 0)
            {
                ReadQuoted(text, field, ref line);
                if (text.Peek() is var behind and >= 0 && behind != delimiter && behind is not ('\r' or '\n'))
                    throw new FormatException($"Line {line}: a quoted field is followed by \"{(char)behind}\".");
                // An empty quoted field is a field all the same; the next turn ends it.
                if (text.Peek() < 0)
                {
                    record.Add(field.ToString());
                    field.Clear();
                    yield return record;
                    yield break;
                }
            }
            else if (c == delimiter)
            {
                record.Add(field.ToString());
                field.Clear();
            }
            else if (c is '\r' or '\n')
            {
                if (c == '\r' && text.Peek() == '\n')
                    _ = text.Read();
                line++;
                if (record.Count > 0 || field.Length > 0)
                {
                    record.Add(field.ToString());
                    field.Clear();
                    yield return record;
                    record = [];
                }
            }
            else
            {
                field.Append(c);
            }
        }

        if (record.Count > 0 || field.Length > 0)
        {
            record.Add(field.ToString());
            yield return record;
        }
    }

    /// <summary>Writes a record with its line end.</summary>
    public static void Write(StringBuilder text, IEnumerable<string> fields, char delimiter)
    {
        var first = true;
        foreach (var field in fields)
        {
            if (!first)
                text.Append(delimiter);
            first = false;
            if (field.AsSpan().IndexOfAny('"', '\r', '\n') >= 0 || field.Contains(delimiter, StringComparison.Ordinal) || field.Length == 0)
                text.Append('"').Append(field.Replace("\"", "\"\"", StringComparison.Ordinal)).Append('"');
            else
                text.Append(field);
        }

        text.Append("\r\n");
    }

    /// <summary>The columns of objects, in the order in which they come up.</summary>
    /// <exception cref="FormatException">A row is no object.</exception>
    public static List<string> Columns(IEnumerable<object?> rows)
    {
        var columns = new List<string>();
        var known = new HashSet<string>(StringComparer.Ordinal);
        foreach (var row in rows)
        {
            foreach (var (name, _) in Members(row))
            {
                if (known.Add(name))
                    columns.Add(name);
            }
        }

        return columns;
    }

    /// <summary>A row's fields in the order of the columns.</summary>
    /// <exception cref="FormatException">The row is no object, or has a member that is no column.</exception>
    public static IEnumerable<string> Fields(object? row, IReadOnlyList<string> columns)
    {
        var members = Members(row).ToDictionary(m => m.Key, m => m.Value, StringComparer.Ordinal);
        if (members.Keys.FirstOrDefault(name => !columns.Contains(name)) is { } unknown)
            throw new FormatException($"\"{unknown}\" is no column. Columns are {string.Join(", ", columns)}.");
        return columns.Select(name => PlainJson.AsText(members.GetValueOrDefault(name)));
    }

    /// <summary>The character that a text names.</summary>
    /// <exception cref="FormatException">It names none.</exception>
    public static char Delimiter(string text) => text switch
    {
        "" => ',',
        "\\t" or "\t" or "Tab" => '\t',
        [var c] when c is not ('"' or '\r' or '\n') => c,
        _ => throw new FormatException($"Delimiter is \"{text}\"; it must be one character, or Tab."),
    };

    private static IEnumerable<KeyValuePair<string, object?>> Members(object? row) =>
        PlainJson.Members(row) ?? throw new FormatException("A row is no object. Give a list of objects such as [{\"name\":\"x\"}].");

    private static void ReadQuoted(TextReader text, StringBuilder field, ref int line)
    {
        var begun = line;
        while (true)
        {
            var next = text.Read();
            if (next < 0)
                throw new FormatException($"The quoted field that begins in line {begun} does not end.");
            if (next == '\n')
                line++;
            if (next != '"')
            {
                field.Append((char)next);
            }
            else if (text.Peek() == '"')
            {
                field.Append('"');
                _ = text.Read();
            }
            else
            {
                return;
            }
        }
    }
}
