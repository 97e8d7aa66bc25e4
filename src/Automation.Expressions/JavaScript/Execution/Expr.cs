using System.Runtime.CompilerServices;
using Automation.Expressions.JavaScript.Runtime;

namespace Automation.Expressions.JavaScript.Execution;

/// <summary>A compiled expression: immutable but for hints, and shared by all threads.</summary>
internal abstract class Expr
{
    public abstract JsValue Evaluate(Frame f);

    /// <summary>As a condition.</summary>
    public virtual bool Test(Frame f) => Operators.ToBoolean(Evaluate(f));

    /// <summary>Evaluates where an <c>await</c> may lie inside.</summary>
    public virtual Step<JsValue> EvaluateAsync(Frame f) => new(Evaluate(f));
}

/// <summary>A few arguments on the machine's stack.</summary>
[InlineArray(4)]
internal struct ArgumentBuffer
{
    private JsValue _first;
}

internal sealed class ConstantExpr(JsValue value) : Expr
{
    public JsValue Value { get; } = value;

    public override JsValue Evaluate(Frame f) => Value;
}

internal sealed class ThisExpr : Expr
{
    public override JsValue Evaluate(Frame f) => f.This;
}

internal sealed class NewTargetExpr : Expr
{
    public override JsValue Evaluate(Frame f) => f.NewTarget is { } target ? target : default(JsValue);
}

internal sealed class CalleeExpr : Expr
{
    public override JsValue Evaluate(Frame f) => f.Function!;
}

/// <summary>A name bound by nothing in the source.</summary>
internal sealed class GlobalExpr(string name, int position, bool forTypeof) : Expr
{
    private readonly MemberSite _site = new(name);

    public override JsValue Evaluate(Frame f)
    {
        var global = f.Realm.Global;
        var value = global.GetHinted(_site);
        if (!value.IsAbsent)
            return value;
        if (global.TryGet(_site.Name, global, out value) || forTypeof)
            return value;
        f.Realm.Position = position;
        throw Errors.Reference($"{_site.Name} is not defined");
    }
}

internal sealed class SequenceExpr(Expr[] expressions) : Expr
{
    public override JsValue Evaluate(Frame f)
    {
        var value = default(JsValue);
        foreach (var expression in expressions)
            value = expression.Evaluate(f);
        return value;
    }

    public override async Step<JsValue> EvaluateAsync(Frame f)
    {
        var value = default(JsValue);
        foreach (var expression in expressions)
            value = await expression.EvaluateAsync(f);
        return value;
    }
}

internal sealed class ConditionalExpr(Expr test, Expr whenTrue, Expr whenFalse) : Expr
{
    public override JsValue Evaluate(Frame f) => test.Test(f) ? whenTrue.Evaluate(f) : whenFalse.Evaluate(f);

    public override async Step<JsValue> EvaluateAsync(Frame f) =>
        Operators.ToBoolean(await test.EvaluateAsync(f)) ? await whenTrue.EvaluateAsync(f) : await whenFalse.EvaluateAsync(f);
}

internal enum LogicalKind
{
    And,
    Or,
    Nullish,
}

internal sealed class LogicalExpr(LogicalKind kind, Expr left, Expr right) : Expr
{
    public static bool Decides(LogicalKind kind, JsValue value) => kind switch
    {
        LogicalKind.And => !Operators.ToBoolean(value),
        LogicalKind.Or => Operators.ToBoolean(value),
        _ => !value.IsNullish,
    };

    public override JsValue Evaluate(Frame f)
    {
        var value = left.Evaluate(f);
        return Decides(kind, value) ? value : right.Evaluate(f);
    }

    public override async Step<JsValue> EvaluateAsync(Frame f)
    {
        var value = await left.EvaluateAsync(f);
        return Decides(kind, value) ? value : await right.EvaluateAsync(f);
    }
}

internal sealed class UnaryExpr(string op, Expr operand, int position) : Expr
{
    public override JsValue Evaluate(Frame f) => Apply(f, operand.Evaluate(f));

    public override async Step<JsValue> EvaluateAsync(Frame f) => Apply(f, await operand.EvaluateAsync(f));

