using Automation.Expressions.JavaScript.Runtime;

namespace Automation.Expressions.JavaScript.Execution;

/// <summary>One parameter that is more than a name.</summary>
internal sealed record ParameterCode(Place Place, Expr? Default, bool IsRest);

/// <summary>A compiled function: immutable, shared by all its closures and threads.</summary>
internal sealed class FunctionCode
{
    public string Name = "";
    public int Length;
    public string Source = "";
    public int Start;
    public int End;
    public bool IsArrow;
    public bool IsAsync;
    public bool IsStrict;
    public bool IsMethod;
    public bool IsScript;
    public bool IsClassConstructor;
    public bool IsDerivedConstructor;

    /// <summary>A class without a constructor of its own.</summary>
    public bool IsDefaultConstructor;

    /// <summary>An anonymous function takes its name from a computed key.</summary>
    public bool TakesComputedName;

    public int LocalCount;
    public ScopeLayout Layout = new();
    public VariableSlot[]? SimpleParameters;
    public ParameterCode[]? Parameters;
    public HoistedFunction[] Functions = [];
    public Stmt[] Body = [];
    public Expr? ExpressionBody;
    public VariableSlot? ThisVariable;
    public VariableSlot? ArgumentsVariable;
    public VariableSlot? NewTargetVariable;
    public VariableSlot? FunctionVariable;
    public VariableSlot? SelfVariable;

    private int _plain;

    /// <summary>
    /// Nothing has to be made for a call: the first locals are the parameters (three at the most), and neither closures nor
    /// <c>arguments</c> and its like need a place.
    /// </summary>
    public bool IsPlain
    {
        get
        {
            if (_plain == 0)
                _plain = LooksPlain() ? 1 : -1;
            return _plain > 0;
        }
    }

    private bool LooksPlain()
    {
        if (IsAsync || IsScript || IsClassConstructor || SimpleParameters is not { Length: <= 3 } simple || !Layout.IsEmpty || Functions.Length > 0)
            return false;
        if (ThisVariable is not null || ArgumentsVariable is not null || NewTargetVariable is not null || FunctionVariable is not null || SelfVariable is not null)
            return false;
        for (var i = 0; i < simple.Length; i++)
        {
            if (simple[i].Index != i || simple[i].Depth >= 0)
                return false;
        }

        return true;
    }

    public bool CanConstruct => !IsArrow && !IsAsync && !IsScript && (!IsMethod || IsClassConstructor);

    public bool HasPrototypeProperty => CanConstruct;

    /// <summary>Puts the arguments in their places.</summary>
    public void Bind(Frame f, ScriptFunction function, JsValue self, ReadOnlySpan<JsValue> arguments, JsObject? newTarget)
    {
        f.Function = function;
        f.This = self;
        f.NewTarget = newTarget;
        f.Env = function.Env;
        if (!Layout.IsEmpty)
            Layout.Enter(f);
        f.Root = f.Env;
        if (SimpleParameters is { } simple)
        {
            if (Layout.EnvironmentSize == 0)
            {
                var count = Math.Min(simple.Length, arguments.Length);
                for (var i = 0; i < count; i++)
                    f.Locals[simple[i].Index] = arguments[i];
            }
            else
            {
                for (var i = 0; i < simple.Length; i++)
                    simple[i].Initialize(f, i < arguments.Length ? arguments[i] : default);
            }
        }

        BindSpecial(f, function, self, arguments, newTarget);
        if (Parameters is not null)
            BindParameters(f, arguments);
        foreach (var hoisted in Functions)
            hoisted.Create(f);
    }

    private void BindSpecial(Frame f, ScriptFunction function, JsValue self, ReadOnlySpan<JsValue> arguments, JsObject? newTarget)
    {
        ThisVariable?.Initialize(f, IsDerivedConstructor ? JsValue.Absent : self);
        ArgumentsVariable?.Initialize(f, f.Realm.NewArgumentsObject(arguments, IsStrict ? null : function));
        NewTargetVariable?.Initialize(f, newTarget is null ? default(JsValue) : newTarget);
        FunctionVariable?.Initialize(f, function);
        SelfVariable?.Initialize(f, function);
    }

    private void BindParameters(Frame f, ReadOnlySpan<JsValue> arguments)
    {
        for (var i = 0; i < Parameters!.Length; i++)
        {
            var parameter = Parameters[i];
            JsValue value;
            if (parameter.IsRest)
            {
                value = f.Realm.NewArray(i < arguments.Length ? arguments[i..].ToArray() : []);
            }
            else
            {
                value = i < arguments.Length ? arguments[i] : default;
                if (value.IsUndefined && parameter.Default is not null)
                    value = parameter.Default.Evaluate(f);
            }

            parameter.Place.Assign(f, value);
        }
    }

    /// <summary>The object a derived constructor has made; throws if it never called <c>super</c>.</summary>
    public JsObject ReadThis(Frame f)
    {
        // The body may have left the frame in an inner scope: the variable lies in the function's own.
        if (Layout.EnvironmentSize > 0 && ThisVariable!.Depth >= 0)
            f.Env = f.Root;
        return ThisVariable!.Get(f).AsObject()!;
    }

    public JsValue Execute(Frame f)
    {
        if (ExpressionBody is not null)
            return ExpressionBody.Evaluate(f);
        foreach (var statement in Body)
        {
            if (statement.Execute(f) == Completion.Return)
                return f.Result;
        }

        return IsScript ? f.Result : default;
    }

    public async Step<JsValue> ExecuteAsync(Frame f)
    {
        if (ExpressionBody is not null)
            return await ExpressionBody.EvaluateAsync(f);
        foreach (var statement in Body)
        {
            if (await statement.ExecuteAsync(f) == Completion.Return)
                return f.Result;
        }

        return IsScript ? f.Result : default;
    }
}
