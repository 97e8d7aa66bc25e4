using Automation.Workflows.Execution;
using Automation.Workflows.Journal;
using Microsoft.Extensions.Logging;

namespace Automation.Workflows.Runtime;

/// <summary>A commit of an instance.</summary>
/// <param name="Instance">The instance after it.</param>
/// <param name="Journal">Journal entries that it added.</param>
/// <param name="Records">Executions that began, ended or changed.</param>
/// <param name="Responses">Effects that nobody but a waiting caller can carry out, such as an answer to an HTTP request.</param>
public sealed record InstanceCommitted(
    InstanceSnapshot Instance, IReadOnlyList<JournalEntry> Journal, IReadOnlyList<ActivityRecord> Records, IReadOnlyList<WorkflowEffect> Responses);

/// <summary>A workflow asks for a task to be done; it is completed by <see cref="WorkflowRuntime.CompleteTaskAsync"/>.</summary>
/// <param name="InstanceId">The instance that waits.</param>
/// <param name="CorrelationId">Its correlation id.</param>
/// <param name="Task">What is to be done.</param>
public sealed record TaskRequested(string InstanceId, string? CorrelationId, RequestTask Task);

/// <summary>
/// What happens to instances in this process, told after each commit. Listeners run on the committing call: they must
/// be quick, and an exception of theirs is logged, not passed on.
/// </summary>
public sealed partial class WorkflowEvents(ILogger<WorkflowEvents> logger)
{
    private readonly Listeners<InstanceCommitted> _committed = new();
    private readonly Listeners<TaskRequested> _tasks = new();
    private readonly Listeners<string> _lines = new();

    internal bool HasCommittedListeners => !_committed.IsEmpty;

    /// <summary>Listens to commits of instances; dispose what is returned to stop.</summary>
    public IDisposable OnCommitted(Action<InstanceCommitted> listener) => _committed.Add(listener);

    /// <summary>Listens to tasks that workflows ask for; dispose what is returned to stop.</summary>
    public IDisposable OnTaskRequested(Action<TaskRequested> listener) => _tasks.Add(listener);

    /// <summary>Listens to lines that workflows write to the console; dispose what is returned to stop.</summary>
    public IDisposable OnLineWritten(Action<string> listener) => _lines.Add(listener);

    internal void Raise(InstanceCommitted committed) => _committed.Tell(committed, LogListenerFailed);

    internal void Raise(TaskRequested task) => _tasks.Tell(task, LogListenerFailed);

    internal void RaiseLine(string line) => _lines.Tell(line, LogListenerFailed);

    [LoggerMessage(LogLevel.Error, "A listener to workflow events failed")]
    private partial void LogListenerFailed(Exception exception);
}
