using System.Text;

namespace Automation.Intake.Verification;

/// <summary>The bytes that a signature covers, put together from a pattern such as <c>v0:{timestamp}:{body}</c>.</summary>
internal sealed class SignedText
{
    private readonly (string Name, byte[]? Literal)[] _parts;

    private SignedText((string Name, byte[]? Literal)[] parts) => _parts = parts;

    /// <exception cref="FormatException">The pattern names something unknown.</exception>
    public static SignedText Parse(string pattern)
    {
        var parts = new List<(string, byte[]?)>();
        for (var at = 0; at < pattern.Length;)
        {
            var open = pattern.IndexOf('{', at);
            var end = open < 0 ? pattern.Length : open;
            if (end > at)
                parts.Add(("", Encoding.UTF8.GetBytes(pattern[at..end])));
            if (open < 0)
                break;
            var close = pattern.IndexOf('}', open);
            var name = close < 0 ? "" : pattern[(open + 1)..close];
            if (name is not ("body" or "timestamp" or "id" or "url" or "form"))
                throw new FormatException($"The signed text \"{pattern}\" may hold {{body}}, {{timestamp}}, {{id}}, {{url}} and {{form}}, not \"{{{name}}}\".");
            parts.Add((name, null));
            at = close + 1;
        }

        return new SignedText([.. parts]);
    }

    /// <summary>Whether the pattern names something.</summary>
    public bool Holds(string name) => Array.Exists(_parts, p => p.Name == name);

    /// <summary>A length that the bytes do not pass.</summary>
    public int MaxLength(in Values values)
    {
        var length = 0;
        foreach (var (name, literal) in _parts)
        {
            length += name switch
            {
                "" => literal!.Length,
                "body" => values.Request.Body.Length,
                // Decoded fields can be longer than the form only through replaced invalid bytes, three for one.
                "form" => values.Request.Body.Length * 3,
                _ => Encoding.UTF8.GetMaxByteCount(values.Text(name).Length),
            };
        }

        return length;
    }

    /// <summary>Writes the bytes.</summary>
    /// <returns>How many there are.</returns>
    public int Write(in Values values, Span<byte> target)
    {
        var at = 0;
        foreach (var (name, literal) in _parts)
        {
            if (literal is not null)
            {
                literal.CopyTo(target[at..]);
                at += literal.Length;
            }
            else if (name == "body")
            {
                values.Request.Body.Span.CopyTo(target[at..]);
                at += values.Request.Body.Length;
            }
            else
            {
                at += Encoding.UTF8.GetBytes(values.Text(name), target[at..]);
            }
        }

        return at;
    }

    /// <summary>What a request gives for the names in a pattern.</summary>
    internal readonly record struct Values(string Id, string Timestamp, WebhookRequest Request)
    {
        public string Text(string name) => name switch
        {
            "id" => Id,
            "timestamp" => Timestamp,
            "url" => Request.Url?.Invoke() ?? "",
            _ => FormFields.IsForm(Request.Headers.ContentType) ? FormFields.Sorted(Request.Body.Span) : "",
        };
    }
}
