using Automation.Workflows.Definitions;
using Automation.Workflows.Expressions;

namespace Automation.Workflows.Graph;

/// <summary>A stimulus that starts a workflow.</summary>
/// <param name="ActivityId">The activity at which it starts.</param>
/// <param name="Name">Stimulus name, such as <c>Elsa.Event</c>.</param>
/// <param name="Payload">What it is matched by; a plain value.</param>
/// <param name="Hash">Stimulus hash.</param>
public sealed record WorkflowTrigger(string ActivityId, string Name, object? Payload, string Hash)
{
    /// <summary>Data that does not take part in matching, such as limits of an HTTP endpoint; a plain value.</summary>
    public object? Options { get; init; }
}

/// <summary>A definition made ready to run: nodes and connections by index, inputs bound, expressions compiled. Immutable and shared by all its instances.</summary>
public sealed class CompiledWorkflow
{
    internal CompiledWorkflow(
        WorkflowDefinition definition, CompiledScope scope, CompiledActivity[] activities, IReadOnlyList<DefinitionProblem> problems)
    {
        Definition = definition;
        Scope = scope;
        Activities = activities;
        Problems = problems;
        ByNodeId = new Dictionary<string, CompiledActivity>(activities.Length, StringComparer.Ordinal);
        foreach (var activity in activities)
            ByNodeId.TryAdd(activity.NodeId, activity);
    }

    /// <summary>The definition it was made from. Do not change it.</summary>
    public WorkflowDefinition Definition { get; }

    /// <summary>Id of the definition.</summary>
    public string DefinitionId => Definition.DefinitionId ?? "";

    /// <summary>Id of this version.</summary>
    public string VersionId => Definition.Id ?? "";

    /// <summary>Number of this version.</summary>
    public int Version => Definition.Version;

    /// <summary>The workflow itself, which is the parent of the root activity.</summary>
    public CompiledActivity Workflow => Scope.Root;

    /// <summary>All nodes in document order, the workflow first; those of workflows used as activities follow their node.</summary>
    public IReadOnlyList<CompiledActivity> Activities { get; }

    /// <summary>Warnings that were found; a definition with errors does not compile.</summary>
    public IReadOnlyList<DefinitionProblem> Problems { get; }

    /// <summary>The stimuli that start it.</summary>
    public IReadOnlyList<WorkflowTrigger> Triggers { get; internal set; } = [];

    /// <summary>What happens after a fault.</summary>
    public IncidentStrategy IncidentStrategy { get; internal set; }

    /// <summary>When it may start beside other instances.</summary>
    public ActivationStrategy ActivationStrategy { get; internal set; }


    internal CompiledScope Scope { get; }

    internal ScriptLanguages Scripts { get; init; } = new();

    internal Dictionary<string, CompiledActivity> ByNodeId { get; }

    /// <summary>The activity with an id in the workflow itself; null if there is none.</summary>
    /// <param name="activityId">Its id.</param>
    public CompiledActivity? FindById(string activityId) => Scope.ById.GetValueOrDefault(activityId);

    /// <summary>The activity with a node id; null if there is none.</summary>
    /// <param name="nodeId">Its node id.</param>
    public CompiledActivity? FindByNodeId(string nodeId) => ByNodeId.GetValueOrDefault(nodeId);
}

/// <summary>What happens to the instance when an activity faults.</summary>
public enum IncidentStrategy
{
    /// <summary>The instance faults; work that is already scheduled still runs.</summary>
    Fault,

    /// <summary>Other branches go on; at the end the instance waits with its incidents.</summary>
    ContinueWithIncidents,
}

/// <summary>Whether a new instance may start beside others.</summary>
public enum ActivationStrategy
{
    /// <summary>Always.</summary>
    Always,

    /// <summary>Only while no instance of the same definition runs.</summary>
    Singleton,

    /// <summary>Only while no instance of the same definition with the same correlation id runs.</summary>
    CorrelatedSingleton,

    /// <summary>Only while no instance of any definition with the same correlation id runs.</summary>
    Correlation,
}
