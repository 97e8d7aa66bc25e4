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

    // By node id, counted from the first time that an activity starts while something waits.
    private Dictionary<string, int>? _bookmarksByNode;
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
        Log(context, _options.ElsaQuirks && IsAwaitedElsewhere(node) ? JournalEvents.Resumed : JournalEvents.Started);
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

    // ---- what activities ask for

    public void Schedule(CompiledActivity node, ActivityContext? owner, string? tag, List<LocalVariable>? locals)
    {
        if (owner is not null)
            owner.ActiveChildren++;
        State.Work.Enqueue(new WorkItem { Node = node, Owner = owner, Tag = tag, Locals = locals });
    }

    public void Register(ActivityContext context, int slot, object? value) => State.RegisterOutput(context.Activity, slot, value);

    public object? FindOutput(CompiledActivity node, string? name) => State.FindOutput(node, name ?? "Result");

    public void RequestCommit() => _commitRequested = true;

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
}
