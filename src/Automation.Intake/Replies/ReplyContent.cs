using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Automation.Intake.Replies;

/// <summary>An answer to a sender's request, as bytes.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="ContentType">Content type; null where there is no body.</param>
/// <param name="Headers">JSON object of further headers, each a text or a list of texts; null for none.</param>
/// <param name="Body">The body; empty for none.</param>
internal sealed record ReplyContent(int Status, string? ContentType, string? Headers, byte[] Body)
{
    /// <summary>Largest body of a reply, in bytes.</summary>
    public const int MaxBytes = 10 * 1024 * 1024;

    public const string Json = "application/json";

    /// <summary>Sets the further headers on a response.</summary>
    public void AddHeaders(IHeaderDictionary headers)
    {
        if (Headers is null)
            return;
        using var document = JsonDocument.Parse(Headers);
        foreach (var header in document.RootElement.EnumerateObject())
        {
            headers[header.Name] = header.Value.ValueKind == JsonValueKind.Array
                ? new StringValues([.. header.Value.EnumerateArray().Select(v => v.GetString())])
                : header.Value.GetString();
        }
    }
}
