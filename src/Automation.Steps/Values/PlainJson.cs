using System.Buffers;
using System.Collections;
using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Automation.Steps.Values;

/// <summary>Plain values (see the workflow engine) as JSON and as text.</summary>
internal static class PlainJson
{
    private const int MaxDepth = 200;

    private static readonly JsonWriterOptions WriterOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };
    private static readonly JsonWriterOptions IndentedOptions = WriterOptions with { Indented = true };

    public static byte[] ToUtf8(object? value)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var writer = new Utf8JsonWriter(buffer, WriterOptions))
            Write(writer, value);
        return buffer.WrittenSpan.ToArray();
    }

    public static string ToText(object? value, bool indented = false)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var writer = new Utf8JsonWriter(buffer, indented ? IndentedOptions : WriterOptions))
            Write(writer, value);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <summary>Text as it stands, everything else as JSON; null is empty.</summary>
    public static string AsText(object? value) => value switch
    {
        null => "",
        string s => s,
        JsonElement { ValueKind: JsonValueKind.String } e => e.GetString()!,
        JsonElement { ValueKind: JsonValueKind.Null or JsonValueKind.Undefined } => "",
        bool b => b ? "true" : "false",
        DateTimeOffset t => t.ToString("O", CultureInfo.InvariantCulture),
        IFormattable f => f.ToString(null, CultureInfo.InvariantCulture),
        _ => ToText(value),
    };

    /// <summary>The members of an object, whichever form it comes in; null where the value is no object.</summary>
    public static IEnumerable<KeyValuePair<string, object?>>? Members(object? value) => value switch
    {
        IReadOnlyDictionary<string, object?> d => d,
        IDictionary<string, object?> d => d,
        IDictionary d => d.Cast<DictionaryEntry>().Select(e => KeyValuePair.Create(AsText(e.Key), e.Value)),
        IEnumerable<KeyValuePair<string, string>> d => d.Select(e => KeyValuePair.Create(e.Key, (object?)e.Value)),
        JsonElement { ValueKind: JsonValueKind.Object } e => e.EnumerateObject().Select(p => KeyValuePair.Create(p.Name, (object?)p.Value)),
        JsonObject o => o.Select(p => KeyValuePair.Create(p.Key, (object?)p.Value)),
        _ => null,
    };

    /// <summary>The elements of a list, whichever form it comes in; null where the value is no list.</summary>
    public static IEnumerable<object?>? Elements(object? value) => value switch
    {
        string or byte[] or IDictionary or IReadOnlyDictionary<string, object?> => null,
        JsonElement { ValueKind: JsonValueKind.Array } e => e.EnumerateArray().Select(x => (object?)x),
        JsonElement or JsonObject => null,
        IEnumerable list => list.Cast<object?>(),
        _ => null,
    };

    public static void Write(Utf8JsonWriter writer, object? value, int depth = 0)
    {
        if (depth > MaxDepth)
            throw new InvalidOperationException($"The value is nested deeper than {MaxDepth} levels, or contains itself.");
        switch (value)
        {
            case null: writer.WriteNullValue(); break;
            case string s: writer.WriteStringValue(s); break;
            case bool b: writer.WriteBooleanValue(b); break;
            case long n: writer.WriteNumberValue(n); break;
            case int n: writer.WriteNumberValue(n); break;
            case double d when double.IsFinite(d): writer.WriteNumberValue(d); break;
            case double: writer.WriteNullValue(); break;
            case float f when float.IsFinite(f): writer.WriteNumberValue(f); break;
            case float: writer.WriteNullValue(); break;
            case decimal m: writer.WriteNumberValue(m); break;
            case BigInteger big: writer.WriteRawValue(big.ToString(CultureInfo.InvariantCulture)); break;
            case DateTimeOffset at: writer.WriteStringValue(at); break;
            case DateTime at: writer.WriteStringValue(at); break;
            case TimeSpan span: writer.WriteStringValue(span.ToString("c", CultureInfo.InvariantCulture)); break;
            case Guid id: writer.WriteStringValue(id); break;
            case byte[] bytes: writer.WriteBase64StringValue(bytes); break;
            case JsonElement { ValueKind: JsonValueKind.Undefined }: writer.WriteNullValue(); break;
            case JsonElement element: element.WriteTo(writer); break;
            case JsonNode node: node.WriteTo(writer); break;
            default: WriteStructure(writer, value, depth); break;
        }
    }

    private static void WriteStructure(Utf8JsonWriter writer, object value, int depth)
    {
        if (Members(value) is { } members)
        {
            writer.WriteStartObject();
            foreach (var (name, member) in members)
            {
                writer.WritePropertyName(name);
                Write(writer, member, depth + 1);
            }

            writer.WriteEndObject();
        }
        else if (Elements(value) is { } elements)
        {
            writer.WriteStartArray();
            foreach (var element in elements)
                Write(writer, element, depth + 1);
            writer.WriteEndArray();
        }
        else
        {
            writer.WriteStringValue(AsFormatted(value));
        }
    }

    private static string? AsFormatted(object value) =>
        value is IFormattable f ? f.ToString(null, CultureInfo.InvariantCulture) : value.ToString();
}
