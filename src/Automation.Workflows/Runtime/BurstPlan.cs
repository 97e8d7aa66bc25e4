using System.Text.Json;
using Automation.Jobs;
using Automation.Storage;
using Automation.Storage.Writes;
using Automation.Workflows.Definitions;
using Automation.Workflows.Execution;
using Automation.Workflows.Graph;
using Automation.Workflows.Queries;
using Microsoft.Extensions.Options;

namespace Automation.Workflows.Runtime;

/// <summary>What commits together with a burst, beyond its own rows.</summary>
internal sealed record CommitExtras
{
    public static readonly CommitExtras None = new();

    /// <summary>Rows of the caller.</summary>
    public Action<WriteUnit>? Companion { get; init; }

    /// <summary>Rows of the caller that take some work.</summary>
    public Func<WriteUnit, CancellationToken, ValueTask>? AsyncCompanion { get; init; }

    /// <summary>The job that this burst completes.</summary>
    public JobContext? Job { get; init; }

    /// <summary>The operation that this burst ends.</summary>
    public string? OperationId { get; init; }

    /// <summary>Told after each commit; takes over what is to be done about jobs and children.</summary>
    public Action<BurstPlan>? Committed { get; init; }
}

/// <summary>One commit: the unit, and what is to be done when it has gone through.</summary>
internal sealed class BurstPlan
{
    public required WriteUnit Unit { get; init; }

    /// <summary>What only a waiting caller can carry out.</summary>
    public List<WorkflowEffect> Responses { get; } = [];

    public List<RequestTask> Tasks { get; } = [];

    public List<string> Lines { get; } = [];

    public List<LogEntry> Logs { get; } = [];

    /// <summary>Jobs that have lost their purpose.</summary>
    public List<long> JobsToDelete { get; } = [];

    /// <summary>Children that are to be cancelled; a job does it if this process does not live to.</summary>
    public List<string> ChildrenToCancel { get; } = [];

    /// <summary>Whether a bookmark was added that a kept stimulus may wait for.</summary>
    public List<string> HashesAdded { get; } = [];

    public ParentNotice? NotifyLeft { get; set; }
}

/// <summary>Turns what a burst did into one unit: instance, journal, bookmarks, operations, and the jobs that go with them.</summary>
internal sealed class BurstPlanner(Database database, JobClient jobs, IEnumerable<IWorkflowEffectHandler> handlers, IOptions<WorkflowOptions> options, TimeProvider clock)
{
    private readonly IWorkflowEffectHandler[] _handlers = [.. handlers];

    // Kept with a job only where it differs from what the handler is registered with.
    private readonly int? _attempts = options.Value.ActivityAttempts == WorkflowOptions.DefaultActivityAttempts ? null : options.Value.ActivityAttempts;

    public async ValueTask<BurstPlan> PlanAsync(LoadedInstance instance, BurstResult result, CommitExtras extras, CancellationToken cancellationToken)
    {
        var plan = new BurstPlan { Unit = new WriteUnit() };
        var unit = plan.Unit;
        var state = result.State;
        var now = SqlValue.Micros(clock.GetUtcNow());

        // The rows that guard come first, so that a unit that cannot hold does no more work than it must.
        plan.NotifyLeft = await AddParentNoticeAsync(unit, instance, result, cancellationToken);
        if (instance.Revision == 0)
            AddInsert(unit, instance, plan.NotifyLeft, now);
        else
            AddUpdate(unit, instance, plan.NotifyLeft, now);
        if (result.Journal.Count > 0 || result.Records.Count > 0)
            unit.Add(InstanceSql.AddJournal, state.Id, instance.Revision + 1, now, result.Journal.Count > 0 ? result.Journal[0].Sequence : state.JournalLength, JournalChunk.Write(result.Journal, result.Records));

        foreach (var bookmark in result.BookmarksRemoved)
            await RemoveBookmarkAsync(plan, bookmark, extras, cancellationToken);
        foreach (var bookmark in result.BookmarksAdded)
            await AddBookmarkAsync(plan, instance, bookmark, now, cancellationToken);
        if (extras.OperationId is { } ended)
            unit.AddExpectingOne(InstanceSql.RemoveOperation, ended);
        foreach (var effect in result.Effects)
            await AddEffectAsync(plan, instance, effect, extras.Job, now, cancellationToken);

        extras.Companion?.Invoke(unit);
        if (extras.AsyncCompanion is { } companion)
            await companion(unit, cancellationToken);
        extras.Job?.AddSuccessTo(unit);
        return plan;
    }

