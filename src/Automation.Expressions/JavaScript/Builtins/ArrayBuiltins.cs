using Automation.Expressions.JavaScript.Execution;
using Automation.Expressions.JavaScript.Runtime;

namespace Automation.Expressions.JavaScript.Builtins;

/// <summary>Array and Array.prototype. Each method has one loop over <see cref="JsObject.GetIndex"/>, which is direct for plain arrays.</summary>
internal static partial class ArrayBuiltins
{
    public static readonly BuiltinTemplate Prototype = new BuiltinTemplate()
        .Constant("length", 0, PropertyFlags.Writable)
        .Intrinsic("constructor", IntrinsicId.Array)
        .Method("at", 1, At)
        .Method("concat", 1, Concat)
        .Method("copyWithin", 2, CopyWithin)
        .Method("entries", 0, (realm, self, _) => IteratorBuiltins.OfArray(realm, Operators.ToObject(self), IterationKind.Entries))
        .Method("every", 1, (realm, self, a) => Find(realm, self, a, wanted: false, Seek.Every))
        .Method("fill", 1, Fill)
        .Method("filter", 1, Filter)
        .Method("find", 1, (realm, self, a) => FindItem(realm, self, a, fromEnd: false, index: false))
        .Method("findIndex", 1, (realm, self, a) => FindItem(realm, self, a, fromEnd: false, index: true))
        .Method("findLast", 1, (realm, self, a) => FindItem(realm, self, a, fromEnd: true, index: false))
        .Method("findLastIndex", 1, (realm, self, a) => FindItem(realm, self, a, fromEnd: true, index: true))
        .Method("flat", 0, Flat)
        .Method("flatMap", 1, FlatMap)
        .Method("forEach", 1, ForEach)
        .Method("includes", 1, Includes)
        .Method("indexOf", 1, IndexOf)
        .Method("join", 1, Join)
        .Method("keys", 0, (realm, self, _) => IteratorBuiltins.OfArray(realm, Operators.ToObject(self), IterationKind.Keys))
        .Method("lastIndexOf", 1, LastIndexOf)
        .Method("map", 1, Map)
        .Method("pop", 0, Pop)
        .Method("push", 1, Push)
        .Method("reduce", 1, (realm, self, a) => Reduce(realm, self, a, fromEnd: false))
        .Method("reduceRight", 1, (realm, self, a) => Reduce(realm, self, a, fromEnd: true))
        .Method("reverse", 0, Reverse)
        .Method("shift", 0, Shift)
        .Method("slice", 2, Slice)
        .Method("some", 1, (realm, self, a) => Find(realm, self, a, wanted: true, Seek.Some))
        .Method("sort", 1, Sort)
        .Method("splice", 2, Splice)
        .Method("toLocaleString", 0, ToLocaleString)
        .Method("toReversed", 0, ToReversed)
        .Method("toSorted", 1, ToSorted)
        .Method("toSpliced", 2, ToSpliced)
        .Method("toString", 0, (realm, self, _) =>
        {
            var o = Operators.ToObject(self);
            return o.Get("join").AsFunction() is { } join ? join.Call(o, []) : realm.ObjectPrototype.Get("toString").AsFunction()!.Call(o, []);
        })
        .Method("unshift", 1, Unshift)
        .Method("values", 0, Values)
        .Method("with", 2, With)
        .Lazy(JsSymbol.Iterator, realm => realm.ArrayPrototype.Get("values"))
        .Lazy(JsSymbol.Unscopables, MakeUnscopables, PropertyFlags.Configurable);

    private static readonly BuiltinTemplate Statics = new BuiltinTemplate()
        .Method("from", 1, From)
        .Method("isArray", 1, (_, _, a) => a.At(0).Reference is JsArray)
        .Method("of", 0, Of)
        .Getter(JsSymbol.Species, (_, self, _) => self);

    private enum Seek
    {
        Some,
        Every,
    }

    public static JsObject MakeConstructor(Realm realm) => new NativeFunction(
        realm, "Array", 1, (r, _, a) => Construct(r, a, r.Intrinsic(IntrinsicId.Array)), Construct, Statics, r => r.ArrayPrototype);

    private static JsValue MakeUnscopables(Realm realm)
    {
        var made = new JsObject(prototype: null);
        foreach (var name in new[] { "at", "copyWithin", "entries", "fill", "find", "findIndex", "findLast", "findLastIndex", "flat", "flatMap", "includes", "keys", "toReversed", "toSorted", "toSpliced", "values" })
            made.AddNew(name, true, PropertyFlags.All);
        return made;
    }

    private static JsObject Construct(Realm realm, ReadOnlySpan<JsValue> arguments, JsObject newTarget)
    {
        var array = new JsArray(realm.PrototypeFor(newTarget, IntrinsicId.ArrayPrototype), arguments.Length == 1 ? 0 : arguments.Length);
        if (arguments.Length == 1 && arguments[0].IsNumber)
        {
            var length = arguments[0].AsNumber();
            if (length != Operators.ToUInt32(length))
                throw Errors.Range("Invalid array length");
            array.SetLength(length);
            return array;
        }

        foreach (var item in arguments)
            array.Push(item);
        return array;
    }

