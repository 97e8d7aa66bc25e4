using System.Globalization;
using Automation.Expressions.Liquid.Values;

namespace Automation.Expressions.Liquid.Filters;

/// <summary>Filters on text. Whatever comes in is taken as its text.</summary>
internal static class StringFilters
{
    public static object Append(RenderContext context, object? input, FilterArguments arguments) =>
        Join(context, TextOf.Value(context, input), TextOf.Value(context, arguments[0]));

    public static object Prepend(RenderContext context, object? input, FilterArguments arguments) =>
        Join(context, TextOf.Value(context, arguments[0]), TextOf.Value(context, input));

    public static object Upcase(RenderContext context, object? input, FilterArguments arguments) =>
        context.Made(TextOf.Value(context, input).ToUpperInvariant());

    public static object Downcase(RenderContext context, object? input, FilterArguments arguments) =>
        context.Made(TextOf.Value(context, input).ToLowerInvariant());

    public static object Capitalize(RenderContext context, object? input, FilterArguments arguments)
    {
        var text = TextOf.Value(context, input);
        if (text.Length == 0)
            return text;
        var first = Texts.CutBefore(text, 1, up: true);
        return context.Made(string.Concat(text[..first].ToUpperInvariant(), text[first..].ToLowerInvariant()));
    }

    public static object Strip(RenderContext context, object? input, FilterArguments arguments) =>
        context.Made(TextOf.Value(context, input).Trim());

    public static object LeftStrip(RenderContext context, object? input, FilterArguments arguments) =>
        context.Made(TextOf.Value(context, input).TrimStart());

    public static object RightStrip(RenderContext context, object? input, FilterArguments arguments) =>
        context.Made(TextOf.Value(context, input).TrimEnd());

    /// <summary>Trims, and makes one space of all white space between words.</summary>
    public static object Squish(RenderContext context, object? input, FilterArguments arguments)
    {
        var words = Words(context, TextOf.Value(context, input), int.MaxValue);
        var result = new TextBuilder(context);
        foreach (var word in words)
        {
            if (result.Length > 0)
                result.Append(' ');
            result.Append(word);
        }

        return result.ToString();
    }

    public static object StripNewlines(RenderContext context, object? input, FilterArguments arguments) =>
        context.Made(TextOf.Value(context, input).Replace("\r\n", "", StringComparison.Ordinal).Replace("\n", "", StringComparison.Ordinal));

    /// <summary>Cuts to a length that includes the ellipsis.</summary>
    public static object Truncate(RenderContext context, object? input, FilterArguments arguments)
    {
        var length = arguments.Count > 0 ? Whole(context, arguments[0], "length") : 50;
        if (input is null)
            return "";
        var text = TextOf.Value(context, input);
        var ellipsis = arguments.Count > 1 ? TextOf.Value(context, arguments[1]) : "...";
        if (text.Length <= length)
            return text;
        return Join(context, Texts.Slice(text, 0, (int)Math.Max(0, length - ellipsis.Length)), ellipsis);
    }

    public static object TruncateWords(RenderContext context, object? input, FilterArguments arguments)
    {
        var count = arguments.Count > 0 ? Whole(context, arguments[0], "number of words") : 15;
        if (input is null)
            return "";
        var text = TextOf.Value(context, input);
        var ellipsis = arguments.Count > 1 ? TextOf.Value(context, arguments[1]) : "...";
        var most = (int)Math.Clamp(count, 1, context.Limits.MaxArrayLength);
        var words = Words(context, text, most + 1);
        if (words.Count <= most)
            return text;

        var result = new TextBuilder(context);
        for (var i = 0; i < most; i++)
        {
            if (i > 0)
                result.Append(' ');
            result.Append(words[i]);
        }

        result.Append(ellipsis);
        return result.ToString();
    }

    /// <summary>A part of a text or array, from an index (from the end where negative).</summary>
    public static object Slice(RenderContext context, object? input, FilterArguments arguments)
    {
        var start = Whole(context, arguments[0], "start");
        var count = arguments[1] is null ? 1 : Whole(context, arguments[1], "length");
        if (input is not null && Items.IsArray(input))
        {
            var items = Items.Of(context, input);
            var (from, to) = Part(start, count, items.Count);
            context.MadeArray(to - from);
            var part = new object?[to - from];
            for (var i = 0; i < part.Length; i++)
                part[i] = items[from + i];
            return part;
        }

        var text = TextOf.Value(context, input);
        var (first, last) = Part(start, count, text.Length);
        return context.Made(Texts.Slice(text, first, last));
    }

    /// <summary>Cuts at each separator; a single space cuts at any white space, nothing at all between letters. Empty parts at the end are dropped.</summary>
    public static object Split(RenderContext context, object? input, FilterArguments arguments)
    {
        var text = TextOf.Value(context, input);
        var separator = TextOf.Value(context, arguments[0]);
        List<object?> parts;
        if (separator == " ")
        {
            parts = [.. Words(context, text, int.MaxValue)];
        }
        else if (separator.Length == 0)
        {
            parts = [];
            for (int from = 0, to; from < text.Length; from = to)
            {
                to = Math.Min(Texts.CutBefore(text, from + 1, up: true), text.Length);
                Add(text[from..to]);
            }
        }
        else
        {
            parts = [];
            var from = 0;
            for (var at = Texts.IndexOf(context, text, separator); at >= 0; at = Texts.IndexOf(context, text, separator, from))
            {
                Add(text[from..at]);
                from = at + separator.Length;
            }

            Add(text[from..]);
            while (parts.Count > 0 && parts[^1] is "")
                parts.RemoveAt(parts.Count - 1);
        }

        context.MadeArray(parts.Count);
        return parts;

        void Add(string part)
        {
            parts.Add(context.Made(part));
            context.CheckArrayLength(parts.Count);
        }
    }

    /// <summary>The words of a text; the last one of <paramref name="most"/> is no longer cut out but marks that there is more.</summary>
    private static List<string> Words(RenderContext context, string text, int most)
    {
        var words = new List<string>();
        var at = 0;
        while (words.Count < most)
        {
            while (at < text.Length && char.IsWhiteSpace(text[at]))
                at++;
            var from = at;
            while (at < text.Length && !char.IsWhiteSpace(text[at]))
                at++;
            if (at == from)
                break;
            words.Add(context.Made(text[from..at]));
            context.CheckArrayLength(words.Count);
        }

        return words;
    }

    private static (int From, int To) Part(long start, long count, int length)
    {
        if (start < 0)
            start += length;
        if (start < 0 || start > length || count <= 0)
            return (0, 0);
        return ((int)start, (int)Math.Min(length, count > length ? length : start + count));
    }

    private static string Join(RenderContext context, string first, string second)
    {
        context.CheckStringLength((long)first.Length + second.Length);
        return context.Made(first + second);
    }

    private static long Whole(RenderContext context, object? value, string what) =>
        Numbers.ToInteger(value) ?? throw context.Error(string.Create(
            CultureInfo.InvariantCulture,
            $"The {what} must be a whole number, not {(value is double or decimal ? Numbers.Text(value) : Equality.Kind(value))}."));
}
