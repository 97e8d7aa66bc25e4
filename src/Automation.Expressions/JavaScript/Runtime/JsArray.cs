namespace Automation.Expressions.JavaScript.Runtime;

/// <summary>
/// An array. Elements lie side by side; holes are <see cref="JsValue.Absent"/>. Once an element gets unusual attributes, or the array is
/// frozen, sealed or closed, they move to ordinary properties ("slow"), where every rule is kept.
/// </summary>
internal class JsArray : JsObject
{
    private JsValue[] _items;
    private int _length;
    private bool _slow;
    private bool _lengthReadOnly;

    public JsArray(JsObject? prototype, int capacity = 0)
        : base(prototype)
    {
        _items = capacity == 0 ? [] : new JsValue[capacity];
    }

    public JsArray(JsObject? prototype, JsValue[] items)
        : this(prototype, items, items.Length)
    {
    }

    public JsArray(JsObject? prototype, JsValue[] items, int length)
        : base(prototype)
    {
        _items = items;
        _length = length;
    }

    public override string ClassName => "Array";

    public virtual int Length => _length;

    protected override bool UsesStoredPropertiesOnly => false;

    /// <summary>The elements, if they lie side by side; may hold holes.</summary>
    public bool TryDense(out ReadOnlySpan<JsValue> items)
    {
        FillPending();
        items = _slow ? default : _items.AsSpan(0, _length);
        return !_slow;
    }

    protected JsValue[] Items => _items;

    /// <summary>Makes elements that a lazy array has not made yet.</summary>
    protected virtual void FillPending()
    {
    }

    /// <summary>Gives an element that is absent here but known to the source of a lazy array.</summary>
    protected virtual bool TryPending(int index, out JsValue value)
    {
        value = default;
        return false;
    }

    /// <summary>Called before any change.</summary>
    protected virtual void BeforeChange()
    {
    }

    protected void InitializeItems(JsValue[] items)
    {
        _items = items;
        _length = items.Length;
    }

    public void Push(JsValue value)
    {
        BeforeChange();
        if (_slow || _lengthReadOnly)
        {
            SetIndexOrThrow((uint)_length, value);
            return;
        }

        if (_length == _items.Length)
            EnsureCapacity(_length + 1);
        _items[_length++] = value;
    }

    public bool HasNoOwnIterator => !HasStored(JsSymbol.Iterator);

    /// <summary>Whether elements may be moved about directly.</summary>
    public bool IsPlain
    {
        get
        {
            FillPending();
            return !_slow && !_lengthReadOnly;
        }
    }

    /// <summary>Direct access for built-ins that checked <see cref="IsPlain"/>: replaces all elements.</summary>
    public void Replace(JsValue[] items, int length)
    {
        BeforeChange();
        _items = items;
        _length = length;
    }

    public Span<JsValue> Span
    {
        get
        {
            BeforeChange();
            return _items.AsSpan(0, _length);
        }
    }

    public void RemoveRange(int start, int count)
    {
        BeforeChange();
        Array.Copy(_items, start + count, _items, start, _length - start - count);
        Array.Clear(_items, _length - count, count);
        _length -= count;
    }

    public void InsertGap(int start, int count)
    {
        BeforeChange();
        EnsureCapacity(_length + count);
        Array.Copy(_items, start, _items, start + count, _length - start);
        _length += count;
    }

    private void EnsureCapacity(int needed)
    {
        if (needed > _items.Length)
            Array.Resize(ref _items, Realm.Current.ArrayCapacity(needed, _items.Length * 2));
    }

    /// <summary>Reads an element, as <see cref="HasIndex"/> and <see cref="GetIndex"/> would; absent if there is none.</summary>
    public JsValue ElementAt(uint index)
    {
        if (index < (uint)_length && !_slow)
        {
            var value = _items[index];
            if (!value.IsAbsent || TryPending((int)index, out value))
                return value;
        }

        return HasIndex(index) ? GetIndex(index) : JsValue.Absent;
    }

    public override JsValue GetIndex(uint index)
    {
        if (index < (uint)_length && !_slow)
        {
            var value = _items[index];
            if (!value.IsAbsent)
                return value;
            if (TryPending((int)index, out value))
                return value;
        }

        return base.GetIndex(index);
    }

    public override bool HasIndex(uint index)
    {
        if (index < (uint)_length && !_slow && (!_items[index].IsAbsent || TryPending((int)index, out _)))
            return true;
        return base.HasIndex(index);
    }

    public override bool SetIndex(uint index, JsValue value)
    {
        BeforeChange();
        if (!_slow)
        {
            if (index < (uint)_length && !_items[index].IsAbsent)
            {
                _items[index] = value;
                return true;
            }

            // Something on the prototype could stand in the way of a new element, but only if a script put it there.
            if (!_lengthReadOnly && (Prototype is null || !Realm.Current.ElementsOnPrototypes))
            {
                if (index == (uint)_length)
                    Push(value);
                else
                    DefineDense(index, value);
                return true;
            }
        }

        return Set(PropertyKey.FromIndex(index), value, this);
    }

    public void SetIndexOrThrow(uint index, JsValue value)
    {
        if (!SetIndex(index, value))
            throw Operators.RefusedWrite(this, PropertyKey.FromIndex(index));
    }

    private void DefineDense(uint index, JsValue value)
    {
        if (index >= (uint)_length)
        {
            SetLength((double)index + 1);
        }

        _items[index] = value;
    }

