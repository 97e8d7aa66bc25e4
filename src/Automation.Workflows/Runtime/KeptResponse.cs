using System.Globalization;
using Automation.Workflows.Definitions;
using Automation.Workflows.Execution;

namespace Automation.Workflows.Runtime;

/// <summary>The stored form of HTTP responses. Bytes stay bytes, wherever they stand.</summary>
internal static class KeptResponse
{
    private const string Bytes = "$bytes";

    public static string Write(IEnumerable<WorkflowEffect> responses) => JsonValues.ToText(responses.Select(r => (object?)(r switch
    {
        HttpResponseEffect http => new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["status"] = http.StatusCode,
            ["content"] = Pack(http.Content),
            ["contentType"] = http.ContentType,
            ["headers"] = http.Headers.ToDictionary(h => h.Key, h => (object?)h.Value, StringComparer.Ordinal),
        },
        FileResponseEffect file => new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["content"] = Pack(file.Content),
            ["contentType"] = file.ContentType,
            ["fileName"] = file.FileName,
            ["entityTag"] = file.EntityTag,
            ["resumable"] = file.Resumable,
            ["download"] = file.DownloadCorrelationId,
        },
        _ => null,
    })).Where(r => r is not null).ToList());

    public static IReadOnlyList<WorkflowEffect> Read(string json) =>
        JsonValues.TryParse(json, out var value) && value is List<object?> list ? [.. list.OfType<Dictionary<string, object?>>().Select(One)] : [];

    private static WorkflowEffect One(Dictionary<string, object?> map)
    {
        var content = Unpack(map.GetValueOrDefault("content"));
        var type = map.GetValueOrDefault("contentType") as string;
        if (!map.TryGetValue("status", out var status))
        {
            return new FileResponseEffect(
                content, type, map.GetValueOrDefault("fileName") as string, map.GetValueOrDefault("entityTag") as string,
                map.GetValueOrDefault("resumable") is true, map.GetValueOrDefault("download") as string);
        }

        var headers = map.GetValueOrDefault("headers") as Dictionary<string, object?> ?? [];
        return new HttpResponseEffect(
            Convert.ToInt32(status, CultureInfo.InvariantCulture), content, type,
            headers.ToDictionary(
                h => h.Key, h => (IReadOnlyList<string>)[.. (h.Value as List<object?> ?? []).Select(v => ValueConverter.ToText(v!))], StringComparer.OrdinalIgnoreCase));
    }

    private static object? Pack(object? value) => value switch
    {
        byte[] bytes => new Dictionary<string, object?>(StringComparer.Ordinal) { [Bytes] = Convert.ToBase64String(bytes) },
        IReadOnlyDictionary<string, object?> map => map.ToDictionary(m => m.Key, m => Pack(m.Value), StringComparer.Ordinal),
        IReadOnlyList<object?> list => list.Select(Pack).ToList(),
        _ => value,
    };

    private static object? Unpack(object? value) => value switch
    {
        Dictionary<string, object?> { Count: 1 } map when map.TryGetValue(Bytes, out var text) && text is string base64 => Convert.FromBase64String(base64),
        Dictionary<string, object?> map => map.ToDictionary(m => m.Key, m => Unpack(m.Value), StringComparer.Ordinal),
        List<object?> list => list.Select(Unpack).ToList(),
        _ => value,
    };
}
