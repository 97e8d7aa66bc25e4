using System.Runtime.CompilerServices;

namespace Automation.Expressions.JavaScript.Runtime;

/// <summary>
/// An object. Properties lie in an array in the order made, found by a short scan, and through a dictionary once there are many.
/// A lazy object makes its properties when they are first asked for.
/// </summary>
internal partial class JsObject
{
    private const int ScanLimit = 8;

    private PropertyEntry[] _entries = [];
    private int _count;
    private int _removed;
    private Dictionary<PropertyKey, int>? _index;

    public JsObject(JsObject? prototype)
    {
        Prototype = prototype;
    }

    public JsObject? Prototype { get; protected set; }

    public bool Extensible { get; protected set; } = true;

    /// <summary>The name <c>Object.prototype.toString</c> gives.</summary>
    public virtual string ClassName => "Object";

    /// <summary>Whether properties may still have to be made; see <see cref="TryMaterialize"/>.</summary>
    protected bool IsLazy { get; set; }

    /// <summary>Makes one property of a lazy object, if it has it. It must then be among the stored ones.</summary>
    protected virtual bool TryMaterialize(PropertyKey key) => false;

    /// <summary>
    /// Reads a property of a lazy object that is not among the stored ones, the quickest way there is; it need not make it. Absent where
    /// there is no such property.
    /// </summary>
    protected virtual JsValue ReadLazy(MemberSite site) => JsValue.Absent;

    /// <summary>Makes all properties of a lazy object and clears <see cref="IsLazy"/>.</summary>
    protected virtual void MaterializeAll() => IsLazy = false;

    // ---- storage ----

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int Find(PropertyKey key)
    {
        var at = FindStored(key);
        return at < 0 && IsLazy && TryMaterialize(key) ? FindStored(key) : at;
    }

    private int FindStored(PropertyKey key)
    {
        if (_index is not null)
            return _index.TryGetValue(key, out var found) ? found : -1;
        var entries = _entries;
        var value = key.Value;
        var count = _count;
        for (var i = 0; i < count && i < entries.Length; i++)
        {
            if (ReferenceEquals(entries[i].Key, value))
                return i;
        }

        if (value is string name)
        {
            for (var i = 0; i < count && i < entries.Length; i++)
            {
                if (entries[i].Key is string other && other.Length == name.Length && other == name)
                    return i;
            }
        }

        return -1;
    }

    protected bool HasStored(PropertyKey key) => FindStored(key) >= 0;

    protected int StoredCount => _count - _removed;

    /// <summary>Adds a property known to be new, without any check.</summary>
    public void AddNew(PropertyKey key, JsValue value, PropertyFlags flags)
    {
        if (_count == _entries.Length)
            Grow();
        ref var entry = ref _entries[_count];
        entry.Key = key.Value;
        entry.Value = value;
        entry.Flags = flags;
        _index?.Add(key, _count);
        _count++;
        if (_index is null && _count > ScanLimit)
            BuildIndex();
    }

    /// <summary>Completes the second half of a private accessor.</summary>
    public void ReplacePrivate(PropertyKey key, Accessor pair) => _entries[FindStored(key)].Value = JsValue.FromRaw(pair);

    /// <summary>Makes room for this many properties at once.</summary>
    public void Reserve(int count)
    {
        if (count > _entries.Length)
            Array.Resize(ref _entries, count);
    }

    private void Grow()
    {
        if (_removed > 8 && _removed > _count / 2)
        {
            Compact();
            if (_count < _entries.Length)
                return;
        }

        var size = _entries.Length == 0 ? 4 : _entries.Length * 2;
        if (size > 1024)
            Realm.Current.ReserveMemory((long)size * 40);
        Array.Resize(ref _entries, size);
    }

    private void BuildIndex()
    {
        _index = new Dictionary<PropertyKey, int>(_count * 2);
        for (var i = 0; i < _count; i++)
        {
            if (_entries[i].Key is { } key)
                _index[new PropertyKey(key)] = i;
        }
    }

