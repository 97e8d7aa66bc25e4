using Automation.Expressions.Liquid.Values;

namespace Automation.Expressions.Liquid.Nodes;

/// <summary>What <c>for</c> and <c>tablerow</c> go through: a collection, its part, its direction.</summary>
internal sealed class LoopItems(
    string variable, string collectionText, Expression collection, Expression? limit, Expression? offset, bool continues, bool reversed)
{
    // Further than any collection is long, near enough to add two of.
    private const long FarAway = 1L << 40;

    /// <summary>Names the loop for <c>forloop.name</c> and <c>offset: continue</c>.</summary>
    public string Name { get; } = $"{variable}-{collectionText}";

    public LoopSegment Evaluate(RenderContext context)
    {
        var items = Collect(context, collection.Evaluate(context));
        var from = continues ? context.Scope.LoopOffsets.GetValueOrDefault(Name) : Whole(context, offset, "offset") ?? 0;
        var count = Whole(context, limit, "limit") ?? items.Count;

        var start = Math.Clamp(from, 0, items.Count);
        // A negative offset counts from before the first item, so it uses up some of the limit.
        var end = Math.Clamp(from + count, start, items.Count);
        context.Scope.LoopOffsets[Name] = from + (end - start);
        return new LoopSegment(items, (int)start, (int)(end - start), reversed);
    }

    private static long? Whole(RenderContext context, Expression? expression, string name)
    {
        if (expression?.Evaluate(context) is not { } value)
            return null;
        if (value is string text)
            context.WorkOn(text.Length);
        if (Numbers.ToInteger(value) is { } number)
            return Math.Clamp(number, -FarAway, FarAway);
        if (value is double or decimal && Numbers.Floor(context, value) is long floor)
            return Math.Clamp(floor, -FarAway, FarAway);
        throw context.Error($"'{name}' must be a whole number, not {Equality.Kind(value)}.");
    }

    /// <summary>What a loop over a value goes through: an array's items, an object's pairs, a text itself.</summary>
    public static IReadOnlyList<object?> Collect(RenderContext context, object? value)
    {
        switch (value)
        {
            case string or MarkupText:
                return Members.Size(value) == 0 ? [] : [value];
            case null:
                return [];
        }

        if (Items.IsArray(value))
            return Items.Of(context, value);
        if (!Members.IsObject(value))
            return [];

        var pairs = new List<object?>();
        foreach (var (name, property) in Members.Of(value))
        {
            pairs.Add(new object?[] { name, property });
            context.Step();
            context.Allocate(80);
            context.CheckArrayLength(pairs.Count);
        }

        return pairs;
    }
}

internal readonly record struct LoopSegment(IReadOnlyList<object?> Items, int Start, int Length, bool Reversed)
{
    public object? this[int index] => Plain.From(Items[Start + (Reversed ? Length - 1 - index : index)]);
}
