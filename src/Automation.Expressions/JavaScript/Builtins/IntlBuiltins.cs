using System.Globalization;
using Automation.Expressions.JavaScript.Compilation;
using Automation.Expressions.JavaScript.Runtime;

namespace Automation.Expressions.JavaScript.Builtins;

/// <summary>A formatter of Intl with its settings.</summary>
internal sealed class JsFormatter(JsObject? prototype, CultureInfo culture, JsObject? options) : JsObject(prototype)
{
    public CultureInfo Culture { get; } = culture;

    public JsObject? Options { get; } = options;

    /// <summary>One of the options as text, or null.</summary>
    public string? Option(string name) => Options?.Get(name) is { IsUndefined: false } value ? Operators.ToText(value) : null;

    public int? Count(string name) => Options?.Get(name) is { IsUndefined: false } value ? (int)Math.Clamp(Operators.ToInteger(value), 0, 20) : null;
}

/// <summary>The basics of Intl: numbers (decimal, percent, currency) and dates (styles and fields).</summary>
internal static class IntlBuiltins
{
    private static readonly Dictionary<string, string> Symbols = new()
    {
        ["USD"] = "$", ["EUR"] = "€", ["GBP"] = "£", ["JPY"] = "¥", ["INR"] = "₹", ["KRW"] = "₩", ["ILS"] = "₪", ["BRL"] = "R$", ["CAD"] = "CA$", ["AUD"] = "A$",
        ["MXN"] = "MX$", ["NZD"] = "NZ$", ["CNY"] = "CN¥", ["VND"] = "₫",
    };

    public static readonly BuiltinTemplate Members = MakeMembers();

    public static readonly BuiltinTemplate NumberFormatPrototype = new BuiltinTemplate()
        .Intrinsic("constructor", IntrinsicId.NumberFormat)
        .Getter("format", (realm, self, _) =>
        {
            var formatter = This(self);
            return new NativeFunction(realm, "", 1, (_, _, a) => FormatNumber(formatter, Operators.ToNumber(a.At(0))));
        })
        .Method("resolvedOptions", 0, (realm, self, _) => Resolved(realm, This(self)))
        .Tag("Intl.NumberFormat");

    public static readonly BuiltinTemplate DateTimeFormatPrototype = new BuiltinTemplate()
        .Intrinsic("constructor", IntrinsicId.DateTimeFormat)
        .Getter("format", (realm, self, _) =>
        {
            var formatter = This(self);
            return new NativeFunction(realm, "", 1, (r, _, a) =>
            {
                var t = a.At(0).IsUndefined ? r.Clock.GetUtcNow().ToUnixTimeMilliseconds() : Operators.ToNumber(a.At(0));
                return FormatDate(r, formatter, DateMath.Clip(t) is var clipped && double.IsNaN(clipped) ? throw Errors.Range("Invalid time value") : clipped, "date");
            });
        })
        .Method("resolvedOptions", 0, (realm, self, _) => Resolved(realm, This(self)))
        .Tag("Intl.DateTimeFormat");

    private static BuiltinTemplate MakeMembers()
    {
        var members = new BuiltinTemplate()
            .Intrinsic("DateTimeFormat", IntrinsicId.DateTimeFormat)
            .Intrinsic("NumberFormat", IntrinsicId.NumberFormat)
            .Tag("Intl");

        // Written as Intl.X they are refused when compiling; this is for destructuring and the like.
        foreach (var name in LeftOut.IntlMembers)
            members.Getter(name, (_, _, _) => throw Errors.NotSupported($"'Intl.{name}' is"));
        return members;
    }

    public static JsObject MakeNumberFormat(Realm realm) => Make(realm, "NumberFormat", IntrinsicId.NumberFormatPrototype);

    public static JsObject MakeDateTimeFormat(Realm realm) => Make(realm, "DateTimeFormat", IntrinsicId.DateTimeFormatPrototype);

