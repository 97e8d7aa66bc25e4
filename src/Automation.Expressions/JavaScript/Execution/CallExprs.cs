using Automation.Expressions.JavaScript.Runtime;

namespace Automation.Expressions.JavaScript.Execution;

/// <summary>What is called, and with which <c>this</c>.</summary>
internal abstract class Callee
{
    public abstract JsValue Resolve(Frame f, out JsValue self);

    public virtual Step<(JsValue Function, JsValue Self)> ResolveAsync(Frame f)
    {
        var function = Resolve(f, out var self);
        return new((function, self));
    }
}

internal sealed class PlainCallee(Expr function) : Callee
{
    public override JsValue Resolve(Frame f, out JsValue self)
    {
        self = default;
        return function.Evaluate(f);
    }

    public override async Step<(JsValue Function, JsValue Self)> ResolveAsync(Frame f) => (await function.EvaluateAsync(f), default);
}

internal sealed class MemberCallee(Expr target, MemberExpr member) : Callee
{
    public override JsValue Resolve(Frame f, out JsValue self)
    {
        self = target.Evaluate(f);
        return member.Read(f, self);
    }

    public override async Step<(JsValue Function, JsValue Self)> ResolveAsync(Frame f)
    {
        var self = await target.EvaluateAsync(f);
        return (member.Read(f, self), self);
    }
}

internal sealed class IndexCallee(Expr target, Expr index, bool optional, int position) : Callee
{
    public override JsValue Resolve(Frame f, out JsValue self)
    {
        self = target.Evaluate(f);
        if (self.IsAbsent || (optional && self.IsNullish))
            return JsValue.Absent;
        var key = index.Evaluate(f);
        f.Realm.Position = position;
        return Operators.GetElement(f.Realm, self, key);
    }

    public override async Step<(JsValue Function, JsValue Self)> ResolveAsync(Frame f)
    {
        var self = await target.EvaluateAsync(f);
        if (self.IsAbsent || (optional && self.IsNullish))
            return (JsValue.Absent, self);
        var key = await index.EvaluateAsync(f);
        f.Realm.Position = position;
        return (Operators.GetElement(f.Realm, self, key), self);
    }
}

internal sealed class PrivateCallee(Expr target, Expr name, bool optional, int position) : Callee
{
    public override JsValue Resolve(Frame f, out JsValue self)
    {
        self = target.Evaluate(f);
        return Resolve(f, self);
    }

    public override async Step<(JsValue Function, JsValue Self)> ResolveAsync(Frame f)
    {
        var self = await target.EvaluateAsync(f);
        return (Resolve(f, self), self);
    }

    private JsValue Resolve(Frame f, JsValue self) =>
        self.IsAbsent || (optional && self.IsNullish) ? JsValue.Absent : PrivateMemberExpr.Get(f, self, name, position);
}

internal sealed class SuperCallee(Expr self, SuperMemberExpr member) : Callee
{
    public override JsValue Resolve(Frame f, out JsValue receiver)
    {
        receiver = self.Evaluate(f);
        return member.Evaluate(f);
    }
}

/// <summary>A parenthesised chain <c>(a?.b)()</c>: the chain ends inside the brackets, but <c>this</c> is kept.</summary>
internal sealed class ChainCallee(Callee inner) : Callee
{
    public override JsValue Resolve(Frame f, out JsValue self)
    {
        var function = inner.Resolve(f, out self);
        return function.IsAbsent ? default : function;
    }

    public override async Step<(JsValue Function, JsValue Self)> ResolveAsync(Frame f)
    {
        var (function, self) = await inner.ResolveAsync(f);
        return (function.IsAbsent ? default : function, self);
    }
}

internal sealed class CallExpr(Callee callee, Expr[] arguments, bool hasSpread, bool optional, int position, string text) : Expr
{
    public override JsValue Evaluate(Frame f)
    {
        var value = callee.Resolve(f, out var self);
        if (value.Reference is not JsFunction function)
            return NotCallable(f, value);
        if (hasSpread || arguments.Length > 4)
            return CallMany(f, function, self);
        if (arguments.Length <= 3 && function is ScriptFunction { Code.IsPlain: true } plain)
            return CallPlain(f, plain, self);
        var buffer = default(ArgumentBuffer);
        for (var i = 0; i < arguments.Length; i++)
            buffer[i] = arguments[i].Evaluate(f);
        f.Realm.Position = position;
        return function.Call(self, ((ReadOnlySpan<JsValue>)buffer)[..arguments.Length]);
    }

    private JsValue CallPlain(Frame f, ScriptFunction function, JsValue self)
    {
        var a = arguments.Length > 0 ? arguments[0].Evaluate(f) : default;
        var b = arguments.Length > 1 ? arguments[1].Evaluate(f) : default;
        var c = arguments.Length > 2 ? arguments[2].Evaluate(f) : default;
        f.Realm.Position = position;
        f.Realm.EnsureStack();
        return function.CallPlain(function.ReceiverFor(self), a, b, c);
    }

