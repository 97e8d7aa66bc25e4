namespace Automation.Workflows.Queries;

/// <summary>
/// Text that people search instances for: part of the correlation id, of the name, of the definition's id or of the
/// instance's id. Ids are long and random, and to look for a part of each costs more than all else together: that is done
/// only for text that can stand in an id of ours; of other ids the beginning is looked for.
/// </summary>
internal sealed class InstanceTerm(string text, IReadOnlyCollection<string> definitions)
{
    /// <summary>Shorter text stands in so many ids that it finds nothing in particular.</summary>
    private const int ShortestPartOfId = 4;

    private const int LengthOfId = 32;

    private readonly bool _isPartOfId = text.Length is >= ShortestPartOfId and < LengthOfId && text.All(c => char.IsAsciiHexDigit(c) || c == '-');

    /// <summary>Gives how many rows hold the text, counting no further than told, and their keys: as JSON on SQLite, as a list on PostgreSQL.</summary>
    public string Keys(bool sqlite, int most, Func<object, string> parameter)
    {
        var key = sqlite ? "rowid" : "id";
        var pattern = parameter(Pattern(sqlite));
        List<string> parts =
        [
            $"SELECT {key} AS k FROM workflow_instances {By(sqlite, "correlation")} WHERE correlation_id IS NOT NULL AND {Like(sqlite, "correlation_id", pattern)}",
            $"SELECT {key} AS k FROM workflow_instances {By(sqlite, "name")} WHERE name > '' AND {Like(sqlite, "name", pattern)}",
            $"SELECT {key} AS k FROM workflow_instances WHERE {OfId(sqlite, pattern, parameter)}",
        ];
        if (definitions.Count > 0)
            parts.Add($"SELECT {key} AS k FROM workflow_instances {By(sqlite, "definition")} WHERE definition_id IN ({string.Join(", ", definitions.Select(parameter))})");
        return $"SELECT count(*), {(sqlite ? "json_group_array(k)" : "array_agg(k)")} FROM ({string.Join(" UNION ALL ", parts)} LIMIT {most}) f";
    }

    /// <summary>The condition on one row.</summary>
    public string OfRow(bool sqlite, Func<object, string> parameter)
    {
        var pattern = parameter(Pattern(sqlite));
        var byDefinition = definitions.Count == 0 ? "" : $" OR definition_id IN ({string.Join(", ", definitions.Select(parameter))})";
        return $"({Like(sqlite, "correlation_id", pattern)} OR {Like(sqlite, "name", pattern)} OR {OfId(sqlite, pattern, parameter)}{byDefinition})";
    }

    private string Pattern(bool sqlite)
    {
        var escaped = text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("%", "\\%", StringComparison.Ordinal).Replace("_", "\\_", StringComparison.Ordinal);
        return $"%{(sqlite ? escaped : escaped.ToLowerInvariant())}%";
    }

    // SQLite's LIKE knows no case of A to Z; on PostgreSQL this costs two thirds of ILIKE.
    private static string Like(bool sqlite, string column, string pattern) => $"{(sqlite ? column : $"lower({column})")} LIKE {pattern} ESCAPE '\\'";

    private string OfId(bool sqlite, string pattern, Func<object, string> parameter) => _isPartOfId ? Like(sqlite, "id", pattern) : OfBeginning(parameter);

    /// <summary>The condition that its id begins with the text.</summary>
    public string OfBeginning(Func<object, string> parameter)
    {
        // Ids are written in small letters. Those that begin with the text come before the text with a late letter behind it, in
        // the order of every language; where that takes in too much, the last condition does not.
        var beginning = text.ToLowerInvariant();
        var length = parameter(beginning.Length);
        return $"id >= {parameter(beginning)} AND id < {parameter(beginning + "zzzz")} AND substr(id, 1, {length}) = {parameter(beginning)}";
    }

    private static string By(bool sqlite, string index) => sqlite ? "INDEXED BY ix_workflow_instances_" + index : "";
}