    private void Compact()
    {
        var kept = 0;
        for (var i = 0; i < _count; i++)
        {
            if (_entries[i].Key is not null)
                _entries[kept++] = _entries[i];
        }

        Array.Clear(_entries, kept, _count - kept);
        _count = kept;
        _removed = 0;
        if (_index is not null)
            BuildIndex();
    }

    /// <summary>Takes all stored properties out, for a lazy object that puts them back in its own order.</summary>
    protected Dictionary<PropertyKey, Property> TakeStored()
    {
        var taken = new Dictionary<PropertyKey, Property>(_count);
        for (var i = 0; i < _count; i++)
        {
            if (_entries[i].Key is { } key)
                taken[new PropertyKey(key)] = new Property(_entries[i].Value, _entries[i].Flags);
        }

        _entries = [];
        _count = _removed = 0;
        _index = null;
        return taken;
    }

    /// <summary>Makes one property of a lazy object, if it has it.</summary>
    protected delegate bool PropertyMaker(PropertyKey key, out Property property);

    /// <summary>
    /// Makes all properties of a lazy object in the order of the keys. Those made before keep their values; what else was stored comes last.
    /// </summary>
    protected void MaterializeInOrder(IEnumerable<PropertyKey> keys, PropertyMaker make)
    {
        if (!IsLazy)
            return;
        IsLazy = false;
        var made = TakeStored();
        foreach (var key in keys)
        {
            if (HasStored(key))
                continue;
            if (made.Remove(key, out var property) || make(key, out property))
                AddNew(key, property.Value, property.Flags);
        }

        foreach (var (key, property) in made)
            AddNew(key, property.Value, property.Flags);
    }

    /// <summary>The stored values, for whoever looks for changes below a lazy object.</summary>
    protected IEnumerable<(PropertyKey Key, JsValue Value)> StoredValues()
    {
        for (var i = 0; i < _count; i++)
        {
            if (_entries[i].Key is { } key)
                yield return (new PropertyKey(key), _entries[i].Value);
        }
    }

    private void RemoveAt(int at)
    {
        _index?.Remove(new PropertyKey(_entries[at].Key!));
        _entries[at] = default;
        _removed++;
        if (at == _count - 1)
        {
            _count--;
            _removed--;
        }
    }

    /// <summary>Reads an own data property, looking first where it was found last time; absent if it has to be looked for in the usual way.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public JsValue GetHinted(MemberSite site)
    {
        var entries = _entries;
        var at = site.Hint;
        if ((uint)at < (uint)entries.Length && ReferenceEquals(entries[at].Key, site.Name) && (entries[at].Flags & PropertyFlags.Accessor) == PropertyFlags.None)
            return entries[at].Value;
        return GetUnhinted(site);
    }

    private JsValue GetUnhinted(MemberSite site)
    {
        if (IsLazy && (_count == 0 || FindStored(site.Name) < 0))
        {
            var value = ReadLazy(site);
            if (!value.IsAbsent)
                return value;
        }

        if (UsesStoredPropertiesOnly)
        {
            var at = Find(site.Name);
            if (at >= 0 && (_entries[at].Flags & PropertyFlags.Accessor) == PropertyFlags.None)
            {
                site.Hint = at;
                return _entries[at].Value;
            }
        }

        return JsValue.Absent;
    }

    /// <summary>Writes a plain property where it was found last time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TrySetHinted(MemberSite site, JsValue value)
    {
        var entries = _entries;
        var at = site.Hint;
        if ((uint)at < (uint)entries.Length && ReferenceEquals(entries[at].Key, site.Name)
            && (entries[at].Flags & (PropertyFlags.Accessor | PropertyFlags.Writable)) == PropertyFlags.Writable && !NotesChanges)
        {
            entries[at].Value = value;
            return true;
        }

        return false;
    }

    /// <summary>False where <see cref="TryGetOwn"/> finds properties elsewhere too (array elements, the host's names).</summary>
    protected virtual bool UsesStoredPropertiesOnly => true;

    /// <summary>True where a write must be noticed (a document's object, a host's object).</summary>
    protected virtual bool NotesChanges => false;

    private struct PropertyEntry
    {
        public object? Key;
        public JsValue Value;
        public PropertyFlags Flags;
    }
}
