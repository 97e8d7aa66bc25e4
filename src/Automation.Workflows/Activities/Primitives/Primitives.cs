using System.Text.Json.Nodes;
using Automation.Workflows.Definitions;
using Automation.Workflows.Execution;
using Automation.Workflows.Expressions;
using Automation.Workflows.Graph;

namespace Automation.Workflows.Activities.Primitives;

[Activity("Elsa.SetVariable", Category = "Primitives", Description = "Assign a value to a workflow variable.")]
internal sealed class SetVariable : Activity
{
    private VariableReference? _variable;
    private string? _id;

    [Input(UIHint = "variable-picker", TypeName = "Elsa.Workflows.Memory.Variable, Elsa.Workflows.Core", Description = "The variable to assign the value to.")]
    public JsonObject? Variable { get; set; }

    [Input(Description = "The value to assign.")]
    public Input<object?> Value { get; } = new();

    protected internal override void Compile(ActivityCompilation context)
    {
        _id = Variable is null ? "" : DeclarationReader.Text(Variable, "id") ?? "";
        _variable = Variables.Find(Node, _id);
        if (_variable is null)
            context.Warning("variable", _id.Length == 0 ? "is not chosen." : $"variable '{DeclarationReader.Text(Variable!, "name") ?? _id}' (id '{_id}') is not declared.");
    }

    protected internal override void Execute(ActivityContext context)
    {
        if (_variable is null)
            throw new WorkflowFaultException($"Variable '{_id}' not found.");
        context.SetVariable(_variable, ValueConverter.Convert(Value.Get(context), _variable.Variable.Type));
        context.Complete();
    }
}

[Activity("Elsa.SetName", Category = "Primitives", Description = "Set the name of the workflow instance to a specified value.")]
internal sealed class SetName : Activity
{
    [Input]
    public Input<string?> Value { get; } = new();

    protected internal override void Execute(ActivityContext context)
    {
        context.InstanceName = Value.Get(context);
        context.Complete();
    }
}

[Activity("Elsa.Correlate", Category = "Primitives", Description = "Set the CorrelationId of the workflow to a given value.")]
internal sealed class Correlate : Activity
{
    [Input(Description = "An expression that evaluates to the value to store as the correlation id")]
    public Input<string?> CorrelationId { get; } = new();

    protected internal override void Execute(ActivityContext context)
    {
        context.CorrelationId = CorrelationId.Get(context);
        context.Complete();
    }
}

[Activity("Elsa.Finish", Category = "Primitives", Description = "Mark the workflow as finished.", IsTerminal = true)]
internal sealed class Finish : Activity
{
    protected internal override void Execute(ActivityContext context) => context.Burst.Finish(context);
}

[Activity("Elsa.Fault", Category = "Primitives", Description = "Faults the workflow.")]
internal sealed class Fault : Activity
{
    [Input(Description = "Code to categorize the fault.")]
    public Input<string?> Code { get; } = new();

    [Input(Description = "Category to categorize the fault. Examples: HTTP, Alteration, Azure, etc.")]
    public Input<string?> Category { get; } = new();

    [Input(Description = "The type of fault. Examples: System, Business, Integration, etc.")]
    public Input<string?> FaultType { get; } = new();

    [Input(Description = "The message to include with the fault.")]
    public Input<string?> Message { get; } = new();

    protected internal override void Execute(ActivityContext context) =>
        throw new WorkflowFaultException(Message.Get(context) ?? "The workflow faulted.")
        {
            Code = Code.Get(context) ?? "0",
            Category = Category.Get(context) ?? "General",
            FaultType = FaultType.Get(context) ?? "System",
            TypeName = "FaultException",
        };
}

[Activity("Elsa.WriteLine", Category = "Console", Description = "Write a line of text to the console.")]
internal sealed class WriteLine : Activity
{
    [Input(Description = "The text to write.")]
    public Input<string?> Text { get; } = new();

    protected internal override void Execute(ActivityContext context)
    {
        context.Request(new ConsoleLine(Text.Get(context) ?? ""));
        context.Complete();
    }
}

[Activity("Elsa.SetOutput", Category = "Composition", Description = "Assigns a given value to a the container's output.")]
internal sealed class SetOutput : Activity
{
    [Input(UIHint = "output-picker", Description = "The output to assign.")]
    public Input<string?> OutputName { get; } = new();

    [Input(Description = "The value to assign.")]
    public Input<object?> OutputValue { get; } = new();

    protected internal override void Execute(ActivityContext context)
    {
        if (OutputName.Get(context) is { Length: > 0 } name)
            context.SetWorkflowOutput(name, OutputValue.Get(context));
        context.Complete();
    }
}
