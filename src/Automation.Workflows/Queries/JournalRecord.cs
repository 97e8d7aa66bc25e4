using System.Text.Json;
using Automation.Workflows.Journal;

namespace Automation.Workflows.Queries;

/// <summary>One line of an instance's journal, as it is read back.</summary>
public sealed record JournalRecord
{
    /// <summary>Id of the line.</summary>
    public required string Id { get; init; }

    /// <summary>The instance.</summary>
    public required string WorkflowInstanceId { get; init; }

    /// <summary>Number of the execution within the instance.</summary>
    public required long Ordinal { get; init; }

    /// <summary>Id of the execution.</summary>
    public string ActivityInstanceId => Execution.ActivityInstanceId.Of(WorkflowInstanceId, Ordinal);

    /// <summary>Id of the execution around it, where there is one.</summary>
    public string? ParentActivityInstanceId { get; init; }

    /// <summary>The activity.</summary>
    public required string ActivityId { get; init; }

    /// <summary>Its node id.</summary>
    public required string NodeId { get; init; }

    /// <summary>Its type; empty where the definition can no longer be read.</summary>
    public required string ActivityType { get; init; }

    /// <summary>Version of its type.</summary>
    public required int ActivityTypeVersion { get; init; }

    /// <summary>Its name, if any.</summary>
    public string? ActivityName { get; init; }

    /// <summary>When it happened.</summary>
    public required DateTimeOffset Timestamp { get; init; }

    /// <summary>Position in the journal, from 0.</summary>
    public required long Sequence { get; init; }

    /// <summary>What happened; see <see cref="JournalEvents"/>.</summary>
    public required string EventName { get; init; }

    /// <summary>Text for people, if any.</summary>
    public string? Message { get; init; }

    /// <summary>More data, if any.</summary>
    public JsonElement? Payload { get; init; }
}

/// <summary>One execution of an activity, as it is read back.</summary>
public sealed record ActivityExecution
{
    /// <summary>Id of the execution: the instance's and the execution's number within it.</summary>
    public string Id => Execution.ActivityInstanceId.Of(WorkflowInstanceId, Ordinal);

    /// <summary>The instance.</summary>
    public required string WorkflowInstanceId { get; init; }

    /// <summary>Number of the execution within the instance, from 1.</summary>
    public required long Ordinal { get; init; }

    /// <summary>Number of the execution that scheduled it; null for the workflow itself.</summary>
    public long? ParentOrdinal { get; init; }

    /// <summary>Id of the execution that scheduled it; null for the workflow itself.</summary>
    public string? ParentId => ParentOrdinal is { } parent ? Execution.ActivityInstanceId.Of(WorkflowInstanceId, parent) : null;

    /// <summary>The activity.</summary>
    public required string ActivityId { get; init; }

    /// <summary>Its node id.</summary>
    public required string ActivityNodeId { get; init; }

    /// <summary>Its type; empty where the definition can no longer be read.</summary>
    public required string ActivityType { get; init; }

    /// <summary>Version of its type.</summary>
    public required int ActivityTypeVersion { get; init; }

    /// <summary>Its name, if any.</summary>
    public string? ActivityName { get; init; }

    /// <summary>How it stands.</summary>
    public required ActivityStatus Status { get; init; }

    /// <summary>When it began.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>When it ended; null while it runs.</summary>
    public DateTimeOffset? CompletedAt { get; init; }

    /// <summary>Whether it waits on a bookmark.</summary>
    public bool HasBookmarks { get; init; }

    /// <summary>Faults of it and of everything below it.</summary>
    public int AggregateFaultCount { get; init; }

    /// <summary>How many executions stand above it.</summary>
    public int CallStackDepth { get; init; }

    /// <summary>Evaluated inputs, an object; null for none.</summary>
    public JsonElement? ActivityState { get; init; }

    /// <summary>The inputs are those that an earlier record of the same execution has.</summary>
    internal bool StateIsEarlier { get; init; }

    /// <summary>Outputs, an object; null for none.</summary>
    public JsonElement? Outputs { get; init; }

    /// <summary>Journal data such as the outcomes, an object; null for none.</summary>
    public JsonElement? Payload { get; init; }

    /// <summary>Internal state, an object; null for none.</summary>
    public JsonElement? Properties { get; init; }

    /// <summary>Marks, an object; null for none.</summary>
    public JsonElement? Metadata { get; init; }

    /// <summary>What went wrong: type, message, stackTrace, innerException; null if nothing did.</summary>
    public JsonElement? Exception { get; init; }
}

/// <summary>Counts of the executions of one node: the badge on the canvas.</summary>
/// <param name="ActivityId">The activity.</param>
/// <param name="ActivityNodeId">Its node id.</param>
/// <param name="StartedCount">Executions that began.</param>
/// <param name="CompletedCount">Executions that ended well.</param>
/// <param name="UncompletedCount">Executions that have not ended.</param>
/// <param name="IsBlocked">Whether one waits on a bookmark.</param>
/// <param name="IsFaulted">Whether one faulted.</param>
/// <param name="AggregateFaultCount">Faults of them and of everything below them.</param>
public sealed record ActivityStats(
    string ActivityId, string ActivityNodeId, int StartedCount, int CompletedCount, int UncompletedCount, bool IsBlocked, bool IsFaulted, int AggregateFaultCount);
