using System.Globalization;
using Automation.Expressions.JavaScript.Compilation;
using Automation.Expressions.JavaScript.Runtime;

namespace Automation.Expressions.JavaScript.Builtins;

/// <summary>A formatter of Intl with its settings.</summary>
internal sealed class JsFormatter(JsObject? prototype, CultureInfo culture, JsObject? options) : JsObject(prototype)
{
    public CultureInfo Culture { get; } = culture;

    /// <summary>The language alone, such as <c>de</c>.</summary>
    public string Language => Culture.TwoLetterISOLanguageName;

    /// <summary>One of the options as text, or null.</summary>
    public string? Option(string name) => options?.Get(name) is { IsUndefined: false } value ? Operators.ToText(value) : null;

    /// <summary>One of the options, which must be one of these words.</summary>
    public string? Option(string name, string type, params ReadOnlySpan<string> known)
    {
        var value = Option(name);
        if (value is not null && !known.Contains(value))
            throw Errors.Range($"Value {Errors.Clip(value)} out of range for Intl.{type} options property {name}");
        return value;
    }

    public int? Count(string name, int least, int most)
    {
        if (options?.Get(name) is not { IsUndefined: false } value)
            return null;
        var count = Operators.ToNumber(value);
        if (!(count >= least && count <= most))
            throw Errors.Range($"{name} value is out of range.");
        return (int)count;
    }

    /// <summary>Refuses options that would change the text in a way not known here.</summary>
    public void Refuse(string type, params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if (Option(name) is not null)
                throw Errors.NotSupported($"The option '{name}' of Intl.{type} is");
        }
    }
}

/// <summary>A piece of a formatted number or date, as <c>formatToParts</c> gives it.</summary>
internal readonly record struct IntlPart(string Type, string Value)
{
    public static IntlPart Literal(string text) => new("literal", text);

    public static string Join(List<IntlPart> parts) => string.Concat(parts.Select(p => p.Value));

    public static JsArray ToArray(Realm realm, List<IntlPart> parts)
    {
        var made = realm.NewArray(parts.Count);
        foreach (var part in parts)
        {
            var item = realm.NewObject();
            item.CreateOrThrow("type", part.Type);
            item.CreateOrThrow("value", part.Value);
            made.Push(item);
        }

        return made;
    }
}

/// <summary>The basics of Intl: numbers (decimal, percent, currency) and dates (styles and fields).</summary>
internal static class IntlBuiltins
{
    public static readonly BuiltinTemplate Members = MakeMembers();

    public static readonly BuiltinTemplate NumberFormatPrototype = new BuiltinTemplate()
        .Intrinsic("constructor", IntrinsicId.NumberFormat)
        .Getter("format", (realm, self, _) =>
        {
            var formatter = This(self);
            return new NativeFunction(realm, "", 1, (_, _, a) => IntlPart.Join(NumberParts(formatter, a.At(0))));
        })
        .Method("formatToParts", 1, (realm, self, a) => IntlPart.ToArray(realm, NumberParts(This(self), a.At(0))))
        .Method("formatRange", 2, (_, _, _) => throw Errors.NotSupported("'Intl.NumberFormat.formatRange' is"))
        .Method("resolvedOptions", 0, (realm, self, _) => IntlNumbers.Resolved(realm, This(self)))
        .Tag("Intl.NumberFormat");

    public static readonly BuiltinTemplate DateTimeFormatPrototype = new BuiltinTemplate()
        .Intrinsic("constructor", IntrinsicId.DateTimeFormat)
        .Getter("format", (realm, self, _) =>
        {
            var formatter = This(self);
            return new NativeFunction(realm, "", 1, (r, _, a) => IntlPart.Join(DateParts(r, formatter, a.At(0))));
        })
        .Method("formatToParts", 1, (realm, self, a) => IntlPart.ToArray(realm, DateParts(realm, This(self), a.At(0))))
        .Method("formatRange", 2, (_, _, _) => throw Errors.NotSupported("'Intl.DateTimeFormat.formatRange' is"))
        .Method("resolvedOptions", 0, (realm, self, _) => IntlDates.Resolved(realm, This(self)))
        .Tag("Intl.DateTimeFormat");