    /// <summary>Sets the length, cutting or extending with holes; false if an element could not be removed.</summary>
    public bool SetLength(double length)
    {
        BeforeChange();
        FillPending();
        if (length > int.MaxValue)
            EnsureCapacity(int.MaxValue);
        var wanted = (int)length;
        if (wanted == _length)
            return true;
        if (_lengthReadOnly)
            return false;
        if (_slow)
            return SetSlowLength(wanted);
        if (wanted > _length)
        {
            EnsureCapacity(wanted);
            _items.AsSpan(_length, wanted - _length).Fill(JsValue.Absent);
        }
        else
        {
            _items.AsSpan(wanted, _length - wanted).Clear();
        }

        _length = wanted;
        return true;
    }

    private bool SetSlowLength(int wanted)
    {
        for (var i = _length - 1; i >= wanted; i--)
        {
            if (!base.Delete(PropertyKey.FromIndex((uint)i)))
            {
                _length = i + 1;
                return false;
            }
        }

        _length = wanted;
        return true;
    }

    private void MakeSlow()
    {
        if (_slow)
            return;
        FillPending();
        _slow = true;
        for (var i = 0; i < _length; i++)
        {
            if (!_items[i].IsAbsent)
                base.DefineOwn(PropertyKey.FromIndex((uint)i), PropertyDescriptor.Data(_items[i]));
        }

        _items = [];
    }

    public override bool TryGetOwn(PropertyKey key, out Property property)
    {
        if (key.Value is string name)
        {
            if (name == "length")
            {
                property = new Property(Length, _lengthReadOnly ? PropertyFlags.None : PropertyFlags.Writable);
                return true;
            }

            if (!_slow && PropertyKey.IsIndex(name, out var index))
            {
                if (index < (uint)Length)
                {
                    FillPending();
                    if (!_items[index].IsAbsent)
                    {
                        property = new Property(_items[index], PropertyFlags.All);
                        return true;
                    }
                }

                property = default;
                return false;
            }
        }

        return base.TryGetOwn(key, out property);
    }

    public override bool DefineOwn(PropertyKey key, in PropertyDescriptor descriptor)
    {
        BeforeChange();
        FillPending();
        if (key.Is("length"))
            return DefineLength(descriptor);
        if (!key.IsIndex(out var index))
            return base.DefineOwn(key, descriptor);
        if (index >= (uint)_length && _lengthReadOnly)
            return false;
        if (!_slow)
        {
            var exists = index < (uint)_length && !_items[index].IsAbsent;
            var plain = !descriptor.IsAccessor && (exists
                ? descriptor.Writable != false && descriptor.Enumerable != false && descriptor.Configurable != false
                : descriptor is { Writable: true, Enumerable: true, Configurable: true });
            if (plain)
            {
                if (!exists)
                    DefineDense(index, descriptor.Value ?? default);
                else if (descriptor.Value is { } value)
                    _items[index] = value;
                return true;
            }

            MakeSlow();
        }

        if (index >= (uint)_length)
        {
            if (!Extensible)
                return false;
            var limit = Realm.Current.Limits.MaxArrayLength;
            if (index >= limit)
                EnsureCapacity(int.MaxValue);
            if (!base.DefineOwn(key, descriptor))
                return false;
            _length = (int)index + 1;
            return true;
        }

        return base.DefineOwn(key, descriptor);
    }

    private bool DefineLength(in PropertyDescriptor descriptor)
    {
        if (descriptor.IsAccessor || descriptor.Configurable == true || descriptor.Enumerable == true)
            return false;
        if (descriptor.Value is { } value)
        {
            var length = Operators.ToUInt32(value);
            if (length != Operators.ToNumber(value))
                throw Errors.Range("Invalid array length");
            if (_lengthReadOnly && (length != _length || descriptor.Writable == true))
                return false;
            var done = SetLength(length);
            if (descriptor.Writable == false)
                _lengthReadOnly = true;
            return done;
        }

        if (_lengthReadOnly && descriptor.Writable == true)
            return false;
        if (descriptor.Writable == false)
            _lengthReadOnly = true;
        return true;
    }

    public override bool Set(PropertyKey key, JsValue value, JsValue receiver)
    {
        if (ReferenceEquals(receiver.Reference, this) && !_slow && key.IsIndex(out var index) && index < (uint)_length && !_items[index].IsAbsent)
            return SetIndex(index, value);
        return base.Set(key, value, receiver);
    }

    public override bool Delete(PropertyKey key)
    {
        if (key.Is("length"))
            return false;
        BeforeChange();
        FillPending();
        if (!_slow && key.IsIndex(out var index))
        {
            if (index < (uint)_length)
                _items[index] = JsValue.Absent;
            return true;
        }

        return base.Delete(key);
    }

    public override void OwnKeys(List<PropertyKey> keys)
    {
        FillPending();
        if (_slow)
        {
            var all = new List<PropertyKey>();
            base.OwnKeys(all);
            var at = all.FindIndex(k => !k.IsIndex(out _));
            all.Insert(at < 0 ? all.Count : at, "length");
            keys.AddRange(all);
            return;
        }

        for (var i = 0; i < _length; i++)
        {
            if (!_items[i].IsAbsent)
                keys.Add(PropertyKey.FromIndex((uint)i));
        }

        keys.Add("length");
        base.OwnKeys(keys);
    }

    public override bool PreventExtensions()
    {
        BeforeChange();
        MakeSlow();
        return base.PreventExtensions();
    }
}
