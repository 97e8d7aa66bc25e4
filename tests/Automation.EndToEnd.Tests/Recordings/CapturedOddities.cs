using System.Text.Json.Nodes;

namespace Automation.EndToEnd.Tests.Recordings;

/// <summary>What of the recording is not held, and why.</summary>
internal static class CapturedOddities
{
    private static readonly HashSet<string> Left = new(StringComparer.Ordinal)
    {
        // What a flowchart keeps for itself, and .NET's traces of calls.
        "FlowScope", "stackTrace",
        // Names of .NET classes, which are not here.
        "clrType", "source", "data",
        // An output that cannot be stored says so there; ours is stored, or is not among the outputs.
        "isSerializable",
        // Absent is false.
        "HasRetryAttempts",
        // What a client or server of that day sent.
        "Date", "Transfer-Encoding", "Connection", "User-Agent", "Accept-Encoding",
        // The genuine one puts the id of the parent among the child's input; ours keeps it with the instance.
        "ParentInstanceId",
    };

    /// <summary>A recorded answer without what ours need not have.</summary>
    public static JsonNode? Without(string file, JsonNode? recorded) => recorded switch
    {
        // Lists and objects of an exported state are numbered, so that one may point to another.
        JsonObject wrapped when wrapped["$values"] is JsonArray values => Without(file, values),
        JsonObject members => new JsonObject(members.Where(m => !IsLeft(file, m.Key, m.Value, members)).Select(m => KeyValuePair.Create(m.Key, Without(file, m.Value)))),
        JsonArray list => new JsonArray([.. list.Select(i => Without(file, i))]),
        _ => recorded?.DeepClone(),
    };

    /// <summary>Compares what a workflow's endpoint answered.</summary>
    public static void Http(string file, string[] recorded, int status, HttpResponseMessage response, string text)
    {
        var expected = int.Parse(recorded[1].Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);
        var end = Array.IndexOf(recorded, "", 2);
        var body = string.Join('\n', recorded[(end + 1)..]).Trim();
        Assert.Equal(expected, status);
        foreach (var header in recorded[2..end].Where(h => h.StartsWith("X-", StringComparison.Ordinal) || h.StartsWith("Content-Type", StringComparison.Ordinal)))
        {
            var (name, value) = (header.Split(": ")[0], header.Split(": ")[1]);
            var ours = name == "Content-Type" ? response.Content.Headers.ContentType?.ToString() : string.Join(',', response.Headers.GetValues(name));
            Assert.Equal(value, ours);
        }

        if (status >= 400)
            Assert.True(body.Length == 0 || JsonNode.Parse(body)!.AsObject().All(m => JsonNode.Parse(text)![m.Key] is not null), text); // what is wrong, each says in its words
        else if (body.StartsWith('{'))
            Assert.Empty(Captures.Differences(JsonNode.Parse(body), JsonNode.Parse(text)));
        else if (!file.EndsWith("two-start.txt", StringComparison.Ordinal))
            Assert.Equal(body, text);
    }

    private static bool IsLeft(string file, string name, JsonNode? value, JsonObject around) =>
        Left.Contains(name)
        || name is "$id" or "_type"
        || (value is JsonValue && value.ToString() == "(not serializable)")
        // A class of exceptions has its short name here.
        || (name is "type" or "exception" && value is JsonValue && value.ToString().Contains("Exception", StringComparison.Ordinal))
        || (file.StartsWith("captures/descriptors/", StringComparison.Ordinal) && name == "Type")
        // How an input is labelled and edited is for people, and ours fit the input better.
        // The header that a download signs in with is kept secret here.
        || (name == "isSensitive" && value!.ToString() == "false")
        // Inside this text, ids of nodes leave out what is around them there.
        || (name == "nodeId" && file.EndsWith("workflow-definition-versions.json", StringComparison.Ordinal))
        || (name is "displayName" or "uiHint" or "uiSpecifications" && around.ContainsKey("typeName") && !around.ContainsKey("kind"))
        // A name of a .NET type where an alias exists.
        || (name == "typeName" && value!.ToString().StartsWith("System.Byte", StringComparison.Ordinal))
        // There a workflow that has waited has its variables in its own execution, too; here they are in its state alone.
        || (name == "properties" && around["activityType"]?.ToString() == "Elsa.Workflow");
}
