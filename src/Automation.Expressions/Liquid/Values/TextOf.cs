using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Automation.Expressions.Liquid.Values;

/// <summary>What a value looks like when written: nil is nothing, arrays are their items in a row, objects are JSON.</summary>
internal static class TextOf
{
    public static string Value(RenderContext context, object? value)
    {
        switch (value)
        {
            case null or Emptiness:
                return "";
            case string text:
                return text;
            case MarkupText markup:
                return markup.Text;
            case bool flag:
                return flag ? "true" : "false";
            case NumberRange range:
                return range.ToString();
            default:
                if (Numbers.Is(value))
                    return Numbers.Text(value);
                if (Scalar(value) is { } scalar)
                    return scalar;
                if (!Items.IsArray(value))
                    return JsonText.Of(context, value, indented: false);
                var builder = new TextBuilder(context);
                Append(context, builder, value);
                return builder.ToString();
        }
    }

    /// <summary>Dates, ids, durations and bytes as JSON and templates show them; null for anything else.</summary>
    public static string? Scalar(object value) => value switch
    {
        DateTimeOffset date => Date(date),
        Guid id => id.ToString("D"),
        TimeSpan span => span.ToString("c", CultureInfo.InvariantCulture),
        byte[] bytes => Convert.ToBase64String(bytes),
        _ => null,
    };

    private static string Date(DateTimeOffset date) => date.Offset == TimeSpan.Zero
        ? date.ToString("yyyy-MM-ddTHH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture)
        : date.ToString("yyyy-MM-ddTHH:mm:ss.FFFFFFFzzz", CultureInfo.InvariantCulture);

    private static void Append(RenderContext context, TextBuilder builder, object? value)
    {
        if (value is NumberRange || !Items.IsArray(value))
        {
            builder.Append(Value(context, value));
            return;
        }

        context.Enter();
        foreach (var item in Items.Of(context, value))
            Append(context, builder, Plain.From(item));
        context.Leave();
    }
}
