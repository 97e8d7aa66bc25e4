using System.Runtime.CompilerServices;
using Automation.Expressions.JavaScript.Execution;
using Automation.Expressions.JavaScript.Runtime;

namespace Automation.Expressions.JavaScript.Builtins;

/// <summary>Entries in the order added, found by key; may change while being gone through.</summary>
internal sealed class OrderedEntries
{
    private readonly Dictionary<JsValue, int> _index = new(new KeyComparer());
    private readonly List<(JsValue Key, JsValue Value)> _entries = [];

    public int Count => _index.Count;

    public bool TryGet(JsValue key, out JsValue value)
    {
        if (_index.TryGetValue(Normal(key), out var at))
        {
            value = _entries[at].Value;
            return true;
        }

        value = default;
        return false;
    }

    public bool Has(JsValue key) => _index.ContainsKey(Normal(key));

    public void Set(JsValue key, JsValue value)
    {
        key = Normal(key);
        ref var at = ref System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(_index, key, out var exists);
        if (exists)
        {
            _entries[at] = (key, value);
            return;
        }

        at = _entries.Count;
        _entries.Add((key, value));
        if (_entries.Count % 1024 == 0)
            Realm.Current.ReserveMemory(1024 * 128);
    }

    /// <summary>Adds a key that is its own value, as sets have them.</summary>
    public void Add(JsValue key) => Set(key, Normal(key));

    public bool Remove(JsValue key)
    {
        if (!_index.Remove(Normal(key), out var at))
            return false;

        // The place stays, so that whoever goes through the entries keeps its own.
        _entries[at] = (JsValue.Absent, default);
        return true;
    }

    public void Clear()
    {
        _index.Clear();
        for (var i = 0; i < _entries.Count; i++)
            _entries[i] = (JsValue.Absent, default);
    }

    /// <summary>The next entry at or after a place; entries added meanwhile are seen.</summary>
    public bool TryNext(ref int at, out (JsValue Key, JsValue Value) entry)
    {
        while (at < _entries.Count)
        {
            entry = _entries[at++];
            if (!entry.Key.IsAbsent)
                return true;
        }

        entry = default;
        return false;
    }

    public IEnumerable<(JsValue Key, JsValue Value)> Live()
    {
        var at = 0;
        while (TryNext(ref at, out var entry))
            yield return entry;
    }

    private static JsValue Normal(JsValue key) => key.IsNumber && key.AsNumber() == 0 ? 0 : key;

    private sealed class KeyComparer : IEqualityComparer<JsValue>
    {
        public bool Equals(JsValue x, JsValue y) => Operators.SameValueZero(x, y);

        public int GetHashCode(JsValue value) => value.Type switch
        {
            JsType.Number or JsType.Boolean => value.AsNumber().GetHashCode(),
            JsType.String => value.AsString().GetHashCode(StringComparison.Ordinal),
            JsType.BigInt => ((JsBigInt)value.Reference!).Value.GetHashCode(),
            _ => value.Reference is null ? 0 : RuntimeHelpers.GetHashCode(value.Reference),
        };
    }
}

/// <summary>A Map or a Set.</summary>
internal abstract class JsCollection(JsObject? prototype) : JsObject(prototype)
{
    public OrderedEntries Entries { get; } = new();
}

internal sealed class JsMap(JsObject? prototype) : JsCollection(prototype)
{
    public override string ClassName => "Map";
}

internal sealed class JsSet(JsObject? prototype) : JsCollection(prototype)
{
    public override string ClassName => "Set";
}

/// <summary>Map and Map.prototype.</summary>
internal static class MapBuiltins
{
    public static readonly BuiltinTemplate Prototype = Collections.Prototype("Map", IntrinsicId.Map, IntrinsicId.MapIteratorPrototype)
        .Method("get", 1, (_, self, a) => This(self).TryGet(a.At(0), out var value) ? value : default)
        .Method("keys", 0, (realm, self, _) => Collections.Iterate(realm, This(self), IterationKind.Keys, IntrinsicId.MapIteratorPrototype, "Map Iterator"))
        .Method("set", 2, (_, self, a) =>
        {
            This(self).Set(a.At(0), a.At(1));
            return self;
        })
        .Lazy(JsSymbol.Iterator, realm => realm.Intrinsic(IntrinsicId.MapPrototype).Get("entries"));

    private static readonly BuiltinTemplate Statics = new BuiltinTemplate()
        .Method("groupBy", 2, GroupBy)
        .Getter(JsSymbol.Species, (_, self, _) => self);

