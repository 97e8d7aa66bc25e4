using Automation.Workflows.Graph;
using Microsoft.Extensions.Logging;

namespace Automation.Workflows.Execution;

/// <summary>Something that a burst wants done outside, as data. The runtime carries it out after (or with) the commit.</summary>
public abstract record WorkflowEffect;

/// <summary>Run an activity's work as a background job, then hand its result in with <see cref="Stimulus.OperationEnded"/>.</summary>
/// <param name="OperationId">Id of the operation; unique among all instances and stable over retries.</param>
/// <param name="Activity">The node.</param>
/// <param name="ActivityOrdinal">Number of the execution within the instance.</param>
/// <param name="Inputs">Evaluated inputs by PascalCased name; plain values.</param>
/// <param name="IsInline">Whether the rest of the instance waits for it, as Elsa does for tasks that do not run asynchronously.</param>
public sealed record RunInBackground(
    string OperationId, CompiledActivity Activity, long ActivityOrdinal, IReadOnlyDictionary<string, object?> Inputs, bool IsInline) : WorkflowEffect
{
    /// <summary>The activity's <c>customProperties.resilienceStrategy</c>, evaluated: a strategy id or a strategy; null for none.</summary>
    public object? Resilience { get; init; }
}

/// <summary>Stop a background operation whose activity was cancelled.</summary>
/// <param name="OperationId">Id of the operation.</param>
public sealed record CancelOperation(string OperationId) : WorkflowEffect;

/// <summary>Start a child workflow.</summary>
/// <param name="DefinitionId">The definition; its published version is meant.</param>
/// <param name="InstanceId">Id that the child gets.</param>
/// <param name="Input">Its inputs; plain values.</param>
/// <param name="CorrelationId">Its correlation id; null for none.</param>
public sealed record StartWorkflow(string DefinitionId, string InstanceId, IReadOnlyDictionary<string, object?> Input, string? CorrelationId) : WorkflowEffect
{
    /// <summary>The instance that starts it.</summary>
    public required string ParentInstanceId { get; init; }

    /// <summary>The event from outside that the parent served when it asked for it; null for none.</summary>
    public string? EventId { get; init; }

    /// <summary>Dispatcher channel asked for; null for the default.</summary>
    public string? ChannelName { get; init; }

    /// <summary>
    /// For <c>ExecuteWorkflow</c>: the operation to end with <see cref="ChildResult"/> as soon as the child is idle; null when the
    /// child is merely dispatched.
    /// </summary>
    public string? OperationId { get; init; }

    /// <summary>
    /// Name of the stimulus that tells the parent of the child's end, hashed by <see cref="StimulusHash.Child"/>; its payload is a
    /// <see cref="ChildResult"/> made plain. Null when the parent does not wait.
    /// </summary>
    public string? CompletionStimulus { get; init; }
}

/// <summary>How a child workflow stands, for its parent.</summary>
/// <param name="InstanceId">The child.</param>
/// <param name="Status">Its status.</param>
/// <param name="SubStatus">Its sub-status.</param>
/// <param name="Output">Its outputs; plain values.</param>
public sealed record ChildResult(string InstanceId, WorkflowStatus Status, WorkflowSubStatus SubStatus, IReadOnlyDictionary<string, object?> Output)
{
    /// <summary>As a plain value, to be sent as a payload.</summary>
    public Dictionary<string, object?> ToPlain() => new(StringComparer.Ordinal)
    {
        ["workflowInstanceId"] = InstanceId,
        ["status"] = Status.ToString(),
        ["subStatus"] = SubStatus.ToString(),
        ["output"] = Output,
    };
}

/// <summary>Stop children that the cancelled instance waited for.</summary>
/// <param name="InstanceId">The child.</param>
public sealed record CancelWorkflow(string InstanceId) : WorkflowEffect;

/// <summary>Publish an event to waiting instances and to triggers.</summary>
/// <param name="Name">The event's name.</param>
/// <param name="Payload">What it carries; a plain value.</param>
/// <param name="CorrelationId">Only instances with this correlation id; null for all.</param>
/// <param name="InstanceId">Only this instance; null for all.</param>
public sealed record PublishEventEffect(string Name, object? Payload, string? CorrelationId, string? InstanceId) : WorkflowEffect;

/// <summary>Ask the host (or whoever listens) to do a task and complete it by its id.</summary>
/// <param name="TaskId">The task's id.</param>
/// <param name="TaskName">What is to be done.</param>
/// <param name="Payload">Parameters; plain values.</param>
/// <param name="ActivityOrdinal">Number of the waiting execution within the instance.</param>
public sealed record RequestTask(string TaskId, string TaskName, IReadOnlyDictionary<string, object?>? Payload, long ActivityOrdinal) : WorkflowEffect;

/// <summary>Answer the HTTP request that the instance serves.</summary>
/// <param name="StatusCode">Status code.</param>
/// <param name="Content">Text is sent as it is, bytes as they are, anything else as JSON; null for none.</param>
/// <param name="ContentType">Content type; null to choose by content.</param>
/// <param name="Headers">Headers to add.</param>
public sealed record HttpResponseEffect(int StatusCode, object? Content, string? ContentType, IReadOnlyDictionary<string, IReadOnlyList<string>> Headers) : WorkflowEffect;

/// <summary>Answer the HTTP request that the instance serves with one or more files.</summary>
/// <param name="Content">Bytes, text, an address, a file, or a list of those (which becomes a zip archive); plain.</param>
/// <param name="ContentType">Content type; null to choose by name.</param>
/// <param name="FileName">Name for the client; null for none.</param>
/// <param name="EntityTag">Entity tag; null for none.</param>
/// <param name="Resumable">Whether range requests are honoured.</param>
/// <param name="DownloadCorrelationId">Ties repeated requests for the same download together; null for none.</param>
public sealed record FileResponseEffect(
    object? Content, string? ContentType, string? FileName, string? EntityTag, bool Resumable, string? DownloadCorrelationId) : WorkflowEffect;

/// <summary>A line for the host's console.</summary>
/// <param name="Text">The line.</param>
public sealed record ConsoleLine(string Text) : WorkflowEffect;

/// <summary>An entry for the server's log.</summary>
/// <param name="Level">How serious it is.</param>
/// <param name="Category">What it is about, as the workflow says.</param>
/// <param name="Message">The text, its placeholders filled.</param>
/// <param name="Attributes">What goes with it; plain values.</param>
public sealed record LogEntry(LogLevel Level, string Category, string Message, IReadOnlyDictionary<string, object?> Attributes) : WorkflowEffect;
