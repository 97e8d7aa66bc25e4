using System.Globalization;
using System.Numerics;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Automation.Expressions.Liquid.Values;

/// <summary>
/// Brings what the host gives into the kinds that templates work with: scalars become plain .NET values, JSON objects
/// and arrays stay where they are.
/// </summary>
internal static class Plain
{
    public static object? From(object? value) => value switch
    {
        null or string or long or double or decimal or bool => value,
        JsonElement element => FromElement(element),
        JsonValue node => FromNode(node),
        BigInteger big => Numbers.Shorten(big),
        int or short or sbyte or byte or ushort or uint => Convert.ToInt64(value, CultureInfo.InvariantCulture),
        ulong number => Numbers.Shorten(number),
        float number => (double)number,
        DateTime { Kind: DateTimeKind.Unspecified } date => new DateTimeOffset(date, TimeSpan.Zero),
        DateTime date => new DateTimeOffset(date),
        DateOnly date => date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        TimeOnly time => time.ToString("HH:mm:ss.FFFFFFF", CultureInfo.InvariantCulture),
        char letter => letter.ToString(),
        Uri uri => uri.ToString(),
        Enum constant => constant.ToString(),
        DateTimeOffset or Guid or TimeSpan or byte[] or JsonObject or JsonArray => value,
        IReadOnlyDictionary<string, object?> or IReadOnlyList<object?> or LiquidObject or MarkupText or Emptiness => value,
        _ => throw new InvalidOperationException($"a value of type {value.GetType().Name} cannot be used in a template"),
    };

    private static object? FromElement(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.String => element.GetString(),
        JsonValueKind.Number => FromNumber(element),
        JsonValueKind.True => Boxed.True,
        JsonValueKind.False => Boxed.False,
        JsonValueKind.Object or JsonValueKind.Array => element,
        _ => null,
    };

    private static object FromNumber(JsonElement element)
    {
        if (element.TryGetInt64(out var integer))
            return integer;
        var text = element.GetRawText();
        return text.AsSpan().ContainsAny('.', 'e', 'E') ? element.GetDouble() : Numbers.ParseInteger(text) ?? element.GetDouble();
    }

    private static object? FromNode(JsonValue node)
    {
        if (node.TryGetValue<JsonElement>(out var element))
            return FromElement(element);
        // A node made from a .NET value gives that value back; anything unknown goes through its JSON.
        return node.TryGetValue<object>(out var value) && value is not JsonNode
            ? From(value)
            : FromElement(JsonSerializer.SerializeToElement(node));
    }
}
