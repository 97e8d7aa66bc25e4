using Automation.Expressions.JavaScript.Runtime;

namespace Automation.Expressions.JavaScript.Execution;

/// <summary><c>target.name</c>.</summary>
internal sealed class MemberExpr(Expr target, string name, bool optional, int position) : Expr
{
    private readonly MemberSite _site = new(name);

    // Mostly it is a variable that is read from.
    private readonly VariableSlot? _variable = (target as VariableExpr)?.Slot;

    public override JsValue Evaluate(Frame f) => Read(f, _variable is { } slot ? slot.Get(f) : target.Evaluate(f));

    public override async Step<JsValue> EvaluateAsync(Frame f) => Read(f, await target.EvaluateAsync(f));

    public JsValue Read(Frame f, JsValue value)
    {
        if (value.TryObject(out var o))
        {
            var found = o.GetHinted(_site);
            return found.IsAbsent ? o.Get(_site.Name) : found;
        }

        return ReadOther(f, value);
    }

    private JsValue ReadOther(Frame f, JsValue value)
    {
        if (value.IsAbsent || (optional && value.IsNullish))
            return JsValue.Absent;
        f.Realm.Position = position;
        return Operators.Get(f.Realm, value, _site.Name);
    }
}

/// <summary><c>target[index]</c>.</summary>
internal sealed class IndexExpr(Expr target, Expr index, bool optional, int position) : Expr
{
    public override JsValue Evaluate(Frame f)
    {
        var value = target.Evaluate(f);
        if (!value.IsObject && (value.IsAbsent || (optional && value.IsNullish)))
            return JsValue.Absent;
        var key = index.Evaluate(f);
        f.Realm.Position = position;
        return Operators.GetElement(f.Realm, value, key);
    }

    public override async Step<JsValue> EvaluateAsync(Frame f)
    {
        var value = await target.EvaluateAsync(f);
        if (value.IsAbsent || (optional && value.IsNullish))
            return JsValue.Absent;
        var key = await index.EvaluateAsync(f);
        f.Realm.Position = position;
        return Operators.GetElement(f.Realm, value, key);
    }
}

/// <summary><c>super.name</c> and <c>super[key]</c>.</summary>
internal sealed class SuperMemberExpr(Expr self, Expr function, Expr key, int position) : Expr
{
    public override JsValue Evaluate(Frame f)
    {
        var receiver = self.Evaluate(f);
        var name = key.Evaluate(f);
        f.Realm.Position = position;
        var home = Home(f, function);
        var property = Operators.ToPropertyKey(name);
        return home is null ? throw Errors.Type($"Cannot read properties of null (reading '{property}')") : home.Get(property, receiver);
    }

    public static JsObject? Home(Frame f, Expr function) => ((ScriptFunction)function.Evaluate(f).Reference!).HomeObject?.Prototype;
}

/// <summary><c>target.#name</c>.</summary>
internal sealed class PrivateMemberExpr(Expr target, Expr name, bool optional, int position) : Expr
{
    public override JsValue Evaluate(Frame f)
    {
        var value = target.Evaluate(f);
        if (value.IsAbsent || (optional && value.IsNullish))
            return JsValue.Absent;
        return Get(f, value, name, position);
    }

    public override async Step<JsValue> EvaluateAsync(Frame f)
    {
        var value = await target.EvaluateAsync(f);
        if (value.IsAbsent || (optional && value.IsNullish))
            return JsValue.Absent;
        return Get(f, value, name, position);
    }

    public static JsValue Get(Frame f, JsValue value, Expr name, int position)
    {
        f.Realm.Position = position;
        var property = Find(f, value, name, "read", out _);
        if (!property.IsAccessor)
            return property.Value;
        var getter = property.Accessor.Getter ?? throw Errors.Type($"'{name.Evaluate(f).Reference}' was defined without a getter");
        return getter.Call(value, []);
    }

    public static void Set(Frame f, JsValue target, Expr name, JsValue value, int position)
    {
        f.Realm.Position = position;
        var property = Find(f, target, name, "write", out var key);
        if (property.IsAccessor)
        {
            var setter = property.Accessor.Setter ?? throw Errors.Type($"'{key.Description}' was defined without a setter");
            setter.Call(target, [value]);
        }
        else if (!property.Writable)
        {
            throw Errors.Type($"Private method '{key.Description}' is not writable");
        }
        else
        {
            target.AsObject()!.DefineOwn(key, new PropertyDescriptor { Value = value });
        }
    }

    private static Property Find(Frame f, JsValue value, Expr name, string verb, out JsSymbol key)
    {
        key = (JsSymbol)name.Evaluate(f).Reference!;
        if (value.AsObject() is not { } o || !o.TryGetOwn(key, out var property))
            throw Errors.Type($"Cannot {verb} private member {key.Description} {(verb == "read" ? "from" : "to")} an object whose class did not declare it");
        return property;
    }
}

internal sealed class PrivateInExpr(Expr name, Expr target, int position) : Expr
{
    public override JsValue Evaluate(Frame f) => Test(f, target.Evaluate(f));

    public override async Step<JsValue> EvaluateAsync(Frame f) => Test(f, await target.EvaluateAsync(f));

    private JsValue Test(Frame f, JsValue value)
    {
        f.Realm.Position = position;
        if (value.AsObject() is not { } o)
            throw Errors.Type("Cannot use 'in' operator to search for a private member in a value that is no object");
        return o.HasOwn((JsSymbol)name.Evaluate(f).Reference!);
    }
}

/// <summary><c>delete</c> of a member.</summary>
internal sealed class DeleteExpr(Expr target, Expr key, bool strict, bool optional, int position) : Expr
{
    public override JsValue Evaluate(Frame f)
    {
        var value = target.Evaluate(f);
        return IsBroken(value) || Delete(f, value, key.Evaluate(f));
    }

    public override async Step<JsValue> EvaluateAsync(Frame f)
    {
        var value = await target.EvaluateAsync(f);
        return IsBroken(value) || Delete(f, value, await key.EvaluateAsync(f));
    }

    private bool IsBroken(JsValue value) => value.IsAbsent || (optional && value.IsNullish);

    private bool Delete(Frame f, JsValue value, JsValue property)
    {
        f.Realm.Position = position;
        if (value.IsNullish)
            throw Errors.Type("Cannot convert undefined or null to object");
        var name = Operators.ToPropertyKey(property);
        var done = Operators.ToObject(value).Delete(name);
        if (!done && strict)
            throw Errors.Type($"Cannot delete property '{name}' of {Operators.Describe(value)}");
        return done;
    }
}

/// <summary><c>delete name</c>: only a global can be deleted.</summary>
internal sealed class DeleteNameExpr(string? global) : Expr
{
    public override JsValue Evaluate(Frame f) => global is not null && f.Realm.Global.Delete(global);
}

/// <summary><c>delete</c> of something that is no reference.</summary>
internal sealed class DeleteValueExpr(Expr operand) : Expr
{
    public override JsValue Evaluate(Frame f)
    {
        operand.Evaluate(f);
        return true;
    }

    public override async Step<JsValue> EvaluateAsync(Frame f)
    {
        await operand.EvaluateAsync(f);
        return true;
    }
}

internal sealed class ThrowingExpr(Expr? first, ErrorKind kind, string message, int position) : Expr
{
    public override JsValue Evaluate(Frame f)
    {
        first?.Evaluate(f);
        f.Realm.Position = position;
        throw new JsThrow(f.Realm.MakeError(kind, message)) { Offset = position };
    }
}
