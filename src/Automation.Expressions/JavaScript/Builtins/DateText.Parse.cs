using System.Globalization;
using Automation.Expressions.JavaScript.Runtime;

namespace Automation.Expressions.JavaScript.Builtins;

/// <content>Reading dates.</content>
internal static partial class DateText
{
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
