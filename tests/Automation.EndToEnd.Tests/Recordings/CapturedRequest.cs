using System.Text.Json;
using System.Text.RegularExpressions;

namespace Automation.EndToEnd.Tests.Recordings;

/// <summary>Reads what follows the path in a recorded request: headers and body, as Python writes them.</summary>
internal static partial class CapturedRequest
{
    public static (Dictionary<string, string> Headers, string? Body) Read(string text)
    {
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        string? body = null;
        var parts = Part().Matches(text).Select(m => m.Value).ToList();
        if (parts is [var first, ..] && first.StartsWith('{'))
        {
            headers = JsonSerializer.Deserialize<Dictionary<string, string>>(Json(first))!;
            parts.RemoveAt(0);
        }

        if (parts is [var rest, ..])
            body = rest.StartsWith('b') ? rest[2..^1] : Json(rest);
        return (headers, body);
    }

    private static string Json(string python) => python.Replace('\'', '"');

    [GeneratedRegex(@"\{[^}]*\}|b'[^']*'", RegexOptions.None, 1000)]
    private static partial Regex Part();
}
