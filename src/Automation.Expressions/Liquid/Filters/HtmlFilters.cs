using System.Net;
using Automation.Expressions.Liquid.Values;

namespace Automation.Expressions.Liquid.Filters;

internal static class HtmlFilters
{
    /// <summary>Marks text as ready to be written; matters only where an encoder is set.</summary>
    public static object Raw(RenderContext context, object? input, FilterArguments arguments) =>
        new MarkupText(TextOf.Value(context, input));

    public static object? Escape(RenderContext context, object? input, FilterArguments arguments) =>
        input is null ? null
        : context.Options.FluidFilters ? context.Made(WebUtility.HtmlEncode(TextOf.Value(context, input)))
        : new MarkupText(Escaped(context, TextOf.Value(context, input), keepEntities: false));

    public static object? EscapeOnce(RenderContext context, object? input, FilterArguments arguments) =>
        input is null ? null
        : context.Options.FluidFilters ? context.Made(WebUtility.HtmlEncode(WebUtility.HtmlDecode(TextOf.Value(context, input))))
        : new MarkupText(Escaped(context, TextOf.Value(context, input), keepEntities: true));

    public static object NewlineToBr(RenderContext context, object? input, FilterArguments arguments)
    {
        var text = TextOf.Value(context, input);
        var result = new TextBuilder(context);
        var done = 0;
        for (var at = text.IndexOf('\n'); at >= 0; at = text.IndexOf('\n', done))
        {
            var end = at > done && text[at - 1] == '\r' ? at - 1 : at;
            result.Append(text.AsSpan(done, end - done));
            result.Append("<br />\n");
            done = at + 1;
        }

        result.Append(text.AsSpan(done));
        return result.ToString();
    }

    /// <summary>Drops tags, comments, and scripts and styles with what is in them.</summary>
    public static object StripHtml(RenderContext context, object? input, FilterArguments arguments)
    {
        var text = TextOf.Value(context, input);
        var blocks = DropBlocks(context, text);
        var result = new TextBuilder(context);
        var done = 0;
        for (var open = blocks.IndexOf('<'); open >= 0; open = blocks.IndexOf('<', done))
        {
            var close = blocks.IndexOf('>', open);
            if (close < 0)
                break;
            result.Append(blocks.AsSpan(done, open - done));
            done = close + 1;
        }

        result.Append(blocks.AsSpan(done));
        return result.ToString();
    }

    private static string DropBlocks(RenderContext context, string text)
    {
        // What was once not found to the right is not looked for again, so the cost stays linear.
        bool script = true, style = true, comment = true;
        var result = new TextBuilder(context);
        var done = 0;
        for (var open = text.IndexOf('<'); open >= 0; open = open + 1 < text.Length ? text.IndexOf('<', Math.Max(open + 1, done)) : -1)
        {
            var rest = text.AsSpan(open);
            var end = -1;
            if (script && rest.StartsWith("<script"))
                script = (end = After(text, open, "</script>")) >= 0;
            else if (style && rest.StartsWith("<style"))
                style = (end = After(text, open, "</style>")) >= 0;
            else if (comment && rest.StartsWith("<!--"))
                comment = (end = After(text, open, "-->")) >= 0;
            if (end < 0)
                continue;

            result.Append(text.AsSpan(done, open - done));
            done = end;
            if (done >= text.Length)
                break;
        }

        result.Append(text.AsSpan(done));
        return result.ToString();
    }

    private static int After(string text, int from, string mark)
    {
        var at = text.IndexOf(mark, from, StringComparison.Ordinal);
        return at < 0 ? -1 : at + mark.Length;
    }

    private static string Escaped(RenderContext context, string text, bool keepEntities)
    {
        const string Special = "&<>\"'";
        var at = text.AsSpan().IndexOfAny(Special);
        if (at < 0)
            return text;

        var result = new TextBuilder(context);
        var done = 0;
        while (at >= 0)
        {
            at += done;
            result.Append(text.AsSpan(done, at - done));
            var entity = text[at] switch
            {
                '&' => keepEntities && IsEntity(text.AsSpan(at + 1)) ? "&" : "&amp;",
                '<' => "&lt;",
                '>' => "&gt;",
                '"' => "&quot;",
                _ => "&#39;",
            };
            result.Append(entity);
            done = at + 1;
            at = text.AsSpan(done).IndexOfAny(Special);
        }

        result.Append(text.AsSpan(done));
        return result.ToString();
    }

    private static bool IsEntity(ReadOnlySpan<char> text)
    {
        // No name of an entity is longer than this.
        var end = text[..Math.Min(text.Length, 40)].IndexOf(';');
        if (end < 1)
            return false;
        var name = text[..end];
        if (name[0] != '#')
            return !name.ContainsAnyExcept("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
        return name.Length > 1 && !name[1..].ContainsAnyExceptInRange('0', '9');
    }
}
