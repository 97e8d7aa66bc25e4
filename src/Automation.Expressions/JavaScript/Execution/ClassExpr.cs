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
        var realm = f.Realm;
        var outer = layout.Enter(f);
        foreach (var name in privateNames)
            name.Initialize(f, new JsSymbol(name.Name, isPrivate: true));
        FindParents(f, out var prototypeParent, out var constructorParent);
        var prototype = new JsObject(prototypeParent);
        var type = new ScriptFunction(realm, constructor, f.Env) { HomeObject = prototype };
        type.InitializePrototype(constructorParent);
        type.DefineOwn("prototype", PropertyDescriptor.Data(prototype, PropertyFlags.None));
        prototype.AddNew("constructor", type, PropertyFlags.Hidden);
        var instance = new List<InstanceMember>();
        var statics = new List<InstanceMember>();
        var accessors = new Dictionary<PropertyKey, Accessor>();
        foreach (var member in members)
            Define(f, member, type, prototype, instance, statics, accessors);
        inner?.Initialize(f, type);
        if (instance.Count > 0)
            type.Members = instance;
        RunStatics(type, statics);
        f.Env = outer;
        return type;
    }

    private void FindParents(Frame f, out JsObject? prototypeParent, out JsObject constructorParent)
    {
        prototypeParent = f.Realm.ObjectPrototype;
        constructorParent = f.Realm.FunctionPrototype;
        if (heritage is null)
            return;
        var parent = heritage.Evaluate(f);
        if (parent.IsNull)
        {
            prototypeParent = null;
            return;
        }

        f.Realm.Position = position;
        if (parent.Reference is not JsFunction { IsConstructor: true } type)
            throw Errors.Type($"Class extends value {Operators.Describe(parent)} is not a constructor or null");
        var prototype = type.Get("prototype");
        if (!prototype.IsObject && !prototype.IsNull)
            throw Errors.Type("Class extends value does not have valid prototype property");
        prototypeParent = prototype.AsObject();
        constructorParent = type;
    }

    private static void Define(Frame f, ClassMemberCode member, ScriptFunction type, JsObject prototype,
        List<InstanceMember> instance, List<InstanceMember> statics, Dictionary<PropertyKey, Accessor> accessors)
    {
        var home = member.IsStatic ? (JsObject)type : prototype;
        if (member.Kind == ClassElementKind.StaticBlock)
        {
            statics.Add(new InstanceMember(default, Method(f, member.Function!, home, ""), Fixed: null, NamesFunction: false));
            return;
        }

        var keyValue = member.Key!.Evaluate(f);
        var key = member.IsPrivate ? (JsSymbol)keyValue.Reference! : Operators.ToPropertyKey(keyValue);
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
