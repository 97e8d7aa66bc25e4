using System.Globalization;
using Automation.Expressions.Liquid.Values;

namespace Automation.Expressions.Liquid.Filters;

/// <summary>Reads dates: instants, seconds since 1970, <c>now</c> and <c>today</c>, and text in the usual forms.</summary>
internal static class DateReader
{
    private const int LongestText = 100;

    public static bool TryRead(RenderContext context, object? value, out DateTimeOffset date)
    {
        switch (value)
        {
            case DateTimeOffset instant:
                date = instant;
                return true;
            case long seconds:
                return TrySeconds(context, seconds, out date);
            case double or decimal:
                return TrySeconds(context, Math.Floor(Numbers.ToDouble(value)), out date);
            case string text:
                return TryText(context, text.Trim(), out date);
            case MarkupText markup:
                return TryText(context, markup.Text.Trim(), out date);
            default:
                date = default;
                return false;
        }
    }

    private static bool TrySeconds(RenderContext context, double seconds, out DateTimeOffset date)
    {
        // The range of DateTimeOffset, less a day for the zone's offset.
        var known = seconds is >= -62_135_500_000 and <= 253_402_200_000;
        date = known ? TimeZoneInfo.ConvertTime(DateTimeOffset.FromUnixTimeSeconds((long)seconds), context.Zone) : default;
        return known;
    }

    private static bool TryText(RenderContext context, string text, out DateTimeOffset date)
    {
        date = default;
        if (text.Length is 0 or > LongestText)
            return false;
        if (text.Equals("now", StringComparison.OrdinalIgnoreCase) || text.Equals("today", StringComparison.OrdinalIgnoreCase))
        {
            date = context.Now();
            return true;
        }

        if (!text.AsSpan().ContainsAnyExceptInRange('0', '9'))
            return long.TryParse(text, CultureInfo.InvariantCulture, out var seconds) && TrySeconds(context, seconds, out date);

        const DateTimeStyles Styles = DateTimeStyles.RoundtripKind | DateTimeStyles.NoCurrentDateDefault | DateTimeStyles.AllowWhiteSpaces;
        // A number with a point reads as month and day to .NET; it is no date to anybody.
        if (!text.AsSpan().ContainsAnyExcept("0123456789.-+") && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out _))
            return false;
        if (!DateTime.TryParse(text, CultureInfo.InvariantCulture, Styles, out var local))
            return false;

        if (local.Kind != DateTimeKind.Unspecified)
            return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AllowWhiteSpaces, out date);

        // A time alone is of today, and a day without a year of this year; .NET would ask the machine's clock.
        if (local.Date == DateTime.MinValue)
            local = context.Now().Date + local.TimeOfDay;
        else if (!NamesYear(text) && DateTime.TryParse(text + " 2000", CultureInfo.InvariantCulture, Styles, out var leap) && leap.Year == 2000)
            local = leap.AddYears(context.Now().Year - 2000);
        date = InZone(local, context.Zone);
        return true;
    }

    private static bool NamesYear(string text)
    {
        var digits = 0;
        foreach (var letter in text)
        {
            digits = char.IsAsciiDigit(letter) ? digits + 1 : 0;
            if (digits == 4)
                return true;
        }

        return false;
    }

    private static DateTimeOffset InZone(DateTime local, TimeZoneInfo zone)
    {
        var offset = zone.GetUtcOffset(local);
        var instant = local.Ticks - offset.Ticks;
        return instant < DateTime.MinValue.Ticks || instant > DateTime.MaxValue.Ticks
            ? new DateTimeOffset(local, TimeSpan.Zero)
            : new DateTimeOffset(local, offset);
    }
}
