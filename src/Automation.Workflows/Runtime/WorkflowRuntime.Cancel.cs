using Automation.Workflows.Execution;

namespace Automation.Workflows.Runtime;

public sealed partial class WorkflowRuntime
{
    /// <summary>How long a cancellation waits for jobs that have begun to stop.</summary>
    private static readonly TimeSpan CancelGrace = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Cancels an instance, its jobs, and the children that it waits for. When this returns, nothing of the instance
    /// goes on, except for jobs that the result names.
    /// </summary>
    /// <param name="instanceId">The instance.</param>
    /// <param name="reason">For the journal; null for none.</param>
    /// <param name="cancellationToken">Ends the wait for running jobs.</param>
    public async Task<CancelResult> CancelAsync(string instanceId, string? reason = null, CancellationToken cancellationToken = default)
    {
        var jobs = new List<long>();
        var children = new List<string>();
        var extras = new CommitExtras
        {
            Committed = plan =>
            {
                jobs.AddRange(plan.JobsToDelete);
                children.AddRange(plan.ChildrenToCancel);
            },
        };
        var outcome = await ApplyAsync(instanceId, new Stimulus.Cancel(reason), extras, cancellationToken);
        if (outcome is null)
            return new CancelResult(await _instances.PeekAsync(instanceId, cancellationToken) is not null, [], [], []);

        var cancelled = new List<string> { instanceId };
        var stopped = new List<long>();
        var running = new List<long>();
        foreach (var job in jobs)
            (await _jobs.CancelAsync(job, CancelGrace, cancellationToken) ? stopped : running).Add(job);
        foreach (var child in children)
        {
            // A job of the commit does it too, and may have been faster; the caller wants to know.
            var result = await CancelAsync(child, reason, cancellationToken);
            cancelled.AddRange(result.Cancelled);
            if (result.Cancelled.Count == 0 && await _instances.PeekAsync(child, cancellationToken) is { SubStatus: WorkflowSubStatus.Cancelled })
                cancelled.Add(child);
            stopped.AddRange(result.CancelledJobs);
            running.AddRange(result.StillRunning);
        }

        return new CancelResult(Found: true, cancelled, stopped, running);
    }
}
