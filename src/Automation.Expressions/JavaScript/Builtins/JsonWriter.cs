using System.Globalization;
using System.Text;
using Automation.Expressions.JavaScript.Runtime;
using Automation.Expressions.JavaScript.Syntax;

namespace Automation.Expressions.JavaScript.Builtins;

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
