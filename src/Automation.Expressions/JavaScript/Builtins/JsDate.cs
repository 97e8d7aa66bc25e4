using System.Globalization;
using Automation.Expressions.JavaScript.Runtime;

namespace Automation.Expressions.JavaScript.Builtins;

/// <summary>A date: milliseconds since 1970 in UTC, or NaN.</summary>
internal sealed class JsDate(JsObject? prototype, double time) : JsObject(prototype)
{
    public double Time { get; set; } = time;

    public override string ClassName => "Date";

    /// <summary>The instant; null for an invalid date or one beyond what .NET can hold.</summary>
    public DateTimeOffset? ToInstant() =>
        Time is >= -62135596800000d and <= 253402300799999d ? DateTimeOffset.FromUnixTimeMilliseconds((long)Time) : null;
}

/// <summary>Calendar arithmetic over the whole range of the language, and the way between UTC and local time.</summary>
internal static class DateMath
{
    public const double MsPerDay = 86400000d;

    public static double Day(double t) => Math.Floor(t / MsPerDay);

    public static double TimeInDay(double t) => t - (Day(t) * MsPerDay);

    public static int WeekDay(double t) => (int)(((Day(t) + 4) % 7 + 7) % 7);

    public static (double Year, int Month, int Date) Civil(double t)
    {
        // Days to civil date, by eras of 400 years that begin in March.
        var z = Day(t) + 719468;
        var era = Math.Floor(z / 146097);
        var dayOfEra = z - (era * 146097);
        var yearOfEra = Math.Floor((dayOfEra - Math.Floor(dayOfEra / 1460) + Math.Floor(dayOfEra / 36524) - Math.Floor(dayOfEra / 146096)) / 365);
        var dayOfYear = dayOfEra - ((365 * yearOfEra) + Math.Floor(yearOfEra / 4) - Math.Floor(yearOfEra / 100));
        var m = Math.Floor(((5 * dayOfYear) + 2) / 153);
        var date = dayOfYear - Math.Floor(((153 * m) + 2) / 5) + 1;
        var month = m < 10 ? m + 3 : m - 9;
        var year = yearOfEra + (era * 400) + (month <= 2 ? 1 : 0);
        return (year, (int)month - 1, (int)date);
    }

    public static double MakeDay(double year, double month, double date)
    {
        if (!double.IsFinite(year) || !double.IsFinite(month) || !double.IsFinite(date))
            return double.NaN;
        year = Math.Truncate(year);
        month = Math.Truncate(month);
        var y = year + Math.Floor(month / 12);
        if (Math.Abs(y) > 400000)
            return double.NaN;
        var m = ((month % 12) + 12) % 12;
        y -= m < 2 ? 1 : 0;
        var era = Math.Floor(y / 400);
        var yearOfEra = y - (era * 400);
        var dayOfYear = Math.Floor(((153 * (m + (m > 1 ? -2 : 10))) + 2) / 5);
        var dayOfEra = (yearOfEra * 365) + Math.Floor(yearOfEra / 4) - Math.Floor(yearOfEra / 100) + dayOfYear;
        return (era * 146097) + dayOfEra - 719468 + Math.Truncate(date) - 1;
    }

    public static double MakeTime(double hour, double minute, double second, double ms) =>
        double.IsFinite(hour) && double.IsFinite(minute) && double.IsFinite(second) && double.IsFinite(ms)
            ? (Math.Truncate(hour) * 3600000d) + (Math.Truncate(minute) * 60000d) + (Math.Truncate(second) * 1000d) + Math.Truncate(ms)
            : double.NaN;

    public static double MakeDate(double day, double time)
    {
        var made = (day * MsPerDay) + time;
        return double.IsFinite(made) ? made : double.NaN;
    }

    public static double Clip(double t) => double.IsFinite(t) && Math.Abs(t) <= 8.64e15 ? Math.Truncate(t) + 0d : double.NaN;

    public static double Offset(TimeZoneInfo zone, double utc) =>
        Instant(utc) is { } instant ? zone.GetUtcOffset(instant).TotalMilliseconds : zone.BaseUtcOffset.TotalMilliseconds;

