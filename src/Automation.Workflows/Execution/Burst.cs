using Automation.Workflows.Definitions;
using Automation.Workflows.Graph;
using Automation.Workflows.Journal;

namespace Automation.Workflows.Execution;

/// <summary>One run of an instance until nothing can go on. Single-threaded; lives only as long as <see cref="WorkflowEngine.Run"/>.</summary>
internal sealed partial class Burst
{
    private readonly List<JournalEntry> _journal;
    private readonly List<ActivityContext> _touched;
    private readonly TimeProvider _time;
    private readonly WorkflowEngineOptions _options;
    private List<Bookmark>? _added;
    private List<Bookmark>? _removed;
    private List<Incident>? _incidents;
    private List<WorkflowEffect>? _effects;
    private bool _commitRequested;
    private int _activitiesRun;

    public Burst(CompiledWorkflow workflow, InstanceState state, TimeProvider time, WorkflowEngineOptions options, CancellationToken ct)
    {
        Workflow = workflow;
        State = state;
        CancellationToken = ct;
        _time = time;
        _options = options;
        _journal = new List<JournalEntry>(16);
        _touched = new List<ActivityContext>(8);
        Now = time.GetUtcNow();
    }

    public CompiledWorkflow Workflow { get; }

    public InstanceState State { get; }

    public CancellationToken CancellationToken { get; }

    /// <summary>Read once per activity: an activity that only computes needs no finer clock.</summary>
    public DateTimeOffset Now { get; private set; }

    public object? TriggerPayload => State.TriggerPayload;

    /// <summary>The event from outside that this burst serves; null for none.</summary>
    public string? EventId { get; set; }

    /// <summary>Values for the workflow's variables at the start.</summary>
    public IReadOnlyDictionary<string, object?>? InitialVariables { get; set; }

    public List<WorkflowEffect> Effects => _effects ??= [];

    public bool HasWork => State.Work.Count > 0;

    // ---- running

    /// <summary>Works the list off, up to the first point at which the runtime must act.</summary>
    /// <summary>Whether a definition can be started; null if all can.</summary>
    public Func<string, bool>? IsPublished { get; init; }

    /// <summary>Whether somebody waits for an HTTP response.</summary>
    public bool CanRespond { get; set; }

    /// <summary>Whether a response activity has written the response already.</summary>
    public bool HasResponded { get; set; }

    public BurstEnd RunToEnd()
    {
        while (State.PendingOperation is null && State.Work.TryDequeue(out var item))
        {
            CancellationToken.ThrowIfCancellationRequested();
            if (item.Context is { } context)
            {
                if (!context.IsActive)
                    continue;
                Now = _time.GetUtcNow();
                if (item.Bookmark is not null)
                    Resume(context, item.Bookmark, item.Payload);
                else
                    Execute(context);
            }
            else
            {
                if (item.Owner is { } owner)
                {
                    owner.ActiveChildren--;
                    if (!owner.IsActive)
                        continue;
                }

                Now = _time.GetUtcNow();
                Start(item);
            }

            if ((_commitRequested || _journal.Count >= _options.MaxJournalEntriesPerCommit) && State.Work.Count > 0 && State.PendingOperation is null)
                return BurstEnd.CommitPoint;
        }

        if (State.PendingOperation is not null)
            return BurstEnd.AwaitingOperation;
        return BurstEnd.Idle;
    }

    private void Start(in WorkItem item)
    {
        var node = item.Node;
        if (node.ActivityType.Descriptor.IsMissingVersion)
        {
            FaultWorkflow($"Activity type '{node.Type}' version {node.Version} could not be found.", "ActivityNotFoundException");
            return;
        }

        var context = new ActivityContext(State, node, item.Owner, State.NextOrdinal())
        {
            Tag = item.Tag,
            Locals = item.Locals,
            StartedAt = Now,
        };
        if (item.Owner is { } owner)
            owner.ActiveChildren++;
        State.AddContext(context);
        Touch(context);
        if (node.VariableDefaults.Length > 0)
            context.Scope = (object?[])node.VariableDefaults.Clone();
        _activitiesRun++;
        if (InitialVariables is { } initial && item.Owner is null)
        {
            foreach (var (name, value) in initial)
            {
                if (!State.SetVariable(Workflow, name, value))
                    context.SetLocal(name, value);
            }

            InitialVariables = null;
        }

        if (State.TriggerActivityId is { } trigger && State.TriggerPayloadIsFresh && string.Equals(trigger, node.Id, StringComparison.Ordinal)
            && ReferenceEquals(node.Owner, Workflow.Scope))
        {
            context.IsTrigger = true;
            State.TriggerPayloadIsFresh = false;
        }

        if (node.Commit.HasFlag(CommitPoints.Before))
            _commitRequested = true;
        Execute(context);
    }

