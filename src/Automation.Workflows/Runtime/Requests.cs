using Automation.Storage.Writes;
using Automation.Workflows.Management;

namespace Automation.Workflows.Runtime;

/// <summary>A request to start an instance.</summary>
public sealed record StartWorkflowRequest
{
    /// <summary>The definition; may be left out where <see cref="DefinitionVersionId"/> is given.</summary>
    public string? DefinitionId { get; init; }

    /// <summary>Which version of it. Default: the published one.</summary>
    public VersionOptions Version { get; init; } = VersionOptions.Published;

    /// <summary>The version by its own id; goes before <see cref="DefinitionId"/> and <see cref="Version"/>.</summary>
    public string? DefinitionVersionId { get; init; }

    /// <summary>
    /// Id of the new instance; null makes one. With an id, a repeated request starts nothing and gives the instance
    /// that is there.
    /// </summary>
    public string? InstanceId { get; init; }

    /// <summary>What the instance belongs to: a call, an order.</summary>
    public string? CorrelationId { get; init; }

    /// <summary>What people call the instance.</summary>
    public string? Name { get; init; }

    /// <summary>Inputs by name; plain values.</summary>
    public IReadOnlyDictionary<string, object?>? Input { get; init; }

    /// <summary>Values for workflow variables, by name or id.</summary>
    public IReadOnlyDictionary<string, object?>? Variables { get; init; }

    /// <summary>The activity to begin at; null for the definition's start.</summary>
    public string? TriggerActivityId { get; init; }

    /// <summary>Runs only this activity (by id or node id) and nothing around it; null for the whole workflow.</summary>
    public string? OnlyActivity { get; init; }

    /// <summary>What the trigger activity is given: an event's payload, an HTTP request; a plain value.</summary>
    public object? TriggerPayload { get; init; }

    /// <summary>Whether a stimulus starts it, so that the trigger activity completes at once instead of waiting.</summary>
    public bool IsTriggered { get; init; }

    /// <summary>The instance that starts it.</summary>
    public string? ParentInstanceId { get; init; }

    /// <summary>The event from outside that starts it; what replies in it answers that event. Null for none.</summary>
    public string? EventId { get; init; }

    /// <summary>Adds rows that commit together with the instance's first commit, or not at all. Called again when the commit is repeated after a conflict.</summary>
    public Action<WriteUnit>? Companion { get; init; }

    /// <summary>
    /// Whether somebody takes the HTTP response that the workflow may write at once: <see cref="StartResult.Responses"/>. Without, a
    /// response activity is an incident. Default true.
    /// </summary>
    public bool CanRespond { get; init; } = true;

    /// <summary>Until when somebody waits for a response that may be written later, after background work.</summary>
    internal DateTimeOffset? RespondUntil { get; init; }

    internal string? Notify { get; init; }

    internal Automation.Jobs.JobContext? Job { get; init; }

    internal Func<WriteUnit, CancellationToken, ValueTask>? AsyncCompanion { get; init; }
}

/// <summary>A bookmark to resume.</summary>
/// <param name="BookmarkId">The bookmark.</param>
public sealed record ResumeWorkflowRequest(string BookmarkId)
{
    /// <summary>What the resumer brings; a plain value.</summary>
    public object? Payload { get; init; }

    /// <summary>The event from outside that resumes it; what replies in it answers that event. Null for none.</summary>
    public string? EventId { get; init; }

    /// <summary>Adds rows that commit with it, or not at all.</summary>
    public Action<WriteUnit>? Companion { get; init; }
}

/// <summary>Something that may start and resume instances.</summary>
/// <param name="Name">Name of the stimulus, such as <c>Elsa.Event</c>; see <see cref="Execution.StimulusNames"/>.</param>
/// <param name="Hash">Its hash; see <see cref="Execution.StimulusHash"/>.</param>
public sealed record StimulusRequest(string Name, string Hash)
{
    /// <summary>What it brings: an event's payload, an HTTP request; a plain value.</summary>
    public object? Payload { get; init; }

    /// <summary>Inputs for instances that it starts or resumes; plain values.</summary>
    public IReadOnlyDictionary<string, object?>? Input { get; init; }

    /// <summary>Only bookmarks with this correlation id, and the correlation id of instances it starts; null for any.</summary>
    public string? CorrelationId { get; init; }

    /// <summary>Only bookmarks of this instance; then no trigger is started. Null for any.</summary>
    public string? InstanceId { get; init; }

    /// <summary>Only bookmarks of this execution; then no trigger is started. Null for any.</summary>
    public string? ActivityInstanceId { get; init; }

    /// <summary>Whether triggers are left alone, so that it only resumes.</summary>
    public bool ResumeOnly { get; init; }

    /// <summary>
    /// Whether it is kept for a while where nothing matches, for a bookmark that is about to be made; see
    /// <see cref="WorkflowOptions.StimulusTimeToLive"/>. Default false.
    /// </summary>
    public bool KeepWhenUnmatched { get; init; }

    /// <summary>Whether somebody takes HTTP responses that workflows write at once; see <see cref="StartWorkflowRequest.CanRespond"/>. Default true.</summary>
    public bool CanRespond { get; init; } = true;

    /// <summary>Adds rows that commit with the first instance that is started or resumed; not called where nothing matches.</summary>
    public Action<WriteUnit>? Companion { get; init; }

    /// <summary>
    /// Makes a repeated request start each trigger once only: instances get ids that follow from it. Null: each request
    /// starts anew.
    /// </summary>
    public string? IdempotencyKey { get; init; }
}

/// <summary>How long a caller waits for an instance that goes on in background jobs.</summary>
/// <param name="Timeout">The longest wait. Null: <see cref="WorkflowOptions.ExecuteTimeout"/>.</param>
/// <param name="UntilResponse">Whether to come back as soon as the workflow has answered, although it goes on.</param>
/// <param name="AcrossTimers">Whether to wait, too, for what is due by a time within the wait.</param>
public sealed record WaitOptions(TimeSpan? Timeout = null, bool UntilResponse = false, bool AcrossTimers = false);