    private static void AddInsert(WriteUnit unit, LoadedInstance instance, ParentNotice? notify, SqlValue now)
    {
        var state = instance.State;
        var graph = instance.Graph;
        var statement = graph.ActivationStrategy switch
        {
            ActivationStrategy.Singleton => InstanceSql.InsertSingleton,
            ActivationStrategy.CorrelatedSingleton => InstanceSql.InsertCorrelatedSingleton,
            ActivationStrategy.Correlation when state.CorrelationId is not null => InstanceSql.InsertCorrelated,
            _ => InstanceSql.Insert,
        };
        if (statement != InstanceSql.Insert)
            // Read, although nothing is done with it: a result that nobody reads would be taken for that of the next statement.
            unit.Query(InstanceSql.LockActivation, statement == InstanceSql.InsertCorrelated ? state.CorrelationId : graph.DefinitionId);
        unit.AddExpectingOne(
            statement, state.Id, graph.DefinitionId, graph.VersionId, graph.Version, (int)state.SubStatus, graph.Definition.IsSystem,
            state.Incidents.Count, state.CorrelationId, state.Name, instance.ParentId, notify?.ToString(), SqlValue.Micros(instance.CreatedAt),
            now, IsOver(state.SubStatus) ? now : SqlValue.Null, 1, StateText(instance));
    }

    public static void AddUpdate(WriteUnit unit, LoadedInstance instance, ParentNotice? notify, SqlValue now)
    {
        var state = instance.State;
        unit.AddExpectingOne(
            InstanceSql.Update, state.Id, instance.Revision, (int)state.SubStatus, state.Incidents.Count, state.CorrelationId, state.Name, now,
            IsOver(state.SubStatus) ? now : SqlValue.Null, StateText(instance), notify?.ToString());
    }

    private async ValueTask RemoveBookmarkAsync(BurstPlan plan, Bookmark bookmark, CommitExtras extras, CancellationToken cancellationToken)
    {
        if (bookmark.DueAt is not null)
        {
            var rows = await database.QueryAsync(InstanceSql.FindBookmark, cancellationToken, bookmark.Id);
            if (rows.Count > 0 && !rows.Rows[0][8].IsNull && rows.Rows[0][8].AsInteger != extras.Job?.Id)
                plan.JobsToDelete.Add(rows.Rows[0][8].AsInteger);
        }

        plan.Unit.Add(InstanceSql.RemoveBookmark, bookmark.Id);
    }

    private async ValueTask AddBookmarkAsync(BurstPlan plan, LoadedInstance instance, Bookmark bookmark, SqlValue now, CancellationToken cancellationToken)
    {
        await AddBookmarkAsync(plan.Unit, jobs, instance.State, bookmark, now, cancellationToken);
        if (bookmark.DueAt is null)
            plan.HashesAdded.Add(bookmark.Hash);
    }

    /// <summary>Adds a bookmark's row, with the job that resumes it where it waits for the clock.</summary>
    public static async ValueTask AddBookmarkAsync(WriteUnit unit, JobClient jobs, InstanceState state, Bookmark bookmark, SqlValue now, CancellationToken cancellationToken)
    {
        long? jobId = null;
        if (bookmark.DueAt is { } due)
            jobId = await jobs.EnqueueAsync(unit, new JobRequest(WorkflowJobs.Resume, state.Id, bookmark.Id) { DueAt = due, Reason = bookmark.Name }, cancellationToken);
        if (bookmark.Name == StimulusNames.HttpEndpoint && HttpTargets.ShapeOf(bookmark.Payload) is { } shape)
            unit.Add(InstanceSql.AddRouteShape, shape);
        unit.Add(
            InstanceSql.AddBookmark, bookmark.Id, state.Id, bookmark.Name, InstanceSql.Key(bookmark.Hash), bookmark.ActivityOrdinal, state.CorrelationId,
            Json(bookmark.Payload), Json(bookmark.Options), jobId, now);
    }

