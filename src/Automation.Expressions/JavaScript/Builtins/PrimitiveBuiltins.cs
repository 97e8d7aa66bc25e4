using System.Globalization;
using System.Numerics;
using System.Text;
using Automation.Expressions.JavaScript.Runtime;

namespace Automation.Expressions.JavaScript.Builtins;

/// <summary>Number and Number.prototype.</summary>
internal static class NumberBuiltins
{
    public static readonly BuiltinTemplate Prototype = new BuiltinTemplate()
        .Intrinsic("constructor", IntrinsicId.Number)
        .Method("toExponential", 1, ToExponential)
        .Method("toFixed", 1, ToFixed)
        .Method("toLocaleString", 0, (realm, self, a) => IntlBuiltins.FormatNumber(realm, This(self), a.At(0), a.At(1)))
        .Method("toPrecision", 1, ToPrecision)
        .Method("toString", 1, ToText)
        .Method("valueOf", 0, (_, self, _) => This(self));

    private static readonly BuiltinTemplate Statics = new BuiltinTemplate()
        .Constant("EPSILON", Math.Pow(2, -52))
        .Constant("MAX_SAFE_INTEGER", 9007199254740991d)
        .Constant("MAX_VALUE", double.MaxValue)
        .Constant("MIN_SAFE_INTEGER", -9007199254740991d)
        .Constant("MIN_VALUE", double.Epsilon)
        .Constant("NaN", JsValue.NaN)
        .Constant("NEGATIVE_INFINITY", double.NegativeInfinity)
        .Constant("POSITIVE_INFINITY", double.PositiveInfinity)
        .Method("isFinite", 1, (_, _, a) => a.At(0).IsNumber && double.IsFinite(a.At(0).AsNumber()))
        .Method("isInteger", 1, (_, _, a) => IsInteger(a.At(0)))
        .Method("isNaN", 1, (_, _, a) => a.At(0).IsNumber && double.IsNaN(a.At(0).AsNumber()))
        .Method("isSafeInteger", 1, (_, _, a) => IsInteger(a.At(0)) && Math.Abs(a.At(0).AsNumber()) <= 9007199254740991d)
        .Lazy("parseFloat", realm => realm.BuiltinGlobal("parseFloat"))
        .Lazy("parseInt", realm => realm.BuiltinGlobal("parseInt"));

    public static JsObject MakeConstructor(Realm realm) => new NativeFunction(
        realm, "Number", 1,
        (_, _, a) => Convert(a),
        (r, a, newTarget) =>
        {
            var value = Convert(a);
            return new JsPrimitiveObject(r.PrototypeFor(newTarget, IntrinsicId.NumberPrototype), value);
        },
        Statics,
        r => r.Intrinsic(IntrinsicId.NumberPrototype));

    private static double Convert(ReadOnlySpan<JsValue> arguments)
    {
        if (arguments.Length == 0)
            return 0;
        var numeric = Operators.ToNumeric(arguments[0]);
        return numeric.Reference is JsBigInt big ? (double)big.Value : numeric.AsNumber();
    }

    private static bool IsInteger(JsValue value) => value.IsNumber && double.IsFinite(value.AsNumber()) && Math.Floor(value.AsNumber()) == value.AsNumber();

    private static double This(JsValue self)
    {
        if (self.IsNumber)
            return self.AsNumber();
        if (self.Reference is JsPrimitiveObject { Value: { IsNumber: true } value })
            return value.AsNumber();
        return self.Reference is BuiltinObject o && ReferenceEquals(o, Realm.Current.Intrinsic(IntrinsicId.NumberPrototype))
            ? 0 : throw Errors.Type("Number.prototype.valueOf requires that 'this' be a Number");
    }

    private static JsValue ToText(Realm realm, JsValue self, ReadOnlySpan<JsValue> arguments)
    {
        var value = This(self);
        var radix = arguments.At(0).IsUndefined ? 10 : Operators.ToInteger(arguments.At(0));
        if (radix is < 2 or > 36)
            throw Errors.Range("toString() radix argument must be between 2 and 36");
        return NumberFormatter.ToRadix(value, (int)radix);
    }

