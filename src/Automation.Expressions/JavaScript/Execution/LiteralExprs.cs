using Automation.Expressions.JavaScript.Runtime;

namespace Automation.Expressions.JavaScript.Execution;

internal sealed class ArrayExpr(Expr?[] elements) : Expr
{
    public override JsValue Evaluate(Frame f)
    {
        var array = f.Realm.NewArray(elements.Length);
        foreach (var element in elements)
        {
            if (element is SpreadExpr spread)
                Iteration.AddAll(f.Realm, spread.Evaluate(f), array, spread.Text);
            else
                array.Push(element is null ? JsValue.Absent : element.Evaluate(f));
        }

        return array;
    }

    public override async Step<JsValue> EvaluateAsync(Frame f)
    {
        var array = f.Realm.NewArray(elements.Length);
        foreach (var element in elements)
        {
            var value = element is null ? JsValue.Absent : await element.EvaluateAsync(f);
            if (element is SpreadExpr spread)
                Iteration.AddAll(f.Realm, value, array, spread.Text);
            else
                array.Push(value);
        }

        return array;
    }
}

/// <summary>One part of an object literal. <c>Name</c> is set unless the key is computed or spread.</summary>
internal sealed record ObjectPart(Syntax.PropertyKind Kind, string? Name, Expr? Key, Expr Value, FunctionCode? Function, bool IsPrototype);

internal sealed class ObjectExpr(ObjectPart[] parts) : Expr
{
    private readonly bool _simple = IsSimple(parts);

    private static bool IsSimple(ObjectPart[] parts)
    {
        var names = new HashSet<string>();
        return parts.All(p => p.Kind == Syntax.PropertyKind.Value && p.Name is not null && !p.IsPrototype && names.Add(p.Name));
    }

    public override JsValue Evaluate(Frame f)
    {
        var made = f.Realm.NewObject();
        made.Reserve(parts.Length);
        if (_simple)
        {
            foreach (var part in parts)
                made.AddNew(part.Name!, part.Value.Evaluate(f), PropertyFlags.All);
            return made;
        }

        foreach (var part in parts)
        {
            var key = part.Key?.Evaluate(f) ?? default;
            var name = part.Name is { } fixedName ? fixedName : part.Kind == Syntax.PropertyKind.Spread ? default : Operators.ToPropertyKey(key);
            Add(f, made, part, name, part.Function is null ? part.Value.Evaluate(f) : default);
        }

        return made;
    }

    public override async Step<JsValue> EvaluateAsync(Frame f)
    {
        var made = f.Realm.NewObject();
        foreach (var part in parts)
        {
            var key = part.Key is null ? default : await part.Key.EvaluateAsync(f);
            var name = part.Name is { } fixedName ? fixedName : part.Kind == Syntax.PropertyKind.Spread ? default : Operators.ToPropertyKey(key);
            Add(f, made, part, name, part.Function is null ? await part.Value.EvaluateAsync(f) : default);
        }

        return made;
    }

    private static void Add(Frame f, JsObject made, ObjectPart part, PropertyKey name, JsValue value)
    {
        switch (part.Kind)
        {
            case Syntax.PropertyKind.Spread:
                Iteration.CopyProperties(f.Realm, made, value, excluded: null);
                break;
            case Syntax.PropertyKind.Value when part.IsPrototype:
                if (value.AsObject() is { } prototype)
                    made.SetPrototype(prototype);
                else if (value.IsNull)
                    made.SetPrototype(null);
                break;
            case Syntax.PropertyKind.Value:
                if (part.Name is null && value.Reference is ScriptFunction { HasOwnName: false, Code.TakesComputedName: true } anonymous)
                    anonymous.SetName(FunctionNames.Of(name));
                made.DefineOwn(name, PropertyDescriptor.Data(value));
                break;
            default:
                Methods.Define(f, made, made, name, part.Kind, part.Function!, enumerable: true);
                break;
        }
    }
}

internal static class FunctionNames
{
    public static string Of(PropertyKey key, string? prefix = null)
    {
        var name = key.Value is JsSymbol symbol
            ? symbol.IsPrivate ? symbol.Description! : symbol.Description is null ? "" : $"[{symbol.Description}]"
            : (string)key.Value;
        return prefix is null ? name : $"{prefix} {name}";
    }
}

/// <summary>Defines methods, getters and setters of literals and classes.</summary>
internal static class Methods
{
    public static ScriptFunction Define(Frame f, JsObject target, JsObject home, PropertyKey name, Syntax.PropertyKind kind, FunctionCode code, bool enumerable)
    {
        var prefix = kind switch { Syntax.PropertyKind.Getter => "get", Syntax.PropertyKind.Setter => "set", _ => null };
        var function = new ScriptFunction(f.Realm, code, f.Env) { HomeObject = home };
        function.SetName(FunctionNames.Of(name, prefix));
        var flags = PropertyFlags.Hidden | (enumerable ? PropertyFlags.Enumerable : PropertyFlags.None);
        switch (kind)
        {
            case Syntax.PropertyKind.Getter:
                target.DefineOrThrow(name, new PropertyDescriptor { HasGetter = true, Getter = function, Enumerable = enumerable, Configurable = true });
                break;
            case Syntax.PropertyKind.Setter:
                target.DefineOrThrow(name, new PropertyDescriptor { HasSetter = true, Setter = function, Enumerable = enumerable, Configurable = true });
                break;
            default:
                target.DefineOrThrow(name, PropertyDescriptor.Data(function, flags));
                break;
        }

        return function;
    }
}
