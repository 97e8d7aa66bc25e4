using System.Globalization;
using System.Numerics;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Automation.Workflows.Definitions;

[JsonSerializable(typeof(JsonNode))]
[JsonSerializable(typeof(JsonElement))]
internal sealed partial class JsonValuesContext : JsonSerializerContext;

/// <summary>
/// Plain values to JSON and back. Plain are null, bool, long, double, BigInteger, string, DateTimeOffset, TimeSpan, Guid,
/// byte[], JsonElement, lists and dictionaries from text.
/// </summary>
internal static class JsonValues
{
    public static JsonValuesContext Context => JsonValuesContext.Default;

    /// <summary>Text is escaped only where JSON asks for it: these documents never stand inside HTML.</summary>
    public static JsonWriterOptions WriterOptions { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true, MaxDepth = 1000 };

    /// <summary>Whether a value can be stored as JSON and come back as itself or as its text.</summary>
    public static bool IsPlain(object? value) => value is null or bool or long or int or double or BigInteger or string or DateTimeOffset or TimeSpan
        or Guid or byte[] or JsonElement or System.Collections.IDictionary or System.Collections.IEnumerable or decimal or float or short or byte or JsonNode
        or IReadOnlyDictionary<string, object?> or uint or ulong or DateTime or Enum;

    public static void Write(Utf8JsonWriter writer, object? value, int depth = 0)
    {
        if (depth > 200)
            throw new InvalidOperationException("The value is nested deeper than 200 levels (or contains itself) and cannot be stored.");
        switch (value)
        {
            case null:
                writer.WriteNullValue();
                break;
            case string s:
                writer.WriteStringValue(s);
                break;
            case bool b:
                writer.WriteBooleanValue(b);
                break;
            case long n:
                writer.WriteNumberValue(n);
                break;
            case int n:
                writer.WriteNumberValue(n);
                break;
            case double d:
                WriteDouble(writer, d);
                break;
            case float f:
                WriteDouble(writer, f);
                break;
            case decimal m:
                writer.WriteNumberValue(m);
                break;
            case BigInteger big:
                writer.WriteRawValue(big.ToString(CultureInfo.InvariantCulture));
                break;
            case DateTimeOffset at:
                writer.WriteStringValue(at);
                break;
            case DateTime at:
                writer.WriteStringValue(at);
                break;
            case TimeSpan span:
                writer.WriteStringValue(span.ToString("c", CultureInfo.InvariantCulture));
                break;
            case Guid id:
                writer.WriteStringValue(id);
                break;
            case byte[] bytes:
                writer.WriteBase64StringValue(bytes);
                break;
            case JsonElement element:
                if (element.ValueKind == JsonValueKind.Undefined)
                    writer.WriteNullValue();
                else
                    element.WriteTo(writer);
                break;
            case JsonNode node:
                node.WriteTo(writer);
                break;
            case IStoredForm form:
                Write(writer, form.Stored, depth + 1);
                break;
            case IReadOnlyDictionary<string, object?> map:
                writer.WriteStartObject();
                foreach (var (key, item) in map)
                {
                    writer.WritePropertyName(key);
                    Write(writer, item, depth + 1);
                }

                writer.WriteEndObject();
                break;
            case System.Collections.IDictionary map:
                writer.WriteStartObject();
                foreach (System.Collections.DictionaryEntry entry in map)
                {
                    writer.WritePropertyName(Convert.ToString(entry.Key, CultureInfo.InvariantCulture) ?? "");
                    Write(writer, entry.Value, depth + 1);
                }

                writer.WriteEndObject();
                break;
            case System.Collections.IEnumerable list:
                writer.WriteStartArray();
                foreach (var item in list)
                    Write(writer, item, depth + 1);
                writer.WriteEndArray();
                break;
            case IFormattable number when number is short or byte or sbyte or ushort or uint or ulong:
                writer.WriteRawValue(number.ToString(null, CultureInfo.InvariantCulture));
                break;
            default:
                writer.WriteStringValue(Convert.ToString(value, CultureInfo.InvariantCulture));
                break;
        }
    }

