using Automation.Workflows.Execution;

namespace Automation.Workflows.Activities.Flow;

/// <summary>Known to Elsa but made in code only; in a definition it does nothing.</summary>
[Activity("Elsa.Inline", Category = "Primitives", Description = "Runs code of the host; only made in code.", IsBrowsable = false)]
internal sealed class Inline : Activity
{
    protected internal override void Execute(ActivityContext context) => context.Complete();
}

/// <summary>Made in code only.</summary>
[Activity("Elsa.Workflows.Activities.DynamicActivity", Category = "Activities", DisplayName = "Dynamic Activity", IsBrowsable = false)]
internal sealed class DynamicActivity : Activity
{
    protected internal override void Execute(ActivityContext context) => throw new WorkflowFaultException("A DynamicActivity exists in code only and cannot run from a definition.");
}

/// <summary>Made in code only.</summary>
[Activity("Elsa.Workflows.Management.Activities.HostMethod.HostMethodActivity", Category = "HostMethod", DisplayName = "Host Method Activity", IsBrowsable = false)]
internal sealed class HostMethodActivity : Activity
{
    protected internal override void Execute(ActivityContext context) => throw new WorkflowFaultException("A HostMethodActivity exists in code only and cannot run from a definition.");
}

/// <summary>The type that workflows used as activities have inside Elsa. Written directly it names no workflow, so it is refused when it is reached.</summary>
[Activity("Elsa.Workflows.Management.Activities.WorkflowDefinitionActivity.WorkflowDefinitionActivity", Category = "WorkflowDefinitionActivity", DisplayName = "Workflow Definition Activity", IsBrowsable = false)]
internal sealed class BareWorkflowDefinitionActivity : Activity
{
    [Child(IsBrowsable = false)]
    public Graph.CompiledActivity? Root { get; set; }

    protected internal override void Execute(ActivityContext context) =>
        throw new WorkflowFaultException("The activity does not say which workflow it stands for; choose the workflow from the activity list instead.");
}

/// <summary>Reads the host's console, which a server does not have.</summary>
[Activity("Elsa.ReadLine", Category = "Console", Description = "Read a line of text from the console. Not supported by a server: it faults.")]
internal sealed class ReadLine : Activity
{
    [Output]
    public Output<string?> Result { get; } = new();

    protected internal override void Execute(ActivityContext context) => throw new WorkflowFaultException("A server has no console to read from.");
}
