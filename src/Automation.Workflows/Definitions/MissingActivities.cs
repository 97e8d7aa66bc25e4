using System.Text.Json.Nodes;

namespace Automation.Workflows.Definitions;

/// <summary>
/// Activities of unknown types are stored as they came. A designer must be shown placeholders instead, because it cannot draw a type
/// that it has no descriptor for; what it saves is turned back.
/// </summary>
public static class MissingActivities
{
    private const string Placeholder = "Elsa.NotFoundActivity";

    /// <summary>Replaces activities of unknown types by <c>Elsa.NotFoundActivity</c>, which carry the original as text.</summary>
    /// <param name="definition">The definition as stored; not changed.</param>
    /// <param name="isKnown">Whether an activity type exists, workflows used as activities included.</param>
    /// <returns>A copy to show, or the same definition if nothing is missing.</returns>
    public static WorkflowDefinition ToPlaceholders(WorkflowDefinition definition, Func<string, bool> isKnown)
    {
        ArgumentNullException.ThrowIfNull(definition);
        ArgumentNullException.ThrowIfNull(isKnown);
        if (ActivityTree.Walk(definition.Root).All(a => isKnown(a.Type!)))
            return definition;
        var copy = definition.Clone();
        foreach (var element in ActivityTree.Walk(copy.Root).Where(a => !isKnown(a.Type!)).ToArray())
            Replace(element.Json, ToPlaceholder(element));
        return copy;
    }

    /// <summary>Turns placeholders back into the activities that they stand for, keeping what the designer may have changed: position and text.</summary>
    /// <param name="definition">The definition as a designer saved it; changed in place.</param>
    public static void FromPlaceholders(WorkflowDefinition definition)
    {
        ArgumentNullException.ThrowIfNull(definition);
        foreach (var element in ActivityTree.Walk(definition.Root).Where(a => string.Equals(a.Type, Placeholder, StringComparison.Ordinal)).ToArray())
        {
            if (DeclarationReader.Text(element.Json, "originalActivityJson") is not { } text || Parse(text) is not { } original)
                continue;
            if (element.Json["metadata"] is { } metadata)
                original["metadata"] = metadata.DeepClone();
            if (element.Json["nodeId"] is { } nodeId)
                original["nodeId"] = nodeId.DeepClone();
            Replace(element.Json, original);
        }
    }

    private static JsonObject ToPlaceholder(ActivityElement element)
    {
        var json = element.Json;
        var placeholder = new JsonObject();
        foreach (var name in (ReadOnlySpan<string>)["id", "nodeId", "name", "metadata", "customProperties"])
        {
            if (json.TryGetPropertyValue(name, out var value))
                placeholder[name] = value?.DeepClone();
        }

        placeholder["type"] = Placeholder;
        placeholder["version"] = 1;
        placeholder["missingTypeName"] = element.Type;
        placeholder["missingTypeVersion"] = json["version"]?.DeepClone() ?? 0;
        placeholder["originalActivityJson"] = json.ToJsonString();
        return placeholder;
    }

    /// <summary>Gives an object the members of another; its place in the document stays.</summary>
    private static void Replace(JsonObject target, JsonObject content)
    {
        target.Clear();
        foreach (var (name, value) in content.ToArray())
        {
            content.Remove(name);
            target[name] = value;
        }
    }

    private static JsonObject? Parse(string text)
    {
        try
        {
            return JsonNode.Parse(text) as JsonObject;
        }
        catch (System.Text.Json.JsonException)
        {
            return null;
        }
    }
}