    private static void WriteDouble(Utf8JsonWriter writer, double d)
    {
        if (double.IsFinite(d))
        {
            if (d == Math.Truncate(d) && Math.Abs(d) < 9e15)
                writer.WriteNumberValue((long)d);
            else
                writer.WriteNumberValue(d);
        }
        else
        {
            writer.WriteStringValue(d.ToString(CultureInfo.InvariantCulture));
        }
    }

    public static byte[] ToUtf8(object? value)
    {
        var buffer = new System.Buffers.ArrayBufferWriter<byte>(64);
        using (var writer = new Utf8JsonWriter(buffer, WriterOptions))
            Write(writer, value);
        return buffer.WrittenSpan.ToArray();
    }

    public static string ToText(object? value) => System.Text.Encoding.UTF8.GetString(ToUtf8(value));

    /// <summary>JSON text to plain values; null when it is not JSON.</summary>
    public static bool TryParse(string text, out object? value)
    {
        try
        {
            var bytes = System.Text.Encoding.UTF8.GetBytes(text);
            var reader = new Utf8JsonReader(bytes, new JsonReaderOptions { MaxDepth = 512 });
            if (!reader.Read())
            {
                value = null;
                return false;
            }

            value = Read(ref reader);
            return !reader.Read();
        }
        catch (JsonException)
        {
            value = null;
            return false;
        }
    }

    /// <summary>The value at the reader's current token; leaves the reader on its last token.</summary>
    public static object? Read(ref Utf8JsonReader reader)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.String:
                return reader.GetString();
            case JsonTokenType.True:
                return true;
            case JsonTokenType.False:
                return false;
            case JsonTokenType.Number:
                return Number(ref reader);
            case JsonTokenType.StartArray:
                var list = new List<object?>();
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                    list.Add(Read(ref reader));
                return list;
            case JsonTokenType.StartObject:
                var map = new Dictionary<string, object?>(StringComparer.Ordinal);
                while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
                {
                    var key = reader.GetString()!;
                    reader.Read();
                    map[key] = Read(ref reader);
                }

                return map;
            default:
                return null;
        }
    }

    private static object Number(ref Utf8JsonReader reader)
    {
        if (reader.TryGetInt64(out var whole))
            return whole;
        var text = System.Text.Encoding.UTF8.GetString(reader.ValueSpan);
        return text.AsSpan().IndexOfAny('.', 'e', 'E') < 0 ? BigInteger.Parse(text, CultureInfo.InvariantCulture) : reader.GetDouble();
    }

    /// <summary>A JSON element to plain values.</summary>
    public static object? FromElement(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.String:
                return element.GetString();
            case JsonValueKind.True:
                return true;
            case JsonValueKind.False:
                return false;
            case JsonValueKind.Number:
                if (element.TryGetInt64(out var whole))
                    return whole;
                var text = element.GetRawText();
                return text.AsSpan().IndexOfAny('.', 'e', 'E') < 0 ? BigInteger.Parse(text, CultureInfo.InvariantCulture) : element.GetDouble();
            case JsonValueKind.Array:
                var list = new List<object?>(element.GetArrayLength());
                foreach (var item in element.EnumerateArray())
                    list.Add(FromElement(item));
                return list;
            case JsonValueKind.Object:
                var map = new Dictionary<string, object?>(StringComparer.Ordinal);
                foreach (var property in element.EnumerateObject())
                    map[property.Name] = FromElement(property.Value);
                return map;
            default:
                return null;
        }
    }

    public static object? FromNode(JsonNode? node) => node is null ? null : FromElement(JsonSerializer.SerializeToElement(node, Context.JsonNode));
}

/// <summary>A value that is stored in another form than the one that scripts read.</summary>
internal interface IStoredForm
{
    /// <summary>The plain value to store.</summary>
    object Stored { get; }
}
