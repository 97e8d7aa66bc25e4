using System.Globalization;
using System.Numerics;
using Automation.Expressions.JavaScript.Builtins;
using Automation.Expressions.JavaScript.Syntax;

namespace Automation.Expressions.JavaScript.Runtime;

/// <summary>The abstract operations of the specification: conversions and comparisons.</summary>
internal static partial class Operators
{
    public static bool ToBoolean(JsValue value)
    {
        if (value.IsBoolean)
            return value.AsNumber() != 0;
        if (value.IsNullish)
            return false;
        if (value.IsNumber)
            return value.AsNumber() is not (0 or double.NaN);
        return value.Reference switch
        {
            string text => text.Length > 0,
            JsRope => true,
            JsBigInt big => !big.Value.IsZero,
            _ => true,
        };
    }

    public static double ToNumber(JsValue value)
    {
        if (value.IsNumber)
            return value.AsNumber();
        switch (value.Type)
        {
            case JsType.Undefined:
                return double.NaN;
            case JsType.Null:
                return 0;
            case JsType.Boolean:
                return value.AsNumber();
            case JsType.String:
                return StringToNumber(value.AsString());
            case JsType.Symbol:
                throw Errors.Type("Cannot convert a Symbol value to a number");
            case JsType.BigInt:
                throw Errors.Type("Cannot convert a BigInt value to a number");
            default:
                return ToNumber(ToPrimitive(value, "number"));
        }
    }

    /// <summary>A number or a BigInt.</summary>
    public static JsValue ToNumeric(JsValue value)
    {
        if (value.IsNumber)
            return value;
        value = ToPrimitive(value, "number");
        return value.IsBigInt ? value : ToNumber(value);
    }

    public static double StringToNumber(string text)
    {
        var span = TrimWhiteSpace(text);
        if (span.IsEmpty)
            return 0;
        if (span.Length > 2 && span[0] == '0' && char.IsAsciiLetter(span[1]))
        {
            var radix = (span[1] | 0x20) switch { 'x' => 16, 'o' => 8, 'b' => 2, _ => 0 };
            return radix == 0 ? double.NaN : RadixToNumber(span[2..], radix);
        }

        if (span[^1] is 'y')
            return span is "Infinity" or "+Infinity" ? double.PositiveInfinity : span is "-Infinity" ? double.NegativeInfinity : double.NaN;
        foreach (var c in span)
        {
            if (c is not ((>= '0' and <= '9') or '.' or 'e' or 'E' or '+' or '-'))
                return double.NaN;
        }

        return double.TryParse(span, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out var number)
            ? number : double.NaN;
    }

    private static double RadixToNumber(ReadOnlySpan<char> digits, int radix)
    {
        foreach (var c in digits)
        {
            if (CharacterClasses.HexValue(c) is var digit && (digit < 0 || digit >= radix))
                return double.NaN;
        }

        return (double)Lexer.ParseRadix(digits, radix);
    }

    public static ReadOnlySpan<char> TrimWhiteSpace(string text)
    {
        var start = 0;
        var end = text.Length;
        while (start < end && CharacterClasses.IsWhiteSpaceOrLineTerminator(text[start]))
            start++;
        while (end > start && CharacterClasses.IsWhiteSpaceOrLineTerminator(text[end - 1]))
            end--;
        return text.AsSpan(start, end - start);
    }

    public static double ToInteger(JsValue value)
    {
        var number = ToNumber(value);
        return double.IsNaN(number) ? 0 : Math.Truncate(number) + 0d;
    }

    public static int ToInt32(JsValue value) => ToInt32(ToNumber(value));

    public static int ToInt32(double number)
    {
        var integer = (int)number;
        if (integer == number && integer != int.MaxValue && integer != int.MinValue)
            return integer;
        if (double.IsNaN(number) || double.IsInfinity(number))
            return 0;
        return unchecked((int)(uint)(long)(Math.Truncate(number) % 4294967296d));
    }

    public static uint ToUInt32(JsValue value) => unchecked((uint)ToInt32(value));

