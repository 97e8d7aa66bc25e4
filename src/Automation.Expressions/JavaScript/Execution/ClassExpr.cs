using Automation.Expressions.JavaScript.Builtins;
using Automation.Expressions.JavaScript.Runtime;
using Automation.Expressions.JavaScript.Syntax;

namespace Automation.Expressions.JavaScript.Execution;

/// <summary>One member of a class. The key is a constant, a computed expression or a private name's variable.</summary>
internal sealed record ClassMemberCode(ClassElementKind Kind, bool IsStatic, Expr? Key, bool IsPrivate, FunctionCode? Function, bool NamesFunction);

internal sealed class ClassExpr(
    FunctionCode constructor, Expr? heritage, ClassMemberCode[] members, VariableSlot? inner, VariableSlot[] privateNames, ScopeLayout layout, int position) : Expr
{
    public override JsValue Evaluate(Frame f)
    {
        var outer = Enter(f);
        var parents = FindParents(f, heritage?.Evaluate(f));
        var keys = new PropertyKey[members.Length];
        for (var i = 0; i < keys.Length; i++)
            keys[i] = KeyOf(members[i], members[i].Key?.Evaluate(f) ?? default);
        return Make(f, outer, parents, keys);
    }

    public override async Step<JsValue> EvaluateAsync(Frame f)
    {
        var outer = Enter(f);
        var parents = FindParents(f, heritage is null ? (JsValue?)null : await heritage.EvaluateAsync(f));
        var keys = new PropertyKey[members.Length];
        for (var i = 0; i < keys.Length; i++)
            keys[i] = KeyOf(members[i], members[i].Key is { } key ? await key.EvaluateAsync(f) : default);
        return Make(f, outer, parents, keys);
    }

    private Environment? Enter(Frame f)
    {
        var outer = layout.Enter(f);
        foreach (var name in privateNames)
            name.Initialize(f, new JsSymbol(name.Name, isPrivate: true));
        return outer;
    }

    private static PropertyKey KeyOf(ClassMemberCode member, JsValue value)
    {
        if (member.Key is null)
            return default;
        return member.IsPrivate ? (JsSymbol)value.Reference! : Operators.ToPropertyKey(value);
    }

    private ScriptFunction Make(Frame f, Environment? outer, (JsObject? OfPrototype, JsObject OfConstructor) parents, PropertyKey[] keys)
    {
        var prototype = new JsObject(parents.OfPrototype);
        var type = new ScriptFunction(f.Realm, constructor, f.Env) { HomeObject = prototype };
        type.InitializePrototype(parents.OfConstructor);
        type.DefineOwn("prototype", PropertyDescriptor.Data(prototype, PropertyFlags.None));
        prototype.AddNew("constructor", type, PropertyFlags.Hidden);
        var instance = new List<InstanceMember>();
        var statics = new List<InstanceMember>();
        var accessors = new Dictionary<PropertyKey, Accessor>();
        for (var i = 0; i < members.Length; i++)
            Define(f, members[i], keys[i], type, prototype, instance, statics, accessors);
        inner?.Initialize(f, type);
        if (instance.Count > 0)
            type.Members = instance;
        RunStatics(type, statics);
        f.Env = outer;
        return type;
    }

    private (JsObject? OfPrototype, JsObject OfConstructor) FindParents(Frame f, JsValue? extended)
    {
        if (extended is not { } parent)
            return (f.Realm.ObjectPrototype, f.Realm.FunctionPrototype);
        if (parent.IsNull)
            return (null, f.Realm.FunctionPrototype);
        f.Realm.Position = position;
        if (parent.Reference is not JsFunction { IsConstructor: true } type)
            throw Errors.Type($"Class extends value {Operators.Describe(parent)} is not a constructor or null");
        var prototype = type.Get("prototype");
        if (!prototype.IsObject && !prototype.IsNull)
            throw Errors.Type("Class extends value does not have valid prototype property");
        return (prototype.AsObject(), type);
    }

    private static void Define(Frame f, ClassMemberCode member, PropertyKey key, ScriptFunction type, JsObject prototype,
        List<InstanceMember> instance, List<InstanceMember> statics, Dictionary<PropertyKey, Accessor> accessors)
    {
        var home = member.IsStatic ? (JsObject)type : prototype;
        if (member.Kind == ClassElementKind.StaticBlock)
        {
            statics.Add(new InstanceMember(default, Method(f, member.Function!, home, ""), Fixed: null, NamesFunction: false));
            return;
        }

        if (member.Kind == ClassElementKind.Field)
        {
            var initializer = member.Function is null ? null : Method(f, member.Function, home, FunctionNames.Of(key));
            (member.IsStatic ? statics : instance).Add(new InstanceMember(key, initializer, Fixed: null, member.NamesFunction));
            return;
        }

        if (!member.IsPrivate)
        {
            var kind = member.Kind switch
            {
                ClassElementKind.Getter => PropertyKind.Getter,
                ClassElementKind.Setter => PropertyKind.Setter,
                _ => PropertyKind.Method,
            };
            Methods.Define(f, home, home, key, kind, member.Function!, enumerable: false);
            return;
        }

        DefinePrivate(f, member, type, home, key, instance, accessors);
    }

    private static void DefinePrivate(Frame f, ClassMemberCode member, ScriptFunction type, JsObject home, PropertyKey key,
        List<InstanceMember> instance, Dictionary<PropertyKey, Accessor> accessors)
    {
        var prefix = member.Kind switch { ClassElementKind.Getter => "get ", ClassElementKind.Setter => "set ", _ => "" };
        var function = Method(f, member.Function!, home, prefix + FunctionNames.Of(key));
        Property property;
        if (member.Kind == ClassElementKind.Method)
        {
            property = new Property(function, PropertyFlags.None);
        }
        else
        {
            var before = accessors.GetValueOrDefault(key);
            var pair = member.Kind == ClassElementKind.Getter
                ? new Accessor(function, before?.Setter)
                : new Accessor(before?.Getter, function);
            accessors[key] = pair;
            property = new Property(JsValue.FromRaw(pair), PropertyFlags.Accessor);
        }

        if (!member.IsStatic)
        {
            instance.RemoveAll(m => m.Key.Equals(key));
            instance.Add(new InstanceMember(key, Initializer: null, property, NamesFunction: false));
        }
        else if (type.TryGetOwn(key, out _))
        {
            var pair = property.Accessor;
            type.ReplacePrivate(key, pair);
        }
        else
        {
            type.AddNew(key, property.Value, property.Flags);
        }
    }

    private static ScriptFunction Method(Frame f, FunctionCode code, JsObject home, string name)
    {
        var function = new ScriptFunction(f.Realm, code, f.Env) { HomeObject = home };
        function.SetName(name);
        return function;
    }

    private static void RunStatics(ScriptFunction type, List<InstanceMember> statics)
    {
        foreach (var member in statics)
        {
            if (member.Key.Value is null)
                member.Initializer!.Call(type, []);
            else
                ScriptFunction.DefineField(type, member);
        }
    }
}
