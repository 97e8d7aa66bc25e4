using System.Globalization;
using System.Text;
using Automation.Expressions.JavaScript.Runtime;
using Automation.Expressions.JavaScript.Syntax;

namespace Automation.Expressions.JavaScript.Builtins;

internal static class JsonBuiltins
{
    public static readonly BuiltinTemplate Members = new BuiltinTemplate()
        .Method("parse", 2, Parse)
        .Method("stringify", 3, (realm, _, a) => new JsonWriter(realm, a.At(1), a.At(2)).Write(a.At(0)) is { } text ? text : default(JsValue))
        .Tag("JSON");

    public static string? Stringify(Realm realm, JsValue value) => new JsonWriter(realm, default, default).Write(value);

    private static JsValue Parse(Realm realm, JsValue self, ReadOnlySpan<JsValue> arguments)
    {
        var value = new JsonReader(realm, Operators.ToText(arguments.At(0))).Read();
        if (arguments.At(1).AsFunction() is not { } reviver)
            return value;
        var root = realm.NewObject();
        root.CreateOrThrow("", value);
        return Revive(realm, reviver, root, "");
    }

    private static JsValue Revive(Realm realm, JsFunction reviver, JsObject holder, PropertyKey key)
    {
        using var depth = realm.Nest();
        var value = holder.Get(key);
        if (value.AsObject() is { } o)
        {
            var keys = o is JsArray ? Enumerable.Range(0, (int)ArrayLike.Length(o)).Select(i => PropertyKey.FromIndex((uint)i)).ToList()
                : o.OwnKeys().Where(k => k.Value is string && o.TryGetOwn(k, out var p) && p.Enumerable).ToList();
            foreach (var k in keys)
            {
                var revived = Revive(realm, reviver, o, k);
                if (revived.IsUndefined)
                    o.Delete(k);
                else
                    o.DefineOwn(k, PropertyDescriptor.Data(revived));
            }
        }

        return reviver.Call(holder, [key.ToValue(), value]);
    }
}

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

/// <summary><c>JSON.stringify</c>.</summary>
internal sealed class JsonWriter
{
    private readonly Realm _realm;
    private readonly JsFunction? _replacer;
    private readonly List<PropertyKey>? _only;
    private readonly string _gap = "";
    private readonly StringBuilder _text = new();
    private readonly HashSet<JsObject> _open = [];
    private string _indent = "";

    public JsonWriter(Realm realm, JsValue replacer, JsValue space)
    {
        _realm = realm;
        _replacer = replacer.AsFunction();
        if (_replacer is null && replacer.Reference is JsArray names)
            _only = ReadNames(names);
        if (space.Reference is JsPrimitiveObject { Value: var inner })
            space = inner.IsNumber ? Operators.ToNumber(space) : space;
        else if (space.Reference is JsStringObject)
            space = Operators.ToText(space);
        if (space.IsNumber)
            _gap = new string(' ', (int)Math.Clamp(Operators.ToInteger(space), 0, 10));
        else if (space.IsString)
            _gap = space.AsString() is { Length: > 10 } text ? text[..10] : space.AsString();
    }

    private static List<PropertyKey> ReadNames(JsArray names)
    {
        var keys = new List<PropertyKey>();
        for (uint i = 0; i < names.Length; i++)
        {
            var name = names.GetIndex(i);
            if (name.IsString || name.IsNumber || name.Reference is JsStringObject or JsPrimitiveObject { Value.IsNumber: true })
            {
                PropertyKey key = Operators.ToText(name);
                if (!keys.Contains(key))
                    keys.Add(key);
            }
        }

        return keys;
    }

    /// <summary>The text, or null where the value has none (undefined, a function).</summary>
    public string? Write(JsValue value)
    {
        JsObject? holder = null;
        if (_replacer is not null)
        {
            holder = _realm.NewObject();
            holder.CreateOrThrow("", value);
        }

        if (!TryWrite(holder, "", value))
            return null;
        _realm.ReserveString(_text.Length);
        return _text.ToString();
    }

