using System.Globalization;
using System.Text;
using Automation.Expressions.JavaScript.Runtime;

namespace Automation.Expressions.JavaScript.Builtins;

/// <summary>
/// How Intl writes dates. .NET knows a language's long, medium and short patterns; what a script asks for by fields is made from those by
/// leaving out and lengthening fields.
/// </summary>
internal static class IntlDates
{
    private static readonly string[] DateFields = ["weekday", "year", "month", "day"];
    private static readonly string[] TimeFields = ["hour", "minute", "second", "fractionalSecondDigits"];

    /// <summary>Numeric dates of languages whose patterns do not tell them.</summary>
    private static readonly Dictionary<string, string> NumericDates = new()
    {
        ["it"] = "dd/MM/yyyy", ["tr"] = "dd.MM.yyyy", ["en-AU"] = "dd/MM/yyyy", ["en-CA"] = "yyyy-MM-dd", ["de"] = "d.M.yyyy",
    };

    /// <summary>What stands between a date with the month in full and a time.</summary>
    private static readonly Dictionary<string, string> Joins = new()
    {
        ["en"] = " at ", ["de"] = " um ", ["fr"] = " à ", ["es"] = " a las ", ["it"] = " alle ore ", ["nl"] = " om ", ["pt"] = " às ", ["sv"] = " kl. ", ["da"] = " kl. ",
        ["nb"] = " kl. ", ["fi"] = " klo ", ["cs"] = " v ", ["ru"] = " в ", ["uk"] = " о ", ["pl"] = " ", ["tr"] = " ", ["ja"] = " ", ["zh"] = " ", ["ko"] = " ",
    };

    /// <summary>The same where the date is in numbers; a comma in the languages not named.</summary>
    private static readonly Dictionary<string, string> NumericJoins = new()
    {
        ["fr"] = " ", ["sv"] = " ", ["cs"] = " ", ["tr"] = " ", ["ja"] = " ", ["zh"] = " ", ["ko"] = " ", ["fi"] = " klo ",
    };

    /// <summary>Looks at the options, as the constructor does.</summary>
    public static void Check(Realm realm, JsFormatter formatter)
    {
        ZoneOf(realm, formatter);
        foreach (var style in (ReadOnlySpan<string>)["dateStyle", "timeStyle"])
        {
            if (formatter.Option(style, "DateTimeFormat", "full", "long", "medium", "short") is not null)
            {
                foreach (var field in (ReadOnlySpan<string>)[.. DateFields, .. TimeFields, "timeZoneName"])
                {
                    if (formatter.Option(field) is not null)
                        throw Errors.Type($"Can't set option {field} when {style} is used");
                }
            }
        }

        formatter.Option("weekday", "DateTimeFormat", "narrow", "short", "long");
        formatter.Option("month", "DateTimeFormat", "2-digit", "numeric", "narrow", "short", "long");
        formatter.Option("timeZoneName", "DateTimeFormat", "short", "long", "shortOffset", "longOffset", "shortGeneric", "longGeneric");
        formatter.Option("hourCycle", "DateTimeFormat", "h11", "h12", "h23", "h24");
        foreach (var field in (ReadOnlySpan<string>)["year", "day", "hour", "minute", "second"])
            formatter.Option(field, "DateTimeFormat", "2-digit", "numeric");
        formatter.Count("fractionalSecondDigits", 1, 3);
        formatter.Refuse("DateTimeFormat", "era", "dayPeriod");
        if (formatter.Option("calendar") is { } calendar && calendar is not ("gregory" or "iso8601"))
            throw Errors.NotSupported($"The calendar '{Errors.Clip(calendar)}' of Intl.DateTimeFormat is");
    }