    public static double ToLocal(TimeZoneInfo zone, double utc) => utc + Offset(zone, utc);

    public static double ToUtc(TimeZoneInfo zone, double local)
    {
        if (!double.IsFinite(local))
            return double.NaN;

        // In the hour that a clock change skips, the offset before the change counts; in the hour it repeats, the first.
        var before = Offset(zone, local - MsPerDay);
        var after = Offset(zone, local + MsPerDay);
        var first = local - Math.Max(before, after);
        if (Offset(zone, first) == Math.Max(before, after))
            return first;
        var second = local - Math.Min(before, after);
        return Offset(zone, second) == Math.Min(before, after) ? second : local - before;
    }

    private static DateTimeOffset? Instant(double t) =>
        t is >= -62135596800000d and <= 253402300799999d ? DateTimeOffset.FromUnixTimeMilliseconds((long)t) : null;
}

/// <summary>Dates as text, both ways.</summary>
internal static partial class DateText
{
    private static readonly string[] Days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
    private static readonly string[] Months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

    private static string Pad(double value, int width) => ((long)value).ToString(CultureInfo.InvariantCulture).PadLeft(width, '0');

    private static string Year(double year) => year < 0 ? "-" + Pad(-year, 6) : Pad(year, 4);

    public static string Iso(double t)
    {
        var (year, month, date) = DateMath.Civil(t);
        var head = year is >= 0 and <= 9999 ? Pad(year, 4) : (year < 0 ? "-" : "+") + Pad(Math.Abs(year), 6);
        return $"{head}-{Pad(month + 1, 2)}-{Pad(date, 2)}T{Time(t)}.{Pad(DateMath.TimeInDay(t) % 1000, 3)}Z";
    }

    public static string Time(double t)
    {
        var ms = DateMath.TimeInDay(t);
        return $"{Pad(Math.Floor(ms / 3600000), 2)}:{Pad(Math.Floor(ms / 60000) % 60, 2)}:{Pad(Math.Floor(ms / 1000) % 60, 2)}";
    }

    public static string Date(double local)
    {
        var (year, month, date) = DateMath.Civil(local);
        return $"{Days[DateMath.WeekDay(local)]} {Months[month]} {Pad(date, 2)} {Year(year)}";
    }

    public static string Utc(double t)
    {
        var (year, month, date) = DateMath.Civil(t);
        return $"{Days[DateMath.WeekDay(t)]}, {Pad(date, 2)} {Months[month]} {Year(year)} {Time(t)} GMT";
    }

    public static string Zone(TimeZoneInfo zone, double t)
    {
        var offset = DateMath.Offset(zone, t) / 60000;
        var sign = offset < 0 ? '-' : '+';
        offset = Math.Abs(offset);
        return $"GMT{sign}{Pad(Math.Floor(offset / 60), 2)}{Pad(offset % 60, 2)} ({ZoneName(zone, DateTimeOffset.FromUnixTimeMilliseconds((long)t))})";
    }

    public static bool IsUtc(TimeZoneInfo zone) => zone.BaseUtcOffset == TimeSpan.Zero && !zone.SupportsDaylightSavingTime && zone.Id is "UTC" or "Etc/UTC" or "GMT";

    /// <summary>The zone's name at that time, in full.</summary>
    public static string ZoneName(TimeZoneInfo zone, DateTimeOffset at) =>
        IsUtc(zone) ? "Coordinated Universal Time" : zone.IsDaylightSavingTime(at) ? zone.DaylightName : zone.StandardName;

    /// <summary>The letters that Americans know their zones by; null for all others.</summary>
    public static string? AmericanZone(TimeZoneInfo zone, DateTimeOffset at)
    {
        var name = ZoneName(zone, at);
        string[] words = name.Split(' ');
        return words is ["Eastern" or "Central" or "Mountain" or "Pacific" or "Alaska", "Standard" or "Daylight", "Time"] ? $"{words[0][..(words[0] == "Alaska" ? 2 : 1)]}{words[1][0]}T".ToUpperInvariant() : null;
    }
}
