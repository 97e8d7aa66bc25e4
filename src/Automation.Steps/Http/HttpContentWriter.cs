using System.Text;
using System.Text.Json;
using Automation.Steps.Values;

namespace Automation.Steps.Http;

/// <summary>A body ready to be sent.</summary>
/// <param name="Bytes">What is sent.</param>
/// <param name="ContentType">What it is; for a multipart body with its boundary.</param>
internal sealed record HttpBody(byte[] Bytes, string ContentType);

/// <summary>Turns a plain value into a body by the media type that was asked for.</summary>
internal static class HttpContentWriter
{
    public const string FormType = "application/x-www-form-urlencoded";

    /// <summary>The body to send; null where there is none: no value, or no media type to send it as.</summary>
    /// <exception cref="FormatException">The value cannot be sent as that media type.</exception>
    public static HttpBody? Write(object? content, string? contentType)
    {
        if (content is null || string.IsNullOrWhiteSpace(contentType))
            return null;
        var mediaType = contentType.Split(';')[0].Trim().ToLowerInvariant();
        // A text with a boundary is a body that somebody has made already.
        if (mediaType == MultipartWriter.MediaType && !contentType.Contains("boundary", StringComparison.OrdinalIgnoreCase))
            return MultipartWriter.Write(content);
        return new HttpBody(Bytes(content, mediaType), contentType);
    }

    private static byte[] Bytes(object content, string mediaType) => content switch
    {
        byte[] bytes => bytes,
        string text when mediaType == FormType && IsObject(text, out var fields) => Encoding.UTF8.GetBytes(Form(fields)),
        string text => Encoding.UTF8.GetBytes(text),
        _ when mediaType == FormType && PlainJson.Members(content) is { } fields => Encoding.UTF8.GetBytes(Form(fields)),
        _ => HttpContentParser.IsJson(mediaType) ? PlainJson.ToUtf8(content) : Encoding.UTF8.GetBytes(PlainJson.AsText(content)),
    };

    /// <summary>Whether a text is the fields of a form as somebody types them into an editor; an encoded form has no brace.</summary>
    private static bool IsObject(string text, out IEnumerable<KeyValuePair<string, object?>> fields)
    {
        fields = [];
        if (text.AsSpan().TrimStart() is not ['{', ..])
            return false;
        try
        {
            using var document = JsonDocument.Parse(text);
            fields = PlainJson.Members(document.RootElement.Clone()) ?? [];
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    internal static string Form(IEnumerable<KeyValuePair<string, object?>> fields)
    {
        var form = new StringBuilder();
        foreach (var (name, value) in fields)
        {
            foreach (var one in PlainJson.Elements(value) ?? [value])
            {
                if (form.Length > 0)
                    form.Append('&');
                form.Append(Escape(name)).Append('=').Append(Escape(PlainJson.AsText(one)));
            }
        }

        return form.ToString();
    }

    private static string Escape(string text) => Uri.EscapeDataString(text).Replace("%20", "+", StringComparison.Ordinal);
}
