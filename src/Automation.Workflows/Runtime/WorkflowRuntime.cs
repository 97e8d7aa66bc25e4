using System.Diagnostics;
using Automation.Jobs;
using Automation.Storage;
using Automation.Storage.Writes;
using Automation.Workflows.Definitions;
using Automation.Workflows.Execution;
using Automation.Workflows.Graph;
using Automation.Workflows.Management;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Automation.Workflows.Runtime;

/// <summary>
/// Starts, resumes and stops instances. Each call runs the instance until it rests and returns when that is on disk:
/// state, bookmarks, journal and the jobs it asks for are one commit. Work on one instance happens one after another;
/// different instances run in parallel. Thread-safe.
/// </summary>
public sealed partial class WorkflowRuntime
{
    /// <summary>How often a commit is tried again after another server has changed the instance in between.</summary>
    private const int MaxTries = 20;

    private readonly Database _database;
    private readonly WorkflowCatalog _catalog;
    private readonly WorkflowDefinitionManager _definitions;
    private readonly WorkflowEngine _engine;
    private readonly InstanceStore _instances;
    private readonly BurstPlanner _planner;
    private readonly InstanceWaiters _waiters;
    private readonly WorkflowEvents _events;
    private readonly JobClient _jobs;
    private readonly WorkflowOptions _options;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;

    internal WorkflowRuntime(
        Database database, WorkflowCatalog catalog, WorkflowDefinitionManager definitions, WorkflowEngine engine, InstanceStore instances,
        BurstPlanner planner, InstanceWaiters waiters, WorkflowEvents events, JobClient jobs, IOptions<WorkflowOptions> options, TimeProvider clock,
        ILogger<WorkflowRuntime> logger)
    {
        _database = database;
        _catalog = catalog;
        _definitions = definitions;
        _engine = engine;
        _instances = instances;
        _planner = planner;
        _waiters = waiters;
        _events = events;
        _jobs = jobs;
        _options = options.Value;
        _clock = clock;
        _logger = logger;
    }

    /// <summary>Starts an instance, runs it until it rests, and returns when that is stored.</summary>
    /// <param name="request">What to start.</param>
    /// <param name="cancellationToken">Stops the burst between two activities; what is being committed is still committed.</param>
    /// <exception cref="Definitions.DefinitionException">The version does not compile.</exception>
    /// <exception cref="StorageUnavailableException">The database could not take it; nothing was started.</exception>
    public async Task<StartResult> StartAsync(StartWorkflowRequest request, CancellationToken cancellationToken = default)
    {
        var graph = await FindGraphAsync(request, cancellationToken);
        if (graph is null)
        {
            var what = request.DefinitionVersionId is { } version ? $"version '{version}'" : $"{request.Version} version of the workflow '{request.DefinitionId}'";
            return new StartResult(CannotStart.DefinitionNotFound, null) { Reason = $"There is no {what}." };
        }

        var id = request.InstanceId ?? WorkflowIds.New(_clock);
        if (await IsRefusedAsync(graph, request.CorrelationId, cancellationToken))
            return Refused(graph);

        InstanceState state;
        try
        {
            state = _engine.Create(graph, new NewInstance
            {
                Id = id,
                CorrelationId = request.CorrelationId,
                Name = request.Name,
                ParentInstanceId = request.ParentInstanceId,
                Input = request.Input,
            });
        }
        catch (WorkflowInputException e)
        {
            return new StartResult(CannotStart.InvalidInput, null) { Reason = e.Message };
        }

        var instance = new LoadedInstance
        {
            Graph = graph,
            State = state,
            CreatedAt = state.CreatedAt,
            ParentId = request.ParentInstanceId,
            Notify = ParentNotice.Parse(request.Notify),
        };
        var stimulus = new Stimulus.Start(request.TriggerActivityId, request.TriggerPayload)
        {
            IsTriggered = request.IsTriggered,
            OnlyActivity = request.OnlyActivity,
            Variables = request.Variables,
            CanRespond = request.CanRespond && request.Job is null,
            RespondUntil = request.RespondUntil,
            EventId = request.EventId,
        };
        var extras = new CommitExtras { Companion = request.Companion, AsyncCompanion = request.AsyncCompanion, Job = request.Job };
        using (await _instances.LockAsync(id, cancellationToken))
        {
            try
            {
                var outcome = await RunBurstsAsync(instance, stimulus, extras, cancellationToken);
                return new StartResult(CannotStart.None, outcome!.Snapshot) { Responses = outcome.Responses };
            }
            catch (WriteConflictException e) when (InstanceSql.IsInsert(e.Statement))
            {
                if (await _instances.PeekAsync(id, cancellationToken) is { } existing)
                    return new StartResult(CannotStart.InstanceExists, existing) { Reason = $"There is an instance '{id}' already." };
                return Refused(graph);
            }
            catch (WorkflowInputException e)
            {
                return new StartResult(CannotStart.InvalidInput, null) { Reason = e.Message };
            }
        }
    }

