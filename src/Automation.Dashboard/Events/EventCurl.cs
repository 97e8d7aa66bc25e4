using System.Text;
using System.Text.Json;
using Automation.Intake.Events;

namespace Automation.Dashboard.Events;

/// <summary>The command that sends an event's request again, safe to paste whatever a stranger has sent.</summary>
internal static class EventCurl
{
    // What the connection was, not what was sent; curl writes its own.
    private static readonly string[] OfTheConnection =
        ["host", "content-length", "connection", "transfer-encoding", "accept-encoding", "accept", "user-agent", "content-type", "expect", "traceparent", "tracestate", "baggage"];

    public static string Of(EventDetail found, string server)
    {
        var headers = Headers(found.Headers);
        var type = headers.GetValueOrDefault("content-type") ?? "application/json";
        var command = new StringBuilder();
        var isText = System.Text.Unicode.Utf8.IsValid(found.Body) && !found.Body.AsSpan().ContainsAnyInRange((byte)0, (byte)8);
        if (!isText)
            command.Append("echo ").Append(Convert.ToBase64String(found.Body)).Append(" | base64 -d | ");
        command.Append("curl -i ").Append(Quote($"{server}/webhooks/{Uri.EscapeDataString(found.Summary.Source)}{found.Query}")).Append(" -H ").Append(Quote("Content-Type: " + type));
        foreach (var (name, value) in headers)
        {
            if (!Array.Exists(OfTheConnection, c => c.Equals(name, StringComparison.OrdinalIgnoreCase)))
                command.Append(" -H ").Append(Quote($"{name}: {value}"));
        }

        // Raw: a body that begins with @ is not the name of a file.
        return (isText ? command.Append(" --data-raw ").Append(Quote(Encoding.UTF8.GetString(found.Body))) : command.Append(" --data-binary @-")).ToString();
    }

    // Secrets have been masked before the headers were stored; what is masked would only mislead.
    private static Dictionary<string, string> Headers(string json)
    {
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, value) in JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(json) ?? [])
        {
            if (value.ValueKind == JsonValueKind.String && value.GetString() is { } text && !text.Contains("***", StringComparison.Ordinal) && !text.AsSpan().ContainsAny('\r', '\n'))
                headers[name] = text;
        }

        return headers;
    }

    /// <summary>One word of a POSIX shell, whatever is in it.</summary>
    private static string Quote(string text) => "'" + text.Replace("'", "'\\''", StringComparison.Ordinal) + "'";
}