    private JsValue CallMany(Frame f, JsFunction function, JsValue self)
    {
        var values = Arguments.Evaluate(f, arguments, hasSpread);
        f.Realm.Position = position;
        return function.Call(self, values);
    }

    private JsValue NotCallable(Frame f, JsValue value)
    {
        if (value.IsAbsent || (optional && value.IsNullish))
            return JsValue.Absent;
        Arguments.Evaluate(f, arguments, hasSpread);
        f.Realm.Position = position;
        throw Errors.Type($"{text} is not a function");
    }

    public override async Step<JsValue> EvaluateAsync(Frame f)
    {
        var (value, self) = await callee.ResolveAsync(f);
        if (value.Reference is not JsFunction function)
        {
            if (value.IsAbsent || (optional && value.IsNullish))
                return JsValue.Absent;
            f.Realm.Position = position;
            throw Errors.Type($"{text} is not a function");
        }

        var values = await Arguments.EvaluateAsync(f, arguments);
        f.Realm.Position = position;
        return function.Call(self, values);
    }
}

internal sealed class NewExpr(Expr callee, Expr[] arguments, bool hasSpread, int position, string text) : Expr
{
    public override JsValue Evaluate(Frame f)
    {
        var value = callee.Evaluate(f);
        return Construct(f, value, Arguments.Evaluate(f, arguments, hasSpread));
    }

    public override async Step<JsValue> EvaluateAsync(Frame f)
    {
        var value = await callee.EvaluateAsync(f);
        return Construct(f, value, await Arguments.EvaluateAsync(f, arguments));
    }

    private JsValue Construct(Frame f, JsValue value, JsValue[] values)
    {
        f.Realm.Position = position;
        if (value.Reference is not JsFunction { IsConstructor: true } function)
            throw Errors.Type($"{text} is not a constructor");
        return function.Construct(values, function);
    }
}

/// <summary><c>super(…)</c>.</summary>
internal sealed class SuperCallExpr(Expr function, Expr newTarget, VariableSlot self, Expr[] arguments, bool hasSpread, int position) : Expr
{
    public override JsValue Evaluate(Frame f)
    {
        var active = (ScriptFunction)function.Evaluate(f).Reference!;
        var parent = active.Prototype;
        var values = Arguments.Evaluate(f, arguments, hasSpread);
        f.Realm.Position = position;
        if (parent is not JsFunction { IsConstructor: true } constructor)
            throw Errors.Type("Super constructor is not a constructor");
        var made = constructor.Construct(values, newTarget.Evaluate(f).AsObject()!);
        if (!Read(f).IsAbsent)
            throw Errors.Reference("Super constructor may only be called once");
        self.Initialize(f, made);
        active.InitializeFields(made);
        return made;
    }

    private JsValue Read(Frame f)
    {
        if (self.Depth < 0)
            return f.Locals[self.Index];
        var env = f.Env!;
        for (var depth = self.Depth; depth > 0; depth--)
            env = env.Parent!;
        return env.Slots[self.Index];
    }
}

internal static class Arguments
{
    public static JsValue[] Evaluate(Frame f, Expr[] arguments, bool hasSpread)
    {
        if (arguments.Length == 0)
            return [];
        if (hasSpread)
            return EvaluateSpread(f, arguments);
        var values = new JsValue[arguments.Length];
        for (var i = 0; i < values.Length; i++)
            values[i] = arguments[i].Evaluate(f);
        return values;
    }

    private static JsValue[] EvaluateSpread(Frame f, Expr[] arguments)
    {
        var values = new List<JsValue>();
        foreach (var argument in arguments)
        {
            if (argument is SpreadExpr spread)
                Iteration.AddAll(f.Realm, spread.Evaluate(f), values, spread.Text);
            else
                values.Add(argument.Evaluate(f));
        }

        return [.. values];
    }

    public static async Step<JsValue[]> EvaluateAsync(Frame f, Expr[] arguments)
    {
        var values = new List<JsValue>(arguments.Length);
        foreach (var argument in arguments)
        {
            var value = await argument.EvaluateAsync(f);
            if (argument is SpreadExpr spread)
                Iteration.AddAll(f.Realm, value, values, spread.Text);
            else
                values.Add(value);
        }

        return [.. values];
    }
}

/// <summary><c>...value</c> among arguments or elements: gives the value; whoever holds it spreads it.</summary>
internal sealed class SpreadExpr(Expr value, int position, string text) : Expr
{
    /// <summary>How the source says it.</summary>
    public string Text { get; } = text;

    public override JsValue Evaluate(Frame f) => At(f, value.Evaluate(f));

    public override async Step<JsValue> EvaluateAsync(Frame f) => At(f, await value.EvaluateAsync(f));

    private JsValue At(Frame f, JsValue spread)
    {
        f.Realm.Position = position;
        return spread;
    }
}