    private static JsValue ToFixed(Realm realm, JsValue self, ReadOnlySpan<JsValue> arguments)
    {
        var value = This(self);
        var digits = Operators.ToInteger(arguments.At(0));
        if (digits is < 0 or > 100)
            throw Errors.Range("toFixed() digits argument must be between 0 and 100");
        return Math.Abs(value) >= 1e21 || double.IsNaN(value) ? NumberFormatter.ToText(value) : Fixed(value, (int)digits);
    }

    /// <summary>Exactly rounded, half away from zero.</summary>
    public static string Fixed(double value, int digits)
    {
        var (numerator, denominator) = Exact(Math.Abs(value));
        var scaled = numerator * BigInteger.Pow(10, digits);
        var rounded = BigInteger.Divide((scaled * 2) + denominator, denominator * 2);
        var text = rounded.ToString(CultureInfo.InvariantCulture).PadLeft(digits + 1, '0');
        if (digits > 0)
            text = text.Insert(text.Length - digits, ".");
        return value < 0 ? "-" + text : text;
    }

    /// <summary>A double as a fraction.</summary>
    private static (BigInteger Numerator, BigInteger Denominator) Exact(double value)
    {
        var bits = BitConverter.DoubleToInt64Bits(value);
        var exponent = (int)((bits >> 52) & 0x7FF);
        var mantissa = bits & 0xFFFFFFFFFFFFF;
        if (exponent == 0)
            exponent++;
        else
            mantissa |= 1L << 52;
        exponent -= 1075;
        return exponent >= 0 ? (new BigInteger(mantissa) << exponent, BigInteger.One) : (mantissa, BigInteger.One << -exponent);
    }

    /// <summary>The value rounded to so many significant digits, and the power of ten of the first.</summary>
    private static (string Digits, int Exponent) Significant(double value, int count)
    {
        if (value == 0)
            return (new string('0', count), 0);
        var (numerator, denominator) = Exact(value);
        var exponent = (int)Math.Floor(Math.Log10(value));
        while (true)
        {
            var shift = count - 1 - exponent;
            var (n, d) = shift >= 0 ? (numerator * BigInteger.Pow(10, shift), denominator) : (numerator, denominator * BigInteger.Pow(10, -shift));
            var digits = BigInteger.Divide((n * 2) + d, d * 2).ToString(CultureInfo.InvariantCulture);
            if (digits.Length == count)
                return (digits, exponent);
            exponent += digits.Length > count ? 1 : -1;
        }
    }

    private static JsValue ToExponential(Realm realm, JsValue self, ReadOnlySpan<JsValue> arguments)
    {
        var value = This(self);
        var wanted = Operators.ToInteger(arguments.At(0));
        if (!double.IsFinite(value))
            return NumberFormatter.ToText(value);
        if (wanted is < 0 or > 100)
            throw Errors.Range("toExponential() argument must be between 0 and 100");
        string digits;
        int exponent;
        if (arguments.At(0).IsUndefined)
        {
            (digits, exponent) = NumberFormatter.Digits(Math.Abs(value));
            exponent = value == 0 ? 0 : exponent - 1;
        }
        else
        {
            (digits, exponent) = Significant(Math.Abs(value), (int)wanted + 1);
        }

        return (value < 0 ? "-" : "") + Exponential(digits, exponent);
    }

    private static string Exponential(string digits, int exponent) =>
        $"{digits[0]}{(digits.Length > 1 ? "." + digits[1..] : "")}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent)}";

    private static JsValue ToPrecision(Realm realm, JsValue self, ReadOnlySpan<JsValue> arguments)
    {
        var value = This(self);
        if (arguments.At(0).IsUndefined)
            return NumberFormatter.ToText(value);
        var precision = Operators.ToInteger(arguments.At(0));
        if (!double.IsFinite(value))
            return NumberFormatter.ToText(value);
        if (precision is < 1 or > 100)
            throw Errors.Range("toPrecision() argument must be between 1 and 100");
        var count = (int)precision;
        var (digits, exponent) = Significant(Math.Abs(value), count);
        var text = new StringBuilder(value < 0 ? "-" : "");
        if (exponent < -6 || exponent >= count)
            return text.Append(Exponential(digits, exponent)).ToString();
        if (exponent >= 0)
        {
            text.Append(digits, 0, exponent + 1);
            if (exponent + 1 < count)
                text.Append('.').Append(digits, exponent + 1, count - exponent - 1);
        }
        else
        {
            text.Append("0.").Append('0', -exponent - 1).Append(digits);
        }

        return text.ToString();
    }
}

