using Automation.Expressions.JavaScript.Runtime;

namespace Automation.Expressions.JavaScript.Builtins;

internal static class MathBuiltins
{
    private static BuiltinTemplate Make()
    {
        var template = new BuiltinTemplate()
            .Constant("E", Math.E)
            .Constant("LN10", 2.302585092994046)
            .Constant("LN2", 0.6931471805599453)
            .Constant("LOG10E", 0.4342944819032518)
            .Constant("LOG2E", 1.4426950408889634)
            .Constant("PI", Math.PI)
            .Constant("SQRT1_2", 0.7071067811865476)
            .Constant("SQRT2", 1.4142135623730951)
            .Method("atan2", 2, (_, _, a) => Math.Atan2(Operators.ToNumber(a.At(0)), Operators.ToNumber(a.At(1))))
            .Method("pow", 2, (_, _, a) => Operators.Power(Operators.ToNumber(a.At(0)), Operators.ToNumber(a.At(1))))
            .Method("imul", 2, (_, _, a) => unchecked(Operators.ToInt32(a.At(0)) * Operators.ToInt32(a.At(1))))
            .Method("clz32", 1, (_, _, a) => System.Numerics.BitOperations.LeadingZeroCount(Operators.ToUInt32(a.At(0))))
            .Method("random", 0, (_, _, _) => Random.Shared.NextDouble())
            .Method("max", 2, (_, _, a) => Extreme(a, largest: true))
            .Method("min", 2, (_, _, a) => Extreme(a, largest: false))
            .Method("hypot", 2, Hypot)
            .Tag("Math");
        foreach (var (name, function) in OfOneTable)
            template.Method(name, 1, (_, _, a) => function(Operators.ToNumber(a.At(0))));
        return template;
    }

    private static readonly (string Name, Func<double, double> Function)[] OfOneTable =
    [
        ("abs", Math.Abs), ("acos", Math.Acos), ("acosh", Math.Acosh), ("asin", Math.Asin), ("asinh", x => x == 0 || double.IsInfinity(x) ? x : Math.Asinh(x)),
        ("atan", Math.Atan), ("atanh", Math.Atanh), ("cbrt", CubeRoot), ("ceil", Math.Ceiling), ("cos", Math.Cos), ("cosh", Math.Cosh),
        ("exp", Math.Exp), ("expm1", x => Math.Abs(x) < 1e-5 ? x + (x * x / 2) + (x * x * x / 6) : Math.Exp(x) - 1), ("floor", Math.Floor),
        ("fround", x => (float)x), ("log", Math.Log), ("log10", Math.Log10),
        ("log1p", x => x == 0 ? x : Math.Abs(x) < 1e-5 ? x - (x * x / 2) + (x * x * x / 3) : Math.Log(1 + x)), ("log2", Math.Log2),
        ("round", Round), ("sign", x => double.IsNaN(x) || x == 0 ? x : Math.Sign(x)), ("sin", Math.Sin), ("sinh", Math.Sinh), ("sqrt", Math.Sqrt),
        ("tan", Math.Tan), ("tanh", Math.Tanh), ("trunc", Math.Truncate),
    ];

    /// <summary>After the table: static fields are made in the order written.</summary>
    public static readonly BuiltinTemplate Members = Make();

    private static double CubeRoot(double value)
    {
        // The machine's library may be off by one digit where the root is whole.
        var root = Math.Cbrt(value);
        var whole = Math.Round(root);
        return whole != 0 && whole * whole * whole == value ? whole : root;
    }

    private static double Round(double value)
    {
        if (!double.IsFinite(value) || Math.Abs(value) >= 4503599627370496d)
            return value;
        var floor = Math.Floor(value);
        var rounded = value - floor >= 0.5 ? floor + 1 : floor;
        return rounded == 0 && (value < 0 || double.IsNegative(value)) ? -0d : rounded;
    }

    private static JsValue Extreme(ReadOnlySpan<JsValue> arguments, bool largest)
    {
        var result = largest ? double.NegativeInfinity : double.PositiveInfinity;
        foreach (var argument in arguments)
        {
            var number = Operators.ToNumber(argument);
            result = largest ? Math.Max(result, number) : Math.Min(result, number);
        }

        return result;
    }

    private static JsValue Hypot(Realm realm, JsValue self, ReadOnlySpan<JsValue> arguments)
    {
        var numbers = new double[arguments.Length];
        for (var i = 0; i < numbers.Length; i++)
            numbers[i] = Math.Abs(Operators.ToNumber(arguments[i]));
        if (numbers.Contains(double.PositiveInfinity))
            return double.PositiveInfinity;
        var largest = 0d;
        foreach (var number in numbers)
            largest = Math.Max(largest, number);
        if (largest == 0 || double.IsNaN(largest))
            return largest;
        var (sum, lost) = (0d, 0d);
        foreach (var number in numbers)
        {
            var square = (number / largest * (number / largest)) - lost;
            var next = sum + square;
            lost = next - sum - square;
            sum = next;
        }

        return Math.Sqrt(sum) * largest;
    }
}
