using Automation.Workflows.Graph;
using Automation.Workflows.Journal;

namespace Automation.Workflows.Execution;

/// <content>How activities and the instance end: completed, cancelled, faulted.</content>
internal sealed partial class Burst
{
    // ---- ends

    public void Complete(ActivityContext context)
    {
        if (!context.IsActive)
            return;
        context.CompletedAt = Now;
        CancelChildren(context);
        RemoveBookmarksOf(context);
        context.Status = ActivityStatus.Completed;
        Touch(context);
        Log(context, JournalEvents.Completed);
        Leave(context);
        if (context.Parent is { } parent)
        {
            parent.ActiveChildren--;
            if (parent.IsActive)
            {
                Touch(parent);
                parent.Activity.Behavior.ChildCompleted(parent, context);
            }
        }
    }

    /// <summary>Cancels an execution and everything below it; the parent is told.</summary>
    public void Cancel(ActivityContext context)
    {
        if (!context.IsActive)
            return;
        CancelSilently(context);
        if (context.Parent is { IsActive: true } parent)
            parent.Activity.Behavior.ChildCanceled(parent, context);
    }

    public void CancelChildren(ActivityContext context)
    {
        if (context.ActiveChildren == 0 && context.FaultedChildren == 0)
            return;
        foreach (var child in State.Contexts.Where(c => ReferenceEquals(c.Parent, context)).OrderBy(c => c.Ordinal).ToArray())
        {
            if (child.Status == ActivityStatus.Faulted)
                Forget(child);
            else
                CancelSilently(child);
        }

        Unschedule(context);
    }

    /// <summary>Nobody waits for a faulted execution any more, so it does not hold the instance.</summary>
    private void Forget(ActivityContext faulted)
    {
        CancelChildren(faulted);
        RemoveBookmarksOf(faulted);
        State.RemoveContext(faulted);
        if (faulted.Parent is { } parent)
            parent.FaultedChildren--;
    }

    private void CancelSilently(ActivityContext context)
    {
        if (!context.IsActive)
            return;
        context.Status = ActivityStatus.Canceled;
        context.CompletedAt = Now;
        Touch(context);
        Log(context, JournalEvents.Canceled);
        CancelChildren(context);
        RemoveBookmarksOf(context);
        foreach (var operation in State.OperationsOf(context))
        {
            State.RemoveOperation(operation);
            Effects.Add(operation.ChildInstanceId is { } child ? new CancelWorkflow(child) : new CancelOperation(operation.Id));
        }

        Leave(context);
        if (context.Parent is { } parent)
            parent.ActiveChildren--;
    }

    /// <summary>Takes work that an execution scheduled off the list.</summary>
    private void Unschedule(ActivityContext owner)
    {
        for (var n = State.Work.Count; n > 0; n--)
        {
            var item = State.Work.Dequeue();
            if (item.Context is null && ReferenceEquals(item.Owner, owner))
                owner.ActiveChildren--;
            else
                State.Work.Enqueue(item);
        }
    }

    private void Leave(ActivityContext context)
    {
        // The workflow's own execution stays: it holds the variables.
        if (context.Parent is not null || !ReferenceEquals(context.Activity, Workflow.Workflow))
            State.RemoveContext(context);
    }

    public void Fault(ActivityContext context, Exception exception)
    {
        var info = ExceptionInfo.Of(exception);
        if (context.IsActive)
        {
            if (context.Parent is { } parent)
            {
                parent.ActiveChildren--;
                parent.FaultedChildren++;
            }
        }
        else if (context.Status is ActivityStatus.Completed)
        {
            // It had completed, and the fault came from what its completion set off.
            State.AddContext(context);
            if (context.Parent is { } parent)
                parent.FaultedChildren++;
        }

        context.Status = ActivityStatus.Faulted;
        context.Exception = info;
        for (var c = context; c is not null; c = c.Parent)
        {
            c.FaultCount++;
            Touch(c);
        }

        AddIncident(context, exception.Message, info);
    }

    /// <summary>A fault that belongs to no activity.</summary>
    private void FaultWorkflow(string message, string type)
    {
        var root = State.Contexts.Count > 0 ? State.Contexts[0] : null;
        if (root is null)
            throw new WorkflowFaultException(message);
        AddIncident(root, message, new ExceptionInfo(type, message, null, null));
        State.Work.Clear();
    }

    private void AddIncident(ActivityContext context, string message, ExceptionInfo info)
    {
        var incident = new Incident(context.Activity.Id, context.Activity.NodeId, context.Activity.Type, context.Ordinal, message, info, Now);
        State.IncidentList.Add(incident);
        (_incidents ??= []).Add(incident);
        Log(context, JournalEvents.Faulted, message, new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["exception"] = info.Type,
            ["message"] = message,
            ["stackTrace"] = info.StackTrace,
            ["innerException"] = info.Inner is { } inner
                ? new Dictionary<string, object?>(StringComparer.Ordinal) { ["type"] = inner.Type, ["message"] = inner.Message }
                : null,
        });
        if (Workflow.IncidentStrategy == IncidentStrategy.Fault)
            State.IsFaulting = true;
    }

    /// <summary>Ends the instance at once, as the activity of that name does: what runs and waits is dropped.</summary>
    /// <param name="activity">The activity that asks for it; its parent is not told any more.</param>
    public void Finish(ActivityContext activity)
    {
        activity.CompletedAt = Now;
        activity.Status = ActivityStatus.Completed;
        Log(activity, JournalEvents.Completed);
        Leave(activity);
        if (activity.Parent is { } parent)
            parent.ActiveChildren--;
        State.Work.Clear();
        foreach (var bookmark in State.BookmarkList.ToArray())
            RemoveBookmark(bookmark);
        foreach (var operation in State.Operations.ToArray())
        {
            State.RemoveOperation(operation);
            Effects.Add(new CancelOperation(operation.Id));
        }

        State.IsFinishing = true;
    }

    /// <summary>Cancels an execution alone, without what is below it and without telling its parent.</summary>
    public void CancelAlone(ActivityContext context)
    {
        context.Status = ActivityStatus.Canceled;
        context.CompletedAt = Now;
        Touch(context);
        Log(context, JournalEvents.Canceled);
        RemoveBookmarksOf(context);
        Leave(context);
        if (context.Parent is { } parent)
            parent.ActiveChildren--;
    }
}
