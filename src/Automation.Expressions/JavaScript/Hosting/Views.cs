using System.Collections;
using System.Text.Json;
using System.Text.Json.Nodes;
using Automation.Expressions.JavaScript.Execution;
using Automation.Expressions.JavaScript.Runtime;

namespace Automation.Expressions.JavaScript.Hosting;

/// <summary>An object or array that stands for something of the host's until it is changed.</summary>
internal interface IHostView
{
    /// <summary>What it stands for.</summary>
    object Original { get; }

    /// <summary>Neither it nor anything below it was changed.</summary>
    bool IsUntouched { get; }
}

/// <summary>An object of the host's: properties are fetched when first read; changes stay in the script.</summary>
internal abstract class ObjectView : JsObject, IHostView
{
    private const byte ReadsBeforeKeeping = 4;

    private bool _changed;
    private byte _reads;

    protected ObjectView(Realm realm)
        : base(realm.ObjectPrototype)
    {
        IsLazy = true;
    }

    public abstract object Original { get; }

    public bool IsUntouched
    {
        get
        {
            if (_changed)
                return false;
            foreach (var (_, value) in StoredValues())
            {
                if (value.Reference is IHostView { IsUntouched: false })
                    return false;
            }

            return true;
        }
    }

    protected override bool NotesChanges => !_changed;

    protected abstract IEnumerable<string> Names { get; }

    protected bool IsWhole => !IsLazy;

    protected abstract bool TryFetch(string name, out JsValue value);

    /// <summary>Fetches what a place in the source reads; absent if there is no such property.</summary>
    protected virtual JsValue Fetch(MemberSite site) => TryFetch(site.Name, out var value) ? value : JsValue.Absent;

    protected override JsValue ReadLazy(MemberSite site)
    {
        var value = Fetch(site);

        // A few numbers are sooner read again than kept; what would be made anew, or is read again and again, is kept.
        if ((value.IsNumber || value.IsBoolean || value.IsNull) && _reads < ReadsBeforeKeeping)
            _reads++;
        else if (!value.IsAbsent)
            AddNew(site.Name, value, PropertyFlags.All);
        return value;
    }

    protected override bool TryMaterialize(PropertyKey key)
    {
        if (key.Value is not string name || !TryFetch(name, out var value))
            return false;
        AddNew(key, value, PropertyFlags.All);
        return true;
    }

    protected override void MaterializeAll() =>
        MaterializeInOrder(Names.Select(name => (PropertyKey)name), (PropertyKey key, out Property property) =>
        {
            var found = TryFetch((string)key.Value, out var value);
            property = new Property(value, PropertyFlags.All);
            return found;
        });

    protected override void BeforeAdd(PropertyKey key) => MaterializeAll();

    public override bool DefineOwn(PropertyKey key, in PropertyDescriptor descriptor)
    {
        _changed = true;
        return base.DefineOwn(key, descriptor);
    }

    public override bool Delete(PropertyKey key)
    {
        if (HasOwn(key))
            _changed = true;
        return base.Delete(key);
    }
}

/// <summary>An object in a JSON document.</summary>
internal sealed class JsonObjectView(Realm realm, JsonElement element) : ObjectView(realm)
{
    public override object Original => element;

    protected override IEnumerable<string> Names
    {
        get
        {
            foreach (var property in element.EnumerateObject())
                yield return property.Name;
        }
    }

    protected override bool TryFetch(string name, out JsValue value)
    {
        if (element.TryGetProperty(name, out var found))
        {
            value = HostValues.FromJson(Realm.Current, found);
            return true;
        }

        value = default;
        return false;
    }

    protected override JsValue Fetch(MemberSite site)
    {
        if (!element.TryGetProperty(site.Utf8, out var found))
            return JsValue.Absent;
        return JsonNumbers.TryReadShort(found, out var number) ? number : HostValues.FromJson(Realm.Current, found);
    }

    /// <summary>
    /// Reads as many names of the path as lead through untouched objects of the document; <paramref name="at"/> then stands past the last
    /// one read. A value that is itself an object or array is only made where it is the path's end, by way of its owner.
    /// </summary>
    public bool TryRead(DocumentPath path, ref int at, out JsValue value)
    {
        value = default;
        if (IsWhole || StoredCount > 0)
            return false;
        var current = element;
        for (var i = at; i < path.Utf8.Length; i++)
        {
            if (current.ValueKind != JsonValueKind.Object || !current.TryGetProperty(path.Utf8[i], out current))
                return false;
        }

        if (current.ValueKind is JsonValueKind.Object or JsonValueKind.Array)
            return false;
        value = HostValues.FromJson(Realm.Current, current);
        at = path.Utf8.Length;
        return true;
    }
}

/// <summary>A dictionary of the host's.</summary>
internal sealed class DictionaryView(Realm realm, object original) : ObjectView(realm)
{
    // The usual class: to ask for an interface takes longer than to find the value.
    private readonly Dictionary<string, object?>? _map = original as Dictionary<string, object?>;

    public override object Original => original;

    protected override IEnumerable<string> Names => original switch
    {
        IReadOnlyDictionary<string, object?> map => map.Keys,
        IDictionary<string, object?> map => map.Keys,
        JsonObject node => node.Select(p => p.Key),
        _ => ((IDictionary)original).Keys.OfType<string>(),
    };

    protected override bool TryFetch(string name, out JsValue value)
    {
        var found = TryFind(name, out var raw);
        value = found ? HostValues.FromHost(Realm.Current, raw) : default;
        return found;
    }

