namespace Automation.Expressions.JavaScript.Runtime;

/// <content>The internal methods of the specification.</content>
internal partial class JsObject
{
    public virtual bool TryGetOwn(PropertyKey key, out Property property)
    {
        var at = Find(key);
        if (at < 0)
        {
            property = default;
            return false;
        }

        property = new Property(_entries[at].Value, _entries[at].Flags);
        return true;
    }

    /// <summary>Creates or changes a property as far as the rules allow; false if they do not.</summary>
    public virtual bool DefineOwn(PropertyKey key, in PropertyDescriptor descriptor)
    {
        var at = Find(key);
        if (at < 0)
        {
            if (!Extensible)
                return false;
            if (IsLazy)
                BeforeAdd(key);
            var flags = Flags(descriptor.Writable ?? false, descriptor.Enumerable ?? false, descriptor.Configurable ?? false);
            if (descriptor.IsAccessor)
            {
                AddNew(key, JsValue.FromRaw(new Accessor(descriptor.Getter, descriptor.Setter)), (flags & ~PropertyFlags.Writable) | PropertyFlags.Accessor);
            }
            else
            {
                AddNew(key, descriptor.Value ?? default, flags);
            }

            return true;
        }

        ref var entry = ref _entries[at];
        var merged = new Property(entry.Value, entry.Flags);
        if (!PropertyRules.TryMerge(ref merged, descriptor))
            return false;
        entry.Value = merged.Value;
        entry.Flags = merged.Flags;
        return true;
    }

    private static PropertyFlags Flags(bool writable, bool enumerable, bool configurable) =>
        (writable ? PropertyFlags.Writable : PropertyFlags.None) | (enumerable ? PropertyFlags.Enumerable : PropertyFlags.None)
        | (configurable ? PropertyFlags.Configurable : PropertyFlags.None);

    /// <summary>Called before a property is added to a lazy object.</summary>
    protected virtual void BeforeAdd(PropertyKey key)
    {
    }

    public virtual bool Delete(PropertyKey key)
    {
        if (IsLazy)
            MaterializeAll();
        var at = FindStored(key);
        if (at < 0)
            return true;
        if ((_entries[at].Flags & PropertyFlags.Configurable) == PropertyFlags.None)
            return false;
        RemoveAt(at);
        return true;
    }

    /// <summary>Adds the own keys in the language's order: indexes by number, then names, then symbols.</summary>
    public virtual void OwnKeys(List<PropertyKey> keys)
    {
        if (IsLazy)
            MaterializeAll();
        List<uint>? indexes = null;
        var hasSymbols = false;
        for (var i = 0; i < _count; i++)
        {
            if (_entries[i].Key is string name)
            {
                if (name.Length > 0 && name[0] is >= '0' and <= '9' && PropertyKey.IsIndex(name, out var index))
                    (indexes ??= []).Add(index);
            }
            else if (_entries[i].Key is JsSymbol { IsPrivate: false })
            {
                hasSymbols = true;
            }
        }

        if (indexes is not null)
        {
            indexes.Sort();
            foreach (var index in indexes)
                keys.Add(PropertyKey.FromIndex(index));
        }

        for (var i = 0; i < _count; i++)
        {
            if (_entries[i].Key is string name && !(indexes is not null && PropertyKey.IsIndex(name, out _)))
                keys.Add(name);
        }

        if (!hasSymbols)
            return;
        for (var i = 0; i < _count; i++)
        {
            if (_entries[i].Key is JsSymbol { IsPrivate: false } symbol)
                keys.Add(symbol);
        }
    }

    public List<PropertyKey> OwnKeys()
    {
        var keys = new List<PropertyKey>();
        OwnKeys(keys);
        return keys;
    }

    public virtual bool PreventExtensions()
    {
        if (IsLazy)
            MaterializeAll();
        Extensible = false;
        return true;
    }

    public virtual bool SetPrototype(JsObject? prototype)
    {
        if (ReferenceEquals(prototype, Prototype))
            return true;
        if (!Extensible)
            return false;
        for (var p = prototype; p is not null; p = p.Prototype)
        {
            if (ReferenceEquals(p, this))
                return false;
        }

        Prototype = prototype;
        return true;
    }

    // ---- derived operations ----

    public bool TryGet(PropertyKey key, JsValue receiver, out JsValue value)
    {
        for (var o = this; o is not null; o = o.Prototype)
        {
            if (o.TryGetOwn(key, out var property))
            {
                value = property.IsAccessor ? property.Accessor.Getter?.Call(receiver, []) ?? default : property.Value;
                return true;
            }
        }

        value = default;
        return false;
    }

    public JsValue Get(PropertyKey key) => TryGet(key, this, out var value) ? value : default;

    public JsValue Get(PropertyKey key, JsValue receiver) => TryGet(key, receiver, out var value) ? value : default;

    public virtual JsValue GetIndex(uint index) => Get(PropertyKey.FromIndex(index));

    public bool Has(PropertyKey key)
    {
        for (var o = this; o is not null; o = o.Prototype)
        {
            if (o.TryGetOwn(key, out _))
                return true;
        }

        return false;
    }

    public virtual bool HasIndex(uint index) => Has(PropertyKey.FromIndex(index));

