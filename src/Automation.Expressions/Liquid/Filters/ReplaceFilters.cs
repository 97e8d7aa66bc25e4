using Automation.Expressions.Liquid.Values;

namespace Automation.Expressions.Liquid.Filters;

/// <summary><c>replace</c>, <c>remove</c> and their kin. An empty text is found before each letter and at the end, as in Ruby.</summary>
internal static class ReplaceFilters
{
    public static object Replace(RenderContext context, object? input, FilterArguments arguments) => All(
        context, TextOf.Value(context, input), TextOf.Value(context, arguments[0]), TextOf.Value(context, arguments[1]));

    public static object ReplaceFirst(RenderContext context, object? input, FilterArguments arguments) => First(
        context, TextOf.Value(context, input), TextOf.Value(context, arguments[0]), TextOf.Value(context, arguments[1]));

    public static object ReplaceLast(RenderContext context, object? input, FilterArguments arguments) => Last(
        context, TextOf.Value(context, input), TextOf.Value(context, arguments[0]), TextOf.Value(context, arguments[1]));

    public static object Remove(RenderContext context, object? input, FilterArguments arguments) =>
        All(context, TextOf.Value(context, input), TextOf.Value(context, arguments[0]), "");

    public static object RemoveFirst(RenderContext context, object? input, FilterArguments arguments) =>
        First(context, TextOf.Value(context, input), TextOf.Value(context, arguments[0]), "");

    public static object RemoveLast(RenderContext context, object? input, FilterArguments arguments) =>
        Last(context, TextOf.Value(context, input), TextOf.Value(context, arguments[0]), "");

    private static string All(RenderContext context, string text, string old, string replacement)
    {
        var at = Texts.IndexOf(context, text, old);
        if (at < 0 || (old.Length == 0 && replacement.Length == 0))
            return text;

        var result = new TextBuilder(context);
        if (old.Length == 0)
        {
            for (int from = 0, to; from < text.Length; from = to)
            {
                to = Math.Min(Texts.CutBefore(text, from + 1, up: true), text.Length);
                result.Append(replacement);
                result.Append(text.AsSpan(from, to - from));
            }

            result.Append(replacement);
            return result.ToString();
        }

        var done = 0;
        for (; at >= 0; at = Texts.IndexOf(context, text, old, done))
        {
            result.Append(text.AsSpan(done, at - done));
            result.Append(replacement);
            done = at + old.Length;
        }

        result.Append(text.AsSpan(done));
        return result.ToString();
    }

    private static string First(RenderContext context, string text, string old, string replacement) =>
        At(context, text, Texts.IndexOf(context, text, old), old.Length, replacement);

    private static string Last(RenderContext context, string text, string old, string replacement) =>
        At(context, text, Texts.LastIndexOf(context, text, old), old.Length, replacement);

    private static string At(RenderContext context, string text, int at, int length, string replacement)
    {
        if (at < 0)
            return text;
        context.CheckStringLength((long)text.Length - length + replacement.Length);
        return context.Made(string.Concat(text.AsSpan(0, at), replacement, text.AsSpan(at + length)));
    }
}
