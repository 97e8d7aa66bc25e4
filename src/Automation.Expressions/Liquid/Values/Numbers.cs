using System.Globalization;
using System.Numerics;

namespace Automation.Expressions.Liquid.Values;

/// <summary>
/// Liquid's arithmetic: integers stay integers of any size, fractions are computed in decimal so that
/// <c>10.1 | minus: 2.2</c> is 7.9, and what is no number counts as 0.
/// </summary>
internal static class Numbers
{
    /// <summary>Longest integer, in decimal digits; keeps one multiplication short.</summary>
    public const int MaxDigits = 10_000;

    private const int MaxBits = 33_220;

    public static bool Is(object? value) => value is long or double or decimal or BigInteger;

    public static bool IsInteger(object? value) => value is long or BigInteger;

    public static object Shorten(BigInteger value) =>
        value >= long.MinValue && value <= long.MaxValue ? (object)(long)value : value;

    /// <summary>Reads digits with an optional sign; null if there are too many.</summary>
    public static object? ParseInteger(ReadOnlySpan<char> digits)
    {
        if (long.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var small))
            return small;
        return digits.Length <= MaxDigits && BigInteger.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var big)
            ? Shorten(big)
            : null;
    }

    /// <summary>The number that a value stands for in arithmetic: a long, BigInteger, double or decimal.</summary>
    public static object From(RenderContext context, object? value) => value switch
    {
        long or double or decimal or BigInteger => value,
        string text => FromText(context, text),
        MarkupText markup => FromText(context, markup.Text),
        _ => 0L,
    };

    /// <summary>A whole number where a filter or tag needs one ("2" will do, "2.5" and "x" will not), or null.</summary>
    public static long? ToInteger(object? value) => value switch
    {
        long number => number,
        MarkupText markup => ToInteger(markup.Text),
        string text when long.TryParse(text.AsSpan().Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) => number,
        _ => null,
    };

    public static object Add(RenderContext context, object left, object right) => left is long a && right is long b && !WouldOverflow(a, b)
        ? a + b
        : Compute(context, left, right, static (x, y) => x + y, static (x, y) => x + y, static (x, y) => x + y);

    public static object Subtract(RenderContext context, object left, object right) =>
        left is long a && right is long b && b != long.MinValue && !WouldOverflow(a, -b)
            ? a - b
            : Compute(context, left, right, static (x, y) => x - y, static (x, y) => x - y, static (x, y) => x - y);

    public static object Multiply(RenderContext context, object left, object right)
    {
        if (left is long a && right is long b && Math.BigMul(a, b, out var low) is var high && high == low >> 63)
            return low;
        return Compute(context, left, right, static (x, y) => x * y, static (x, y) => x * y, static (x, y) => x * y);
    }

    public static object Divide(RenderContext context, object left, object right)
    {
        RequireDivisor(context, right);
        return Compute(context, left, right, FloorDivide, static (x, y) => x / y, static (x, y) => x / y);
    }

    public static object Modulo(RenderContext context, object left, object right)
    {
        RequireDivisor(context, right);
        return Compute(
            context,
            left,
            right,
            static (x, y) => x - (FloorDivide(x, y) * y),
            static (x, y) => ((x % y) + y) % y,
            static (x, y) => ((x % y) + y) % y);
    }

    public static object Negate(RenderContext context, object value) => Subtract(context, 0L, value);

    public static int Sign(object value) => value switch
    {
        long number => Math.Sign(number),
        BigInteger big => big.Sign,
        decimal number => Math.Sign(number),
        double number => double.IsNaN(number) ? 0 : Math.Sign(number),
        _ => 0,
    };

    public static int Compare(object left, object right)
    {
        if (left is long a && right is long b)
            return a.CompareTo(b);
        if (IsInteger(left) && IsInteger(right))
            return Big(left).CompareTo(Big(right));
        if (TryDecimal(left, out var x) && TryDecimal(right, out var y))
            return x.CompareTo(y);
        return ToDouble(left).CompareTo(ToDouble(right));
    }

    /// <summary>Rounds to a number of decimals (negative: to tens, hundreds …); without decimals the result is an integer.</summary>
    public static object Round(RenderContext context, object value, long decimals)
    {
        if (IsInteger(value))
        {
            if (decimals >= 0)
                return value;
            return decimals < -MaxDigits ? 0L : RoundInteger(Big(value), BigInteger.Pow(10, (int)-decimals));
        }

        if (decimals <= 0)
        {
            var whole = Whole(context, value, static d => Math.Round(d, MidpointRounding.AwayFromZero), static d => Math.Round(d, MidpointRounding.AwayFromZero));
            return Round(context, whole, decimals);
        }

        if (decimals >= 28 || !TryDecimal(value, out var exact))
            return value;
        var rounded = Math.Round(exact, (int)decimals, MidpointRounding.AwayFromZero);
        return value is decimal ? rounded : Nearest(rounded);
    }

    public static object Ceiling(RenderContext context, object value) => Whole(context, value, Math.Ceiling, Math.Ceiling);

    public static object Floor(RenderContext context, object value) => Whole(context, value, Math.Floor, Math.Floor);

    public static string Text(object value) => value switch
    {
        long number => number.ToString(CultureInfo.InvariantCulture),
        BigInteger big => big.ToString(CultureInfo.InvariantCulture),
        decimal number => number.ToString(CultureInfo.InvariantCulture),
        double number => Text(number),
        _ => "",
    };

    public static double ToDouble(object value) => value switch
    {
        long number => number,
        BigInteger big => (double)big,
        decimal number => Nearest(number),
        double number => number,
        _ => 0,
    };

    private static string Text(double value)
    {
        if (!double.IsFinite(value))
            return double.IsNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
        var text = value.ToString("R", CultureInfo.InvariantCulture);
        if (text.AsSpan().Contains('E') && Math.Abs(value) is < 1e21 and >= 1e-15)
            text = value.ToString("0.##############################", CultureInfo.InvariantCulture);
        // A float shows that it is one: 5.0, not 5.
        return text.AsSpan().ContainsAny('.', 'E') ? text : text + ".0";
    }

    // As Ruby's to_i: the integer that the text begins with. A fraction counts only when it is the whole text.
    private static object FromText(RenderContext context, string text)
    {
        context.WorkOn(text.Length);
        var span = text.AsSpan().Trim();
        var end = span.Length > 0 && span[0] == '-' ? 1 : 0;
        var digits = end;
        while (end < span.Length && char.IsAsciiDigit(span[end]))
            end++;
        if (end == digits)
            return 0L;

        if (end + 1 < span.Length && span[end] == '.' && !span[(end + 1)..].ContainsAnyExceptInRange('0', '9'))
            return double.Parse(span, CultureInfo.InvariantCulture);

        return ParseInteger(span[..end])
            ?? throw TooLong(context);
    }

    private static object Compute(
        RenderContext context,
        object left,
        object right,
        Func<BigInteger, BigInteger, BigInteger> integers,
        Func<decimal, decimal, decimal> decimals,
        Func<double, double, double> doubles)
    {
        context.Allocate(24);
        if (IsInteger(left) && IsInteger(right))
        {
            var result = integers(Big(left), Big(right));
            if (result.GetBitLength() > MaxBits)
                throw TooLong(context);
            context.Step(1 + (result.GetBitLength() / 1024));
            context.Allocate(result.GetBitLength() / 8);
            return Shorten(result);
        }

        if (TryDecimal(left, out var x) && TryDecimal(right, out var y))
        {
            try
            {
                var result = decimals(x, y);
                return left is decimal || right is decimal ? result : Nearest(result);
            }
            catch (OverflowException)
            {
                // Beyond decimal's range: a double is the best there is.
            }
        }

        return doubles(ToDouble(left), ToDouble(right));
    }

    private static object Whole(RenderContext context, object value, Func<decimal, decimal> decimals, Func<double, double> doubles)
    {
        if (IsInteger(value))
            return value;
        if (TryDecimal(value, out var exact))
            return Shorten(new BigInteger(decimals(exact)));
        var number = ToDouble(value);
        if (!double.IsFinite(number))
            throw context.Error($"{Text(number)} cannot be made a whole number.");
        return Shorten(new BigInteger(doubles(number)));
    }

    private static object RoundInteger(BigInteger value, BigInteger unit)
    {
        var half = unit / 2;
        var rounded = BigInteger.Divide(BigInteger.Abs(value) + half, unit) * unit;
        return Shorten(value.Sign < 0 ? -rounded : rounded);
    }

    private static void RequireDivisor(RenderContext context, object divisor)
    {
        if (Sign(divisor) == 0)
            throw context.Error("Division by zero.");
    }

    private static BigInteger FloorDivide(BigInteger dividend, BigInteger divisor)
    {
        var quotient = BigInteger.DivRem(dividend, divisor, out var remainder);
        return remainder.Sign != 0 && remainder.Sign != divisor.Sign ? quotient - 1 : quotient;
    }

    private static BigInteger Big(object value) => value is long number ? number : (BigInteger)value;

    private static ExpressionException TooLong(RenderContext context) =>
        context.Failure(ExpressionErrorKind.Limit, $"A number has more than {MaxDigits:N0} digits, the most that one may have.");

    // The cast divides the digits by a power of ten, which is exact only while both fit a double.
    private static double Nearest(decimal value)
    {
        Span<int> bits = stackalloc int[4];
        decimal.GetBits(value, bits);
        var isExact = bits[2] == 0 && (uint)bits[1] < 1 << 21 && ((bits[3] >> 16) & 0xFF) <= 22;
        return isExact ? (double)value : double.Parse(value.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
    }

    private static bool WouldOverflow(long a, long b)
    {
        var sum = unchecked(a + b);
        return ((a ^ sum) & (b ^ sum)) < 0;
    }

    private static bool TryDecimal(object value, out decimal result)
    {
        switch (value)
        {
            case long number:
                result = number;
                return true;
            case decimal number:
                result = number;
                return true;
            case double number when Math.Abs(number) is < 1e27 and (>= 1e-10 or 0):
                // The cast keeps 15 digits, mostly enough; otherwise the number's shortest text says what it is.
                result = (decimal)number;
                return Nearest(result) == number || decimal.TryParse(number.ToString("R", CultureInfo.InvariantCulture), NumberStyles.Float, CultureInfo.InvariantCulture, out result);
            case BigInteger big when big.GetBitLength() < 95:
                result = (decimal)big;
                return true;
            default:
                result = 0;
                return false;
        }
    }
}