    private static NativeFunction Make(Realm realm, string name, IntrinsicId prototype) => new(
        realm, name, 0,
        (r, _, a) => Create(r.Intrinsic(prototype), a.At(0), a.At(1)),
        (r, a, newTarget) => Create(r.PrototypeFor(newTarget, prototype), a.At(0), a.At(1)),
        prototypeObject: r => r.Intrinsic(prototype));

    private static JsFormatter Create(JsObject prototype, JsValue locales, JsValue options) =>
        new(prototype, Culture(locales), options.IsUndefined ? null : Operators.ToObject(options));

    private static JsFormatter This(JsValue self) => self.Reference as JsFormatter ?? throw Errors.Type("The value is not a formatter of Intl");

    private static CultureInfo Culture(JsValue locales)
    {
        var name = locales.Reference is JsArray list ? list.Length > 0 ? list.GetIndex(0) : default : locales;
        if (name.IsUndefined)
            return CultureInfo.GetCultureInfo("en-US");
        var text = Operators.ToText(name);
        if (text.Length is < 2 or > 35 || !text.All(c => char.IsAsciiLetterOrDigit(c) || c == '-'))
            throw Errors.Range("Incorrect locale information provided");
        try
        {
            return CultureInfo.GetCultureInfo(text);
        }
        catch (CultureNotFoundException)
        {
            return CultureInfo.GetCultureInfo("en-US");
        }
    }

    private static JsObject Resolved(Realm realm, JsFormatter formatter)
    {
        var made = realm.NewObject();
        made.CreateOrThrow("locale", formatter.Culture.Name);
        made.CreateOrThrow("numberingSystem", "latn");
        made.CreateOrThrow("timeZone", formatter.Option("timeZone") ?? realm.Zone.Id);
        return made;
    }

    // ---- numbers ----

    public static JsValue FormatNumber(Realm realm, double value, JsValue locales, JsValue options) =>
        FormatNumber(Create(realm.Intrinsic(IntrinsicId.NumberFormatPrototype), locales, options), value);

    private static string FormatNumber(JsFormatter formatter, double value)
    {
        var style = formatter.Option("style") ?? "decimal";
        var currency = formatter.Option("currency")?.ToUpperInvariant();
        if (style == "currency" && currency is null)
            throw Errors.Type("Currency code is required with currency style.");
        if (!double.IsFinite(value))
            return double.IsNaN(value) ? "NaN" : value > 0 ? "∞" : "-∞";
        var digits = style == "currency" ? currency is "JPY" or "KRW" or "VND" ? 0 : 2 : 0;
        var least = formatter.Count("minimumFractionDigits") ?? Math.Min(digits, formatter.Count("maximumFractionDigits") ?? digits);
        var most = formatter.Count("maximumFractionDigits") ?? Math.Max(least, style switch { "decimal" or "unit" => 3, "currency" => digits, _ => 0 });
        if (least > most)
            throw Errors.Range("maximumFractionDigits value is out of range.");
        var text = Digits(formatter, Math.Abs(style == "percent" ? value * 100 : value), least, most);
        var negative = value < 0 && text.Any(c => c is >= '1' and <= '9');
        return style switch
        {
            "percent" => Sign(negative) + text + (PercentWithSpace(formatter.Culture) ? "\u00A0%" : "%"),
            "currency" => Currency(formatter, text, currency!, negative),
            _ => Sign(negative) + text,
        };
    }

    private static string Sign(bool negative) => negative ? "-" : "";

    private static bool PercentWithSpace(CultureInfo culture) => culture.NumberFormat.PercentPositivePattern == 0;

    private static string Digits(JsFormatter formatter, double value, int least, int most)
    {
        var precision = formatter.Count("maximumSignificantDigits");
        if (precision is { } significant && value != 0)
        {
            most = Math.Clamp(significant - 1 - (int)Math.Floor(Math.Log10(value)), 0, 20);
            least = 0;
        }

        var text = NumberBuiltins.Fixed(value, most);
        var point = text.IndexOf('.', StringComparison.Ordinal);
        var whole = point < 0 ? text : text[..point];
        var fraction = point < 0 ? "" : text[(point + 1)..].TrimEnd('0').PadRight(least, '0');
        var numbers = formatter.Culture.NumberFormat;
        if (formatter.Option("useGrouping") is not "false")
            whole = Group(whole, numbers);
        return fraction.Length == 0 ? whole : whole + numbers.NumberDecimalSeparator + fraction;
    }

