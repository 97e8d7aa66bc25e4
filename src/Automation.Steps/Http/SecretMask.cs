using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
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

    private readonly string[] _values;

    public SecretMask(IReadOnlyCollection<string> secrets)
    {
        // Two or three letters would mask half of every text and tell what they are by doing so.
        _values = secrets.Count == 0 ? [] : [.. secrets.Where(s => s.Length >= 4).SelectMany(Spellings).Distinct(StringComparer.Ordinal).OrderByDescending(s => s.Length)];
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
        foreach (var value in _values)
            text = text.Replace(value, Masked, StringComparison.Ordinal);
        return text;
    }

    /// <summary>Whether no values are masked, only what stands under telling names.</summary>
    public bool IsEmpty => _values.Length == 0;

    /// <summary>Bytes in which the given values are masked, whatever else they are; the same array where none is in it.</summary>
    public byte[] Bytes(byte[] content)
    {
        foreach (var value in _values)
        {
            var wanted = Encoding.UTF8.GetBytes(value);
            var at = content.AsSpan().IndexOf(wanted);
            if (at < 0)
                continue;
            var masked = new ArrayBufferWriter<byte>(content.Length);
            var rest = content.AsSpan();
            for (; at >= 0; at = rest.IndexOf(wanted))
            {
                masked.Write(rest[..at]);
                masked.Write("***"u8);
                rest = rest[(at + wanted.Length)..];
            }

            masked.Write(rest);
            content = masked.WrittenSpan.ToArray();
        }

        return content;
    }

    private static string MaskNamed(Match match) =>
        IsSecretName(match.Groups["name"].Value) ? match.Groups["before"].Value + (match.Groups["quoted"].Success ? $"\"{Masked}\"" : Masked) : match.Value;

    private static IEnumerable<string> Spellings(string secret) =>
        [secret, JavaScriptEncoder.Default.Encode(secret), JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(secret), Uri.EscapeDataString(secret),
         Uri.EscapeDataString(secret).Replace("%20", "+", StringComparison.Ordinal), Convert.ToBase64String(Encoding.UTF8.GetBytes(secret))];

    // "name": "value" or "name": 123, the value perhaps cut off by the end of the excerpt.
    [GeneratedRegex("""(?<before>"(?<name>[^"\\]{1,64})"\s*:\s*)(?:(?<quoted>"(?:[^"\\]|\\.)*(?:"|\\?$))|(?<bare>[^\s",\]}{\[][^\s,\]}]*))""", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex JsonMembers();

    // name=value in a query or a form.
    [GeneratedRegex("""(?<before>(?<name>[A-Za-z0-9_.\-%\[\]]{1,64})=)(?<bare>[^&\s"'<>#]+)""", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Parameters();
}