    private static JsValue Values(Realm realm, JsValue self, ReadOnlySpan<JsValue> arguments) =>
        IteratorBuiltins.OfArray(realm, Operators.ToObject(self), IterationKind.Values);

    // ---- making arrays ----

    /// <summary>A new array, or what a subclass's constructor makes.</summary>
    private static JsObject SpeciesCreate(Realm realm, JsObject original, double length)
    {
        if (original is not JsArray || IsPlainSource(realm, original))
            return NewArray(realm, length);
        var type = original.Get("constructor");
        if (type.AsObject() is { } o)
        {
            type = o.Get(JsSymbol.Species);
            if (type.IsNull)
                type = default;
        }

        if (type.IsUndefined)
            return NewArray(realm, length);
        if (type.Reference is not JsFunction { IsConstructor: true } constructor)
            throw Errors.Type("The array's species is not a constructor");
        return constructor.Construct([length], constructor);
    }

    /// <summary>Whether what is made from an array is an ordinary array, which nobody can see before it is done.</summary>
    private static bool IsPlainSource(Realm realm, JsObject original) =>
        original is JsArray && ReferenceEquals(original.Prototype, realm.ArrayPrototype) && !original.HasOwn("constructor")
        && original.Prototype is BuiltinObject { IsModified: false } && realm.Intrinsic(IntrinsicId.Array) is NativeFunction { IsModifiedSpecies: false };

    private static JsArray NewArray(Realm realm, double length)
    {
        if (length > uint.MaxValue)
            throw Errors.Range("Invalid array length");
        var array = realm.NewArray();
        if (length > 0)
            array.SetLength(length);
        return array;
    }

    private static void Put(JsObject target, double index, JsValue value)
    {
        if (target is JsArray array && index < uint.MaxValue && array.IsPlain)
        {
            if (index == array.Length)
                array.Push(value);
            else
                array.SetIndex((uint)index, value);
        }
        else
        {
            target.CreateOrThrow(Key(index), value);
        }
    }

    private static PropertyKey Key(double index) => index < uint.MaxValue ? PropertyKey.FromIndex((uint)index) : new PropertyKey(NumberFormatter.ToText(index));

    private static JsValue GetAt(JsObject o, double index) => index < uint.MaxValue ? o.GetIndex((uint)index) : o.Get(Key(index));

    private static bool HasAt(JsObject o, double index) => index < uint.MaxValue ? o.HasIndex((uint)index) : o.Has(Key(index));

    /// <summary>The element at that place; absent for a hole.</summary>
    private static JsValue ElementAt(JsObject o, double index)
    {
        if (o is JsArray array && index < uint.MaxValue)
            return array.ElementAt((uint)index);
        return HasAt(o, index) ? GetAt(o, index) : JsValue.Absent;
    }

    private static void SetAt(JsObject o, double index, JsValue value)
    {
        if (o is JsArray array && index < uint.MaxValue)
            array.SetIndexOrThrow((uint)index, value);
        else
            o.SetOrThrow(Key(index), value);
    }

    private static void SetLength(JsObject o, double length)
    {
        if (length > 9007199254740991d)
            throw Errors.Type("The array would be too long");
        o.SetOrThrow("length", length);
    }

    private static JsValue From(Realm realm, JsValue self, ReadOnlySpan<JsValue> arguments)
    {
        var source = arguments.At(0);
        Callback? map = arguments.At(1).IsUndefined ? null : new Callback(arguments.Callback(1), arguments.At(2));
        var constructor = self.Reference is JsFunction { IsConstructor: true } f && !ReferenceEquals(f, realm.Intrinsic(IntrinsicId.Array)) ? f : null;
        var method = source.IsNullish ? throw Errors.Type($"{source} is not iterable") : Operators.Get(realm, source, JsSymbol.Iterator);
        if (!method.IsNullish)
        {
            if (!method.IsCallable)
                throw Errors.Type("The Symbol.iterator property is not a function");
            var made = constructor?.Construct([], constructor) ?? realm.NewArray();
            var at = 0;
            Iteration.ForEach(realm, source, item =>
            {
                Put(made, at, map is { } each ? each.Call(item, at) : item);
                at++;
            });
            SetLength(made, at);
            return made;
        }

        var like = Operators.ToObject(source);
        var length = ArrayLike.Length(like);
        var list = constructor?.Construct([length], constructor) ?? NewArray(realm, length);
        for (double i = 0; i < length; i++)
        {
            realm.Step();
            var item = GetAt(like, i);
            Put(list, i, map is { } each ? each.Call(item, i) : item);
        }

        SetLength(list, length);
        return list;
    }

    private static JsValue Of(Realm realm, JsValue self, ReadOnlySpan<JsValue> arguments)
    {
        var made = self.Reference is JsFunction { IsConstructor: true } f ? f.Construct([arguments.Length], f) : realm.NewArray();
        for (var i = 0; i < arguments.Length; i++)
            Put(made, i, arguments[i]);
        SetLength(made, arguments.Length);
        return made;
    }

