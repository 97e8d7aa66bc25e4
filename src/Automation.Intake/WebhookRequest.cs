using System.Net;
using Microsoft.AspNetCore.Http;

namespace Automation.Intake;

/// <summary>
/// What a sender sent, apart from the connection it came on, so that a live request and a captured one are judged by
/// the same code.
/// </summary>
/// <param name="Headers">The headers.</param>
/// <param name="Body">The body's bytes as sent.</param>
/// <param name="Query">The query string with its question mark, or empty.</param>
/// <param name="Url">The whole URL as the sender wrote it; asked for only by schemes that sign it.</param>
/// <param name="UrlSecret">The path segment after the source, or null.</param>
/// <param name="RemoteIp">Where it came from, or null where unknown.</param>
internal readonly record struct WebhookRequest(
    IHeaderDictionary Headers, ReadOnlyMemory<byte> Body, QueryString Query, string? UrlSecret, IPAddress? RemoteIp, Func<string>? Url = null)
{
    /// <summary>A query string as somebody writes it, with or without its question mark.</summary>
    public static QueryString QueryOf(string? text) => string.IsNullOrEmpty(text) ? QueryString.Empty : new QueryString(text[0] == '?' ? text : "?" + text);

    /// <summary>A header's value; several are joined by commas, as HTTP has it. Null where absent or empty.</summary>
    public string? Header(string name) => Headers.TryGetValue(name, out var values) && values.Count > 0 && values.ToString() is { Length: > 0 } text ? text : null;

    /// <summary>The first value of a query parameter; null where absent.</summary>
    public string? QueryValue(string name)
    {
        if (!Query.HasValue)
            return null;
        foreach (var pair in new Microsoft.AspNetCore.WebUtilities.QueryStringEnumerable(Query.Value))
        {
            if (pair.DecodeName().Span.SequenceEqual(name))
                return pair.DecodeValue().ToString();
        }

        return null;
    }
}
