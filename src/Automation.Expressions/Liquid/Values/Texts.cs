namespace Automation.Expressions.Liquid.Values;

/// <summary>Search and cutting that keep their cost and their surrogate pairs in hand.</summary>
internal static class Texts
{
    // The framework's search is quick on real text, but long repetitive needles make it quadratic.
    private const long PlainSearchCost = 64_000_000;

    /// <summary>Where <paramref name="needle"/> begins at or after <paramref name="start"/>, by code unit; -1 if nowhere.</summary>
    public static int IndexOf(RenderContext context, string text, string needle, int start = 0)
    {
        if (needle.Length == 0)
            return start;
        context.WorkOn(needle.Length);
        if ((long)(text.Length - start) * needle.Length <= PlainSearchCost)
        {
            var found = text.IndexOf(needle, start, StringComparison.Ordinal);
            context.WorkOn((found < 0 ? text.Length : found) - start);
            return found;
        }

        return SearchLinear(context, text, needle, start, last: false);
    }

    public static int LastIndexOf(RenderContext context, string text, string needle)
    {
        if (needle.Length == 0)
            return text.Length;
        context.WorkOn(text.Length);
        return (long)text.Length * needle.Length <= PlainSearchCost
            ? text.LastIndexOf(needle, StringComparison.Ordinal)
            : SearchLinear(context, text, needle, 0, last: true);
    }

    /// <summary>A place to cut a text at or near <paramref name="index"/> that does not split a surrogate pair.</summary>
    public static int CutBefore(string text, int index, bool up) =>
        index > 0 && index < text.Length && char.IsLowSurrogate(text[index]) && char.IsHighSurrogate(text[index - 1])
            ? up ? index + 1 : index - 1
            : index;

    /// <summary>The part of a text between two cuts that split no surrogate pair.</summary>
    public static string Slice(string text, int start, int end)
    {
        start = CutBefore(text, start, up: false);
        end = CutBefore(text, end, up: false);
        return end <= start ? "" : text[start..end];
    }

    // Knuth, Morris and Pratt: never looks at a character of the text twice.
    private static int SearchLinear(RenderContext context, string text, string needle, int start, bool last)
    {
        context.Allocate(4L * needle.Length);
        var borders = new int[needle.Length];
        for (int i = 1, length = 0; i < needle.Length; i++)
        {
            while (length > 0 && needle[i] != needle[length])
                length = borders[length - 1];
            if (needle[i] == needle[length])
                length++;
            borders[i] = length;
        }

        var found = -1;
        for (int i = start, matched = 0; i < text.Length; i++)
        {
            if ((i & 0xFFFF) == 0)
                context.WorkOn(0x10000);
            while (matched > 0 && text[i] != needle[matched])
                matched = borders[matched - 1];
            if (text[i] == needle[matched])
                matched++;
            if (matched < needle.Length)
                continue;

            found = i - needle.Length + 1;
            if (!last)
                return found;
            matched = borders[matched - 1];
        }

        return found;
    }
}
