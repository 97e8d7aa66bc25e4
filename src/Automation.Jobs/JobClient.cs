using Automation.Jobs.Serialization;
using Automation.Jobs.Server;
using Automation.Jobs.Store;
using Automation.Storage.Writes;

namespace Automation.Jobs;

/// <summary>Enqueues jobs by registered name and moves them between states. Thread-safe.</summary>
public sealed class JobClient : IDisposable
{
    private readonly JobStore _store;
    private readonly LocalWorkers _workers;
    private readonly JobTransitions _transitions;
    private readonly IdBlocks _jobIds;
    private readonly IdBlocks _queueRowIds;

    internal JobClient(JobStore store, LocalWorkers workers, JobTransitions transitions)
    {
        _store = store;
        _workers = workers;
        _transitions = transitions;
        _jobIds = transitions.JobIds;
        _queueRowIds = transitions.QueueRowIds;
    }

    /// <summary>
    /// Adds a job to the caller's unit. The id is known at once; the job exists when the unit commits, and is then run
    /// without any wait for a poll.
    /// </summary>
    /// <param name="unit">Takes the job's rows.</param>
    /// <param name="request">The job.</param>
    /// <param name="cancellationToken">Ends the wait for a block of ids, which is rare.</param>
    /// <returns>The job's id.</returns>
    public ValueTask<long> EnqueueAsync(WriteUnit unit, JobRequest request, CancellationToken cancellationToken = default) =>
        EnqueueAsync(unit, request, ending: null, cancellationToken);

    /// <summary>
    /// Adds a job to the unit that ends another, which it follows: it goes on with that one's worker, for up to a second
    /// also where other jobs wait. What belongs together is so done together, and need not go through the queue each time.
    /// </summary>
    /// <param name="unit">Takes the job's rows.</param>
    /// <param name="request">The job.</param>
    /// <param name="ending">The job whose success is added to the same unit (<see cref="JobContext.AddSuccessTo"/>); null for none.</param>
    /// <param name="cancellationToken">Ends the wait for a block of ids, which is rare.</param>
    /// <returns>The job's id.</returns>
    public async ValueTask<long> EnqueueAsync(WriteUnit unit, JobRequest request, JobContext? ending, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(unit);
        ArgumentNullException.ThrowIfNull(request);
        var id = await _jobIds.NextAsync(cancellationToken);
        var now = _store.Now();
        var parameters = request.MaxAttempts is null && request.Parameters is null && request.BatchId is null ? [] : ParametersOf(request);
        var invocation = InvocationData.NamedText(request.Queue == JobQueues.Default ? null : request.Queue);
        var arguments = InvocationData.NamedArguments(request.Name, request.ArgumentsJson);
        if (request.UniqueKey is { } key)
            _transitions.AddUniqueKey(unit, key, id);
        if (request.BatchId is { } batch)
            JobBatches.AddMember(unit, batch, id);

        if (request.DueAt?.UtcDateTime is { } due && due > now)
        {
            _transitions.AddScheduled(unit, id, now, due, invocation, arguments, parameters, request.Queue, request.Reason);
            return id;
        }

        var rowId = await _queueRowIds.NextAsync(cancellationToken);
        var state = StateRow.Enqueued(now, request.Queue, request.Reason);
        if (!_workers.TryPromise(request.Queue, ending?.Job, out var identity, out var promise))
        {
            _store.AddJob(unit, new NewJob
            {
                Id = id,
                Invocation = invocation,
                Arguments = arguments,
                CreatedAt = now,
                State = state,
                Queue = request.Queue,
                QueueRowId = rowId,
                Parameters = parameters,
            });
            unit.OnCommitted(_workers.Signal);
            return id;
        }

        var taken = now.AddMicroseconds(1);
        _store.AddJob(unit, new NewJob
        {
            Id = id,
            Invocation = invocation,
            Arguments = arguments,
            CreatedAt = now,
            State = state,
            Taken = StateRow.Processing(taken, identity.ServerId, identity.WorkerId),
            Queue = request.Queue,
            QueueRowId = rowId,
            FetchedAt = now,
            Parameters = parameters,
        });
        var claim = new ClaimedJob
        {
            Id = id,
            Queue = request.Queue,
            QueueRowId = rowId,
            FetchedAt = now,
            Version = taken,
            CreatedAt = now,
            Invocation = null,
            Arguments = null,
            Request = request,
            Identity = identity,
            Parameters = parameters.Count == 0 ? ClaimedJob.NoParameters : parameters.ToDictionary(p => p.Key, p => (string?)p.Value),
            ChainStartedAt = promise is null ? ending?.Job.Run?.ChainStartedAt : null,
        };
        unit.OnCommitted(() => _workers.Hand(claim, promise));
        return id;
    }

