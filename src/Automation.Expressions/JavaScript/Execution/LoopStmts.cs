using Automation.Expressions.JavaScript.Runtime;

namespace Automation.Expressions.JavaScript.Execution;

/// <summary>A loop: knows its labels, so that it can tell which jumps are its own.</summary>
internal abstract class LoopStmt(string[] labels) : Stmt
{
    /// <summary>Whether the loop goes on after its body ended so; otherwise <paramref name="result"/> is what the loop gives.</summary>
    protected bool GoesOn(Frame f, Completion completion, out Completion result)
    {
        result = Completion.Normal;
        switch (completion)
        {
            case Completion.Normal:
                return true;
            case Completion.Continue when IsOwn(f.Label):
                f.Label = null;
                return true;
            case Completion.Break when f.Label is null:
                return false;
            default:
                result = completion;
                return false;
        }
    }

    private bool IsOwn(string? label) => label is null || Array.IndexOf(labels, label) >= 0;
}

internal sealed class WhileStmt(Expr test, Stmt body, bool testFirst, string[] labels) : LoopStmt(labels)
{
    public override Completion Execute(Frame f)
    {
        if (testFirst && !test.Test(f))
            return Completion.Normal;
        do
        {
            f.Realm.Step();
            var completion = body.Execute(f);
            if (completion != Completion.Normal && !GoesOn(f, completion, out var result))
                return result;
        }
        while (test.Test(f));
        return Completion.Normal;
    }

    public override async Step<Completion> ExecuteAsync(Frame f)
    {
        if (testFirst && !Operators.ToBoolean(await test.EvaluateAsync(f)))
            return Completion.Normal;
        do
        {
            f.Realm.Step();
            if (!GoesOn(f, await body.ExecuteAsync(f), out var result))
                return result;
        }
        while (Operators.ToBoolean(await test.EvaluateAsync(f)));
        return Completion.Normal;
    }
}

internal sealed class ForStmt(Stmt? initializer, Expr? test, Expr? update, Stmt body, ScopeLayout layout, string[] labels) : LoopStmt(labels)
{
    public override Completion Execute(Frame f)
    {
        var outer = layout.Enter(f);
        initializer?.Execute(f);
        var result = Completion.Normal;

        // Closures made in one round must not see the next round's variable.
        var fresh = layout.EnvironmentSize > 0;
        if (fresh)
            f.Env = f.Env!.Copy();
        while (test is null || test.Test(f))
        {
            f.Realm.Step();
            var completion = body.Execute(f);
            if (completion != Completion.Normal && !GoesOn(f, completion, out result))
                break;
            if (fresh)
                f.Env = f.Env!.Copy();
            update?.Evaluate(f);
        }

        f.Env = outer;
        return result;
    }

    public override async Step<Completion> ExecuteAsync(Frame f)
    {
        var outer = layout.Enter(f);
        if (initializer is not null)
            await initializer.ExecuteAsync(f);
        var result = Completion.Normal;
        var fresh = layout.EnvironmentSize > 0;
        if (fresh)
            f.Env = f.Env!.Copy();
        while (test is null || Operators.ToBoolean(await test.EvaluateAsync(f)))
        {
            f.Realm.Step();
            if (!GoesOn(f, await body.ExecuteAsync(f), out result))
                break;
            if (fresh)
                f.Env = f.Env!.Copy();
            if (update is not null)
                await update.EvaluateAsync(f);
        }

        f.Env = outer;
        return result;
    }
}

internal sealed class ForInStmt(Place target, Expr source, Stmt body, ScopeLayout layout, string[] labels) : LoopStmt(labels)
{
    public override Completion Execute(Frame f)
    {
        var outer = layout.Enter(f);
        var value = source.Evaluate(f);
        f.Env = outer;
        var result = Completion.Normal;
        foreach (var name in Iteration.EnumerableNames(value))
        {
            if (!value.IsString && !StillThere(value, name))
                continue;
            f.Realm.Step();
            layout.Enter(f);
            target.Assign(f, name);
            var completion = body.Execute(f);
            f.Env = outer;
            if (!GoesOn(f, completion, out result))
                break;
        }

        return result;
    }