    private static readonly BuiltinTemplate FormatStatics = new BuiltinTemplate()
        .Method("supportedLocalesOf", 1, (realm, _, a) =>
        {
            var known = realm.NewArray();
            foreach (var name in a.At(0).Reference is JsArray list ? ArrayLike.ToArray(list) : a.At(0).IsUndefined ? [] : [a.At(0)])
                known.Push(Culture(name).Name);
            return known;
        });

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

    public static JsObject MakeNumberFormat(Realm realm) => Make(realm, "NumberFormat", IntrinsicId.NumberFormatPrototype, IntlNumbers.Check);

    public static JsObject MakeDateTimeFormat(Realm realm) => Make(realm, "DateTimeFormat", IntrinsicId.DateTimeFormatPrototype, formatter => IntlDates.Check(realm, formatter));

    private static NativeFunction Make(Realm realm, string name, IntrinsicId prototype, Action<JsFormatter> check)
    {
        JsFormatter MakeChecked(JsObject of, ReadOnlySpan<JsValue> arguments)
        {
            var formatter = Create(of, arguments.At(0), arguments.At(1));
            check(formatter);
            return formatter;
        }

        return new(realm, name, 0, (r, _, a) => MakeChecked(r.Intrinsic(prototype), a), (r, a, newTarget) => MakeChecked(r.PrototypeFor(newTarget, prototype), a), FormatStatics, r => r.Intrinsic(prototype));
    }

    private static JsFormatter Create(JsObject prototype, JsValue locales, JsValue options) =>
        new(prototype, Culture(locales), options.IsUndefined ? null : Operators.ToObject(options));

    private static JsFormatter This(JsValue self) => self.Reference as JsFormatter ?? throw Errors.Type("The value is not a formatter of Intl");

    /// <summary>The culture that a script asks for: the first of a list, American English for none and for one nobody knows.</summary>
    public static CultureInfo Culture(JsValue locales)
    {
        var name = locales.Reference is JsArray list ? list.Length > 0 ? list.GetIndex(0) : default : locales;
        if (name.IsUndefined)
            return CultureInfo.GetCultureInfo("en-US");
        var text = Operators.ToText(name);
        if (text.Length is < 2 or > 35 || !text.All(c => char.IsAsciiLetterOrDigit(c) || c == '-'))
            throw Errors.Range($"Incorrect locale information provided: {Errors.Clip(text)}");
        try
        {
            return CultureInfo.GetCultureInfo(text);
        }
        catch (CultureNotFoundException)
        {
            return CultureInfo.GetCultureInfo("en-US");
        }
    }

    /// <summary><c>toLocaleString</c> of a number.</summary>
    public static JsValue FormatNumber(Realm realm, double value, JsValue locales, JsValue options)
    {
        var formatter = Create(realm.Intrinsic(IntrinsicId.NumberFormatPrototype), locales, options);
        IntlNumbers.Check(formatter);
        return IntlPart.Join(IntlNumbers.Parts(formatter, value));
    }

    /// <summary><c>toLocaleString</c>, <c>toLocaleDateString</c> and <c>toLocaleTimeString</c>.</summary>
    public static string FormatDate(Realm realm, double t, string what, JsValue locales = default, JsValue options = default)
    {
        var formatter = Create(realm.Intrinsic(IntrinsicId.DateTimeFormatPrototype), locales, options);
        IntlDates.Check(realm, formatter);
        return IntlPart.Join(IntlDates.Parts(realm, formatter, t, what));
    }

    private static List<IntlPart> NumberParts(JsFormatter formatter, JsValue value)
    {
        var number = Operators.ToNumeric(value);
        return IntlNumbers.Parts(formatter, number.Reference is JsBigInt big ? (double)big.Value : number.AsNumber());
    }

    private static List<IntlPart> DateParts(Realm realm, JsFormatter formatter, JsValue value)
    {
        var t = value.IsUndefined ? realm.Clock.GetUtcNow().ToUnixTimeMilliseconds() : DateMath.Clip(Operators.ToNumber(value));
        return double.IsNaN(t) ? throw Errors.Range("Invalid time value") : IntlDates.Parts(realm, formatter, t, "format");
    }
}
