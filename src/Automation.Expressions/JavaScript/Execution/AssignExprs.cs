using Automation.Expressions.JavaScript.Runtime;

namespace Automation.Expressions.JavaScript.Execution;

/// <summary>
/// A place that is read and written. Finding it (evaluating its object and key) happens once, whatever is done with it.
/// </summary>
internal abstract class Place
{
    /// <summary>Evaluates the object and key, if any.</summary>
    public virtual void Locate(Frame f, out JsValue target, out JsValue key) => (target, key) = (default, default);

    public virtual Step<(JsValue Target, JsValue Key)> LocateAsync(Frame f)
    {
        Locate(f, out var target, out var key);
        return new((target, key));
    }

    public abstract JsValue Read(Frame f, JsValue target, JsValue key);

    public abstract void Write(Frame f, JsValue target, JsValue key, JsValue value);

    /// <summary>Gives a value, destructuring it where the place is a pattern.</summary>
    public virtual void Assign(Frame f, JsValue value)
    {
        Locate(f, out var target, out var key);
        Write(f, target, key, value);
    }

    public virtual async Step<bool> AssignAsync(Frame f, JsValue value)
    {
        var (target, key) = await LocateAsync(f);
        Write(f, target, key, value);
        return true;
    }
}

internal enum VariableWrite
{
    Assign,
    Initialize,
    RefuseConstant,
    Ignore,
}

internal sealed class VariablePlace(VariableSlot slot, VariableWrite mode, int position) : Place
{
    /// <summary>The variable, if it may simply be assigned.</summary>
    public VariableSlot? Assignable => mode == VariableWrite.Assign ? slot : null;

    public override JsValue Read(Frame f, JsValue target, JsValue key) => slot.Get(f);

    public override void Write(Frame f, JsValue target, JsValue key, JsValue value)
    {
        switch (mode)
        {
            case VariableWrite.Assign:
                slot.Set(f, value);
                break;
            case VariableWrite.Initialize:
                slot.Initialize(f, value);
                break;
            case VariableWrite.RefuseConstant:
                slot.Get(f);
                f.Realm.Position = position;
                throw Errors.Type("Assignment to constant variable.");
        }
    }
}

internal sealed class GlobalPlace(string name, bool strict, int position) : Place
{
    private readonly GlobalExpr _read = new(name, position, forTypeof: false);

    public override JsValue Read(Frame f, JsValue target, JsValue key) => _read.Evaluate(f);

    public override void Write(Frame f, JsValue target, JsValue key, JsValue value)
    {
        var global = f.Realm.Global;
        f.Realm.Position = position;
        if (strict && !global.Has(name))
            throw Errors.Reference($"{name} is not defined");
        if (!global.Set(name, value) && strict)
            throw Errors.Type($"Cannot assign to read only property '{name}' of object");
    }
}

internal sealed class MemberPlace(Expr owner, string name, bool strict, int position) : Place
{
    private readonly MemberSite _site = new(name);

    public override void Locate(Frame f, out JsValue target, out JsValue key)
    {
        target = owner.Evaluate(f);
        key = default;
    }

    public override async Step<(JsValue Target, JsValue Key)> LocateAsync(Frame f) => (await owner.EvaluateAsync(f), default);

    public override JsValue Read(Frame f, JsValue target, JsValue key)
    {
        if (target.AsObject() is { } o)
        {
            var value = o.GetHinted(_site);
            if (!value.IsAbsent)
                return value;
        }

        f.Realm.Position = position;
        return Operators.Get(f.Realm, target, _site.Name);
    }

    public override void Write(Frame f, JsValue target, JsValue key, JsValue value)
    {
        if (target.AsObject() is { } o && o.TrySetHinted(_site, value))
            return;
        f.Realm.Position = position;
        Operators.Set(f.Realm, target, _site.Name, value, strict);
    }
}

internal sealed class IndexPlace(Expr owner, Expr index, bool strict, int position) : Place
{
    public override void Locate(Frame f, out JsValue target, out JsValue key)
    {
        target = owner.Evaluate(f);
        key = index.Evaluate(f);
    }

    public override async Step<(JsValue Target, JsValue Key)> LocateAsync(Frame f)
    {
        var target = await owner.EvaluateAsync(f);
        return (target, await index.EvaluateAsync(f));
    }

    public override JsValue Read(Frame f, JsValue target, JsValue key)
    {
        f.Realm.Position = position;
        return Operators.GetElement(f.Realm, target, key);
    }

    public override void Write(Frame f, JsValue target, JsValue key, JsValue value)
    {
        f.Realm.Position = position;
        Operators.SetElement(f.Realm, target, key, value, strict);
    }
}

internal sealed class PrivatePlace(Expr owner, Expr name, int position) : Place
{
    public override void Locate(Frame f, out JsValue target, out JsValue key)
    {
        target = owner.Evaluate(f);
        key = default;
    }

    public override async Step<(JsValue Target, JsValue Key)> LocateAsync(Frame f) => (await owner.EvaluateAsync(f), default);

    public override JsValue Read(Frame f, JsValue target, JsValue key) => PrivateMemberExpr.Get(f, target, name, position);

