using Automation.Expressions.JavaScript.Runtime;

namespace Automation.Expressions.JavaScript.Builtins;

internal static class ConsoleBuiltins
{
    private const int LongestLine = 32 * 1024;

    public static readonly BuiltinTemplate Members = new BuiltinTemplate()
        .Method("debug", 0, (realm, _, a) => Write(realm, "debug", a))
        .Method("error", 0, (realm, _, a) => Write(realm, "error", a))
        .Method("info", 0, (realm, _, a) => Write(realm, "info", a))
        .Method("log", 0, (realm, _, a) => Write(realm, "log", a))
        .Method("warn", 0, (realm, _, a) => Write(realm, "warn", a))
        .Tag("console");

    private static JsValue Write(Realm realm, string level, ReadOnlySpan<JsValue> arguments)
    {
        if (realm.Scope?.Console is not { } sink)
            return default;
        var parts = new string[arguments.Length];
        for (var i = 0; i < parts.Length; i++)
            parts[i] = Show(realm, arguments[i]);
        var text = string.Join(' ', parts);
        realm.Work(text.Length >> 4);
        Hosting.HostCalls.Guard(() =>
        {
            sink(level, text.Length > LongestLine ? text[..LongestLine] + "…" : text);
            return true;
        });
        return default;
    }

    private static string Show(Realm realm, JsValue value)
    {
        if (value.AsObject() is not { } o)
            return value.ToString();
        try
        {
            return o switch
            {
                JsError => Operators.DescribeError(value),
                JsFunction f => f.SourceText,
                JsRegExp or JsDate => Operators.ToText(value),
                _ => JsonBuiltins.Stringify(realm, value) ?? "undefined",
            };
        }
        catch (JsThrow e)
        {
            return $"[{e.Message}]";
        }
    }
}