    /// <summary>
    /// Stores the wish to start an instance and returns at once; a job starts it. Nothing of it is lost by a crash, and
    /// it starts once.
    /// </summary>
    /// <param name="request">What to start; a companion is not carried along.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Id of the instance; null where the definition does not exist.</returns>
    public async Task<string?> DispatchAsync(StartWorkflowRequest request, CancellationToken cancellationToken = default)
    {
        if (await FindGraphAsync(request, cancellationToken) is not { } graph)
            return null;
        var id = request.InstanceId ?? WorkflowIds.New(_clock);
        var unit = new WriteUnit();
        request.Companion?.Invoke(unit);
        await _jobs.EnqueueAsync(unit, WorkflowJobs.StartJob(request with { InstanceId = id, DefinitionVersionId = graph.VersionId }), cancellationToken);
        await _database.CommitAsync(unit, cancellationToken: cancellationToken);
        return id;
    }

    /// <summary>Resumes an instance at a bookmark. Of several callers exactly one succeeds.</summary>
    /// <param name="bookmarkId">The bookmark.</param>
    /// <param name="payload">What the caller brings; a plain value.</param>
    /// <param name="input">Values for the workflow's inputs; null to leave them.</param>
    /// <param name="companion">Adds rows that commit with it, or not at all.</param>
    /// <param name="cancellationToken">Stops the burst between two activities.</param>
    public Task<ResumeResult> ResumeAsync(
        string bookmarkId, object? payload = null, IReadOnlyDictionary<string, object?>? input = null, Action<WriteUnit>? companion = null,
        CancellationToken cancellationToken = default) =>
        ResumeAsync(
            new Stimulus.Resume(bookmarkId, payload) { Input = input }, companion is null ? CommitExtras.None : new CommitExtras { Companion = companion }, cancellationToken);

    /// <summary>Resumes an instance at a bookmark. Of several callers exactly one succeeds.</summary>
    /// <param name="request">The bookmark and what comes with it.</param>
    /// <param name="cancellationToken">Stops the burst between two activities.</param>
    public Task<ResumeResult> ResumeAsync(ResumeWorkflowRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        var extras = request.Companion is null ? CommitExtras.None : new CommitExtras { Companion = request.Companion };
        return ResumeAsync(new Stimulus.Resume(request.BookmarkId, request.Payload) { EventId = request.EventId }, extras, cancellationToken);
    }

    /// <summary>The bookmarks that wait for a stimulus, oldest first, at most a thousand.</summary>
    /// <param name="hash">Its hash; see <see cref="StimulusHash"/>.</param>
    /// <param name="cancellationToken">Ends the query.</param>
    public async ValueTask<IReadOnlyList<WaitingBookmark>> FindWaitingAsync(string hash, CancellationToken cancellationToken = default)
    {
        var rows = await _database.QueryAsync(InstanceSql.WaitingByHash, cancellationToken, InstanceSql.Key(hash));
        return rows.Count == 0 ? [] : [.. rows.Rows.Select(r => new WaitingBookmark(r[0].AsText!, r[1].AsText!, r[2].AsText!, r[3].AsText, WorkflowCatalog.Plain(r[4].AsText)))];
    }

