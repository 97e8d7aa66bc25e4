using Automation.Workflows.Definitions;
using Automation.Workflows.Execution;

namespace Automation.Workflows.Activities;

/// <summary>An input whose value comes from an expression in the definition. Read it with <see cref="Input{T}.Get"/>.</summary>
public abstract class Input
{
    private protected Input()
    {
    }

    /// <summary>Position among the activity's inputs; set when the definition is compiled.</summary>
    internal int Slot { get; set; } = -1;

    internal abstract DataType DefaultType { get; }
}

/// <summary>An input of type <typeparamref name="T"/>.</summary>
/// <typeparam name="T">string, bool, int, long, double, TimeSpan, DateTimeOffset, Guid, object, a list of those, or a dictionary.</typeparam>
public sealed class Input<T> : Input
{
    internal override DataType DefaultType => ClrTypes.DataTypeOf(typeof(T));

    /// <summary>The value for the execution in <paramref name="context"/>; the type's default where the definition gives none.</summary>
    /// <param name="context">The execution.</param>
    /// <exception cref="ValueConversionException">The value has no form in <typeparamref name="T"/>.</exception>
    public T? Get(ActivityContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return ClrTypes.As<T>(context.InputAt(Slot));
    }

    /// <summary>Evaluates the expression now, for inputs that the engine does not evaluate beforehand.</summary>
    /// <param name="context">The execution.</param>
    /// <exception cref="WorkflowFaultException">The expression failed.</exception>
    public T? Evaluate(ActivityContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return ClrTypes.As<T>(context.EvaluateInput(Slot));
    }

    /// <summary>Whether the definition gives this input an expression or value.</summary>
    /// <param name="context">The execution.</param>
    public bool IsSet(ActivityContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return context.Activity.Inputs[Slot].IsGiven;
    }
}

/// <summary>An output, which the definition may bind to a variable or to a workflow output.</summary>
public abstract class Output
{
    private protected Output()
    {
    }

    internal int Slot { get; set; } = -1;

    internal abstract DataType DefaultType { get; }
}

/// <summary>An output of type <typeparamref name="T"/>.</summary>
/// <typeparam name="T">Any type whose values are plain.</typeparam>
public sealed class Output<T> : Output
{
    internal override DataType DefaultType => ClrTypes.DataTypeOf(typeof(T));

    /// <summary>Sets the value and writes it to what the definition binds it to.</summary>
    /// <param name="context">The execution.</param>
    /// <param name="value">A plain value.</param>
    public void Set(ActivityContext context, T? value)
    {
        ArgumentNullException.ThrowIfNull(context);
        context.SetOutput(Slot, ClrTypes.ToPlain(value));
    }
}
