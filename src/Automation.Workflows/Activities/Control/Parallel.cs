using Automation.Workflows.Activities.Flow;
using Automation.Workflows.Execution;
using Automation.Workflows.Graph;

namespace Automation.Workflows.Activities.Control;

[Activity("Elsa.Parallel", Category = "Workflows", Description = "Execute a set of activities in parallel.", IsContainer = true, IsBrowsable = false)]
internal sealed class Parallel : Activity
{
    private CompiledActivity[] _branches = [];

    protected internal override void Compile(ActivityCompilation context)
    {
        ContainerShape.CheckActivities(context);
        _branches = [.. Node.ChildList.Where(c => string.Equals(c.Port, "activities", StringComparison.Ordinal))];
    }

    protected internal override void Execute(ActivityContext context)
    {
        if (_branches.Length == 0)
            context.Complete();
        foreach (var branch in _branches)
            context.Schedule(branch);
    }

    protected internal override void ChildCompleted(ActivityContext context, ActivityContext child)
    {
        if (context.ActiveChildren == 0 && context.FaultedChildren == 0)
            context.Complete();
    }
}

[Activity("Elsa.Fork", Category = "Control Flow", Description = "Branch execution into multiple branches.", IsBrowsable = false)]
internal sealed class Fork : Activity
{
    private CompiledActivity[] _branches = [];

    [Input(UIHint = "dropdown", Options = ["WaitAll", "WaitAny"], TypeName = "Elsa.Workflows.ForkJoinMode, Elsa.Workflows.Core", DefaultValue = "WaitAll",
        Description = "Controls when this activity yields control back to its parent activity.")]
    public string JoinMode { get; set; } = "WaitAll";

    protected internal override void Compile(ActivityCompilation context)
    {
        _branches = [.. Node.ChildList.Where(c => string.Equals(c.Port, "branches", StringComparison.Ordinal))];
        if (JoinMode is not ("WaitAll" or "WaitAny" or "0" or "1"))
            context.Error("joinMode", $"is '{JoinMode}', but must be WaitAll or WaitAny.");
    }

    protected internal override void Execute(ActivityContext context)
    {
        if (_branches.Length == 0)
            context.Complete();
        foreach (var branch in _branches)
            context.Schedule(branch);
    }

    protected internal override void ChildCompleted(ActivityContext context, ActivityContext child)
    {
        if (context.IsBreaking || JoinMode is "WaitAny" or "1")
            context.Complete();
        else if (context.ActiveChildren == 0 && context.FaultedChildren == 0)
            context.Complete();
    }

    internal override bool Receive(ActivityContext context, Signal signal, ActivityContext sender)
    {
        if (signal == Signal.Break)
            context.IsBreaking = true;
        return false;
    }
}