    private JsValue Apply(Frame f, JsValue value)
    {
        if (value.IsObject || !value.IsNumber)
            f.Realm.Position = position;
        return op switch
        {
            "!" => !Operators.ToBoolean(value),
            "-" => value.IsNumber ? -value.AsNumber() : Operators.Negate(value),
            "+" => Operators.ToNumber(value),
            "~" => Operators.BitNot(value),
            "typeof" => Operators.TypeOf(value),
            _ => default(JsValue),
        };
    }

    public override bool Test(Frame f) => op == "!" ? !operand.Test(f) : base.Test(f);
}

internal sealed class TemplateExpr(string[] cooked, Expr[] values) : Expr
{
    public override JsValue Evaluate(Frame f)
    {
        var parts = new string[cooked.Length + values.Length];
        long length = 0;
        for (var i = 0; i < cooked.Length; i++)
        {
            parts[i * 2] = cooked[i];
            length += cooked[i].Length;
            if (i == values.Length)
                continue;
            var text = Operators.ToText(values[i].Evaluate(f));
            parts[(i * 2) + 1] = text;
            length += text.Length;
        }

        f.Realm.ReserveString(length);
        return string.Concat(parts);
    }

    public override async Step<JsValue> EvaluateAsync(Frame f)
    {
        var text = new System.Text.StringBuilder(cooked[0]);
        for (var i = 0; i < values.Length; i++)
        {
            text.Append(Operators.ToText(await values[i].EvaluateAsync(f))).Append(cooked[i + 1]);
            f.Realm.CheckString(text.Length);
        }

        f.Realm.ReserveString(text.Length);
        return text.ToString();
    }
}

/// <summary>The strings of a tagged template: one array per place in the source and evaluation.</summary>
internal sealed class TaggedTemplateExpr(Callee tag, string?[] cooked, string[] raw, Expr[] values, int position) : Expr
{
    public override JsValue Evaluate(Frame f)
    {
        var function = tag.Resolve(f, out var self);
        var arguments = new JsValue[values.Length + 1];
        arguments[0] = f.Realm.TemplateObject(this, cooked, raw);
        for (var i = 0; i < values.Length; i++)
            arguments[i + 1] = values[i].Evaluate(f);
        f.Realm.Position = position;
        return (function.AsFunction() ?? throw Errors.Type("The tag of a template is not a function")).Call(self, arguments);
    }

    public override async Step<JsValue> EvaluateAsync(Frame f)
    {
        var (function, self) = await tag.ResolveAsync(f);
        var arguments = new JsValue[values.Length + 1];
        arguments[0] = f.Realm.TemplateObject(this, cooked, raw);
        for (var i = 0; i < values.Length; i++)
            arguments[i + 1] = await values[i].EvaluateAsync(f);
        f.Realm.Position = position;
        return (function.AsFunction() ?? throw Errors.Type("The tag of a template is not a function")).Call(self, arguments);
    }
}

internal sealed class RegularExpressionExpr(string pattern, string flags) : Expr
{
    public override JsValue Evaluate(Frame f) => Builtins.RegExpBuiltins.Create(f.Realm, pattern, flags);
}

internal sealed class FunctionExpr(FunctionCode code) : Expr
{
    public override JsValue Evaluate(Frame f) => new ScriptFunction(f.Realm, code, f.Env);
}

internal sealed class AwaitExpr(Expr operand, int position) : Expr
{
    /// <summary>Reached only where a wait cannot be split off, such as the key of <c>super[…]</c>.</summary>
    public override JsValue Evaluate(Frame f)
    {
        f.Realm.Position = position;
        throw new ExpressionException(ExpressionErrorKind.NotSupported, "await is not supported in this place; put the value into a variable first");
    }

    public override async Step<JsValue> EvaluateAsync(Frame f)
    {
        var value = await operand.EvaluateAsync(f);
        return await new PromiseAwaiter(f.Realm, value);
    }
}

/// <summary>A chain with <c>?.</c>: a broken link gives <see cref="JsValue.Absent"/>, which ends here as undefined.</summary>
internal sealed class OptionalChainExpr(Expr chain) : Expr
{
    public override JsValue Evaluate(Frame f)
    {
        var value = chain.Evaluate(f);
        return value.IsAbsent ? default : value;
    }

    public override async Step<JsValue> EvaluateAsync(Frame f)
    {
        var value = await chain.EvaluateAsync(f);
        return value.IsAbsent ? default : value;
    }
}

internal sealed class GlobalThisExpr : Expr
{
    public override JsValue Evaluate(Frame f) => f.Realm.Global;
}
