using System.Buffers;
using System.Text;
using System.Text.RegularExpressions;

namespace Automation.Steps.Http;

/// <summary>
/// Takes secrets out of what is kept: given values wherever they stand, and whatever stands under a name that says it is
/// a secret (a header, a query parameter, a member of a JSON body, a form field).
/// </summary>
internal sealed partial class SecretMask
{
    public const string Masked = "***";

    /// <summary>For calls that carry no secrets from the store.</summary>
    public static readonly SecretMask NamesOnly = new([]);

    private static readonly SearchValues<string> Telltales = SearchValues.Create(
        ["authorization", "password", "passwd", "pwd", "secret", "token", "api-key", "apikey", "api_key", "access-key", "access_key", "accesskey",
         "private-key", "private_key", "privatekey", "credential", "cookie", "signature", "session-id", "sessionid", "client_assertion"],
        StringComparison.OrdinalIgnoreCase);

    private readonly SecretFinder _values;

    /// <summary>
    /// Fewest characters that are masked, and that a secret may have: two or three letters would mask half of every text and
    /// tell what they are by doing so.
    /// </summary>
    public const int Shortest = 4;

    public SecretMask(IReadOnlyCollection<string> secrets) => _values = new SecretFinder(secrets.Where(s => s.Length >= Shortest));

    /// <summary>
    /// The values of a URL's query, which may be secrets; without short ones, which are words such as "json" and stand in
    /// every answer.
    /// </summary>
    public static IEnumerable<string> QueryValues(string url)
    {
        var query = url.IndexOf('?', StringComparison.Ordinal) is >= 0 and var at ? url[(at + 1)..].Split('#')[0] : "";
        return query.Split('&', StringSplitOptions.RemoveEmptyEntries).Select(p => Uri.UnescapeDataString(p[(p.IndexOf('=', StringComparison.Ordinal) + 1)..])).Where(v => v.Length >= 8);
    }

    public static bool IsSecretName(string name) => name.AsSpan().ContainsAny(Telltales);

    /// <summary>A header's value; the scheme of an Authorization header is kept.</summary>
    public string Header(string name, string value)
    {
        if (!IsSecretName(name))
            return Text(value);
        var space = value.IndexOf(' ', StringComparison.Ordinal);
        return name.EndsWith("authorization", StringComparison.OrdinalIgnoreCase) && space is > 0 and < 20 ? string.Concat(value.AsSpan(0, space + 1), Masked) : Masked;
    }

    public string Url(string url)
    {
        var question = url.IndexOf('?', StringComparison.Ordinal);
        if (question >= 0 && url.AsSpan(question).ContainsAny(Telltales))
            url = string.Concat(url.AsSpan(0, question), Parameters().Replace(url[question..], MaskNamed));
        return Text(url);
    }

    /// <summary>A body, or the beginning of one.</summary>
    public string Body(string text)
    {
        if (text.AsSpan().ContainsAny(Telltales))
        {
            text = JsonMembers().Replace(text, MaskNamed);
            text = Parameters().Replace(text, MaskNamed);
        }

        return Text(text);
    }

    /// <summary>Any text: the given values are masked in it.</summary>
    public string Text(string text)
    {
        if (_values.IsEmpty || text.Length == 0)
            return text;
        var content = Encoding.UTF8.GetBytes(text);
        return Bytes(content) is var masked && masked == content ? text : Encoding.UTF8.GetString(masked);
    }

    /// <summary>Whether no values are masked, only what stands under telling names.</summary>
    public bool IsEmpty => _values.IsEmpty;

    /// <summary>Bytes in which the given values are masked, whatever else they are; the same array where none is in it.</summary>
    public byte[] Bytes(byte[] content) => _values.Replace(content, "***"u8);

    private static string MaskNamed(Match match) =>
        IsSecretName(match.Groups["name"].Value) ? match.Groups["before"].Value + (match.Groups["quoted"].Success ? $"\"{Masked}\"" : Masked) : match.Value;

    // "name": "value" or "name": 123, the value perhaps cut off by the end of the excerpt.
    [GeneratedRegex("""(?<before>"(?<name>[^"\\]{1,64})"\s*:\s*)(?:(?<quoted>"(?:[^"\\]|\\.)*(?:"|\\?$))|(?<bare>[^\s",\]}{\[][^\s,\]}]*))""", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex JsonMembers();

    // name=value in a query or a form.
    [GeneratedRegex("""(?<before>(?<name>[A-Za-z0-9_.\-%\[\]]{1,64})=)(?<bare>[^&\s"'<>#]+)""", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Parameters();
}
