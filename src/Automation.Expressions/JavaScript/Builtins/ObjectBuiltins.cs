using Automation.Expressions.JavaScript.Execution;
using Automation.Expressions.JavaScript.Runtime;

namespace Automation.Expressions.JavaScript.Builtins;

/// <summary>Object and Object.prototype.</summary>
internal static class ObjectBuiltins
{
    public static readonly BuiltinTemplate Prototype = new BuiltinTemplate()
        .Intrinsic("constructor", IntrinsicId.Object)
        .Method("hasOwnProperty", 1, (_, self, a) =>
        {
            var key = Operators.ToPropertyKey(a.At(0));
            return Operators.ToObject(self).HasOwn(key);
        })
        .Method("isPrototypeOf", 1, IsPrototypeOf)
        .Method("propertyIsEnumerable", 1, (_, self, a) =>
        {
            var key = Operators.ToPropertyKey(a.At(0));
            return Operators.ToObject(self).TryGetOwn(key, out var property) && property.Enumerable;
        })
        .Method("toLocaleString", 0, (realm, self, _) => Call(realm, self, "toString"))
        .Method("toString", 0, ToStringTag)
        .Method("valueOf", 0, (_, self, _) => Operators.ToObject(self))
        .Member("__proto__", ProtoAccessor)
        .Method("__defineGetter__", 2, (_, self, a) => DefineLegacy(self, a, getter: true))
        .Method("__defineSetter__", 2, (_, self, a) => DefineLegacy(self, a, getter: false))
        .Method("__lookupGetter__", 1, (_, self, a) => LookUpLegacy(self, a, getter: true))
        .Method("__lookupSetter__", 1, (_, self, a) => LookUpLegacy(self, a, getter: false));

    private static readonly BuiltinTemplate Statics = new BuiltinTemplate()
        .Method("assign", 2, Assign)
        .Method("create", 2, Create)
        .Method("defineProperty", 3, (_, _, a) =>
        {
            var target = Require(a.At(0), "Object.defineProperty called on non-object");
            var key = Operators.ToPropertyKey(a.At(1));
            target.DefineOrThrow(key, ToDescriptor(a.At(2)));
            return target;
        })
        .Method("defineProperties", 2, (_, _, a) => DefineAll(Require(a.At(0), "Object.defineProperties called on non-object"), a.At(1)))
        .Method("entries", 1, (realm, _, a) => List(realm, a.At(0), (key, value) => realm.NewArray([key, value])))
        .Method("freeze", 1, (_, _, a) => Freeze(a.At(0), frozen: true))
        .Method("fromEntries", 1, FromEntries)
        .Method("getOwnPropertyDescriptor", 2, (realm, _, a) =>
        {
            var target = Operators.ToObject(a.At(0));
            return target.TryGetOwn(Operators.ToPropertyKey(a.At(1)), out var property) ? FromProperty(realm, property) : default(JsValue);
        })
        .Method("getOwnPropertyDescriptors", 1, (realm, _, a) =>
        {
            var target = Operators.ToObject(a.At(0));
            var made = realm.NewObject();
            foreach (var key in target.OwnKeys())
            {
                if (target.TryGetOwn(key, out var property))
                    made.CreateOrThrow(key, FromProperty(realm, property));
            }

            return made;
        })
        .Method("getOwnPropertyNames", 1, (realm, _, a) => Keys(realm, a.At(0), symbols: false))
        .Method("getOwnPropertySymbols", 1, (realm, _, a) => Keys(realm, a.At(0), symbols: true))
        .Method("getPrototypeOf", 1, (_, _, a) => Operators.ToObject(a.At(0)).Prototype is { } p ? p : JsValue.Null)
        .Method("groupBy", 2, GroupBy)
        .Method("hasOwn", 2, (_, _, a) =>
        {
            var target = Operators.ToObject(a.At(0));
            return target.HasOwn(Operators.ToPropertyKey(a.At(1)));
        })
        .Method("is", 2, (_, _, a) => Operators.SameValue(a.At(0), a.At(1)))
        .Method("isExtensible", 1, (_, _, a) => a.At(0).AsObject()?.Extensible == true)
        .Method("isFrozen", 1, (_, _, a) => a.At(0).AsObject() is not { } o || HasIntegrity(o, frozen: true))
        .Method("isSealed", 1, (_, _, a) => a.At(0).AsObject() is not { } o || HasIntegrity(o, frozen: false))
        .Method("keys", 1, (realm, _, a) => List(realm, a.At(0), (key, _) => key, needsValue: false))
        .Method("preventExtensions", 1, (_, _, a) =>
        {
            if (a.At(0).AsObject()?.PreventExtensions() == false)
                throw Errors.Type("Cannot prevent extensions");
            return a.At(0);
        })
        .Method("seal", 1, (_, _, a) => Freeze(a.At(0), frozen: false))
        .Method("setPrototypeOf", 2, SetPrototypeOf)
        .Method("values", 1, (realm, _, a) => List(realm, a.At(0), (_, value) => value));