    public static JsObject MakeConstructor(Realm realm) => new NativeFunction(
        realm, "Map", 0,
        (_, _, _) => throw Errors.Type("Constructor Map requires 'new'"),
        (r, a, newTarget) =>
        {
            var map = new JsMap(r.PrototypeFor(newTarget, IntrinsicId.MapPrototype));
            Collections.AddPairs(r, map, a.At(0), "set");
            return map;
        },
        Statics,
        r => r.Intrinsic(IntrinsicId.MapPrototype));

    private static OrderedEntries This(JsValue self) => Collections.This(self, "Map");

    private static JsValue GroupBy(Realm realm, JsValue self, ReadOnlySpan<JsValue> arguments)
    {
        if (arguments.At(0).IsNullish)
            throw Errors.Type($"{arguments.At(0)} is not iterable");
        var callback = arguments.Callback(1);
        var map = new JsMap(realm.Intrinsic(IntrinsicId.MapPrototype));
        var index = 0;
        Iteration.ForEach(realm, arguments.At(0), item =>
        {
            var key = callback.Call(default, [item, index++]);
            if (!map.Entries.TryGet(key, out var group))
                map.Entries.Set(key, group = realm.NewArray());
            ((JsArray)group.Reference!).Push(item);
        });
        return map;
    }
}

/// <summary>Set and Set.prototype.</summary>
internal static class SetBuiltins
{
    public static readonly BuiltinTemplate Prototype = Collections.Prototype("Set", IntrinsicId.Set, IntrinsicId.SetIteratorPrototype)
        .Method("add", 1, (_, self, a) =>
        {
            Collections.This(self, "Set").Add(a.At(0));
            return self;
        })
        .Lazy("keys", realm => realm.Intrinsic(IntrinsicId.SetPrototype).Get("values"))
        .Lazy(JsSymbol.Iterator, realm => realm.Intrinsic(IntrinsicId.SetPrototype).Get("values"));

    private static readonly BuiltinTemplate Statics = new BuiltinTemplate().Getter(JsSymbol.Species, (_, self, _) => self);

    public static JsObject MakeConstructor(Realm realm) => new NativeFunction(
        realm, "Set", 0,
        (_, _, _) => throw Errors.Type("Constructor Set requires 'new'"),
        (r, a, newTarget) =>
        {
            var set = new JsSet(r.PrototypeFor(newTarget, IntrinsicId.SetPrototype));
            Collections.AddItems(r, set, a.At(0));
            return set;
        },
        Statics,
        r => r.Intrinsic(IntrinsicId.SetPrototype));
}

/// <summary>What maps and sets have in common.</summary>
internal static class Collections
{
    public static BuiltinTemplate Prototype(string kind, IntrinsicId constructor, IntrinsicId iterator) => new BuiltinTemplate()
        .Intrinsic("constructor", constructor)
        .Method("clear", 0, (_, self, _) =>
        {
            This(self, kind).Clear();
            return default;
        })
        .Method("delete", 1, (_, self, a) => This(self, kind).Remove(a.At(0)))
        .Method("entries", 0, (realm, self, _) => Iterate(realm, This(self, kind), IterationKind.Entries, iterator, $"{kind} Iterator"))
        .Method("forEach", 1, (_, self, a) => ForEach(self, This(self, kind), a))
        .Method("has", 1, (_, self, a) => This(self, kind).Has(a.At(0)))
        .Getter("size", (_, self, _) => This(self, kind).Count)
        .Method("values", 0, (realm, self, _) => Iterate(realm, This(self, kind), IterationKind.Values, iterator, $"{kind} Iterator"))
        .Tag(kind);

    public static OrderedEntries This(JsValue self, string kind) =>
        self.Reference is JsCollection collection && collection.ClassName == kind ? collection.Entries
        : throw Errors.Type($"Method {kind}.prototype called on incompatible receiver {Operators.Describe(self)}");

    private static JsValue ForEach(JsValue self, OrderedEntries entries, ReadOnlySpan<JsValue> arguments)
    {
        var callback = arguments.Callback(0);
        var at = 0;
        while (entries.TryNext(ref at, out var entry))
            callback.Call(arguments.At(1), [entry.Value, entry.Key, self]);
        return default;
    }

    public static JsIterator Iterate(Realm realm, OrderedEntries entries, IterationKind kind, IntrinsicId prototype, string name)
    {
        var at = 0;
        return new JsIterator(realm.Intrinsic(prototype), name, () =>
        {
            if (!entries.TryNext(ref at, out var entry))
                return null;
            return kind switch
            {
                IterationKind.Keys => entry.Key,
                IterationKind.Values => entry.Value,
                _ => realm.NewArray([entry.Key, entry.Value]),
            };
        });
    }