    private JsValue Prepare(JsObject? holder, PropertyKey key, JsValue value)
    {
        if (value.IsObject || value.IsBigInt)
        {
            var toJson = Operators.Get(_realm, value, "toJSON");
            if (toJson.AsFunction() is { } convert)
                value = convert.Call(value, [key.ToValue()]);
        }

        if (_replacer is not null)
            value = _replacer.Call(holder!, [key.ToValue(), value]);
        return value.Reference switch
        {
            JsPrimitiveObject { Value.IsNumber: true } => Operators.ToNumber(value),
            JsPrimitiveObject { Value: var primitive } => primitive,
            JsStringObject => Operators.ToText(value),
            _ => value,
        };
    }

    private bool TryWrite(JsObject? holder, PropertyKey key, JsValue value)
    {
        _realm.Step();
        value = Prepare(holder, key, value);
        switch (value.Type)
        {
            case JsType.Null:
                _text.Append("null");
                return true;
            case JsType.Boolean:
                _text.Append(value.IsTrue ? "true" : "false");
                return true;
            case JsType.String:
                Quote(_text, value.AsString());
                CheckLength();
                return true;
            case JsType.Number:
                _text.Append(double.IsFinite(value.AsNumber()) ? NumberFormatter.ToText(value.AsNumber()) : "null");
                return true;
            case JsType.BigInt:
                throw Errors.Type("Do not know how to serialize a BigInt");
            case JsType.Object when value.Reference is not JsFunction:
                WriteObject(value.AsObject()!);
                return true;
            default:
                return false;
        }
    }

    private void CheckLength()
    {
        if (_text.Length > _realm.Limits.MaxStringLength)
            _realm.ReserveString(_text.Length);
    }

    private void WriteObject(JsObject o)
    {
        if (!_open.Add(o))
            throw Errors.Type("Converting circular structure to JSON");
        using var depth = _realm.Nest();
        var outer = _indent;
        _indent += _gap;
        if (o is JsArray array)
            WriteArray(array, outer);
        else
            WriteProperties(o, outer);
        _indent = outer;
        _open.Remove(o);
    }

    private void WriteArray(JsArray array, string outer)
    {
        _text.Append('[');
        var length = ArrayLike.Length(array);
        for (uint i = 0; i < length; i++)
        {
            if (i > 0)
                _text.Append(',');
            NewLine(_indent);
            if (!TryWrite(array, PropertyKey.FromIndex(i), array.GetIndex(i)))
                _text.Append("null");
        }

        if (length > 0)
            NewLine(outer);
        _text.Append(']');
    }

    private void WriteProperties(JsObject o, string outer)
    {
        _text.Append('{');
        var any = false;
        foreach (var key in _only ?? o.OwnKeys())
        {
            if (key.Value is not string name)
                continue;
            JsValue value;
            if (_only is not null)
                value = o.Get(key);
            else if (!o.TryGetOwn(key, out var property) || !property.Enumerable)
                continue;
            else
                value = property.IsAccessor ? o.Get(key) : property.Value;
            var before = _text.Length;
            if (any)
                _text.Append(',');
            NewLine(_indent);
            Quote(_text, name);
            _text.Append(_gap.Length > 0 ? ": " : ":");
            if (TryWrite(o, key, value))
                any = true;
            else
                _text.Length = before;
        }

        if (any)
            NewLine(outer);
        _text.Append('}');
    }

    private void NewLine(string indent)
    {
        if (_gap.Length > 0)
            _text.Append('\n').Append(indent);
    }

    public static void Quote(StringBuilder text, string value)
    {
        text.Append('"');
        for (var i = 0; i < value.Length; i++)
        {
            var c = value[i];
            switch (c)
            {
                case '"': text.Append("\\\""); break;
                case '\\': text.Append("\\\\"); break;
                case '\b': text.Append("\\b"); break;
                case '\f': text.Append("\\f"); break;
                case '\n': text.Append("\\n"); break;
                case '\r': text.Append("\\r"); break;
                case '\t': text.Append("\\t"); break;
                case < ' ':
                    text.Append("\\u").Append(((int)c).ToString("x4", CultureInfo.InvariantCulture));
                    break;
                default:
                    if (char.IsSurrogate(c) && !(char.IsHighSurrogate(c) && i + 1 < value.Length && char.IsLowSurrogate(value[i + 1])))
                    {
                        text.Append("\\u").Append(((int)c).ToString("x4", CultureInfo.InvariantCulture));
                    }
                    else
                    {
                        text.Append(c);
                        if (char.IsHighSurrogate(c))
                            text.Append(value[++i]);
                    }

                    break;
            }
        }

        text.Append('"');
    }
}
