using Automation.Workflows.Activities;
using Automation.Workflows.Execution;

namespace Automation.Steps.Activities;

/// <summary>An activity whose work is done by a background job; what the job gives become its outputs and outcomes.</summary>
internal abstract class OutsideActivity : Activity
{
    protected override void Execute(ActivityContext context) => context.RunInBackground();

    protected override void OperationEnded(ActivityContext context, OperationResult result)
    {
        if (result.Error is not null)
        {
            base.OperationEnded(context, result);
            return;
        }

        Accept(context, result.Outputs);
        context.CompleteWith(result.Outcomes ?? ["Done"]);
    }

    /// <summary>Sets the outputs from what the job gave.</summary>
    protected abstract void Accept(ActivityContext context, IReadOnlyDictionary<string, object?> outputs);

    protected static void Set(ActivityContext context, Output<object?> output, IReadOnlyDictionary<string, object?> outputs, string name) =>
        output.Set(context, outputs.GetValueOrDefault(name));
}
