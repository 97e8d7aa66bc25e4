using Automation.Workflows.Execution;
using Automation.Workflows.Graph;

namespace Automation.Workflows.Activities.Flow;

/// <summary>One child after another; a terminal child or a break ends it.</summary>
[Activity("Elsa.Sequence", Category = "Workflows", Description = "Execute a set of activities in sequence.", IsContainer = true, IsBrowsable = false)]
internal sealed class Sequence : Activity
{
    private CompiledActivity[] _steps = [];

    protected internal override void Compile(ActivityCompilation context)
    {
        ContainerShape.CheckActivities(context);
        _steps = [.. Node.ChildList.Where(c => string.Equals(c.Port, "activities", StringComparison.Ordinal))];
    }

    protected internal override void Execute(ActivityContext context) => Next(context);

    protected internal override void ChildCompleted(ActivityContext context, ActivityContext child)
    {
        if (child.Activity.IsTerminal)
            context.CompleteWith(child.Outcomes);
        else if (context.IsBreaking)
            context.Complete();
        else
            Next(context);
    }

    internal override bool Receive(ActivityContext context, Signal signal, ActivityContext sender)
    {
        if (signal == Signal.Break)
            context.IsBreaking = true;
        return false;
    }

    internal override IReadOnlyDictionary<string, object?> DescribeProperties(ActivityContext context) =>
        new Dictionary<string, object?>(StringComparer.Ordinal) { ["CurrentIndex"] = context.Counter };

    private void Next(ActivityContext context)
    {
        if (context.Counter < _steps.Length)
            context.Schedule(_steps[context.Counter++]);
        else
            context.Complete();
    }
}
