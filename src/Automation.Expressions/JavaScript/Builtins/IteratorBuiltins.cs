using Automation.Expressions.JavaScript.Runtime;

namespace Automation.Expressions.JavaScript.Builtins;

internal enum IterationKind
{
    Keys,
    Values,
    Entries,
}

/// <summary>An iterator of a built-in: a state and a function that steps it. A null step means the end.</summary>
internal sealed class JsIterator(JsObject? prototype, string kind, Func<JsValue?> next) : JsObject(prototype)
{
    private bool _done;

    public string Kind { get; } = kind;

    public JsValue Next(Realm realm)
    {
        var value = _done ? null : next();
        _done |= value is null;
        return IteratorBuiltins.Result(realm, value ?? default, value is null);
    }
}

/// <summary>The iterators of arrays, strings, maps, sets and matches.</summary>
internal static class IteratorBuiltins
{
    public static readonly BuiltinTemplate Prototype = new BuiltinTemplate()
        .Intrinsic("constructor", IntrinsicId.Iterator)
        .Method(JsSymbol.Iterator, 0, (_, self, _) => self)
        .Tag("Iterator");

    public static readonly BuiltinTemplate ArrayIterator = MakePrototype("Array Iterator");
    public static readonly BuiltinTemplate StringIterator = MakePrototype("String Iterator");
    public static readonly BuiltinTemplate MapIterator = MakePrototype("Map Iterator");
    public static readonly BuiltinTemplate SetIterator = MakePrototype("Set Iterator");
    public static readonly BuiltinTemplate RegExpStringIterator = MakePrototype("RegExp String Iterator");

    private static BuiltinTemplate MakePrototype(string kind) => new BuiltinTemplate()
        .Method("next", 0, (realm, self, _) =>
            self.Reference is JsIterator iterator && iterator.Kind == kind ? iterator.Next(realm) : throw Errors.Type($"next called on a value that is not a {kind}"))
        .Tag(kind);

    public static JsObject MakeConstructor(Realm realm) => new NativeFunction(
        realm, "Iterator", 0,
        (_, _, _) => throw Errors.Type("Constructor Iterator requires 'new'"),
        (r, _, newTarget) => ReferenceEquals(newTarget, r.Intrinsic(IntrinsicId.Iterator))
            ? throw Errors.Type("Abstract class Iterator not directly constructable")
            : new JsObject(r.PrototypeFor(newTarget, IntrinsicId.IteratorPrototype)),
        prototypeObject: r => r.Intrinsic(IntrinsicId.IteratorPrototype));

    public static JsObject Result(Realm realm, JsValue value, bool done)
    {
        var result = realm.NewObject();
        result.Reserve(2);
        result.AddNew("value", value, PropertyFlags.All);
        result.AddNew("done", done, PropertyFlags.All);
        return result;
    }

    public static JsIterator OfArray(Realm realm, JsObject array, IterationKind kind)
    {
        uint index = 0;
        return new JsIterator(realm.Intrinsic(IntrinsicId.ArrayIteratorPrototype), "Array Iterator", () =>
        {
            if (index >= ArrayLike.Length(array))
                return null;
            var i = index++;
            return kind switch
            {
                IterationKind.Keys => i,
                IterationKind.Values => array.GetIndex(i),
                _ => realm.NewArray([i, array.GetIndex(i)]),
            };
        });
    }

    public static JsIterator OfString(Realm realm, string text)
    {
        var at = 0;
        return new JsIterator(realm.Intrinsic(IntrinsicId.StringIteratorPrototype), "String Iterator", () =>
        {
            if (at >= text.Length)
                return null;
            var start = at++;
            if (char.IsHighSurrogate(text[start]) && at < text.Length && char.IsLowSurrogate(text[at]))
                at++;
            return at - start == 1 ? Operators.CharacterText(text[start]) : text[start..at];
        });
    }
}
