using System.Globalization;
using Automation.Workflows.Definitions;
using Automation.Workflows.Graph;
using Automation.Workflows.Journal;

namespace Automation.Workflows.Execution;

/// <summary>One execution of an activity: its inputs and outputs, what it can ask of the engine, and its state across suspensions.</summary>
public sealed partial class ActivityContext
{
    /// <summary>Marks an output or input that was not set, to tell it from null.</summary>
    internal static readonly object Unset = new();

    private static readonly object?[] None = [];

    internal ActivityContext(InstanceState state, CompiledActivity activity, ActivityContext? parent, long ordinal)
    {
        State = state;
        Activity = activity;
        Parent = parent;
        Ordinal = ordinal;
    }

    /// <summary>The node that runs.</summary>
    public CompiledActivity Activity { get; }

    /// <summary>The execution around it; null for the workflow itself.</summary>
    public ActivityContext? Parent { get; }

    /// <summary>Number of this execution within the instance, from 1.</summary>
    public long Ordinal { get; }

    /// <summary>Id of this execution, unique among all instances.</summary>
    public string Id => ActivityInstanceId.Of(State.Id, Ordinal);

    /// <summary>How it stands.</summary>
    public ActivityStatus Status { get; internal set; } = ActivityStatus.Running;

    /// <summary>Id of the workflow instance.</summary>
    public string InstanceId => State.Id;

    /// <summary>Correlation id of the instance; null for none.</summary>
    public string? CorrelationId
    {
        get => State.CorrelationId;
        set => State.CorrelationId = value;
    }

    /// <summary>
    /// The event from outside that is served now: the one that started or resumed the instance, or that the timer or
    /// background work that has ended now was made for. Null where no event led here.
    /// </summary>
    public string? EventId => Burst.EventId;

    /// <summary>What has been asked for in this burst so far.</summary>
    public IReadOnlyList<WorkflowEffect> Requested => Burst.Effects;

    /// <summary>Name of the instance; null for none.</summary>
    public string? InstanceName
    {
        get => State.Name;
        set => State.Name = value;
    }

    /// <summary>The time of this burst.</summary>
    public DateTimeOffset Now => Burst.Now;

    /// <summary>Signalled when the host wants the burst to stop.</summary>
    public CancellationToken CancellationToken => Burst.CancellationToken;

    /// <summary>What the stimulus that started this burst brought, for the trigger that it started at; a plain value.</summary>
    public object? TriggerPayload => Burst.TriggerPayload;

    /// <summary>Whether the instance was started by a stimulus for this very activity.</summary>
    public bool IsTrigger { get; internal set; }

    /// <summary>The activity's own state across suspensions; values must be plain.</summary>
    public IDictionary<string, object?> Properties => PropertyMap ??= new Dictionary<string, object?>(StringComparer.Ordinal);

    /// <summary>Outcomes given on completion; empty means <c>Done</c>.</summary>
    public IReadOnlyList<string> Outcomes { get; private set; } = [];

    internal InstanceState State { get; }

    internal Burst Burst => State.Burst ?? throw new InvalidOperationException("The execution is not inside a burst.");

    /// <summary>What the parent wanted to be told, see <see cref="WorkItem.Tag"/>.</summary>
    internal string? Tag { get; init; }

    internal object?[] Inputs { get; set; } = None;

    // The inputs that the journal has, as they were when it got them.
    private object?[]? _recordedInputs;

    /// <summary>Whether the journal has these very inputs, so that a further record of this execution need not repeat them.</summary>
    internal bool InputsAreRecorded
    {
        get
        {
            if (_recordedInputs is not { } recorded || recorded.Length != Inputs.Length)
                return false;
            for (var i = 0; i < recorded.Length; i++)
            {
                if (!ReferenceEquals(recorded[i], Inputs[i]))
                    return false;
            }

            return true;
        }
    }

    internal object?[]? Outputs { get; set; }

