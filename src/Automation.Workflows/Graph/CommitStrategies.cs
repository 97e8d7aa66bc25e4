using Automation.Workflows.Definitions;

namespace Automation.Workflows.Graph;

/// <summary>Where commits are wanted besides the end of each burst: the activity's own strategy first, else the workflow's.</summary>
internal static class CommitStrategies
{
    public static void Apply(CompiledWorkflow workflow)
    {
        foreach (var node in workflow.Activities)
        {
            var own = node.Json["customProperties"] is System.Text.Json.Nodes.JsonObject custom ? DeclarationReader.Text(custom, "commitStrategyName") : null;
            var isWorkflow = ReferenceEquals(node, node.Owner.Root);
            node.Commit = own switch
            {
                "CommitAlways" => CommitPoints.Before | CommitPoints.After,
                "CommitNever" => CommitPoints.None,
                "Executing" => CommitPoints.Before,
                "Executed" => CommitPoints.After,
                _ => (node.Owner.Definition.CommitStrategyName, isWorkflow) switch
                {
                    ("ActivityExecuting", false) => CommitPoints.Before,
                    ("ActivityExecuted", false) => CommitPoints.After,
                    ("WorkflowExecuting", true) => CommitPoints.Before,
                    // The end of the workflow is the end of a burst.
                    _ => CommitPoints.None,
                },
            };
        }
    }
}
