using System.Globalization;
using System.Text;
using Automation.Expressions.JavaScript.Runtime;
using Automation.Expressions.JavaScript.Syntax;

namespace Automation.Expressions.JavaScript.Builtins;

/// <summary>String and String.prototype.</summary>
internal static partial class StringBuiltins
{
    public static readonly BuiltinTemplate Prototype = Make();

    private static readonly BuiltinTemplate Statics = new BuiltinTemplate()
        .Method("fromCharCode", 1, (realm, _, a) =>
        {
            var text = new StringBuilder(a.Length);
            foreach (var code in a)
                text.Append((char)(ushort)Operators.ToInt32(code));
            return text.ToString();
        })
        .Method("fromCodePoint", 1, FromCodePoint)
        .Method("raw", 1, Raw);

    private static BuiltinTemplate Make()
    {
        var template = new BuiltinTemplate()
            .Constant("length", 0)
            .Intrinsic("constructor", IntrinsicId.String)
            .Method("at", 1, (_, self, a) =>
            {
                var text = This(self);
                var index = Operators.ToInteger(a.At(0));
                index = index < 0 ? text.Length + index : index;
                return index >= 0 && index < text.Length ? Operators.CharacterText(text[(int)index]) : default(JsValue);
            })
            .Method("charAt", 1, (_, self, a) =>
            {
                var text = This(self);
                var index = Operators.ToInteger(a.At(0));
                return index >= 0 && index < text.Length ? Operators.CharacterText(text[(int)index]) : "";
            })
            .Method("charCodeAt", 1, (_, self, a) =>
            {
                var text = This(self);
                var index = Operators.ToInteger(a.At(0));
                return index >= 0 && index < text.Length ? text[(int)index] : JsValue.NaN;
            })
            .Method("codePointAt", 1, (_, self, a) =>
            {
                var text = This(self);
                var index = Operators.ToInteger(a.At(0));
                return index >= 0 && index < text.Length ? CodePointAt(text, (int)index) : default(JsValue);
            })
            .Method("concat", 1, (realm, self, a) =>
            {
                JsValue text = This(self);
                foreach (var part in a)
                    text = Operators.Add(realm, text, Operators.ToText(part));
                return text;
            })
            .Method("endsWith", 1, EndsWith)
            .Method("includes", 1, (realm, self, a) => Search(realm, self, a, "includes") >= 0)
            .Method("indexOf", 1, IndexOf)
            .Method("isWellFormed", 0, (_, self, _) => IsWellFormed(This(self)))
            .Method("lastIndexOf", 1, LastIndexOf)
            .Method("localeCompare", 1, (_, self, a) => LocaleCompare(This(self), Operators.ToText(a.At(0)), a.At(1), Collation(a.At(2))))
            .Method("match", 1, (realm, self, a) => Delegate(realm, self, a.At(0), JsSymbol.Match, "match"))
            .Method("matchAll", 1, MatchAll)
            .Method("normalize", 0, Normalize)
            .Method("padEnd", 1, (realm, self, a) => Pad(realm, self, a, atStart: false))
            .Method("padStart", 1, (realm, self, a) => Pad(realm, self, a, atStart: true))
            .Method("repeat", 1, Repeat)
            .Method("replace", 2, (realm, self, a) => Replace(realm, self, a, all: false))
            .Method("replaceAll", 2, (realm, self, a) => Replace(realm, self, a, all: true))
            .Method("search", 1, (realm, self, a) => Delegate(realm, self, a.At(0), JsSymbol.Search, "search"))
            .Method("slice", 2, (_, self, a) =>
            {
                var text = This(self);
                var from = Operators.RelativeIndex(a.At(0), text.Length, 0);
                var to = Operators.RelativeIndex(a.At(1), text.Length, text.Length);
                return from < to ? Part(text, (int)from, (int)to) : "";
            })
            .Method("split", 2, Split)
            .Method("startsWith", 1, StartsWith)
            .Method("substr", 2, (_, self, a) =>
            {
                var text = This(self);
                var from = Operators.RelativeIndex(a.At(0), text.Length, 0);
                var length = a.At(1).IsUndefined ? text.Length - from : Math.Clamp(Operators.ToInteger(a.At(1)), 0, text.Length - from);
                return Part(text, (int)from, (int)(from + length));
            })
            .Method("substring", 2, (_, self, a) =>
            {
                var text = This(self);
                var from = Math.Clamp(Operators.ToInteger(a.At(0)), 0, text.Length);
                var to = a.At(1).IsUndefined ? text.Length : Math.Clamp(Operators.ToInteger(a.At(1)), 0, text.Length);
                return Part(text, (int)Math.Min(from, to), (int)Math.Max(from, to));
            })
            .Method("toLocaleLowerCase", 0, (realm, self, a) => IsTurkic(a.At(0)) ? This(self).ToLower(Turkish) : Lower(realm, This(self)))
            .Method("toLocaleUpperCase", 0, (realm, self, a) => IsTurkic(a.At(0)) ? This(self).ToUpper(Turkish) : Upper(realm, This(self)))
            .Method("toLowerCase", 0, (realm, self, _) => Lower(realm, This(self)))
            .Method("toString", 0, (_, self, _) => Value(self))
            .Method("toUpperCase", 0, (realm, self, _) => Upper(realm, This(self)))
            .Method("toWellFormed", 0, (_, self, _) => WellFormed(This(self)))
            .Method("trim", 0, (_, self, _) => Operators.TrimWhiteSpace(This(self)).ToString())
            .Method("trimEnd", 0, (_, self, _) => TrimEnd(This(self)))
            .Method("trimStart", 0, (_, self, _) => TrimStart(This(self)))
            .Method("valueOf", 0, (_, self, _) => Value(self))
            .Method(JsSymbol.Iterator, 0, (realm, self, _) => IteratorBuiltins.OfString(realm, This(self)));
        template
            .Lazy("trimLeft", realm => realm.Intrinsic(IntrinsicId.StringPrototype).Get("trimStart"))
            .Lazy("trimRight", realm => realm.Intrinsic(IntrinsicId.StringPrototype).Get("trimEnd"));
        foreach (var (name, tag, attribute) in new[]
        {
            ("anchor", "a", "name"), ("big", "big", ""), ("blink", "blink", ""), ("bold", "b", ""), ("fixed", "tt", ""), ("fontcolor", "font", "color"),
            ("fontsize", "font", "size"), ("italics", "i", ""), ("link", "a", "href"), ("small", "small", ""), ("strike", "strike", ""), ("sub", "sub", ""), ("sup", "sup", ""),
        })
        {
            template.Method(name, attribute.Length > 0 ? 1 : 0, (_, self, a) =>
            {
                var text = This(self);
                var extra = attribute.Length == 0 ? "" : $" {attribute}=\"{Operators.ToText(a.At(0)).Replace("\"", "&quot;", StringComparison.Ordinal)}\"";
                return $"<{tag}{extra}>{text}</{tag}>";
            });
        }

        return template;
    }

    public static JsObject MakeConstructor(Realm realm) => new NativeFunction(
        realm, "String", 1,
        (_, _, a) => a.Length == 0 ? "" : a[0].IsSymbol ? a[0].ToString() : Operators.ToText(a[0]),
        (r, a, newTarget) =>
        {
            var text = a.Length == 0 ? "" : Operators.ToText(a[0]);
            return new JsStringObject(r.PrototypeFor(newTarget, IntrinsicId.StringPrototype), text);
        },
        Statics,
        r => r.Intrinsic(IntrinsicId.StringPrototype));

    private static string This(JsValue self)
    {
        if (self.Reference is string text)
            return text;
        if (self.IsNullish)
            throw Errors.Type("String.prototype method called on null or undefined");
        return Operators.ToText(self);
    }

    private static string Value(JsValue self) =>
        self.IsString ? self.AsString()
        : self.Reference is JsStringObject o ? o.Value
        : ReferenceEquals(self.Reference, Realm.Current.Intrinsic(IntrinsicId.StringPrototype)) ? ""
        : throw Errors.Type("String.prototype.toString requires that 'this' be a String");

    private static string Part(string text, int from, int to) =>
        to - from == 1 ? Operators.CharacterText(text[from]) : Working(text[from..to]);

    private static string Working(string text)
    {
        if (text.Length > 1024)
            Realm.Current.ReserveString(text.Length);
        return text;
    }

    public static int CodePointAt(string text, int index) =>
        char.IsHighSurrogate(text[index]) && index + 1 < text.Length && char.IsLowSurrogate(text[index + 1])
            ? char.ConvertToUtf32(text[index], text[index + 1]) : text[index];

    private static CultureInfo Turkish => CultureInfo.GetCultureInfo("tr");

    /// <summary>Whether an i keeps its dot: the one thing in which languages change case differently here.</summary>
    private static bool IsTurkic(JsValue locales) => !locales.IsUndefined && IntlBuiltins.Culture(locales).TwoLetterISOLanguageName is "tr" or "az";

    private static int LocaleCompare(string text, string other, JsValue locales, CompareOptions options)
    {
        // Collating is slow, and of no use to strings that nobody reads: those are compared as they are.
        const int LongestCollated = 64 * 1024;
        if (text.Length > LongestCollated && other.Length > LongestCollated)
            return Math.Sign(string.CompareOrdinal(text, other));
        var culture = locales.IsUndefined ? CultureInfo.InvariantCulture : IntlBuiltins.Culture(locales);
        return Math.Sign(culture.CompareInfo.Compare(text, other, options));
    }

    private static CompareOptions Collation(JsValue options)
    {
        if (options.AsObject() is not { } o)
            return CompareOptions.None;
        var sensitivity = o.Get("sensitivity") is { IsString: true } text ? text.AsString() : "variant";
        var collation = sensitivity switch
        {
            "base" => CompareOptions.IgnoreCase | CompareOptions.IgnoreNonSpace,
            "accent" => CompareOptions.IgnoreCase,
            "case" => CompareOptions.IgnoreNonSpace,
            _ => CompareOptions.None,
        };
        return Operators.ToBoolean(o.Get("numeric")) ? collation | CompareOptions.NumericOrdering : collation;
    }

    private static string SearchText(JsValue value, string method)
    {
        if (value.AsObject() is { } o)
        {
            var matcher = o.Get(JsSymbol.Match);
            if (matcher.IsUndefined ? o is JsRegExp : Operators.ToBoolean(matcher))
                throw Errors.Type($"First argument to String.prototype.{method} must not be a regular expression");
        }

        return Operators.ToText(value);
    }

    private static int Search(Realm realm, JsValue self, ReadOnlySpan<JsValue> arguments, string method)
    {
        var text = This(self);
        var wanted = SearchText(arguments.At(0), method);
        var from = Math.Clamp(Operators.ToInteger(arguments.At(1)), 0, text.Length);
        realm.StringWork(text.Length);
        return text.IndexOf(wanted, (int)from, StringComparison.Ordinal);
    }

    private static JsValue IndexOf(Realm realm, JsValue self, ReadOnlySpan<JsValue> arguments)
    {
        var text = This(self);
        var wanted = Operators.ToText(arguments.At(0));
        var from = Math.Clamp(Operators.ToInteger(arguments.At(1)), 0, text.Length);
        realm.StringWork(text.Length);
        return text.IndexOf(wanted, (int)from, StringComparison.Ordinal);
    }

    private static JsValue LastIndexOf(Realm realm, JsValue self, ReadOnlySpan<JsValue> arguments)
    {
        var text = This(self);
        var wanted = Operators.ToText(arguments.At(0));
        var number = Operators.ToNumber(arguments.At(1));
        var from = double.IsNaN(number) ? text.Length : Math.Clamp(Math.Truncate(number), 0, text.Length);
        realm.StringWork(text.Length);
        var end = (int)Math.Min(text.Length, from + wanted.Length);
        return text.AsSpan(0, end).LastIndexOf(wanted, StringComparison.Ordinal);
    }

    private static JsValue StartsWith(Realm realm, JsValue self, ReadOnlySpan<JsValue> arguments)
    {
        var text = This(self);
        var wanted = SearchText(arguments.At(0), "startsWith");
        var from = (int)Math.Clamp(Operators.ToInteger(arguments.At(1)), 0, text.Length);
        return text.AsSpan(from).StartsWith(wanted, StringComparison.Ordinal);
    }

    private static JsValue EndsWith(Realm realm, JsValue self, ReadOnlySpan<JsValue> arguments)
    {
        var text = This(self);
        var wanted = SearchText(arguments.At(0), "endsWith");
        var to = arguments.At(1).IsUndefined ? text.Length : (int)Math.Clamp(Operators.ToInteger(arguments.At(1)), 0, text.Length);
        return text.AsSpan(0, to).EndsWith(wanted, StringComparison.Ordinal);
    }

    private static JsValue Pad(Realm realm, JsValue self, ReadOnlySpan<JsValue> arguments, bool atStart)
    {
        var text = This(self);
        var length = Operators.ToLength(arguments.At(0));
        if (length <= text.Length)
            return text;
        var filler = arguments.At(1).IsUndefined ? " " : Operators.ToText(arguments.At(1));
        if (filler.Length == 0)
            return text;
        realm.ReserveString((long)length);
        var missing = (int)length - text.Length;
        var made = new StringBuilder((int)length);
        if (!atStart)
            made.Append(text);
        var start = made.Length;
        while (made.Length - start < missing)
            made.Append(filler, 0, Math.Min(filler.Length, missing - (made.Length - start)));
        if (atStart)
            made.Append(text);
        return made.ToString();
    }

    private static JsValue Repeat(Realm realm, JsValue self, ReadOnlySpan<JsValue> arguments)
    {
        var text = This(self);
        var count = Operators.ToInteger(arguments.At(0));
        if (count < 0 || double.IsInfinity(count))
            throw Errors.Range("Invalid count value: " + Operators.ToText(arguments.At(0)));
        if (text.Length == 0 || count == 0)
            return "";
        realm.ReserveString((long)Math.Min(text.Length * count, long.MaxValue / 4));
        return new StringBuilder(text.Length * (int)count).Insert(0, text, (int)count).ToString();
    }

    private static JsValue FromCodePoint(Realm realm, JsValue self, ReadOnlySpan<JsValue> arguments)
    {
        var text = new StringBuilder();
        foreach (var argument in arguments)
        {
            var code = Operators.ToNumber(argument);
            if (!(code >= 0 && code <= 0x10FFFF) || Math.Floor(code) != code)
                throw Errors.Range("Invalid code point " + Operators.ToText(argument));
            if (code > 0xFFFF)
                text.Append(char.ConvertFromUtf32((int)code));
            else
                text.Append((char)code);
        }

        return text.ToString();
    }

    private static JsValue Raw(Realm realm, JsValue self, ReadOnlySpan<JsValue> arguments)
    {
        var raw = Operators.ToObject(Operators.ToObject(arguments.At(0)).Get("raw"));
        var length = ArrayLike.Length(raw);
        var text = new StringBuilder();
        for (uint i = 0; i < length; i++)
        {
            realm.Step();
            text.Append(Operators.ToText(raw.GetIndex(i)));
            if (i + 1 < length && i + 1 < arguments.Length)
                text.Append(Operators.ToText(arguments[(int)i + 1]));
            realm.CheckString(text.Length);
        }

        realm.ReserveString(text.Length);
        return text.ToString();
    }

    private static string Lower(Realm realm, string text)
    {
        realm.StringWork(text.Length);
        var lower = text.ToLowerInvariant();
        if (lower.Contains('\u0130'))
            lower = lower.Replace("\u0130", "i\u0307", StringComparison.Ordinal);
        return lower.Contains('σ') || text.Contains('Σ') ? FinalSigma(text, lower) : lower;
    }

    /// <summary>A capital sigma at the end of a word has a form of its own.</summary>
    private static string FinalSigma(string text, string lower)
    {
        if (text.Length != lower.Length || !text.Contains('Σ'))
            return lower;
        var made = lower.ToCharArray();
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == 'Σ' && i > 0 && char.IsLetter(text[i - 1]) && !(i + 1 < text.Length && char.IsLetter(text[i + 1])))
                made[i] = 'ς';
        }

        return new string(made);
    }

    private static string Upper(Realm realm, string text)
    {
        realm.StringWork(text.Length);
        var upper = text.ToUpperInvariant();
        if (realm.Options.UpperCaseByLetter || !upper.AsSpan().ContainsAny(LongerWhenUpper))
            return upper;
        var made = new StringBuilder(upper.Length + 16);
        foreach (var c in upper)
        {
            var at = LongerWhenUpper.IndexOf(c, StringComparison.Ordinal);
            if (at < 0)
                made.Append(c);
            else
                made.Append(UpperForms[at]);
            realm.CheckString(made.Length);
        }

        return made.ToString();
    }

    private const string LongerWhenUpper = "ßŉǰΐΰևẖẗẘẙẚﬀﬁﬂﬃﬄﬅﬆ";

    private static readonly string[] UpperForms = ["SS", "ʼN", "J̌", "Ϊ́", "Ϋ́", "ԵՒ", "H̱", "T̈", "W̊", "Y̊", "Aʾ", "FF", "FI", "FL", "FFI", "FFL", "ST", "ST"];

    private static string TrimStart(string text)
    {
        var start = 0;
        while (start < text.Length && CharacterClasses.IsWhiteSpaceOrLineTerminator(text[start]))
            start++;
        return text[start..];
    }

    private static string TrimEnd(string text)
    {
        var end = text.Length;
        while (end > 0 && CharacterClasses.IsWhiteSpaceOrLineTerminator(text[end - 1]))
            end--;
        return text[..end];
    }

    private static bool IsWellFormed(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i]))
                continue;
            if (!char.IsHighSurrogate(text[i]) || i + 1 >= text.Length || !char.IsLowSurrogate(text[i + 1]))
                return false;
            i++;
        }

        return true;
    }

    private static string WellFormed(string text)
    {
        var made = text.ToCharArray();
        for (var i = 0; i < made.Length; i++)
        {
            if (!char.IsSurrogate(made[i]))
                continue;
            if (char.IsHighSurrogate(made[i]) && i + 1 < made.Length && char.IsLowSurrogate(made[i + 1]))
                i++;
            else
                made[i] = '\uFFFD';
        }

        return new string(made);
    }

    private static JsValue Normalize(Realm realm, JsValue self, ReadOnlySpan<JsValue> arguments)
    {
        var text = This(self);
        var form = arguments.At(0).IsUndefined ? "NFC" : Operators.ToText(arguments.At(0));
        realm.StringWork(text.Length * 4);
        var normal = form switch
        {
            "NFC" => NormalizationForm.FormC,
            "NFD" => NormalizationForm.FormD,
            "NFKC" => NormalizationForm.FormKC,
            "NFKD" => NormalizationForm.FormKD,
            _ => throw Errors.Range("The normalization form should be one of NFC, NFD, NFKC, NFKD."),
        };
        return IsWellFormed(text) ? text.Normalize(normal) : text;
    }
}