    public static JsObject MakeConstructor(Realm realm) => new NativeFunction(
        realm, "Object", 1,
        (r, _, a) => a.At(0).IsNullish ? r.NewObject() : Operators.ToObject(a.At(0)),
        (r, a, newTarget) => !ReferenceEquals(newTarget, r.Intrinsic(IntrinsicId.Object)) ? new JsObject(r.PrototypeFor(newTarget, IntrinsicId.ObjectPrototype))
            : a.At(0).IsNullish ? r.NewObject() : Operators.ToObject(a.At(0)),
        Statics,
        r => r.ObjectPrototype);

    private static JsValue Call(Realm realm, JsValue self, string method) =>
        (Operators.Get(realm, self, method).AsFunction() ?? throw Errors.Type($"{Operators.Describe(self)}.{method} is not a function")).Call(self, []);

    private static JsObject Require(JsValue value, string message) => value.AsObject() ?? throw Errors.Type(message);

    private static JsValue IsPrototypeOf(Realm realm, JsValue self, ReadOnlySpan<JsValue> arguments)
    {
        if (arguments.At(0).AsObject() is not { } o)
            return false;
        var target = Operators.ToObject(self);
        for (var p = o.Prototype; p is not null; p = p.Prototype)
        {
            if (ReferenceEquals(p, target))
                return true;
        }

        return false;
    }

    private static JsValue ToStringTag(Realm realm, JsValue self, ReadOnlySpan<JsValue> arguments)
    {
        if (self.IsUndefined)
            return "[object Undefined]";
        if (self.IsNull)
            return "[object Null]";
        var o = Operators.ToObject(self);
        var tag = o.Get(JsSymbol.ToStringTag);
        return $"[object {(tag.IsString ? tag.AsString() : o.ClassName)}]";
    }

    private static JsValue DefineLegacy(JsValue self, ReadOnlySpan<JsValue> arguments, bool getter)
    {
        var target = Operators.ToObject(self);
        var function = arguments.Callback(1);
        var descriptor = getter
            ? new PropertyDescriptor { HasGetter = true, Getter = function, Enumerable = true, Configurable = true }
            : new PropertyDescriptor { HasSetter = true, Setter = function, Enumerable = true, Configurable = true };
        target.DefineOrThrow(Operators.ToPropertyKey(arguments.At(0)), descriptor);
        return default;
    }

    private static JsValue LookUpLegacy(JsValue self, ReadOnlySpan<JsValue> arguments, bool getter)
    {
        var key = Operators.ToPropertyKey(arguments.At(0));
        for (var o = Operators.ToObject(self); o is not null; o = o.Prototype)
        {
            if (!o.TryGetOwn(key, out var property))
                continue;
            var function = !property.IsAccessor ? null : getter ? property.Accessor.Getter : property.Accessor.Setter;
            return function is null ? default(JsValue) : function;
        }

        return default;
    }

