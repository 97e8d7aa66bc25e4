using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Automation.Steps.Values;

/// <summary>
/// Checks a document against a JSON schema: the keywords of draft 2020-12 that describe data, with references inside the
/// schema. No library for it restores. Keywords that are not known are ignored, as the specification says.
/// </summary>
internal static class JsonSchemaCheck
{
    private const int MaxDepth = 64;
    private const int MaxProblems = 20;

    /// <summary>What does not fit, each with the place; empty where everything does.</summary>
    /// <exception cref="FormatException">The schema itself is not valid.</exception>
    public static IReadOnlyList<string> Check(JsonElement schema, JsonElement value)
    {
        var problems = new List<string>();
        Check(schema, value, "$", schema, problems, 0);
        return problems;
    }

    private static bool Fits(JsonElement schema, JsonElement value, string path, JsonElement root, int depth)
    {
        var problems = new List<string>();
        Check(schema, value, path, root, problems, depth);
        return problems.Count == 0;
    }

    private static void Check(JsonElement schema, JsonElement value, string path, JsonElement root, List<string> problems, int depth)
    {
        if (problems.Count >= MaxProblems)
            return;
        if (depth > MaxDepth)
            throw new FormatException($"The schema goes deeper than {MaxDepth} levels at {path}, or refers to itself without end.");
        switch (schema.ValueKind)
        {
            case JsonValueKind.True:
                return;
            case JsonValueKind.False:
                problems.Add($"{path} is not allowed");
                return;
            case not JsonValueKind.Object:
                throw new FormatException($"The schema for {path} is neither an object nor true or false.");
        }

        foreach (var keyword in schema.EnumerateObject())
        {
            var k = keyword.Value;
            switch (keyword.Name)
            {
                case "$ref":
                    Check(Resolve(root, k.GetString() ?? ""), value, path, root, problems, depth + 1);
                    break;
                case "type":
                    var types = k.ValueKind == JsonValueKind.Array ? k.EnumerateArray().Select(t => t.GetString()!).ToArray() : [k.GetString()!];
                    if (!types.Any(t => Is(t, value)))
                        problems.Add($"{path} is {Kind(value)}; it must be {string.Join(" or ", types)}");
                    break;
                case "enum":
                    if (!k.EnumerateArray().Any(e => JsonElement.DeepEquals(e, value)))
                        problems.Add($"{path} must be one of {k.GetRawText()}");
                    break;
                case "const":
                    if (!JsonElement.DeepEquals(k, value))
                        problems.Add($"{path} must be {k.GetRawText()}");
                    break;
                case "allOf":
                    foreach (var part in k.EnumerateArray())
                        Check(part, value, path, root, problems, depth + 1);
                    break;
                case "anyOf":
                    if (!k.EnumerateArray().Any(part => Fits(part, value, path, root, depth + 1)))
                        problems.Add($"{path} fits none of anyOf");
                    break;
                case "oneOf":
                    if (k.EnumerateArray().Count(part => Fits(part, value, path, root, depth + 1)) is var count and not 1)
                        problems.Add(string.Create(CultureInfo.InvariantCulture, $"{path} fits {count} of oneOf; it must fit one"));
                    break;
                case "not":
                    if (Fits(k, value, path, root, depth + 1))
                        problems.Add($"{path} fits what it must not");
                    break;
                case "if":
                    if (schema.TryGetProperty(Fits(k, value, path, root, depth + 1) ? "then" : "else", out var branch))
                        Check(branch, value, path, root, problems, depth + 1);
                    break;
            }
        }

        switch (value.ValueKind)
        {
            case JsonValueKind.Object: CheckObject(schema, value, path, root, problems, depth); break;
            case JsonValueKind.Array: CheckArray(schema, value, path, root, problems, depth); break;
            case JsonValueKind.String: CheckText(schema, value.GetString()!, path, problems); break;
            case JsonValueKind.Number: CheckNumber(schema, value, path, problems); break;
        }
    }