    /// <summary>Enqueues a job and returns when it is stored.</summary>
    /// <returns>Its id; where a job with the same <see cref="JobRequest.UniqueKey"/> is unfinished, the id of that one.</returns>
    /// <exception cref="StorageUnavailableException">The database could not take it.</exception>
    public async Task<long> EnqueueAsync(JobRequest request, CancellationToken cancellationToken = default)
    {
        var unit = new WriteUnit();
        var id = await EnqueueAsync(unit, request, cancellationToken);
        try
        {
            await _store.Database.CommitAsync(unit, cancellationToken: cancellationToken);
            return id;
        }
        catch (WriteConflictException e) when (request.UniqueKey is not null && e.Statement == JobTransitions.TakeKey)
        {
            if (await _transitions.HolderOfAsync(request.UniqueKey, cancellationToken) is { } holder)
                return holder;
            throw;
        }
    }

    /// <summary>Adds a job that starts when another has ended.</summary>
    /// <param name="parentId">The job it waits for.</param>
    /// <param name="request">The job; its <see cref="JobRequest.DueAt"/> does not count.</param>
    /// <param name="options">Which ends of the other start it; otherwise it is deleted.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Its id.</returns>
    /// <exception cref="KeyNotFoundException">There is no such parent.</exception>
    public async Task<long> ContinueWithAsync(
        long parentId, JobRequest request, ContinuationOptions options = ContinuationOptions.OnlyOnSucceededState, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        var unit = new WriteUnit();
        var id = await AddAwaitingAsync(unit, request, parentId, options, cancellationToken);
        await _transitions.CommitContinuationAsync(unit, parentId, id, options, cancellationToken);
        return id;
    }

    /// <summary>Deletes a job: it will not run, and where it runs, it is cancelled and its result is discarded.</summary>
    /// <param name="id">The job.</param>
    /// <param name="reason">Shown in its history.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>False where there is no such job, or it is deleted already.</returns>
    public Task<bool> DeleteAsync(long id, string? reason = null, CancellationToken cancellationToken = default) =>
        _transitions.DeleteAsync(id, reason, cancellationToken);

    /// <summary>Deletes a job and waits until no server runs it any more.</summary>
    /// <param name="id">The job.</param>
    /// <param name="timeout">How long to wait for the job to stop.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>True where it has stopped (or never ran); false where it still ran when the time was over.</returns>
    public Task<bool> CancelAsync(long id, TimeSpan timeout, CancellationToken cancellationToken = default) =>
        _transitions.CancelAsync(id, timeout, cancellationToken);

    /// <summary>Puts a job into its queue again, from any state.</summary>
    /// <returns>False where there is no such job.</returns>
    public Task<bool> RequeueAsync(long id, string? reason = null, CancellationToken cancellationToken = default) =>
        _transitions.RequeueAsync(id, reason, cancellationToken);

    /// <summary>Deletes a job only while it is in a state; a person who saw it there has not meant it for another.</summary>
    /// <param name="id">The job.</param>
    /// <param name="state">The state, one of <see cref="JobStates"/>.</param>
    /// <param name="reason">Shown in its history.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>False where there is no such job in that state.</returns>
    public Task<bool> DeleteFromAsync(long id, string state, string? reason = null, CancellationToken cancellationToken = default) =>
        _transitions.DeleteAsync(id, reason, cancellationToken, onlyFrom: state);

    /// <summary>Puts a job into its queue again, only while it is in a state.</summary>
    /// <param name="id">The job.</param>
    /// <param name="state">The state, one of <see cref="JobStates"/>.</param>
    /// <param name="reason">Shown in its history.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>False where there is no such job in that state.</returns>
    public Task<bool> RequeueFromAsync(long id, string state, string? reason = null, CancellationToken cancellationToken = default) =>
        _transitions.RequeueAsync(id, reason, cancellationToken, onlyFrom: state);

    /// <summary>Lets go of what the client holds; jobs are not affected.</summary>
    public void Dispose()
    {
        _jobIds.Dispose();
        _queueRowIds.Dispose();
    }

    /// <summary>Adds the rows of a job that waits for another.</summary>
    internal async ValueTask<long> AddAwaitingAsync(
        WriteUnit unit, JobRequest request, long parentId, ContinuationOptions options, CancellationToken cancellationToken)
    {
        var id = await _jobIds.NextAsync(cancellationToken);
        if (request.UniqueKey is { } key)
            _transitions.AddUniqueKey(unit, key, id);
        _transitions.AddAwaiting(
            unit, id, parentId, options, request.Queue, ParametersOf(request),
            InvocationData.NamedText(request.Queue == JobQueues.Default ? null : request.Queue),
            InvocationData.NamedArguments(request.Name, request.ArgumentsJson));
        return id;
    }

    private static List<KeyValuePair<string, string>> ParametersOf(JobRequest request)
    {
        var parameters = new List<KeyValuePair<string, string>>();
        if (request.Parameters is not null)
            parameters.AddRange(request.Parameters);
        if (request.MaxAttempts is { } attempts)
            parameters.Add(new(JobParameters.MaxAttempts, attempts.ToString(System.Globalization.CultureInfo.InvariantCulture)));
        if (request.BatchId is { } batch)
            parameters.Add(new(JobParameters.BatchId, JobJson.Quote(batch)));
        return parameters;
    }
}
