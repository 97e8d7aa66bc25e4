using Automation.Storage;

namespace Automation.Workflows.Queries;

/// <summary>
/// Text that people search instances for: part of the correlation id, of the name, of the definition's id or of the
/// instance's id. Ids of ours are long and random, and to look for a part of each costs more than all else together: that is
/// done only for text that can stand in one and is found nowhere else. Ids that others made are few, and any text is looked
/// for in them.
/// </summary>
internal sealed class InstanceTerm(string text, DatabaseProvider provider, IReadOnlyCollection<string> definitions)
{
    /// <summary>Shorter text stands in so many ids that it finds nothing in particular.</summary>
    private const int ShortestPartOfId = 4;

    private const int LengthOfId = 36;

    /// <summary>The condition of the index of ids that are not ours.</summary>
    private const string IsForeign = "(length(id) <> 36 OR substr(id, 15, 1) <> '7') AND (length(id) <> 32 OR substr(id, 13, 1) <> '7')";

    // Ids begin with the time: rows in the order in which they were written have theirs nearly in order, too.
    private const string Middle =
        "coalesce((SELECT id FROM workflow_instances "
        + "WHERE rowid >= ((SELECT min(rowid) FROM workflow_instances) + (SELECT max(rowid) FROM workflow_instances)) / 2 ORDER BY rowid LIMIT 1), '')";

    private readonly bool _sqlite = provider == DatabaseProvider.Sqlite;

    /// <summary>One place where the text may stand.</summary>
    /// <param name="Index">The index that SQLite is told to look through; null for that of the ids.</param>
    /// <param name="Condition">The condition on a row, given what makes parameters of values.</param>
    internal sealed record Place(string? Index, Func<Func<object, string>, string> Condition);

    /// <summary>Where it is looked for at first.</summary>
    public IReadOnlyList<Place> Places()
    {
        List<Place> places =
        [
            new("name", p => $"name > '' AND {Like("name", p)}"),
            new("correlation", p => $"correlation_id IS NOT NULL AND {Like("correlation_id", p)}"),
            new("foreign", p => $"{IsForeign} AND {Like("id", p)}"),
            new(null, OfBeginning),
        ];
        if (definitions.Count > 0)
            places.Add(new("definition", p => $"definition_id IN ({string.Join(", ", definitions.Select(p))})"));
        return places;
    }

    /// <summary>Where it is looked for if it is nowhere else: within the ids, in halves for two processors; PostgreSQL divides them itself.</summary>
    public IReadOnlyList<Place> LastPlaces()
    {
        if (!CanStandInId(text))
            return [];
        return _sqlite
            ? [new(null, p => $"id >= {Middle} AND {Like("id", p)}"), new(null, p => $"id < {Middle} AND {Like("id", p)}")]
            : [new(null, p => $"id LIKE {p(Pattern)} ESCAPE '\\'")];
    }

    /// <summary>Whether a text is one that is looked for within ids of ours.</summary>
    public static bool CanStandInId(string text) => text.Length is >= ShortestPartOfId and < LengthOfId && text.All(c => char.IsAsciiHexDigit(c) || c == '-');

    /// <summary>Gives the keys of the rows that have the text at one place: numbers of rows on SQLite, ids on PostgreSQL.</summary>
    public string Keys(Place place, Func<object, string> parameter) =>
        _sqlite
            ? $"SELECT rowid FROM workflow_instances {(place.Index is { } index ? "INDEXED BY ix_workflow_instances_" + index : "")} WHERE {place.Condition(parameter)}"
            : $"SELECT id FROM workflow_instances WHERE {place.Condition(parameter)}";

    /// <summary>The condition that its id begins with the text.</summary>
    public string OfBeginning(Func<object, string> parameter)
    {
        // Ids are written in small letters. Those that begin with the text come before the text with a late letter behind it, in
        // the order of every language; where that takes in too much, the last condition does not.
        var beginning = text.ToLowerInvariant();
        var length = parameter(beginning.Length);
        return $"id >= {parameter(beginning)} AND id < {parameter(beginning + "zzzz")} AND substr(id, 1, {length}) = {parameter(beginning)}";
    }

    /// <summary>The condition that a row's correlation id, name or id has the text.</summary>
    public string OfRow(Func<object, string> parameter) =>
        $"({Like("correlation_id", parameter)} OR {Like("name", parameter)} OR {OfBeginning(parameter)})";

    private string Pattern
    {
        get
        {
            var escaped = text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("%", "\\%", StringComparison.Ordinal).Replace("_", "\\_", StringComparison.Ordinal);
            return $"%{(_sqlite ? escaped : escaped.ToLowerInvariant())}%";
        }
    }

    // SQLite's LIKE knows no case of A to Z. On PostgreSQL this costs two thirds of ILIKE; a third, where the letters of other
    // alphabets need not be made small; and less still where there are no letters.
    private string Like(string column, Func<object, string> parameter)
    {
        var small = _sqlite || !text.Any(char.IsLetter) ? column : text.All(char.IsAscii) ? $"lower({column} COLLATE \"C\")" : $"lower({column})";
        return $"{small} LIKE {parameter(Pattern)} ESCAPE '\\'";
    }
}