/// <summary>Boolean and Boolean.prototype.</summary>
internal static class BooleanBuiltins
{
    public static readonly BuiltinTemplate Prototype = new BuiltinTemplate()
        .Intrinsic("constructor", IntrinsicId.Boolean)
        .Method("toString", 0, (_, self, _) => This(self) ? "true" : "false")
        .Method("valueOf", 0, (_, self, _) => This(self));

    public static JsObject MakeConstructor(Realm realm) => new NativeFunction(
        realm, "Boolean", 1,
        (_, _, a) => Operators.ToBoolean(a.At(0)),
        (r, a, newTarget) => new JsPrimitiveObject(r.PrototypeFor(newTarget, IntrinsicId.BooleanPrototype), Operators.ToBoolean(a.At(0))),
        prototypeObject: r => r.Intrinsic(IntrinsicId.BooleanPrototype));

    private static bool This(JsValue self)
    {
        if (self.IsBoolean)
            return self.IsTrue;
        if (self.Reference is JsPrimitiveObject { Value: { IsBoolean: true } value })
            return value.IsTrue;
        return self.Reference is BuiltinObject o && ReferenceEquals(o, Realm.Current.Intrinsic(IntrinsicId.BooleanPrototype))
            ? false : throw Errors.Type("Boolean.prototype.valueOf requires that 'this' be a Boolean");
    }
}

/// <summary>Symbol and Symbol.prototype.</summary>
internal static class SymbolBuiltins
{
    public static readonly BuiltinTemplate Prototype = new BuiltinTemplate()
        .Intrinsic("constructor", IntrinsicId.Symbol)
        .Getter("description", (_, self, _) => This(self).Description is { } text ? text : default(JsValue))
        .Method("toString", 0, (_, self, _) => This(self).ToString())
        .Method("valueOf", 0, (_, self, _) => This(self))
        .Lazy(JsSymbol.ToPrimitive, realm => new NativeFunction(realm, "[Symbol.toPrimitive]", 1, (_, self, _) => This(self)), PropertyFlags.Configurable)
        .Tag("Symbol");

    private static readonly BuiltinTemplate Statics = new BuiltinTemplate()
        .Constant("asyncIterator", JsSymbol.AsyncIterator)
        .Constant("hasInstance", JsSymbol.HasInstance)
        .Constant("isConcatSpreadable", JsSymbol.IsConcatSpreadable)
        .Constant("iterator", JsSymbol.Iterator)
        .Constant("match", JsSymbol.Match)
        .Constant("matchAll", JsSymbol.MatchAll)
        .Constant("replace", JsSymbol.Replace)
        .Constant("search", JsSymbol.Search)
        .Constant("species", JsSymbol.Species)
        .Constant("split", JsSymbol.Split)
        .Constant("toPrimitive", JsSymbol.ToPrimitive)
        .Constant("toStringTag", JsSymbol.ToStringTag)
        .Constant("unscopables", JsSymbol.Unscopables)
        .Method("for", 1, (realm, _, a) =>
        {
            var key = Operators.ToText(a.At(0));
            if (!realm.SymbolRegistry.TryGetValue(key, out var symbol))
                realm.SymbolRegistry[key] = symbol = new JsSymbol(key);
            return symbol;
        })
        .Method("keyFor", 1, (realm, _, a) =>
        {
            var symbol = a.At(0).Reference as JsSymbol ?? throw Errors.Type($"{Operators.Describe(a.At(0))} is not a symbol");
            return symbol.Description is { } key && realm.SymbolRegistry.TryGetValue(key, out var known) && ReferenceEquals(known, symbol) ? key : default(JsValue);
        });

    public static JsObject MakeConstructor(Realm realm) => new NativeFunction(
        realm, "Symbol", 0,
        (_, _, a) => new JsSymbol(a.At(0).IsUndefined ? null : Operators.ToText(a.At(0))),
        (_, _, _) => throw Errors.Type("Symbol is not a constructor"),
        Statics,
        r => r.Intrinsic(IntrinsicId.SymbolPrototype));

    private static JsSymbol This(JsValue self) =>
        self.Reference as JsSymbol ?? (self.Reference as JsPrimitiveObject)?.Value.Reference as JsSymbol ?? throw Errors.Type("The value is not a Symbol");
}