    /// <summary>The instances that have not ended and belong to the same thing, oldest first, at most a hundred.</summary>
    /// <param name="correlationId">What they belong to.</param>
    /// <param name="cancellationToken">Ends the query.</param>
    public async ValueTask<IReadOnlyList<RunningInstance>> FindRunningAsync(string correlationId, CancellationToken cancellationToken = default)
    {
        var rows = await _database.QueryAsync(InstanceSql.InstancesCorrelated, cancellationToken, correlationId);
        return rows.Count == 0 ? [] : [.. rows.Rows.Select(r => new RunningInstance(r[0].AsText!, r[1].AsText!))];
    }

    internal async Task<ResumeResult> ResumeAsync(Stimulus.Resume stimulus, CommitExtras extras, CancellationToken cancellationToken)
    {
        if (InstanceOf(stimulus.BookmarkId) is not { } instanceId)
            return new ResumeResult(ResumeOutcome.NotFound, null);
        var outcome = await ApplyAsync(instanceId, stimulus, extras, cancellationToken);
        return outcome is null
            ? new ResumeResult(ResumeOutcome.NotFound, null)
            : new ResumeResult(ResumeOutcome.Resumed, outcome.Snapshot) { Responses = outcome.Responses };
    }

    /// <summary>A bookmark's id begins with its instance's, so no look-up is needed.</summary>
    private static string? InstanceOf(string bookmarkId) => bookmarkId.LastIndexOf("-b", StringComparison.Ordinal) is > 0 and var end ? bookmarkId[..end] : null;

    /// <summary>Hands in the result of a background operation; the instance goes on.</summary>
    internal async Task<InstanceSnapshot?> EndOperationAsync(string operationId, OperationResult result, CommitExtras extras, CancellationToken cancellationToken)
    {
        var end = operationId.LastIndexOf("-o", StringComparison.Ordinal);
        if (end <= 0)
            return null;
        return (await ApplyAsync(operationId[..end], new Stimulus.OperationEnded(operationId, result) { CanRespond = false }, extras with { OperationId = operationId }, cancellationToken))?.Snapshot;
    }

    /// <summary>Runs faulted activities of an instance again, also of one that has ended by them.</summary>
    /// <param name="instanceId">The instance.</param>
    /// <param name="activityIds">Which activities; null for all that faulted.</param>
    /// <param name="variables">Values for workflow variables, by id or name, set before.</param>
    /// <param name="input">Values for workflow inputs, set before.</param>
    /// <param name="cancellationToken">Stops the burst between two activities.</param>
    /// <returns>Null where the instance does not exist or nothing in it has faulted.</returns>
    public async Task<InstanceSnapshot?> RetryAsync(
        string instanceId, IReadOnlyList<string>? activityIds = null, IReadOnlyDictionary<string, object?>? variables = null,
        IReadOnlyDictionary<string, object?>? input = null, CancellationToken cancellationToken = default) =>
        (await ApplyAsync(instanceId, new Stimulus.Retry(activityIds) { Variables = variables, Input = input }, CommitExtras.None, cancellationToken))?.Snapshot;

    /// <summary>Acts on an instance: cancels an activity, schedules one again, goes on after a crash.</summary>
    /// <param name="instanceId">The instance.</param>
    /// <param name="stimulus">What to do.</param>
    /// <param name="cancellationToken">Stops the burst between two activities.</param>
    /// <returns>Null where the instance does not exist or the stimulus found nothing to act on.</returns>
    public async Task<InstanceSnapshot?> ApplyAsync(string instanceId, Stimulus stimulus, CancellationToken cancellationToken = default) =>
        (await ApplyAsync(instanceId, stimulus, CommitExtras.None, cancellationToken))?.Snapshot;

    /// <summary>How an instance stands now; null where there is none.</summary>
    public async Task<InstanceSnapshot?> FindAsync(string instanceId, CancellationToken cancellationToken = default) =>
        await _instances.PeekAsync(instanceId, cancellationToken);

