using System.Text.Json.Nodes;

namespace Automation.Workflows.Tests.Runtime.Support;

/// <summary>JSON of activities.</summary>
public static class Json
{
    public static string Sequence(params IEnumerable<string> activities) =>
        Text(Activity("Elsa.Sequence", "Sequence1", ("activities", new JsonArray([.. activities.Select(a => JsonNode.Parse(a))]))));

    public static string WriteLine(string id, string text) => Text(Activity("Elsa.WriteLine", id, ("text", Literal("String", text))));

    public static string Delay(string id, string span) => Text(Activity("Elsa.Delay", id, ("timeSpan", Literal("TimeSpan", span))));

    public static string Fault(string id, string message) => Text(Activity("Elsa.Fault", id, ("message", Literal("String", message))));

    public static string Event(string id, string name, bool starts = false, string? result = null)
    {
        var activity = Activity("Elsa.Event", id, ("eventName", Literal("String", name)), ("customProperties", new JsonObject { ["canStartWorkflow"] = starts }));
        if (result is not null)
            activity["result"] = new JsonObject { ["typeName"] = "Object", ["memoryReference"] = new JsonObject { ["id"] = result } };
        return Text(activity);
    }

    public static JsonObject Activity(string type, string id, params (string Name, JsonNode Value)[] members)
    {
        var activity = new JsonObject { ["type"] = type, ["id"] = id, ["version"] = 1 };
        foreach (var (name, value) in members)
            activity[name] = value;
        return activity;
    }

    public static JsonObject Literal(string type, JsonNode value) => Expression(type, "Literal", value);

    public static JsonObject Expression(string type, string syntax, JsonNode value) =>
        new() { ["typeName"] = type, ["expression"] = new JsonObject { ["type"] = syntax, ["value"] = value } };

    public static string Text(JsonObject activity) => activity.ToJsonString();
}