/// <summary>BigInt and BigInt.prototype.</summary>
internal static class BigIntBuiltins
{
    public static readonly BuiltinTemplate Prototype = new BuiltinTemplate()
        .Intrinsic("constructor", IntrinsicId.BigInt)
        .Method("toLocaleString", 0, (realm, self, _) => This(self).ToString("N0", CultureInfo.InvariantCulture))
        .Method("toString", 0, ToText)
        .Method("valueOf", 0, (_, self, _) => new JsBigInt(This(self)))
        .Tag("BigInt");

    private static readonly BuiltinTemplate Statics = new BuiltinTemplate()
        .Method("asIntN", 2, (_, _, a) => Wrap(a, signed: true))
        .Method("asUintN", 2, (_, _, a) => Wrap(a, signed: false));

    public static JsObject MakeConstructor(Realm realm) => new NativeFunction(
        realm, "BigInt", 1,
        (_, _, a) => Convert(a.At(0)),
        (_, _, _) => throw Errors.Type("BigInt is not a constructor"),
        Statics,
        r => r.Intrinsic(IntrinsicId.BigIntPrototype));

    private static BigInteger This(JsValue self) =>
        (self.Reference as JsBigInt ?? (self.Reference as JsPrimitiveObject)?.Value.Reference as JsBigInt)?.Value
        ?? throw Errors.Type("BigInt.prototype.valueOf requires that 'this' be a BigInt");

    private static JsBigInt Convert(JsValue value)
    {
        value = Operators.ToPrimitive(value, "number");
        if (!value.IsNumber)
            return ToBigInt(value);
        var number = value.AsNumber();
        if (!double.IsFinite(number) || Math.Floor(number) != number)
            throw Errors.Range($"The number {NumberFormatter.ToText(number)} cannot be converted to a BigInt because it is not an integer");
        return new JsBigInt(new BigInteger(number));
    }

    private static JsBigInt ToBigInt(JsValue value)
    {
        value = Operators.ToPrimitive(value, "number");
        return value.Type switch
        {
            JsType.BigInt => (JsBigInt)value.Reference!,
            JsType.Boolean => new JsBigInt(value.IsTrue ? 1 : 0),
            JsType.String => new JsBigInt(Operators.TryParseBigInt(value.AsString(), out var parsed) ? parsed : throw Errors.Syntax($"Cannot convert {value.AsString()} to a BigInt")),
            _ => throw Errors.Type($"Cannot convert {value} to a BigInt"),
        };
    }

    private static JsBigInt Wrap(ReadOnlySpan<JsValue> arguments, bool signed)
    {
        var bits = Operators.ToInteger(arguments.At(0));
        if (bits is < 0 or > 9007199254740991d)
            throw Errors.Range("Invalid value: not (convertible to) a safe integer");
        var value = ToBigInt(arguments.At(1)).Value;
        if (bits == 0)
            return new JsBigInt(BigInteger.Zero);
        if (value.GetBitLength() < bits && (signed || value.Sign >= 0))
            return new JsBigInt(value);
        if (bits > Operators.MaxBits)
            throw Operators.TooBig();
        var modulus = BigInteger.One << (int)bits;
        var wrapped = BigInteger.Remainder(value, modulus);
        if (wrapped.Sign < 0)
            wrapped += modulus;
        if (signed && wrapped >= modulus >> 1)
            wrapped -= modulus;
        return new JsBigInt(wrapped);
    }

    private static JsValue ToText(Realm realm, JsValue self, ReadOnlySpan<JsValue> arguments)
    {
        var value = This(self);
        var radix = arguments.At(0).IsUndefined ? 10 : Operators.ToInteger(arguments.At(0));
        if (radix is < 2 or > 36)
            throw Errors.Range("toString() radix argument must be between 2 and 36");
        realm.Work(value.GetBitLength() * value.GetBitLength() / 16384);
        if (radix == 10)
            return value.ToString(CultureInfo.InvariantCulture);
        var text = new StringBuilder();
        var rest = BigInteger.Abs(value);
        do
        {
            rest = BigInteger.DivRem(rest, (int)radix, out var digit);
            text.Insert(0, "0123456789abcdefghijklmnopqrstuvwxyz"[(int)digit]);
        }
        while (!rest.IsZero);
        return value.Sign < 0 ? "-" + text : text.ToString();
    }
}
