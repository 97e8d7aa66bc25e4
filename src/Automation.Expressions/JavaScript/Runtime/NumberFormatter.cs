using System.Globalization;
using System.Text;

namespace Automation.Expressions.JavaScript.Runtime;

/// <summary>Numbers as text, the ECMAScript way.</summary>
internal static class NumberFormatter
{
    private static readonly string[] Small = [.. Enumerable.Range(0, 1024).Select(i => i.ToString(CultureInfo.InvariantCulture))];

    public static string ToText(uint index) => index < Small.Length ? Small[index] : index.ToString(CultureInfo.InvariantCulture);

    public static string ToText(double value)
    {
        if (value == Math.Floor(value) && Math.Abs(value) < 1e15)
        {
            var integer = (long)value;
            return integer is >= 0 and < 1024 ? Small[integer] : integer.ToString(CultureInfo.InvariantCulture);
        }

        if (double.IsNaN(value))
            return "NaN";
        if (double.IsInfinity(value))
            return value > 0 ? "Infinity" : "-Infinity";
        var (digits, exponent) = Digits(Math.Abs(value));
        var text = new StringBuilder();
        if (value < 0)
            text.Append('-');
        AppendDecimal(text, digits, exponent);
        return text.ToString();
    }

    /// <summary>The shortest digits that read back as the value, and the place of the point counted from their start.</summary>
    public static (string Digits, int Exponent) Digits(double value)
    {
        var shortest = value.ToString("R", CultureInfo.InvariantCulture);
        var exponentAt = shortest.IndexOf('E', StringComparison.Ordinal);
        var mantissa = exponentAt < 0 ? shortest : shortest[..exponentAt];
        var exponent = exponentAt < 0 ? 0 : int.Parse(shortest.AsSpan(exponentAt + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        var point = mantissa.IndexOf('.', StringComparison.Ordinal);
        var whole = point < 0 ? mantissa.Length : point;
        var digits = point < 0 ? mantissa : mantissa.Remove(point, 1);
        var leading = 0;
        while (leading < digits.Length - 1 && digits[leading] == '0')
            leading++;
        digits = digits[leading..].TrimEnd('0');
        return (digits.Length == 0 ? "0" : digits, whole - leading + exponent);
    }

    private static void AppendDecimal(StringBuilder text, string digits, int n)
    {
        var k = digits.Length;
        if (k <= n && n <= 21)
        {
            text.Append(digits).Append('0', n - k);
        }
        else if (n is > 0 and <= 21)
        {
            text.Append(digits, 0, n).Append('.').Append(digits, n, k - n);
        }
        else if (n is > -6 and <= 0)
        {
            text.Append("0.").Append('0', -n).Append(digits);
        }
        else
        {
            text.Append(digits[0]);
            if (k > 1)
                text.Append('.').Append(digits, 1, k - 1);
            text.Append('e').Append(n > 0 ? '+' : '-').Append(Math.Abs(n - 1).ToString(CultureInfo.InvariantCulture));
        }
    }

    /// <summary>A number in another radix, with a fraction as long as it takes to tell it from its neighbours.</summary>
    public static string ToRadix(double value, int radix)
    {
        if (radix == 10 || double.IsNaN(value) || double.IsInfinity(value))
            return ToText(value);
        const string Alphabet = "0123456789abcdefghijklmnopqrstuvwxyz";
        var negative = value < 0;
        value = Math.Abs(value);
        var whole = Math.Floor(value);
        var fraction = value - whole;
        var delta = Math.Max(0.5 * (Math.BitIncrement(value) - value), double.Epsilon);
        var text = new StringBuilder();
        if (fraction >= delta)
        {
            text.Append('.');
            do
            {
                fraction *= radix;
                delta *= radix;
                var digit = (int)fraction;
                text.Append(Alphabet[digit]);
                fraction -= digit;
                if ((fraction > 0.5 || (fraction == 0.5 && (digit & 1) != 0)) && fraction + delta > 1)
                {
                    whole += RoundUp(text, radix, Alphabet);
                    break;
                }
            }
            while (fraction >= delta);
        }

        var front = new StringBuilder();
        var integer = new System.Numerics.BigInteger(whole);
        if (integer.IsZero)
            front.Append('0');
        while (!integer.IsZero)
        {
            integer = System.Numerics.BigInteger.DivRem(integer, radix, out var digit);
            front.Insert(0, Alphabet[(int)digit]);
        }

        if (negative)
            front.Insert(0, '-');
        return front.Append(text).ToString();
    }

    private static int RoundUp(StringBuilder fraction, int radix, string alphabet)
    {
        while (true)
        {
            var last = fraction.Length - 1;
            if (last == 0)
            {
                fraction.Clear();
                return 1;
            }

            var digit = alphabet.IndexOf(fraction[last], StringComparison.Ordinal) + 1;
            if (digit < radix)
            {
                fraction[last] = alphabet[digit];
                return 0;
            }

            fraction.Remove(last, 1);
        }
    }
}
