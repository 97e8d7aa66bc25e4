using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Automation.Steps.Http;

/// <summary>Bodies and headers in the form in which the record of a call keeps them.</summary>
internal static class HttpExcerpt
{
    // Masking sees more than is kept, so that a secret on the edge is not half kept.
    private const int Slack = 16 << 10;

    public static string? Body(ReadOnlySpan<byte> body, string? mediaType, int limit, SecretMask mask)
    {
        if (body.Length == 0)
            return null;
        if (mediaType is not null && !HttpContentParser.IsText(mediaType))
            return string.Create(CultureInfo.InvariantCulture, $"({body.Length} bytes of {mediaType})");
        var seen = body[..Math.Min(body.Length, limit + Slack)];
        if (seen.Contains((byte)0))
            return string.Create(CultureInfo.InvariantCulture, $"({body.Length} bytes)");
        var text = mask.Body(Encoding.UTF8.GetString(seen));
        if (text.Length <= limit && seen.Length == body.Length)
            return text;
        var end = Math.Min(limit, text.Length);
        if (end > 0 && char.IsHighSurrogate(text[end - 1]))
            end--;
        return text[..end];
    }

    /// <summary>A JSON object of lists, masked.</summary>
    public static string Headers(IEnumerable<KeyValuePair<string, IEnumerable<string>>> headers, SecretMask mask)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            foreach (var (name, values) in headers)
            {
                writer.WriteStartArray(name);
                foreach (var value in values)
                    writer.WriteStringValue(mask.Header(name, value));
                writer.WriteEndArray();
            }

            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