    /// <summary>Values of <see cref="CompiledActivity.Variables"/>.</summary>
    internal object?[] Scope { get; set; } = None;

    internal List<LocalVariable>? Locals { get; set; }

    internal Dictionary<string, object?>? PropertyMap { get; set; }

    /// <summary>State that a built-in container keeps in its own form.</summary>
    internal object? Memory { get; set; }

    /// <summary>Counter of a built-in container, such as the index of a sequence.</summary>
    internal long Counter { get; set; }

    internal DateTimeOffset StartedAt { get; set; }

    internal DateTimeOffset? CompletedAt { get; set; }

    internal int FaultCount { get; set; }

    internal ExceptionInfo? Exception { get; set; }

    /// <summary>Executions below it (directly) that have not ended, plus those scheduled and not begun.</summary>
    internal int ActiveChildren { get; set; }

    /// <summary>Executions below it (directly) that faulted.</summary>
    internal int FaultedChildren { get; set; }

    internal int BookmarkCount { get; set; }

    /// <summary>Whether a descendant has left the loop around it.</summary>
    internal bool IsBreaking { get; set; }

    internal bool IsTouched { get; set; }

    internal bool HasRetries { get; set; }

    /// <summary>Outcomes that a script chose.</summary>
    internal IReadOnlyList<string>? ScriptOutcomes { get; set; }

    /// <summary>What <c>getItem()</c> gives to the expressions of a bulk dispatch.</summary>
    internal object? CurrentItem { get; set; }

    /// <summary>Position in <see cref="InstanceState.Contexts"/>.</summary>
    internal int Position { get; set; }

    internal bool IsActive => Status is ActivityStatus.Running;

    /// <summary>Ends this execution.</summary>
    /// <param name="outcomes">Outcomes that select connections; none means <c>Done</c>.</param>
    public void Complete(params ReadOnlySpan<string> outcomes)
    {
        if (!outcomes.IsEmpty)
            Outcomes = outcomes.ToArray();
        Burst.Complete(this);
    }

    /// <summary>Ends this execution.</summary>
    /// <param name="outcomes">Outcomes that select connections; none means <c>Done</c>.</param>
    public void CompleteWith(IReadOnlyList<string> outcomes)
    {
        ArgumentNullException.ThrowIfNull(outcomes);
        Outcomes = outcomes;
        Burst.Complete(this);
    }

    /// <summary>Waits for a stimulus.</summary>
    /// <param name="name">Stimulus name.</param>
    /// <param name="payload">What it is matched by; a plain value.</param>
    /// <param name="dueAt">When the clock is to resume it; null for never.</param>
    /// <param name="tag">Something for the activity itself, handed back on resuming.</param>
    /// <param name="hash">The stimulus hash; null to compute it from name and payload.</param>
    /// <param name="options">Data that does not take part in matching; a plain value.</param>
    /// <returns>The bookmark.</returns>
    public Bookmark CreateBookmark(
        string name, object? payload = null, DateTimeOffset? dueAt = null, string? tag = null, string? hash = null, object? options = null) =>
        Burst.AddBookmark(this, name, payload, dueAt, tag, hash, options);

    /// <summary>Asks for something to be done outside, with the commit.</summary>
    /// <param name="effect">What.</param>
    public void Request(WorkflowEffect effect)
    {
        ArgumentNullException.ThrowIfNull(effect);
        Burst.Effects.Add(effect);
    }

    /// <summary>Has the activity's work done by its executor as a background job; the activity goes on in <see cref="Activities.Activity.OperationEnded"/>.</summary>
    public void RunInBackground() => Burst.RunInBackground(this);

    /// <summary>Schedules a child.</summary>
    /// <param name="child">A node directly inside this one.</param>
    /// <param name="tag">Something to recognise it by on completion.</param>
    public void Schedule(CompiledActivity child, string? tag = null)
    {
        ArgumentNullException.ThrowIfNull(child);
        Burst.Schedule(child, this, tag, null);
    }