    public static double ToLength(JsValue value)
    {
        var length = ToInteger(value);
        return length <= 0 ? 0 : Math.Min(length, 9007199254740991d);
    }

    /// <summary>An index counted from the end if negative, clamped to the length.</summary>
    public static double RelativeIndex(JsValue value, double length, double absent)
    {
        if (value.IsUndefined)
            return absent;
        var index = ToInteger(value);
        return index < 0 ? Math.Max(length + index, 0) : Math.Min(index, length);
    }

    public static string ToText(JsValue value)
    {
        switch (value.Type)
        {
            case JsType.String:
                return value.AsString();
            case JsType.Number:
                return NumberFormatter.ToText(value.AsNumber());
            case JsType.Symbol:
                throw Errors.Type("Cannot convert a Symbol value to a string");
            case JsType.Object:
                return ToText(ToPrimitive(value, "string"));
            default:
                return value.ToString();
        }
    }

    public static PropertyKey ToPropertyKey(JsValue value)
    {
        if (value.Reference is string { Length: < Realm.LongText } name)
            return name;
        if (value.Type == JsType.Object)
            value = ToPrimitive(value, "string");
        if (value.Reference is JsSymbol symbol)
            return symbol;

        // To look for a name is to hash it.
        Realm.Current.TextWork(value);
        return ToText(value);
    }

    public static JsValue ToPrimitive(JsValue value, string hint = "default")
    {
        if (value.AsObject() is not { } o)
            return value;
        using var depth = Realm.Current.Nest();
        if (o.GetMethod(JsSymbol.ToPrimitive) is { } exotic)
        {
            var made = exotic.Call(value, [hint]);
            return made.IsObject ? throw Errors.Type("Cannot convert object to primitive value") : made;
        }

        for (var i = 0; i < 2; i++)
        {
            var name = (i == 0) == (hint == "string") ? "toString" : "valueOf";
            if (o.Get(name).AsFunction() is { } method)
            {
                var made = method.Call(value, []);
                if (!made.IsObject)
                    return made;
            }
        }

        throw Errors.Type("Cannot convert object to primitive value");
    }

    public static JsObject ToObject(JsValue value)
    {
        if (value.AsObject() is { } o)
            return o;
        if (value.IsNullish)
            throw Errors.Type("Cannot convert undefined or null to object");
        var realm = Realm.Current;
        return value.Type == JsType.String
            ? new JsStringObject(realm.Intrinsic(IntrinsicId.StringPrototype), value.AsString())
            : new JsPrimitiveObject(PrototypeOf(realm, value), value);
    }

    /// <summary>Where the methods of a primitive are found.</summary>
    public static JsObject PrototypeOf(Realm realm, JsValue value) => value.Type switch
    {
        JsType.String => realm.Intrinsic(IntrinsicId.StringPrototype),
        JsType.Number => realm.Intrinsic(IntrinsicId.NumberPrototype),
        JsType.Boolean => realm.Intrinsic(IntrinsicId.BooleanPrototype),
        JsType.Symbol => realm.Intrinsic(IntrinsicId.SymbolPrototype),
        _ => realm.Intrinsic(IntrinsicId.BigIntPrototype),
    };

    public static bool StrictEquals(JsValue a, JsValue b)
    {
        if (a.IsNumber)
            return b.IsNumber && a.AsNumber() == b.AsNumber();
        if (ReferenceEquals(a.Reference, b.Reference))
            return !a.IsBoolean || a.AsNumber() == b.AsNumber();
        if (a.IsString)
            return b.IsString && TextEquals(a.AsString(), b.AsString());
        return a.Reference is JsBigInt x && b.Reference is JsBigInt y && x.Value == y.Value;
    }

    private static bool TextEquals(string a, string b)
    {
        if (a.Length != b.Length)
            return false;
        if (a.Length >= Realm.LongText)
            Realm.Current.Work(a.Length >> 8);
        return a == b;
    }

    private static int CompareText(string a, string b)
    {
        if (Math.Min(a.Length, b.Length) is var length and >= Realm.LongText)
            Realm.Current.Work(length >> 8);
        return string.CompareOrdinal(a, b);
    }

