using System.Globalization;
using System.Numerics;
using System.Text;
using static Automation.Expressions.JavaScript.Syntax.CharacterClasses;

namespace Automation.Expressions.JavaScript.Syntax;

/// <content>Numbers.</content>
internal sealed partial class Lexer
{
    private void ReadNumber(ref Token token)
    {
        token.Kind = TokenKind.Number;
        var start = _pos;
        if (_source[_pos] == '0')
        {
            var radix = Peek(1) switch { 'x' or 'X' => 16, 'o' or 'O' => 8, 'b' or 'B' => 2, _ => 0 };
            if (radix != 0)
            {
                ReadRadix(ref token, radix);
                EndNumber(start);
                return;
            }

            if (Peek(1) is >= '0' and <= '9' or '_')
            {
                ReadLegacyOctal(ref token);
                EndNumber(start);
                return;
            }
        }

        ReadDigits();
        if (Peek(0) == 'n')
        {
            CheckBigIntLength(start);
            token.Kind = TokenKind.BigInteger;
            token.BigInteger = ParseDecimal(_source.AsSpan(start, _pos - start));
            _pos++;
            EndNumber(start);
            return;
        }

        ReadFractionAndExponent();
        token.Number = ToDouble(start);
        EndNumber(start);
    }

    private void ReadFractionAndExponent()
    {
        if (Peek(0) == '.')
        {
            _pos++;
            if (Peek(0) == '_')
                throw Error(_pos, "Numeric separators are not allowed here");
            ReadDigits();
        }

        if (Peek(0) is 'e' or 'E')
        {
            _pos++;
            if (Peek(0) is '+' or '-')
                _pos++;
            if (Peek(0) is not (>= '0' and <= '9'))
                throw Error(_pos, "Invalid or unexpected token: a digit was expected after the exponent");
            ReadDigits();
        }
    }

    private double ToDouble(int start)
    {
        var text = _source.AsSpan(start, _pos - start);
        if (text.Contains('_'))
            text = text.ToString().Replace("_", "", StringComparison.Ordinal);
        return double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture);
    }

    /// <summary>As long as the longest BigInt in decimal digits; to read more would take long.</summary>
    private void CheckBigIntLength(int start)
    {
        if (_pos - start > 39_456)
            throw Error(start, "Maximum BigInt size exceeded");
    }

    private static BigInteger ParseDecimal(ReadOnlySpan<char> text) =>
        BigInteger.Parse(text.ToString().Replace("_", "", StringComparison.Ordinal), CultureInfo.InvariantCulture);

    private void ReadDigits()
    {
        var last = '\0';
        while (Peek(0) is (>= '0' and <= '9') or '_')
        {
            var c = _source[_pos];
            if (c == '_' && (last is '_' or '\0'))
                throw Error(_pos, last == '_' ? "Only one underscore is allowed as numeric separator" : "Numeric separators are not allowed here");
            last = c;
            _pos++;
        }

        if (last == '_')
            throw Error(_pos - 1, "Numeric separators are not allowed at the end of numeric literals");
    }

    private void ReadRadix(ref Token token, int radix)
    {
        _pos += 2;
        var digits = _pos;
        var value = 0d;
        var big = BigInteger.Zero;
        var last = '_';
        while (_pos < _source.Length)
        {
            var c = _source[_pos];
            if (c == '_')
            {
                if (last == '_')
                    throw Error(_pos, "Only one underscore is allowed as numeric separator");
            }
            else
            {
                var digit = HexValue(c);
                if (digit < 0 || digit >= radix)
                    break;
                value = (value * radix) + digit;
            }

            last = c;
            _pos++;
        }

        if (_pos == digits || last == '_')
            throw Error(_pos, "Invalid or unexpected token in a number");
        if (Peek(0) == 'n')
            CheckBigIntLength(digits);
        if ((_pos - digits > 10 && double.IsFinite(value)) || Peek(0) == 'n')
        {
            big = ParseRadix(_source.AsSpan(digits, _pos - digits), radix);
            value = (double)big;
        }

        if (Peek(0) == 'n')
        {
            token.Kind = TokenKind.BigInteger;
            token.BigInteger = big;
            _pos++;
            return;
        }

        token.Number = value;
    }

    internal static BigInteger ParseRadix(ReadOnlySpan<char> digits, int radix)
    {
        // Many digits at a time: one by one, a long literal would take long.
        var value = BigInteger.Zero;
        ulong part = 0;
        ulong scale = 1;
        foreach (var c in digits)
        {
            if (c == '_')
                continue;
            part = (part * (uint)radix) + (uint)HexValue(c);
            scale *= (uint)radix;
            if (scale < 1UL << 59)
                continue;
            value = (value * scale) + part;
            (part, scale) = (0, 1);
        }

        return (value * scale) + part;
    }

    private void ReadLegacyOctal(ref Token token)
    {
        token.LegacyOctal = true;
        var start = _pos;
        var octal = true;
        while (Peek(0) is >= '0' and <= '9')
        {
            octal &= _source[_pos] < '8';
            _pos++;
        }

        if (Peek(0) == '_')
            throw Error(_pos, "Numeric separators are not allowed here");
        if (octal)
        {
            token.Number = (double)ParseRadix(_source.AsSpan(start, _pos - start), 8);
            return;
        }

        ReadFractionAndExponent();
        token.Number = ToDouble(start);
    }

    private void EndNumber(int start)
    {
        if (_pos < _source.Length && (IsIdentifierPart(_source[_pos]) || _source[_pos] == '\\'))
            throw Error(start, "Invalid or unexpected token: identifier starts immediately after a number");
    }
}
