using Automation.Expressions.JavaScript.Runtime;

namespace Automation.Expressions.JavaScript.Execution;

/// <summary>An operator with two operands. The hot ones look at numbers first and in place.</summary>
internal abstract class BinaryExpr(Expr left, Expr right, int position) : Expr
{
    protected Expr Left { get; } = left;
    protected Expr Right { get; } = right;

    public abstract JsValue Apply(Realm realm, JsValue a, JsValue b);

    public override JsValue Evaluate(Frame f)
    {
        var a = Left.Evaluate(f);
        return Slow(f, a, Right.Evaluate(f));
    }

    public override async Step<JsValue> EvaluateAsync(Frame f)
    {
        var a = await Left.EvaluateAsync(f);
        return Slow(f, a, await Right.EvaluateAsync(f));
    }

    /// <summary>Applies the operator to values that were evaluated elsewhere.</summary>
    public JsValue ApplyAt(Frame f, JsValue a, JsValue b)
    {
        if (!a.IsNumber || !b.IsNumber)
            f.Realm.Position = position;
        return Apply(f.Realm, a, b);
    }

    protected JsValue Slow(Frame f, JsValue a, JsValue b)
    {
        f.Realm.Position = position;
        return Apply(f.Realm, a, b);
    }
}

internal sealed class AddExpr(Expr left, Expr right, int position) : BinaryExpr(left, right, position)
{
    public override JsValue Apply(Realm realm, JsValue a, JsValue b) => Operators.Add(realm, a, b);

    public override JsValue Evaluate(Frame f)
    {
        var a = Left.Evaluate(f);
        var b = Right.Evaluate(f);
        return a.IsNumber && b.IsNumber ? a.AsNumber() + b.AsNumber() : Slow(f, a, b);
    }
}

internal sealed class SubtractExpr(Expr left, Expr right, int position) : BinaryExpr(left, right, position)
{
    public override JsValue Apply(Realm realm, JsValue a, JsValue b) => Operators.Arithmetic(realm, "-", a, b);

    public override JsValue Evaluate(Frame f)
    {
        var a = Left.Evaluate(f);
        var b = Right.Evaluate(f);
        return a.IsNumber && b.IsNumber ? a.AsNumber() - b.AsNumber() : Slow(f, a, b);
    }
}

internal sealed class MultiplyExpr(Expr left, Expr right, int position) : BinaryExpr(left, right, position)
{
    public override JsValue Apply(Realm realm, JsValue a, JsValue b) => Operators.Arithmetic(realm, "*", a, b);

    public override JsValue Evaluate(Frame f)
    {
        var a = Left.Evaluate(f);
        var b = Right.Evaluate(f);
        return a.IsNumber && b.IsNumber ? a.AsNumber() * b.AsNumber() : Slow(f, a, b);
    }
}

internal sealed class DivideExpr(Expr left, Expr right, int position) : BinaryExpr(left, right, position)
{
    public override JsValue Apply(Realm realm, JsValue a, JsValue b) => Operators.Arithmetic(realm, "/", a, b);

    public override JsValue Evaluate(Frame f)
    {
        var a = Left.Evaluate(f);
        var b = Right.Evaluate(f);
        return a.IsNumber && b.IsNumber ? a.AsNumber() / b.AsNumber() : Slow(f, a, b);
    }
}

/// <summary><c>%</c>, <c>**</c> and the operators on bits.</summary>
internal sealed class ArithmeticExpr(string op, Expr left, Expr right, int position) : BinaryExpr(left, right, position)
{
    public override JsValue Apply(Realm realm, JsValue a, JsValue b) => Operators.Arithmetic(realm, op, a, b);
}

internal enum Comparison
{
    Less,
    Greater,
    LessOrEqual,
    GreaterOrEqual,
}

internal sealed class CompareExpr(Comparison comparison, Expr left, Expr right, int position) : BinaryExpr(left, right, position)
{
    public override JsValue Apply(Realm realm, JsValue a, JsValue b) => comparison switch
    {
        Comparison.Less => Operators.LessThan(a, b) == true,
        Comparison.Greater => Operators.LessThan(b, a, leftFirst: false) == true,
        Comparison.LessOrEqual => Operators.LessThan(b, a, leftFirst: false) == false,
        _ => Operators.LessThan(a, b) == false,
    };

    public override JsValue Evaluate(Frame f) => Test(f);

    public override bool Test(Frame f)
    {
        var a = Left.Evaluate(f);
        var b = Right.Evaluate(f);
        if (!a.IsNumber || !b.IsNumber)
            return Slow(f, a, b).IsTrue;
        var x = a.AsNumber();
        var y = b.AsNumber();
        return comparison switch
        {
            Comparison.Less => x < y,
            Comparison.Greater => x > y,
            Comparison.LessOrEqual => x <= y,
            _ => x >= y,
        };
    }
}

internal sealed class StrictEqualsExpr(Expr left, Expr right, bool negated) : BinaryExpr(left, right, -1)
{
    public override JsValue Apply(Realm realm, JsValue a, JsValue b) => Operators.StrictEquals(a, b) != negated;

    public override JsValue Evaluate(Frame f) => Test(f);

    public override bool Test(Frame f)
    {
        var a = Left.Evaluate(f);
        return Operators.StrictEquals(a, Right.Evaluate(f)) != negated;
    }
}

internal sealed class LooseEqualsExpr(Expr left, Expr right, bool negated, int position) : BinaryExpr(left, right, position)
{
    public override JsValue Apply(Realm realm, JsValue a, JsValue b) => Operators.LooseEquals(a, b) != negated;
}

internal sealed class InstanceOfExpr(Expr left, Expr right, int position) : BinaryExpr(left, right, position)
{
    public override JsValue Apply(Realm realm, JsValue a, JsValue b) => Operators.InstanceOf(a, b);
}

internal sealed class InExpr(Expr left, Expr right, int position) : BinaryExpr(left, right, position)
{
    public override JsValue Apply(Realm realm, JsValue a, JsValue b) => Operators.In(a, b);
}

internal static class BinaryExprs
{
    public static BinaryExpr Create(string op, Expr left, Expr right, int position) => op switch
    {
        "+" => new AddExpr(left, right, position),
        "-" => new SubtractExpr(left, right, position),
        "*" => new MultiplyExpr(left, right, position),
        "/" => new DivideExpr(left, right, position),
        "<" => new CompareExpr(Comparison.Less, left, right, position),
        ">" => new CompareExpr(Comparison.Greater, left, right, position),
        "<=" => new CompareExpr(Comparison.LessOrEqual, left, right, position),
        ">=" => new CompareExpr(Comparison.GreaterOrEqual, left, right, position),
        "===" => new StrictEqualsExpr(left, right, negated: false),
        "!==" => new StrictEqualsExpr(left, right, negated: true),
        "==" => new LooseEqualsExpr(left, right, negated: false, position),
        "!=" => new LooseEqualsExpr(left, right, negated: true, position),
        "instanceof" => new InstanceOfExpr(left, right, position),
        "in" => new InExpr(left, right, position),
        _ => new ArithmeticExpr(op, left, right, position),
    };
}
