using System.Globalization;
using Automation.Expressions.JavaScript.Runtime;

namespace Automation.Expressions.JavaScript.Builtins;

/// <summary>How Intl writes numbers.</summary>
internal static class IntlNumbers
{
    private static readonly Dictionary<string, string> Symbols = new()
    {
        ["USD"] = "$", ["EUR"] = "€", ["GBP"] = "£", ["JPY"] = "¥", ["INR"] = "₹", ["KRW"] = "₩", ["ILS"] = "₪", ["BRL"] = "R$", ["CAD"] = "CA$", ["AUD"] = "A$",
        ["MXN"] = "MX$", ["NZD"] = "NZ$", ["CNY"] = "CN¥", ["VND"] = "₫",
    };

    /// <summary>Languages in which a group of one digit stays with its neighbour: 1234 but 12.345.</summary>
    private static readonly HashSet<string> LateGrouping = ["es", "es-ES", "it", "it-IT", "pl", "pl-PL", "pt-PT", "bg", "bg-BG", "lv", "lv-LV", "hu", "hu-HU", "et", "et-EE", "sl", "sl-SI"];

    /// <summary>Languages in which accountants put negative amounts into brackets.</summary>
    private static readonly HashSet<string> Bracketing = ["en", "fr", "nl", "pl", "zh", "ja", "ko", "nb", "ro", "bg", "et", "sk", "sl", "ca", "th"];

    private static readonly HashSet<string> DollarIsUSD = ["it", "pl", "hu", "ro", "lt", "hr", "sk", "ca", "uk", "nb"];

    private static readonly HashSet<string> DollarIsAmerican = ["es", "pt", "nl", "sv", "da", "cs", "zh", "ko", "th", "vi", "id"];

    /// <summary>Looks at the options, as the constructor does.</summary>
    public static void Check(JsFormatter formatter)
    {
        var style = formatter.Option("style", "NumberFormat", "decimal", "percent", "currency", "unit");
        var currency = formatter.Option("currency");
        if (currency is not null && (currency.Length != 3 || !currency.All(char.IsAsciiLetter)))
            throw Errors.Range($"Invalid currency code : {Errors.Clip(currency)}");
        if (style == "currency" && currency is null)
            throw Errors.Type("Currency code is required with currency style.");
        if (style == "unit")
            throw Errors.NotSupported("The style 'unit' of Intl.NumberFormat is");
        if (formatter.Option("currencyDisplay", "NumberFormat", "symbol", "narrowSymbol", "code", "name") == "name")
            throw Errors.NotSupported("The currencyDisplay 'name' of Intl.NumberFormat is");
        var notation = formatter.Option("notation", "NumberFormat", "standard", "compact", "scientific", "engineering");
        if (notation is "scientific" or "engineering" || (notation == "compact" && formatter.Language != "en"))
            throw Errors.NotSupported($"The notation '{notation}' of Intl.NumberFormat for '{formatter.Culture.Name}' is");
        formatter.Option("signDisplay", "NumberFormat", "auto", "never", "always", "exceptZero", "negative");
        formatter.Option("currencySign", "NumberFormat", "standard", "accounting");
        formatter.Option("roundingMode", "NumberFormat", "ceil", "floor", "expand", "trunc", "halfCeil", "halfFloor", "halfExpand", "halfTrunc", "halfEven");
        formatter.Refuse("NumberFormat", "roundingIncrement", "roundingPriority", "trailingZeroDisplay");
        var settings = Digits.Read(formatter);
        if (settings.Least > settings.Most)
            throw Errors.Range("maximumFractionDigits value is out of range.");
    }

    /// <summary>How many digits are shown.</summary>
    /// <param name="Whole">Before the point at least.</param>
    /// <param name="Least">After the point at least.</param>
    /// <param name="Most">After the point at most.</param>
    /// <param name="LeastSignificant">In all at least; 0 if digits after the point are counted instead.</param>
    /// <param name="MostSignificant">In all at most.</param>
    private sealed record Digits(int Whole, int Least, int Most, int LeastSignificant, int MostSignificant)
    {
        public static Digits Read(JsFormatter formatter)
        {
            var style = formatter.Option("style") ?? "decimal";
            var whole = formatter.Count("minimumIntegerDigits", 1, 21) ?? 1;
            var leastSignificant = formatter.Count("minimumSignificantDigits", 1, 21);
            var mostSignificant = formatter.Count("maximumSignificantDigits", leastSignificant ?? 1, 21);
            if (leastSignificant is not null || mostSignificant is not null)
                return new Digits(whole, 0, 0, leastSignificant ?? 1, mostSignificant ?? 21);
            var isCompact = formatter.Option("notation") == "compact";
            var usual = style == "currency" && !isCompact ? formatter.Option("currency")?.ToUpperInvariant() is "JPY" or "KRW" or "VND" ? 0 : 2 : 0;
            var usualMost = style == "currency" || isCompact ? usual : style == "percent" ? 0 : 3;
            var least = formatter.Count("minimumFractionDigits", 0, 100);
            var most = formatter.Count("maximumFractionDigits", 0, 100);
            return new Digits(whole, least ?? Math.Min(usual, most ?? usual), most ?? Math.Max(usualMost, least ?? usualMost), 0, 0);
        }
    }

