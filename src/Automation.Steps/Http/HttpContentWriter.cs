using System.Text;
using Automation.Steps.Values;

namespace Automation.Steps.Http;

/// <summary>Turns a plain value into a body by the media type that was asked for.</summary>
internal static class HttpContentWriter
{
    /// <summary>The bytes to send; null where there is no body: no value, or no media type to send it as.</summary>
    public static byte[]? Write(object? content, string? contentType)
    {
        if (content is null || string.IsNullOrWhiteSpace(contentType))
            return null;
        if (content is byte[] bytes)
            return bytes;
        if (content is string text)
            return Encoding.UTF8.GetBytes(text);
        var mediaType = contentType.Split(';')[0].Trim().ToLowerInvariant();
        if (mediaType == "application/x-www-form-urlencoded" && PlainJson.Members(content) is { } fields)
            return Encoding.UTF8.GetBytes(Form(fields));
        return HttpContentParser.IsJson(mediaType) ? PlainJson.ToUtf8(content) : Encoding.UTF8.GetBytes(PlainJson.AsText(content));
    }

    private static string Form(IEnumerable<KeyValuePair<string, object?>> fields)
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