    private static void CheckObject(JsonElement schema, JsonElement value, string path, JsonElement root, List<string> problems, int depth)
    {
        if (schema.TryGetProperty("required", out var required))
        {
            foreach (var name in required.EnumerateArray().Where(n => !value.TryGetProperty(n.GetString()!, out _)))
                problems.Add($"{path}.{name.GetString()} is missing");
        }

        var count = value.EnumerateObject().Count();
        if (Limit(schema, "minProperties") is { } least && count < least)
            problems.Add($"{path} has fewer than {least} members");
        if (Limit(schema, "maxProperties") is { } most && count > most)
            problems.Add($"{path} has more than {most} members");
        var hasProperties = schema.TryGetProperty("properties", out var properties);
        var hasPatterns = schema.TryGetProperty("patternProperties", out var patterns);
        var hasRest = schema.TryGetProperty("additionalProperties", out var rest);
        foreach (var member in value.EnumerateObject())
        {
            var at = $"{path}.{member.Name}";
            var known = false;
            if (hasProperties && properties.TryGetProperty(member.Name, out var own))
            {
                known = true;
                Check(own, member.Value, at, root, problems, depth + 1);
            }

            foreach (var pattern in hasPatterns ? patterns.EnumerateObject().Where(p => Matches(p.Name, member.Name)) : [])
            {
                known = true;
                Check(pattern.Value, member.Value, at, root, problems, depth + 1);
            }

            if (!known && hasRest)
                Check(rest, member.Value, at, root, problems, depth + 1);
        }
    }

    private static void CheckArray(JsonElement schema, JsonElement value, string path, JsonElement root, List<string> problems, int depth)
    {
        var length = value.GetArrayLength();
        if (Limit(schema, "minItems") is { } least && length < least)
            problems.Add($"{path} has fewer than {least} items");
        if (Limit(schema, "maxItems") is { } most && length > most)
            problems.Add($"{path} has more than {most} items");
        if (schema.TryGetProperty("uniqueItems", out var unique) && unique.ValueKind == JsonValueKind.True
            && value.EnumerateArray().Select(e => e.GetRawText()).Distinct(StringComparer.Ordinal).Count() != length)
        {
            problems.Add($"{path} has an item twice");
        }

        var prefixes = schema.TryGetProperty("prefixItems", out var prefix) ? prefix.GetArrayLength() : 0;
        var hasItems = schema.TryGetProperty("items", out var items);
        var i = 0;
        foreach (var item in value.EnumerateArray())
        {
            var at = string.Create(CultureInfo.InvariantCulture, $"{path}[{i}]");
            if (i < prefixes)
                Check(prefix[i], item, at, root, problems, depth + 1);
            else if (hasItems)
                Check(items, item, at, root, problems, depth + 1);
            i++;
        }

        if (schema.TryGetProperty("contains", out var contains) && !value.EnumerateArray().Any(item => Fits(contains, item, path, root, depth + 1)))
            problems.Add($"{path} has no item that fits contains");
    }

    private static void CheckText(JsonElement schema, string text, string path, List<string> problems)
    {
        var length = new StringInfo(text).LengthInTextElements;
        if (Limit(schema, "minLength") is { } least && length < least)
            problems.Add($"{path} is shorter than {least} characters");
        if (Limit(schema, "maxLength") is { } most && length > most)
            problems.Add($"{path} is longer than {most} characters");
        if (schema.TryGetProperty("pattern", out var pattern) && !Matches(pattern.GetString()!, text))
            problems.Add($"{path} does not match {pattern.GetString()}");
        if (schema.TryGetProperty("format", out var format) && !HasFormat(format.GetString()!, text))
            problems.Add($"{path} is no {format.GetString()}");
    }

