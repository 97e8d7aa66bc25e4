using Automation.Workflows.Activities.Flow;
using Automation.Workflows.Graph;
using Automation.Workflows.Journal;

namespace Automation.Workflows.Execution;

/// <summary>Moves an instance to another version of its definition: wherever it stands, the same activity must be there.</summary>
internal static class InstanceMigration
{
    public static IReadOnlyList<string> FindMisfits(InstanceState state, CompiledWorkflow target)
    {
        ArgumentNullException.ThrowIfNull(target);
        var misfits = new List<string>();
        if (!string.Equals(state.DefinitionId, target.DefinitionId, StringComparison.Ordinal))
            misfits.Add($"The instance runs definition '{state.DefinitionId}', not '{target.DefinitionId}'.");
        foreach (var node in state.Contexts.Select(c => c.Activity).Concat(state.Work.Select(w => w.Node)).Distinct())
        {
            if (target.FindByNodeId(node.NodeId) is not { } there)
                misfits.Add($"The instance stands at activity '{node.NodeId}', which version {target.Version} does not have.");
            else if (!string.Equals(there.Type, node.Type, StringComparison.Ordinal))
                misfits.Add($"Activity '{node.NodeId}' is of type '{there.Type}' in version {target.Version}, but the instance stands in one of type '{node.Type}'.");
            else if (there.Behavior is Flowchart chart)
                CheckFlow(state, node, chart, target, misfits);
        }

        foreach (var context in state.Contexts)
        {
            if (target.FindByNodeId(context.Activity.NodeId) is not { } there)
                continue;
            foreach (var variable in context.Activity.Variables.Where(v => !there.Variables.Any(t => string.Equals(t.Id, v.Id, StringComparison.Ordinal))))
                misfits.Add($"Variable '{variable.Name}' of '{context.Activity.NodeId}' is not declared in version {target.Version}; its value would be lost.");
        }

        return misfits;
    }

    public static InstanceState Move(InstanceState state, CompiledWorkflow target)
    {
        var misfits = FindMisfits(state, target);
        if (misfits.Count > 0)
            throw new InstanceStateException(string.Join(" ", misfits));
        var moved = InstanceStateReader.Read(state.Serialize(), target);
        foreach (var context in moved.Contexts)
        {
            // Stored flow memory goes by position, which another version may have changed.
            if (context.Activity.Behavior is Flowchart chart && state.FindContext(context.Ordinal) is { Activity.Behavior: Flowchart old } before)
                context.Memory = chart.Adopt(old, before.Memory);
        }

        return moved;
    }

    /// <summary>A flowchart that is under way must not have swapped its way of counting.</summary>
    private static void CheckFlow(InstanceState state, CompiledActivity node, Flowchart chart, CompiledWorkflow target, List<string> misfits)
    {
        foreach (var context in state.Contexts.Where(c => ReferenceEquals(c.Activity, node) && c.Status == ActivityStatus.Running))
        {
            if (context.Memory is TokenState != chart.UsesTokens && context.Memory is not null)
                misfits.Add($"Flowchart '{node.NodeId}' counts in another way in version {target.Version}.");
        }
    }
}