    public static bool SameValue(JsValue a, JsValue b)
    {
        if (a.IsNumber && b.IsNumber)
            return a.AsNumber().Equals(b.AsNumber()) && double.IsNegative(a.AsNumber()) == double.IsNegative(b.AsNumber()) || (double.IsNaN(a.AsNumber()) && double.IsNaN(b.AsNumber()));
        return StrictEquals(a, b);
    }

    public static bool SameValueZero(JsValue a, JsValue b) =>
        StrictEquals(a, b) || (a.IsNumber && b.IsNumber && double.IsNaN(a.AsNumber()) && double.IsNaN(b.AsNumber()));

    public static bool LooseEquals(JsValue a, JsValue b)
    {
        while (true)
        {
            var x = a.Type;
            var y = b.Type;
            if (x == y)
                return StrictEquals(a, b);
            if (a.IsNullish && b.IsNullish)
                return true;
            if (a.IsNullish || b.IsNullish)
                return false;
            if (x == JsType.Boolean)
                a = a.AsNumber();
            else if (y == JsType.Boolean)
                b = b.AsNumber();
            else if (x == JsType.Object)
                a = ToPrimitive(a);
            else if (y == JsType.Object)
                b = ToPrimitive(b);
            else if (x == JsType.Symbol || y == JsType.Symbol)
                return false;
            else if (x == JsType.BigInt)
                return BigIntEquals((JsBigInt)a.Reference!, b);
            else if (y == JsType.BigInt)
                return BigIntEquals((JsBigInt)b.Reference!, a);
            else
                return ToNumber(a) == ToNumber(b);
        }
    }

    private static bool BigIntEquals(JsBigInt big, JsValue other)
    {
        if (other.IsString)
            return TryParseBigInt(other.AsString(), out var parsed) && parsed == big.Value;
        var number = other.AsNumber();
        return !double.IsNaN(number) && !double.IsInfinity(number) && Math.Floor(number) == number && new BigInteger(number) == big.Value;
    }

    public static bool TryParseBigInt(string text, out BigInteger value)
    {
        value = default;
        var span = TrimWhiteSpace(text);
        if (span.IsEmpty)
            return true;
        if (span.Length > MaxBits)
            throw TooBig();
        Realm.Current.Work((long)span.Length * span.Length >> 16);
        if (span.Length > 2 && span[0] == '0' && char.IsAsciiLetter(span[1]))
        {
            var radix = (span[1] | 0x20) switch { 'x' => 16, 'o' => 8, 'b' => 2, _ => 0 };
            if (radix == 0 || double.IsNaN(RadixToNumber(span[2..], radix)))
                return false;
            value = Lexer.ParseRadix(span[2..], radix);
            return true;
        }

        if (!BigInteger.TryParse(span, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value))
            return false;
        return value.GetBitLength() <= MaxBits ? true : throw TooBig();
    }

    public static string TypeOf(JsValue value) => value.Type switch
    {
        JsType.Undefined => "undefined",
        JsType.Boolean => "boolean",
        JsType.Number => "number",
        JsType.String => "string",
        JsType.Symbol => "symbol",
        JsType.BigInt => "bigint",
        _ => value.IsCallable ? "function" : "object",
    };

    // ---- properties of any value ----

    public static JsValue Get(Realm realm, JsValue target, PropertyKey key)
    {
        if (target.AsObject() is { } o)
            return o.Get(key);
        if (target.IsNullish)
            throw Errors.Type($"Cannot read properties of {target} (reading '{key}')");
        if (target.IsString && TryGetFromString(target, key, out var found))
            return found;
        return PrototypeOf(realm, target).Get(key, target);
    }

    private static bool TryGetFromString(JsValue target, PropertyKey key, out JsValue value)
    {
        if (key.Is("length"))
        {
            value = target.Reference is string text ? text.Length : ((JsRope)target.Reference!).Length;
            return true;
        }

        if (key.IsIndex(out var index))
        {
            var all = target.AsString();
            if (index < all.Length)
            {
                value = CharacterText(all[(int)index]);
                return true;
            }
        }

        value = default;
        return false;
    }

