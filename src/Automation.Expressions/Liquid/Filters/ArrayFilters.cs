using Automation.Expressions.Liquid.Values;

namespace Automation.Expressions.Liquid.Filters;

/// <summary>Filters on arrays. Inner arrays are opened; a value that is no array counts as an array of itself.</summary>
internal static class ArrayFilters
{
    public static object Size(RenderContext context, object? input, FilterArguments arguments) => Members.Size(input) ?? 0L;

    public static object? First(RenderContext context, object? input, FilterArguments arguments) => Members.First(context, input);

    public static object? Last(RenderContext context, object? input, FilterArguments arguments) => Members.Last(context, input);

    public static object Join(RenderContext context, object? input, FilterArguments arguments)
    {
        var glue = arguments.Count > 0 ? TextOf.Value(context, arguments[0]) : " ";
        var items = Items.Flat(context, input);
        var result = new TextBuilder(context);
        for (var i = 0; i < items.Count; i++)
        {
            if (i > 0)
                result.Append(glue);
            result.Append(TextOf.Value(context, items[i]));
        }

        return result.ToString();
    }

    public static object Reverse(RenderContext context, object? input, FilterArguments arguments)
    {
        var items = Items.Flat(context, input);
        var reversed = New(context, items.Count);
        for (var i = 0; i < reversed.Length; i++)
            reversed[i] = items[items.Count - 1 - i];
        return reversed;
    }

    public static object Concat(RenderContext context, object? input, FilterArguments arguments)
    {
        if (!Items.IsArray(arguments[0]))
            throw context.Error($"'concat' needs an array, not {Equality.Kind(arguments[0])}.");
        var left = Items.Flat(context, input);
        var right = Items.Of(context, arguments[0]);
        context.CheckArrayLength((long)left.Count + right.Count);
        var all = New(context, left.Count + right.Count);
        for (var i = 0; i < left.Count; i++)
            all[i] = left[i];
        for (var i = 0; i < right.Count; i++)
            all[left.Count + i] = right[i];
        return all;
    }

    public static object Compact(RenderContext context, object? input, FilterArguments arguments)
    {
        var items = Items.Flat(context, input);
        var kept = new List<object?>();
        foreach (var item in items)
        {
            if (QueryFilters.Property(context, item, arguments) is not null)
                kept.Add(item);
        }

        context.MadeArray(kept.Count);
        return kept;
    }

    public static object Uniq(RenderContext context, object? input, FilterArguments arguments)
    {
        var items = Items.Flat(context, input);
        var seen = new HashSet<Key>();
        var kept = new List<object?>();
        foreach (var item in items)
        {
            context.Step();
            context.Allocate(48);
            if (seen.Add(new Key(context, QueryFilters.Property(context, item, arguments))))
                kept.Add(item);
        }

        context.MadeArray(kept.Count);
        return kept;
    }

    public static object Sort(RenderContext context, object? input, FilterArguments arguments) => Sorted(
        context,
        input,
        item => QueryFilters.Property(context, item, arguments),
        (left, right) => Equality.AreEqual(context, left, right)
            ? 0
            : Equality.Order(context, left, right)
                ?? throw context.Error($"Cannot sort {Equality.Kind(left)} with {Equality.Kind(right)}."));

    public static object SortNatural(RenderContext context, object? input, FilterArguments arguments) => Sorted(
        context,
        input,
        item => QueryFilters.Property(context, item, arguments) is { } value ? TextOf.Value(context, value) : null,
        (left, right) =>
        {
            context.WorkOn(Math.Min(((string)left).Length, ((string)right).Length));
            return string.Compare((string)left, (string)right, StringComparison.OrdinalIgnoreCase);
        });

    public static object Keys(RenderContext context, object? input, FilterArguments arguments)
    {
        var keys = new List<object?>();
        if (Members.IsObject(input))
        {
            foreach (var (name, _) in Members.Of(input!))
            {
                keys.Add(name);
                context.CheckArrayLength(keys.Count);
            }
        }

        context.MadeArray(keys.Count);
        return keys;
    }

    /// <summary>An array to fill, counted against the limits.</summary>
    public static object?[] New(RenderContext context, int length)
    {
        context.MadeArray(length);
        return length == 0 ? [] : new object?[length];
    }

    private static object Sorted(RenderContext context, object? input, Func<object?, object?> key, Func<object, object, int> compare)
    {
        var items = Items.Flat(context, input);
        var from = new (object? Item, object? Key)[items.Count];
        context.Step(items.Count);
        context.Allocate(40L * items.Count);
        for (var i = 0; i < from.Length; i++)
            from[i] = (items[i], key(items[i]));
        var to = ((object? Item, object? Key)[])from.Clone();

        // A merge sort keeps equal items in their order, and may be left by an exception at any comparison.
        for (var width = 1; width < from.Length; width *= 2)
        {
            for (var start = 0; start < from.Length; start += 2 * width)
                Merge(start, Math.Min(start + width, from.Length), Math.Min(start + (2 * width), from.Length));
            (from, to) = (to, from);
        }

        return Array.ConvertAll(from, pair => pair.Item);

        void Merge(int start, int middle, int end)
        {
            for (int left = start, right = middle, at = start; at < end; at++)
            {
                context.Step();
                to[at] = right >= end || (left < middle && Compare(from[left].Key, from[right].Key) <= 0) ? from[left++] : from[right++];
            }
        }

        // Nil comes last.
        int Compare(object? left, object? right) =>
            left is null ? right is null ? 0 : 1 : right is null ? -1 : compare(left, right);
    }

    /// <summary>A value in a set, equal as <c>==</c> says.</summary>
    private readonly struct Key(RenderContext context, object? value) : IEquatable<Key>
    {
        private readonly RenderContext _context = context;
        private readonly object? _value = value;

        public bool Equals(Key other)
        {
            _context.Step();
            return Equality.AreEqual(_context, _value, other._value);
        }

        public override bool Equals(object? obj) => obj is Key other && Equals(other);

        public override int GetHashCode() => Equality.Hash(_context, _value);
    }
}
