using Automation.Expressions.JavaScript.Runtime;

namespace Automation.Expressions.JavaScript.Builtins;

/// <summary>
/// The members of a built-in object: immutable and shared by all evaluations. An evaluation makes a member for itself when a script first
/// touches it.
/// </summary>
internal sealed class BuiltinTemplate
{
    private readonly Dictionary<PropertyKey, Func<Realm, Property>> _members = [];
    private readonly List<PropertyKey> _keys = [];

    public IReadOnlyList<PropertyKey> Keys => _keys;

    public BuiltinTemplate Method(PropertyKey key, int length, NativeCall call, string? name = null)
    {
        var said = name ?? (key.Value is JsSymbol symbol ? $"[{symbol.Description}]" : (string)key.Value);
        return Add(key, realm => new Property(new NativeFunction(realm, said, length, call), PropertyFlags.Hidden));
    }

    public BuiltinTemplate Getter(PropertyKey key, NativeCall call)
    {
        var said = "get " + (key.Value is JsSymbol symbol ? $"[{symbol.Description}]" : (string)key.Value);
        return Add(key, realm => new Property(JsValue.FromRaw(new Accessor(new NativeFunction(realm, said, 0, call), setter: null)), PropertyFlags.Accessor | PropertyFlags.Configurable));
    }

    public BuiltinTemplate Constant(PropertyKey key, JsValue value, PropertyFlags flags = PropertyFlags.None) =>
        Add(key, _ => new Property(value, flags));

    public BuiltinTemplate Lazy(PropertyKey key, Func<Realm, JsValue> make, PropertyFlags flags = PropertyFlags.Hidden) =>
        Add(key, realm => new Property(make(realm), flags));

    public BuiltinTemplate Intrinsic(PropertyKey key, IntrinsicId id) => Lazy(key, realm => realm.Intrinsic(id));

    public BuiltinTemplate Tag(string tag) => Constant(JsSymbol.ToStringTag, tag, PropertyFlags.Configurable);

    public BuiltinTemplate Member(PropertyKey key, Func<Realm, Property> make) => Add(key, make);

    private BuiltinTemplate Add(PropertyKey key, Func<Realm, Property> make)
    {
        _members.Add(key, make);
        _keys.Add(key);
        return this;
    }

    public bool TryMake(Realm realm, PropertyKey key, out Property property)
    {
        if (_members.TryGetValue(key, out var make))
        {
            property = make(realm);
            return true;
        }

        property = default;
        return false;
    }
}

/// <summary>A built-in object (a prototype, a namespace) that takes its members from a template.</summary>
internal sealed class BuiltinObject : JsObject
{
    private readonly Realm _realm;
    private readonly BuiltinTemplate _template;

    public BuiltinObject(Realm realm, BuiltinTemplate template, JsObject? prototype)
        : base(prototype)
    {
        _realm = realm;
        _template = template;
        IsLazy = true;
    }

    /// <summary>A script changed it.</summary>
    public bool IsModified { get; private set; }

    protected override bool NotesChanges => true;

    protected override bool TryMaterialize(PropertyKey key)
    {
        if (!_template.TryMake(_realm, key, out var property))
            return false;

        // Making a member may have asked for the same member again.
        if (!HasStored(key))
            AddNew(key, property.Value, property.Flags);
        return true;
    }

    protected override void MaterializeAll() =>
        MaterializeInOrder(_template.Keys, (PropertyKey key, out Property property) => _template.TryMake(_realm, key, out property));

    public override bool DefineOwn(PropertyKey key, in PropertyDescriptor descriptor)
    {
        IsModified = true;
        return base.DefineOwn(key, descriptor);
    }

    public override bool Delete(PropertyKey key)
    {
        IsModified = true;
        return base.Delete(key);
    }

    public override bool SetPrototype(JsObject? prototype)
    {
        IsModified = true;
        return base.SetPrototype(prototype);
    }
}

internal static class ArgumentExtensions
{
    /// <summary>The argument at that place, or undefined.</summary>
    public static JsValue At(this ReadOnlySpan<JsValue> arguments, int index) => index < arguments.Length ? arguments[index] : default;

    /// <summary>The argument at that place, which must be a function.</summary>
    public static JsFunction Callback(this ReadOnlySpan<JsValue> arguments, int index) =>
        arguments.At(index).AsFunction() ?? throw Errors.Type($"{Operators.Describe(arguments.At(index))} is not a function");
}
