using System.Text.Json;
using System.Text.Json.Nodes;

namespace Automation.Workflows.Definitions;

/// <summary>Reads declared variables, inputs and outputs from their JSON.</summary>
internal static class DeclarationReader
{
    public static IReadOnlyList<VariableDefinition> Variables(JsonNode? node)
    {
        if (Unwrap(node) is not { Count: > 0 } list)
            return [];
        var result = new List<VariableDefinition>(list.Count);
        foreach (var item in list)
        {
            if (item is not JsonObject o)
                continue;
            var name = Text(o, "name") ?? "";
            result.Add(new VariableDefinition(
                Text(o, "id") ?? name,
                name,
                DataType.Find(Text(o, "typeName"), Flag(o, "isArray")),
                Element(o["value"]),
                Storage(Text(o, "storageDriverTypeName"))));
        }

        return result;
    }

    public static IReadOnlyList<InputDefinition> Inputs(JsonNode? node)
    {
        if (Unwrap(node) is not { Count: > 0 } list)
            return [];
        var result = new List<InputDefinition>(list.Count);
        foreach (var item in list)
        {
            if (item is not JsonObject o || Text(o, "name") is not { Length: > 0 } name)
                continue;
            result.Add(new InputDefinition(
                name,
                DataType.Find(Text(o, "type"), Flag(o, "isArray") || Flag(o, "isCollection")),
                Element(o["defaultValue"]),
                Flag(o, "isRequired"),
                Storage(Text(o, "storageDriverType")))
            { Json = Element(o)!.Value });
        }

        return result;
    }

    public static IReadOnlyList<OutputDefinition> Outputs(JsonNode? node)
    {
        if (Unwrap(node) is not { Count: > 0 } list)
            return [];
        var result = new List<OutputDefinition>(list.Count);
        foreach (var item in list)
        {
            if (item is JsonObject o && Text(o, "name") is { Length: > 0 } name)
                result.Add(new OutputDefinition(name, DataType.Find(Text(o, "type"), Flag(o, "isArray") || Flag(o, "isCollection"))) { Json = Element(o)!.Value });
        }

        return result;
    }

    /// <summary>A list as written, or inside Newtonsoft's <c>$values</c> as old exports have it.</summary>
    public static JsonArray? Unwrap(JsonNode? node) => node switch
    {
        JsonArray list => list,
        JsonObject o when o["$values"] is JsonArray list => list,
        _ => null,
    };

    public static string? Text(JsonObject o, string name) => o[name] is JsonValue v && v.TryGetValue(out string? s) ? s : null;

    public static bool Flag(JsonObject o, string name) => o[name] is JsonValue v && v.TryGetValue(out bool b) && b;

    public static JsonElement? Element(JsonNode? node) =>
        node is null ? null : JsonSerializer.SerializeToElement(node, JsonValues.Context.JsonNode);

    /// <summary>Storage drivers are told apart by class name, because their namespaces have varied.</summary>
    private static VariableStorage Storage(string? driver) =>
        driver is null || driver.Contains("MemoryStorageDriver", StringComparison.OrdinalIgnoreCase) || driver.Length == 0
            ? VariableStorage.Memory
            : VariableStorage.Instance;
}
