using Automation.Expressions.JavaScript.Runtime;

namespace Automation.Expressions.JavaScript.Builtins;

/// <summary>Function.prototype.</summary>
internal static class FunctionBuiltins
{
    private static readonly BuiltinTemplate Members = new BuiltinTemplate()
        .Intrinsic("constructor", IntrinsicId.Function)
        .Method("apply", 2, (_, self, a) => This(self).Call(a.At(0), ToList(a.At(1))))
        .Method("bind", 1, Bind)
        .Method("call", 1, (_, self, a) => This(self).Call(a.At(0), a.Length > 1 ? a[1..] : []))
        .Method("toString", 0, (_, self, _) => This(self).SourceText)
        .Member(JsSymbol.HasInstance, realm => new Property(
            new NativeFunction(realm, "[Symbol.hasInstance]", 1, (_, self, a) => Operators.OrdinaryHasInstance(self, a.At(0))), PropertyFlags.None));

    public static JsObject MakePrototype(Realm realm) =>
        new NativeFunction(realm, "", 0, (_, _, _) => default, members: Members, prototype: realm.ObjectPrototype);

    public static JsObject MakeConstructor(Realm realm) => new NativeFunction(
        realm, "Function", 1,
        (_, _, _) => throw Errors.NotSupported("Making functions from text is"),
        (_, _, _) => throw Errors.NotSupported("Making functions from text is"),
        prototypeObject: r => r.FunctionPrototype);

    public static JsObject MakeThrower(Realm realm)
    {
        var thrower = new NativeFunction(realm, "", 0, (_, _, _) =>
            throw Errors.Type("'caller', 'callee', and 'arguments' properties may not be accessed on strict mode functions or the arguments objects for calls to them"));
        ObjectBuiltins.SetIntegrity(thrower, frozen: true);
        return thrower;
    }

    private static JsFunction This(JsValue self) => self.AsFunction() ?? throw Errors.Type("Function.prototype method called on a value that is not a function");

    private static JsValue[] ToList(JsValue value)
    {
        if (value.IsNullish)
            return [];
        var source = value.AsObject() ?? throw Errors.Type("CreateListFromArrayLike called on non-object");
        return ArrayLike.ToArray(source);
    }

    private static JsValue Bind(Realm realm, JsValue self, ReadOnlySpan<JsValue> arguments)
    {
        var target = This(self);
        var bound = new BoundFunction(realm, target, arguments.At(0), arguments.Length > 1 ? arguments[1..].ToArray() : []);
        var length = 0d;
        if (target.HasOwn("length") && target.Get("length") is { IsNumber: true } declared)
            length = Math.Max(0, Operators.ToInteger(declared) - Math.Max(0, arguments.Length - 1));
        var name = target.Get("name");
        bound.AddNew("length", length, PropertyFlags.Configurable);
        bound.AddNew("name", "bound " + (name.IsString ? name.AsString() : ""), PropertyFlags.Configurable);
        return bound;
    }
}

/// <summary>Things with a length and elements.</summary>
internal static class ArrayLike
{
    public static double Length(JsObject o) => o is JsArray array ? array.Length : Operators.ToLength(o.Get("length"));

    public static JsValue[] ToArray(JsObject source)
    {
        if (source is JsArray array && array.TryDense(out var items))
        {
            var copy = items.ToArray();
            for (var i = 0; i < copy.Length; i++)
            {
                if (copy[i].IsAbsent)
                    copy[i] = array.GetIndex((uint)i);
            }

            return copy;
        }

        var realm = Realm.Current;
        var length = Length(source);
        if (length > realm.Limits.MaxArrayLength)
            throw realm.LimitPassed($"An array is longer than the limit of {realm.Limits.MaxArrayLength} elements (MaxArrayLength)");
        realm.Work((long)length);
        var made = new JsValue[(int)length];
        for (var i = 0; i < made.Length; i++)
            made[i] = source.GetIndex((uint)i);
        return made;
    }
}