    private static void CheckNumber(JsonElement schema, JsonElement value, string path, List<string> problems)
    {
        var number = value.GetDouble();
        if (Bound(schema, "minimum") is { } least && number < least)
            problems.Add(string.Create(CultureInfo.InvariantCulture, $"{path} is below {least}"));
        if (Bound(schema, "maximum") is { } most && number > most)
            problems.Add(string.Create(CultureInfo.InvariantCulture, $"{path} is above {most}"));
        if (Bound(schema, "exclusiveMinimum") is { } above && number <= above)
            problems.Add(string.Create(CultureInfo.InvariantCulture, $"{path} must be above {above}"));
        if (Bound(schema, "exclusiveMaximum") is { } below && number >= below)
            problems.Add(string.Create(CultureInfo.InvariantCulture, $"{path} must be below {below}"));
        if (Bound(schema, "multipleOf") is { } step && step > 0 && Math.Abs(Math.IEEERemainder(number, step)) > step * 1e-9)
            problems.Add(string.Create(CultureInfo.InvariantCulture, $"{path} is no multiple of {step}"));
    }

    private static bool HasFormat(string format, string text) => format switch
    {
        "date-time" => DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.None, out _),
        "date" => DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _),
        "email" => System.Net.Mail.MailAddress.TryCreate(text, out _),
        "uri" => Uri.TryCreate(text, UriKind.Absolute, out _),
        "uuid" => Guid.TryParseExact(text, "D", out _),
        "ipv4" => System.Net.IPAddress.TryParse(text, out var v4) && v4.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork,
        "ipv6" => System.Net.IPAddress.TryParse(text, out var v6) && v6.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6,
        _ => true,
    };

    private static bool Matches(string pattern, string text)
    {
        try
        {
            return Regex.IsMatch(text, pattern, RegexOptions.ECMAScript, TimeSpan.FromMilliseconds(250));
        }
        catch (RegexParseException e)
        {
            throw new FormatException($"The schema's pattern \"{pattern}\" is not valid: {e.Message}", e);
        }
        catch (RegexMatchTimeoutException e)
        {
            throw new FormatException($"The schema's pattern \"{pattern}\" takes too long.", e);
        }
    }

    private static bool Is(string type, JsonElement value) => type switch
    {
        "object" => value.ValueKind == JsonValueKind.Object,
        "array" => value.ValueKind == JsonValueKind.Array,
        "string" => value.ValueKind == JsonValueKind.String,
        "number" => value.ValueKind == JsonValueKind.Number,
        "integer" => value.ValueKind == JsonValueKind.Number && value.GetDouble() is var n && n == Math.Truncate(n),
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        "null" => value.ValueKind == JsonValueKind.Null,
        _ => throw new FormatException($"The schema has the type \"{type}\", which is not known."),
    };

    private static string Kind(JsonElement value) => value.ValueKind is JsonValueKind.True or JsonValueKind.False ? "boolean" : value.ValueKind.ToString().ToLowerInvariant();

    private static int? Limit(JsonElement schema, string name) => schema.TryGetProperty(name, out var limit) && limit.TryGetInt32(out var n) ? n : null;

    private static double? Bound(JsonElement schema, string name) => schema.TryGetProperty(name, out var bound) && bound.ValueKind == JsonValueKind.Number ? bound.GetDouble() : null;

    internal static JsonElement Resolve(JsonElement root, string reference)
    {
        if (reference == "#")
            return root;
        if (!reference.StartsWith("#/", StringComparison.Ordinal))
            throw new FormatException($"The schema refers to \"{reference}\"; only references inside it (#/…) are followed.");
        var at = root;
        foreach (var part in reference[2..].Split('/'))
        {
            var name = Uri.UnescapeDataString(part).Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
            if (at.ValueKind != JsonValueKind.Object || !at.TryGetProperty(name, out at))
                throw new FormatException($"The schema refers to \"{reference}\", which it does not have.");
        }

        return at;
    }
}
