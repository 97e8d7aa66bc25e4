using Automation.Storage;
using Automation.Storage.Writes;
using Automation.Workflows.Execution;

namespace Automation.Workflows.Runtime;

public sealed partial class WorkflowRuntime
{
    /// <summary>How often a waiting caller looks at the database, for commits of other servers.</summary>
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// Starts an instance and waits until it has ended or waits for something outside, across its background jobs, up
    /// to a deadline. At the deadline the instance goes on by itself and the result shows how far it is.
    /// </summary>
    /// <param name="request">What to start.</param>
    /// <param name="wait">How long to wait, and for what; null for the defaults.</param>
    /// <param name="cancellationToken">Ends the wait, not the instance.</param>
    public async Task<StartResult> RunAsync(StartWorkflowRequest request, WaitOptions? wait = null, CancellationToken cancellationToken = default)
    {
        var id = request.InstanceId ?? WorkflowIds.New(_clock);
        wait ??= new WaitOptions();
        // Listening begins first: a background job may end before the start has returned.
        using var waiter = _waiters.Listen(id);
        var started = await StartAsync(request with { InstanceId = id, RespondUntil = RespondUntil(wait) }, CancellationToken.None);
        if (!started.Started)
            return started;
        var (snapshot, responses) = await WaitAsync(waiter, started.Instance!, started.Responses, wait, cancellationToken);
        return started with { Instance = snapshot, Responses = responses };
    }

    /// <summary>
    /// Resumes an instance at a bookmark and waits until it has ended or waits for something outside again, across its background
    /// jobs, up to a deadline.
    /// </summary>
    /// <param name="bookmarkId">The bookmark.</param>
    /// <param name="payload">What the caller brings; a plain value.</param>
    /// <param name="wait">How long to wait, and for what; null for the defaults.</param>
    /// <param name="cancellationToken">Ends the wait, not the instance.</param>
    public async Task<ResumeResult> ResumeAndWaitAsync(string bookmarkId, object? payload, WaitOptions? wait = null, CancellationToken cancellationToken = default)
    {
        if (InstanceOf(bookmarkId) is not { } id)
            return new ResumeResult(ResumeOutcome.NotFound, null);
        wait ??= new WaitOptions();
        using var waiter = _waiters.Listen(id);
        var resumed = await ResumeAsync(new Stimulus.Resume(bookmarkId, payload) { RespondUntil = RespondUntil(wait) }, CommitExtras.None, CancellationToken.None);
        if (!resumed.Resumed)
            return resumed;
        var (snapshot, responses) = await WaitAsync(waiter, resumed.Instance!, resumed.Responses, wait, cancellationToken);
        return resumed with { Instance = snapshot, Responses = responses };
    }

    /// <summary>Waits until an instance has ended or waits for something outside, across its background jobs.</summary>
    /// <param name="instanceId">The instance.</param>
    /// <param name="wait">How long to wait, and for what; null for the defaults.</param>
    /// <param name="cancellationToken">Ends the wait, not the instance.</param>
    /// <returns>How the instance stands, and what it wants done by a caller since; null where there is no such instance.</returns>
    public async Task<(InstanceSnapshot Instance, IReadOnlyList<WorkflowEffect> Responses)?> WaitAsync(
        string instanceId, WaitOptions? wait = null, CancellationToken cancellationToken = default)
    {
        using var waiter = _waiters.Listen(instanceId);
        if (await _instances.PeekAsync(instanceId, cancellationToken) is not { } now)
            return null;
        return await WaitAsync(waiter, now, [], wait ?? new WaitOptions(), cancellationToken);
    }

    private async Task<(InstanceSnapshot Instance, IReadOnlyList<WorkflowEffect> Responses)> WaitAsync(
        InstanceWaiters.Waiter waiter, InstanceSnapshot snapshot, IReadOnlyList<WorkflowEffect> given, WaitOptions wait, CancellationToken cancellationToken)
    {
        var responses = new List<WorkflowEffect>(given);
        var deadline = wait.Timeout ?? _options.ExecuteTimeout;
        var until = _clock.GetUtcNow() + deadline;
        if (IsDone())
            return (snapshot, responses);
        var began = _clock.GetTimestamp();
        while (_clock.GetElapsedTime(began) is var elapsed && elapsed < deadline)
        {
            var left = deadline - elapsed;
            var slice = _database.Provider == DatabaseProvider.PostgreSql && left > LookInterval ? LookInterval : left;
            using var ending = new CancellationTokenSource(slice, _clock);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(ending.Token, cancellationToken);
            try
            {
                var told = await waiter.Told.ReadAsync(either.Token);
                if (told.Snapshot.Revision <= snapshot.Revision)
                    continue;
                snapshot = told.Snapshot;
                responses.AddRange(told.Responses);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                // Nothing was told in this process; another server may have gone on with the instance.
                if (await _instances.PeekAsync(waiter.InstanceId, cancellationToken) is { } seen && seen.Revision > snapshot.Revision)
                {
                    snapshot = seen;
                    if (responses.Count == 0 && _database.Provider == DatabaseProvider.PostgreSql)
                        responses.AddRange(await FindAwayResponsesAsync(waiter.InstanceId, cancellationToken));
                }
            }

            if (IsDone())
                break;
        }

        return (snapshot, responses);

        bool IsDone() => (wait.UntilResponse && responses.Count > 0)
            || snapshot.Status == WorkflowStatus.Finished
            || (snapshot.SubStatus == WorkflowSubStatus.Suspended && !snapshot.HasPendingOperations && !(wait.AcrossTimers && snapshot.NextDueAt <= until));
    }

    private DateTimeOffset RespondUntil(WaitOptions wait) => _clock.GetUtcNow() + (wait.Timeout ?? _options.ExecuteTimeout);

    /// <summary>Keeps responses of a burst whose caller waits at another server, with the burst.</summary>
    private void AddAwayResponses(BurstPlan plan, string instanceId, Stimulus stimulus)
    {
        if (plan.Responses.Count == 0 || stimulus.CanRespond || _database.Provider != DatabaseProvider.PostgreSql || _waiters.IsAwaited(instanceId))
            return;
        var now = _clock.GetUtcNow();
        plan.Unit.Add(InstanceSql.ExpireResponses, SqlValue.Micros(now));
        plan.Unit.Add(InstanceSql.AddResponse, instanceId, KeptResponse.Write(plan.Responses), SqlValue.Micros(now + _options.ExecuteTimeout));
    }

    private async Task<IReadOnlyList<WorkflowEffect>> FindAwayResponsesAsync(string instanceId, CancellationToken cancellationToken)
    {
        var rows = await _database.QueryAsync(InstanceSql.FindResponse, cancellationToken, instanceId);
        return rows.Count == 0 ? [] : KeptResponse.Read(rows.Rows[0][0].AsText!);
    }
}
