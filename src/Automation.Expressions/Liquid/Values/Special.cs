using System.Collections;

namespace Automation.Expressions.Liquid.Values;

/// <summary>The literals <c>empty</c> and <c>blank</c>: they write nothing and equal whatever is empty or blank.</summary>
internal sealed class Emptiness
{
    public static readonly Emptiness Empty = new();
    public static readonly Emptiness Blank = new();

    private Emptiness()
    {
    }
}

/// <summary>Text that is written as it is, whatever encoder is set. Otherwise a string like any other.</summary>
internal sealed class MarkupText(string text)
{
    public string Text { get; } = text;
}

/// <summary>A range <c>(first..last)</c>: the integers between, both included; none if last comes before first.</summary>
internal sealed class NumberRange(long first, long last) : IReadOnlyList<object?>
{
    public long First { get; } = first;

    public long Last { get; } = last;

    public long Length { get; } = last < first ? 0 : (long)Math.Min((decimal)last - first + 1, long.MaxValue);

    /// <summary>Right only after <see cref="RenderContext.CheckArrayLength"/> passed on <see cref="Length"/>.</summary>
    public int Count => (int)Math.Min(Length, int.MaxValue);

    public object? this[int index] => First + index;

    public IEnumerator<object?> GetEnumerator()
    {
        for (var i = 0; i < Count; i++)
            yield return this[i];
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public override string ToString() => $"{First}..{Last}";
}

internal static class Boxed
{
    public static readonly object True = true;
    public static readonly object False = false;

    public static object Of(bool value) => value ? True : False;
}
