using System.Text.Json;
using System.Text.Json.Nodes;

namespace Automation.EndToEnd.Tests.Replies;

/// <summary>Small workflows and rules, written into a server's folder.</summary>
internal static class ReplyWorkflows
{
    /// <summary>A literal input.</summary>
    public static JsonObject Text(string value) => Input("Literal", value);

    /// <summary>A computed input.</summary>
    public static JsonObject Script(string value) => Input("JavaScript", value);

    /// <summary>An output bound to the workflow's variable <c>Seen</c>.</summary>
    public static JsonObject Seen() => new() { ["typeName"] = "Object", ["memoryReference"] = new JsonObject { ["id"] = "var-seen" } };

    public static JsonObject Activity(string id, string type, params (string Name, JsonNode Value)[] properties)
    {
        var activity = new JsonObject { ["id"] = id, ["nodeId"] = "Workflow1:Sequence1:" + id, ["name"] = id, ["type"] = type, ["version"] = 1, ["customProperties"] = new JsonObject(), ["metadata"] = new JsonObject() };
        foreach (var (name, value) in properties)
            activity[name] = value;
        return activity;
    }

    /// <summary>Publishes a sequence by writing its file; it is in force when the server has looked.</summary>
    public static void Write(string directory, string id, params JsonObject[] activities) =>
        File.WriteAllText(Path.Combine(directory, id + ".json"), Definition(id, Sequence(activities)).ToJsonString());

    /// <summary>The same, repeated without end.</summary>
    public static void WriteLoop(string directory, string id, JsonObject[] first, JsonObject[] again)
    {
        var loop = Activity("Loop1", "Elsa.While", ("condition", Script("true")), ("body", Sequence(again)));
        File.WriteAllText(Path.Combine(directory, id + ".json"), Definition(id, Sequence([.. first, loop])).ToJsonString());
    }

    public static void WriteRules(string directory, params object[] rules) =>
        File.WriteAllText(Path.Combine(directory, "mappings.json"), JsonSerializer.Serialize(new { rules }));

    private static JsonObject Definition(string id, JsonObject root) => new()
    {
        ["definitionId"] = id,
        ["name"] = id,
        ["version"] = 1,
        ["isLatest"] = true,
        ["isPublished"] = true,
        ["variables"] = new JsonArray(new JsonObject { ["id"] = "var-seen", ["name"] = "Seen", ["typeName"] = "Object", ["isArray"] = false, ["storageDriverTypeName"] = "Elsa.Workflows.WorkflowInstanceStorageDriver, Elsa.Workflows.Core" }),
        ["root"] = root,
    };

    private static JsonObject Sequence(JsonObject[] activities)
    {
        var id = "Sequence" + activities[0]["id"]!.GetValue<string>();
        return new JsonObject { ["id"] = id, ["name"] = id, ["type"] = "Elsa.Sequence", ["version"] = 1, ["customProperties"] = new JsonObject(), ["metadata"] = new JsonObject(), ["activities"] = new JsonArray([.. activities]) };
    }

    private static JsonObject Input(string syntax, string value) => new() { ["typeName"] = "Object", ["expression"] = new JsonObject { ["type"] = syntax, ["value"] = value } };
}
