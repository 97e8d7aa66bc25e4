using System.Text.Encodings.Web;
using System.Text.Json;
using Automation.Steps.Secrets;
using Automation.Steps.Values;

namespace Automation.Steps.Http;

/// <summary>
/// Texts of a call that stand for stored secrets. They are replaced in the job that makes the call, so that the workflow,
/// its journal and its exports only ever see the placeholder.
/// </summary>
internal sealed class SecretPlaceholders
{
    private readonly (string Text, string Secret)[] _all;
    private readonly HashSet<string> _used = new(StringComparer.Ordinal);

    private SecretPlaceholders((string Text, string Secret)[] all) => _all = all;

    /// <summary>The secrets that they stand for.</summary>
    public IEnumerable<string> Secrets => _all.Select(p => p.Secret);

    /// <exception cref="FormatException">A placeholder is too short to stand for something.</exception>
    /// <exception cref="SecretException">A secret does not exist or cannot be read.</exception>
    public static async ValueTask<SecretPlaceholders> ReadAsync(IEnumerable<KeyValuePair<string, object?>> members, SecretStore secrets, CancellationToken cancellationToken)
    {
        var all = new List<(string, string)>();
        foreach (var (text, name) in members)
        {
            if (text.Trim().Length < 3)
                throw new FormatException($"Placeholders has \"{text}\"; a placeholder must be a text of at least three characters that stands nowhere else, such as {{token}}.");
            all.Add((text, await secrets.ReadAsync(PlainJson.AsText(name), cancellationToken)));
        }

        // Where one begins like another the longer one is meant.
        return new SecretPlaceholders([.. all.OrderByDescending(p => p.Item1.Length)]);
    }

    /// <summary>A URL: what stands in it is escaped, a placeholder alone is a URL of its own.</summary>
    public string Url(string url) => Replace(url, _all.Any(p => p.Text == url.Trim()) ? static s => s.Trim() : Uri.EscapeDataString);

    /// <summary>Names and texts in values, however deep.</summary>
    public IEnumerable<KeyValuePair<string, object?>> Members(IEnumerable<KeyValuePair<string, object?>> members) =>
        _all.Length == 0 ? members : members.Select(m => KeyValuePair.Create(m.Key, Value(m.Value))).ToList();

    /// <summary>A body; in a text of JSON or a form the secret is escaped as that wants it.</summary>
    public object? Body(object? body, string contentType)
    {
        if (_all.Length == 0 || PlainText(body) is not { } text)
            return Value(body);
        var mediaType = contentType.Split(';')[0].Trim().ToLowerInvariant();
        var isObject = mediaType is MultipartWriter.MediaType or HttpContentWriter.FormType && text.AsSpan().TrimStart() is ['{', ..];
        return Replace(text, isObject || HttpContentParser.IsJson(mediaType) ? JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode
            : mediaType == HttpContentWriter.FormType ? Uri.EscapeDataString
            : mediaType.EndsWith("xml", StringComparison.Ordinal) ? static s => System.Security.SecurityElement.Escape(s)
            : static s => s);
    }

    /// <exception cref="FormatException">A placeholder stands nowhere in the call.</exception>
    public void CheckUsed()
    {
        if (_all.FirstOrDefault(p => !_used.Contains(p.Text)).Text is { } unused)
            throw new FormatException($"Placeholders has \"{unused}\", which stands nowhere in the URL, the query, the headers, the body or what a token is asked for with.");
    }

    private object? Value(object? value)
    {
        if (_all.Length == 0)
            return value;
        if (PlainText(value) is { } text)
            return Replace(text, static s => s);
        if (value is byte[])
            return value;
        if (PlainJson.Members(value) is { } members)
            return members.ToDictionary(m => m.Key, m => Value(m.Value), StringComparer.Ordinal);
        return PlainJson.Elements(value) is { } elements ? elements.Select(Value).ToList() : value;
    }

    private static string? PlainText(object? value) => value switch
    {
        string text => text,
        JsonElement { ValueKind: JsonValueKind.String } element => element.GetString(),
        _ => null,
    };

    private string Replace(string text, Func<string, string> escape)
    {
        foreach (var (placeholder, secret) in _all)
        {
            if (!text.Contains(placeholder, StringComparison.Ordinal))
                continue;
            _used.Add(placeholder);
            text = text.Replace(placeholder, escape(secret), StringComparison.Ordinal);
        }

        return text;
    }
}
