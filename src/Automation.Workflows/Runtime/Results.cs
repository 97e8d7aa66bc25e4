using Automation.Workflows.Execution;

namespace Automation.Workflows.Runtime;

/// <summary>How an instance stands after a commit.</summary>
public sealed record InstanceSnapshot
{
    /// <summary>Id of the instance.</summary>
    public required string Id { get; init; }

    /// <summary>Its definition.</summary>
    public required string DefinitionId { get; init; }

    /// <summary>The version of it that runs.</summary>
    public required string DefinitionVersionId { get; init; }

    /// <summary>Whether it may still go on.</summary>
    public WorkflowStatus Status => SubStatus is WorkflowSubStatus.Finished or WorkflowSubStatus.Cancelled or WorkflowSubStatus.Faulted
        ? WorkflowStatus.Finished
        : WorkflowStatus.Running;

    /// <summary>How it stands.</summary>
    public required WorkflowSubStatus SubStatus { get; init; }

    /// <summary>What it belongs to.</summary>
    public string? CorrelationId { get; init; }

    /// <summary>What people call it.</summary>
    public string? Name { get; init; }

    /// <summary>How many activities faulted.</summary>
    public int IncidentCount { get; init; }

    /// <summary>Counts its commits.</summary>
    public long Revision { get; init; }

    /// <summary>Outputs by name; plain values.</summary>
    public IReadOnlyDictionary<string, object?> Output { get; init; } = new Dictionary<string, object?>(StringComparer.Ordinal);

    /// <summary>When the clock resumes it next; null where it does not.</summary>
    public DateTimeOffset? NextDueAt { get; init; }

    /// <summary>Whether background jobs that it waits for inside a burst are still at work.</summary>
    public bool HasPendingOperations { get; init; }
}

/// <summary>A place where an instance waits for a stimulus.</summary>
/// <param name="BookmarkId">The bookmark, to resume it by.</param>
/// <param name="InstanceId">The instance.</param>
/// <param name="DefinitionId">Its definition.</param>
/// <param name="CorrelationId">Its correlation id when it began to wait; null for none.</param>
/// <param name="Options">What the waiting activity added for whoever matches; a plain value.</param>
public sealed record WaitingBookmark(string BookmarkId, string InstanceId, string DefinitionId, string? CorrelationId, object? Options);

/// <summary>An instance that has not ended.</summary>
/// <param name="Id">The instance.</param>
/// <param name="DefinitionVersionId">The version that it runs.</param>
public sealed record RunningInstance(string Id, string DefinitionVersionId);

/// <summary>Why an instance was not started.</summary>
public enum CannotStart
{
    /// <summary>It was.</summary>
    None,

    /// <summary>The definition, or the version asked for, does not exist.</summary>
    DefinitionNotFound,

    /// <summary>The definition's activation strategy refuses another instance now.</summary>
    RefusedByActivationStrategy,

    /// <summary>There is an instance with the id asked for already.</summary>
    InstanceExists,

    /// <summary>A required input is missing, or a value does not fit; see <see cref="StartResult.Reason"/>.</summary>
    InvalidInput,
}

/// <summary>What a request to start did.</summary>
/// <param name="CannotStart">Why nothing was started, or <see cref="CannotStart.None"/>.</param>
/// <param name="Instance">The instance after its first commit; null where none was started.</param>
public sealed record StartResult(CannotStart CannotStart, InstanceSnapshot? Instance)
{
    /// <summary>Whether an instance was started.</summary>
    public bool Started => CannotStart == CannotStart.None;

    /// <summary>One sentence where nothing was started.</summary>
    public string? Reason { get; init; }

    /// <summary>What the workflow wants done by its caller so far, such as an answer to an HTTP request.</summary>
    public IReadOnlyList<WorkflowEffect> Responses { get; init; } = [];
}

/// <summary>What a request to resume did.</summary>
public enum ResumeOutcome
{
    /// <summary>The instance went on.</summary>
    Resumed,

    /// <summary>The bookmark does not exist, or someone else has used it.</summary>
    NotFound,
}

/// <summary>What a request to resume did.</summary>
/// <param name="Outcome">Whether the instance went on.</param>
/// <param name="Instance">The instance after the commit; null where nothing was resumed.</param>
public sealed record ResumeResult(ResumeOutcome Outcome, InstanceSnapshot? Instance)
{
    /// <summary>Whether the instance went on.</summary>
    public bool Resumed => Outcome == ResumeOutcome.Resumed;

    /// <summary>What the workflow wants done by its caller, such as an answer to an HTTP request.</summary>
    public IReadOnlyList<WorkflowEffect> Responses { get; init; } = [];
}

/// <summary>What a stimulus did.</summary>
/// <param name="Started">Instances that it started.</param>
/// <param name="Resumed">Instances that it resumed.</param>
/// <param name="Refused">Triggers whose activation strategy refused another instance, by definition id.</param>
/// <param name="Kept">Whether nothing matched and it is kept for a while.</param>
public sealed record StimulusResult(
    IReadOnlyList<InstanceSnapshot> Started, IReadOnlyList<InstanceSnapshot> Resumed, IReadOnlyList<string> Refused, bool Kept)
{
    /// <summary>Whether an instance was started or resumed.</summary>
    public bool Matched => Started.Count + Resumed.Count > 0;

    /// <summary>What the workflows want done by the caller, such as an answer to an HTTP request.</summary>
    public IReadOnlyList<WorkflowEffect> Responses { get; init; } = [];
}

/// <summary>What moving an instance to another version did, or would do.</summary>
/// <param name="InstanceId">The instance.</param>
/// <param name="FromVersion">The version that it ran.</param>
/// <param name="ToVersion">The version asked for.</param>
/// <param name="ToVersionId">Id of that version.</param>
/// <param name="Moved">Whether it runs that version now.</param>
/// <param name="Misfits">What keeps it from going on there: one sentence each; empty where it fits.</param>
public sealed record MoveResult(string InstanceId, int FromVersion, int ToVersion, string ToVersionId, bool Moved, IReadOnlyList<string> Misfits);

/// <summary>What a cancellation did.</summary>
/// <param name="Found">Whether the instance exists.</param>
/// <param name="Cancelled">Instances that were cancelled: the one asked for, unless it had ended, and children that it waited for.</param>
/// <param name="CancelledJobs">Jobs that will not run any more.</param>
/// <param name="StillRunning">Jobs that had begun: they are told to stop, and their results are ignored.</param>
public sealed record CancelResult(bool Found, IReadOnlyList<string> Cancelled, IReadOnlyList<long> CancelledJobs, IReadOnlyList<long> StillRunning);

/// <summary>A definition cannot be run as asked.</summary>
/// <param name="message">One sentence for the caller.</param>
public sealed class WorkflowStartException(string message) : Exception(message);
