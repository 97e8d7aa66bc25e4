using Automation.Workflows.Definitions;
using Automation.Workflows.Execution;
using Automation.Workflows.Graph;

namespace Automation.Workflows.Expressions;

/// <summary>An expression of a definition, made ready for evaluation.</summary>
public abstract class BoundExpression
{
    private protected BoundExpression()
    {
    }

    internal virtual bool IsConstant => false;

    /// <summary>Gives the value, already converted to the type it was bound for.</summary>
    /// <param name="context">The execution in whose scope names are looked up.</param>
    /// <exception cref="Exception">The expression failed; the message is for the person who wrote it.</exception>
    public abstract object? Evaluate(ActivityContext context);
}

internal sealed class ConstantExpression(object? value) : BoundExpression
{
    public static ConstantExpression Null { get; } = new(null);

    internal override bool IsConstant => true;

    public object? Value { get; } = value;

    public override object? Evaluate(ActivityContext context) => Value;
}

/// <summary>What could not be bound: it faults when it is reached, not before.</summary>
internal sealed class FailingExpression(string message, Exception? inner = null) : BoundExpression
{
    public override object? Evaluate(ActivityContext context) => throw new WorkflowFaultException(message, inner);
}

internal sealed class VariableExpression(VariableReference variable, DataType type) : BoundExpression
{
    public override object? Evaluate(ActivityContext context) => ValueConverter.Convert(context.GetVariable(variable), type);
}

internal sealed class InputExpression(string name, DataType type) : BoundExpression
{
    public override object? Evaluate(ActivityContext context) => ValueConverter.Convert(context.GetWorkflowInput(name), type);
}

internal sealed class OutputExpression(string activity, string? output, DataType type) : BoundExpression
{
    public override object? Evaluate(ActivityContext context) => ValueConverter.Convert(context.GetOutputFrom(activity, output), type);
}

internal sealed class ScriptExpression(Func<ActivityContext, object?> script, DataType type) : BoundExpression
{
    public override object? Evaluate(ActivityContext context) => ValueConverter.Convert(script(context), type);
}
