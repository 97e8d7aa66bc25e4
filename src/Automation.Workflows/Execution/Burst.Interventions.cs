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
        Change(retry);
        Revive();
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

    /// <summary>Schedules an activity in the innermost running execution of its parent; one that faulted is run again instead.</summary>
    public bool ScheduleAgain(Stimulus.ScheduleActivity schedule)
    {
        var node = schedule.ActivityOrdinal > 0
            ? State.FindContext(schedule.ActivityOrdinal)?.Activity
            : schedule.ActivityId is { } id ? Workflow.FindById(id) ?? Workflow.FindByNodeId(id) : null;
        if (node is not { Parent: not null })
            return false;
        if (State.Contexts.Exists(c => c.Status == ActivityStatus.Faulted && ReferenceEquals(c.Activity, node)))
            return Retry(new Stimulus.Retry([node.Id]));
        var owner = State.Contexts.Where(c => c.IsActive && ReferenceEquals(c.Activity, node.Parent)).MaxBy(c => c.Ordinal);
        if (owner is null || State.Status == WorkflowStatus.Finished && State.SubStatus != WorkflowSubStatus.Faulted)
            return false;
        Revive();
        Schedule(node, owner, null, null);
        return true;
    }

    /// <summary>Lets an instance that has ended by a fault go on.</summary>
    private void Revive()
    {
        if (State.Status == WorkflowStatus.Finished)
        {
            State.Status = WorkflowStatus.Running;
            State.FinishedAt = null;
            RestartTimeouts();
            RearmBookmarks();
        }

        State.IsFaulting = false;
        // Whoever repairs a run expects it to go on where it stopped, inputs included.
        State.InputsDropped = false;
    }

    /// <summary>
    /// The time of an execution is over: what it is at faults, and what that waits for outside is called off. Work that is
    /// scheduled already still runs, as after any fault.
    /// </summary>
    public void TimeOut(ActivityContext late)
    {
        var message = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"'{late.Activity.Name ?? late.Activity.Id}' took longer than the {late.Activity.Timeout:c} that it is allowed.");
        foreach (var context in State.Contexts.Where(c => c is { IsActive: true, ActiveChildren: 0 } && IsWithin(c, late)).OrderBy(c => c.Ordinal).ToArray())
        {
            foreach (var operation in State.OperationsOf(context))
            {
                State.RemoveOperation(operation);
                Effects.Add(operation.ChildInstanceId is { } child ? new CancelWorkflow(child) : new CancelOperation(operation.Id));
            }

            RemoveBookmarksOf(context);
            Fault(context, new TimeoutException(message));
        }

        // Nothing of a workflow whose time is over waits on.
        if (late.Parent is null)
            State.IsFaulting = true;
    }

    private static bool IsWithin(ActivityContext context, ActivityContext container)
    {
        for (var c = context; c is not null; c = c.Parent)
        {
            if (ReferenceEquals(c, container))
                return true;
        }

        return false;
    }

    /// <summary>Whoever goes on later has the whole time again; where the time was over, its bookmark is gone and is made anew.</summary>
    private void RestartTimeouts()
    {
        State.BookmarkList.RemoveAll(b => b.IsTimeout);
        foreach (var context in State.Contexts.Where(c => c is { IsActive: true, Activity.Timeout: not null }).OrderBy(c => c.Ordinal))
        {
            State.BookmarkList.Add(new Bookmark(
                State.NextBookmarkId(), StimulusNames.Timeout, StimulusHash.Compute(StimulusNames.Timeout, null), null, context.Activity.Id, context.Activity.NodeId, context.Ordinal, Now)
            {
                DueAt = Now + context.Activity.Timeout,
                EventId = State.EventId,
            });
        }
    }

    /// <summary>Takes over what is to be different this time; a value that has no place or does not fit stops the whole.</summary>
    private void Change(Stimulus.Retry retry)
    {
        List<string>? problems = null;
        foreach (var (name, value) in retry.Variables ?? Nothing)
        {
            try
            {
                if (!State.SetVariable(Workflow, name, value))
                    (problems ??= []).Add($"The workflow has no variable '{name}'.");
            }
            catch (Definitions.ValueConversionException e)
            {
                (problems ??= []).Add($"Variable '{name}': {e.Message}");
            }
        }

        if (problems is not null)
            throw new WorkflowInputException(problems);
        foreach (var (name, value) in retry.Input ?? Nothing)
            State.Input[name] = value;
    }

    private static readonly Dictionary<string, object?> Nothing = new(StringComparer.Ordinal);
}
