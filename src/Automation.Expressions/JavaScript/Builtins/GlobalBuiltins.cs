using System.Globalization;
using System.Text;
using Automation.Expressions.JavaScript.Runtime;
using Automation.Expressions.JavaScript.Syntax;

namespace Automation.Expressions.JavaScript.Builtins;

/// <summary>The global names of the language.</summary>
internal static class GlobalBuiltins
{
    private const string Unescaped = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.!~*'()";
    private const string Reserved = ";/?:@&=+$,#";

    public static readonly BuiltinTemplate Functions = new BuiltinTemplate()
        .Method("parseFloat", 1, (_, _, a) => ParseFloat(Operators.ToText(a.At(0))))
        .Method("parseInt", 2, (_, _, a) =>
        {
            var text = Operators.ToText(a.At(0));
            return ParseInt(text, Operators.ToInt32(a.At(1)));
        });

    public static readonly BuiltinTemplate Members = new BuiltinTemplate()
        .Lazy("globalThis", realm => realm.Global)
        .Constant("Infinity", double.PositiveInfinity)
        .Constant("NaN", JsValue.NaN)
        .Constant("undefined", default)
        .Intrinsic("AggregateError", IntrinsicId.AggregateError)
        .Intrinsic("Array", IntrinsicId.Array)
        .Intrinsic("BigInt", IntrinsicId.BigInt)
        .Intrinsic("Boolean", IntrinsicId.Boolean)
        .Intrinsic("Date", IntrinsicId.Date)
        .Intrinsic("Error", IntrinsicId.Error)
        .Intrinsic("EvalError", IntrinsicId.EvalError)
        .Intrinsic("Function", IntrinsicId.Function)
        .Intrinsic("Intl", IntrinsicId.Intl)
        .Intrinsic("Iterator", IntrinsicId.Iterator)
        .Intrinsic("JSON", IntrinsicId.Json)
        .Intrinsic("Map", IntrinsicId.Map)
        .Intrinsic("Math", IntrinsicId.Math)
        .Intrinsic("Number", IntrinsicId.Number)
        .Intrinsic("Object", IntrinsicId.Object)
        .Intrinsic("Promise", IntrinsicId.Promise)
        .Intrinsic("RangeError", IntrinsicId.RangeError)
        .Intrinsic("ReferenceError", IntrinsicId.ReferenceError)
        .Intrinsic("RegExp", IntrinsicId.RegExp)
        .Intrinsic("Set", IntrinsicId.Set)
        .Intrinsic("String", IntrinsicId.String)
        .Intrinsic("Symbol", IntrinsicId.Symbol)
        .Intrinsic("SyntaxError", IntrinsicId.SyntaxError)
        .Intrinsic("TypeError", IntrinsicId.TypeError)
        .Intrinsic("URIError", IntrinsicId.URIError)
        .Intrinsic("WeakMap", IntrinsicId.WeakMap)
        .Intrinsic("WeakSet", IntrinsicId.WeakSet)
        .Intrinsic("console", IntrinsicId.Console)
        .Lazy("parseFloat", realm => realm.BuiltinGlobal("parseFloat"))
        .Lazy("parseInt", realm => realm.BuiltinGlobal("parseInt"))
        .Method("isFinite", 1, (_, _, a) => double.IsFinite(Operators.ToNumber(a.At(0))))
        .Method("isNaN", 1, (_, _, a) => double.IsNaN(Operators.ToNumber(a.At(0))))
        .Method("decodeURI", 1, (realm, _, a) => Decode(realm, Operators.ToText(a.At(0)), Reserved))
        .Method("decodeURIComponent", 1, (realm, _, a) => Decode(realm, Operators.ToText(a.At(0)), ""))
        .Method("encodeURI", 1, (realm, _, a) => Encode(realm, Operators.ToText(a.At(0)), Unescaped + Reserved))
        .Method("encodeURIComponent", 1, (realm, _, a) => Encode(realm, Operators.ToText(a.At(0)), Unescaped))
        .Method("escape", 1, (realm, _, a) => Escape(realm, Operators.ToText(a.At(0))))
        .Method("unescape", 1, (_, _, a) => Unescape(Operators.ToText(a.At(0))))
        .Method("atob", 1, (realm, _, a) => FromBase64(realm, Operators.ToText(a.At(0))))
        .Method("btoa", 1, (realm, _, a) => ToBase64(realm, Operators.ToText(a.At(0))))
        .Method("queueMicrotask", 1, (realm, _, a) =>
        {
            var job = a.Callback(0);
            realm.Jobs.Add(() => job.Call(default, []));
            return default;
        })
        .Method("structuredClone", 1, (realm, _, a) => new StructuredCloner(realm).Clone(a.At(0)));