    public bool Set(PropertyKey key, JsValue value) => Set(key, value, this);

    public virtual bool Set(PropertyKey key, JsValue value, JsValue receiver)
    {
        for (var o = this; o is not null; o = o.Prototype)
        {
            if (!o.TryGetOwn(key, out var property))
                continue;
            if (property.IsAccessor)
            {
                var setter = property.Accessor.Setter;
                if (setter is null)
                    return false;
                setter.Call(receiver, [value]);
                return true;
            }

            if (!property.Writable)
                return false;
            if (ReferenceEquals(o, receiver.Reference))
                return o.DefineOwn(key, new PropertyDescriptor { Value = value });
            break;
        }

        if (receiver.AsObject() is not { } target)
            return false;
        if (ReferenceEquals(target, this) || !target.TryGetOwn(key, out var existing))
            return target.DefineOwn(key, PropertyDescriptor.Data(value));
        return !existing.IsAccessor && existing.Writable && target.DefineOwn(key, new PropertyDescriptor { Value = value });
    }

    public virtual bool SetIndex(uint index, JsValue value) => Set(PropertyKey.FromIndex(index), value, this);

    public bool HasOwn(PropertyKey key) => TryGetOwn(key, out _);

    /// <summary>Creates an ordinary property, or throws where that is refused.</summary>
    public void CreateOrThrow(PropertyKey key, JsValue value)
    {
        if (!DefineOwn(key, PropertyDescriptor.Data(value)))
            throw Errors.Type($"Cannot define property {key}, object is not extensible");
    }

    public void SetOrThrow(PropertyKey key, JsValue value)
    {
        if (!Set(key, value, this))
            throw Operators.RefusedWrite(this, key);
    }

    public void DefineOrThrow(PropertyKey key, in PropertyDescriptor descriptor)
    {
        if (!DefineOwn(key, descriptor))
            throw Errors.Type(HasOwn(key) ? $"Cannot redefine property: {key}" : $"Cannot define property {key}, object is not extensible");
    }

    public void DeleteOrThrow(PropertyKey key)
    {
        if (!Delete(key))
            throw Errors.Type($"Cannot delete property '{key}' of {Operators.Describe(this)}");
    }

    /// <summary>The method of that name; undefined and null count as absent.</summary>
    public JsFunction? GetMethod(PropertyKey key)
    {
        var method = Get(key);
        if (method.IsNullish)
            return null;
        return method.AsFunction() ?? throw Errors.Type($"{Operators.Describe(method)} is not a function");
    }

    public JsValue Invoke(PropertyKey key, params ReadOnlySpan<JsValue> arguments)
    {
        var method = Get(key).AsFunction() ?? throw Errors.Type($"{Operators.Describe(this)}.{key} is not a function");
        return method.Call(this, arguments);
    }

    /// <summary>Changes the prototype of an object that nothing else has seen yet.</summary>
    public void InitializePrototype(JsObject? prototype) => Prototype = prototype;
}

/// <summary>What may be made of a property that exists.</summary>
internal static class PropertyRules
{
    public static bool TryMerge(ref Property current, in PropertyDescriptor wanted)
    {
        if (!current.Configurable)
        {
            if (wanted.Configurable == true || (wanted.Enumerable is { } enumerable && enumerable != current.Enumerable))
                return false;
            if (!IsAllowedOnFixed(current, wanted))
                return false;
        }

        var flags = current.Flags;
        if (wanted.IsAccessor)
        {
            var before = current.IsAccessor ? current.Accessor : null;
            current.Value = JsValue.FromRaw(new Accessor(
                wanted.HasGetter ? wanted.Getter : before?.Getter,
                wanted.HasSetter ? wanted.Setter : before?.Setter));
            flags = (flags & ~PropertyFlags.Writable) | PropertyFlags.Accessor;
        }
        else if (wanted.IsData)
        {
            if (current.IsAccessor)
            {
                current.Value = default;
                flags &= ~(PropertyFlags.Accessor | PropertyFlags.Writable);
            }

            if (wanted.Value is { } value)
                current.Value = value;
            flags = With(flags, PropertyFlags.Writable, wanted.Writable);
        }

        flags = With(flags, PropertyFlags.Enumerable, wanted.Enumerable);
        current.Flags = With(flags, PropertyFlags.Configurable, wanted.Configurable);
        return true;
    }

    private static bool IsAllowedOnFixed(in Property current, in PropertyDescriptor wanted)
    {
        if (wanted.IsAccessor)
        {
            return current.IsAccessor
                && (!wanted.HasGetter || ReferenceEquals(wanted.Getter, current.Accessor.Getter))
                && (!wanted.HasSetter || ReferenceEquals(wanted.Setter, current.Accessor.Setter));
        }

        if (!wanted.IsData)
            return true;
        if (current.IsAccessor)
            return false;
        return current.Writable
            || (wanted.Writable != true && (wanted.Value is not { } value || Operators.SameValue(value, current.Value)));
    }

    private static PropertyFlags With(PropertyFlags flags, PropertyFlags flag, bool? wanted) => wanted switch
    {
        true => flags | flag,
        false => flags & ~flag,
        null => flags,
    };
}