    private static bool StillThere(JsValue value, string name) => value.AsObject()?.Has(name) != false;

    public override async Step<Completion> ExecuteAsync(Frame f)
    {
        var outer = layout.Enter(f);
        var value = await source.EvaluateAsync(f);
        f.Env = outer;
        var result = Completion.Normal;
        foreach (var name in Iteration.EnumerableNames(value))
        {
            if (!value.IsString && !StillThere(value, name))
                continue;
            f.Realm.Step();
            layout.Enter(f);
            await target.AssignAsync(f, name);
            var completion = await body.ExecuteAsync(f);
            f.Env = outer;
            if (!GoesOn(f, completion, out result))
                break;
        }

        return result;
    }
}

internal sealed class ForOfStmt(Place target, Expr source, Stmt body, ScopeLayout layout, bool isAwait, string[] labels, string text, int position) : LoopStmt(labels)
{
    public override Completion Execute(Frame f)
    {
        var outer = layout.Enter(f);
        var value = source.Evaluate(f);
        f.Env = outer;
        f.Realm.Position = position;
        var iterator = new ValueIterator(f.Realm, value, text);
        while (iterator.TryNext(out var item))
        {
            Completion completion;
            layout.Enter(f);
            try
            {
                target.Assign(f, item);
                completion = body.Execute(f);
            }
            catch (JsThrow)
            {
                iterator.CloseQuietly();
                throw;
            }

            f.Env = outer;
            if (completion != Completion.Normal && !GoesOn(f, completion, out var result))
            {
                var (kept, label) = (f.Result, f.Label);
                iterator.Close();
                (f.Result, f.Label) = (kept, label);
                return result;
            }
        }

        return Completion.Normal;
    }

    public override async Step<Completion> ExecuteAsync(Frame f)
    {
        var outer = layout.Enter(f);
        var value = await source.EvaluateAsync(f);
        f.Env = outer;
        if (isAwait && value.AsObject()?.GetMethod(JsSymbol.AsyncIterator) is { } method)
            return await ExecuteAsyncIterator(f, method.Call(value, []), outer);
        f.Realm.Position = position;
        var iterator = new ValueIterator(f.Realm, value, text);
        while (iterator.TryNext(out var item))
        {
            Completion completion;
            layout.Enter(f);
            try
            {
                if (isAwait)
                    item = await new PromiseAwaiter(f.Realm, item);
                await target.AssignAsync(f, item);
                completion = await body.ExecuteAsync(f);
            }
            catch (JsThrow)
            {
                iterator.CloseQuietly();
                throw;
            }

            f.Env = outer;
            if (!GoesOn(f, completion, out var result))
            {
                iterator.Close();
                return result;
            }
        }

        return Completion.Normal;
    }

    private async Step<Completion> ExecuteAsyncIterator(Frame f, JsValue iterator, Environment? outer)
    {
        if (iterator.AsObject() is not { } o)
            throw Errors.Type("Result of the Symbol.asyncIterator method is not an object");
        while (true)
        {
            f.Realm.Step();
            var step = await new PromiseAwaiter(f.Realm, o.Invoke("next"));
            if (step.AsObject() is not { } result)
                throw Errors.Type($"Iterator result {Operators.Describe(step)} is not an object");
            if (Operators.ToBoolean(result.Get("done")))
                return Completion.Normal;
            layout.Enter(f);
            await target.AssignAsync(f, result.Get("value"));
            var completion = await body.ExecuteAsync(f);
            f.Env = outer;
            if (GoesOn(f, completion, out var end))
                continue;
            if (o.GetMethod("return") is { } close)
                await new PromiseAwaiter(f.Realm, close.Call(iterator, []));
            return end;
        }
    }
}