    public static List<IntlPart> Parts(JsFormatter formatter, double value)
    {
        var style = formatter.Option("style") ?? "decimal";
        var (number, isZero) = double.IsFinite(value) ? Number(formatter, style == "percent" ? value * 100 : value)
            : ([double.IsNaN(value) ? new IntlPart("nan", "NaN") : new IntlPart("infinity", "∞")], false);
        var sign = SignOf(formatter, value, isZero);
        var isAccounting = sign == "-" && style == "currency" && formatter.Option("currencySign") == "accounting" && Bracketing.Contains(formatter.Language);
        var parts = new List<IntlPart>();
        if (isAccounting)
            parts.Add(IntlPart.Literal("("));
        else if (sign.Length > 0)
            parts.Add(new IntlPart(sign == "+" ? "plusSign" : "minusSign", sign == "-" ? formatter.Culture.NumberFormat.NegativeSign : sign));
        if (style == "currency")
            AddCurrency(formatter, parts, number);
        else
            parts.AddRange(number);
        if (style == "percent")
        {
            if (formatter.Culture.NumberFormat.PercentPositivePattern == 0)
                parts.Add(IntlPart.Literal("\u00A0"));
            parts.Add(new IntlPart("percentSign", "%"));
        }

        if (isAccounting)
            parts.Add(IntlPart.Literal(")"));
        return parts;
    }

    private static string SignOf(JsFormatter formatter, double value, bool isZero)
    {
        var isNegative = value < 0 || (value == 0 && double.IsNegative(value));
        return (formatter.Option("signDisplay") ?? "auto") switch
        {
            "never" => "",
            "always" => isNegative ? "-" : "+",
            "exceptZero" => isZero || double.IsNaN(value) ? "" : isNegative ? "-" : "+",
            "negative" => isNegative && !isZero ? "-" : "",
            _ => isNegative ? "-" : "",
        };
    }

    private static (List<IntlPart> Parts, bool IsZero) Number(JsFormatter formatter, double value)
    {
        var digits = Digits.Read(formatter);
        var isNegative = value < 0;
        var mode = formatter.Option("roundingMode") ?? "halfExpand";
        var number = new DecimalText(Math.Abs(value));
        var suffix = "";
        if (formatter.Option("notation") == "compact")
            suffix = Compact(formatter, ref number, ref digits, mode, isNegative);
        if (digits.MostSignificant > 0)
            number.RoundToSignificant(digits.MostSignificant, mode, isNegative);
        else
            number.RoundToFraction(digits.Most, mode, isNegative);
        var (whole, fraction) = number.Write();
        whole = whole.PadLeft(digits.Whole, '0');
        var least = digits.Least;
        if (digits.LeastSignificant > 0)
            least = Math.Max(0, digits.LeastSignificant - (number.IsZero ? 1 : number.Exponent));
        fraction = fraction.PadRight(least, '0');
        var parts = new List<IntlPart>();
        AddGroups(formatter, parts, whole);
        if (fraction.Length > 0)
        {
            parts.Add(new IntlPart("decimal", formatter.Culture.NumberFormat.NumberDecimalSeparator));
            parts.Add(new IntlPart("fraction", fraction));
        }

        if (suffix.Length > 0)
        {
            if (suffix[0] == ' ')
                parts.Add(IntlPart.Literal(" "));
            parts.Add(new IntlPart("compact", suffix.Trim()));
        }

        return (parts, number.IsZero);
    }

    /// <summary>Thousands, millions and so on, in English. Unless digits are asked for there are two, or as many as stand before the point.</summary>
    private static string Compact(JsFormatter formatter, ref DecimalText number, ref Digits digits, string mode, bool isNegative)
    {
        var power = Math.Clamp((number.Exponent - 1) / 3, 0, 4);
        number.Shift(-3 * power);
        if (formatter.Option("maximumFractionDigits") is null && formatter.Option("minimumFractionDigits") is null && digits.MostSignificant == 0)
        {
            number.RoundToSignificant(Math.Max(2, number.Exponent), mode, isNegative);
            digits = digits with { LeastSignificant = 1, MostSignificant = 21 };
        }

        if (number.Exponent > 3 && power < 4)
        {
            // 999,999 is one million by now.
            power++;
            number.Shift(-3);
        }

        var isLong = formatter.Option("compactDisplay") == "long";
        return power switch
        {
            1 => isLong ? " thousand" : "K",
            2 => isLong ? " million" : "M",
            3 => isLong ? " billion" : "B",
            4 => isLong ? " trillion" : "T",
            _ => "",
        };
    }

