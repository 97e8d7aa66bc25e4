using Automation.Workflows.Definitions;
using Automation.Workflows.Graph;
using Automation.Workflows.Journal;

namespace Automation.Workflows.Execution;

/// <summary>How a new instance begins its life.</summary>
public sealed record NewInstance
{
    /// <summary>Id of the instance; null to make one that sorts by time.</summary>
    public string? Id { get; init; }

    /// <summary>Correlation id; null for none.</summary>
    public string? CorrelationId { get; init; }

    /// <summary>Name for people; null for none.</summary>
    public string? Name { get; init; }

    /// <summary>The instance that starts it; null for none.</summary>
    public string? ParentInstanceId { get; init; }

    /// <summary>Inputs by name; plain values. Names that are not declared are kept too.</summary>
    public IReadOnlyDictionary<string, object?>? Input { get; init; }
}

/// <summary>An instance cannot be started with these inputs.</summary>
/// <param name="problems">One sentence per input.</param>
public sealed class WorkflowInputException(IReadOnlyList<string> problems) : Exception(string.Join(" ", problems))
{
    /// <summary>One sentence per input.</summary>
    public IReadOnlyList<string> Problems { get; } = problems;
}

/// <summary>
/// Runs instances in bursts. Pure: it touches no database, network or clock but its <see cref="TimeProvider"/>; what is to be done
/// outside comes back as data. Safe for concurrent use with different instances.
/// </summary>
/// <param name="time">The clock.</param>
/// <param name="options">Behaviour; null for the defaults.</param>
/// <param name="isPublished">Whether a definition id has a published version, asked before a child workflow is started; null if all have.</param>
public sealed class WorkflowEngine(TimeProvider time, WorkflowEngineOptions? options = null, Func<string, bool>? isPublished = null)
{
    private readonly WorkflowEngineOptions _options = options ?? new WorkflowEngineOptions();

    /// <summary>Makes an instance that has not begun. <see cref="Stimulus.Start"/> begins it.</summary>
    /// <param name="workflow">The version to run.</param>
    /// <param name="instance">Identity and inputs; null for none.</param>
    /// <exception cref="WorkflowInputException">A required input is missing.</exception>
    public InstanceState Create(CompiledWorkflow workflow, NewInstance? instance = null)
    {
        ArgumentNullException.ThrowIfNull(workflow);
        var now = time.GetUtcNow();
        var state = new InstanceState(
            instance?.Id ?? Guid.CreateVersion7(now).ToString("D"), workflow.DefinitionId, workflow.VersionId, workflow.Version, now)
        {
            CorrelationId = instance?.CorrelationId,
            Name = instance?.Name,
            ParentInstanceId = instance?.ParentInstanceId,
            SubStatus = WorkflowSubStatus.Pending,
        };
        if (instance?.Input is { } input)
        {
            foreach (var (name, value) in input)
                state.Input[name] = value;
        }

        ApplyInputDeclarations(workflow, state);
        return state;
    }

    /// <summary>Runs one burst.</summary>
    /// <param name="workflow">The version that the instance runs.</param>
    /// <param name="state">The instance; changed in place. If this throws, throw the state away: it is half-way.</param>
    /// <param name="stimulus">Why it runs.</param>
    /// <param name="ct">Stops the burst between two activities.</param>
    /// <returns>What it did. Its records must be read before the next burst of the same state object.</returns>
    /// <exception cref="OperationCanceledException"><paramref name="ct"/> was signalled.</exception>
    public BurstResult Run(CompiledWorkflow workflow, InstanceState state, Stimulus stimulus, CancellationToken ct = default)
    {
        ArgumentNullException.ThrowIfNull(workflow);
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(stimulus);
        state.RespondUntil = stimulus.RespondUntil ?? state.RespondUntil;
        var burst = new Burst(workflow, state, time, _options, ct) { CanRespond = stimulus.CanRespond || state.RespondUntil > time.GetUtcNow(), IsPublished = isPublished };
        state.Burst = burst;
        state.DropStaleOutputs();
        try
        {
            burst.EventId = stimulus.EventId ?? CauseOf(stimulus, state);
            if (!Begin(burst, stimulus))
                return burst.ToResult(BurstEnd.Nothing);
            state.EventId = burst.EventId;
            state.SubStatus = WorkflowSubStatus.Executing;
            var end = burst.RunToEnd();
            Conclude(burst, end);
            return burst.ToResult(end);
        }
        finally
        {
            state.Burst = null;
        }
    }

    /// <summary>The event that led to what goes on now: parallel branches of one instance may serve different ones.</summary>
    private static string? CauseOf(Stimulus stimulus, InstanceState state) => stimulus switch
    {
        Stimulus.Resume resume => state.BookmarkList.Find(b => string.Equals(b.Id, resume.BookmarkId, StringComparison.Ordinal))?.EventId,
        Stimulus.OperationEnded ended => state.Operations.Find(o => string.Equals(o.Id, ended.OperationId, StringComparison.Ordinal))?.EventId,
        _ => state.EventId,
    };