    private static JsValue Assign(Realm realm, JsValue self, ReadOnlySpan<JsValue> arguments)
    {
        var target = Operators.ToObject(arguments.At(0));
        for (var i = 1; i < arguments.Length; i++)
        {
            if (arguments[i].IsNullish)
                continue;
            var source = Operators.ToObject(arguments[i]);
            foreach (var key in source.OwnKeys())
            {
                realm.Step();
                if (source.TryGetOwn(key, out var property) && property.Enumerable)
                    target.SetOrThrow(key, property.IsAccessor ? source.Get(key) : property.Value);
            }
        }

        return target;
    }

    private static JsValue Create(Realm realm, JsValue self, ReadOnlySpan<JsValue> arguments)
    {
        var prototype = arguments.At(0);
        if (!prototype.IsObject && !prototype.IsNull)
            throw Errors.Type("Object prototype may only be an Object or null: " + Operators.Describe(prototype));
        var made = new JsObject(prototype.AsObject());
        return arguments.At(1).IsUndefined ? made : DefineAll(made, arguments.At(1));
    }

    private static JsObject DefineAll(JsObject target, JsValue descriptors)
    {
        var source = Operators.ToObject(descriptors);
        var all = new List<(PropertyKey Key, PropertyDescriptor Descriptor)>();
        foreach (var key in source.OwnKeys())
        {
            if (source.TryGetOwn(key, out var property) && property.Enumerable)
                all.Add((key, ToDescriptor(source.Get(key))));
        }

        foreach (var (key, descriptor) in all)
            target.DefineOrThrow(key, descriptor);
        return target;
    }

    public static PropertyDescriptor ToDescriptor(JsValue value)
    {
        var o = value.AsObject() ?? throw Errors.Type($"Property description must be an object: {Operators.Describe(value)}");
        var made = default(PropertyDescriptor);
        if (o.Has("enumerable"))
            made.Enumerable = Operators.ToBoolean(o.Get("enumerable"));
        if (o.Has("configurable"))
            made.Configurable = Operators.ToBoolean(o.Get("configurable"));
        if (o.Has("value"))
            made.Value = o.Get("value");
        if (o.Has("writable"))
            made.Writable = Operators.ToBoolean(o.Get("writable"));
        made.HasGetter = o.Has("get");
        if (made.HasGetter)
            made.Getter = Half(o.Get("get"), "Getter");
        made.HasSetter = o.Has("set");
        if (made.HasSetter)
            made.Setter = Half(o.Get("set"), "Setter");
        if (made.IsAccessor && made.IsData)
            throw Errors.Type("Invalid property descriptor. Cannot both specify accessors and a value or writable attribute");
        return made;
    }

    private static JsFunction? Half(JsValue value, string name) =>
        value.IsUndefined ? null : value.AsFunction() ?? throw Errors.Type($"{name} must be a function: {Operators.Describe(value)}");

    private static JsObject FromProperty(Realm realm, in Property property)
    {
        var made = realm.NewObject();
        if (property.IsAccessor)
        {
            made.AddNew("get", property.Accessor.Getter is { } getter ? getter : default(JsValue), PropertyFlags.All);
            made.AddNew("set", property.Accessor.Setter is { } setter ? setter : default(JsValue), PropertyFlags.All);
        }
        else
        {
            made.AddNew("value", property.Value, PropertyFlags.All);
            made.AddNew("writable", property.Writable, PropertyFlags.All);
        }

        made.AddNew("enumerable", property.Enumerable, PropertyFlags.All);
        made.AddNew("configurable", property.Configurable, PropertyFlags.All);
        return made;
    }

    private static JsArray List(Realm realm, JsValue value, Func<JsValue, JsValue, JsValue> make, bool needsValue = true)
    {
        var source = Operators.ToObject(value);
        var list = realm.NewArray();
        foreach (var key in source.OwnKeys())
        {
            realm.Step();
            if (key.Value is string name && source.TryGetOwn(key, out var property) && property.Enumerable)
                list.Push(make(name, needsValue ? property.IsAccessor ? source.Get(key) : property.Value : default));
        }

        return list;
    }

    private static JsArray Keys(Realm realm, JsValue value, bool symbols)
    {
        var list = realm.NewArray();
        foreach (var key in Operators.ToObject(value).OwnKeys())
        {
            if (key.IsSymbol == symbols)
                list.Push(key.ToValue());
        }

        return list;
    }

