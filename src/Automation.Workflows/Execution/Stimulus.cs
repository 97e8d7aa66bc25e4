namespace Automation.Workflows.Execution;

/// <summary>Why a burst begins.</summary>
public abstract record Stimulus
{
    private protected Stimulus()
    {
    }

    /// <summary>Whether somebody takes the HTTP response that a response activity of this burst writes. Default true.</summary>
    public bool CanRespond { get; init; } = true;

    /// <summary>
    /// The event from outside that causes it, where one does; what follows from this burst (background work, timers) then
    /// serves that event too. Null: what the bookmark or operation was made for.
    /// </summary>
    public string? EventId { get; init; }

    /// <summary>Until when somebody waits for a response that a later burst may write; null to leave what the instance knows of it.</summary>
    internal DateTimeOffset? RespondUntil { get; init; }

    /// <summary>Begins a new instance.</summary>
    /// <param name="TriggerActivityId">The trigger that started it; null to begin at the definition's start.</param>
    /// <param name="Payload">What the trigger was given (an event's payload, an HTTP request…); a plain value.</param>
    public sealed record Start(string? TriggerActivityId = null, object? Payload = null) : Stimulus
    {
        /// <summary>Whether the instance was started by a stimulus, so that the trigger activity completes at once.</summary>
        public bool IsTriggered { get; init; }

        /// <summary>Values for variables, by name or id.</summary>
        public IReadOnlyDictionary<string, object?>? Variables { get; init; }

        /// <summary>Runs only this activity (by id or node id) and nothing around it; null for the whole workflow.</summary>
        public string? OnlyActivity { get; init; }
    }

    /// <summary>Goes on at a bookmark.</summary>
    /// <param name="BookmarkId">The bookmark.</param>
    /// <param name="Payload">What the resumer brings; a plain value.</param>
    public sealed record Resume(string BookmarkId, object? Payload = null) : Stimulus
    {
        /// <summary>Values that replace the workflow's inputs for this burst; null to leave them.</summary>
        public IReadOnlyDictionary<string, object?>? Input { get; init; }
    }

    /// <summary>Hands in the result of a background operation.</summary>
    /// <param name="OperationId">The operation.</param>
    /// <param name="Result">What it gave.</param>
    public sealed record OperationEnded(string OperationId, OperationResult Result) : Stimulus;

    /// <summary>Goes on after a commit point, or after a crash, with work that is scheduled already.</summary>
    public sealed record Continue : Stimulus;

    /// <summary>Cancels the whole instance.</summary>
    /// <param name="Reason">For the journal; null for none.</param>
    public sealed record Cancel(string? Reason = null) : Stimulus;

    /// <summary>Cancels executions of one activity and everything below them.</summary>
    /// <param name="ActivityId">The activity; null if an execution is named.</param>
    /// <param name="ActivityOrdinal">The execution; 0 if an activity is named.</param>
    public sealed record CancelActivity(string? ActivityId, long ActivityOrdinal = 0) : Stimulus;

    /// <summary>Runs faulted activities again (the instance may have ended as Faulted).</summary>
    /// <param name="ActivityIds">Which activities; null for all that faulted.</param>
    public sealed record Retry(IReadOnlyList<string>? ActivityIds = null) : Stimulus
    {
        /// <summary>Values for workflow variables, by id or name, set before.</summary>
        public IReadOnlyDictionary<string, object?>? Variables { get; init; }

        /// <summary>Values for workflow inputs, set before.</summary>
        public IReadOnlyDictionary<string, object?>? Input { get; init; }
    }

    /// <summary>Schedules an activity again inside the execution around it, as the alteration of that name does.</summary>
    /// <param name="ActivityId">The activity, by id or node id; null if an execution is named.</param>
    /// <param name="ActivityOrdinal">An execution that has faulted or still runs; 0 if an activity is named.</param>
    public sealed record ScheduleActivity(string? ActivityId, long ActivityOrdinal = 0) : Stimulus;
}

/// <summary>What a background operation gave.</summary>
public sealed record OperationResult
{
    /// <summary>Outputs by PascalCased name; plain values.</summary>
    public IReadOnlyDictionary<string, object?> Outputs { get; init; } = new Dictionary<string, object?>(StringComparer.Ordinal);

    /// <summary>Outcomes to complete with; null for the activity's own choice.</summary>
    public IReadOnlyList<string>? Outcomes { get; init; }

    /// <summary>What went wrong; null if nothing did.</summary>
    public OperationError? Error { get; init; }

    /// <summary>Whether it needed more than one attempt.</summary>
    public bool HasRetries { get; init; }

    internal void ThrowIfFailed()
    {
        if (Error is { } error)
            throw new WorkflowFaultException(error.Message) { TypeName = error.Type };
    }
}

/// <summary>Why a background operation failed.</summary>
/// <param name="Kind">What kind of failure.</param>
/// <param name="Message">One sentence.</param>
/// <param name="Type">Name of the exception type; null if there was none.</param>
public sealed record OperationError(OperationErrorKind Kind, string Message, string? Type = null);

/// <summary>What kind of failure a background operation had.</summary>
public enum OperationErrorKind
{
    /// <summary>Anything else.</summary>
    Failed,

    /// <summary>The other side could not be reached.</summary>
    Connection,

    /// <summary>The time allowed had passed.</summary>
    Timeout,
}
