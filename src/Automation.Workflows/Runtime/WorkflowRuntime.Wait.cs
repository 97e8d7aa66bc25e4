using Automation.Storage;
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
        // Listening begins first: a background job may end before the start has returned.
        using var waiter = _waiters.Listen(id);
        var started = await StartAsync(request with { InstanceId = id }, cancellationToken);
        if (!started.Started)
            return started;
        var (snapshot, responses) = await WaitAsync(waiter, started.Instance!, started.Responses, wait ?? new WaitOptions(), cancellationToken);
        return started with { Instance = snapshot, Responses = responses };
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
        if (IsDone())
            return (snapshot, responses);
        var deadline = wait.Timeout ?? _options.ExecuteTimeout;
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
                    snapshot = seen;
            }

            if (IsDone())
                break;
        }

        return (snapshot, responses);

        bool IsDone() => (wait.UntilResponse && responses.Count > 0)
            || snapshot.Status == WorkflowStatus.Finished
            || (snapshot.SubStatus == WorkflowSubStatus.Suspended && !snapshot.HasPendingOperations);
    }
}