    private static JsValue ParseFloat(string text)
    {
        var span = Operators.TrimWhiteSpace(text);
        var at = 0;
        if (at < span.Length && (span[at] is '+' or '-'))
            at++;
        if (span[at..].StartsWith("Infinity", StringComparison.Ordinal))
            return span[0] == '-' ? double.NegativeInfinity : double.PositiveInfinity;
        var digits = at;
        while (at < span.Length && char.IsAsciiDigit(span[at]))
            at++;
        var found = at - digits;
        if (at < span.Length && span[at] == '.')
        {
            var fraction = at + 1;
            while (fraction < span.Length && char.IsAsciiDigit(span[fraction]))
                fraction++;
            found += fraction - at - 1;
            if (found > 0)
                at = fraction;
        }

        if (found == 0)
            return double.NaN;
        if (at < span.Length && span[at] is 'e' or 'E')
        {
            var exponent = at + 1;
            if (exponent < span.Length && (span[exponent] is '+' or '-'))
                exponent++;
            var first = exponent;
            while (exponent < span.Length && char.IsAsciiDigit(span[exponent]))
                exponent++;
            if (exponent > first)
                at = exponent;
        }

        return double.Parse(span[..at], NumberStyles.Float, CultureInfo.InvariantCulture);
    }

    private static JsValue ParseInt(string text, int radix)
    {
        var span = Operators.TrimWhiteSpace(text);
        var negative = span.Length > 0 && span[0] == '-';
        if (span.Length > 0 && span[0] is '+' or '-')
            span = span[1..];
        if (radix is 0 or 16 && span.Length > 1 && span[0] == '0' && span[1] is 'x' or 'X')
        {
            span = span[2..];
            radix = 16;
        }

        if (radix == 0)
            radix = 10;
        if (radix is < 2 or > 36)
            return double.NaN;
        var length = 0;
        var value = 0d;
        while (length < span.Length && DigitOf(span[length]) is var digit && digit < radix)
        {
            value = (value * radix) + digit;
            length++;
        }

        if (length == 0)
            return double.NaN;
        if (value >= 9007199254740992d && double.IsFinite(value))
            value = radix == 10 ? double.Parse(span[..length], CultureInfo.InvariantCulture) : Exact(span[..length], radix);
        return negative ? -value : value;
    }

    private static double Exact(ReadOnlySpan<char> digits, int radix)
    {
        Realm.Current.Work((long)digits.Length * digits.Length / 4096);
        var value = System.Numerics.BigInteger.Zero;
        foreach (var c in digits)
            value = (value * radix) + DigitOf(c);
        return (double)value;
    }

    private static int DigitOf(char c) => c switch
    {
        >= '0' and <= '9' => c - '0',
        >= 'a' and <= 'z' => c - 'a' + 10,
        >= 'A' and <= 'Z' => c - 'A' + 10,
        _ => 99,
    };

    private static string Encode(Realm realm, string text, string kept)
    {
        realm.ReserveString((long)text.Length * 3);
        var made = new StringBuilder(text.Length);
        Span<byte> bytes = stackalloc byte[4];
        for (var i = 0; i < text.Length; i++)
        {
            if (kept.Contains(text[i], StringComparison.Ordinal))
            {
                made.Append(text[i]);
                continue;
            }

            if (Rune.DecodeFromUtf16(text.AsSpan(i), out var rune, out var used) != System.Buffers.OperationStatus.Done)
                throw Errors.Uri("URI malformed");
            i += used - 1;
            var count = rune.EncodeToUtf8(bytes);
            foreach (var b in bytes[..count])
                made.Append('%').Append(b.ToString("X2", CultureInfo.InvariantCulture));
        }

        return made.ToString();
    }

    private static string Decode(Realm realm, string text, string kept)
    {
        realm.StringWork(text.Length);
        var made = new StringBuilder(text.Length);
        Span<byte> bytes = stackalloc byte[4];
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '%')
            {
                made.Append(text[i]);
                continue;
            }

            var start = i;
            var first = HexByte(text, i);
            i += 2;
            var count = first switch { < 0x80 => 1, >= 0xC2 and < 0xE0 => 2, >= 0xE0 and < 0xF0 => 3, >= 0xF0 and < 0xF5 => 4, _ => throw Errors.Uri("URI malformed") };
            bytes[0] = (byte)first;
            for (var n = 1; n < count; n++)
            {
                bytes[n] = (byte)HexByte(text, i + 1);
                i += 3;
            }

