using System.Globalization;
using System.Text;
using Automation.Expressions.JavaScript.Runtime;
using Automation.Expressions.JavaScript.Syntax;

namespace Automation.Expressions.JavaScript.Builtins;

/// <summary><c>JSON.parse</c>, with the messages a browser gives.</summary>
internal ref struct JsonReader(Realm realm, string text)
{
    private int _at;

    public JsValue Read()
    {
        realm.StringWork(text.Length);
        var value = ReadValue();
        SkipSpace();
        if (_at < text.Length)
            throw Errors.Syntax($"Unexpected non-whitespace character after JSON at position {_at}");
        return value;
    }

    private void SkipSpace()
    {
        while (_at < text.Length && text[_at] is ' ' or '\t' or '\n' or '\r')
            _at++;
    }

    private readonly JsThrow Unexpected()
    {
        if (_at >= text.Length)
            return Errors.Syntax("Unexpected end of JSON input");
        if (text is "undefined" or "[object Object]")
            return Errors.Syntax($"\"{text}\" is not valid JSON");
        if (text[_at] == '"')
            return Errors.Syntax($"Unexpected string in JSON at position {_at}");
        return Errors.Syntax($"Unexpected token '{text[_at]}', {Quote()} is not valid JSON");
    }

    /// <summary>The text, or what of it stands around the place of the error.</summary>
    private readonly string Quote()
    {
        const int around = 10;
        if (text.Length <= 4 * around)
            return $"\"{text}\"";
        var from = Math.Max(0, _at - around);
        var to = Math.Min(text.Length, _at + around);
        return $"{(from > 0 ? "..." : "")}\"{text[from..to]}\"{(to < text.Length ? "..." : "")}";
    }

    /// <summary>The error where something certain has to stand.</summary>
    private readonly JsThrow Missing(string expected) => _at >= text.Length
        ? Unexpected()
        : Errors.Syntax($"{expected} in JSON at position {_at}");

    private JsValue ReadValue()
    {
        SkipSpace();
        if (_at >= text.Length)
            throw Unexpected();
        realm.Step();
        switch (text[_at])
        {
            case '{': return ReadObject();
            case '[': return ReadArray();
            case '"': return ReadString();
            case 't': return ReadWord("true", true);
            case 'f': return ReadWord("false", false);
            case 'n': return ReadWord("null", JsValue.Null);
            default: return ReadNumber();
        }
    }

    private JsValue ReadWord(string word, JsValue value)
    {
        foreach (var c in word)
        {
            if (_at >= text.Length || text[_at] != c)
                throw Unexpected();
            _at++;
        }

        return value;
    }

    private JsValue ReadNumber()
    {
        var start = _at;
        var negative = text[_at] == '-';
        if (negative)
            _at++;
        if (_at < text.Length && text[_at] == '0')
            _at++;
        else
            ReadDigits(negative ? "No number after minus sign" : null);
        if (_at < text.Length && text[_at] == '.')
        {
            _at++;
            ReadDigits("Unterminated fractional number");
        }

        if (_at < text.Length && (text[_at] is 'e' or 'E'))
        {
            _at++;
            if (_at < text.Length && (text[_at] is '+' or '-'))
                _at++;
            ReadDigits("Exponent part is missing a number");
        }

        return double.Parse(text.AsSpan(start, _at - start), NumberStyles.Float, CultureInfo.InvariantCulture);
    }

    private void ReadDigits(string? complaint)
    {
        if (_at >= text.Length || !char.IsAsciiDigit(text[_at]))
            throw complaint is null ? Unexpected() : Errors.Syntax($"{complaint} in JSON at position {_at}");
        while (_at < text.Length && char.IsAsciiDigit(text[_at]))
            _at++;
    }

    private string ReadString()
    {
        var start = ++_at;
        while (_at < text.Length && text[_at] is not ('"' or '\\' or < ' '))
            _at++;
        if (_at < text.Length && text[_at] == '"')
            return text[start.._at++];
        var made = new StringBuilder(text[start.._at]);
        while (true)
        {
            if (_at >= text.Length)
                throw Errors.Syntax("Unterminated string in JSON at position " + _at.ToString(CultureInfo.InvariantCulture));
            var c = text[_at];
            if (c < ' ')
                throw Errors.Syntax($"Bad control character in string literal in JSON at position {_at}");
            _at++;
            if (c == '"')
                return made.ToString();
            made.Append(c == '\\' ? ReadEscape() : c);
        }
    }

    private char ReadEscape()
    {
        if (_at >= text.Length)
            throw Unexpected();
        var c = text[_at++];
        switch (c)
        {
            case '"' or '\\' or '/': return c;
            case 'b': return '\b';
            case 'f': return '\f';
            case 'n': return '\n';
            case 'r': return '\r';
            case 't': return '\t';
            case 'u':
                var code = 0;
                for (var i = 0; i < 4; i++)
                {
                    var digit = _at < text.Length ? CharacterClasses.HexValue(text[_at]) : -1;
                    if (digit < 0)
                        throw Errors.Syntax($"Bad Unicode escape in JSON at position {_at}");
                    code = (code * 16) + digit;
                    _at++;
                }

                return (char)code;
            default:
                throw Errors.Syntax($"Bad escaped character in JSON at position {_at - 1}");
        }
    }

    private JsArray ReadArray()
    {
        using var depth = realm.Nest();
        var array = realm.NewArray();
        _at++;
        SkipSpace();
        if (_at < text.Length && text[_at] == ']')
        {
            _at++;
            return array;
        }

        while (true)
        {
            array.Push(ReadValue());
            SkipSpace();
            if (_at >= text.Length || text[_at] is not (',' or ']'))
                throw Missing("Expected ',' or ']' after array element");
            if (text[_at++] == ']')
                return array;
        }
    }

    private JsObject ReadObject()
    {
        using var depth = realm.Nest();
        var made = realm.NewObject();
        _at++;
        SkipSpace();
        if (_at < text.Length && text[_at] == '}')
        {
            _at++;
            return made;
        }

        var first = true;
        while (true)
        {
            SkipSpace();
            if (_at >= text.Length || text[_at] != '"')
                throw Missing(first ? "Expected property name or '}'" : "Expected double-quoted property name");
            first = false;
            var name = ReadString();
            SkipSpace();
            if (_at >= text.Length || text[_at] != ':')
                throw Missing("Expected ':' after property name");
            _at++;
            made.CreateOrThrow(name, ReadValue());
            SkipSpace();
            if (_at >= text.Length || text[_at] is not (',' or '}'))
                throw Missing("Expected ',' or '}' after property value");
            if (text[_at++] == '}')
                return made;
        }
    }
}