    private void Execute(ActivityContext context)
    {
        var node = context.Activity;
        Log(context, JournalEvents.Started);
        try
        {
            EvaluateInputs(context);
            if (node.RunAsynchronously && !context.IsTrigger && !node.Behavior.StartsOwnOperation)
                RunInBackground(context);
            else
                node.Behavior.Execute(context);
            if (context.IsActive && context.BookmarkCount > 0)
                Log(context, JournalEvents.Suspended);
            if (node.Timeout is { } timeout && context.IsActive)
                AddBookmark(context, StimulusNames.Timeout, null, Now + timeout, null, null, null);
        }
        catch (Exception e) when (e is not OperationCanceledException || !CancellationToken.IsCancellationRequested)
        {
            Fault(context, e);
        }

        if (node.Commit.HasFlag(CommitPoints.After))
            _commitRequested = true;
    }

    private static void EvaluateInputs(ActivityContext context)
    {
        var inputs = context.Activity.Inputs;
        if (inputs.Length == 0)
            return;
        var values = new object?[inputs.Length];
        Array.Fill(values, ActivityContext.Unset);
        context.Inputs = values;
        for (var i = 0; i < inputs.Length; i++)
        {
            var input = inputs[i];
            if (input.Expression is Expressions.ConstantExpression constant)
                values[i] = constant.Value;
            else if (input.AutoEvaluate)
                context.EvaluateInput(i);
        }
    }

    public void Resume(ActivityContext context, Bookmark bookmark, object? payload)
    {
        Touch(context);
        Log(context, JournalEvents.Resumed);
        try
        {
            context.Activity.Behavior.Resume(context, bookmark, payload);
            if (context.IsActive)
                Log(context, JournalEvents.Suspended);
        }
        catch (Exception e) when (e is not OperationCanceledException || !CancellationToken.IsCancellationRequested)
        {
            Fault(context, e);
        }
    }

    /// <summary>Hands a background operation's result to its activity.</summary>
    public void EndOperation(PendingOperation operation, OperationResult result)
    {
        var context = operation.Context;
        State.RemoveOperation(operation);
        Touch(context);
        if (operation.Bookmark is { } bookmark)
        {
            RemoveBookmark(bookmark);
            Log(context, JournalEvents.Resumed);
        }

        context.HasRetries |= result.HasRetries;
        Now = _time.GetUtcNow();
        try
        {
            context.Activity.Behavior.OperationEnded(context, result);
            if (context.IsActive && context.BookmarkCount > 0)
                Log(context, JournalEvents.Suspended);
        }
        catch (Exception e) when (e is not OperationCanceledException || !CancellationToken.IsCancellationRequested)
        {
            Fault(context, e);
        }
    }

    // ---- what activities ask for

    public void Schedule(CompiledActivity node, ActivityContext? owner, string? tag, List<LocalVariable>? locals)
    {
        if (owner is not null)
            owner.ActiveChildren++;
        State.Work.Enqueue(new WorkItem { Node = node, Owner = owner, Tag = tag, Locals = locals });
    }

    public Bookmark AddBookmark(ActivityContext context, string name, object? payload, DateTimeOffset? dueAt, string? tag, string? hash, object? options)
    {
        var bookmark = new Bookmark(
            State.NextBookmarkId(), name, hash ?? StimulusHash.Compute(name, payload), payload, context.Activity.Id, context.Activity.NodeId, context.Ordinal, Now)
        {
            DueAt = dueAt,
            Tag = tag,
            Options = options,
            EventId = EventId,
        };
        State.BookmarkList.Add(bookmark);
        if (!bookmark.IsTimeout)
            context.BookmarkCount++;
        (_added ??= []).Add(bookmark);
        return bookmark;
    }