            if (Rune.DecodeFromUtf8(bytes[..count], out var rune, out var used) != System.Buffers.OperationStatus.Done || used != count)
                throw Errors.Uri("URI malformed");
            if (count == 1 && kept.Contains((char)first, StringComparison.Ordinal))
                made.Append(text, start, 3);
            else
                made.Append(rune.ToString());
        }

        return made.ToString();
    }

    private static int HexByte(string text, int at)
    {
        if (at + 2 >= text.Length || text[at] != '%' || CharacterClasses.HexValue(text[at + 1]) < 0 || CharacterClasses.HexValue(text[at + 2]) < 0)
            throw Errors.Uri("URI malformed");
        return (CharacterClasses.HexValue(text[at + 1]) * 16) + CharacterClasses.HexValue(text[at + 2]);
    }

    private static string Escape(Realm realm, string text)
    {
        realm.ReserveString((long)text.Length * 3);
        var made = new StringBuilder();
        foreach (var c in text)
        {
            if (char.IsAsciiLetterOrDigit(c) || c is '@' or '*' or '_' or '+' or '-' or '.' or '/')
                made.Append(c);
            else if (c < 256)
                made.Append('%').Append(((int)c).ToString("X2", CultureInfo.InvariantCulture));
            else
                made.Append("%u").Append(((int)c).ToString("X4", CultureInfo.InvariantCulture));
        }

        return made.ToString();
    }

    private static string Unescape(string text)
    {
        var made = new StringBuilder();
        for (var i = 0; i < text.Length; i++)
        {
            var digits = text[i] != '%' ? 0 : i + 1 < text.Length && text[i + 1] == 'u' ? 4 : 2;
            var start = i + (digits == 4 ? 2 : 1);
            if (digits > 0 && start + digits <= text.Length
                && int.TryParse(text.AsSpan(start, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code))
            {
                made.Append((char)code);
                i = start + digits - 1;
            }
            else
            {
                made.Append(text[i]);
            }
        }

        return made.ToString();
    }

    private static string ToBase64(Realm realm, string text)
    {
        realm.ReserveString((long)text.Length * 4 / 3);
        var bytes = new byte[text.Length];
        for (var i = 0; i < bytes.Length; i++)
            bytes[i] = text[i] <= 255 ? (byte)text[i] : throw Errors.Dom("InvalidCharacterError", "btoa: The string contains characters outside of the Latin1 range.");
        return Convert.ToBase64String(bytes);
    }

    private static string FromBase64(Realm realm, string text)
    {
        realm.StringWork(text.Length);
        var clean = string.Concat(text.Where(c => c is not (' ' or '\t' or '\n' or '\f' or '\r'))).TrimEnd('=');
        try
        {
            return Encoding.Latin1.GetString(Convert.FromBase64String(clean.PadRight((clean.Length + 3) / 4 * 4, '=')));
        }
        catch (FormatException)
        {
            throw Errors.Dom("InvalidCharacterError", "atob: The string to be decoded is not correctly encoded.");
        }
    }
}

/// <summary><c>structuredClone</c>: copies data, rings included, and refuses functions.</summary>
internal sealed class StructuredCloner(Realm realm)
{
    private readonly Dictionary<JsObject, JsObject> _made = [];

    public JsValue Clone(JsValue value)
    {
        if (value.IsSymbol)
            throw Refuse(value);
        if (value.AsObject() is not { } o)
            return value;
        if (_made.TryGetValue(o, out var known))
            return known;
        using var depth = realm.Nest();
        switch (o)
        {
            case JsFunction or JsPromise or JsWeakCollection:
                throw Refuse(value);
            case JsDate date:
                return new JsDate(realm.Intrinsic(IntrinsicId.DatePrototype), date.Time);
            case JsRegExp regex:
                return RegExpBuiltins.Create(realm, regex.Source, regex.Flags);
            case JsPrimitiveObject primitive:
                return Operators.ToObject(primitive.Value);
            case JsStringObject text:
                return Operators.ToObject(text.Value);
            case JsMap map:
                var mapCopy = new JsMap(realm.Intrinsic(IntrinsicId.MapPrototype));
                _made[o] = mapCopy;
                foreach (var (key, item) in map.Entries.Live())
                    mapCopy.Entries.Set(Clone(key), Clone(item));
                return mapCopy;
            case JsSet set:
                var setCopy = new JsSet(realm.Intrinsic(IntrinsicId.SetPrototype));
                _made[o] = setCopy;
                foreach (var (key, _) in set.Entries.Live())
                {
                    var item = Clone(key);
                    setCopy.Entries.Set(item, item);
                }

                return setCopy;
            default:
                return CloneProperties(o);
        }
    }

    private JsObject CloneProperties(JsObject o)
    {
        JsObject made = o switch
        {
            JsArray => realm.NewArray(),
            JsError error => new JsError(error.Prototype),
            _ => realm.NewObject(),
        };
        _made[o] = made;
        if (o is JsArray array)
            ((JsArray)made).SetLength(array.Length);
        if (o is JsError && o.TryGetOwn("message", out var message))
            made.AddNew("message", message.Value, PropertyFlags.Hidden);
        foreach (var key in o.OwnKeys())
        {
            realm.Step();
            if (key.Value is string && o.TryGetOwn(key, out var property) && property.Enumerable)
                made.CreateOrThrow(key, Clone(o.Get(key)));
        }

        return made;
    }

    private static JsThrow Refuse(JsValue value) =>
        Errors.Dom("DataCloneError", $"{Operators.Describe(value)} could not be cloned.");
}
