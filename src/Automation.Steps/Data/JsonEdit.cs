using System.Text.Json;
using System.Text.Json.Nodes;

namespace Automation.Steps.Data;

/// <summary>The ways in which a stored document is changed in place.</summary>
internal static class JsonEdit
{
    /// <summary>JSON merge patch (RFC 7396): members are replaced, null removes, objects are merged.</summary>
    public static JsonNode? Merge(JsonNode? target, JsonNode? patch)
    {
        if (patch is not JsonObject members)
            return patch?.DeepClone();
        var result = target as JsonObject ?? [];
        foreach (var (name, value) in members)
        {
            if (value is null)
            {
                result.Remove(name);
                continue;
            }

            var present = result[name];
            result.Remove(name);
            result[name] = Merge(present, value);
        }

        return result;
    }

    /// <summary>Adds to the number at a path; what is missing counts as 0.</summary>
    /// <exception cref="DocumentException">Something else than a number is there.</exception>
    public static JsonNode Increment(JsonNode? document, string path, decimal by) => At(document, path, (present, field) =>
    {
        decimal now = 0;
        if (present is not null && (present.GetValueKind() != JsonValueKind.Number || !decimal.TryParse(present.ToJsonString(), System.Globalization.NumberStyles.Float, System.Globalization.CultureInfo.InvariantCulture, out now)))
            throw new DocumentException($"\"{field}\" is {Kind(present)}; only a number can be increased.");
        decimal sum;
        try
        {
            sum = now + by;
        }
        catch (OverflowException)
        {
            throw new DocumentException($"\"{field}\" would become larger than a number can be.");
        }

        return sum == decimal.Truncate(sum) && sum is >= long.MinValue and <= long.MaxValue ? JsonValue.Create((long)sum) : JsonValue.Create(sum);
    });

    /// <summary>Adds values at the end of the list at a path; what is missing counts as empty.</summary>
    /// <exception cref="DocumentException">Something else than a list is there.</exception>
    public static JsonNode Append(JsonNode? document, string path, IEnumerable<JsonNode?> values) => At(document, path, (present, field) =>
    {
        var list = present as JsonArray ?? (present is null ? [] : throw new DocumentException($"\"{field}\" is {Kind(present)}; only to a list can be appended."));
        foreach (var value in values)
            list.Add(value?.DeepClone());
        return list;
    });

    private static JsonObject At(JsonNode? document, string path, Func<JsonNode?, string, JsonNode> change)
    {
        var names = path.Split('.');
        if (names.Any(string.IsNullOrWhiteSpace))
            throw new DocumentException($"The field \"{path}\" is not valid. Give a name, or names with dots between them.");
        var root = document as JsonObject ?? (document is null ? [] : throw new DocumentException($"The document is {Kind(document)}; only an object has fields."));
        var owner = root;
        foreach (var name in names[..^1])
        {
            if (owner[name] is { } inner)
                owner = inner as JsonObject ?? throw new DocumentException($"\"{name}\" of \"{path}\" is {Kind(inner)}; only an object has fields.");
            else
            {
                var made = new JsonObject();
                owner[name] = made;
                owner = made;
            }
        }

        var present = owner[names[^1]];
        var changed = change(present, path);
        if (!ReferenceEquals(changed, present))
            owner[names[^1]] = changed;
        return root;
    }

    private static string Kind(JsonNode node) => node.GetValueKind() switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        JsonValueKind.String => "a text",
        JsonValueKind.Number => "a number",
        _ => "true or false",
    };
}