    protected override JsValue Fetch(MemberSite site)
    {
        if (_map is not { } map)
            return base.Fetch(site);
        if (!map.TryGetValue(site.Name, out var raw))
            return JsValue.Absent;
        return raw switch
        {
            int number => number,
            double number => number,
            string text => text,
            _ => HostValues.FromHost(Realm.Current, raw),
        };
    }

    private bool TryFind(string name, out object? value)
    {
        switch (original)
        {
            case IReadOnlyDictionary<string, object?> map:
                return map.TryGetValue(name, out value);
            case IDictionary<string, object?> map:
                return map.TryGetValue(name, out value);
            case JsonObject node:
                var found = node.TryGetPropertyValue(name, out var item);
                value = item;
                return found;
            default:
                value = ((IDictionary)original)[name];
                return value is not null || ((IDictionary)original).Contains(name);
        }
    }
}

/// <summary>An array of the host's: elements are fetched when first read; changes stay in the script.</summary>
internal abstract class ArrayView(Realm realm) : JsArray(realm.ArrayPrototype), IHostView
{
    private bool _changed;
    private bool _started;
    private bool _whole;

    public abstract object Original { get; }

    public bool IsUntouched
    {
        get
        {
            if (_changed)
                return false;
            if (!_started)
                return true;
            foreach (var value in Items)
            {
                if (value.Reference is IHostView { IsUntouched: false })
                    return false;
            }

            return true;
        }
    }

    protected abstract int SourceLength { get; }

    public override int Length => _started ? base.Length : SourceLength;

    protected abstract JsValue Fetch(int index);

    private void Start()
    {
        if (_started)
            return;
        var length = SourceLength;
        Realm.Current.ReserveMemory((long)length * 16);
        var items = new JsValue[length];
        Array.Fill(items, JsValue.Absent);
        _started = true;
        InitializeItems(items);
    }

    protected override bool TryPending(int index, out JsValue value)
    {
        if (_whole)
        {
            value = default;
            return false;
        }

        value = Fetch(index);
        Items[index] = value;
        return true;
    }

    protected override void FillPending()
    {
        if (_whole)
            return;
        Start();
        var items = Items;
        for (var i = 0; i < items.Length; i++)
        {
            if (items[i].IsAbsent)
                items[i] = Fetch(i);
        }

        _whole = true;
    }

    protected override void BeforeChange()
    {
        FillPending();
        _changed = true;
    }

    public override JsValue GetIndex(uint index)
    {
        Start();
        return base.GetIndex(index);
    }

    public override bool HasIndex(uint index)
    {
        Start();
        return base.HasIndex(index);
    }
}

internal sealed class JsonArrayView(Realm realm, JsonElement element) : ArrayView(realm)
{
    private readonly Realm _realm = realm;

    /// <summary>Elements are mostly read one after another; the others are found in a list made when it is first needed.</summary>
    private JsonElement.ArrayEnumerator _next = element.EnumerateArray();
    private int _nextIndex;
    private JsonElement[]? _elements;

    public override object Original => element;

    protected override int SourceLength => element.GetArrayLength();

    protected override JsValue Fetch(int index)
    {
        if (index == _nextIndex && _next.MoveNext())
        {
            _nextIndex++;
            return HostValues.FromJson(_realm, _next.Current);
        }

        _elements ??= [.. element.EnumerateArray()];
        return HostValues.FromJson(_realm, _elements[index]);
    }
}

internal sealed class ListView(Realm realm, object original, IReadOnlyList<object?> items) : ArrayView(realm)
{
    private readonly Realm _realm = realm;
    private readonly int _length = items.Count;

    // The usual class, which is read without asking for an interface.
    private readonly List<object?>? _list = items as List<object?>;

    public override object Original => original;

    protected override int SourceLength => _length;

    protected override JsValue Fetch(int index)
    {
        var item = _list is { } list ? list[index] : items[index];
        return item?.GetType() == typeof(Dictionary<string, object?>) ? new DictionaryView(_realm, item) : HostValues.FromHost(_realm, item);
    }
}

/// <summary>A list whose elements are not objects, such as one of numbers: each is boxed when it is asked for.</summary>
internal sealed class ListOfAny(IList list) : IReadOnlyList<object?>
{
    public int Count => list.Count;

    public object? this[int index] => list[index];

    public IEnumerator<object?> GetEnumerator() => list.Cast<object?>().GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => list.GetEnumerator();
}

/// <summary>Bytes of the host's: elements can be read, not written.</summary>
internal sealed class BytesView(Realm realm, byte[] bytes) : JsObject(realm.ObjectPrototype)
{
    public byte[] Bytes { get; } = bytes;

    protected override bool UsesStoredPropertiesOnly => false;

    public override bool TryGetOwn(PropertyKey key, out Property property)
    {
        if (key.Is("length"))
        {
            property = new Property(Bytes.Length, PropertyFlags.None);
            return true;
        }

        if (key.IsIndex(out var index) && index < Bytes.Length)
        {
            property = new Property(Bytes[index], PropertyFlags.Enumerable);
            return true;
        }

        return base.TryGetOwn(key, out property);
    }

    public override bool DefineOwn(PropertyKey key, in PropertyDescriptor descriptor) =>
        !key.IsIndex(out _) && !key.Is("length") && base.DefineOwn(key, descriptor);
}
