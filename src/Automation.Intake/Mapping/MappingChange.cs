using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Automation.Intake.Mapping;

/// <summary>What a version of the mapping rules changed.</summary>
public sealed record MappingChange
{
    private static readonly JsonDocumentOptions Lenient = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true, AllowDuplicateProperties = false };

    /// <summary>The version, 1 for the first one.</summary>
    public required long Version { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>Where it came from.</summary>
    public required MappingOrigin Origin { get; init; }

    /// <summary>Who made it; null for the file.</summary>
    public required string? By { get; init; }

    /// <summary>What whoever made it wrote to it.</summary>
    public required string? Note { get; init; }

    /// <summary>How many rules it has.</summary>
    public required int Rules { get; init; }

    /// <summary>The rules that differ from the version before.</summary>
    public required IReadOnlyList<RuleChange> Changes { get; init; }

    /// <summary>Whether rules that both versions have stand in another order.</summary>
    public required bool Reordered { get; init; }

    internal static MappingChange Between(MappingVersion? before, MappingVersion after)
    {
        var (old, now) = (RulesOf(before?.Content ?? []), RulesOf(after.Content));
        var changes = new List<RuleChange>();
        foreach (var (id, rule) in now)
        {
            var was = old.FirstOrDefault(o => o.Id == id).Rule;
            if (!JsonNode.DeepEquals(was, rule))
                changes.Add(new RuleChange(id, was, rule));
        }

        changes.AddRange(old.Where(o => !now.Exists(n => n.Id == o.Id)).Select(o => new RuleChange(o.Id, o.Rule, null)));
        var common = now.Select(n => n.Id).Where(id => old.Exists(o => o.Id == id));
        return new MappingChange
        {
            Version = after.Number,
            At = after.At,
            Origin = after.Origin,
            By = after.By,
            Note = after.Note,
            Rules = now.Count,
            Changes = changes,
            Reordered = !common.SequenceEqual(old.Select(o => o.Id).Where(id => now.Exists(n => n.Id == id)), StringComparer.Ordinal),
        };
    }

    /// <summary>The rules of a file with the ids that they go by. Versions were checked before they were kept; of one that is not a file, there are none.</summary>
    private static List<(string Id, JsonObject Rule)> RulesOf(byte[] content)
    {
        try
        {
            var rules = content.Length == 0 ? null : (JsonNode.Parse(Identification.PayloadReader.WithoutMark(content), documentOptions: Lenient) as JsonObject)?["rules"] as JsonArray;
            return rules is null ? [] : [.. rules.OfType<JsonObject>().Select(r => (IdOf(r), r))];
        }
        catch (JsonException)
        {
            return [];
        }
    }

    /// <summary>The id that a rule goes by: its own, or the one that is made where it has none.</summary>
    public static string IdOf(JsonObject rule)
    {
        ArgumentNullException.ThrowIfNull(rule);
        string Text(string name, string otherwise) => rule[name] is JsonValue value && value.TryGetValue<string>(out var text) && text.Length > 0 ? text : otherwise;
        return Text("id", string.Create(CultureInfo.InvariantCulture, $"{Text("source", "*")}:{Text("type", "*")}→{Text("workflow", "")}"));
    }
}

/// <summary>What became of a rule.</summary>
/// <param name="RuleId">The rule.</param>
/// <param name="Before">As it was; null for a new one.</param>
/// <param name="After">As it is; null for one that was taken out.</param>
public sealed record RuleChange(string RuleId, JsonObject? Before, JsonObject? After)
{
    /// <summary>In a word or two, for people.</summary>
    public string What => (Before, After) switch
    {
        (null, _) => "added",
        (_, null) => "removed",
        var (before, after) when SameButEnabled(before, after) => IsOn(after) ? "switched on" : "switched off",
        _ => "changed",
    };

    private static bool SameButEnabled(JsonObject before, JsonObject after)
    {
        if (IsOn(before) == IsOn(after))
            return false;
        var (b, a) = (before.DeepClone().AsObject(), after.DeepClone().AsObject());
        b.Remove("enabled");
        a.Remove("enabled");
        return JsonNode.DeepEquals(b, a);
    }

    private static bool IsOn(JsonObject rule) => rule["enabled"] is not JsonValue value || !value.TryGetValue<bool>(out var on) || on;
}

/// <summary>Part of the history.</summary>
/// <param name="Items">The changes, latest first.</param>
/// <param name="Next">Pass as <c>before</c> to get what follows; null at the end.</param>
public sealed record MappingChanges(IReadOnlyList<MappingChange> Items, long? Next);
