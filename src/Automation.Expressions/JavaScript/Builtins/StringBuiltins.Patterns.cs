using System.Text;
using Automation.Expressions.JavaScript.Runtime;

namespace Automation.Expressions.JavaScript.Builtins;

/// <content>Methods that take a string or a regular expression.</content>
internal static partial class StringBuiltins
{
    private static void RequireValue(JsValue self, string method)
    {
        if (self.IsNullish)
            throw Errors.Type($"String.prototype.{method} called on null or undefined");
    }

    /// <summary>The method that a pattern object brings for this operation; null for a plain pattern.</summary>
    private static JsFunction? MethodOf(JsValue pattern, JsSymbol symbol) => pattern.AsObject()?.GetMethod(symbol);

    /// <summary><c>match</c> and <c>search</c>: anything that is no pattern object becomes a regular expression.</summary>
    private static JsValue Delegate(Realm realm, JsValue self, JsValue pattern, JsSymbol symbol, string method)
    {
        RequireValue(self, method);
        if (MethodOf(pattern, symbol) is { } own)
            return own.Call(pattern, [self]);
        var text = Operators.ToText(self);
        var regex = RegExpBuiltins.Create(realm, pattern.IsUndefined ? "" : Operators.ToText(pattern), "");
        return regex.Invoke(symbol, text);
    }

    private static JsValue MatchAll(Realm realm, JsValue self, ReadOnlySpan<JsValue> arguments)
    {
        RequireValue(self, "matchAll");
        var pattern = arguments.At(0);
        if (pattern.Reference is JsRegExp given)
            RequireGlobal(given, "matchAll");
        if (MethodOf(pattern, JsSymbol.MatchAll) is { } own)
            return own.Call(pattern, [self]);
        var text = Operators.ToText(self);
        return RegExpBuiltins.Create(realm, pattern.IsUndefined ? "" : Operators.ToText(pattern), "g").Invoke(JsSymbol.MatchAll, text);
    }

    private static void RequireGlobal(JsRegExp regex, string method)
    {
        if (!Operators.ToText(regex.Get("flags")).Contains('g'))
            throw Errors.Type($"String.prototype.{method} called with a non-global RegExp argument");
    }

    private static JsValue Replace(Realm realm, JsValue self, ReadOnlySpan<JsValue> arguments, bool all)
    {
        RequireValue(self, all ? "replaceAll" : "replace");
        var pattern = arguments.At(0);
        if (all && pattern.Reference is JsRegExp given)
            RequireGlobal(given, "replaceAll");
        if (MethodOf(pattern, JsSymbol.Replace) is { } own)
            return own.Call(pattern, [self, arguments.At(1)]);
        var text = Operators.ToText(self);
        var wanted = Operators.ToText(pattern);
        var callback = arguments.At(1).AsFunction();
        var template = callback is null ? Operators.ToText(arguments.At(1)) : "";
        realm.StringWork(text.Length);
        var at = text.IndexOf(wanted, StringComparison.Ordinal);
        if (at < 0)
            return text;
        var made = new StringBuilder();
        var copied = 0;
        while (at >= 0)
        {
            realm.Step();
            made.Append(text, copied, at - copied);
            if (callback is not null)
                made.Append(Operators.ToText(callback.Call(default, [wanted, at, text])));
            else
                Expand(made, template, text, at, wanted, [], default);
            copied = at + wanted.Length;
            realm.CheckString(made.Length);
            if (!all)
                break;
            var next = at + Math.Max(wanted.Length, 1);
            at = next > text.Length ? -1 : text.IndexOf(wanted, next, StringComparison.Ordinal);
        }

        made.Append(text, copied, text.Length - copied);
        realm.ReserveString(made.Length);
        return made.ToString();
    }

    /// <summary>Puts a replacement in, with <c>$1</c>, <c>$&amp;</c>, <c>$&lt;name&gt;</c> and their kin filled in.</summary>
    public static void Expand(StringBuilder made, string template, string text, int position, string match, JsValue[] groups, JsValue named)
    {
        var realm = Realm.Current;
        for (var i = 0; i < template.Length; i++)
        {
            var c = template[i];
            if (c != '$' || i + 1 >= template.Length)
            {
                made.Append(c);
                continue;
            }

            realm.Step();
            realm.CheckString(made.Length);

            var next = template[i + 1];
            switch (next)
            {
                case '$':
                    made.Append('$');
                    i++;
                    break;
                case '&':
                    made.Append(match);
                    i++;
                    break;
                case '`':
                    made.Append(text, 0, position);
                    i++;
                    break;
                case '\'':
                    var after = Math.Min(position + match.Length, text.Length);
                    made.Append(text, after, text.Length - after);
                    i++;
                    break;
                case >= '0' and <= '9':
                    i += ExpandGroup(made, template, i, groups);
                    break;
                case '<' when !named.IsUndefined && template.IndexOf('>', i) is var end && end > 0:
                    var value = Operators.ToObject(named).Get(template[(i + 2)..end]);
                    if (!value.IsUndefined)
                        made.Append(Operators.ToText(value));
                    i = end;
                    break;
                default:
                    made.Append('$');
                    break;
            }
        }
    }

    /// <summary>Gives how many characters past the dollar sign were used.</summary>
    private static int ExpandGroup(StringBuilder made, string template, int at, JsValue[] groups)
    {
        var one = template[at + 1] - '0';
        var two = at + 2 < template.Length && char.IsAsciiDigit(template[at + 2]) ? (one * 10) + (template[at + 2] - '0') : -1;
        var (number, used) = two > 0 && two <= groups.Length ? (two, 2) : (one, 1);
        if (number == 0 || number > groups.Length)
        {
            made.Append('$');
            return 0;
        }

        if (!groups[number - 1].IsUndefined)
            made.Append(Operators.ToText(groups[number - 1]));
        return used;
    }

    private static JsValue Split(Realm realm, JsValue self, ReadOnlySpan<JsValue> arguments)
    {
        RequireValue(self, "split");
        var pattern = arguments.At(0);
        if (MethodOf(pattern, JsSymbol.Split) is { } own)
            return own.Call(pattern, [self, arguments.At(1)]);
        var text = Operators.ToText(self);
        var limit = arguments.At(1).IsUndefined ? uint.MaxValue : Operators.ToUInt32(arguments.At(1));
        var separator = Operators.ToText(pattern);
        var parts = realm.NewArray();
        if (limit == 0)
            return parts;
        if (pattern.IsUndefined)
        {
            parts.Push(text);
            return parts;
        }

        realm.StringWork(text.Length);
        if (separator.Length == 0)
        {
            foreach (var c in text)
            {
                realm.Step();
                if (parts.Length >= limit)
                    break;
                parts.Push(Operators.CharacterText(c));
            }

            return parts;
        }

        var start = 0;
        while (true)
        {
            realm.Step();
            var at = text.IndexOf(separator, start, StringComparison.Ordinal);
            parts.Push(at < 0 ? text[start..] : text[start..at]);
            if (at < 0 || parts.Length >= limit)
                return parts;
            start = at + separator.Length;
        }
    }
}
