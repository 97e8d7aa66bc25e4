using System.Text.Json;
using System.Text.Json.Nodes;

namespace Automation.Workflows.Definitions;

/// <summary>Checks that the members of a definition have JSON types that can be read, before anything else looks at them.</summary>
internal static class DefinitionShape
{
    public static List<DefinitionProblem> Check(JsonObject json)
    {
        var problems = new List<DefinitionProblem>();
        foreach (var name in (ReadOnlySpan<string>)["id", "definitionId", "name", "description", "toolVersion"])
            Expect(json, name, null, JsonValueKind.String);
        foreach (var name in (ReadOnlySpan<string>)["isLatest", "isPublished", "isReadonly", "isSystem", "usableAsActivity"])
            Expect(json, name, null, JsonValueKind.True, JsonValueKind.False);
        Expect(json, "version", null, JsonValueKind.Number);
        foreach (var name in (ReadOnlySpan<string>)["root", "options", "customProperties"])
            Expect(json, name, null, JsonValueKind.Object);
        foreach (var name in (ReadOnlySpan<string>)["variables", "inputs", "outputs", "outcomes"])
        {
            if (!Expect(json, name, null, JsonValueKind.Array) || json[name] is not JsonArray list)
                continue;
            for (var i = 0; i < list.Count; i++)
                Declaration(list[i], $"{name}[{i}]", name);
        }

        return problems;

        void Declaration(JsonNode? node, string path, string list)
        {
            if (string.Equals(list, "outcomes", StringComparison.Ordinal))
            {
                if (node?.GetValueKind() != JsonValueKind.String)
                    problems.Add(Problem(path, $"must be text, but is {Describe(node)}."));
                return;
            }

            if (node is not JsonObject o)
            {
                problems.Add(Problem(path, $"must be an object, but is {Describe(node)}."));
                return;
            }

            Expect(o, "name", path, JsonValueKind.String);
            Expect(o, "id", path, JsonValueKind.String);
            Expect(o, "isArray", path, JsonValueKind.True, JsonValueKind.False);
            Expect(o, string.Equals(list, "variables", StringComparison.Ordinal) ? "typeName" : "type", path, JsonValueKind.String);
            if (string.Equals(list, "variables", StringComparison.Ordinal) && o["id"] is null)
                problems.Add(Problem(path + ".id", $"is missing{(o["name"] is { } n ? $" (variable '{n}')" : "")}; activities refer to variables by id.") with { IsServerErrorInElsa = HasUnknownType(json) });
        }

        bool Expect(JsonObject o, string name, string? path, params ReadOnlySpan<JsonValueKind> kinds)
        {
            var node = o[name];
            if (node is null)
                return true;
            var kind = node.GetValueKind();
            if (kinds.Contains(kind))
                return true;
            var wanted = kinds[0] == JsonValueKind.True ? "true or false" : Describe(kinds[0]);
            problems.Add(Problem(path is null ? name : $"{path}.{name}", $"must be {wanted}, but is {Describe(node)}."));
            return false;
        }
    }

    internal static string Describe(JsonNode? node) => Describe(node?.GetValueKind() ?? JsonValueKind.Null);

    internal static string Describe(JsonValueKind kind) => kind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        JsonValueKind.String => "text",
        JsonValueKind.Number => "a number",
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        _ => "null",
    };

    private static bool HasUnknownType(JsonObject json) => json["variables"] is JsonArray variables
        && variables.OfType<JsonObject>().Any(v => DeclarationReader.Text(v, "typeName") is { Length: > 0 } type && !DataType.IsKnown(type));

    private static DefinitionProblem Problem(string property, string reason) => new(ProblemSeverity.Error, null, null, property, reason);
}
