using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Automation.Intake.Sources;

/// <summary>
/// A sample as a new event: the fields that its preset takes ids and times from get new values of the same kind, all
/// others stay as the sender printed them.
/// </summary>
public static partial class FreshSample
{
    /// <summary>Makes the body.</summary>
    /// <param name="preset">The sender.</param>
    /// <param name="sample">The sample's body.</param>
    /// <param name="now">The time that it is to bear.</param>
    public static byte[] Make(Preset preset, JsonElement sample, DateTimeOffset now)
    {
        var body = JsonNode.Parse(sample.GetRawText())!;
        var times = Paths(preset.Time);
        foreach (var path in times)
            Replace(body, path, old => Time(old, now));

        // Type and status are told by the same templates in places; they are what the sample is about.
        var ids = Paths([.. preset.Correlation, .. preset.Dedupe.Key]).Except(times).Except(Paths(preset.Type));
        foreach (var path in ids.Where(p => IsId(p)))
            Replace(body, path, old => Id(old, now));
        return Encoding.UTF8.GetBytes(body.ToJsonString());
    }

    private static HashSet<string> Paths(IEnumerable<string> templates) =>
        [.. templates.SelectMany(t => Placeholder().Matches(t)).Select(m => m.Groups[1].Value)];

    private static bool IsId(string path) => path.EndsWith("id", StringComparison.OrdinalIgnoreCase);

    private static void Replace(JsonNode body, string path, Func<JsonValue, JsonNode?> make)
    {
        var parts = path.Split('.');
        var owner = body;
        foreach (var part in parts[..^1])
            owner = (owner as JsonObject)?[part];
        if (owner is JsonObject target && target[parts[^1]] is JsonValue old)
            target[parts[^1]] = make(old);
    }

    private static JsonNode? Time(JsonValue old, DateTimeOffset now) => old.GetValueKind() switch
    {
        JsonValueKind.Number => old.ToJsonString().Length > 11 ? now.ToUnixTimeMilliseconds() : now.ToUnixTimeSeconds(),
        _ => now.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture),
    };

    private static JsonNode? Id(JsonValue old, DateTimeOffset now) => old.GetValueKind() == JsonValueKind.String && !Guid.TryParse(old.GetValue<string>(), out _)
        ? $"{old.GetValue<string>()}-{RandomNumberGenerator.GetHexString(6, lowercase: true)}"
        : Guid.CreateVersion7(now).ToString();

    [GeneratedRegex(@"\{([A-Za-z_][A-Za-z0-9_.]*)(?:\|[a-z0-9]+)?\}", RegexOptions.None, 1000)]
    private static partial Regex Placeholder();
}
