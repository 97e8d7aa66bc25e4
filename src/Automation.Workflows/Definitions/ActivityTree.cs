using System.Text.Json;
using System.Text.Json.Nodes;

namespace Automation.Workflows.Definitions;

/// <summary>One activity's JSON and where it stands.</summary>
/// <param name="Json">The activity object.</param>
/// <param name="Parent">The activity around it; null for the root.</param>
/// <param name="Port">The property of the parent that holds it, such as <c>activities</c>, <c>then</c> or <c>cases</c>.</param>
internal sealed record ActivityElement(JsonObject Json, ActivityElement? Parent, string Port)
{
    public string? Id => DeclarationReader.Text(Json, "id");

    public string? Type => DeclarationReader.Text(Json, "type");

    public string? Name => DeclarationReader.Text(Json, "name");

    /// <summary>Position inside the holding list, for entries such as cases and branches; -1 where the port holds one activity.</summary>
    public int Index { get; init; } = -1;
}

/// <summary>Finds the activities in a definition's JSON, whatever their types.</summary>
internal static class ActivityTree
{
    /// <summary>Members that never hold activities.</summary>
    private static readonly HashSet<string> Data = new(StringComparer.Ordinal)
    {
        "customProperties", "metadata", "connections", "variables", "expression", "originalActivityJson",
    };

    /// <summary>The id of the implicit activity around the root.</summary>
    public const string WorkflowId = "Workflow1";

    /// <summary>The root and everything below it in document order: parents before their children.</summary>
    public static IEnumerable<ActivityElement> Walk(JsonObject? root)
    {
        if (root is null)
            yield break;
        var stack = new Stack<ActivityElement>();
        stack.Push(new ActivityElement(root, null, "root"));
        while (stack.TryPop(out var element))
        {
            yield return element;
            var children = Children(element);
            for (var i = children.Count - 1; i >= 0; i--)
                stack.Push(children[i]);
        }
    }

    /// <summary>The activities directly inside <paramref name="parent"/>, in document order.</summary>
    public static List<ActivityElement> Children(ActivityElement parent)
    {
        var result = new List<ActivityElement>();
        foreach (var (name, value) in parent.Json)
        {
            if (!Data.Contains(name))
                Collect(name, value, -1);
        }

        return result;

        void Collect(string port, JsonNode? node, int index)
        {
            switch (node)
            {
                case JsonObject o when IsActivity(o):
                    result.Add(new ActivityElement(o, parent, port) { Index = index });
                    break;
                case JsonObject o when o["$values"] is JsonArray list:
                    Collect(port, list, index);
                    break;
                case JsonObject o when index >= 0:
                    // An entry of a list, such as a case with its activity or a transition with its trigger.
                    foreach (var (name, value) in o)
                    {
                        if (!Data.Contains(name) && value is JsonObject inner && IsActivity(inner))
                            result.Add(new ActivityElement(inner, parent, $"{port}.{name}") { Index = index });
                    }

                    break;
                case JsonArray list:
                    for (var i = 0; i < list.Count; i++)
                    {
                        if (list[i] is JsonObject)
                            Collect(port, list[i], i);
                    }

                    break;
            }
        }
    }

    /// <summary>An activity names its type and has an id; expressions, variables and declarations lack one of the two.</summary>
    public static bool IsActivity(JsonObject o) =>
        o["type"] is JsonValue type && type.GetValueKind() == JsonValueKind.String
        && (o["id"] is JsonValue id && id.GetValueKind() == JsonValueKind.String || o.ContainsKey("nodeId"));

    public static void UpdateNodeIds(WorkflowDefinition definition)
    {
        var ids = new Dictionary<JsonObject, string>(ReferenceEqualityComparer.Instance);
        foreach (var element in Walk(definition.Root))
        {
            var parent = element.Parent is null ? WorkflowId : ids[element.Parent.Json];
            var nodeId = $"{parent}:{element.Id}";
            ids.Add(element.Json, nodeId);
            element.Json["nodeId"] = nodeId;
        }
    }
}
