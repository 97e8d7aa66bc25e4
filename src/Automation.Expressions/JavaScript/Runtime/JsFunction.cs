using Automation.Expressions.JavaScript.Builtins;

namespace Automation.Expressions.JavaScript.Runtime;

/// <summary>Anything that can be called.</summary>
internal abstract class JsFunction : JsObject
{
    protected JsFunction(Realm realm, JsObject? prototype)
        : base(prototype)
    {
        Realm = realm;
        IsLazy = true;
    }

    public Realm Realm { get; }

    public override string ClassName => "Function";

    public virtual bool IsConstructor => false;

    public abstract JsValue Call(JsValue self, ReadOnlySpan<JsValue> arguments);

    public virtual JsObject Construct(ReadOnlySpan<JsValue> arguments, JsObject newTarget) =>
        throw Errors.Type($"{Operators.Describe(this)} is not a constructor");

    /// <summary>The text that <c>toString</c> gives.</summary>
    public abstract string SourceText { get; }
}

/// <summary>The code of a built-in function.</summary>
internal delegate JsValue NativeCall(Realm realm, JsValue self, ReadOnlySpan<JsValue> arguments);

/// <summary>The code behind <c>new</c> of a built-in.</summary>
internal delegate JsObject NativeConstruct(Realm realm, ReadOnlySpan<JsValue> arguments, JsObject newTarget);

/// <summary>A function written in C#. Its members, if it has any, come from a shared template when first asked for.</summary>
internal sealed class NativeFunction : JsFunction
{
    private readonly NativeCall _call;
    private readonly NativeConstruct? _construct;
    private readonly BuiltinTemplate? _members;
    private readonly string _name;
    private readonly int _length;
    private readonly Func<Realm, JsObject>? _prototypeObject;

    public NativeFunction(Realm realm, string name, int length, NativeCall call, NativeConstruct? construct = null,
        BuiltinTemplate? members = null, Func<Realm, JsObject>? prototypeObject = null, JsObject? prototype = null)
        : base(realm, prototype ?? realm.FunctionPrototype)
    {
        _call = call;
        _construct = construct;
        _members = members;
        _name = name;
        _length = length;
        _prototypeObject = prototypeObject;
    }

    public override bool IsConstructor => _construct is not null;

    /// <summary>A script changed the function's own members, so what its members give must be asked.</summary>
    public bool IsModifiedSpecies { get; private set; }

    protected override bool NotesChanges => true;

    public override bool DefineOwn(PropertyKey key, in PropertyDescriptor descriptor)
    {
        IsModifiedSpecies = true;
        return base.DefineOwn(key, descriptor);
    }

    public override string SourceText => $"function {_name}() {{ [native code] }}";

    public override JsValue Call(JsValue self, ReadOnlySpan<JsValue> arguments)
    {
        Realm.Step();
        Realm.TextWork(self);
        foreach (var argument in arguments)
            Realm.TextWork(argument);
        return _call(Realm, self, arguments);
    }

    public override JsObject Construct(ReadOnlySpan<JsValue> arguments, JsObject newTarget)
    {
        if (_construct is null)
            return base.Construct(arguments, newTarget);
        Realm.Step();
        foreach (var argument in arguments)
            Realm.TextWork(argument);
        return _construct(Realm, arguments, newTarget);
    }

    protected override bool TryMaterialize(PropertyKey key)
    {
        if (key.Is("length"))
            AddNew("length", _length, PropertyFlags.Configurable);
        else if (key.Is("name"))
            AddNew("name", _name, PropertyFlags.Configurable);
        else if (_prototypeObject is not null && key.Is("prototype"))
            AddNew("prototype", _prototypeObject(Realm), PropertyFlags.None);
        else if (_members is null || !_members.TryMake(Realm, key, out var member))
            return false;
        else
            AddNew(key, member.Value, member.Flags);
        return true;
    }

    protected override void MaterializeAll()
    {
        IsLazy = false;
        var made = TakeStored();
        IsLazy = true;
        foreach (var key in Keys())
        {
            if (made.Remove(key, out var property))
                AddNew(key, property.Value, property.Flags);
            else
                TryMaterialize(key);
        }

        IsLazy = false;
        foreach (var (key, property) in made)
            AddNew(key, property.Value, property.Flags);
    }

    private IEnumerable<PropertyKey> Keys()
    {
        yield return "length";
        yield return "name";
        if (_prototypeObject is not null)
            yield return "prototype";
        if (_members is null)
            yield break;
        foreach (var key in _members.Keys)
            yield return key;
    }
}

/// <summary>What <c>bind</c> gives.</summary>
internal sealed class BoundFunction(Realm realm, JsFunction target, JsValue self, JsValue[] bound)
    : JsFunction(realm, target.Prototype)
{
    public JsFunction Target { get; } = target;

    public override bool IsConstructor => Target.IsConstructor;

    public override string SourceText => "function () { [native code] }";

    public override JsValue Call(JsValue _, ReadOnlySpan<JsValue> arguments)
    {
        Realm.Step();
        using var depth = Realm.Nest();
        return Target.Call(self, Join(arguments));
    }

    public override JsObject Construct(ReadOnlySpan<JsValue> arguments, JsObject newTarget) =>
        Target.Construct(Join(arguments), ReferenceEquals(newTarget, this) ? Target : newTarget);

    private JsValue[] Join(ReadOnlySpan<JsValue> arguments) => [.. bound, .. arguments];
}