    /// <summary>Puts the stimulus on the work list. False if there is nothing it could act on.</summary>
    private bool Begin(Burst burst, Stimulus stimulus)
    {
        var state = burst.State;
        switch (stimulus)
        {
            case Stimulus.Start start:
                if (state.SubStatus != WorkflowSubStatus.Pending)
                    return false;
                Start(burst, start);
                return true;

            case Stimulus.Resume resume:
                if (state.Status == WorkflowStatus.Finished
                    || state.BookmarkList.Find(b => string.Equals(b.Id, resume.BookmarkId, StringComparison.Ordinal)) is not { } bookmark
                    || state.FindContext(bookmark.ActivityOrdinal) is not { IsActive: true } context)
                {
                    return false;
                }

                if (bookmark.AutoBurn)
                    burst.RemoveBookmark(bookmark);
                foreach (var (name, value) in resume.Input ?? EmptyInput)
                    state.Input[name] = value;
                if (bookmark.IsTimeout)
                {
                    burst.TimeOut(context);
                    return true;
                }

                state.Work.Enqueue(new WorkItem { Node = context.Activity, Context = context, Bookmark = bookmark, Payload = resume.Payload });
                return true;

            case Stimulus.OperationEnded ended:
                if (state.Status == WorkflowStatus.Finished
                    || state.Operations.Find(o => string.Equals(o.Id, ended.OperationId, StringComparison.Ordinal)) is not { Context.IsActive: true } operation)
                {
                    return false;
                }

                burst.EndOperation(operation, ended.Result);
                return true;

            case Stimulus.Continue:
                return state.Status == WorkflowStatus.Running && (state.HasScheduledWork || state.SubStatus == WorkflowSubStatus.Executing && state.PendingOperation is null);

            case Stimulus.Cancel cancel:
                if (state.Status == WorkflowStatus.Finished)
                    return false;
                burst.CancelInstance(cancel.Reason, _options.JournalCancellation);
                return true;

            case Stimulus.CancelActivity cancel:
                return state.Status == WorkflowStatus.Running && burst.CancelActivity(cancel);

            case Stimulus.Retry retry:
                return burst.Retry(retry);

            case Stimulus.ScheduleActivity schedule:
                return burst.ScheduleAgain(schedule);

            default:
                throw new ArgumentException($"Unknown stimulus {stimulus.GetType().Name}.", nameof(stimulus));
        }
    }

    private static readonly Dictionary<string, object?> EmptyInput = new(StringComparer.Ordinal);

    private static void Start(Burst burst, Stimulus.Start start)
    {
        var state = burst.State;
        var workflow = burst.Workflow;
        state.TriggerActivityId = start.TriggerActivityId;
        state.TriggerPayload = start.Payload;
        state.TriggerPayloadIsFresh = start.IsTriggered;
        state.WasTriggered = start.IsTriggered;
        burst.InitialVariables = start.Variables;
        state.HasGivenVariables = start.Variables is { Count: > 0 };
        if (start.OnlyActivity is { } only)
        {
            var node = workflow.FindById(only) ?? workflow.FindByNodeId(only)
                ?? throw new WorkflowInputException([$"The workflow has no activity '{only}'."]);
            burst.Schedule(node, null, null, null);
        }
        else
        {
            burst.Schedule(workflow.Workflow, null, null, null);
        }
    }

    private void Conclude(Burst burst, BurstEnd end)
    {
        var state = burst.State;
        state.UpdatedAt = burst.Now;
        if (end != BurstEnd.Idle)
            return;
        if (state.IsCanceled)
            End(WorkflowSubStatus.Cancelled);
        else if (state.IsFinishing)
            End(WorkflowSubStatus.Finished);
        else if (state.IsFaulting)
            End(WorkflowSubStatus.Faulted);
        else if (state.Contexts.TrueForAll(c => c.Status is ActivityStatus.Completed or ActivityStatus.Canceled))
            End(WorkflowSubStatus.Finished);
        else
            state.SubStatus = WorkflowSubStatus.Suspended;
        state.Settle(_options.KeepInputs);

        void End(WorkflowSubStatus subStatus)
        {
            state.Status = WorkflowStatus.Finished;
            state.SubStatus = subStatus;
            state.FinishedAt = burst.Now;
            burst.DisarmBookmarks();
        }
    }

    /// <summary>Required inputs must be there; defaults and declared types are applied where they fit.</summary>
    private static void ApplyInputDeclarations(CompiledWorkflow workflow, InstanceState state)
    {
        List<string>? problems = null;
        foreach (var declared in workflow.Scope.Inputs)
        {
            if (state.Input.TryGetValue(declared.Name, out var given) && given is not null)
                continue;
            if (declared.Default is { } value)
                state.Input[declared.Name] = DefaultOf(declared, value);
            else if (declared.IsRequired)
                (problems ??= []).Add($"Input '{declared.Name}' ({declared.Type.Alias}) is required.");
        }

        if (problems is not null)
            throw new WorkflowInputException(problems);
    }

    private static object? DefaultOf(InputDefinition declared, System.Text.Json.JsonElement value)
    {
        var plain = JsonValues.FromElement(value);
        try
        {
            return ValueConverter.Convert(plain, declared.Type);
        }
        catch (ValueConversionException)
        {
            return plain;
        }
    }
}