    private static JsValue FromEntries(Realm realm, JsValue self, ReadOnlySpan<JsValue> arguments)
    {
        if (arguments.At(0).IsNullish)
            throw Errors.Type($"{arguments.At(0)} is not iterable");
        var made = realm.NewObject();
        Iteration.ForEach(realm, arguments.At(0), entry =>
        {
            var pair = entry.AsObject() ?? throw Errors.Type($"Iterator value {Operators.Describe(entry)} is not an entry object");
            var key = pair.GetIndex(0);
            var item = pair.GetIndex(1);
            made.CreateOrThrow(Operators.ToPropertyKey(key), item);
        });
        return made;
    }

    private static JsValue GroupBy(Realm realm, JsValue self, ReadOnlySpan<JsValue> arguments)
    {
        if (arguments.At(0).IsNullish)
            throw Errors.Type($"{arguments.At(0)} is not iterable");
        var callback = arguments.Callback(1);
        var made = new JsObject(prototype: null);
        var index = 0;
        Iteration.ForEach(realm, arguments.At(0), item =>
        {
            var key = Operators.ToPropertyKey(callback.Call(default, [item, index++]));
            if (!made.TryGetOwn(key, out var group))
            {
                group = new Property(realm.NewArray(), PropertyFlags.All);
                made.CreateOrThrow(key, group.Value);
            }

            ((JsArray)group.Value.Reference!).Push(item);
        });
        return made;
    }

    private static JsValue Freeze(JsValue value, bool frozen)
    {
        if (value.AsObject() is { } o)
            SetIntegrity(o, frozen);
        return value;
    }

    public static void SetIntegrity(JsObject o, bool frozen)
    {
        o.PreventExtensions();
        foreach (var key in o.OwnKeys())
        {
            var descriptor = new PropertyDescriptor { Configurable = false };
            if (frozen && o.TryGetOwn(key, out var property) && !property.IsAccessor)
                descriptor.Writable = false;
            o.DefineOrThrow(key, descriptor);
        }
    }

    private static bool HasIntegrity(JsObject o, bool frozen)
    {
        if (o.Extensible)
            return false;
        foreach (var key in o.OwnKeys())
        {
            if (o.TryGetOwn(key, out var property) && (property.Configurable || (frozen && !property.IsAccessor && property.Writable)))
                return false;
        }

        return true;
    }

    private static JsValue SetPrototypeOf(Realm realm, JsValue self, ReadOnlySpan<JsValue> arguments)
    {
        var target = arguments.At(0);
        var prototype = arguments.At(1);
        if (target.IsNullish)
            throw Errors.Type("Object.setPrototypeOf called on null or undefined");
        if (!prototype.IsObject && !prototype.IsNull)
            throw Errors.Type("Object prototype may only be an Object or null: " + Operators.Describe(prototype));
        if (target.AsObject() is { } o && !o.SetPrototype(prototype.AsObject()))
            throw Errors.Type(o.Extensible ? "Cyclic __proto__ value" : "Cannot set the prototype of an object that is not extensible");
        return target;
    }

    /// <summary>The accessor <c>__proto__</c>.</summary>
    public static Property ProtoAccessor(Realm realm)
    {
        var getter = new NativeFunction(realm, "get __proto__", 0, (_, self, _) => Operators.ToObject(self).Prototype is { } p ? p : JsValue.Null);
        var setter = new NativeFunction(realm, "set __proto__", 1, (_, self, a) =>
        {
            if (self.IsNullish)
                throw Errors.Type("Object.prototype.__proto__ called on null or undefined");
            if (self.AsObject() is { } o && (a.At(0).IsObject || a.At(0).IsNull) && !o.SetPrototype(a.At(0).AsObject()))
                throw Errors.Type(o.Extensible ? "Cyclic __proto__ value" : "Cannot set the prototype of an object that is not extensible");
            return default;
        });
        return new Property(JsValue.FromRaw(new Accessor(getter, setter)), PropertyFlags.Accessor | PropertyFlags.Configurable);
    }
}
