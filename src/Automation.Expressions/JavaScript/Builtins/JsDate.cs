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
internal static class DateText
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

    /// <summary>Milliseconds, or NaN: ISO 8601 first, then the forms that <c>toString</c> and mail headers use, then what .NET reads.</summary>
    public static double Parse(string text, TimeZoneInfo zone)
    {
        text = text.Trim();
        if (TryIso(text, zone, out var iso))
            return iso;
        var bracket = text.IndexOf('(', StringComparison.Ordinal);
        var plain = (bracket < 0 ? text : text[..bracket]).Trim();
        if (TryWords(plain, zone, out var words))
            return words;
        return DateTimeOffset.TryParse(plain, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var read) && !IsTimeOrNumber(plain)
            ? HasZone(plain) ? read.ToUnixTimeMilliseconds() : DateMath.ToUtc(zone, read.ToUnixTimeMilliseconds())
            : double.NaN;
    }

    /// <summary>Without a date there is no day to put a time on.</summary>
    private static bool IsTimeOrNumber(string text) => text.All(c => char.IsAsciiDigit(c) || c is ':' or ' ' or 'A' or 'P' or 'M' or 'a' or 'p' or 'm');

    private static bool HasZone(string text) =>
        text.EndsWith('Z') || text.EndsWith("GMT", StringComparison.OrdinalIgnoreCase) || text.EndsWith("UTC", StringComparison.OrdinalIgnoreCase)
        || (text.LastIndexOfAny(['+', '-']) is var at && at > text.LastIndexOf(':') - 4 && at > 9 && text.Contains(':'));

    private static bool TryIso(string text, TimeZoneInfo zone, out double time)
    {
        time = double.NaN;
        var at = 0;
        var yearDigits = 4;
        var sign = 1;
        if (text.Length > 0 && (text[0] is '+' or '-'))
        {
            yearDigits = 6;
            sign = text[0] == '-' ? -1 : 1;
            at = 1;
        }

        double year, month = 1, date = 1, hour = 0, minute = 0, second = 0, ms = 0;
        if (!Digits(text, ref at, yearDigits, out year) || (sign < 0 && year == 0))
            return false;
        var hasTime = false;
        if (Take(text, ref at, '-'))
        {
            if (!Digits(text, ref at, 2, out month))
                return false;
            if (Take(text, ref at, '-') && !Digits(text, ref at, 2, out date))
                return false;
        }

        if (at < text.Length && (text[at] is 'T' or 't' or ' '))
        {
            at++;
            hasTime = true;
            if (!Digits(text, ref at, 2, out hour) || !Take(text, ref at, ':') || !Digits(text, ref at, 2, out minute))
                return false;
            if (Take(text, ref at, ':'))
            {
                if (!Digits(text, ref at, 2, out second))
                    return false;
                if (at < text.Length && text[at] is '.' or ',')
                    ms = Fraction(text, ref at);
            }
        }

        if (!TryZone(text, ref at, hasTime, out var offset) || at != text.Length)
            return false;
        if (month is < 1 or > 12 || date < 1 || date > 31 || hour > 24 || minute > 59 || second > 59 || (hour == 24 && (minute > 0 || second > 0 || ms > 0)))
            return true;
        // The 30th of February is the 1st or 2nd of March, as in most engines.
        var local = DateMath.MakeDate(DateMath.MakeDay(sign * year, month - 1, date), DateMath.MakeTime(hour, minute, second, ms));
        time = DateMath.Clip(offset is { } known ? local - (known * 60000) : hasTime ? DateMath.ToUtc(zone, local) : local);
        return true;
    }

    private static double Fraction(string text, ref int at)
    {
        var start = ++at;
        var value = 0d;
        var scale = 100d;
        while (at < text.Length && char.IsAsciiDigit(text[at]))
        {
            value += (text[at++] - '0') * scale;
            scale /= 10;
        }

        return at == start ? double.NaN : Math.Floor(value + 1e-9);
    }

    private static bool TryZone(string text, ref int at, bool hasTime, out double? offset)
    {
        offset = null;
        if (at >= text.Length)
            return true;
        if (!hasTime)
            return false;
        if (text[at] is 'Z' or 'z')
        {
            at++;
            offset = 0;
            return true;
        }

        if (text[at] is not ('+' or '-'))
            return false;
        var sign = text[at++] == '-' ? -1 : 1;
        if (!Digits(text, ref at, 2, out var hours))
            return false;
        Take(text, ref at, ':');
        double minutes = 0;
        if (at < text.Length && !Digits(text, ref at, 2, out minutes))
            return false;
        offset = sign * ((hours * 60) + minutes);
        return hours < 24 && minutes < 60;
    }

    private static bool Digits(string text, ref int at, int count, out double value)
    {
        value = 0;
        if (at + count > text.Length)
            return false;
        for (var i = 0; i < count; i++)
        {
            if (!char.IsAsciiDigit(text[at]))
                return false;
            value = (value * 10) + (text[at++] - '0');
        }

        return true;
    }

    private static bool Take(string text, ref int at, char c)
    {
        if (at >= text.Length || text[at] != c)
            return false;
        at++;
        return true;
    }

    /// <summary><c>Tue, 01 Feb 2022 10:00:00 GMT+0100</c>, <c>Feb 1, 2022 10:00 PM</c>, <c>1 February 2022</c>, <c>2/1/2022</c>.</summary>
    private static bool TryWords(string text, TimeZoneInfo zone, out double time)
    {
        time = double.NaN;
        double? year = null, month = null, date = null, hour = null, minute = 0, second = 0, offset = null;
        var afternoon = 0;
        foreach (var word in text.Replace(",", " ", StringComparison.Ordinal).Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (Array.FindIndex(Months, m => word.Length >= 3 && word.StartsWith(m, StringComparison.OrdinalIgnoreCase)) is var found and >= 0)
            {
                month = found;
            }
            else if (Array.Exists(Days, d => word.StartsWith(d, StringComparison.OrdinalIgnoreCase)))
            {
                continue;
            }
            else if (word.Equals("AM", StringComparison.OrdinalIgnoreCase) || word.Equals("PM", StringComparison.OrdinalIgnoreCase))
            {
                afternoon = word[0] is 'P' or 'p' ? 2 : 1;
            }
            else if (word.Contains(':') && hour is null && !word.StartsWith("GMT", StringComparison.Ordinal))
            {
                var parts = word.Split(':');
                if (parts.Length > 3 || !TryNumber(parts[0], out var h) || !TryNumber(parts[1], out var m))
                    return false;
                (hour, minute) = (h, m);
                if (parts.Length == 3)
                {
                    if (!TryNumber(parts[2], out var s))
                        return false;
                    second = s;
                }
            }
            else if (TryOffset(word, year is not null && hour is not null, out var known))
            {
                offset = known;
            }
            else if (TryNumericDate(word, out var whole))
            {
                (year, month, date) = whole;
            }
            else if (TryNumber(word.TrimStart('-'), out var number))
            {
                if (date is null && number <= 31 && word.Length <= 2)
                    date = number;
                else if (year is null)
                    year = word[0] == '-' ? -number : FullYear(word, number);
                else
                    return false;
            }
            else
            {
                return false;
            }
        }

        if (year is null || month is null)
            return false;
        if (afternoon > 0 && hour is { } twelve)
            hour = (twelve % 12) + (afternoon == 2 ? 12 : 0);
        if (date is < 1 or > 31 || hour > 24 || minute > 59 || second > 59)
            return true;
        var local = DateMath.MakeDate(DateMath.MakeDay(year.Value, month.Value, date ?? 1), DateMath.MakeTime(hour ?? 0, minute.Value, second.Value, 0));
        time = DateMath.Clip(offset is { } minutes ? local - (minutes * 60000) : DateMath.ToUtc(zone, local));
        return true;
    }

    /// <summary><c>2/1/2022</c>, <c>2/1/22</c>, <c>2022/2/1</c>, <c>2022-02-01</c>.</summary>
    private static bool TryNumericDate(string word, out (double? Year, double? Month, double? Date) found)
    {
        found = default;
        var parts = word.Split(word.Contains('/') ? '/' : '-');
        if (parts.Length != 3 || !TryNumber(parts[0], out var a) || !TryNumber(parts[1], out var b) || !TryNumber(parts[2], out var c))
            return false;
        var isYearFirst = parts[0].Length == 4;
        if (!isYearFirst && !word.Contains('/'))
            return false;
        var (year, month, date) = isYearFirst ? (a, b, c) : (FullYear(parts[2], c), a, b);
        found = (year, month - 1, date);
        return month is >= 1 and <= 12;
    }

    /// <summary>Of years with two digits, those up to 49 are of this century.</summary>
    private static double FullYear(string word, double year) => word.Length > 2 ? year : year < 50 ? 2000 + year : 1900 + year;

    private static bool TryNumber(string text, out double number) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out number);

    /// <summary>The zones that mail headers name by letters, in hours.</summary>
    private static int? AmericanOffset(string word) => word.ToUpperInvariant() switch
    {
        "UT" => 0,
        "EDT" => -4,
        "EST" or "CDT" => -5,
        "CST" or "MDT" => -6,
        "MST" or "PDT" => -7,
        "PST" => -8,
        _ => null,
    };

    private static bool TryOffset(string word, bool afterTime, out double minutes)
    {
        minutes = 0;
        var isNamed = word.StartsWith("GMT", StringComparison.OrdinalIgnoreCase) || word.StartsWith("UTC", StringComparison.OrdinalIgnoreCase);
        if (word.Equals("Z", StringComparison.OrdinalIgnoreCase))
            return true;
        if (AmericanOffset(word) is { } hours)
        {
            minutes = hours * 60;
            return true;
        }

        if (isNamed)
            word = word[3..];
        if (word.Length == 0)
            return isNamed;
        if ((!isNamed && !afterTime) || word[0] is not ('+' or '-'))
            return false;
        var digits = word[1..].Replace(":", "", StringComparison.Ordinal);
        if (digits.Length is not (2 or 4) || !TryNumber(digits, out var number))
            return false;
        var whole = digits.Length == 2 ? number * 60 : (Math.Floor(number / 100) * 60) + (number % 100);
        minutes = word[0] == '-' ? -whole : whole;
        return true;
    }
}