    private static void AddGroups(JsFormatter formatter, List<IntlPart> parts, string digits)
    {
        var numbers = formatter.Culture.NumberFormat;
        var isGrouped = formatter.Option("useGrouping") is not "false"
            && (digits.Length > 4 || (!LateGrouping.Contains(formatter.Culture.Name) && formatter.Option("notation") != "compact"));
        if (!isGrouped)
        {
            parts.Add(new IntlPart("integer", digits));
            return;
        }

        var sizes = numbers.NumberGroupSizes;
        var groups = new Stack<string>();
        var at = digits.Length;
        for (var i = 0; at > 0; i++)
        {
            var size = sizes.Length == 0 ? 3 : sizes[Math.Min(i, sizes.Length - 1)];
            var start = size == 0 ? 0 : Math.Max(0, at - size);
            groups.Push(digits[start..at]);
            at = start;
        }

        parts.Add(new IntlPart("integer", groups.Pop()));
        foreach (var group in groups)
        {
            parts.Add(new IntlPart("group", numbers.NumberGroupSeparator));
            parts.Add(new IntlPart("integer", group));
        }
    }

    private static void AddCurrency(JsFormatter formatter, List<IntlPart> parts, List<IntlPart> number)
    {
        var symbol = SymbolOf(formatter, formatter.Option("currency")!.ToUpperInvariant());
        var pattern = formatter.Culture.NumberFormat.CurrencyPositivePattern;
        var isAfter = pattern is 1 or 3;
        var hasGap = pattern is 2 or 3 || (!isAfter && char.IsLetter(symbol[^1]));
        if (isAfter)
            parts.AddRange(number);
        else
            parts.Add(new IntlPart("currency", symbol));
        if (hasGap)
            parts.Add(IntlPart.Literal("\u00A0"));
        if (isAfter)
            parts.Add(new IntlPart("currency", symbol));
        else
            parts.AddRange(number);
    }

    private static string SymbolOf(JsFormatter formatter, string currency)
    {
        var display = formatter.Option("currencyDisplay") ?? "symbol";
        if (display == "code")
            return currency;
        var culture = formatter.Culture;
        if (!culture.IsNeutralCulture && culture.Name.Length > 2 && new RegionInfo(culture.Name).ISOCurrencySymbol == currency)
            return culture.NumberFormat.CurrencySymbol;
        var symbol = Symbols.GetValueOrDefault(currency, currency);
        if (display == "narrowSymbol")
            return symbol.Length > 1 && !char.IsAsciiLetter(symbol[^1]) ? symbol[^1..] : symbol;
        if (currency != "USD")
            return symbol;
        return formatter.Language == "fr" ? "$US" : DollarIsUSD.Contains(formatter.Language) ? "USD"
            : DollarIsAmerican.Contains(formatter.Language) || culture.Name is "en-GB" or "en-AU" or "en-CA" or "en-NZ" ? "US$" : symbol;
    }

    public static JsObject Resolved(Realm realm, JsFormatter formatter)
    {
        var style = formatter.Option("style") ?? "decimal";
        var digits = Digits.Read(formatter);
        var made = realm.NewObject();
        made.CreateOrThrow("locale", formatter.Culture.Name);
        made.CreateOrThrow("numberingSystem", "latn");
        made.CreateOrThrow("style", style);
        if (style == "currency")
        {
            made.CreateOrThrow("currency", formatter.Option("currency")!.ToUpperInvariant());
            made.CreateOrThrow("currencyDisplay", formatter.Option("currencyDisplay") ?? "symbol");
            made.CreateOrThrow("currencySign", formatter.Option("currencySign") ?? "standard");
        }

        made.CreateOrThrow("minimumIntegerDigits", digits.Whole);
        if (digits.MostSignificant > 0)
        {
            made.CreateOrThrow("minimumSignificantDigits", digits.LeastSignificant);
            made.CreateOrThrow("maximumSignificantDigits", digits.MostSignificant);
        }
        else
        {
            made.CreateOrThrow("minimumFractionDigits", digits.Least);
            made.CreateOrThrow("maximumFractionDigits", digits.Most);
        }

        made.CreateOrThrow("useGrouping", formatter.Option("useGrouping") is "false" ? false : "auto");
        made.CreateOrThrow("notation", formatter.Option("notation") ?? "standard");
        made.CreateOrThrow("signDisplay", formatter.Option("signDisplay") ?? "auto");
        made.CreateOrThrow("roundingMode", formatter.Option("roundingMode") ?? "halfExpand");
        return made;
    }
}
