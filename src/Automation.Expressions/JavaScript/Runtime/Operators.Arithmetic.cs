using System.Numerics;

namespace Automation.Expressions.JavaScript.Runtime;

/// <content>Arithmetic and ordering.</content>
internal static partial class Operators
{
    public static JsValue Add(Realm realm, JsValue a, JsValue b)
    {
        if (a.IsNumber && b.IsNumber)
            return a.AsNumber() + b.AsNumber();
        if (a.IsString && b.IsString)
            return Concat(realm, a, b);
        a = ToPrimitive(a);
        b = ToPrimitive(b);
        if (a.IsString || b.IsString)
            return Concat(realm, a.IsString ? a : ToText(a), b.IsString ? b : ToText(b));
        a = ToNumeric(a);
        b = ToNumeric(b);
        if (a.IsNumber && b.IsNumber)
            return a.AsNumber() + b.AsNumber();
        return BigIntOperation(realm, "+", a, b);
    }

    private static JsValue Concat(Realm realm, JsValue a, JsValue b)
    {
        var left = a.Reference!;
        var right = b.Reference!;
        var length = (long)LengthOf(left) + LengthOf(right);
        if (length < JsRope.Threshold)
            return string.Concat(left as string ?? left.ToString(), right as string ?? right.ToString());
        if (length > realm.Limits.MaxStringLength)
            realm.ReserveString(length);
        if (LengthOf(left) == 0)
            return b;
        if (LengthOf(right) == 0)
            return a;
        return new JsRope(left, right, (int)length);
    }

    private static int LengthOf(object text) => text is string s ? s.Length : ((JsRope)text).Length;

    public static JsValue Arithmetic(Realm realm, string op, JsValue a, JsValue b)
    {
        a = ToNumeric(a);
        b = ToNumeric(b);
        return a.IsNumber && b.IsNumber ? NumberOperation(op, a.AsNumber(), b.AsNumber()) : BigIntOperation(realm, op, a, b);
    }

    private static JsValue NumberOperation(string op, double a, double b) => op switch
    {
        "-" => a - b,
        "*" => a * b,
        "/" => a / b,
        "%" => Remainder(a, b),
        "**" => Power(a, b),
        "&" => ToInt32(a) & ToInt32(b),
        "|" => ToInt32(a) | ToInt32(b),
        "^" => ToInt32(a) ^ ToInt32(b),
        "<<" => ToInt32(a) << (ToInt32(b) & 31),
        ">>" => ToInt32(a) >> (ToInt32(b) & 31),
        ">>>" => (uint)ToInt32(a) >> (ToInt32(b) & 31),
        _ => throw new InvalidOperationException(op),
    };

    public static double Remainder(double a, double b) => a % b;

    public static double Power(double a, double b)
    {
        if (double.IsNaN(b) || (Math.Abs(a) == 1 && double.IsInfinity(b)))
            return double.NaN;
        return Math.Pow(a, b);
    }

    private static JsValue BigIntOperation(Realm realm, string op, JsValue left, JsValue right)
    {
        if (left.Reference is not JsBigInt x || right.Reference is not JsBigInt y)
            throw Errors.Type("Cannot mix BigInt and other types, use explicit conversions");
        var (a, b) = (x.Value, y.Value);
        switch (op)
        {
            case "+": return Big(realm, a + b);
            case "-": return Big(realm, a - b);
            case "*":
                realm.Work((a.GetByteCount() / 64L) * (b.GetByteCount() / 64L));
                CheckBits(realm, a.GetBitLength() + b.GetBitLength());
                return Big(realm, a * b);
            case "/":
                realm.Work((a.GetByteCount() / 64L) * (b.GetByteCount() / 64L));
                return b.IsZero ? throw Errors.Range("Division by zero") : Big(realm, BigInteger.Divide(a, b));
            case "%":
                realm.Work((a.GetByteCount() / 64L) * (b.GetByteCount() / 64L));
                return b.IsZero ? throw Errors.Range("Division by zero") : Big(realm, BigInteger.Remainder(a, b));
            case "**":
                return BigPower(realm, a, b);
            case "&": return Big(realm, a & b);
            case "|": return Big(realm, a | b);
            case "^": return Big(realm, a ^ b);
            case "<<": return Shift(realm, a, b);
            case ">>": return Shift(realm, a, -b);
            default: throw Errors.Type("BigInts have no unsigned right shift, use >> instead");
        }
    }

    private static JsValue Big(Realm realm, BigInteger value)
    {
        CheckBits(realm, value.GetBitLength());
        return new JsBigInt(value);
    }

    /// <summary>The longest BigInt. No operation on two of them takes long, not even writing one out.</summary>
    public const int MaxBits = 1 << 17;

    public static JsThrow TooBig() => Errors.Range("Maximum BigInt size exceeded");

    private static void CheckBits(Realm realm, long bits)
    {
        realm.Work(bits >> 10);
        if (bits > MaxBits)
            throw TooBig();
    }

