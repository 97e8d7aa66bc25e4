namespace Automation.Workflows.Queries;

/// <summary>
/// Text that people search instances for: part of the correlation id, of the name or of the definition's id, or the
/// beginning of the instance's id. Ids are long and random; to look for a part of each costs more than all else together.
/// </summary>
internal sealed class InstanceTerm(string text, IReadOnlyCollection<string> definitions)
{
    /// <summary>Gives the key of each row that holds the text, at most so many.</summary>
    public string Keys(bool sqlite, int most, Func<object, string> parameter)
    {
        var (key, like) = sqlite ? ("rowid", "LIKE") : ("id", "ILIKE");
        var pattern = parameter($"%{Escaped}%");
        List<string> parts =
        [
            $"SELECT {key} FROM workflow_instances {By(sqlite, "correlation")} WHERE correlation_id IS NOT NULL AND correlation_id {like} {pattern} ESCAPE '\\'",
            $"SELECT {key} FROM workflow_instances {By(sqlite, "name")} WHERE name > '' AND name {like} {pattern} ESCAPE '\\'",
            $"SELECT {key} FROM workflow_instances WHERE {Beginning(parameter)}",
        ];
        if (definitions.Count > 0)
            parts.Add($"SELECT {key} FROM workflow_instances {By(sqlite, "definition")} WHERE definition_id IN ({string.Join(", ", definitions.Select(parameter))})");
        return $"{string.Join(" UNION ALL ", parts)} LIMIT {most}";
    }

    /// <summary>The condition on one row.</summary>
    public string OfRow(bool sqlite, Func<object, string> parameter)
    {
        var like = sqlite ? "LIKE" : "ILIKE";
        var pattern = parameter($"%{Escaped}%");
        var byDefinition = definitions.Count == 0 ? "" : $" OR definition_id IN ({string.Join(", ", definitions.Select(parameter))})";
        return $"(correlation_id {like} {pattern} ESCAPE '\\' OR name {like} {pattern} ESCAPE '\\' OR {Beginning(parameter)}{byDefinition})";
    }

    private string Escaped => text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("%", "\\%", StringComparison.Ordinal).Replace("_", "\\_", StringComparison.Ordinal);

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