    public static List<IntlPart> Parts(Realm realm, JsFormatter formatter, double t, string what)
    {
        var zone = ZoneOf(realm, formatter);
        var local = DateMath.ToLocal(zone, t);
        var (year, _, _) = DateMath.Civil(local);
        if (year is < 1 or > 9999)
            return [IntlPart.Literal(DateText.Date(local))];
        var culture = formatter.Culture;
        var date = DateTime.UnixEpoch.AddMilliseconds(local);
        // Some versions of the data have narrow spaces; what people compare with has plain ones.
        var pattern = Pattern(formatter, what).Replace('\u202F', ' ');
        var parts = new List<IntlPart>();
        foreach (var token in Tokens(pattern))
        {
            var type = token[0] switch
            {
                'd' => token.Length > 2 ? "weekday" : "day",
                'M' => "month",
                'y' => "year",
                'h' or 'H' => "hour",
                'm' => "minute",
                's' => "second",
                'f' => "fractionalSecond",
                't' => "dayPeriod",
                'z' => "timeZoneName",
                _ => "literal",
            };
            if (type == "literal")
                AddLiteral(parts, token);
            else
                parts.Add(new IntlPart(type, type == "timeZoneName" ? ZoneName(zone, t, token.Length > 1, culture) : Field(date, token, pattern, culture)));
        }

        return parts;
    }

    private static void AddLiteral(List<IntlPart> parts, string token)
    {
        var text = token[0] == '\'' ? token[1..^1] : token;
        if (parts is [.., { Type: "literal" } last])
            parts[^1] = IntlPart.Literal(last.Value + text);
        else
            parts.Add(IntlPart.Literal(text));
    }

    private static string Field(DateTime date, string token, string pattern, CultureInfo culture)
    {
        var names = culture.DateTimeFormat;
        if (token.StartsWith("MMM", StringComparison.Ordinal))
        {
            // With the day, many languages put the month's name into another case.
            var hasDay = Tokens(pattern).Any(t => t is "d" or "dd");
            var list = token.Length > 3 ? hasDay ? names.MonthGenitiveNames : names.MonthNames : hasDay ? names.AbbreviatedMonthGenitiveNames : names.AbbreviatedMonthNames;
            return token.Length == 5 ? list[date.Month - 1][..1].ToUpper(culture) : list[date.Month - 1];
        }

        if (token.Length == 5 && token[0] == 'd')
            return names.GetDayName(date.DayOfWeek)[..1].ToUpper(culture);
        return date.ToString(token.Length == 1 ? "%" + token : token, culture);
    }

