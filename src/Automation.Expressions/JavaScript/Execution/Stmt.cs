using Automation.Expressions.JavaScript.Runtime;

namespace Automation.Expressions.JavaScript.Execution;

internal enum Completion
{
    Normal,
    Break,
    Continue,
    Return,
}

/// <summary>A compiled statement.</summary>
internal abstract class Stmt
{
    public abstract Completion Execute(Frame f);

    public virtual Step<Completion> ExecuteAsync(Frame f) => new(Execute(f));
}

internal sealed class ExpressionStmt(Expr expression, bool keepsValue) : Stmt
{
    public override Completion Execute(Frame f)
    {
        f.Realm.Step();
        var value = expression.Evaluate(f);
        if (keepsValue)
            f.Result = value;
        return Completion.Normal;
    }

    public override async Step<Completion> ExecuteAsync(Frame f)
    {
        f.Realm.Step();
        var value = await expression.EvaluateAsync(f);
        if (keepsValue)
            f.Result = value;
        return Completion.Normal;
    }
}

/// <summary>A declaration with its initialiser.</summary>
internal sealed class DeclareStmt(Place place, Expr? value, bool isPattern) : Stmt
{
    public override Completion Execute(Frame f)
    {
        if (isPattern)
            place.Assign(f, value!.Evaluate(f));
        else
            place.Write(f, default, default, value?.Evaluate(f) ?? default);
        return Completion.Normal;
    }

    public override async Step<Completion> ExecuteAsync(Frame f)
    {
        var assigned = value is null ? default : await value.EvaluateAsync(f);
        await place.AssignAsync(f, assigned);
        return Completion.Normal;
    }
}

internal sealed class EmptyStmt : Stmt
{
    public override Completion Execute(Frame f) => Completion.Normal;
}

internal sealed class BlockStmt(Stmt[] body, ScopeLayout layout, HoistedFunction[] functions) : Stmt
{
    public override Completion Execute(Frame f)
    {
        var outer = layout.Enter(f);
        foreach (var function in functions)
            function.Create(f);
        foreach (var statement in body)
        {
            var completion = statement.Execute(f);
            if (completion != Completion.Normal)
            {
                f.Env = outer;
                return completion;
            }
        }

        f.Env = outer;
        return Completion.Normal;
    }

    public override async Step<Completion> ExecuteAsync(Frame f)
    {
        var outer = layout.Enter(f);
        foreach (var function in functions)
            function.Create(f);
        foreach (var statement in body)
        {
            var completion = await statement.ExecuteAsync(f);
            if (completion != Completion.Normal)
            {
                f.Env = outer;
                return completion;
            }
        }

        f.Env = outer;
        return Completion.Normal;
    }
}

/// <summary>A function declaration, made when its scope is entered.</summary>
internal sealed class HoistedFunction(VariableSlot slot, FunctionCode code)
{
    public void Create(Frame f) => slot.Initialize(f, new ScriptFunction(f.Realm, code, f.Env));
}

/// <summary>Where a function declared in a block is copied to the function's variable of that name (sloppy code only).</summary>
internal sealed class CopyFunctionStmt(VariableSlot from, VariableSlot to) : Stmt
{
    public override Completion Execute(Frame f)
    {
        to.Initialize(f, from.Get(f));
        return Completion.Normal;
    }
}

internal sealed class IfStmt(Expr test, Stmt then, Stmt? otherwise) : Stmt
{
    public override Completion Execute(Frame f)
    {
        f.Realm.Step();
        if (test.Test(f))
            return then.Execute(f);
        return otherwise?.Execute(f) ?? Completion.Normal;
    }

    public override async Step<Completion> ExecuteAsync(Frame f)
    {
        f.Realm.Step();
        if (Operators.ToBoolean(await test.EvaluateAsync(f)))
            return await then.ExecuteAsync(f);
        return otherwise is null ? Completion.Normal : await otherwise.ExecuteAsync(f);
    }
}

internal sealed class JumpStmt(Completion completion, string? label) : Stmt
{
    public override Completion Execute(Frame f)
    {
        f.Label = label;
        return completion;
    }
}

internal sealed class ReturnStmt(Expr? value) : Stmt
{
    public override Completion Execute(Frame f)
    {
        f.Result = value?.Evaluate(f) ?? default;
        return Completion.Return;
    }

    public override async Step<Completion> ExecuteAsync(Frame f)
    {
        f.Result = value is null ? default : await value.EvaluateAsync(f);
        return Completion.Return;
    }
}

internal sealed class ThrowStmt(Expr value, int position) : Stmt
{
    public override Completion Execute(Frame f) => throw new JsThrow(value.Evaluate(f)) { Offset = position };

    public override async Step<Completion> ExecuteAsync(Frame f) => throw new JsThrow(await value.EvaluateAsync(f)) { Offset = position };
}

internal sealed class LabeledStmt(string label, Stmt body) : Stmt
{
    public override Completion Execute(Frame f) => Catch(f, body.Execute(f));

    public override async Step<Completion> ExecuteAsync(Frame f) => Catch(f, await body.ExecuteAsync(f));

    private Completion Catch(Frame f, Completion completion)
    {
        if (completion != Completion.Break || f.Label != label)
            return completion;
        f.Label = null;
        return Completion.Normal;
    }
}

