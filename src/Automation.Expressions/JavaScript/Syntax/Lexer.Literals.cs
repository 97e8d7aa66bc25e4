using System.Globalization;
using System.Numerics;
using System.Text;
using static Automation.Expressions.JavaScript.Syntax.CharacterClasses;

namespace Automation.Expressions.JavaScript.Syntax;

/// <content>Numbers, strings, templates and regular expressions.</content>
internal sealed partial class Lexer
{
    /// <summary>Reads the piece of a template that follows the closing brace of a substitution.</summary>
    public Token ContinueTemplate(int closingBrace)
    {
        _pos = closingBrace;
        var token = default(Token);
        token.Start = _pos;
        ReadTemplate(ref token);
        token.End = _pos;
        return token;
    }

    /// <summary>Reads a regular expression literal whose slash is at <paramref name="start"/>.</summary>
    public Token ReadRegularExpression(int start)
    {
        _pos = start + 1;
        var inClass = false;
        while (true)
        {
            if (_pos >= _source.Length || IsLineTerminator(_source[_pos]))
                throw Error(start, "Invalid regular expression: missing /");
            var c = _source[_pos];
            if (c == '\\')
            {
                _pos++;
                if (_pos >= _source.Length || IsLineTerminator(_source[_pos]))
                    throw Error(start, "Invalid regular expression: missing /");
            }
            else if (c == '[')
            {
                inClass = true;
            }
            else if (c == ']')
            {
                inClass = false;
            }
            else if (c == '/' && !inClass)
            {
                break;
            }

            _pos++;
        }

        var pattern = _source.Substring(start + 1, _pos - start - 1);
        _pos++;
        var flagsStart = _pos;
        while (_pos < _source.Length && IsIdentifierPart(_source[_pos]))
            _pos++;
        if (_pos < _source.Length && _source[_pos] == '\\')
            throw Error(_pos, "Invalid regular expression flags");
        return new Token
        {
            Kind = TokenKind.RegularExpression,
            Start = start,
            End = _pos,
            Text = pattern,
            Raw = _source[flagsStart.._pos],
        };
    }

    private void ReadString(ref Token token, char quote)
    {
        token.Kind = TokenKind.String;
        var start = _pos++;
        var plain = _source.AsSpan(_pos).IndexOfAny(quote, '\\', '\n');
        if (plain >= 0 && _source[_pos + plain] == quote && !_source.AsSpan(_pos, plain).Contains('\r'))
        {
            token.Text = plain <= 32 ? Intern(_source.AsSpan(_pos, plain)) : _source.Substring(_pos, plain);
            _pos += plain + 1;
            return;
        }

        var text = new StringBuilder();
        while (true)
        {
            if (_pos >= _source.Length || _source[_pos] is '\n' or '\r')
                throw Error(start, $"Invalid or unexpected token: the string is not closed with {quote}");
            var c = _source[_pos++];
            if (c == quote)
                break;
            if (c != '\\')
            {
                text.Append(c);
                continue;
            }

            ReadEscape(text, start, ref token);
        }

        token.Escaped = true;
        token.Text = text.ToString();
    }

    private void ReadEscape(StringBuilder text, int start, ref Token token)
    {
        if (_pos >= _source.Length)
            throw Error(start, "Invalid or unexpected token: the string is not closed");
        var at = _pos - 1;
        var c = _source[_pos++];
        switch (c)
        {
            case 'n': text.Append('\n'); break;
            case 't': text.Append('\t'); break;
            case 'r': text.Append('\r'); break;
            case 'b': text.Append('\b'); break;
            case 'f': text.Append('\f'); break;
            case 'v': text.Append('\v'); break;
            case '\r':
                if (Peek(0) == '\n')
                    _pos++;
                break;
            case '\n' or '\u2028' or '\u2029':
                break;
            case 'x':
                text.Append((char)ReadHexEscape(at));
                break;
            case 'u':
                var code = ReadUnicodeEscape(at);
                if (code > 0xFFFF)
                    text.Append(char.ConvertFromUtf32(code));
                else
                    text.Append((char)code);
                break;
            case >= '0' and <= '9':
                ReadDigitEscape(text, c, ref token);
                break;
            default:
                text.Append(c);
                break;
        }
    }

    private void ReadDigitEscape(StringBuilder text, char c, ref Token token)
    {
        if (c == '0' && Peek(0) is not (>= '0' and <= '9'))
        {
            text.Append('\0');
            return;
        }

        token.LegacyOctal = true;
        if (c >= '8')
        {
            text.Append(c);
            return;
        }

        var value = c - '0';
        var most = c <= '3' ? 2 : 1;
        while (most-- > 0 && Peek(0) is >= '0' and <= '7')
            value = (value * 8) + (_source[_pos++] - '0');
        text.Append((char)value);
    }

    private int ReadHexEscape(int at)
    {
        var high = HexValue(Peek(0));
        var low = HexValue(Peek(1));
        if (high < 0 || low < 0)
            throw Error(at, "Invalid hexadecimal escape sequence");
        _pos += 2;
        return (high * 16) + low;
    }

    /// <summary>Reads what follows <c>\u</c>.</summary>
    private int ReadUnicodeEscape(int at)
    {
        var value = 0;
        if (Peek(0) == '{')
        {
            _pos++;
            var digits = _pos;
            while (HexValue(Peek(0)) >= 0)
            {
                value = (value * 16) + HexValue(_source[_pos++]);
                if (value > 0x10FFFF)
                    throw Error(at, "Undefined Unicode code-point");
            }

            if (_pos == digits || Peek(0) != '}')
                throw Error(at, "Invalid Unicode escape sequence");
            _pos++;
            // A lone surrogate written in braces stays a code unit.
            return value;
        }

        for (var i = 0; i < 4; i++)
        {
            var digit = HexValue(Peek(0));
            if (digit < 0)
                throw Error(at, "Invalid Unicode escape sequence");
            value = (value * 16) + digit;
            _pos++;
        }

        return value;
    }

    private void ReadTemplate(ref Token token)
    {
        token.Kind = TokenKind.Template;
        var start = _pos++;
        var cooked = new StringBuilder();
        var raw = new StringBuilder();
        var valid = true;
        while (true)
        {
            if (_pos >= _source.Length)
                throw Error(start, "Unterminated template literal, expected '`'");
            var c = _source[_pos++];
            if (c == '`')
            {
                token.TemplateTail = true;
                break;
            }

            if (c == '$' && Peek(0) == '{')
            {
                _pos++;
                break;
            }

            if (c == '\r')
            {
                if (Peek(0) == '\n')
                    _pos++;
                c = '\n';
            }

            if (c != '\\')
            {
                cooked.Append(c);
                raw.Append(c);
                continue;
            }

            var escape = _pos - 1;
            if (!TryReadTemplateEscape(cooked, start, ref token))
                valid = false;
            raw.Append(_source, escape, _pos - escape);
        }

        token.Text = valid ? cooked.ToString() : null!;
        raw.Replace("\r\n", "\n").Replace('\r', '\n');
        token.Raw = raw.ToString();
    }

    /// <summary>False for an escape that only a tagged template may hold.</summary>
    private bool TryReadTemplateEscape(StringBuilder cooked, int start, ref Token token)
    {
        var escape = _pos;
        try
        {
            ReadEscape(cooked, start, ref token);
        }
        catch (ExpressionException) when (escape < _source.Length && _source[escape] is 'u' or 'x')
        {
            _pos = escape + 1;
            return false;
        }

        if (!token.LegacyOctal)
            return true;
        token.LegacyOctal = false;
        return false;
    }
}
