using System.Globalization;
using Automation.Expressions.JavaScript.Syntax;

namespace Automation.Expressions.JavaScript.Runtime;

/// <content>Escapes: what follows a backslash.</content>
internal sealed partial class RegExpTranslator
{
    /// <summary>False for an assertion.</summary>
    private bool Escape()
    {
        _at++;
        if (_at >= pattern.Length)
            throw new FormatException("\\ at end of pattern");
        var c = pattern[_at];
        switch (c)
        {
            case 'b':
                _at++;
                _made.Append($"(?:(?<=[{Word}])(?![{Word}])|(?<![{Word}])(?=[{Word}]))");
                return false;
            case 'B':
                _at++;
                _made.Append($"(?:(?<=[{Word}])(?=[{Word}])|(?<![{Word}])(?![{Word}]))");
                return false;
            case 'k' when _unicode || HasNames:
                _at++;
                if (!Ahead('<'))
                    throw new FormatException("Invalid named reference");
                _at++;
                var name = ReadName(ref _at);
                BackReference(_names.TryGetValue(name, out var group) ? group : throw new FormatException("Invalid named capture referenced"));
                return true;
            case >= '1' and <= '9':
                return NumberEscape();
        }

        if (TryClassEscape(out var set))
        {
            AppendSet(set, negated: false);
            return true;
        }

        AppendLiteral(CharacterEscape(inClass: false));
        return true;
    }

    private bool NumberEscape()
    {
        var start = _at;
        var end = start;
        while (end < pattern.Length && char.IsAsciiDigit(pattern[end]))
            end++;
        var number = Number(start, end);
        if (number <= GroupCount)
        {
            _at = end;
            BackReference(number);
            return true;
        }

        if (_unicode)
            throw new FormatException("Invalid escape");
        AppendLiteral(CharacterEscape(inClass: false));
        return true;
    }

    /// <summary>A group that has not matched matches nothing, which .NET would call a failure.</summary>
    private void BackReference(int group) => _made.Append(CultureInfo.InvariantCulture, $"(?:(?({group})\\{group}|))");

    private bool TryClassEscape(out CodeSet set)
    {
        set = new CodeSet();
        var c = pattern[_at];
        switch (c)
        {
            case 'd' or 'D':
                set.Add('0', '9');
                break;
            case 'w' or 'W':
                set.Add('0', '9');
                set.Add('A', 'Z');
                set.Add('_', '_');
                set.Add('a', 'z');
                if (_unicode && _ignoreCase)
                {
                    set.Add(0x17F, 0x17F);
                    set.Add(0x212A, 0x212A);
                }

                break;
            case 's' or 'S':
                foreach (var (low, high) in new[] { (9, 13), (32, 32), (0xA0, 0xA0), (0x1680, 0x1680), (0x2000, 0x200A), (0x2028, 0x2029), (0x202F, 0x202F), (0x205F, 0x205F), (0x3000, 0x3000), (0xFEFF, 0xFEFF) })
                    set.Add(low, high);
                break;
            case 'p' or 'P' when _unicode:
                set = UnicodeProperties.Read(pattern, ref _at);
                if (c == 'P')
                    set = set.Complement();
                return true;
            default:
                return false;
        }

        _at++;
        if (char.IsAsciiLetterUpper(c))
            set = set.Complement();
        return true;
    }

    private int CharacterEscape(bool inClass)
    {
        var c = pattern[_at++];
        switch (c)
        {
            case 't': return '\t';
            case 'n': return '\n';
            case 'v': return '\v';
            case 'f': return '\f';
            case 'r': return '\r';
            case 'b' when inClass: return '\b';
            case '-' when inClass && _unicode: return '-';
            case 'c':
                if (_at < pattern.Length && (char.IsAsciiLetter(pattern[_at]) || (inClass && !_unicode && (char.IsAsciiDigit(pattern[_at]) || pattern[_at] == '_'))))
                    return pattern[_at++] % 32;
                if (_unicode)
                    throw new FormatException("Invalid unicode escape");
                _at--;
                return '\\';
            case 'x':
                if (_at + 1 < pattern.Length && CharacterClasses.HexValue(pattern[_at]) is var high and >= 0 && CharacterClasses.HexValue(pattern[_at + 1]) is var low and >= 0)
                {
                    _at += 2;
                    return (high * 16) + low;
                }

                return Identity(c);
            case 'u':
                var at = _at;
                var code = UnicodeEscape(ref at, _unicode);
                if (code < 0)
                    return Identity(c);
                _at = at;
                return code;
            case >= '0' and <= '9':
                return OctalEscape(c, inClass);
            default:
                return Identity(c);
        }
    }

    private int Identity(char c)
    {
        if (_unicode && !"^$\\.*+?()[]{}|/".Contains(c, StringComparison.Ordinal))
            throw new FormatException(c == 'u' ? "Invalid Unicode escape" : "Invalid escape");
        if (c == 'k' && HasNames)
            throw new FormatException("Invalid escape");
        return c;
    }

    private int OctalEscape(char c, bool inClass)
    {
        if (c == '0' && !(_at < pattern.Length && char.IsAsciiDigit(pattern[_at])))
            return 0;
        if (_unicode)
            throw new FormatException(inClass ? "Invalid class escape" : "Invalid decimal escape");
        if (c >= '8')
            return c;
        var value = c - '0';
        var most = c <= '3' ? 2 : 1;
        while (most-- > 0 && _at < pattern.Length && pattern[_at] is >= '0' and <= '7')
            value = (value * 8) + (pattern[_at++] - '0');
        return value;
    }

    /// <summary>What follows <c>\u</c>; -1 if it is no escape.</summary>
    private int UnicodeEscape(ref int at, bool braces)
    {
        if (braces && at < pattern.Length && pattern[at] == '{')
        {
            var value = 0;
            var i = at + 1;
            while (i < pattern.Length && CharacterClasses.HexValue(pattern[i]) is var digit and >= 0)
            {
                value = (value * 16) + digit;
                if (value > 0x10FFFF)
                    return -1;
                i++;
            }

            if (i == at + 1 || i >= pattern.Length || pattern[i] != '}')
                return -1;
            at = i + 1;
            return value;
        }

        var code = FourDigits(at);
        if (code < 0)
            return -1;
        at += 4;
        if (braces && code is >= 0xD800 and <= 0xDBFF && at + 1 < pattern.Length && pattern[at] == '\\' && pattern[at + 1] == 'u'
            && FourDigits(at + 2) is var low and >= 0xDC00 and <= 0xDFFF)
        {
            at += 6;
            return char.ConvertToUtf32((char)code, (char)low);
        }

        return code;
    }

    private int FourDigits(int at)
    {
        if (at + 4 > pattern.Length)
            return -1;
        var value = 0;
        for (var i = at; i < at + 4; i++)
        {
            var digit = CharacterClasses.HexValue(pattern[i]);
            if (digit < 0)
                return -1;
            value = (value * 16) + digit;
        }

        return value;
    }

    // ---- classes ----
}
