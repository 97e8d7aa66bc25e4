using Automation.Jobs.Store;

namespace Automation.Jobs.Server;

/// <summary>
/// A run's place at a worker. A run that only waits leaves it to other jobs, and is given one again before it goes on.
/// </summary>
internal sealed class WorkerSeat(LocalWorkers workers, ClaimedJob job)
{
    private TaskCompletionSource _free = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource? _back;
    private int _aside;

    /// <summary>Whether the run waits without a worker.</summary>
    public bool IsAside => Volatile.Read(ref _aside) > 0;

    /// <summary>A worker begins the run, or lets it go on.</summary>
    /// <param name="begin">Begins it; calls <see cref="End"/> at its end.</param>
    /// <returns>Ends when the worker is free again: the run has ended, or stands aside.</returns>
    public Task SitAsync(Action begin)
    {
        var free = _free.Task;
        if (_back is { } back)
            back.TrySetResult();
        else
            begin();
        return free;
    }

    /// <summary>The run has ended.</summary>
    public void End() => _free.TrySetResult();

    /// <summary>Waits without a worker, unless too many do.</summary>
    public async Task WaitAsync(Func<Task> wait)
    {
        // Of several waits of one run at the same time the first leaves the seat and takes it again; the others just wait.
        if (Interlocked.Increment(ref _aside) > 1 || !workers.TryStandAside(job))
        {
            try
            {
                await wait();
            }
            finally
            {
                Interlocked.Decrement(ref _aside);
            }

            return;
        }

        _back = new(TaskCreationOptions.RunContinuationsAsynchronously);
        var left = _free;
        _free = new(TaskCreationOptions.RunContinuationsAsynchronously);
        left.TrySetResult();
        try
        {
            await wait();
        }
        finally
        {
            workers.ComeBack(job);
            await _back.Task;
            Interlocked.Decrement(ref _aside);
        }
    }
}
