using Automation.Workflows.Definitions;
using Automation.Workflows.Execution;

namespace Automation.Workflows.Graph;

/// <summary>Evaluates what the triggers of a definition wait for. There is no instance yet: variables have their defaults, inputs are null.</summary>
internal static class TriggerReader
{
    public static IReadOnlyList<WorkflowTrigger> Read(CompiledWorkflow workflow, List<DefinitionProblem> problems)
    {
        var triggers = new List<WorkflowTrigger>();
        foreach (var node in workflow.Activities)
        {
            if (!node.CanStartWorkflow || node.Kind != Activities.ActivityKind.Trigger || !ReferenceEquals(node.Owner, workflow.Scope))
                continue;
            try
            {
                foreach (var stimulus in node.Behavior.GetTriggers(Context(workflow, node)))
                {
                    triggers.Add(new WorkflowTrigger(node.Id, stimulus.Name, stimulus.Payload, StimulusHash.Compute(stimulus.Name, stimulus.Payload))
                    {
                        Options = stimulus.Options,
                    });
                }
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                problems.Add(new DefinitionProblem(
                    ProblemSeverity.Warning, node.Id, node.Name, null, $"The trigger cannot be indexed, so nothing starts it: {e.Message}"));
            }
        }

        return triggers;
    }

    private static ActivityContext Context(CompiledWorkflow workflow, CompiledActivity node)
    {
        var state = new InstanceState("", workflow.DefinitionId, workflow.VersionId, workflow.Version, DateTimeOffset.UnixEpoch);
        ActivityContext? context = null;
        foreach (var step in Path(node))
        {
            context = new ActivityContext(state, step, context, 0)
            {
                Scope = (object?[])step.VariableDefaults.Clone(),
                Inputs = new object?[step.Inputs.Length],
            };
        }

        state.Burst = new Burst(workflow, state, TimeProvider.System, new WorkflowEngineOptions(), CancellationToken.None);
        for (var i = 0; i < node.Inputs.Length; i++)
        {
            if (node.Inputs[i].AutoEvaluate)
                context!.EvaluateInput(i);
        }

        return context!;
    }

    private static IEnumerable<CompiledActivity> Path(CompiledActivity node)
    {
        var path = new Stack<CompiledActivity>();
        for (var n = node; n is not null; n = n.Parent)
            path.Push(n);
        return path;
    }
}