    private static string Group(string digits, NumberFormatInfo numbers)
    {
        var sizes = numbers.NumberGroupSizes;
        var made = "";
        var at = digits.Length;
        for (var i = 0; at > 0; i++)
        {
            var size = sizes.Length == 0 ? 3 : sizes[Math.Min(i, sizes.Length - 1)];
            if (size == 0)
                size = at;
            var start = Math.Max(0, at - size);
            made = digits[start..at] + (made.Length == 0 ? "" : numbers.NumberGroupSeparator + made);
            at = start;
        }

        return made;
    }

    private static string Currency(JsFormatter formatter, string text, string currency, bool negative)
    {
        var display = formatter.Option("currencyDisplay") ?? "symbol";
        var symbol = display == "code" ? currency : Symbols.GetValueOrDefault(currency, currency);
        var isLocal = formatter.Culture.Name.Length > 2 && !formatter.Culture.IsNeutralCulture && new RegionInfo(formatter.Culture.Name).ISOCurrencySymbol == currency;
        if (isLocal && display == "symbol")
            symbol = formatter.Culture.NumberFormat.CurrencySymbol;
        var after = formatter.Culture.NumberFormat.CurrencyPositivePattern is 1 or 3;
        var gap = formatter.Culture.NumberFormat.CurrencyPositivePattern is 2 or 3 || (!after && char.IsLetter(symbol[^1])) ? "\u00A0" : "";
        return after ? $"{Sign(negative)}{text}{gap}{symbol}" : $"{Sign(negative)}{symbol}{gap}{text}";
    }

    // ---- dates ----

    public static string FormatDate(Realm realm, double t, string what, JsValue locales = default, JsValue options = default) =>
        FormatDate(realm, Create(realm.Intrinsic(IntrinsicId.DateTimeFormatPrototype), locales, options), t, what);

    private static string FormatDate(Realm realm, JsFormatter formatter, double t, string what)
    {
        var zone = ZoneOf(realm, formatter);
        var local = DateMath.ToLocal(zone, t);
        var (year, _, _) = DateMath.Civil(local);
        if (year is < 1 or > 9999)
            return DateText.Date(local);
        var date = DateTime.UnixEpoch.AddMilliseconds(local);
        var (dateStyle, timeStyle) = (formatter.Option("dateStyle"), formatter.Option("timeStyle"));
        string pattern;
        if (dateStyle is not null || timeStyle is not null)
            pattern = StylePattern(formatter.Culture, dateStyle, timeStyle);
        else
            pattern = FieldPattern(formatter, what);
        return date.ToString(pattern.Length == 1 ? "%" + pattern : pattern, formatter.Culture);
    }

    private static TimeZoneInfo ZoneOf(Realm realm, JsFormatter formatter)
    {
        var name = formatter.Option("timeZone");
        if (name is null)
            return realm.Zone;
        return name.Equals("UTC", StringComparison.OrdinalIgnoreCase) || name.Equals("GMT", StringComparison.OrdinalIgnoreCase) ? TimeZoneInfo.Utc
            : name.Length < 100 && TimeZoneInfo.TryFindSystemTimeZoneById(name, out var zone) ? zone
            : throw Errors.Range($"Invalid time zone specified: {Errors.Clip(name)}");
    }

    private static string StylePattern(CultureInfo culture, string? dateStyle, string? timeStyle)
    {
        var formats = culture.DateTimeFormat;
        var isAmerican = culture.Name == "en-US";
        var date = dateStyle switch
        {
            "full" => formats.LongDatePattern,
            "long" => isAmerican ? "MMMM d, yyyy" : formats.LongDatePattern.Replace("dddd, ", "", StringComparison.Ordinal).Replace("dddd ", "", StringComparison.Ordinal),
            "medium" => isAmerican ? "MMM d, yyyy" : formats.ShortDatePattern,
            "short" => isAmerican ? "M/d/yy" : formats.ShortDatePattern,
            _ => "",
        };
        var time = timeStyle switch
        {
            "short" => formats.ShortTimePattern,
            "full" or "long" or "medium" => formats.LongTimePattern,
            _ => "",
        };
        return date.Length > 0 && time.Length > 0 ? date + (dateStyle is "full" or "long" ? " 'at' " : ", ") + time : date + time;
    }

