using Automation.Expressions.JavaScript.Builtins;
using Automation.Expressions.JavaScript.Runtime;

namespace Automation.Expressions.JavaScript.Execution;

/// <summary>A field, private method or accessor that every instance of a class gets.</summary>
internal sealed record InstanceMember(PropertyKey Key, ScriptFunction? Initializer, Property? Fixed, bool NamesFunction);

/// <summary>A function of the script: code and the variables it closes over.</summary>
internal sealed class ScriptFunction : JsFunction
{
    private string? _name;

    public ScriptFunction(Realm realm, FunctionCode code, Environment? env)
        : base(realm, realm.FunctionPrototype)
    {
        Code = code;
        Env = env;
    }

    public FunctionCode Code { get; }

    public Environment? Env { get; }

    public JsObject? HomeObject { get; set; }

    public List<InstanceMember>? Members { get; set; }

    public override bool IsConstructor => Code.CanConstruct;

    public override string SourceText => Code.Source[Code.Start..Code.End];

    public bool HasOwnName => Code.Name.Length > 0 || _name is not null;

    public void SetName(string name) => _name = name;

    public override JsValue Call(JsValue self, ReadOnlySpan<JsValue> arguments)
    {
        if (Code.IsClassConstructor)
            throw Errors.Type($"Class constructor {Code.Name} cannot be invoked without 'new'");
        return Run(ReceiverFor(self), arguments, newTarget: null);
    }

    /// <summary>What <c>this</c> is in a call: sloppy code always sees an object.</summary>
    public JsValue ReceiverFor(JsValue self)
    {
        if (Code.IsStrict || Code.IsArrow || self.IsObject)
            return self;
        return self.IsNullish ? Realm.Global : Operators.ToObject(self);
    }

    /// <summary>A call of a function that <see cref="FunctionCode.IsPlain"/>; the receiver is what <see cref="ReceiverFor"/> gave, and the stack has room.</summary>
    public JsValue CallPlain(JsValue self, JsValue a, JsValue b, JsValue c)
    {
        var f = EnterPlain(self, a, b, c);
        var result = Code.ExpressionBody is { } body ? body.Evaluate(f) : Code.Execute(f);
        Realm.Depth--;
        return result;
    }

    public bool TestPlain(JsValue self, JsValue a, JsValue b, JsValue c)
    {
        var f = EnterPlain(self, a, b, c);
        var result = Code.ExpressionBody is { } body ? body.Test(f) : Operators.ToBoolean(Code.Execute(f));
        Realm.Depth--;
        return result;
    }

    private Frame EnterPlain(JsValue self, JsValue a, JsValue b, JsValue c)
    {
        var realm = Realm;
        realm.EnterRepeatedCall();
        var code = Code;
        var parameters = code.SimpleParameters!.Length;
        var f = realm.FrameFor(code.LocalCount, parameters);
        if (!ReferenceEquals(f.Function, this))
            f.Function = this;
        if (!code.IsArrow)
            f.This = self;
        if (!ReferenceEquals(f.Env, Env))
            f.Env = Env;
        var locals = f.Locals;
        switch (parameters)
        {
            case 0:
                break;
            case 1:
                locals[0] = a;
                break;
            case 2:
                locals[1] = b;
                goto case 1;
            default:
                locals[2] = c;
                goto case 2;
        }

        return f;
    }

    public override JsObject Construct(ReadOnlySpan<JsValue> arguments, JsObject newTarget)
    {
        if (!Code.CanConstruct)
            return base.Construct(arguments, newTarget);
        if (Code.IsDerivedConstructor)
            return ConstructDerived(arguments, newTarget);
        var made = new JsObject(Realm.PrototypeFor(newTarget, IntrinsicId.ObjectPrototype));
        if (Members is not null)
            InitializeFields(made);
        if (Code.IsDefaultConstructor)
            return made;
        var result = Run(made, arguments, newTarget);
        return result.AsObject() ?? made;
    }

    private JsObject ConstructDerived(ReadOnlySpan<JsValue> arguments, JsObject newTarget)
    {
        if (Code.IsDefaultConstructor)
        {
            if (Prototype is not JsFunction { IsConstructor: true } parent)
                throw Errors.Type("Super constructor is not a constructor");
            Realm.EnterCall();
            var made = parent.Construct(arguments, newTarget);
            InitializeFields(made);
            Realm.Depth--;
            return made;
        }

        Realm.EnterCall();
        var f = Realm.FrameFor(Code.LocalCount);
        Code.Bind(f, this, default, arguments, newTarget);
        var result = Code.Execute(f);
        if (result.AsObject() is not { } o)
        {
            if (!result.IsUndefined)
                throw Errors.Type("Derived constructors may only return object or undefined");
            o = Code.ReadThis(f);
        }

        Realm.Depth--;
        return o;
    }

    private JsValue Run(JsValue self, ReadOnlySpan<JsValue> arguments, JsObject? newTarget)
    {
        var realm = Realm;
        realm.EnterCall();
        if (Code.IsAsync)
            return AsyncFunctions.Start(this, self, arguments);
        var f = realm.FrameFor(Code.LocalCount);
        Code.Bind(f, this, self, arguments, newTarget);
        var result = Code.Execute(f);
        realm.Depth--;
        return result;
    }

    /// <summary>Gives a new instance the fields and private methods of this class.</summary>
    public void InitializeFields(JsObject instance)
    {
        if (Members is null)
            return;
        foreach (var member in Members)
        {
            if (member.Fixed is { } method)
            {
                if (instance.HasOwn(member.Key))
                    throw Errors.Type("Cannot initialize private methods of a class twice on the same object");
                instance.AddNew(member.Key, method.Value, method.Flags);
            }
        }

        foreach (var member in Members)
        {
            if (member.Fixed is null)
                DefineField(instance, member);
        }
    }

    public static void DefineField(JsObject target, InstanceMember member)
    {
        var value = member.Initializer?.Call(target, []) ?? default;
        if (member.NamesFunction && value.Reference is ScriptFunction { HasOwnName: false } anonymous)
            anonymous.SetName(FunctionNames.Of(member.Key));
        if (member.Key.Value is JsSymbol { IsPrivate: true } name)
        {
            if (target.HasOwn(name))
                throw Errors.Type($"Cannot initialize {name.Description} twice on the same object");
            target.AddNew(name, value, PropertyFlags.Writable);
        }
        else
        {
            target.CreateOrThrow(member.Key, value);
        }
    }

    protected override bool TryMaterialize(PropertyKey key)
    {
        if (!key.Is("length") && !key.Is("name") && !(Code.HasPrototypeProperty && key.Is("prototype")))
            return false;
        MaterializeAll();
        return HasStored(key);
    }

    protected override void MaterializeAll()
    {
        if (!IsLazy)
            return;
        IsLazy = false;
        var made = TakeStored();
        AddNew("length", Code.Length, PropertyFlags.Configurable);
        AddNew("name", _name ?? Code.Name, PropertyFlags.Configurable);
        if (Code.HasPrototypeProperty && !made.ContainsKey("prototype"))
        {
            var prototype = Realm.NewObject();
            prototype.AddNew("constructor", this, PropertyFlags.Hidden);
            AddNew("prototype", prototype, PropertyFlags.Writable);
        }

        foreach (var (key, property) in made)
            AddNew(key, property.Value, property.Flags);
    }
}