    public void RemoveBookmark(Bookmark bookmark)
    {
        if (!State.BookmarkList.Remove(bookmark))
            return;
        if (!bookmark.IsTimeout && State.FindContext(bookmark.ActivityOrdinal) is { } context)
            context.BookmarkCount--;
        if (_added is null || !_added.Remove(bookmark))
            (_removed ??= []).Add(bookmark);
    }

    public void RunInBackground(ActivityContext context)
    {
        var node = context.Activity;
        var inputs = new Dictionary<string, object?>(node.Inputs.Length, StringComparer.Ordinal);
        for (var i = 0; i < node.Inputs.Length; i++)
            inputs[node.Inputs[i].Name] = context.InputAt(i);
        var operation = AddOperation(context);
        Effects.Add(new RunInBackground(operation.Id, node, context.Ordinal, inputs, operation.IsInline)
        {
            Resilience = node.Resilience?.Evaluate(context),
        });
    }

    /// <summary>Work outside: the rest of the instance waits for it, unless the activity runs asynchronously; then it shows as a bookmark.</summary>
    public PendingOperation AddOperation(ActivityContext context)
    {
        var operation = State.AddOperation(context, inline: !context.Activity.RunAsynchronously);
        operation.EventId = EventId;
        if (!operation.IsInline)
            operation.Bookmark = AddBookmark(context, StimulusNames.BackgroundActivity, null, null, operation.Id, operation.Id, null);
        return operation;
    }

    public void Register(ActivityContext context, int slot, object? value) => State.RegisterOutput(context.Activity, slot, value);

    public object? FindOutput(CompiledActivity node, string? name) => State.FindOutput(node, name ?? "Result");

    public void RequestCommit() => _commitRequested = true;

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

    public void RemoveBookmarksOf(ActivityContext context)
    {
        if (context.BookmarkCount == 0 && context.Activity.Timeout is null)
            return;
        for (var i = State.BookmarkList.Count - 1; i >= 0; i--)
        {
            if (State.BookmarkList[i].ActivityOrdinal == context.Ordinal)
                RemoveBookmark(State.BookmarkList[i]);
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

    /// <summary>Sends a signal up from an execution, to the first container that takes it.</summary>
    public static void SendSignal(ActivityContext sender, Signal signal)
    {
        for (var context = sender.Parent; context is not null; context = context.Parent)
        {
            if (context.IsActive)
            {
                if (context.Activity.Behavior.Receive(context, signal, sender))
                    return;
            }
            else if (signal == Signal.Complete && context.Activity.Behavior is Activities.Flow.WorkflowActivity)
            {
                // The workflow that was to be completed is so already; the one that uses it as an activity goes on.
                return;
            }
        }
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

    // ---- journal

    public void Log(ActivityContext context, string eventName, string? message = null, object? payload = null) =>
        _journal.Add(new JournalEntry(
            State.NextSequence(), context.Activity, context.Ordinal, context.Parent?.Ordinal ?? 0, eventName, Now, message, payload));

    public void Touch(ActivityContext context)
    {
        if (context.IsTouched)
            return;
        context.IsTouched = true;
        _touched.Add(context);
    }

    /// <summary>Makes the result; the burst must not be used afterwards.</summary>
    public BurstResult ToResult(BurstEnd end)
    {
        foreach (var context in _touched)
            context.IsTouched = false;
        return new BurstResult(State, end, _journal, _touched)
        {
            BookmarksAdded = _added ?? [],
            BookmarksRemoved = _removed ?? [],
            Incidents = _incidents ?? [],
            Effects = _effects ?? [],
            ActivitiesRun = _activitiesRun,
        };
    }

    /// <summary>Bookmarks of an ended instance stay visible in its state but must not be found any more.</summary>
    public void DisarmBookmarks()
    {
        foreach (var bookmark in State.BookmarkList)
        {
            if (_added is null || !_added.Remove(bookmark))
                (_removed ??= []).Add(bookmark);
        }
    }

    /// <summary>The bookmarks of an instance that goes on after a fault are found again.</summary>
    public void RearmBookmarks() => (_added ??= []).AddRange(State.BookmarkList);
}
