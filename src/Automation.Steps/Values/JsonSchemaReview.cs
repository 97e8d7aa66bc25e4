using System.Text.Json;
using System.Text.RegularExpressions;

namespace Automation.Steps.Values;

/// <summary>Looks over a JSON schema before it is kept, so that whoever wrote it hears of a mistake, and not whoever is checked by it.</summary>
internal static class JsonSchemaReview
{
    private const int MaxDepth = 64;
    private static readonly string[] Types = ["object", "array", "string", "number", "integer", "boolean", "null"];

    /// <summary>What is wrong with it, with the place; null where nothing is.</summary>
    public static string? WhyNotValid(JsonElement schema)
    {
        try
        {
            Look(schema, "$", schema, 0);
            return null;
        }
        catch (FormatException e)
        {
            return e.Message;
        }
    }

    private static void Look(JsonElement schema, string path, JsonElement root, int depth)
    {
        if (depth > MaxDepth)
            throw new FormatException($"The schema goes deeper than {MaxDepth} levels.");
        if (schema.ValueKind is JsonValueKind.True or JsonValueKind.False)
            return;
        if (schema.ValueKind != JsonValueKind.Object)
            throw new FormatException($"The schema at {path} is neither an object nor true or false.");
        foreach (var keyword in schema.EnumerateObject())
            Look(keyword.Name, keyword.Value, $"{path}.{keyword.Name}", root, depth + 1);
    }

    private static void Look(string keyword, JsonElement value, string path, JsonElement root, int depth)
    {
        switch (keyword)
        {
            case "type":
                foreach (var type in value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray()] : new[] { value })
                {
                    if (type.ValueKind != JsonValueKind.String || !Types.Contains(type.GetString()))
                        throw new FormatException($"The schema at {path} is {type.GetRawText()}; there are {string.Join(", ", Types)}.");
                }

                break;
            case "properties" or "patternProperties" or "$defs" or "definitions":
                Require(value, JsonValueKind.Object, path);
                foreach (var member in value.EnumerateObject())
                {
                    if (keyword == "patternProperties")
                        CheckPattern(member.Name, path);
                    Look(member.Value, $"{path}.{member.Name}", root, depth);
                }

                break;
            case "items" or "additionalProperties" or "contains" or "not" or "if" or "then" or "else":
                Look(value, path, root, depth);
                break;
            case "allOf" or "anyOf" or "oneOf" or "prefixItems":
                Require(value, JsonValueKind.Array, path);
                foreach (var part in value.EnumerateArray())
                    Look(part, path, root, depth);
                break;
            case "required":
                Require(value, JsonValueKind.Array, path);
                foreach (var name in value.EnumerateArray())
                    Require(name, JsonValueKind.String, path);
                break;
            case "enum":
                Require(value, JsonValueKind.Array, path);
                break;
            case "minimum" or "maximum" or "exclusiveMinimum" or "exclusiveMaximum" or "multipleOf" or "minLength" or "maxLength" or "minItems" or "maxItems" or "minProperties" or "maxProperties":
                Require(value, JsonValueKind.Number, path);
                break;
            case "pattern":
                Require(value, JsonValueKind.String, path);
                CheckPattern(value.GetString()!, path);
                break;
            case "format":
                Require(value, JsonValueKind.String, path);
                break;
            case "$ref":
                Require(value, JsonValueKind.String, path);
                _ = JsonSchemaCheck.Resolve(root, value.GetString()!);
                break;
        }
    }

    private static void Require(JsonElement value, JsonValueKind kind, string path)
    {
        if (value.ValueKind != kind)
            throw new FormatException($"The schema at {path} is {value.GetRawText()}; it must be {(kind is JsonValueKind.Array or JsonValueKind.Object ? "an" : "a")} {kind.ToString().ToLowerInvariant()}.");
    }

    private static void CheckPattern(string pattern, string path)
    {
        try
        {
            _ = Regex.IsMatch("", pattern, RegexOptions.ECMAScript, TimeSpan.FromMilliseconds(250));
        }
        catch (RegexParseException e)
        {
            throw new FormatException($"The schema at {path} has the pattern \"{pattern}\", which is not valid: {e.Message}", e);
        }
    }
}
