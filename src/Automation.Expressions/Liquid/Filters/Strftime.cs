using System.Globalization;
using Automation.Expressions.Liquid.Values;

namespace Automation.Expressions.Liquid.Filters;

/// <summary>Formats dates as Ruby's <c>strftime</c> does, with English names.</summary>
internal static class Strftime
{
    private const int WidestField = 1024;

    private static readonly CultureInfo English = CultureInfo.InvariantCulture;

    public static string Format(RenderContext context, DateTimeOffset date, string format)
    {
        var result = new TextBuilder(context);
        var at = 0;
        while (at < format.Length)
        {
            var percent = format.IndexOf('%', at);
            if (percent < 0)
                break;
            result.Append(format.AsSpan(at, percent - at));
            at = Directive(context, result, date, format, percent);
        }

        if (at < format.Length)
            result.Append(format.AsSpan(at));
        return result.ToString();
    }

    // %[flags][width][colons]letter; what is none is written as it stands.
    private static int Directive(RenderContext context, TextBuilder result, DateTimeOffset date, string format, int start)
    {
        var at = start + 1;
        char? padding = null;
        bool upper = false, swap = false;
        for (; at < format.Length && format[at] is '-' or '0' or '_' or '^' or '#'; at++)
        {
            upper |= format[at] == '^';
            swap |= format[at] == '#';
            if (format[at] is '-' or '0' or '_')
                padding = format[at];
        }

        var width = 0;
        for (; at < format.Length && char.IsAsciiDigit(format[at]); at++)
            width = Math.Min((width * 10) + format[at] - '0', WidestField);
        var colons = 0;
        for (; at < format.Length && format[at] == ':' && colons < 2; at++)
            colons++;

        if (at < format.Length && Field(context, date, format[at], colons, width) is var (text, fieldWidth, fill))
        {
            if (upper || (swap && format[at] is 'a' or 'A' or 'b' or 'B' or 'h'))
                text = text.ToUpperInvariant();
            else if (swap && format[at] == 'p')
                text = text.ToLowerInvariant();
            var wide = width > 0 ? width : fieldWidth;
            var with = padding switch { '0' => '0', '_' => ' ', _ => fill };
            var padded = padding == '-' ? text : Pad(text, wide, with);
            result.Append(padded);
            return at + 1;
        }

        result.Append('%');
        return start + 1;
    }

    private static string Pad(string text, int width, char with) =>
        with == '0' && text.StartsWith('-') ? "-" + text[1..].PadLeft(Math.Max(0, width - 1), with) : text.PadLeft(width, with);

    /// <summary>The text of a field, the width it has by itself, and what fills it up.</summary>
    private static (string Text, int Width, char Fill)? Field(RenderContext context, DateTimeOffset d, char letter, int colons, int width)
    {
        if (colons > 0 && letter != 'z')
            return null;

        return letter switch
        {
            'Y' => Number(d.Year, 1),
            'C' => Number(d.Year / 100, 2),
            'y' => Number(d.Year % 100, 2),
            'm' => Number(d.Month, 2),
            'B' => Word(English.DateTimeFormat.GetMonthName(d.Month)),
            'b' or 'h' => Word(English.DateTimeFormat.GetAbbreviatedMonthName(d.Month)),
            'd' => Number(d.Day, 2),
            'e' => (Text(d.Day), 2, ' '),
            'j' => Number(d.DayOfYear, 3),
            'H' => Number(d.Hour, 2),
            'k' => (Text(d.Hour), 2, ' '),
            'I' => Number(Hour12(d), 2),
            'l' => (Text(Hour12(d)), 2, ' '),
            'M' => Number(d.Minute, 2),
            'S' => Number(d.Second, 2),
            'L' => (Fraction(d, width == 0 ? 3 : width), 0, '0'),
            'N' => (Fraction(d, width == 0 ? 9 : width), 0, '0'),
            'z' => (Offset(d, colons), 0, '0'),
            'Z' => Word(Zone(context, d)),
            'A' => Word(English.DateTimeFormat.GetDayName(d.DayOfWeek)),
            'a' => Word(English.DateTimeFormat.GetAbbreviatedDayName(d.DayOfWeek)),
            'u' => Number(d.DayOfWeek == DayOfWeek.Sunday ? 7 : (int)d.DayOfWeek, 1),
            'w' => Number((int)d.DayOfWeek, 1),
            'G' => Number(ISOWeek.GetYear(d.DateTime), 1),
            'g' => Number(ISOWeek.GetYear(d.DateTime) % 100, 2),
            'V' => Number(ISOWeek.GetWeekOfYear(d.DateTime), 2),
            'U' => Number((d.DayOfYear + 6 - (int)d.DayOfWeek) / 7, 2),
            'W' => Number((d.DayOfYear + 6 - (((int)d.DayOfWeek + 6) % 7)) / 7, 2),
            's' => (d.ToUnixTimeSeconds().ToString(English), 1, '0'),
            'p' => Word(d.Hour < 12 ? "AM" : "PM"),
            'P' => Word(d.Hour < 12 ? "am" : "pm"),
            'n' => Word("\n"),
            't' => Word("\t"),
            '%' => Word("%"),
            'c' => Composite("%a %b %e %H:%M:%S %Y"),
            'D' or 'x' => Composite("%m/%d/%y"),
            'F' => Composite("%Y-%m-%d"),
            'T' or 'X' => Composite("%H:%M:%S"),
            'R' => Composite("%H:%M"),
            'r' => Composite("%I:%M:%S %p"),
            'v' => Composite("%e-%^b-%Y"),
            '+' => Composite("%a %b %e %H:%M:%S %Z %Y"),
            _ => null,
        };

        (string, int, char) Composite(string format) => (Format(context, d, format), 0, ' ');
    }

    private static (string Text, int Width, char Fill) Number(int value, int width) => (Text(value), width, '0');

    private static (string Text, int Width, char Fill) Word(string text) => (text, 0, ' ');

    private static string Text(int value) => value.ToString(English);

    private static int Hour12(DateTimeOffset date) => date.Hour % 12 == 0 ? 12 : date.Hour % 12;

    private static string Fraction(DateTimeOffset date, int digits)
    {
        var ticks = (date.Ticks % TimeSpan.TicksPerSecond).ToString("0000000", English);
        return digits <= ticks.Length ? ticks[..digits] : ticks.PadRight(digits, '0');
    }

    private static string Offset(DateTimeOffset date, int colons)
    {
        var offset = date.Offset;
        var sign = offset < TimeSpan.Zero ? '-' : '+';
        return colons switch
        {
            0 => string.Create(English, $"{sign}{offset:hhmm}"),
            1 => string.Create(English, $"{sign}{offset:hh\\:mm}"),
            _ => string.Create(English, $"{sign}{offset:hh\\:mm\\:ss}"),
        };
    }

    private static string Zone(RenderContext context, DateTimeOffset date)
    {
        if (date.Offset == TimeSpan.Zero)
            return "UTC";
        var zone = context.Zone;
        return zone.GetUtcOffset(date) == date.Offset && !zone.Id.Contains('/', StringComparison.Ordinal) ? zone.Id : Offset(date, 1);
    }
}
