using System.Runtime.CompilerServices;

namespace Automation.Expressions.Liquid.Values;

/// <summary>What <c>==</c>, <c>&lt;</c>, <c>contains</c> and truth mean.</summary>
internal static class Equality
{
    public static bool IsTrue(object? value) => value is not (null or false);

    public static bool AreEqual(RenderContext context, object? left, object? right)
    {
        if (left is MarkupText markedLeft)
            left = markedLeft.Text;
        if (right is MarkupText markedRight)
            right = markedRight.Text;

        if (left is Emptiness kind)
            return right is Emptiness ? ReferenceEquals(left, right) : Matches(context, kind, right);
        if (right is Emptiness other)
            return Matches(context, other, left);

        switch (left)
        {
            case null:
                return right is null;
            case string a:
                return right switch
                {
                    string b => TextsEqual(context, a, b),
                    Guid id => Guid.TryParseExact(a, "D", out var parsed) && parsed == id,
                    _ => false,
                };
            case bool a:
                return right is bool flag && a == flag;
            case Guid a:
                return right is string ? AreEqual(context, right, left) : right is Guid b2 && a == b2;
            case DateTimeOffset a:
                return right is DateTimeOffset date && a == date;
            case TimeSpan a:
                return right is TimeSpan span && a == span;
            case byte[] a:
                return right is byte[] bytes && a.AsSpan().SequenceEqual(bytes);
        }

        if (Numbers.Is(left))
            return right is not null && Numbers.Is(right) && Numbers.Compare(left, right) == 0;
        if (right is null)
            return false;
        if (Items.IsArray(left))
            return Items.IsArray(right) && ArraysEqual(context, left, right);
        return Members.IsObject(left) && Members.IsObject(right) && ObjectsEqual(context, left, right);
    }

    /// <summary>Order of two values; null where they have none (nil, booleans, arrays …).</summary>
    /// <exception cref="ExpressionException">A number or text is compared with something of another kind.</exception>
    public static int? Order(RenderContext context, object? left, object? right)
    {
        if (left is MarkupText markedLeft)
            left = markedLeft.Text;
        if (right is MarkupText markedRight)
            right = markedRight.Text;
        if (left is null or Emptiness || right is null or Emptiness)
            return null;

        var leftIsNumber = Numbers.Is(left);
        if (leftIsNumber && Numbers.Is(right))
            return IsNaN(left) || IsNaN(right) ? null : Numbers.Compare(left, right);
        switch (left)
        {
            case string a when right is string b:
                context.WorkOn(Math.Min(a.Length, b.Length));
                return string.CompareOrdinal(a, b);
            case DateTimeOffset a when right is DateTimeOffset b:
                return a.CompareTo(b);
            case TimeSpan a when right is TimeSpan b:
                return a.CompareTo(b);
        }

        if (leftIsNumber || left is string or DateTimeOffset or TimeSpan)
            throw context.Error($"Cannot compare {Kind(left)} with {Kind(right)}.");
        return null;
    }

    public static bool Contains(RenderContext context, object? left, object? right)
    {
        if (left is null || !IsTrue(right))
            return false;
        if (left is string or MarkupText)
            return Texts.IndexOf(context, TextOf.Value(context, left), TextOf.Value(context, right)) >= 0;
        if (left is NumberRange range)
            return right is long number && number >= range.First && number <= range.Last;
        if (Items.IsArray(left))
        {
            foreach (var item in Items.Of(context, left))
            {
                context.Step();
                if (AreEqual(context, Plain.From(item), right))
                    return true;
            }

            return false;
        }

        return Members.IsObject(left) && right is string or MarkupText && Members.TryProperty(context, left, TextOf.Value(context, right), out _);
    }

    /// <summary>A hash such that equal values have equal hashes.</summary>
    public static int Hash(RenderContext context, object? value) => Hash(context, value, nested: false);

    private static int Hash(RenderContext context, object? value, bool nested)
    {
        switch (value)
        {
            case null:
                return 0;
            case MarkupText markup:
                return Hash(context, markup.Text, nested);
            case string text:
                context.WorkOn(text.Length);
                // A Guid equals its text, in capitals too.
                return Guid.TryParseExact(text, "D", out var id) ? id.GetHashCode() : text.GetHashCode(StringComparison.Ordinal);
            case byte[] bytes:
                return bytes.Length;
            case bool or Guid or DateTimeOffset or TimeSpan:
                return value.GetHashCode();
        }

        if (Numbers.Is(value))
            return Numbers.ToDouble(value).GetHashCode();
        if (value is LiquidObject)
            return RuntimeHelpers.GetHashCode(value);

        // Inner objects and arrays count by size only; so a hash costs one pass at most.
        var hash = (int)(Members.Size(value) ?? -1);
        if (nested)
            return hash;
        if (Items.IsArray(value))
        {
            for (var i = 0; i < 8 && Items.TryGet(context, value, i, out var item); i++)
                hash = HashCode.Combine(hash, Hash(context, item, nested: true));
            return hash;
        }

        foreach (var (name, property) in Members.Of(value))
        {
            context.Step();
            // A sum: the order of properties does not matter.
            hash += HashCode.Combine(name, Hash(context, property, nested: true));
        }

        return hash;
    }

    public static string Kind(object? value) => value switch
    {
        null => "nil",
        string or MarkupText => "a text",
        bool => "true or false",
        DateTimeOffset => "a date",
        TimeSpan => "a duration",
        Guid => "an id",
        byte[] => "bytes",
        _ when Numbers.Is(value) => "a number",
        _ when Items.IsArray(value) => "an array",
        _ => "an object",
    };

    private static bool IsNaN(object value) => value is double.NaN;

    private static bool Matches(RenderContext context, Emptiness kind, object? value)
    {
        var blank = ReferenceEquals(kind, Emptiness.Blank);
        switch (value)
        {
            case null or false:
                return blank;
            case string text when blank:
                context.WorkOn(text.Length);
                return string.IsNullOrWhiteSpace(text);
            default:
                return value is not (NumberRange or LiquidObject) && Members.Size(value) == 0;
        }
    }

    private static bool TextsEqual(RenderContext context, string a, string b)
    {
        if (a.Length == b.Length)
            context.WorkOn(a.Length);
        return string.Equals(a, b, StringComparison.Ordinal);
    }

    private static bool ArraysEqual(RenderContext context, object left, object right)
    {
        if (left is NumberRange a && right is NumberRange b)
            return a.First == b.First && a.Last == b.Last;
        if (ReferenceEquals(left, right))
            return true;
        if (Items.Length(left) != Items.Length(right))
            return false;

        context.Enter();
        var lefts = Items.Of(context, left);
        var rights = Items.Of(context, right);
        var equal = true;
        for (var i = 0; equal && i < lefts.Count; i++)
        {
            context.Step();
            equal = AreEqual(context, Plain.From(lefts[i]), Plain.From(rights[i]));
        }

        context.Leave();
        return equal;
    }

    private static bool ObjectsEqual(RenderContext context, object left, object right)
    {
        if (ReferenceEquals(left, right))
            return true;
        if (left is LiquidObject || right is LiquidObject || Members.Size(left) != Members.Size(right))
            return false;

        context.Enter();
        var equal = true;
        foreach (var (name, value) in Members.Of(left))
        {
            context.Step();
            if (!Members.TryProperty(context, right, name, out var other) || !AreEqual(context, value, other))
            {
                equal = false;
                break;
            }
        }

        context.Leave();
        return equal;
    }
}
