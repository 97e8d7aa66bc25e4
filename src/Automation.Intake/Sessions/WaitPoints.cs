using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Automation.Intake.Mapping;
using Automation.Intake.Triggers;
using Automation.Workflows.Graph;

namespace Automation.Intake.Sessions;

/// <summary>A place of a definition at which an instance may come to wait for an event.</summary>
/// <param name="Source">Pattern of the source; null where it is computed, so that it may be any.</param>
/// <param name="Type">Pattern of the event type; null where it is computed.</param>
/// <param name="Filter">JavaScript that must be true for the event; null for none, or where it is computed.</param>
/// <param name="IsByName">Whether it waits by the event's type, as Elsa's Event does, and not by the correlation key.</param>
internal sealed record WaitPoint(string? Source, string? Type, string? Filter, bool IsByName = false)
{
    /// <summary>Whether events of this source and type are waited for, the filter apart.</summary>
    public bool Names(string source, string type) => Pattern.Matches(Source ?? "*", source) && Pattern.Matches(Type ?? "*", type);
}

/// <summary>The places of a definition at which its instances wait for events, the one that starts it apart.</summary>
internal static class WaitPoints
{
    private static readonly ConditionalWeakTable<CompiledWorkflow, IReadOnlyList<WaitPoint>> Known = [];

    public static IReadOnlyList<WaitPoint> Of(CompiledWorkflow workflow) =>
        Known.GetValue(workflow, static w => [.. w.Activities.Where(a => !a.CanStartWorkflow).Select(a => Point(a.Type, a.Json)).OfType<WaitPoint>()]);

    /// <summary>The places in a definition's JSON, those that start it included.</summary>
    public static IEnumerable<WaitPoint> In(JsonNode? json)
    {
        if (json is JsonObject activity && activity["type"] is JsonValue name && name.TryGetValue(out string? type) && Point(type, activity) is { } point)
            yield return point;
        var children = json switch
        {
            JsonObject members => members.Select(m => m.Value),
            JsonArray items => items,
            _ => [],
        };
        foreach (var found in children.SelectMany(In))
            yield return found;
    }

    private static WaitPoint? Point(string activityType, JsonObject json)
    {
        if (activityType is WaitForEvent.Type or EventReceived.TypeName)
            return new WaitPoint(Literal(json["source"], "*"), Literal(json["eventType"], "*"), Filter(activityType, json));
        if (EventActivities.Parse(activityType) is var (source, type))
            return new WaitPoint(source, type, Filter(activityType, json));
        return activityType == "Elsa.Event" ? new WaitPoint("*", Literal(json["eventName"], ""), null, IsByName: true) : null;
    }

    /// <summary>"Event received" takes its filter as it stands, although it is written as an expression.</summary>
    private static string? Filter(string activityType, JsonObject json) =>
        Literal(json["filter"], "", anySyntax: activityType != WaitForEvent.Type) is { Length: > 0 } filter ? filter : null;

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