    /// <summary>Sets workflow variables of an instance from outside.</summary>
    /// <param name="instanceId">The instance.</param>
    /// <param name="variables">Values by id or name; plain.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The workflow's variables afterwards; null where the instance does not exist.</returns>
    public async Task<IReadOnlyList<(string Id, string Name, object? Value)>?> SetVariablesAsync(
        string instanceId, IReadOnlyDictionary<string, object?> variables, CancellationToken cancellationToken = default)
    {
        for (var attempt = 1; ; attempt++)
        {
            using var held = await _instances.LockAsync(instanceId, cancellationToken);
            if (await _instances.TakeAsync(instanceId, cancellationToken) is not { } instance)
                return null;
            try
            {
                foreach (var (name, value) in variables)
                    instance.State.SetVariable(instance.Graph, name, value);
                var unit = new WriteUnit();
                BurstPlanner.AddUpdate(unit, instance, instance.Notify, SqlValue.Micros(_clock.GetUtcNow()));
                await _database.CommitAsync(unit, cancellationToken: cancellationToken);
                instance.Revision++;
                _instances.GiveBack(instance);
                return instance.State.GetVariables(instance.Graph);
            }
            catch (WriteConflictException e) when (InstanceSql.IsStale(e.Statement) && attempt < MaxTries)
            {
                // Another server was faster: read again.
            }
        }
    }

