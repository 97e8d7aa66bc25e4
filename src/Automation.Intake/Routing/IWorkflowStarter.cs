using Automation.Storage.Writes;
using Automation.Workflows.Runtime;

namespace Automation.Intake.Routing;

/// <summary>A workflow that an event starts.</summary>
/// <param name="DefinitionId">The definition, whose published version runs.</param>
/// <param name="InstanceId">The id that the instance gets.</param>
/// <param name="CorrelationId">Its correlation id, or null.</param>
/// <param name="Inputs">Its inputs, as plain values.</param>
/// <param name="EventId">The event.</param>
public sealed record WorkflowStart(
    string DefinitionId, string InstanceId, string? CorrelationId, IReadOnlyDictionary<string, object?> Inputs, string EventId)
{
    /// <summary>The activity of the workflow that the event triggers; null where a mapping rule starts the workflow as a whole.</summary>
    public EventTrigger? Trigger { get; init; }

    /// <summary>What the triggered activity is given: the event with its payload, or the payload alone.</summary>
    public object? Event { get; init; }
}

/// <summary>An activity of a published workflow that events trigger.</summary>
/// <param name="DefinitionVersionId">The published version.</param>
/// <param name="ActivityId">The activity.</param>
public sealed record EventTrigger(string DefinitionVersionId, string ActivityId)
{
    /// <summary>Whether the activity is given the payload alone, as Elsa's Event is.</summary>
    public bool WantsPayload { get; init; }
}

/// <summary>What routing wants of the workflow engine: the engine in a server, a recorder in tests.</summary>
public interface IWorkflowStarter
{
    /// <summary>
    /// Runs a new instance until it blocks and commits it; the companion adds rows to the first commit, and where they
    /// do not hold nothing has happened.
    /// </summary>
    /// <returns>How the instance stands then; null where that is not known.</returns>
    /// <exception cref="WriteConflictException">A row of the companion did not hold.</exception>
    /// <exception cref="StorageUnavailableException">The database could not take the commit; try again later.</exception>
    Task<InstanceSnapshot?> StartAsync(WorkflowStart start, Action<WriteUnit> companion, CancellationToken cancellationToken);

    /// <summary>Cancels an instance; when this returns it has ended, or there is none.</summary>
    /// <param name="instanceId">The instance.</param>
    /// <param name="reason">Why, for its journal.</param>
    /// <param name="cancellationToken">Ends the wait for jobs of it that run.</param>
    Task CancelAsync(string instanceId, string reason, CancellationToken cancellationToken);

    /// <summary>Tells the ids of instances that end in this process, after the commit; dispose what is returned to stop.</summary>
    IDisposable OnEnded(Action<string> listener);
}
