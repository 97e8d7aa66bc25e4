using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Automation.Intake.Sources;

/// <summary>
/// A body as a new event: the fields that its preset takes ids and times from get new values of the same kind, all
/// others stay as the sender printed them.
/// </summary>
public static partial class FreshSample
{
    private const string MailTime = "ddd, dd MMM yyyy HH:mm:ss";

    /// <summary>Makes a sample a new event.</summary>
    /// <param name="preset">The sender.</param>
    /// <param name="sample">The sample.</param>
    /// <param name="now">The time that it is to bear.</param>
    /// <returns>The body, and its content type.</returns>
    public static (byte[] Body, string ContentType) Make(Preset preset, SampleEvent sample, DateTimeOffset now) => sample.Form is { } form
        ? (OfForm(preset, Encoding.UTF8.GetBytes(form), now) ?? Encoding.UTF8.GetBytes(form), FormFields.ContentType)
        : (OfJson(preset, JsonNode.Parse(sample.Body.GetRawText())!, now) ?? Encoding.UTF8.GetBytes(sample.Body.GetRawText()), "application/json");

    /// <summary>A sample's headers; the delivery's own id, where repeated deliveries are known by it, is new, and so is the time.</summary>
    public static Dictionary<string, string> Headers(Preset preset, SampleEvent sample, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(sample);
        var headers = new Dictionary<string, string>(sample.Headers ?? new Dictionary<string, string>(StringComparer.Ordinal), StringComparer.OrdinalIgnoreCase);
        foreach (var id in IdHeaders(preset).Where(headers.ContainsKey))
            headers[id] = $"{headers[id]}-{Guid.CreateVersion7(now):N}";
        foreach (var time in Headers(preset.Time).Where(headers.ContainsKey))
            headers[time] = Time(headers[time], now);
        return headers;
    }

    /// <summary>Makes any body a new event.</summary>
    /// <returns>The body; null where it holds none of the fields, or is neither JSON nor a form.</returns>
    public static byte[]? Make(Preset preset, byte[] body, string contentType, DateTimeOffset now)
    {
        if (FormFields.IsForm(contentType))
            return OfForm(preset, body, now);
        try
        {
            return JsonNode.Parse(body) is { } json ? OfJson(preset, json, now) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>The headers by which the sender's repeated deliveries are known.</summary>
    public static IReadOnlyList<string> IdHeaders(Preset preset) => [.. Headers(preset.Dedupe.Key)];

    private static IEnumerable<string> Headers(IEnumerable<string> templates) =>
        templates.SelectMany(t => HeaderPlaceholder().Matches(t)).Select(m => m.Groups[1].Value).Distinct(StringComparer.OrdinalIgnoreCase);

    private static byte[]? OfJson(Preset preset, JsonNode body, DateTimeOffset now)
    {
        var replaced = false;
        Each(preset, (path, isTime) =>
        {
            var (owner, name) = Owner(body, path);
            if (owner is not JsonObject target || target[name] is not JsonValue old)
                return;
            target[name] = isTime ? Time(old, now) : Id(old, now);
            replaced = true;
        });
        return replaced ? Encoding.UTF8.GetBytes(body.ToJsonString()) : null;
    }

    private static byte[]? OfForm(Preset preset, byte[] body, DateTimeOffset now)
    {
        var fields = FormFields.Read(body);
        var replaced = false;
        Each(preset, (path, isTime) =>
        {
            for (var i = 0; i < fields.Count; i++)
            {
                if (fields[i].Key != path)
                    continue;
                fields[i] = new(path, isTime ? Time(fields[i].Value, now) : Id(fields[i].Value));
                replaced = true;
            }
        });
        return !replaced ? null : Encoding.UTF8.GetBytes(string.Join('&', fields.Select(f => $"{Uri.EscapeDataString(f.Key)}={Uri.EscapeDataString(f.Value)}")));
    }

    private static void Each(Preset preset, Action<string, bool> replace)
    {
        var times = Paths(preset.Time);
        foreach (var path in times)
            replace(path, true);

        // Type and status are told by the same templates in places; they are what the sample is about.
        foreach (var path in Paths([.. preset.Correlation, .. preset.Dedupe.Key]).Except(times).Except(Paths(preset.Type)).Where(IsId))
            replace(path, false);
    }

    private static HashSet<string> Paths(IEnumerable<string> templates) =>
        [.. templates.SelectMany(t => Placeholder().Matches(t)).Select(m => m.Groups[1].Value)];

    private static bool IsId(string path) => path.EndsWith("id", StringComparison.OrdinalIgnoreCase);

    private static (JsonNode? Owner, string Name) Owner(JsonNode body, string path)
    {
        var parts = path.Split('.');
        var owner = body;
        foreach (var part in parts[..^1])
        {
            owner = owner switch
            {
                JsonObject o => o[part],
                JsonArray a when int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var i) && i < a.Count => a[i],
                _ => null,
            };
        }

        return (owner, parts[^1]);
    }

    private static JsonNode? Time(JsonValue old, DateTimeOffset now) => old.GetValueKind() switch
    {
        JsonValueKind.Number => JsonNode.Parse(Time(old.ToJsonString(), now)),
        _ => Time(old.ToString(), now),
    };

    private static string Time(string old, DateTimeOffset now)
    {
        if (old.Length > 0 && old.All(char.IsAsciiDigit))
            return (old.Length > 11 ? now.ToUnixTimeMilliseconds() : now.ToUnixTimeSeconds()).ToString(CultureInfo.InvariantCulture);
        return DateTimeOffset.TryParseExact(old, MailTime + " zzz", CultureInfo.InvariantCulture, DateTimeStyles.None, out _)
            || DateTimeOffset.TryParseExact(old, MailTime + " +0000", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out _)
            ? now.UtcDateTime.ToString(MailTime, CultureInfo.InvariantCulture) + " +0000"
            : now.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
    }

    private static JsonNode? Id(JsonValue old, DateTimeOffset now) => old.GetValueKind() switch
    {
        JsonValueKind.Number => RandomNumberGenerator.GetInt32(1, int.MaxValue),
        JsonValueKind.String when !Guid.TryParse(old.GetValue<string>(), out _) => Id(old.GetValue<string>()),
        _ => Guid.CreateVersion7(now).ToString(),
    };

    private static string Id(string old) => $"{old}-{RandomNumberGenerator.GetHexString(6, lowercase: true)}";

    [GeneratedRegex(@"\{([A-Za-z_][A-Za-z0-9_.]*)(?:\|[a-z0-9]+)?\}", RegexOptions.None, 1000)]
    private static partial Regex Placeholder();

    [GeneratedRegex(@"\{header:([^}|]+)", RegexOptions.None, 1000)]
    private static partial Regex HeaderPlaceholder();
}