    public override void Write(Frame f, JsValue target, JsValue key, JsValue value) => PrivateMemberExpr.Set(f, target, name, value, position);
}

internal sealed class SuperPlace(Expr self, Expr function, Expr key, bool strict, int position) : Place
{
    public override void Locate(Frame f, out JsValue target, out JsValue name)
    {
        target = self.Evaluate(f);
        name = key.Evaluate(f);
    }

    public override JsValue Read(Frame f, JsValue target, JsValue name)
    {
        f.Realm.Position = position;
        var property = Operators.ToPropertyKey(name);
        return (SuperMemberExpr.Home(f, function) ?? throw Errors.Type("Cannot read properties of null")).Get(property, target);
    }

    public override void Write(Frame f, JsValue target, JsValue name, JsValue value)
    {
        f.Realm.Position = position;
        var property = Operators.ToPropertyKey(name);
        var home = SuperMemberExpr.Home(f, function) ?? throw Errors.Type("Cannot set properties of null");
        if (!home.Set(property, value, target) && strict)
            throw Errors.Type($"Cannot assign to read only property '{property}' of object");
    }
}

/// <summary><c>place = value</c>.</summary>
internal sealed class AssignExpr(Place place, Expr value) : Expr
{
    public override JsValue Evaluate(Frame f)
    {
        place.Locate(f, out var target, out var key);
        var assigned = value.Evaluate(f);
        place.Write(f, target, key, assigned);
        return assigned;
    }

    public override async Step<JsValue> EvaluateAsync(Frame f)
    {
        var (target, key) = await place.LocateAsync(f);
        var assigned = await value.EvaluateAsync(f);
        place.Write(f, target, key, assigned);
        return assigned;
    }
}

/// <summary><c>pattern = value</c>.</summary>
internal sealed class DestructureExpr(Place pattern, Expr value) : Expr
{
    public override JsValue Evaluate(Frame f)
    {
        var assigned = value.Evaluate(f);
        pattern.Assign(f, assigned);
        return assigned;
    }

    public override async Step<JsValue> EvaluateAsync(Frame f)
    {
        var assigned = await value.EvaluateAsync(f);
        await pattern.AssignAsync(f, assigned);
        return assigned;
    }
}

/// <summary><c>place += value</c> and its kin.</summary>
internal sealed class CompoundAssignExpr(Place place, Expr value, BinaryExpr operation) : Expr
{
    public override JsValue Evaluate(Frame f)
    {
        place.Locate(f, out var target, out var key);
        if (!key.IsNumber)
            key = Places.Key(target, key);
        var before = place.Read(f, target, key);
        var result = operation.ApplyAt(f, before, value.Evaluate(f));
        place.Write(f, target, key, result);
        return result;
    }

    public override async Step<JsValue> EvaluateAsync(Frame f)
    {
        var (target, key) = await place.LocateAsync(f);
        key = Places.Key(target, key);
        var before = place.Read(f, target, key);
        var result = operation.ApplyAt(f, before, await value.EvaluateAsync(f));
        place.Write(f, target, key, result);
        return result;
    }
}

/// <summary><c>&amp;&amp;=</c>, <c>||=</c> and <c>??=</c>.</summary>
internal sealed class LogicalAssignExpr(LogicalKind kind, Place place, Expr value) : Expr
{
    public override JsValue Evaluate(Frame f)
    {
        place.Locate(f, out var target, out var key);
        key = Places.Key(target, key);
        var before = place.Read(f, target, key);
        if (LogicalExpr.Decides(kind, before))
            return before;
        var assigned = value.Evaluate(f);
        place.Write(f, target, key, assigned);
        return assigned;
    }

    public override async Step<JsValue> EvaluateAsync(Frame f)
    {
        var (target, key) = await place.LocateAsync(f);
        key = Places.Key(target, key);
        var before = place.Read(f, target, key);
        if (LogicalExpr.Decides(kind, before))
            return before;
        var assigned = await value.EvaluateAsync(f);
        place.Write(f, target, key, assigned);
        return assigned;
    }
}

internal sealed class UpdateExpr(Place place, int by, bool prefix, int position) : Expr
{
    public override JsValue Evaluate(Frame f)
    {
        place.Locate(f, out var target, out var key);
        return Update(f, target, Places.Key(target, key));
    }

    public override async Step<JsValue> EvaluateAsync(Frame f)
    {
        var (target, key) = await place.LocateAsync(f);
        return Update(f, target, Places.Key(target, key));
    }

    private JsValue Update(Frame f, JsValue target, JsValue key)
    {
        var before = place.Read(f, target, key);
        if (!before.IsNumber)
        {
            f.Realm.Position = position;
            before = Operators.ToNumeric(before);
        }

        var after = before.IsNumber ? before.AsNumber() + by : Operators.Increment(before, by);
        place.Write(f, target, key, after);
        return prefix ? after : before;
    }
}

internal static class Places
{
    /// <summary>The key turned into a property name once, so that reading and writing do not do it twice.</summary>
    public static JsValue Key(JsValue target, JsValue key) =>
        key.IsObject && !target.IsNullish ? Operators.ToPropertyKey(key).ToValue() : key;
}
