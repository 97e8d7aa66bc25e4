using System.Security.Cryptography;
using System.Text;

namespace Automation.Intake.Identification;

/// <summary>
/// Text with values from a request in it: <c>message.{data.type|lower}</c>, <c>{header:X-GitHub-Event}.{action}</c>,
/// <c>{body|sha256}</c>. A template gives nothing where one of its values is missing.
/// </summary>
internal sealed class ValueTemplate
{
    private readonly Part[] _parts;

    private ValueTemplate(string text, Part[] parts)
    {
        Text = text;
        _parts = parts;
    }

    /// <summary>The template as written.</summary>
    public string Text { get; }

    /// <summary>Reads a template and asks the tree for its payload paths.</summary>
    /// <exception cref="FormatException">The text is not a template; the message says why.</exception>
    public static ValueTemplate Parse(string text, PathTree tree)
    {
        var parts = new List<Part>();
        var at = 0;
        while (at < text.Length)
        {
            var open = text.IndexOf('{', at);
            if (open < 0)
            {
                parts.Add(new Part(PartKind.Literal, text[at..], -1, Filter.None));
                break;
            }

            if (open > at)
                parts.Add(new Part(PartKind.Literal, text[at..open], -1, Filter.None));
            var close = text.IndexOf('}', open);
            if (close < 0)
                throw new FormatException($"\"{text}\" has an opening brace at character {open + 1} that is never closed.");
            parts.Add(Field(text, text[(open + 1)..close], tree));
            at = close + 1;
        }

        if (parts.All(p => p.Kind == PartKind.Literal) && text.Length > 0 && text.AsSpan().IndexOfAny("{}") >= 0)
            throw new FormatException($"\"{text}\" has a closing brace without an opening one.");
        return new ValueTemplate(text, [.. parts]);
    }

    /// <summary>The value for a request; null where something it needs is missing.</summary>
    public string? Evaluate(ReadOnlySpan<string?> values, in WebhookRequest request)
    {
        if (_parts is [var only])
            return Value(only, values, request);
        var builder = new StringBuilder();
        foreach (var part in _parts)
        {
            if (Value(part, values, request) is not { } value)
                return null;
            builder.Append(value);
        }

        return builder.ToString();
    }

    private static Part Field(string text, string field, PathTree tree)
    {
        var filter = Filter.None;
        if (field.Split('|') is [var name, var filterName])
        {
            field = name.Trim();
            filter = filterName.Trim() switch
            {
                "lower" => Filter.Lower,
                "sha256" => Filter.Sha256,
                var other => throw new FormatException($"\"{text}\" uses the filter \"{other}\"; known are lower and sha256."),
            };
        }

        field = field.Trim();
        if (field.Length == 0)
            throw new FormatException($"\"{text}\" has empty braces; a payload path, header:NAME, query:NAME or body|sha256 is wanted.");
        if (field.StartsWith("header:", StringComparison.Ordinal))
            return new Part(PartKind.Header, field["header:".Length..], -1, filter);
        if (field.StartsWith("query:", StringComparison.Ordinal))
            return new Part(PartKind.Query, field["query:".Length..], -1, filter);
        if (field == "body" && filter == Filter.Sha256)
            return new Part(PartKind.BodyHash, "", -1, Filter.None);
        return new Part(PartKind.Path, field, tree.Add(field), filter);
    }

    private static string? Value(in Part part, ReadOnlySpan<string?> values, in WebhookRequest request)
    {
        var value = part.Kind switch
        {
            PartKind.Literal => part.Text,
            PartKind.Path => values[part.Slot],
            PartKind.Header => request.Header(part.Text),
            PartKind.Query => request.QueryValue(part.Text),
            _ => Convert.ToHexStringLower(SHA256.HashData(request.Body.Span)),
        };
        return value is null ? null : part.Filter switch
        {
            Filter.Lower => value.ToLowerInvariant(),
            Filter.Sha256 => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(value))),
            _ => value,
        };
    }

    private enum PartKind : byte
    {
        Literal,
        Path,
        Header,
        Query,
        BodyHash,
    }

    private enum Filter : byte
    {
        None,
        Lower,
        Sha256,
    }

    private readonly record struct Part(PartKind Kind, string Text, int Slot, Filter Filter);
}
