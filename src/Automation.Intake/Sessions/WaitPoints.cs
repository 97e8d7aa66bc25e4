using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Automation.Intake.Triggers;
using Automation.Workflows.Graph;

namespace Automation.Intake.Sessions;

/// <summary>A place of a definition at which an instance may come to wait for an event.</summary>
/// <param name="Source">Pattern of the source; null where it is computed, so that it may be any.</param>
/// <param name="Type">Pattern of the event type; null where it is computed.</param>
/// <param name="Filter">JavaScript that must be true for the event; null for none, or where it is computed.</param>
internal sealed record WaitPoint(string? Source, string? Type, string? Filter);

/// <summary>The places of a definition at which its instances wait for events, the one that starts it apart.</summary>
internal static class WaitPoints
{
    private static readonly ConditionalWeakTable<CompiledWorkflow, IReadOnlyList<WaitPoint>> Known = [];

    public static IReadOnlyList<WaitPoint> Of(CompiledWorkflow workflow) =>
        Known.GetValue(workflow, static w => [.. w.Activities.Where(a => !a.CanStartWorkflow).Select(Point).OfType<WaitPoint>()]);

    private static WaitPoint? Point(CompiledActivity activity)
    {
        if (activity.Type is WaitForEvent.Type or EventReceived.TypeName)
            return new WaitPoint(Literal(activity.Json["source"], "*"), Literal(activity.Json["eventType"], "*"), Filter(activity));
        if (EventActivities.Parse(activity.Type) is var (source, type))
            return new WaitPoint(source, type, Filter(activity));
        return activity.Type == "Elsa.Event" ? new WaitPoint("*", Literal(activity.Json["eventName"], ""), null) : null;
    }

    /// <summary>"Event received" takes its filter as it stands, although it is written as an expression.</summary>
    private static string? Filter(CompiledActivity activity) =>
        Literal(activity.Json["filter"], "", anySyntax: activity.Type != WaitForEvent.Type) is { Length: > 0 } filter ? filter : null;

    /// <summary>The value of an input where the definition says it; null where it is computed.</summary>
    private static string? Literal(JsonNode? input, string absent, bool anySyntax = false)
    {
        switch (input)
        {
            case null:
                return absent;
            case JsonValue value when value.TryGetValue(out string? text):
                return text.Length == 0 ? absent : text;
            case JsonObject { } wrapper when wrapper["expression"] is JsonObject expression:
                if (!anySyntax && expression["type"]?.GetValue<string>() is not (null or "Literal"))
                    return null;
                return expression["value"] is JsonValue literal && literal.TryGetValue(out string? given) && given.Length > 0 ? given : absent;
            default:
                return null;
        }
    }
}
