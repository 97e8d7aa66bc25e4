using Automation.Expressions.Liquid.Values;

namespace Automation.Expressions.Liquid.Filters;

/// <summary>Filters that look at a property of each item: <c>where</c>, <c>map</c>, <c>sum</c> …</summary>
internal static class QueryFilters
{
    private enum Answer
    {
        No,
        Yes,

        /// <summary>The item cannot have properties at all; Shopify's Liquid then gives nil as the whole result.</summary>
        None,
    }

    public static object Map(RenderContext context, object? input, FilterArguments arguments)
    {
        var items = Items.Flat(context, input);
        var mapped = ArrayFilters.New(context, items.Count);
        for (var i = 0; i < mapped.Length; i++)
            mapped[i] = items[i] is null or bool ? null : Read(context, items[i]!, arguments[0]);
        return mapped;
    }

    public static object Sum(RenderContext context, object? input, FilterArguments arguments)
    {
        object sum = 0L;
        foreach (var item in Items.Flat(context, input))
        {
            context.Step();
            sum = Numbers.Add(context, sum, Numbers.From(context, Property(context, item, arguments)));
        }

        return sum;
    }

    public static object? Where(RenderContext context, object? input, FilterArguments arguments) => Select(context, input, arguments, Answer.Yes);

    public static object? Reject(RenderContext context, object? input, FilterArguments arguments) => Select(context, input, arguments, Answer.No);

    public static object? Find(RenderContext context, object? input, FilterArguments arguments) =>
        Search(context, input, arguments, out var found, out _) == Answer.Yes ? found : null;

    public static object? FindIndex(RenderContext context, object? input, FilterArguments arguments) =>
        Search(context, input, arguments, out _, out var index) == Answer.Yes ? (long)index : null;

    public static object? Has(RenderContext context, object? input, FilterArguments arguments) =>
        Search(context, input, arguments, out _, out _) switch
        {
            Answer.Yes => Boxed.True,
            Answer.No => Boxed.False,
            _ => null,
        };

    /// <summary>Groups items by a property, in order of appearance: objects with <c>name</c>, <c>items</c> and <c>size</c>.</summary>
    public static object GroupBy(RenderContext context, object? input, FilterArguments arguments)
    {
        var groups = new Dictionary<string, List<object?>>();
        foreach (var item in Items.Flat(context, input))
        {
            context.Step();
            context.Allocate(16);
            var name = TextOf.Value(context, Property(context, item, arguments));
            context.WorkOn(name.Length);
            if (!groups.TryGetValue(name, out var members))
            {
                context.Allocate(400);
                groups.Add(name, members = []);
            }

            members.Add(item);
        }

        var result = ArrayFilters.New(context, groups.Count);
        var at = 0;
        foreach (var (name, members) in groups)
            result[at++] = new Dictionary<string, object?> { ["name"] = name, ["items"] = members, ["size"] = (long)members.Count };
        return result;
    }

    /// <summary>The item's property where the filter's first argument names one, otherwise the item itself.</summary>
    public static object? Property(RenderContext context, object? item, FilterArguments arguments) =>
        arguments[0] is not { } property ? item : item is null or bool ? null : Read(context, item, property);

    private static object? Select(RenderContext context, object? input, FilterArguments arguments, Answer wanted)
    {
        var kept = new List<object?>();
        foreach (var item in Items.Flat(context, input))
        {
            context.Step();
            var answer = Matches(context, item, arguments);
            if (answer == Answer.None)
                return null;
            if (answer == wanted)
                kept.Add(item);
        }

        context.MadeArray(kept.Count);
        return kept;
    }

    private static Answer Search(RenderContext context, object? input, FilterArguments arguments, out object? found, out int index)
    {
        var items = Items.Flat(context, input);
        for (index = 0; index < items.Count; index++)
        {
            context.Step();
            found = items[index];
            var answer = Matches(context, found, arguments);
            if (answer != Answer.No)
                return answer;
        }

        found = null;
        return Answer.No;
    }

    private static Answer Matches(RenderContext context, object? item, FilterArguments arguments)
    {
        if (item is null or bool || (arguments[0] is null && item is string or MarkupText))
            return Answer.None;
        var value = Read(context, item, arguments[0]);
        var matches = arguments[1] is { } target ? Equality.AreEqual(context, value, target) : Equality.IsTrue(value);
        return matches ? Answer.Yes : Answer.No;
    }

    // A text "has" each of its parts; a number has nothing, save that it equals itself.
    private static object? Read(RenderContext context, object item, object? property)
    {
        switch (item)
        {
            case string or MarkupText:
                var text = TextOf.Value(context, item);
                if (property is string or MarkupText)
                {
                    var part = TextOf.Value(context, property);
                    if (Texts.IndexOf(context, text, part) < 0)
                        return null;
                    context.Allocate(2L * part.Length);
                    return part;
                }

                return property is long index && index >= -text.Length && index < text.Length
                    ? text[(int)(index < 0 ? index + text.Length : index)].ToString()
                    : null;
            case { } when Numbers.Is(item):
                if (property is null)
                    return null;
                return Numbers.Is(property)
                    ? Boxed.Of(Numbers.Compare(item, property) == 0)
                    : throw context.Error($"Cannot read the property '{TextOf.Value(context, property)}' of {Equality.Kind(item)}.");
            default:
                return Members.IsObject(item) && Members.TryIndex(context, item, property, out var value) ? value : null;
        }
    }
}
