using System.Globalization;

namespace Automation.Expressions.JavaScript.Runtime;

/// <summary>A number as the decimal digits people see: 0.<i>digits</i> × 10^<see cref="Exponent"/>. Rounding looks at those and not at the bits.</summary>
internal struct DecimalText
{
    private string _digits;

    public DecimalText(double value)
    {
        var text = value.ToString("E16", CultureInfo.InvariantCulture);
        var shortest = value.ToString("R", CultureInfo.InvariantCulture);
        var exponent = int.Parse(text.AsSpan(text.IndexOf('E', StringComparison.Ordinal) + 1), CultureInfo.InvariantCulture);
        var mantissa = shortest.Split('E')[0].Replace(".", "", StringComparison.Ordinal).TrimStart('0').TrimEnd('0');
        _digits = mantissa;
        Exponent = mantissa.Length == 0 ? 0 : exponent + 1;
    }

    public int Exponent { get; private set; }

    public readonly bool IsZero => _digits.Length == 0;

    public void Shift(int places) => Exponent = IsZero ? 0 : Exponent + places;

    public void RoundToFraction(int places, string mode, bool isNegative) => Round(Exponent + places, mode, isNegative);

    public void RoundToSignificant(int count, string mode, bool isNegative) => Round(count, mode, isNegative);

    private void Round(int keep, string mode, bool isNegative)
    {
        if (IsZero || keep >= _digits.Length)
            return;
        var next = keep < 0 ? '0' : _digits[keep];
        var isHalf = keep >= 0 && next == '5' && keep + 1 == _digits.Length;
        var isOver = keep >= 0 && (next > '5' || (next == '5' && keep + 1 < _digits.Length));
        var isOdd = keep > 0 && (_digits[keep - 1] - '0') % 2 == 1;
        var away = mode switch
        {
            "ceil" => !isNegative,
            "floor" => isNegative,
            "expand" => true,
            "trunc" => false,
            "halfCeil" => isOver || (isHalf && !isNegative),
            "halfFloor" => isOver || (isHalf && isNegative),
            "halfTrunc" => isOver,
            "halfEven" => isOver || (isHalf && isOdd),
            _ => isOver || isHalf,
        };
        var kept = keep <= 0 ? "" : _digits[..keep];
        if (!away)
        {
            _digits = kept.TrimEnd('0');
            Exponent = IsZero ? 0 : Exponent;
            return;
        }

        if (keep <= 0)
        {
            // One of the last place that is kept.
            Exponent = Exponent - keep + 1;
            _digits = "1";
            return;
        }

        var chars = kept.ToCharArray();
        var at = chars.Length - 1;
        while (at >= 0 && chars[at] == '9')
            chars[at--] = '0';
        if (at >= 0)
            chars[at]++;
        else
            Exponent++;
        _digits = ((at < 0 ? "1" : "") + new string(chars)).TrimEnd('0');
    }

    /// <summary>The digits before and after the point.</summary>
    public readonly (string Whole, string Fraction) Write()
    {
        if (IsZero)
            return ("0", "");
        if (Exponent <= 0)
            return ("0", new string('0', -Exponent) + _digits);
        return _digits.Length <= Exponent ? (_digits.PadRight(Exponent, '0'), "") : (_digits[..Exponent], _digits[Exponent..]);
    }
}