    /// <summary>Runs a stimulus against a stored instance; null where there is nothing to act on.</summary>
    internal async Task<BurstOutcome?> ApplyAsync(string instanceId, Stimulus stimulus, CommitExtras extras, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            using var held = await _instances.LockAsync(instanceId, cancellationToken);
            if (await _instances.TakeAsync(instanceId, cancellationToken) is not { } instance)
                return null;
            try
            {
                return await RunBurstsAsync(instance, stimulus, extras, cancellationToken);
            }
            catch (WriteConflictException e) when (InstanceSql.IsStale(e.Statement) && attempt < MaxTries)
            {
                // Another server was faster: what it did is read, and the stimulus is tried against that.
                LogStale(instanceId, attempt);
            }
        }
    }

    /// <summary>Runs and commits until the instance rests. Needs the lock.</summary>
    /// <returns>Null where the stimulus found nothing to act on.</returns>
    private async Task<BurstOutcome?> RunBurstsAsync(LoadedInstance instance, Stimulus stimulus, CommitExtras extras, CancellationToken cancellationToken)
    {
        BurstOutcome? last = null;
        List<WorkflowEffect>? responses = null;
        for (var burst = 1; ; burst++)
        {
            var began = Stopwatch.GetTimestamp();
            var result = _engine.Run(instance.Graph, instance.State, stimulus, cancellationToken);
            if (result.End == BurstEnd.Nothing)
            {
                _instances.GiveBack(instance);
                return last;
            }

            var plan = await _planner.PlanAsync(instance, result, extras, cancellationToken);
            AddAwayResponses(plan, instance.Id, stimulus);
            await _database.CommitAsync(plan.Unit, cancellationToken: CancellationToken.None);
            result.MarkRecorded();
            instance.Revision++;
            instance.Notify = plan.NotifyLeft;
            var snapshot = instance.ToSnapshot();
            if (plan.Responses.Count > 0)
                (responses ??= []).AddRange(plan.Responses);
            last = new BurstOutcome(snapshot, responses ?? []);
            LogBurst(instance.Graph.DefinitionId, instance.Id, snapshot.SubStatus, result.ActivitiesRun, Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            AfterCommit(snapshot, result, plan, extras);

            if (result.End != BurstEnd.CommitPoint)
            {
                _instances.GiveBack(instance);
                return last;
            }

            if (burst >= _options.MaxBursts)
            {
                _instances.GiveBack(instance);
                await _jobs.EnqueueAsync(new JobRequest(WorkflowJobs.Continue, instance.Id), CancellationToken.None);
                return last;
            }

            stimulus = new Stimulus.Continue { CanRespond = stimulus.CanRespond && responses is null };
            extras = CommitExtras.None;
        }
    }

    /// <summary>What follows a commit but is no part of it: all of it may be lost by a crash without harm, or is done again by a job.</summary>
    private void AfterCommit(InstanceSnapshot snapshot, BurstResult result, BurstPlan plan, CommitExtras extras)
    {
        foreach (var line in plan.Lines)
            _events.RaiseLine(line);
        foreach (var entry in plan.Logs)
            LogOfWorkflow(entry.Level, entry.Category, entry.Message, snapshot.Id, entry.Attributes.Count == 0 ? null : JsonValues.ToText(entry.Attributes));
        foreach (var task in plan.Tasks)
            _events.Raise(new TaskRequested(snapshot.Id, snapshot.CorrelationId, task));
        if (_events.HasCommittedListeners)
            _events.Raise(new InstanceCommitted(snapshot, result.Journal, result.Records, plan.Responses));
        if (!_waiters.IsEmpty)
            _waiters.Tell(snapshot, plan.Responses);
        extras.Committed?.Invoke(plan);
        if (plan.JobsToDelete.Count > 0 && extras.Committed is null)
            _ = DeleteJobsAsync(plan.JobsToDelete);
        foreach (var hash in plan.HashesAdded)
            DeliverKeptSoon(hash);
    }

    private async Task DeleteJobsAsync(List<long> ids)
    {
        try
        {
            foreach (var id in ids)
                await _jobs.DeleteAsync(id, "The workflow does not wait for it any more");
        }
        catch (Exception e)
        {
            // A job left behind finds nothing to act on when its time comes.
            LogJobsLeft(e);
        }
    }

    private async ValueTask<CompiledWorkflow?> FindGraphAsync(StartWorkflowRequest request, CancellationToken cancellationToken)
    {
        if (request.DefinitionVersionId is { } versionId)
            return await _catalog.FindGraphAsync(versionId, cancellationToken);
        if (request.DefinitionId is not { } definitionId)
            throw new ArgumentException("Neither DefinitionId nor DefinitionVersionId is given.", nameof(request));
        // A definition that is not known to be published is asked of the database: another server may just have published it.
        if (request.Version.Selection == VersionSelection.Published && _catalog.FindPublished(definitionId) is { } published)
            return await _catalog.FindGraphAsync(published.Id, cancellationToken);
        return await _definitions.FindAsync(definitionId, request.Version, cancellationToken) is { } found
            ? await _catalog.FindGraphAsync(found.Summary.Id, cancellationToken)
            : null;
    }

    /// <summary>Asks the activation strategy before any work is done; the commit asks again, exactly.</summary>
    private async ValueTask<bool> IsRefusedAsync(CompiledWorkflow graph, string? correlationId, CancellationToken cancellationToken) => graph.ActivationStrategy switch
    {
        ActivationStrategy.Singleton => (await _database.QueryAsync(InstanceSql.RunningOfDefinition, cancellationToken, graph.DefinitionId)).Count > 0,
        ActivationStrategy.CorrelatedSingleton => (await _database.QueryAsync(InstanceSql.RunningOfDefinitionCorrelated, cancellationToken, graph.DefinitionId, correlationId)).Count > 0,
        ActivationStrategy.Correlation when correlationId is not null => (await _database.QueryAsync(InstanceSql.RunningCorrelated, cancellationToken, correlationId)).Count > 0,
        _ => false,
    };

    private static StartResult Refused(CompiledWorkflow graph) => new(CannotStart.RefusedByActivationStrategy, null)
    {
        Reason = $"The activation strategy {graph.ActivationStrategy} of the workflow '{graph.DefinitionId}' allows no other instance now.",
    };

    [LoggerMessage(Message = "{Category}: {Message} (instance {InstanceId}) {Attributes}")]
    private partial void LogOfWorkflow(LogLevel level, string category, string message, string instanceId, string? attributes);

    [LoggerMessage(LogLevel.Information, "Workflow {DefinitionId} {InstanceId}: {SubStatus} after {Activities} activities in {Milliseconds:F1} ms")]
    private partial void LogBurst(string definitionId, string instanceId, WorkflowSubStatus subStatus, int activities, double milliseconds);

    [LoggerMessage(LogLevel.Debug, "Instance {InstanceId} was changed by another server, attempt {Attempt}")]
    private partial void LogStale(string instanceId, int attempt);

    [LoggerMessage(LogLevel.Warning, "Could not delete jobs that a workflow does not wait for any more")]
    private partial void LogJobsLeft(Exception exception);
}

/// <summary>What a run of bursts came to.</summary>
internal sealed record BurstOutcome(InstanceSnapshot Snapshot, IReadOnlyList<WorkflowEffect> Responses);
