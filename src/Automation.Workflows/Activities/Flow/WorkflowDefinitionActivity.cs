using Automation.Workflows.Definitions;
using Automation.Workflows.Execution;
using Automation.Workflows.Expressions;
using Automation.Workflows.Graph;

namespace Automation.Workflows.Activities.Flow;

/// <summary>A workflow used as an activity: runs that workflow inside the same instance, in a scope of its own.</summary>
internal sealed class WorkflowDefinitionActivity : Activity
{
    private CompiledActivity? _workflow;

    protected internal override void Compile(ActivityCompilation context)
    {
        _workflow = Node.ChildList.Find(c => ReferenceEquals(c, c.Owner.Root));
        // Constants are not stored with an instance, so a default that replaces one must be one.
        var declared = Node.ActivityType.Workflow!.Inputs;
        for (var i = 0; i < Node.Inputs.Length && i < declared.Count; i++)
        {
            if (Node.Inputs[i] is { Expression: ConstantExpression { Value: null } } input && declared[i].Default is { } value)
                Node.Inputs[i] = new BoundInput(input.Name, input.Type, new ConstantExpression(JsonValues.FromElement(value)), input.IsGiven) { IsSensitive = input.IsSensitive };
        }
    }

    protected internal override void Execute(ActivityContext context)
    {
        if (_workflow is null)
            throw new WorkflowFaultException($"The workflow behind '{Node.Type}' was not found.");
        ApplyDefaults(context);
        context.Schedule(_workflow);
    }

    protected internal override void ChildCompleted(ActivityContext context, ActivityContext child) => context.CompleteWith(child.Outcomes);

    private static void ApplyDefaults(ActivityContext context)
    {
        var declared = context.Activity.ActivityType.Workflow!.Inputs;
        for (var i = 0; i < context.Inputs.Length && i < declared.Count; i++)
        {
            if (context.InputAt(i) is null && declared[i].Default is { } value)
                context.Inputs[i] = JsonValues.FromElement(value);
        }
    }
}