    private async ValueTask AddEffectAsync(BurstPlan plan, LoadedInstance instance, WorkflowEffect effect, JobContext? ending, SqlValue now, CancellationToken cancellationToken)
    {
        var unit = plan.Unit;
        switch (effect)
        {
            case RunInBackground run:
                // The inputs stay in the operation's row: a job's arguments are shown to operators, and inputs may hold secrets.
                var jobId = await jobs.EnqueueAsync(
                    unit, new JobRequest(WorkflowJobs.Activity, run.Activity.Type, instance.Id, run.OperationId, run.Activity.Name ?? run.Activity.Id) { MaxAttempts = _attempts }, ending, cancellationToken);
                var request = OperationRequest.Write(run);
                unit.Add(InstanceSql.AddOperation, run.OperationId, instance.Id, jobId, request, now);
                instance.AddRequest(run.OperationId, request);
                break;
            case CancelOperation cancel:
                var operation = await database.QueryAsync(InstanceSql.FindOperation, cancellationToken, cancel.OperationId);
                if (operation.Count > 0 && !operation.Rows[0][2].IsNull)
                    plan.JobsToDelete.Add(operation.Rows[0][2].AsInteger);
                unit.Add(InstanceSql.RemoveOperation, cancel.OperationId);
                break;
            case StartWorkflow start:
                var startJob = await jobs.EnqueueAsync(unit, WorkflowJobs.StartChild(start), cancellationToken);
                if (start.OperationId is { } waiting)
                    unit.Add(InstanceSql.AddOperation, waiting, instance.Id, startJob, "{}", now);
                break;
            case CancelWorkflow cancel:
                plan.ChildrenToCancel.Add(cancel.InstanceId);
                await jobs.EnqueueAsync(unit, new JobRequest(WorkflowJobs.Cancel, cancel.InstanceId), cancellationToken);
                break;
            case PublishEventEffect publish:
                await jobs.EnqueueAsync(
                    unit, JobRequest.WithJson(WorkflowJobs.Event, JsonValues.ToText(publish.Name), JsonValues.ToText(publish.Payload), JsonValues.ToText(publish.CorrelationId), JsonValues.ToText(publish.InstanceId)), cancellationToken);
                break;
            case RequestTask task:
                plan.Tasks.Add(task);
                break;
            case ConsoleLine line:
                plan.Lines.Add(line.Text);
                break;
            case LogEntry entry:
                plan.Logs.Add(entry);
                break;
            default:
                var source = new EffectSource(instance.Id, instance.Graph.DefinitionId, instance.State.CorrelationId);
                foreach (var handler in _handlers)
                {
                    if (await handler.TryAddAsync(effect, source, unit, cancellationToken))
                        return;
                }

                plan.Responses.Add(effect);
                break;
        }
    }

    /// <summary>Tells the parent in the child's own commit, by a job.</summary>
    /// <returns>What is left to tell.</returns>
    private async ValueTask<ParentNotice?> AddParentNoticeAsync(WriteUnit unit, LoadedInstance instance, BurstResult result, CancellationToken cancellationToken)
    {
        if (instance.Notify is not { } notify || result.End != BurstEnd.Idle)
            return instance.Notify;
        var over = IsOver(result.State.SubStatus);
        if (notify.OperationId is null && !over)
            return notify;
        // A child that is over when it first rests ends the operation; nobody waits for a second word.
        var stimulus = notify.OperationId is null ? notify.Stimulus : null;
        await jobs.EnqueueAsync(unit, new JobRequest(WorkflowJobs.ChildRested, instance.Id, instance.ParentId, notify.OperationId, stimulus), cancellationToken);
        return over ? null : notify with { OperationId = null };
    }

    private static bool IsOver(WorkflowSubStatus status) => status is WorkflowSubStatus.Finished or WorkflowSubStatus.Cancelled or WorkflowSubStatus.Faulted;

    private static string StateText(LoadedInstance instance)
    {
        var text = InstanceStateWriter.WriteText(instance.State);
        instance.StateLength = text.Length;
        return text;
    }

    private static string? Json(object? plain) => plain is null ? null : JsonValues.ToText(plain);
}

/// <summary>What a background operation is to do, as it is stored.</summary>
internal sealed record OperationRequest(string ActivityType, string NodeId, string ActivityId, string? ActivityName, long Ordinal, IReadOnlyDictionary<string, object?> Inputs, object? Resilience)
{
    public static string Write(RunInBackground run) => JsonValues.ToText(new Dictionary<string, object?>(StringComparer.Ordinal)
    {
        ["type"] = run.Activity.Type,
        ["node"] = run.Activity.NodeId,
        ["id"] = run.Activity.Id,
        ["name"] = run.Activity.Name,
        ["ordinal"] = run.ActivityOrdinal,
        ["inputs"] = run.Inputs,
        ["resilience"] = run.Resilience,
    });

    public static OperationRequest Read(string json)
    {
        if (!JsonValues.TryParse(json, out var value) || value is not Dictionary<string, object?> map)
            throw new JsonException("The stored operation is not a JSON object.");
        return new OperationRequest(
            (string)map["type"]!, (string)map["node"]!, (string)map["id"]!, map["name"] as string, (long)map["ordinal"]!,
            map["inputs"] as Dictionary<string, object?> ?? [], map["resilience"]);
    }
}
