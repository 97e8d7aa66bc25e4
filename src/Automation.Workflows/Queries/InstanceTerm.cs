namespace Automation.Workflows.Queries;

/// <summary>
/// Text that people search instances for: part of the correlation id, of the name or of the definition's id, or the
/// beginning of the instance's id. Ids are long and random; to look for a part of each costs more than all else together.
/// </summary>
internal sealed class InstanceTerm(string text, IReadOnlyCollection<string> definitions)
{
    /// <summary>Gives how many rows hold the text, counting no further than told, and their keys: as JSON on SQLite, as a list on PostgreSQL.</summary>
    public string Keys(bool sqlite, int most, Func<object, string> parameter)
    {
        var key = sqlite ? "rowid" : "id";
        var pattern = parameter(Pattern(sqlite));
        List<string> parts =
        [
            $"SELECT {key} AS k FROM workflow_instances {By(sqlite, "correlation")} WHERE correlation_id IS NOT NULL AND {Like(sqlite, "correlation_id", pattern)}",
            $"SELECT {key} AS k FROM workflow_instances {By(sqlite, "name")} WHERE name > '' AND {Like(sqlite, "name", pattern)}",
            $"SELECT {key} AS k FROM workflow_instances WHERE {Beginning(parameter)}",
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
        return $"({Like(sqlite, "correlation_id", pattern)} OR {Like(sqlite, "name", pattern)} OR {Beginning(parameter)}{byDefinition})";
    }

    private string Pattern(bool sqlite)
    {
        var escaped = text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("%", "\\%", StringComparison.Ordinal).Replace("_", "\\_", StringComparison.Ordinal);
        return $"%{(sqlite ? escaped : escaped.ToLowerInvariant())}%";
    }

    // SQLite's LIKE knows no case of A to Z; on PostgreSQL this costs two thirds of ILIKE.
    private static string Like(bool sqlite, string column, string pattern) => $"{(sqlite ? column : $"lower({column})")} LIKE {pattern} ESCAPE '\\'";

    private string Beginning(Func<object, string> parameter)
    {
        // Ids are written in small letters. Those that begin with the text come before the text with a late letter behind it, in
        // the order of every language; where that takes in too much, the last condition does not.
        var beginning = text.ToLowerInvariant();
        var length = parameter(beginning.Length);
        return $"id >= {parameter(beginning)} AND id < {parameter(beginning + "zzzz")} AND substr(id, 1, {length}) = {parameter(beginning)}";
    }

    private static string By(bool sqlite, string index) => sqlite ? "INDEXED BY ix_workflow_instances_" + index : "";
}
