using System.Globalization;
using Automation.Steps.Values;
using Automation.Workflows.Activities;
using Automation.Workflows.Execution;

namespace Automation.Steps.Transform;

/// <summary>Cuts a list into lists.</summary>
[Activity("Automation.SplitList", Category = "Transform", DisplayName = "Split list", Description = "Cuts a list into lists of a size.")]
internal sealed class SplitList : TransformActivity
{
    [Input(Order = 0, UIHint = "multiline", Description = "The list.")]
    public Input<object?> Items { get; } = new();

    [Input(Order = 1, DefaultValue = 100, Description = "How many in each, 1 or more.")]
    public Input<int> Size { get; } = new();

    [Output(Description = "A list of lists.")]
    public Output<object?> Result { get; } = new();

    protected override void Execute(ActivityContext context)
    {
        var size = Size.Get(context);
        if (size < 1)
            throw new FormatException($"Size is {size}; it must be 1 or more.");
        Result.Set(context, List(Items.Get(context), "Items").Chunk(size).Select(object? (c) => c.ToList()).ToList());
        context.Complete();
    }
}

/// <summary>Makes another object of each item.</summary>
[Activity("Automation.MapList", Category = "Transform", DisplayName = "Map list", Description = "Builds a new object from members of each item of a list.")]
internal sealed class MapList : TransformActivity
{
    [Input(Order = 0, UIHint = "multiline", Description = "The list.")]
    public Input<object?> Items { get; } = new();

    [Input(Order = 1, UIHint = "json-editor", Description = "Each new member and the path of its value within an item, with dots: {\"city\":\"address.city\"}.")]
    public Input<object?> Members { get; } = new();

    [Output(Description = "The new objects in the same order; what is not there is null.")]
    public Output<object?> Result { get; } = new();

    protected override void Execute(ActivityContext context)
    {
        var members = MembersOf(Members.Get(context));
        Result.Set(context, List(Items.Get(context), "Items").Select(object? (i) => Pick(i, members)).ToList());
        context.Complete();
    }
}

/// <summary>Leaves out what is there already.</summary>
[Activity("Automation.DedupeList", Category = "Transform", DisplayName = "Dedupe list", Description = "Keeps the first item of each key.")]
internal sealed class DedupeList : TransformActivity
{
    [Input(Order = 0, UIHint = "multiline", Description = "The list.")]
    public Input<object?> Items { get; } = new();

    [Input(Order = 1, Description = "The path of the key, such as customer.id; the whole item if empty.")]
    public Input<string?> Key { get; } = new();

    [Output(Description = "The items that are left.")]
    public Output<object?> Result { get; } = new();

    protected override void Execute(ActivityContext context)
    {
        var key = Key.Get(context) ?? "";
        Result.Set(context, List(Items.Get(context), "Items").DistinctBy(i => Identity(At(i, key)), StringComparer.Ordinal).ToList());
        context.Complete();
    }
}

/// <summary>Counts and adds up.</summary>
[Activity("Automation.AggregateList", Category = "Transform", DisplayName = "Aggregate list", Description = "Counts, adds up and compares the numbers of a list, all together or by group.")]
internal sealed class AggregateList : TransformActivity
{
    [Input(Order = 0, UIHint = "multiline", Description = "The list.")]
    public Input<object?> Items { get; } = new();

    [Input(Order = 1, Description = "The path of the number, such as amount; the item itself if empty.")]
    public Input<string?> Field { get; } = new();

    [Input(Order = 2, DisplayName = "Group by", Description = "The path of the group, such as status; no groups if empty.")]
    public Input<string?> GroupBy { get; } = new();

    [Output(Description = "An object with count, sum, average, min and max, or a list of them with key.")]
    public Output<object?> Result { get; } = new();

    protected override void Execute(ActivityContext context)
    {
        var (items, field, groupBy) = (List(Items.Get(context), "Items"), Field.Get(context) ?? "", GroupBy.Get(context) ?? "");
        object? result = groupBy.Length == 0
            ? Sum(items, field)
            : items.GroupBy(i => Identity(At(i, groupBy)), StringComparer.Ordinal).Select(object? (g) =>
            {
                var sum = Sum(g, field);
                sum["key"] = At(g.First(), groupBy);
                return sum;
            }).ToList();
        Result.Set(context, result);
        context.Complete();
    }

    private static Dictionary<string, object?> Sum(IEnumerable<object?> items, string field)
    {
        var all = items.ToList();
        // Nothing counts as nothing; anything else that is no number would make a sum that only looks right.
        var numbers = all.Select(i => PlainJson.AsText(At(i, field))).Where(text => text.Length > 0)
            .Select(text => decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var n)
                ? n
                : throw new FormatException($"Items has \"{(text.Length <= 50 ? text : text[..50] + "…")}\"{(field.Length == 0 ? "" : $" under {field}")}, which is no number.")).ToList();
        return new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["count"] = (long)all.Count,
            ["sum"] = numbers.Sum(),
            ["average"] = numbers.Count == 0 ? null : numbers.Average(),
            ["min"] = numbers.Count == 0 ? null : numbers.Min(),
            ["max"] = numbers.Count == 0 ? null : numbers.Max(),
        };
    }
}
