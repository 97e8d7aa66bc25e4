using System.Text;
using Automation.Intake.Events;
using Automation.Intake.Sources;
using Automation.Workflows.Activities;

namespace Automation.Intake.Triggers;

/// <summary>
/// One activity for each event type that a configured source is known to send. The type name says both, as in
/// <c>Automation.Event:flyflow:call_ended</c>, so that a definition works wherever that source is.
/// </summary>
internal sealed class EventActivities(SourceCatalog sources)
{
    public const string Prefix = "Automation.Event:";

    public ActivityFamily Family => new(Prefix, Describe, () => sources.All.SelectMany(s => s.EventTypes.Select(t => $"{Prefix}{s.Slug}:{t}")));

    /// <summary>Source and event type of an activity type; null where it is not one of these.</summary>
    public static (string Source, string Type)? Parse(string activityType)
    {
        if (!activityType.StartsWith(Prefix, StringComparison.Ordinal))
            return null;
        var rest = activityType.AsSpan(Prefix.Length);
        var colon = rest.IndexOf(':');
        return colon > 0 && colon < rest.Length - 1 ? (rest[..colon].ToString(), rest[(colon + 1)..].ToString()) : null;
    }

    /// <summary>The configured sources to choose from.</summary>
    public static IReadOnlyList<Choice> Sources(SourceCatalog sources) =>
        [new Choice("Any source", "*"), .. sources.All.Select(s => new Choice(s.Slug == s.Preset ? s.Title : $"{s.Title} ({s.Slug})", s.Slug))];

    /// <summary>The event types to choose from: those that senders are known to send, and those that came of late.</summary>
    public static async ValueTask<IReadOnlyList<Choice>> TypesAsync(SourceCatalog sources, EventQueries events, CancellationToken cancellationToken)
    {
        var types = sources.All.SelectMany(s => s.EventTypes).Concat(await events.RecentTypesAsync(cancellationToken)).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
        var families = types.Where(t => t.IndexOf('.', StringComparison.Ordinal) > 0).Select(t => t[..t.IndexOf('.', StringComparison.Ordinal)] + ".*").Distinct(StringComparer.Ordinal);
        return [new Choice("Any type", "*"), .. types.Concat(families).Order(StringComparer.Ordinal).Select(t => new Choice(t, t))];
    }

    private ActivityDescriptor? Describe(string activityType, ActivityDescriptor general)
    {
        if (Parse(activityType) is not var (slug, type))
            return null;
        var source = sources.Find(slug);
        return general with
        {
            Name = Pascal(type),
            Category = source is null ? slug : source.Preset.Name == slug ? source.Preset.Title : $"{source.Preset.Title} ({slug})",
            DisplayName = type,
            Description = $"Starts the workflow when {source?.Preset.Title ?? slug} sends {type}.",
            Inputs = [.. general.Inputs.Select(i => i with { IsBrowsable = i.Name == nameof(EventReceived.Filter) })],
        };
    }

    /// <summary>What nodes are called, so that expressions can name them: <c>call_ended</c> gives <c>CallEnded</c>.</summary>
    private static string Pascal(string type)
    {
        var name = new StringBuilder(type.Length);
        var upper = true;
        foreach (var c in type)
        {
            if (!char.IsLetterOrDigit(c))
            {
                upper = true;
                continue;
            }

            name.Append(upper ? char.ToUpperInvariant(c) : c);
            upper = false;
        }

        if (name.Length == 0 || char.IsDigit(name[0]))
            name.Insert(0, "Event");
        return name.ToString();
    }
}
