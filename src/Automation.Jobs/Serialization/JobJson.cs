using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Automation.Jobs.Serialization;

/// <summary>JSON as Hangfire's serializer writes it: property names as declared, enums as numbers, nothing escaped without need.</summary>
internal static class JobJson
{
    public static readonly JsonSerializerOptions Options = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        IncludeFields = true,
        MaxDepth = 128,
        PropertyNameCaseInsensitive = true,
        NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.AllowReadingFromString,
    };

    private static readonly JsonWriterOptions WriterOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <summary>Writes a value as a caller's argument or a job's result.</summary>
    public static string Serialize(object? value, Type? type = null) =>
        value is null ? "null" : JsonSerializer.Serialize(value, type ?? value.GetType(), Options);

    /// <summary>A JSON string literal.</summary>
    public static string Quote(string text) => string.Concat("\"", JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).ToString(), "\"");

    /// <summary>Writes an array of strings, null where an item is null.</summary>
    public static string StringArray(IReadOnlyList<string?> items)
    {
        if (items.Count == 0)
            return "[]";
        return Write(writer =>
        {
            writer.WriteStartArray();
            foreach (var item in items)
            {
                if (item is null)
                    writer.WriteNullValue();
                else
                    writer.WriteStringValue(item);
            }

            writer.WriteEndArray();
        });
    }

    /// <summary>Writes JSON text by hand.</summary>
    public static string Write(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var writer = new Utf8JsonWriter(buffer, WriterOptions))
            write(writer);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <summary>Reads a JSON array of strings and nulls.</summary>
    /// <exception cref="JsonException">It is something else.</exception>
    public static string?[] ReadStringArray(string? json)
    {
        if (string.IsNullOrWhiteSpace(json))
            return [];
        using var document = JsonDocument.Parse(json);
        return ReadStringArray(document.RootElement);
    }

    public static string?[] ReadStringArray(JsonElement element)
    {
        // With type names on, a genuine writer wraps arrays.
        if (element.ValueKind == JsonValueKind.Object && element.TryGetProperty("$values", out var values))
            element = values;
        if (element.ValueKind == JsonValueKind.Null)
            return [];
        if (element.ValueKind != JsonValueKind.Array)
            throw new JsonException($"Expected an array of strings, found {element.ValueKind}.");
        var result = new string?[element.GetArrayLength()];
        var i = 0;
        foreach (var item in element.EnumerateArray())
        {
            result[i++] = item.ValueKind switch
            {
                JsonValueKind.Null => null,
                JsonValueKind.String => item.GetString(),
                _ => throw new JsonException($"Expected an array of strings, found {item.ValueKind} in it."),
            };
        }

        return result;
    }

    /// <summary>Reads an object of strings; values of other kinds become their JSON text, a null stays null.</summary>
    public static Dictionary<string, string?> ReadStrings(string? json)
    {
        var result = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        if (string.IsNullOrWhiteSpace(json))
            return result;
        try
        {
            using var document = JsonDocument.Parse(json);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                return result;
            foreach (var property in document.RootElement.EnumerateObject())
            {
                result[property.Name] = property.Value.ValueKind switch
                {
                    JsonValueKind.Null => null,
                    JsonValueKind.String => property.Value.GetString(),
                    _ => property.Value.GetRawText(),
                };
            }
        }
        catch (JsonException)
        {
            // Data of a row that somebody damaged: the row is shown without it.
            result["Data"] = json;
        }

        return result;
    }

    /// <summary>Takes away what Json.NET's type names leave in a document: <c>$type</c>, and <c>$values</c> around arrays.</summary>
    public static JsonNode? WithoutTypeNames(JsonNode? node)
    {
        switch (node)
        {
            case JsonObject o when o["$values"] is JsonArray values:
                o.Remove("$values");
                return WithoutTypeNames(values);
            case JsonObject o:
                o.Remove("$type");
                o.Remove("$id");
                foreach (var name in o.Select(p => p.Key).ToList())
                {
                    var value = o[name];
                    o.Remove(name);
                    o[name] = WithoutTypeNames(value);
                }

                return o;
            case JsonArray a:
                for (var i = 0; i < a.Count; i++)
                {
                    var item = a[i];
                    a[i] = null;
                    a[i] = WithoutTypeNames(item);
                }

                return a;
            default:
                return node;
        }
    }
}