    public static void AddPairs(Realm realm, JsObject map, JsValue items, string method)
    {
        if (items.IsNullish)
            return;
        var adder = map.Get(method).AsFunction() ?? throw Errors.Type($"'{method}' of the collection is not a function");
        Iteration.ForEach(realm, items, item =>
        {
            var pair = item.AsObject() ?? throw Errors.Type($"Iterator value {Operators.Describe(item)} is not an entry object");
            var key = pair.GetIndex(0);
            adder.Call(map, [key, pair.GetIndex(1)]);
        });
    }

    public static void AddItems(Realm realm, JsObject set, JsValue items)
    {
        if (items.IsNullish)
            return;
        var adder = set.Get("add").AsFunction() ?? throw Errors.Type("'add' of the collection is not a function");
        Iteration.ForEach(realm, items, item => adder.Call(set, [item]));
    }
}

/// <summary>A collection that does not keep its keys alive.</summary>
internal sealed class JsWeakCollection(JsObject? prototype, string kind) : JsObject(prototype)
{
    public ConditionalWeakTable<object, StrongBox<JsValue>> Entries { get; } = [];

    public override string ClassName => kind;
}

/// <summary>WeakMap and WeakSet.</summary>
internal static class WeakBuiltins
{
    /// <summary>Stands for what can be no key.</summary>
    private static readonly object NoKey = new();

    public static readonly BuiltinTemplate MapPrototype = new BuiltinTemplate()
        .Intrinsic("constructor", IntrinsicId.WeakMap)
        .Method("delete", 1, (_, self, a) => This(self, "WeakMap").Remove(Key(a.At(0)) ?? NoKey))
        .Method("get", 1, (_, self, a) => This(self, "WeakMap") is var entries && Key(a.At(0)) is { } key && entries.TryGetValue(key, out var box) ? box.Value : default)
        .Method("has", 1, (_, self, a) => Has(This(self, "WeakMap"), a.At(0)))
        .Method("set", 2, (_, self, a) =>
        {
            This(self, "WeakMap").AddOrUpdate(Key(a.At(0)) ?? throw Errors.Type("Invalid value used as weak map key"), new StrongBox<JsValue>(a.At(1)));
            return self;
        })
        .Tag("WeakMap");

    public static readonly BuiltinTemplate SetPrototype = new BuiltinTemplate()
        .Intrinsic("constructor", IntrinsicId.WeakSet)
        .Method("add", 1, (_, self, a) =>
        {
            This(self, "WeakSet").AddOrUpdate(Key(a.At(0)) ?? throw Errors.Type("Invalid value used in weak set"), new StrongBox<JsValue>(default));
            return self;
        })
        .Method("delete", 1, (_, self, a) => This(self, "WeakSet").Remove(Key(a.At(0)) ?? NoKey))
        .Method("has", 1, (_, self, a) => Has(This(self, "WeakSet"), a.At(0)))
        .Tag("WeakSet");

    public static JsObject MakeMapConstructor(Realm realm) => Make(realm, "WeakMap", IntrinsicId.WeakMapPrototype, (r, o, items) => Collections.AddPairs(r, o, items, "set"));

    public static JsObject MakeSetConstructor(Realm realm) => Make(realm, "WeakSet", IntrinsicId.WeakSetPrototype, Collections.AddItems);

    private static NativeFunction Make(Realm realm, string name, IntrinsicId prototype, Action<Realm, JsObject, JsValue> fill) => new(
        realm, name, 0,
        (_, _, _) => throw Errors.Type($"Constructor {name} requires 'new'"),
        (r, a, newTarget) =>
        {
            var made = new JsWeakCollection(r.PrototypeFor(newTarget, prototype), name);
            fill(r, made, a.At(0));
            return made;
        },
        prototypeObject: r => r.Intrinsic(prototype));

    private static ConditionalWeakTable<object, StrongBox<JsValue>> This(JsValue self, string kind) =>
        self.Reference is JsWeakCollection collection && collection.ClassName == kind ? collection.Entries
        : throw Errors.Type($"Method {kind}.prototype called on incompatible receiver {Operators.Describe(self)}");

    private static object? Key(JsValue value) => value.Reference is JsObject or JsSymbol ? value.Reference : null;

    private static bool Has(ConditionalWeakTable<object, StrongBox<JsValue>> entries, JsValue key) => Key(key) is { } k && entries.TryGetValue(k, out _);
}