    /// <summary>Writes a line into the journal.</summary>
    /// <param name="eventName">What happened, in a word or two.</param>
    /// <param name="message">Text for people; null for none.</param>
    /// <param name="payload">More data; a plain value.</param>
    public void AddJournalEntry(string eventName, string? message = null, object? payload = null) => Burst.Log(this, eventName, message, payload);

    /// <summary>A stable key for calls that leave the process: the same on every attempt of this execution.</summary>
    /// <param name="ordinal">Number of the call within the execution.</param>
    public string IdempotencyKey(int ordinal = 0) =>
        string.Create(CultureInfo.InvariantCulture, $"{State.Id}/{Ordinal}/{ordinal}");

    internal object? InputAt(int slot)
    {
        var value = Inputs[slot];
        return ReferenceEquals(value, Unset) ? null : value;
    }

    internal object? EvaluateInput(int slot)
    {
        var input = Activity.Inputs[slot];
        try
        {
            var value = input.Expression.Evaluate(this);
            Inputs[slot] = value;
            return value;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw new WorkflowFaultException($"Failed to evaluate activity input '{input.Name}': {e.Message}", e) { TypeName = "InputEvaluationException" };
        }
    }

    internal void SetOutput(int slot, object? value) => SetOutput(slot, value, value);

    /// <summary>Sets an output whose record shows it in another form than the one that is bound.</summary>
    internal void SetOutput(int slot, object? value, object? recorded)
    {
        var bindings = Activity.Outputs;
        if (Outputs is null)
        {
            Outputs = new object?[bindings.Length];
            Array.Fill(Outputs, Unset);
        }

        Outputs[slot] = recorded;
        Burst.Register(this, slot, value);
        var binding = bindings[slot];
        if (binding.Variable is { } variable)
            SetVariable(variable, value);
        else if (binding.WorkflowOutput is { } output)
            SetWorkflowOutput(output, value);
    }

    /// <summary>Sets outputs by PascalCased name; names that the activity does not declare are passed over.</summary>
    internal void SetOutputs(IReadOnlyDictionary<string, object?> values)
    {
        for (var i = 0; i < Activity.Outputs.Length; i++)
        {
            if (values.TryGetValue(Activity.Outputs[i].Name, out var value))
                SetOutput(i, value);
        }
    }

    internal ActivityRecord ToRecord() => RecordBuilder.Build(this);

    /// <summary>The record of this execution is on disk.</summary>
    internal void MarkRecorded()
    {
        if (IsActive && !InputsAreRecorded)
            _recordedInputs = [.. Inputs];
    }

    internal void SetOutcomes(IReadOnlyList<string> outcomes) => Outcomes = outcomes;
}

/// <summary>Ids of activity executions: the instance's id and the number of the execution in it.</summary>
public static class ActivityInstanceId
{
    /// <summary>The id of an execution.</summary>
    /// <param name="instanceId">The instance.</param>
    /// <param name="ordinal">Number of the execution, from 1.</param>
    public static string Of(string instanceId, long ordinal) => string.Create(CultureInfo.InvariantCulture, $"{instanceId}-{ordinal}");

    /// <summary>Takes an id apart.</summary>
    /// <param name="id">As made by <see cref="Of"/>.</param>
    /// <param name="instanceId">The instance.</param>
    /// <param name="ordinal">Number of the execution.</param>
    /// <returns>False if it is not such an id.</returns>
    public static bool TryParse(string? id, out string instanceId, out long ordinal)
    {
        var dash = id?.LastIndexOf('-') ?? -1;
        if (dash > 0 && long.TryParse(id.AsSpan(dash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out ordinal))
        {
            instanceId = id![..dash];
            return true;
        }

        (instanceId, ordinal) = ("", 0);
        return false;
    }
}
