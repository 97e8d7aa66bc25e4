using System.Text.Json;
using System.Text.Json.Nodes;

namespace Automation.Expressions.Liquid.Values;

/// <summary>Properties of objects, whatever holds them, and the few that arrays and texts have.</summary>
internal static class Members
{
    public static bool IsObject(object? value) =>
        value is IReadOnlyDictionary<string, object?> or JsonObject or LiquidObject or JsonElement { ValueKind: JsonValueKind.Object };

    /// <summary>Reads <c>value[key]</c>; false where there is nothing.</summary>
    public static bool TryIndex(RenderContext context, object? value, object? key, out object? result)
    {
        result = null;
        switch (value)
        {
            case null:
                return false;
            case { } when Items.IsArray(value):
                return key is long index ? Items.TryGet(context, value, index, out result) : TryName(context, value, KeyText(key), out result);
            default:
                return KeyText(key) is { } name && TryName(context, value, name, out result);
        }
    }

    /// <summary>Reads <c>value.name</c>, with <c>size</c>, <c>first</c> and <c>last</c> where the value has no such property itself.</summary>
    public static bool TryName(RenderContext context, object? value, string? name, out object? result)
    {
        result = null;
        if (name is null || value is null)
            return false;
        if (TryProperty(context, value, name, out result))
            return true;

        switch (name)
        {
            case "size" when value is not LiquidObject && Size(value) is { } size:
                result = size;
                return true;
            case "first" when value is string or MarkupText || Items.IsArray(value) || IsObject(value):
                result = First(context, value);
                return true;
            case "last" when value is string or MarkupText || Items.IsArray(value):
                result = Last(context, value);
                return true;
            default:
                return false;
        }
    }

    public static bool TryProperty(RenderContext context, object value, string name, out object? result)
    {
        // Looking up goes through the whole name, and in a JSON document through the properties.
        context.WorkOn(name.Length);
        if (value is JsonElement { ValueKind: JsonValueKind.Object } json)
            context.WorkOn(json.GetPropertyCount());

        switch (value)
        {
            case LiquidObject host when host.TryGet(name, out result):
                result = Plain.From(result);
                return true;
            case IReadOnlyDictionary<string, object?> map when map.TryGetValue(name, out result):
                result = Plain.From(result);
                return true;
            case JsonElement { ValueKind: JsonValueKind.Object } element when element.TryGetProperty(name, out var property):
                result = Plain.From(property);
                return true;
            case JsonObject node when node.TryGetPropertyValue(name, out var child):
                result = Plain.From(child);
                return true;
            default:
                result = null;
                return false;
        }
    }

    public static IEnumerable<KeyValuePair<string, object?>> Of(object value)
    {
        switch (value)
        {
            case LiquidObject { Listed: { } listed }:
                foreach (var property in Of(listed))
                    yield return property;
                break;
            case LiquidObject host:
                foreach (var name in host.Names)
                {
                    if (host.TryGet(name, out var property))
                        yield return new(name, Plain.From(property));
                }

                break;
            case IReadOnlyDictionary<string, object?> map:
                foreach (var (name, item) in map)
                    yield return new(name, Plain.From(item));
                break;
            case JsonElement { ValueKind: JsonValueKind.Object } element:
                foreach (var property in element.EnumerateObject())
                    yield return new(property.Name, Plain.From(property.Value));
                break;
            case JsonObject node:
                foreach (var (name, child) in node)
                    yield return new(name, Plain.From(child));
                break;
        }
    }

    /// <summary>Characters, items or properties; null for what has no size.</summary>
    public static long? Size(object? value) => value switch
    {
        string text => text.Length,
        MarkupText markup => markup.Text.Length,
        byte[] bytes => bytes.Length,
        IReadOnlyDictionary<string, object?> map => map.Count,
        JsonObject node => node.Count,
        JsonElement { ValueKind: JsonValueKind.Object } element => element.GetPropertyCount(),
        LiquidObject { Listed: { } listed } => Size(listed),
        LiquidObject host => host.Names.Count(),
        not null when Items.IsArray(value) => Items.Length(value),
        _ => null,
    };

    public static object? First(RenderContext context, object? value)
    {
        switch (value)
        {
            case string text:
                return text.Length == 0 ? null : text[..Texts.CutBefore(text, 1, up: true)];
            case MarkupText markup:
                return First(context, markup.Text);
            case null:
                return null;
        }

        if (Items.IsArray(value))
            return Items.TryGet(context, value, 0, out var item) ? item : null;
        if (!IsObject(value))
            return null;
        foreach (var (name, property) in Of(value))
        {
            context.Allocate(64);
            return new object?[] { name, property };
        }

        return null;
    }

    public static object? Last(RenderContext context, object? value) => value switch
    {
        string text => text.Length == 0 ? null : text[Texts.CutBefore(text, text.Length - 1, up: false)..],
        MarkupText markup => Last(context, markup.Text),
        not null when Items.IsArray(value) && Items.TryGet(context, value, -1, out var item) => item,
        _ => null,
    };

    private static string? KeyText(object? key) => key switch
    {
        string text => text,
        MarkupText markup => markup.Text,
        long number => Numbers.Text(number),
        Guid id => id.ToString("D"),
        _ => null,
    };
}
