using System.Text;
using Automation.Expressions.JavaScript.Runtime;

namespace Automation.Expressions.JavaScript.Builtins;

/// <content>The methods that strings call.</content>
internal static partial class RegExpBuiltins
{
    private static double Advance(string text, double index, bool unicode)
    {
        if (!unicode || index + 1 >= text.Length)
            return index + 1;
        return index + (StringBuiltins.CodePointAt(text, (int)index) > 0xFFFF ? 2 : 1);
    }

    private static void SkipEmpty(JsObject regex, string text, bool unicode) =>
        regex.SetOrThrow("lastIndex", Advance(text, Operators.ToLength(regex.Get("lastIndex")), unicode));

    private static bool IsUnicode(string flags) => flags.Contains('u') || flags.Contains('v');

    private static JsValue MatchSymbol(Realm realm, JsValue self, ReadOnlySpan<JsValue> arguments)
    {
        var regex = Object(self, "[Symbol.match]");
        var text = Operators.ToText(arguments.At(0));
        var flags = Operators.ToText(regex.Get("flags"));
        if (!flags.Contains('g'))
            return Exec(realm, regex, text);
        regex.SetOrThrow("lastIndex", 0);
        var all = realm.NewArray();
        while (Exec(realm, regex, text).AsObject() is { } result)
        {
            var match = Operators.ToText(result.GetIndex(0));
            all.Push(match);
            if (match.Length == 0)
                SkipEmpty(regex, text, IsUnicode(flags));
        }

        return all.Length == 0 ? JsValue.Null : all;
    }

    private static JsFunction Species(Realm realm, JsObject regex)
    {
        var fallback = (JsFunction)realm.Intrinsic(IntrinsicId.RegExp);
        var type = regex.Get("constructor");
        if (type.IsUndefined)
            return fallback;
        var species = (type.AsObject() ?? throw Errors.Type("The constructor property is not an object")).Get(JsSymbol.Species);
        if (species.IsNullish)
            return fallback;
        return species.Reference is JsFunction { IsConstructor: true } constructor ? constructor : throw Errors.Type("The species is not a constructor");
    }

    private static JsValue MatchAllSymbol(Realm realm, JsValue self, ReadOnlySpan<JsValue> arguments)
    {
        var regex = Object(self, "[Symbol.matchAll]");
        var text = Operators.ToText(arguments.At(0));
        var type = Species(realm, regex);
        var flags = Operators.ToText(regex.Get("flags"));
        var matcher = type.Construct([regex, flags], type);
        matcher.SetOrThrow("lastIndex", Operators.ToLength(regex.Get("lastIndex")));
        var done = false;
        return new JsIterator(realm.Intrinsic(IntrinsicId.RegExpStringIteratorPrototype), "RegExp String Iterator", () =>
        {
            if (done || Exec(realm, matcher, text).AsObject() is not { } result)
            {
                done = true;
                return null;
            }

            if (!flags.Contains('g'))
                done = true;
            else if (Operators.ToText(result.GetIndex(0)).Length == 0)
                SkipEmpty(matcher, text, IsUnicode(flags));
            return result;
        });
    }

    private static JsValue SearchSymbol(Realm realm, JsValue self, ReadOnlySpan<JsValue> arguments)
    {
        var regex = Object(self, "[Symbol.search]");
        var text = Operators.ToText(arguments.At(0));
        var before = regex.Get("lastIndex");
        if (!Operators.SameValue(before, 0))
            regex.SetOrThrow("lastIndex", 0);
        var result = Exec(realm, regex, text);
        if (!Operators.SameValue(regex.Get("lastIndex"), before))
            regex.SetOrThrow("lastIndex", before);
        return result.AsObject() is { } found ? found.Get("index") : -1;
    }

    private static JsValue ReplaceSymbol(Realm realm, JsValue self, ReadOnlySpan<JsValue> arguments)
    {
        var regex = Object(self, "[Symbol.replace]");
        var text = Operators.ToText(arguments.At(0));
        var callback = arguments.At(1).AsFunction();
        var template = callback is null ? Operators.ToText(arguments.At(1)) : "";
        var flags = Operators.ToText(regex.Get("flags"));
        var global = flags.Contains('g');
        if (global)
            regex.SetOrThrow("lastIndex", 0);
        var results = new List<JsObject>();
        while (Exec(realm, regex, text).AsObject() is { } result)
        {
            results.Add(result);
            if (!global)
                break;
            if (Operators.ToText(result.GetIndex(0)).Length == 0)
                SkipEmpty(regex, text, IsUnicode(flags));
        }

        var made = new StringBuilder();
        var copied = 0;
        foreach (var result in results)
        {
            realm.Step();
            var match = Operators.ToText(result.GetIndex(0));
            var position = (int)Math.Clamp(Operators.ToInteger(result.Get("index")), 0, text.Length);
            var replacement = Replacement(result, match, position, text, callback, template);
            if (position < copied)
                continue;
            made.Append(text, copied, position - copied).Append(replacement);
            copied = position + match.Length;
            realm.CheckString(made.Length);
        }

        if (copied < text.Length)
            made.Append(text, copied, text.Length - copied);
        realm.ReserveString(made.Length);
        return made.ToString();
    }

    private static string Replacement(JsObject result, string match, int position, string text, JsFunction? callback, string template)
    {
        var count = Math.Max((int)ArrayLike.Length(result) - 1, 0);
        var groups = new JsValue[count];
        for (var i = 0; i < count; i++)
        {
            var group = result.GetIndex((uint)i + 1);
            groups[i] = group.IsUndefined ? group : Operators.ToText(group);
        }

        var named = result.Get("groups");
        if (callback is not null)
        {
            List<JsValue> values = [match, .. groups, position, text];
            if (!named.IsUndefined)
                values.Add(named);
            return Operators.ToText(callback.Call(default, values.ToArray()));
        }

        if (!named.IsUndefined)
            named = Operators.ToObject(named);
        var expanded = new StringBuilder();
        StringBuiltins.Expand(expanded, template, text, position, match, groups, named);
        return expanded.ToString();
    }

    private static JsValue SplitSymbol(Realm realm, JsValue self, ReadOnlySpan<JsValue> arguments)
    {
        var regex = Object(self, "[Symbol.split]");
        var text = Operators.ToText(arguments.At(0));
        var type = Species(realm, regex);
        var flags = Operators.ToText(regex.Get("flags"));
        var splitter = type.Construct([regex, flags.Contains('y') ? flags : flags + "y"], type);
        var limit = arguments.At(1).IsUndefined ? uint.MaxValue : Operators.ToUInt32(arguments.At(1));
        var parts = realm.NewArray();
        if (limit == 0)
            return parts;
        if (text.Length == 0)
        {
            if (Exec(realm, splitter, text).IsNull)
                parts.Push(text);
            return parts;
        }

        var start = 0;
        double at = 0;
        while (at < text.Length)
        {
            splitter.SetOrThrow("lastIndex", at);
            var result = Exec(realm, splitter, text).AsObject();
            var end = result is null ? 0 : Math.Min(Operators.ToLength(splitter.Get("lastIndex")), text.Length);
            if (result is null || end == start)
            {
                at = Advance(text, at, IsUnicode(flags));
                continue;
            }

            parts.Push(text[start..(int)at]);
            if (parts.Length == limit)
                return parts;
            start = (int)end;
            for (uint i = 1; i < ArrayLike.Length(result); i++)
            {
                parts.Push(result.GetIndex(i));
                if (parts.Length == limit)
                    return parts;
            }

            at = start;
        }

        parts.Push(text[start..]);
        return parts;
    }
}