    private static JsValue Concat(Realm realm, JsValue self, ReadOnlySpan<JsValue> arguments)
    {
        var o = Operators.ToObject(self);
        var made = SpeciesCreate(realm, o, 0);
        double n = 0;
        Append(realm, made, o, ref n);
        foreach (var argument in arguments)
            Append(realm, made, argument, ref n);
        SetLength(made, n);
        return made;
    }

    private static void Append(Realm realm, JsObject made, JsValue item, ref double n)
    {
        if (item.AsObject() is { } o && IsSpreadable(o))
        {
            var length = ArrayLike.Length(o);
            if (n + length > 9007199254740991d)
                throw Errors.Type("The array would be too long");
            for (double i = 0; i < length; i++, n++)
            {
                realm.Step();
                if (HasAt(o, i))
                    Put(made, n, GetAt(o, i));
            }
        }
        else
        {
            Put(made, n++, item);
        }
    }

    private static bool IsSpreadable(JsObject o)
    {
        var spreadable = o.Get(JsSymbol.IsConcatSpreadable);
        return spreadable.IsUndefined ? o is JsArray : Operators.ToBoolean(spreadable);
    }

    private static JsValue Filter(Realm realm, JsValue self, ReadOnlySpan<JsValue> arguments)
    {
        var o = Operators.ToObject(self);
        var length = ArrayLike.Length(o);
        var callback = new Callback(arguments.Callback(0), arguments.At(1));
        var made = IsPlainSource(realm, o) ? null : SpeciesCreate(realm, o, 0);
        var items = new ItemList(realm, made is null ? Math.Min(length, 128) : 0);
        double to = 0;
        for (double i = 0; i < length; i++)
        {
            var item = ElementAt(o, i);
            if (item.IsAbsent)
                realm.Step();
            else if (!callback.Test(item, i, o))
                continue;
            else if (made is null)
                items.Add(item);
            else
                Put(made, to++, item);
        }

        return made ?? items.ToArray();
    }

    private static JsValue Map(Realm realm, JsValue self, ReadOnlySpan<JsValue> arguments)
    {
        var o = Operators.ToObject(self);
        var length = ArrayLike.Length(o);
        var callback = new Callback(arguments.Callback(0), arguments.At(1));
        var made = IsPlainSource(realm, o) ? null : SpeciesCreate(realm, o, length);
        var items = new ItemList(realm, made is null ? length : 0);
        for (double i = 0; i < length; i++)
        {
            var item = ElementAt(o, i);
            var result = JsValue.Absent;
            if (item.IsAbsent)
                realm.Step();
            else
                result = callback.Call(item, i, o);
            if (made is null)
                items.Add(result);
            else if (!result.IsAbsent)
                Put(made, i, result);
        }

        return made ?? items.ToArray();
    }

    private static JsValue Slice(Realm realm, JsValue self, ReadOnlySpan<JsValue> arguments)
    {
        var o = Operators.ToObject(self);
        var length = ArrayLike.Length(o);
        var from = Operators.RelativeIndex(arguments.At(0), length, 0);
        var to = Operators.RelativeIndex(arguments.At(1), length, length);
        var made = SpeciesCreate(realm, o, Math.Max(to - from, 0));
        double n = 0;
        for (var i = from; i < to; i++, n++)
        {
            realm.Step();
            if (HasAt(o, i))
                Put(made, n, GetAt(o, i));
        }

        SetLength(made, n);
        return made;
    }

    private static JsValue Flat(Realm realm, JsValue self, ReadOnlySpan<JsValue> arguments)
    {
        var o = Operators.ToObject(self);
        var length = ArrayLike.Length(o);
        var depth = arguments.At(0).IsUndefined ? 1 : Operators.ToInteger(arguments.At(0));
        var made = SpeciesCreate(realm, o, 0);
        double at = 0;
        Flatten(realm, made, o, length, ref at, depth, map: null);
        return made;
    }

    private static JsValue FlatMap(Realm realm, JsValue self, ReadOnlySpan<JsValue> arguments)
    {
        var o = Operators.ToObject(self);
        var length = ArrayLike.Length(o);
        var callback = new Callback(arguments.Callback(0), arguments.At(1));
        var made = SpeciesCreate(realm, o, 0);
        double at = 0;
        Flatten(realm, made, o, length, ref at, 1, callback);
        return made;
    }

    private static void Flatten(Realm realm, JsObject made, JsObject source, double length, ref double at, double depth, Callback? map)
    {
        using var nesting = realm.Nest();
        for (double i = 0; i < length; i++)
        {
            realm.Step();
            var item = ElementAt(source, i);
            if (item.IsAbsent)
                continue;
            if (map is { } each)
                item = each.Call(item, i, source);
            if (depth > 0 && item.Reference is JsArray inner)
                Flatten(realm, made, inner, inner.Length, ref at, depth - 1, map: null);
            else
                Put(made, at++, item);
        }
    }
}
