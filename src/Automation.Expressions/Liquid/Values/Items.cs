using System.Text.Json;
using System.Text.Json.Nodes;

namespace Automation.Expressions.Liquid.Values;

/// <summary>Arrays, whatever holds them.</summary>
internal static class Items
{
    public static bool IsArray(object? value) =>
        value is IReadOnlyList<object?> and not IReadOnlyDictionary<string, object?>
        or JsonArray
        or JsonElement { ValueKind: JsonValueKind.Array };

    /// <summary>The items of an array; they may need <see cref="Plain.From"/>.</summary>
    public static IReadOnlyList<object?> Of(RenderContext context, object? array)
    {
        switch (array)
        {
            case NumberRange range:
                context.CheckArrayLength(range.Length);
                return range;
            case IReadOnlyList<object?> list:
                context.CheckArrayLength(list.Count);
                return list;
            case JsonArray nodes:
                context.MadeArray(nodes.Count);
                var copied = new object?[nodes.Count];
                for (var i = 0; i < copied.Length; i++)
                    copied[i] = Plain.From(nodes[i]);
                return copied;
            case JsonElement { ValueKind: JsonValueKind.Array } element:
                context.MadeArray(element.GetArrayLength());
                context.Allocate(32L * element.GetArrayLength());
                // One pass: the indexer of JsonElement starts from the front each time. The elements stay views of the document.
                var views = new object?[element.GetArrayLength()];
                var at = 0;
                foreach (var item in element.EnumerateArray())
                    views[at++] = Plain.From(item);
                return views;
            default:
                return [];
        }
    }

    public static long Length(object array) => array switch
    {
        NumberRange range => range.Length,
        IReadOnlyList<object?> list => list.Count,
        JsonArray nodes => nodes.Count,
        JsonElement element => element.GetArrayLength(),
        _ => 0,
    };

    /// <summary>One item, counted from the end where <paramref name="index"/> is negative; false if out of range.</summary>
    public static bool TryGet(RenderContext context, object array, long index, out object? item)
    {
        var length = Length(array);
        if (index < 0)
            index += length;
        if (index < 0 || index >= length)
        {
            item = null;
            return false;
        }

        if (array is JsonElement)
            context.WorkOn((int)index);
        item = array switch
        {
            NumberRange range => range.First + index,
            IReadOnlyList<object?> list => Plain.From(list[(int)index]),
            JsonArray nodes => Plain.From(nodes[(int)index]),
            JsonElement element => Plain.From(element[(int)index]),
            _ => null,
        };
        return true;
    }

    /// <summary>
    /// What a filter on arrays works on: an array with inner arrays opened, or the one value that is no array; nil is
    /// no item at all.
    /// </summary>
    public static IReadOnlyList<object?> Flat(RenderContext context, object? value)
    {
        if (value is null)
            return [];
        if (!IsArray(value))
        {
            // The array may outlive the variable that the text came from.
            if (value is string text)
                context.Allocate(2L * text.Length);
            return [value];
        }

        var items = Of(context, value);
        context.Step(items.Count);
        if (value is NumberRange)
            return items;

        var flat = new List<object?>(items.Count);
        Flatten(context, items, flat);
        context.MadeArray(flat.Count);
        return flat;
    }

    private static void Flatten(RenderContext context, IReadOnlyList<object?> items, List<object?> flat)
    {
        context.Enter();
        foreach (var item in items)
        {
            context.Step();
            var plain = Plain.From(item);
            if (plain is not NumberRange && IsArray(plain))
                Flatten(context, Of(context, plain), flat);
            else
                flat.Add(plain);
            context.CheckArrayLength(flat.Count);
        }

        context.Leave();
    }
}
