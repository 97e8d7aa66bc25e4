using Automation.Workflows.Execution;
using Automation.Workflows.Graph;

namespace Automation.Workflows.Activities.Flow;

/// <summary>The workflow itself: runs its root, and completes with it.</summary>
[Activity("Elsa.Workflow", Category = "Workflows", Description = "A workflow is an activity that executes its Root activity.", IsBrowsable = false)]
internal sealed class WorkflowActivity : Activity
{
    [Child(IsBrowsable = false)]
    public CompiledActivity? Root { get; set; }

    [Output]
    public Output<object?> Result { get; } = new();

    protected internal override void Compile(ActivityCompilation context) =>
        Root ??= Node.ChildList.Count > 0 ? Node.ChildList[0] : null;

    protected internal override void Execute(ActivityContext context)
    {
        if (Root is null)
            context.Complete();
        else
            context.Schedule(Root);
    }

    protected internal override void ChildCompleted(ActivityContext context, ActivityContext child) => context.CompleteWith(child.Outcomes);

    internal override bool Receive(ActivityContext context, Signal signal, ActivityContext sender)
    {
        if (signal != Signal.Complete)
            return signal == Signal.Break;
        context.CompleteWith(sender.Outcomes);
        return true;
    }
}
