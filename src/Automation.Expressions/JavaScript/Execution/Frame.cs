using System.Runtime.CompilerServices;
using Automation.Expressions.JavaScript.Runtime;

namespace Automation.Expressions.JavaScript.Execution;

/// <summary>One call: its variables, apart from those that closures share.</summary>
internal sealed class Frame(Realm realm)
{
    public Realm Realm { get; } = realm;
    public JsValue[] Locals = [];
    public Environment? Env;

    /// <summary>The environment of the function's outermost scope; set where there can be one.</summary>
    public Environment? Root;

    public JsValue This;
    public ScriptFunction? Function;
    public JsObject? NewTarget;

    /// <summary>What <c>return</c> gave; in a script, also the value of the last expression statement.</summary>
    public JsValue Result;

    /// <summary>The label a <c>break</c> or <c>continue</c> is on its way to; null for the nearest.</summary>
    public string? Label;

    public void Prepare(int locals, int parameters = 0)
    {
        if (Locals.Length < locals)
            Locals = new JsValue[Math.Max(locals, 8)];
        else if (locals > parameters)
            Locals.AsSpan(parameters, locals - parameters).Clear();
        Result = default;
        Label = null;
        NewTarget = null;
    }
}

/// <summary>Variables that closures share, one per scope and round of a loop.</summary>
internal sealed class Environment(int size, Environment? parent)
{
    public readonly JsValue[] Slots = new JsValue[size];
    public readonly Environment? Parent = parent;

    public Environment Copy()
    {
        var copy = new Environment(Slots.Length, Parent);
        Array.Copy(Slots, copy.Slots, Slots.Length);
        return copy;
    }
}

/// <summary>How a scope looks at run time; filled in when the whole source is compiled.</summary>
internal sealed class ScopeLayout
{
    /// <summary>Variables shared with closures; 0 if the scope needs no environment.</summary>
    public int EnvironmentSize;

    /// <summary>Slots that must tell "not yet initialised" from undefined.</summary>
    public int[] UninitializedLocals = [];

    public int[] UninitializedShared = [];

    public bool IsEmpty => EnvironmentSize == 0 && UninitializedLocals.Length == 0;

    /// <summary>Enters the scope and gives the environment to return to.</summary>
    public Environment? Enter(Frame f)
    {
        var outer = f.Env;
        if (EnvironmentSize > 0)
        {
            f.Env = new Environment(EnvironmentSize, outer);
            foreach (var slot in UninitializedShared)
                f.Env.Slots[slot] = JsValue.Absent;
        }

        foreach (var slot in UninitializedLocals)
            f.Locals[slot] = JsValue.Absent;
        return outer;
    }
}

/// <summary>Where a variable lies: in the frame, or so many environments up.</summary>
internal sealed class VariableSlot(string name)
{
    public string Name { get; } = name;

    /// <summary>-1: in the frame.</summary>
    public int Depth = -1;

    public int Index;

    /// <summary>The variable may be read before it is initialised.</summary>
    public bool Check;

    public int Position;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public JsValue Get(Frame f)
    {
        var value = Depth < 0 ? f.Locals[Index] : Find(f)[Index];
        if (Check && value.IsAbsent)
            throw NotInitialized(f);
        return value;
    }

    /// <summary>Gives a first value.</summary>
    public void Initialize(Frame f, JsValue value)
    {
        if (Depth < 0)
            f.Locals[Index] = value;
        else
            Find(f)[Index] = value;
    }

    public void Set(Frame f, JsValue value)
    {
        if (Check)
            Get(f);
        Initialize(f, value);
    }

    private JsValue[] Find(Frame f)
    {
        var env = f.Env!;
        for (var depth = Depth; depth > 0; depth--)
            env = env.Parent!;
        return env.Slots;
    }

    private JsThrow NotInitialized(Frame f)
    {
        f.Realm.Position = Position;
        return Name == "this"
            ? Errors.Reference("Must call super constructor in derived class before accessing 'this' or returning from derived constructor")
            : Errors.Reference($"Cannot access '{Name}' before initialization");
    }
}