    private static string FieldPattern(JsFormatter formatter, string what)
    {
        var culture = formatter.Culture;
        var hasDate = new[] { "weekday", "year", "month", "day" }.Any(n => formatter.Option(n) is not null);
        var hasTime = new[] { "hour", "minute", "second" }.Any(n => formatter.Option(n) is not null);
        if (!hasDate && !hasTime)
        {
            hasDate = what is "date" or "any";
            hasTime = what is "time" or "any";
            var plainTime = formatter.Option("hour12") == "false" || formatter.Option("hourCycle") == "h23" ? "HH:mm:ss" : culture.DateTimeFormat.LongTimePattern;
            return string.Join(", ", new[] { hasDate ? culture.DateTimeFormat.ShortDatePattern : "", hasTime ? plainTime : "" }.Where(p => p.Length > 0));
        }

        if (what == "date" && !hasDate && hasTime && formatter.Options is null)
            hasDate = true;
        return string.Join(", ", new[] { hasDate ? DatePattern(formatter) : "", hasTime ? TimePattern(formatter) : "" }.Where(p => p.Length > 0));
    }

    private static string DatePattern(JsFormatter formatter)
    {
        var weekday = formatter.Option("weekday") switch { "long" => "dddd", null => "", _ => "ddd" };
        var year = formatter.Option("year") switch { "2-digit" => "yy", null => "", _ => "yyyy" };
        var month = formatter.Option("month") switch { "long" => "MMMM", "short" or "narrow" => "MMM", "2-digit" => "MM", null => "", _ => "%M" };
        var day = formatter.Option("day") switch { "2-digit" => "dd", null => "", _ => "%d" };
        month = month.TrimStart('%');
        day = day.TrimStart('%');
        var pattern = formatter.Culture.DateTimeFormat.ShortDatePattern;
        var yearFirst = pattern.StartsWith('y');
        var monthFirst = pattern.IndexOf('M', StringComparison.Ordinal) < pattern.IndexOf('d', StringComparison.Ordinal);
        string body;
        if (month.Length >= 3)
        {
            var monthDay = monthFirst ? $"{month} {day}".Trim() : $"{day} {month}".Trim();
            body = year.Length == 0 ? monthDay : monthFirst && day.Length > 0 ? $"{monthDay}, {year}" : $"{monthDay} {year}".Trim();
        }
        else
        {
            var separator = formatter.Culture.DateTimeFormat.DateSeparator;
            string[] order = yearFirst ? [year, month, day] : monthFirst ? [month, day, year] : [day, month, year];
            body = string.Join($"'{separator}'", order.Where(p => p.Length > 0));
        }

        return weekday.Length == 0 ? body : body.Length == 0 ? weekday : $"{weekday}, {body}";
    }

    private static string TimePattern(JsFormatter formatter)
    {
        var usesTwelve = formatter.Option("hour12") switch
        {
            "true" => true,
            "false" => false,
            _ => formatter.Option("hourCycle") is { } cycle ? cycle is "h11" or "h12" : formatter.Culture.DateTimeFormat.ShortTimePattern.Contains('t'),
        };
        var hour = formatter.Option("hour") switch { null => "", "2-digit" => usesTwelve ? "hh" : "HH", _ => usesTwelve ? "h" : "HH" };
        var minute = formatter.Option("minute") is null ? "" : "mm";
        var second = formatter.Option("second") is null ? "" : "ss";
        var body = string.Join(':', new[] { hour, minute, second }.Where(p => p.Length > 0));
        return usesTwelve && hour.Length > 0 ? body + " tt" : body;
    }
}
