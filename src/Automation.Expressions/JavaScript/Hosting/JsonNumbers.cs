using System.Runtime.InteropServices;
using System.Text.Json;

namespace Automation.Expressions.JavaScript.Hosting;

/// <summary>Reads numbers of a document.</summary>
internal static class JsonNumbers
{
    /// <summary>Up to here digits and powers of ten are exact, so one division gives the nearest double.</summary>
    private const int ExactDigits = 15;

    private static readonly double[] PowersOfTen = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];

    /// <summary>The number, as <see cref="JsonElement.GetDouble"/> gives it.</summary>
    public static double Read(JsonElement element) => TryReadShort(element, out var value) ? value : element.GetDouble();

    /// <summary>Reads an ordinary short number in place; false for all else, be it a number or not.</summary>
    public static bool TryReadShort(JsonElement element, out double value)
    {
        value = 0;
        var text = JsonMarshal.GetRawUtf8Value(element);
        if (text.Length > ExactDigits)
            return false;
        long digits = 0;
        var fraction = -1;
        for (var i = text[0] == '-' ? 1 : 0; i < text.Length; i++)
        {
            var digit = (uint)(text[i] - '0');
            if (digit <= 9)
                digits = (digits * 10) + digit;
            else if (text[i] == '.')
                fraction = text.Length - 1 - i;
            else
                return false;
        }

        value = fraction > 0 ? digits / PowersOfTen[fraction] : digits;
        if (text[0] == '-')
            value = -value;
        return true;
    }
}