    private static readonly string[] OneCharacter = [.. Enumerable.Range(0, 256).Select(c => ((char)c).ToString())];

    public static string CharacterText(char c) => c < 256 ? OneCharacter[c] : c.ToString();

    public static JsValue GetElement(Realm realm, JsValue target, JsValue index)
    {
        if (index.IsNumber)
        {
            var number = index.AsNumber();
            var at = (uint)number;
            if (at == number && at != uint.MaxValue)
            {
                if (target.AsObject() is { } o)
                    return o.GetIndex(at);
                if (target.Reference is string text && at < text.Length)
                    return CharacterText(text[(int)at]);
            }
        }

        if (target.IsNullish)
            throw Errors.Type($"Cannot read properties of {target} (reading '{DescribeKey(index)}')");
        return Get(realm, target, ToPropertyKey(index));
    }

    private static string DescribeKey(JsValue index) => index.IsObject ? "[object]" : index.ToString();

    public static void SetElement(Realm realm, JsValue target, JsValue index, JsValue value, bool strict)
    {
        if (target.AsObject() is { } o && index.IsNumber)
        {
            var number = index.AsNumber();
            var at = (uint)number;
            if (at == number && at != uint.MaxValue)
            {
                if (!o.SetIndex(at, value) && strict)
                    throw RefusedWrite(target, PropertyKey.FromIndex(at));
                return;
            }
        }

        if (target.IsNullish)
            throw Errors.Type($"Cannot set properties of {target} (setting '{DescribeKey(index)}')");
        Set(realm, target, ToPropertyKey(index), value, strict);
    }

    public static void Set(Realm realm, JsValue target, PropertyKey key, JsValue value, bool strict)
    {
        if (target.IsNullish)
            throw Errors.Type($"Cannot set properties of {target} (setting '{key}')");
        var done = target.AsObject() is { } o
            ? o.Set(key, value, target)
            : PrototypeOf(realm, target).Set(key, value, target);
        if (!done && strict)
            throw RefusedWrite(target, key);
    }

    /// <summary>Why a property could not be written.</summary>
    public static JsThrow RefusedWrite(JsValue target, PropertyKey key)
    {
        if (target.AsObject() is not { } o)
            return Errors.Type($"Cannot create property '{key}' on {TypeOf(target)} '{Errors.Clip(target.ToString())}'");
        if (!o.Extensible && !o.Has(key))
            return Errors.Type($"Cannot add property {key}, object is not extensible");
        if (o.TryGetOwn(key, out var property) && property.IsAccessor)
            return Errors.Type($"Cannot set property {key} of {Describe(target)} which has only a getter");
        return Errors.Type($"Cannot assign to read only property '{key}' of object '{Describe(target)}'");
    }

    // ---- words for messages ----

    /// <summary>A value in a few words, for an error message.</summary>
    public static string Describe(JsValue value) => value.Type switch
    {
        JsType.String => value.AsString() is { Length: <= 40 } text ? $"\"{text}\"" : "a string",
        JsType.Object => value.AsObject() switch
        {
            JsFunction f when f.TryGetOwn("name", out var name) && name.Value.IsString && name.Value.AsString().Length > 0 => name.Value.AsString(),
            JsFunction => "a function",
            JsArray => "[object Array]",
            _ => "#<Object>",
        },
        _ => value.ToString(),
    };

    /// <summary>What is said of a value nobody caught.</summary>
    public static string DescribeError(JsValue value)
    {
        if (value.AsObject() is not { } o)
            return $"Uncaught {(value.IsString ? value.AsString() : value.ToString())}";
        try
        {
            var name = o.Get("name");
            var message = o.Get("message");
            var said = message.IsString ? message.AsString() : "";
            if (!name.IsString)
                return said.Length > 0 ? said : "Uncaught [object Object]";
            return said.Length > 0 ? $"{name.AsString()}: {said}" : name.AsString();
        }
        catch (JsThrow)
        {
            return "An error was thrown whose text could not be read";
        }
    }
}
