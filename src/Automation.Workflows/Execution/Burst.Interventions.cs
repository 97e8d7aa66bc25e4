using Automation.Workflows.Graph;
using Automation.Workflows.Journal;

namespace Automation.Workflows.Execution;

/// <summary>What people do to instances from outside: cancel, retry, schedule again.</summary>
internal sealed partial class Burst
{
    private static readonly HashSet<string> ChildStimuli = new(StringComparer.Ordinal)
    {
        StimulusNames.DispatchWorkflow, StimulusNames.ExecuteWorkflow, StimulusNames.BulkDispatchWorkflows,
    };

    public void CancelInstance(string? reason, bool journal)
    {
        foreach (var bookmark in State.BookmarkList)
        {
            if (ChildStimuli.Contains(bookmark.Name) && bookmark.Payload is IReadOnlyDictionary<string, object?> payload
                && payload.GetValueOrDefault("childInstanceId") is string child)
            {
                Effects.Add(new CancelWorkflow(child));
            }
        }

        State.Work.Clear();
        if (journal && State.Contexts.Find(c => c.Parent is null) is { } root)
        {
            Log(root, JournalEvents.WorkflowCanceled, reason);
            foreach (var context in State.Contexts.Where(c => c.Parent is null).ToArray())
                CancelSilently(context);
        }

        foreach (var operation in State.Operations.ToArray())
        {
            State.RemoveOperation(operation);
            Effects.Add(operation.ChildInstanceId is { } child ? new CancelWorkflow(child) : new CancelOperation(operation.Id));
        }

        foreach (var bookmark in State.BookmarkList.ToArray())
            RemoveBookmark(bookmark);
        State.IsCanceled = true;
    }

    public bool CancelActivity(Stimulus.CancelActivity cancel)
    {
        var contexts = State.Contexts
            .Where(c => c.IsActive && c.Parent is not null
                && (cancel.ActivityOrdinal > 0 ? c.Ordinal == cancel.ActivityOrdinal : string.Equals(c.Activity.Id, cancel.ActivityId, StringComparison.Ordinal)))
            .ToArray();
        foreach (var context in contexts)
            Cancel(context);
        return contexts.Length > 0;
    }

    public bool Retry(Stimulus.Retry retry)
    {
        var faulted = State.Contexts
            .Where(c => c.Status == ActivityStatus.Faulted && c.Parent is not null
                && (retry.ActivityIds is null || retry.ActivityIds.Contains(c.Activity.Id, StringComparer.Ordinal)))
            .OrderBy(c => c.Ordinal)
            .ToArray();
        if (faulted.Length == 0)
            return false;
        foreach (var (name, value) in retry.Variables ?? Nothing)
            State.SetVariable(Workflow, name, value);
        foreach (var (name, value) in retry.Input ?? Nothing)
            State.Input[name] = value;
        if (State.Status == WorkflowStatus.Finished)
        {
            State.Status = WorkflowStatus.Running;
            State.FinishedAt = null;
            RearmBookmarks();
        }

        State.IsFaulting = false;
        // Whoever repairs a run expects it to go on where it stopped, inputs included.
        State.InputsDropped = false;
        foreach (var context in faulted)
        {
            State.RemoveContext(context);
            State.IncidentList.RemoveAll(i => i.ActivityOrdinal == context.Ordinal);
            var parent = context.Parent!;
            parent.FaultedChildren--;
            for (var c = parent; c is not null; c = c.Parent)
            {
                c.FaultCount--;
                Touch(c);
            }

            Schedule(context.Activity, parent, context.Tag, context.Locals);
        }

        return true;
    }

    /// <summary>Schedules an activity in the innermost running execution of its parent.</summary>
    public bool ScheduleAgain(string activityId)
    {
        if (Workflow.FindById(activityId) is not { Parent: not null } node)
            return false;
        if (State.Contexts.Exists(c => c.Status == ActivityStatus.Faulted && ReferenceEquals(c.Activity, node)))
            return Retry(new Stimulus.Retry([activityId]));
        var owner = State.Contexts.Where(c => c.IsActive && ReferenceEquals(c.Activity, node.Parent)).MaxBy(c => c.Ordinal);
        if (owner is null || State.Status == WorkflowStatus.Finished)
            return false;
        Schedule(node, owner, null, null);
        return true;
    }

    private static readonly Dictionary<string, object?> Nothing = new(StringComparer.Ordinal);
}
