using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace Automation.Intake.Identification;

/// <summary>
/// Reads a JSON body once, front to back: checks all of it and picks out the values that a <see cref="PathTree"/> asks
/// for. Where a property is repeated, the last one counts, as it does for every later reader of the payload.
/// </summary>
internal static class PayloadReader
{
    /// <summary>Deepest nesting that is taken: what System.Text.Json reads by default, so that no later reader fails on it.</summary>
    public const int MaxDepth = 64;

    private static readonly JsonReaderOptions Options = new() { MaxDepth = MaxDepth };

    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    /// <summary>The body without a byte order mark.</summary>
    public static ReadOnlySpan<byte> WithoutMark(ReadOnlySpan<byte> body) => body.StartsWith(ByteOrderMark) ? body[3..] : body;

    /// <summary>Checks the body and fills the values.</summary>
    /// <returns>Null, or why the body is not JSON.</returns>
    public static JsonFault? Read(ReadOnlySpan<byte> body, PathTree tree, Span<string?> values)
    {
        var json = WithoutMark(body);
        if (json.Trim(" \t\r\n"u8).IsEmpty)
            return new JsonFault("The body is empty; JSON is wanted.", 1, 1);
        // The JSON reader leaves the inside of strings unchecked.
        if (!Utf8.IsValid(json))
            return Locate(json, FirstInvalid(json), "The body is not valid UTF-8.");

        var reader = new Utf8JsonReader(json, Options);
        try
        {
            reader.Read();
            ReadValue(ref reader, tree.Root, values);
            // Reads on to the end: anything after the value but white space is an error.
            while (reader.Read())
            {
            }

            return null;
        }
        catch (JsonException e)
        {
            return new JsonFault(Sentence(e), (e.LineNumber ?? 0) + 1, (e.BytePositionInLine ?? 0) + 1);
        }
        catch (InvalidOperationException)
        {
            return Locate(json, (int)reader.TokenStartIndex, "A string holds half of a surrogate pair.");
        }
    }

    private static void ReadValue(ref Utf8JsonReader reader, PathTree.Node? node, Span<string?> values)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject when node is { Children.Count: > 0 }:
                Clear(node, values);
                while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
                {
                    var child = Find(ref reader, node);
                    reader.Read();
                    ReadValue(ref reader, child, values);
                }

                break;
            case JsonTokenType.StartArray when node is { Children.Count: > 0 }:
                Clear(node, values);
                for (var i = 0; reader.Read() && reader.TokenType != JsonTokenType.EndArray; i++)
                    ReadValue(ref reader, Find(i, node), values);
                break;
            case JsonTokenType.StartObject or JsonTokenType.StartArray:
                if (node is not null)
                    Clear(node, values);
                reader.Skip();
                break;
            default:
                if (node is not null)
                {
                    Clear(node, values);
                    if (node.Slot >= 0)
                        values[node.Slot] = Text(ref reader);
                }

                break;
        }
    }

    /// <summary>Forgets what an earlier property of the same name gave.</summary>
    private static void Clear(PathTree.Node node, Span<string?> values)
    {
        if (node.Slot >= 0)
            values[node.Slot] = null;
        foreach (var child in node.Children)
            Clear(child, values);
    }

    private static PathTree.Node? Find(ref Utf8JsonReader reader, PathTree.Node node)
    {
        foreach (var child in node.Children)
        {
            if (reader.ValueTextEquals(child.Name))
                return child;
        }

        return null;
    }

    private static PathTree.Node? Find(int index, PathTree.Node node)
    {
        foreach (var child in node.Children)
        {
            if (child.Index == index)
                return child;
        }

        return null;
    }

    private static string? Text(ref Utf8JsonReader reader) => reader.TokenType switch
    {
        JsonTokenType.String => reader.GetString(),
        JsonTokenType.Number => Encoding.UTF8.GetString(reader.ValueSpan),
        JsonTokenType.True => "true",
        JsonTokenType.False => "false",
        _ => null,
    };

    private static int FirstInvalid(ReadOnlySpan<byte> json)
    {
        var at = 0;
        while (at < json.Length && Rune.DecodeFromUtf8(json[at..], out _, out var consumed) == System.Buffers.OperationStatus.Done)
            at += consumed;
        return at;
    }

    private static JsonFault Locate(ReadOnlySpan<byte> json, int at, string reason)
    {
        var before = json[..at];
        var lineStart = before.LastIndexOf((byte)'\n') + 1;
        return new JsonFault(reason, before.Count((byte)'\n') + 1, at - lineStart + 1);
    }

    /// <summary>The reader's sentence without the position it appends, which is told separately.</summary>
    private static string Sentence(JsonException e)
    {
        var end = e.Message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        return end < 0 ? e.Message : e.Message[..end];
    }
}
