namespace Automation.Expressions.JavaScript.Runtime;

/// <summary>The name of a property: a string or a symbol.</summary>
internal readonly struct PropertyKey(object value) : IEquatable<PropertyKey>
{
    public object Value { get; } = value;

    public bool IsSymbol => Value is JsSymbol;

    public static implicit operator PropertyKey(string name) => new(name);

    public static implicit operator PropertyKey(JsSymbol symbol) => new(symbol);

    public static PropertyKey FromIndex(uint index) => new(NumberFormatter.ToText(index));

    public JsValue ToValue() => Value is string name ? name : (JsValue)(JsSymbol)Value;

    public bool Is(string name) => ReferenceEquals(Value, name) || (Value is string text && text == name);

    public bool Equals(PropertyKey other) =>
        ReferenceEquals(Value, other.Value) || (Value is string a && other.Value is string b && a == b);

    public override bool Equals(object? obj) => obj is PropertyKey other && Equals(other);

    public override int GetHashCode() => Value is string name ? name.GetHashCode(StringComparison.Ordinal) : System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(Value);

    public override string ToString() => Value.ToString()!;

    /// <summary>Whether the key is an array index: "0" to "4294967294" in its plain form.</summary>
    public bool IsIndex(out uint index)
    {
        index = 0;
        return Value is string text && IsIndex(text, out index);
    }

    public static bool IsIndex(string text, out uint index)
    {
        index = 0;
        if (text.Length is 0 or > 10 || (text[0] == '0' && text.Length > 1))
            return false;
        ulong value = 0;
        foreach (var c in text)
        {
            if (c is < '0' or > '9')
                return false;
            value = (value * 10) + (uint)(c - '0');
        }

        if (value >= uint.MaxValue)
            return false;
        index = (uint)value;
        return true;
    }
}

[Flags]
internal enum PropertyFlags : byte
{
    None = 0,
    Writable = 1,
    Enumerable = 2,
    Configurable = 4,
    Accessor = 8,

    /// <summary>An ordinary property, as an assignment makes it.</summary>
    All = Writable | Enumerable | Configurable,

    /// <summary>A built-in method.</summary>
    Hidden = Writable | Configurable,
}

/// <summary>A property as stored; an accessor's pair is in the value's place.</summary>
internal struct Property(JsValue value, PropertyFlags flags)
{
    public JsValue Value = value;
    public PropertyFlags Flags = flags;

    public readonly bool IsAccessor => (Flags & PropertyFlags.Accessor) != PropertyFlags.None;
    public readonly bool Writable => (Flags & PropertyFlags.Writable) != PropertyFlags.None;
    public readonly bool Enumerable => (Flags & PropertyFlags.Enumerable) != PropertyFlags.None;
    public readonly bool Configurable => (Flags & PropertyFlags.Configurable) != PropertyFlags.None;
    public readonly Accessor Accessor => (Accessor)Value.Reference!;
}

/// <summary>What <c>Object.defineProperty</c> is asked for: any part may be missing.</summary>
internal struct PropertyDescriptor
{
    public JsValue? Value;
    public bool? Writable;
    public bool? Enumerable;
    public bool? Configurable;
    public bool HasGetter;
    public bool HasSetter;
    public JsFunction? Getter;
    public JsFunction? Setter;

    public readonly bool IsAccessor => HasGetter || HasSetter;

    public readonly bool IsData => Value.HasValue || Writable.HasValue;

    public static PropertyDescriptor Data(JsValue value, PropertyFlags flags = PropertyFlags.All) => new()
    {
        Value = value,
        Writable = (flags & PropertyFlags.Writable) != PropertyFlags.None,
        Enumerable = (flags & PropertyFlags.Enumerable) != PropertyFlags.None,
        Configurable = (flags & PropertyFlags.Configurable) != PropertyFlags.None,
    };
}