internal sealed class SwitchStmt(Expr subject, (Expr? Test, Stmt[] Body)[] cases, ScopeLayout layout, HoistedFunction[] functions) : Stmt
{
    public override Completion Execute(Frame f)
    {
        f.Realm.Step();
        var value = subject.Evaluate(f);
        var outer = layout.Enter(f);
        foreach (var function in functions)
            function.Create(f);
        var start = Find(f, value);
        var completion = Completion.Normal;
        for (var i = start; i < cases.Length && completion == Completion.Normal; i++)
        {
            foreach (var statement in cases[i].Body)
            {
                completion = statement.Execute(f);
                if (completion != Completion.Normal)
                    break;
            }
        }

        return End(f, outer, completion);
    }

    private int Find(Frame f, JsValue value)
    {
        var fallback = cases.Length;
        for (var i = 0; i < cases.Length; i++)
        {
            if (cases[i].Test is not { } test)
                fallback = i;
            else if (Operators.StrictEquals(value, test.Evaluate(f)))
                return i;
        }

        return fallback;
    }

    public override async Step<Completion> ExecuteAsync(Frame f)
    {
        f.Realm.Step();
        var value = await subject.EvaluateAsync(f);
        var outer = layout.Enter(f);
        foreach (var function in functions)
            function.Create(f);
        var start = cases.Length;
        var found = false;
        for (var i = 0; i < cases.Length && !found; i++)
        {
            if (cases[i].Test is not { } test)
            {
                start = i;
            }
            else if (Operators.StrictEquals(value, await test.EvaluateAsync(f)))
            {
                start = i;
                found = true;
            }
        }

        var completion = Completion.Normal;
        for (var i = start; i < cases.Length && completion == Completion.Normal; i++)
        {
            foreach (var statement in cases[i].Body)
            {
                completion = await statement.ExecuteAsync(f);
                if (completion != Completion.Normal)
                    break;
            }
        }

        return End(f, outer, completion);
    }

    private static Completion End(Frame f, Environment? outer, Completion completion)
    {
        f.Env = outer;
        return completion == Completion.Break && f.Label is null ? Completion.Normal : completion;
    }
}

internal sealed class TryStmt(Stmt block, Place? parameter, ScopeLayout? catchLayout, Stmt? handler, Stmt? finalizer) : Stmt
{
    public override Completion Execute(Frame f)
    {
        var env = f.Env;
        var depth = f.Realm.Depth;
        if (finalizer is null)
            return ExecuteCatch(f, env, depth);
        Completion completion;
        JsThrow? thrown = null;
        try
        {
            completion = ExecuteCatch(f, env, depth);
        }
        catch (JsThrow e)
        {
            thrown = e;
            completion = Completion.Normal;
            f.Env = env;
            f.Realm.Depth = depth;
        }

        var (result, label) = (f.Result, f.Label);
        var last = finalizer.Execute(f);
        if (last != Completion.Normal)
            return last;
        if (thrown is not null)
            throw new JsThrow(thrown.Value) { Offset = thrown.Offset };
        (f.Result, f.Label) = (result, label);
        return completion;
    }

    private Completion ExecuteCatch(Frame f, Environment? env, int depth)
    {
        if (handler is null)
            return block.Execute(f);
        JsThrow thrown;
        try
        {
            return block.Execute(f);
        }
        catch (JsThrow e)
        {
            thrown = e;
        }

        f.Env = env;
        f.Realm.Depth = depth;
        f.Realm.Step();
        var outer = catchLayout!.Enter(f);
        parameter?.Assign(f, thrown.Value);
        var completion = handler.Execute(f);
        f.Env = outer;
        return completion;
    }

    public override async Step<Completion> ExecuteAsync(Frame f)
    {
        var env = f.Env;
        if (finalizer is null)
            return await ExecuteCatchAsync(f, env);
        Completion completion;
        JsThrow? thrown = null;
        try
        {
            completion = await ExecuteCatchAsync(f, env);
        }
        catch (JsThrow e)
        {
            thrown = e;
            completion = Completion.Normal;
            f.Env = env;
        }

        var (result, label) = (f.Result, f.Label);
        var last = await finalizer.ExecuteAsync(f);
        if (last != Completion.Normal)
            return last;
        if (thrown is not null)
            throw new JsThrow(thrown.Value) { Offset = thrown.Offset };
        (f.Result, f.Label) = (result, label);
        return completion;
    }

    private async Step<Completion> ExecuteCatchAsync(Frame f, Environment? env)
    {
        if (handler is null)
            return await block.ExecuteAsync(f);
        JsThrow thrown;
        var depth = f.Realm.Depth;
        try
        {
            return await block.ExecuteAsync(f);
        }
        catch (JsThrow e)
        {
            thrown = e;
        }

        f.Env = env;

        // After a wait the depth is that of the job that goes on, never more than when the statement began.
        f.Realm.Depth = Math.Min(f.Realm.Depth, depth);
        f.Realm.Step();
        var outer = catchLayout!.Enter(f);
        if (parameter is not null)
            await parameter.AssignAsync(f, thrown.Value);
        var completion = await handler.ExecuteAsync(f);
        f.Env = outer;
        return completion;
    }
}