    private static JsValue BigPower(Realm realm, BigInteger a, BigInteger b)
    {
        if (b.Sign < 0)
            throw Errors.Range("Exponent must be non-negative");
        if (a.IsOne || a.IsZero || b.IsZero || a == BigInteger.MinusOne)
            return Big(realm, b.IsZero ? BigInteger.One : a == BigInteger.MinusOne && b.IsEven ? BigInteger.One : a);
        if (b > MaxBits)
            throw TooBig();
        CheckBits(realm, (a.GetBitLength() - 1) * (long)b);
        return Big(realm, BigInteger.Pow(a, (int)b));
    }

    private static JsValue Shift(Realm realm, BigInteger a, BigInteger by)
    {
        if (by > MaxBits && !a.IsZero)
            throw TooBig();
        if (by < -MaxBits)
            return Big(realm, a.Sign < 0 ? BigInteger.MinusOne : BigInteger.Zero);
        if (by.Sign >= 0)
            CheckBits(realm, a.GetBitLength() + (long)by);
        return Big(realm, by.Sign >= 0 ? a << (int)by : a >> (int)-by);
    }

    public static JsValue Negate(JsValue value)
    {
        value = ToNumeric(value);
        return value.Reference is JsBigInt big ? new JsBigInt(-big.Value) : -value.AsNumber();
    }

    public static JsValue BitNot(JsValue value)
    {
        value = ToNumeric(value);
        return value.Reference is JsBigInt big ? new JsBigInt(-big.Value - 1) : ~ToInt32(value.AsNumber());
    }

    public static JsValue Increment(JsValue numeric, int by) =>
        numeric.Reference is JsBigInt big ? new JsBigInt(big.Value + by) : numeric.AsNumber() + by;

    /// <summary>a &lt; b; null where either is not a number.</summary>
    public static bool? LessThan(JsValue a, JsValue b, bool leftFirst = true)
    {
        if (leftFirst)
        {
            a = ToPrimitive(a, "number");
            b = ToPrimitive(b, "number");
        }
        else
        {
            b = ToPrimitive(b, "number");
            a = ToPrimitive(a, "number");
        }

        if (a.IsString && b.IsString)
            return CompareText(a.AsString(), b.AsString()) < 0;
        if (a.Reference is JsBigInt x && b.IsString)
            return TryParseBigInt(b.AsString(), out var parsed) ? x.Value < parsed : null;
        if (a.IsString && b.Reference is JsBigInt y)
            return TryParseBigInt(a.AsString(), out var parsed) ? parsed < y.Value : null;
        a = ToNumeric(a);
        b = ToNumeric(b);
        if (a.IsNumber && b.IsNumber)
            return double.IsNaN(a.AsNumber()) || double.IsNaN(b.AsNumber()) ? null : a.AsNumber() < b.AsNumber();
        if (a.Reference is JsBigInt p && b.Reference is JsBigInt q)
            return p.Value < q.Value;
        return a.IsNumber ? -CompareBig((JsBigInt)b.Reference!, a.AsNumber()) < 0 : CompareBig((JsBigInt)a.Reference!, b.AsNumber()) < 0;
    }

    /// <summary>The sign of big − number; null for NaN.</summary>
    private static int? CompareBig(JsBigInt big, double number)
    {
        if (double.IsNaN(number))
            return null;
        if (double.IsInfinity(number))
            return number > 0 ? -1 : 1;
        var whole = Math.Floor(number);
        var compared = big.Value.CompareTo(new BigInteger(whole));
        return compared == 0 && number > whole ? -1 : compared;
    }

    public static bool InstanceOf(JsValue value, JsValue type)
    {
        if (type.AsObject() is not { } target)
            throw Errors.Type("Right-hand side of 'instanceof' is not an object");
        if (target.GetMethod(JsSymbol.HasInstance) is { } custom)
            return ToBoolean(custom.Call(type, [value]));
        if (target is not JsFunction)
            throw Errors.Type("Right-hand side of 'instanceof' is not callable");
        return OrdinaryHasInstance(target, value);
    }

    public static bool OrdinaryHasInstance(JsValue type, JsValue value)
    {
        if (type.AsFunction() is not { } function)
            return false;
        if (function is BoundFunction bound)
            return InstanceOf(value, bound.Target);
        if (value.AsObject() is not { } o)
            return false;
        if (function.Get("prototype").AsObject() is not { } prototype)
            throw Errors.Type("Function has non-object prototype in instanceof check");
        for (var p = o.Prototype; p is not null; p = p.Prototype)
        {
            if (ReferenceEquals(p, prototype))
                return true;
        }

        return false;
    }

    public static bool In(JsValue key, JsValue target)
    {
        if (target.AsObject() is not { } o)
            throw Errors.Type($"Cannot use 'in' operator to search for '{(key.IsObject ? "[object]" : key.ToString())}' in {Describe(target)}");
        return o.Has(ToPropertyKey(key));
    }
}
