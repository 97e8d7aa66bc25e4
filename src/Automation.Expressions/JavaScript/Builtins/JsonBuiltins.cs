using Automation.Expressions.JavaScript.Runtime;

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