    private static string ZoneName(TimeZoneInfo zone, double t, bool isLong, CultureInfo culture)
    {
        if (DateText.IsUtc(zone))
            return isLong ? "Coordinated Universal Time" : "UTC";
        var instant = DateTimeOffset.FromUnixTimeMilliseconds((long)t);
        if (isLong)
            return DateText.ZoneName(zone, instant);
        var offset = zone.GetUtcOffset(instant);
        if (culture.Name == "en-US" && DateText.AmericanZone(zone, instant) is { } abbreviation)
            return abbreviation;
        var minutes = offset.Minutes == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $":{Math.Abs(offset.Minutes):00}");
        return offset == TimeSpan.Zero ? "GMT" : string.Create(CultureInfo.InvariantCulture, $"GMT{(offset < TimeSpan.Zero ? '-' : '+')}{Math.Abs(offset.Hours)}{minutes}");
    }

    private static TimeZoneInfo ZoneOf(Realm realm, JsFormatter formatter)
    {
        var name = formatter.Option("timeZone");
        if (name is null)
            return realm.Zone;
        if (name.Equals("UTC", StringComparison.OrdinalIgnoreCase) || name.Equals("GMT", StringComparison.OrdinalIgnoreCase))
            return TimeZoneInfo.Utc;
        if (name.Length is 6 && name[0] is '+' or '-' && TimeSpan.TryParseExact(name[1..], @"hh\:mm", CultureInfo.InvariantCulture, out var offset) && offset.TotalHours < 14)
            return TimeZoneInfo.CreateCustomTimeZone(name, name[0] == '-' ? -offset : offset, name, name);
        return name.Length < 100 && TimeZoneInfo.TryFindSystemTimeZoneById(name, out var zone) ? zone : throw Errors.Range($"Invalid time zone specified: {Errors.Clip(name)}");
    }

    // ---- patterns ----

    private static string Pattern(JsFormatter formatter, string what)
    {
        var (dateStyle, timeStyle) = (formatter.Option("dateStyle"), formatter.Option("timeStyle"));
        if (dateStyle is not null || timeStyle is not null)
        {
            var date = dateStyle is null ? "" : DateStyle(formatter.Culture, dateStyle);
            var time = timeStyle is null ? "" : AdaptHours(formatter, TimeStyle(formatter.Culture, timeStyle));
            return Join(formatter, date, time, isNumeric: dateStyle is "medium" or "short" && !date.Contains("MMM", StringComparison.Ordinal), isFull: dateStyle is "full" or "long");
        }

        var hasDate = DateFields.Any(n => formatter.Option(n) is not null);
        var hasTime = TimeFields.Any(n => formatter.Option(n) is not null);
        var isUnsaid = what switch { "date" => !hasDate, "time" => !hasTime, _ => !hasDate && !hasTime };
        var usualDate = isUnsaid && what != "time";
        var usualTime = isUnsaid && what is "time" or "any";
        var datePattern = usualDate ? Numeric(formatter.Culture) : hasDate ? DatePattern(formatter) : "";
        var timePattern = usualTime ? AdaptHours(formatter, TimeStyle(formatter.Culture, "medium")) : hasTime ? TimePattern(formatter) : "";
        if (formatter.Option("timeZoneName") is { } zone)
        {
            var token = zone.StartsWith("long", StringComparison.Ordinal) ? "zz" : "z";
            if (timePattern.Length > 0)
                timePattern += " " + token;
            else
                datePattern += ", " + token;
        }

        var month = usualDate ? null : formatter.Option("month");
        return Join(formatter, datePattern, timePattern, isNumeric: month is null or "numeric" or "2-digit", isFull: month == "long");
    }

    private static string Join(JsFormatter formatter, string date, string time, bool isNumeric, bool isFull)
    {
        if (date.Length == 0 || time.Length == 0)
            return date + time;
        var join = date is "dddd" or "ddd" && time.Contains('t') ? " "
            : isFull ? Joins.GetValueOrDefault(formatter.Language, " ")
            : isNumeric ? NumericJoins.GetValueOrDefault(formatter.Language, ", ")
            : ", ";
        return $"{date}'{join}'{time}";
    }

    private static string DateStyle(CultureInfo culture, string style)
    {
        var longs = culture.DateTimeFormat.GetAllDateTimePatterns('D');
        var shorts = culture.DateTimeFormat.GetAllDateTimePatterns('d');
        return style switch
        {
            "full" => longs[0],
            "long" => Array.Find(longs, p => !p.Contains("ddd", StringComparison.Ordinal)) ?? longs[0],
            "medium" => Array.Find(shorts, p => p.Contains("MMM", StringComparison.Ordinal)) ?? culture.DateTimeFormat.ShortDatePattern,
            _ => culture.Name == "en-CA" ? Numeric(culture)
                : Array.Find(shorts, p => p.Contains('y') && !p.Contains("yyy", StringComparison.Ordinal)) ?? culture.DateTimeFormat.ShortDatePattern,
        };
    }

    private static string TimeStyle(CultureInfo culture, string style)
    {
        var pattern = (style == "short" ? culture.DateTimeFormat.ShortTimePattern : culture.DateTimeFormat.LongTimePattern).Replace('\u202F', ' ');
        return style switch { "full" => pattern + " zz", "long" => pattern + " z", _ => pattern };
    }

    /// <summary>Day, month and year in numbers, each as short as the language writes it.</summary>
    private static string Numeric(CultureInfo culture)
    {
        if (NumericDates.TryGetValue(culture.Name, out var known) || NumericDates.TryGetValue(culture.TwoLetterISOLanguageName, out known))
            return known;
        return culture.DateTimeFormat.GetAllDateTimePatterns('d')
            .Where(p => p.Contains("yyyy", StringComparison.Ordinal) && !p.Contains("MMM", StringComparison.Ordinal) && !p.Contains('年', StringComparison.Ordinal))
            .DefaultIfEmpty(culture.DateTimeFormat.ShortDatePattern)
            .MinBy(p => p.Count(c => c is 'd' or 'M'))!;
    }

    private static string DatePattern(JsFormatter formatter)
    {
        var culture = formatter.Culture;
        var (weekday, year, month, day) = (formatter.Option("weekday"), formatter.Option("year"), formatter.Option("month"), formatter.Option("day"));
        var body = "";
        if (year is null && month is null && day is not null)
        {
            body = day == "2-digit" ? "dd" : "d";
        }
        else if (year is not null || month is not null)
        {
            var isText = month is "long" or "short" or "narrow";
            var pattern = !isText ? Numeric(culture)
                : day is null && year is not null ? culture.DateTimeFormat.YearMonthPattern
                : month == "long" ? DateStyle(culture, "long") : Medium(culture);
            var tokens = Tokens(pattern);
            if (year is null)
                Remove(tokens, 'y');
            if (month is null)
                Remove(tokens, 'M');
            if (day is null)
                Remove(tokens, 'd');
            body = string.Concat(tokens.Select(token => token[0] switch
            {
                'd' => day == "2-digit" ? "dd" : token,
                'y' => year == "2-digit" ? "yy" : "yyyy",
                'M' => token.Length < 3 ? month == "2-digit" ? "MM" : token : month switch { "long" => "MMMM", "narrow" => "MMMMM", _ => "MMM" },
                _ => token,
            }));

            // Alone, a field has no zero before it that only its neighbours call for.
            if (body is "MM" && month == "numeric")
                body = "M";
        }

        if (weekday is null)
            return body;
        var name = weekday switch { "long" => "dddd", "narrow" => "ddddd", _ => "ddd" };
        if (body.Length == 0)
            return name;
        if (name == "ddd" && formatter.Language == "de")
            name += "'.'";

        // Where the weekday stands, and what parts it from the date, the longest pattern tells.
        var (full, plain) = (DateStyle(culture, "full"), DateStyle(culture, "long"));
        if (full.StartsWith("dddd", StringComparison.Ordinal) && full.EndsWith(plain, StringComparison.Ordinal) && body.Contains("MMM", StringComparison.Ordinal))
            return name + full[4..^plain.Length] + body;
        return full.EndsWith("dddd", StringComparison.Ordinal) && full.StartsWith(plain, StringComparison.Ordinal) && body.Contains('M', StringComparison.Ordinal)
            ? body + full[plain.Length..^4] + name
            : name + ", " + body;
    }

    /// <summary>Day, month and year with the month's short name.</summary>
    private static string Medium(CultureInfo culture)
    {
        var medium = DateStyle(culture, "medium");
        return medium.Contains("MMM", StringComparison.Ordinal) || medium.Contains('月', StringComparison.Ordinal)
            ? medium
            : DateStyle(culture, "long").Replace("MMMM", "MMM", StringComparison.Ordinal);
    }

    /// <summary>Takes a field out of a pattern, and what parts it from its neighbour.</summary>
    private static void Remove(List<string> tokens, char field)
    {
        var at = tokens.FindIndex(t => t[0] == field);
        if (at < 0)
            return;
        var (from, to) = (at, at + 1);
        if (at == 0)
        {
            while (to < tokens.Count && !IsField(tokens[to]))
                to++;
        }
        else
        {
            // What follows the last field, such as the Russian г., belongs to it; but 2.5. keeps its point.
            var isLast = !tokens.Skip(to).Any(IsField);
            var keepsPoint = isLast && tokens[from - 1] == "." && tokens[0] is "d";
            while (isLast && to < tokens.Count)
                to++;
            while (!keepsPoint && from > 0 && !IsField(tokens[from - 1]))
                from--;
        }

        tokens.RemoveRange(from, to - from);
    }

    private static bool IsField(string token) => char.IsAsciiLetter(token[0]);

    private static string TimePattern(JsFormatter formatter)
    {
        var hour = formatter.Option("hour");
        var fraction = formatter.Count("fractionalSecondDigits", 1, 3);
        var usual = AdaptHours(formatter, TimeStyle(formatter.Culture, "short"));
        var separator = formatter.Culture.DateTimeFormat.TimeSeparator;
        var fields = new List<string>();
        if (hour is not null)
        {
            var token = Tokens(usual).First(t => t[0] is 'h' or 'H');
            fields.Add(hour == "2-digit" ? new string(token[0], 2) : token);
        }

        if (formatter.Option("minute") is { } minute)
            fields.Add(hour is null && formatter.Option("second") is null && minute == "numeric" ? "m" : "mm");
        if (formatter.Option("second") is { } second)
            fields.Add(fields.Count == 0 && second == "numeric" ? "s" : "ss");
        var body = string.Join($"'{separator}'", fields);
        if (fraction is { } digits)
            body += (body.Length > 0 ? formatter.Culture.NumberFormat.NumberDecimalSeparator : "") + new string('f', digits);
        if (hour is null)
            return body;
        if (usual.Contains('t'))
            return usual.StartsWith('t') ? "tt " + body : body + " tt";
        return fields.Count > 1 ? body : formatter.Language switch { "de" => body + "' Uhr'", "fr" => body + "' h'", _ => body };
    }

    /// <summary>Twelve hours or twenty-four, as the options say.</summary>
    private static string AdaptHours(JsFormatter formatter, string pattern)
    {
        var wantsTwelve = formatter.Option("hour12") switch
        {
            "true" => true,
            "false" => false,
            _ => formatter.Option("hourCycle") is { } cycle ? cycle is "h11" or "h12" : pattern.Contains('t'),
        };
        if (wantsTwelve == pattern.Contains('t'))
            return pattern;
        return wantsTwelve
            ? pattern.Replace("HH", "h", StringComparison.Ordinal).Replace('H', 'h') + " tt"
            : pattern.Replace(" tt", "", StringComparison.Ordinal).Replace("tt ", "", StringComparison.Ordinal).Replace("hh", "h", StringComparison.Ordinal).Replace("h", "HH", StringComparison.Ordinal);
    }

    /// <summary>Fields and what stands between them: runs of one letter, quoted text with its quotes, single signs.</summary>
    private static List<string> Tokens(string pattern)
    {
        var tokens = new List<string>();
        for (var i = 0; i < pattern.Length;)
        {
            var start = i++;
            if (pattern[start] == '\'')
            {
                while (i < pattern.Length && pattern[i] != '\'')
                    i++;
                i = Math.Min(i + 1, pattern.Length);
            }
            else if (char.IsAsciiLetter(pattern[start]))
            {
                while (i < pattern.Length && pattern[i] == pattern[start])
                    i++;
            }

            if (i - start != 2 || pattern[start] != '\'')
                tokens.Add(pattern[start..i]);
        }

        return tokens;
    }

    public static JsObject Resolved(Realm realm, JsFormatter formatter)
    {
        var made = realm.NewObject();
        made.CreateOrThrow("locale", formatter.Culture.Name);
        made.CreateOrThrow("calendar", "gregory");
        made.CreateOrThrow("numberingSystem", "latn");
        made.CreateOrThrow("timeZone", formatter.Option("timeZone") ?? realm.Zone.Id);
        var given = new[] { "weekday", "year", "month", "day", "hour", "minute", "second", "fractionalSecondDigits", "timeZoneName", "dateStyle", "timeStyle" };
        foreach (var name in given)
        {
            if (formatter.Option(name) is { } value)
                made.CreateOrThrow(name, value);
        }

        if (given.All(name => formatter.Option(name) is null))
        {
            foreach (var name in (ReadOnlySpan<string>)["year", "month", "day"])
                made.CreateOrThrow(name, "numeric");
        }

        return made;
    }
}
