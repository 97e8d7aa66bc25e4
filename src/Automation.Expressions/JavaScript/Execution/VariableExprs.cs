using Automation.Expressions.JavaScript.Runtime;

namespace Automation.Expressions.JavaScript.Execution;

internal sealed class VariableExpr(VariableSlot slot) : Expr
{
    public VariableSlot Slot { get; } = slot;

    public override JsValue Evaluate(Frame f) => Slot.Get(f);
}

/// <summary><c>variable = value</c>.</summary>
internal sealed class AssignVariableExpr(VariableSlot slot, Expr value) : Expr
{
    public override JsValue Evaluate(Frame f) => Assign(f, value.Evaluate(f));

    public override async Step<JsValue> EvaluateAsync(Frame f) => Assign(f, await value.EvaluateAsync(f));

    private JsValue Assign(Frame f, JsValue assigned)
    {
        slot.Set(f, assigned);
        return assigned;
    }
}

/// <summary><c>variable += value</c> and its kin.</summary>
internal sealed class CompoundVariableExpr(VariableSlot slot, Expr value, BinaryExpr operation) : Expr
{
    public override JsValue Evaluate(Frame f)
    {
        var before = slot.Get(f);
        return Assign(f, before, value.Evaluate(f));
    }

    public override async Step<JsValue> EvaluateAsync(Frame f)
    {
        var before = slot.Get(f);
        return Assign(f, before, await value.EvaluateAsync(f));
    }

    private JsValue Assign(Frame f, JsValue before, JsValue operand)
    {
        var result = operation.ApplyAt(f, before, operand);
        slot.Set(f, result);
        return result;
    }
}

/// <summary><c>variable++</c> and its kin.</summary>
internal sealed class UpdateVariableExpr(VariableSlot slot, int by, bool prefix, int position) : Expr
{
    public override JsValue Evaluate(Frame f)
    {
        var before = slot.Get(f);
        if (!before.IsNumber)
        {
            f.Realm.Position = position;
            before = Operators.ToNumeric(before);
        }

        var after = before.IsNumber ? before.AsNumber() + by : Operators.Increment(before, by);
        slot.Set(f, after);
        return prefix ? after : before;
    }
}
