using System.Text;
using System.Text.Json;
using System.Xml;
using Automation.Steps.Values;

namespace Automation.Steps.Http;

/// <summary>Turns an answer's body into a plain value by its media type.</summary>
internal static class HttpContentParser
{
    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);
    private static readonly JsonDocumentOptions JsonOptions = new() { MaxDepth = 256 };

    public static object? Parse(byte[] body, string? mediaType, string? charset)
    {
        if (body.Length == 0)
            return null;
        if (IsJson(mediaType))
            return Json(body, charset) ?? Text(body, charset);
        if (IsXml(mediaType))
            return (object?)Xml(body) ?? Text(body, charset);
        if (mediaType == "application/x-www-form-urlencoded")
            return Form(Text(body, charset));
        if (mediaType is null)
            return AsStrictText(body) ?? (object)body;
        return IsText(mediaType) ? Text(body, charset) : body;
    }

    public static bool IsJson(string? mediaType) =>
        mediaType is "application/json" or "text/json" || (mediaType?.EndsWith("+json", StringComparison.Ordinal) ?? false);

    public static bool IsText(string? mediaType) =>
        mediaType is not null && (mediaType.StartsWith("text/", StringComparison.Ordinal) || IsJson(mediaType) || IsXml(mediaType)
            || mediaType is "application/x-www-form-urlencoded" or "application/javascript" or "application/x-ndjson" or "application/graphql" or "application/yaml");

    public static string Text(byte[] body, string? charset)
    {
        var encoding = Encoding.UTF8;
        if (charset is not null && !charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase))
        {
            try
            {
                encoding = Encoding.GetEncoding(charset);
            }
            catch (ArgumentException)
            {
                // An unknown charset: UTF-8 shows most of it right.
            }
        }

        var preamble = encoding.Preamble;
        return preamble.Length > 0 && body.AsSpan().StartsWith(preamble) ? encoding.GetString(body.AsSpan(preamble.Length)) : encoding.GetString(body);
    }

    private static bool IsXml(string? mediaType) =>
        mediaType is "application/xml" or "text/xml" || (mediaType?.EndsWith("+xml", StringComparison.Ordinal) ?? false);

    /// <summary>The body as JSON.</summary>
    /// <exception cref="JsonException">It is none.</exception>
    public static JsonElement ParseJson(byte[] body, string? charset)
    {
        ReadOnlyMemory<byte> utf8 = charset is null || charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase) ? body : Encoding.UTF8.GetBytes(Text(body, charset));
        if (utf8.Span.StartsWith(Encoding.UTF8.Preamble))
            utf8 = utf8[3..];
        // Not disposed: the element lives as long as the workflow's burst, and the document rents nothing for given memory but its index.
        return JsonDocument.Parse(utf8, JsonOptions).RootElement;
    }

    private static object? Json(byte[] body, string? charset)
    {
        try
        {
            return ParseJson(body, charset);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string? AsStrictText(byte[] body)
    {
        try
        {
            return body.AsSpan().Contains((byte)0) ? null : StrictUtf8.GetString(body);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }

    private static Dictionary<string, object?> Form(string text)
    {
        var form = new Dictionary<string, object?>(StringComparer.Ordinal);
        foreach (var pair in text.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = pair.IndexOf('=');
            var name = Uri.UnescapeDataString((equals < 0 ? pair : pair[..equals]).Replace('+', ' '));
            var value = equals < 0 ? "" : Uri.UnescapeDataString(pair[(equals + 1)..].Replace('+', ' '));
            PlainXml.Add(form, name, value);
        }

        return form;
    }

    private static object? Xml(byte[] body)
    {
        try
        {
            using var stream = new MemoryStream(body);
            return PlainXml.Parse(stream);
        }
        catch (XmlException)
        {
            return null;
        }
    }
}
