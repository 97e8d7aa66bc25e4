using System.Threading.Channels;
using Automation.Jobs.Serialization;
using Automation.Jobs.Store;
using Automation.Jobs.Types;
using Automation.Storage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Automation.Jobs.Server;

/// <summary>Takes jobs out of the queues and runs them until the host stops.</summary>
internal sealed partial class JobServer(
    JobStore store, LocalWorkers workers, JobRunner runner, JobCompleter completer, ServerRegistry registry, DelayedJobs delayedJobs,
    RecurringScheduler recurring, JobMaintenance maintenance, QueueWatch queueWatch, JobTypeStats types, JobOptions options, TimeProvider clock, ILogger<JobServer> logger,
    IHostApplicationLifetime? lifetime = null)
    : IHostedService
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly List<Task> _loops = [];
    private IDisposable? _listening;
    private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _running = Task.CompletedTask;
    private Task _completing = Task.CompletedTask;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        store.Retention = options.Retention;
        if (!options.RunJobs)
            return;
        var identity = await registry.AnnounceAsync(cancellationToken);
        workers.Open(identity, options);
        // A job may call this very server, so none runs before it listens.
        lifetime?.ApplicationStarted.Register(() => _begun.TrySetResult());
        if (lifetime is null)
            _begun.TrySetResult();
        _completing = Task.Run(completer.RunAsync, CancellationToken.None);
        _running = Task.WhenAll(Enumerable.Range(0, options.WorkerCount).Select(_ => Task.Run(WorkAsync, CancellationToken.None)));
        Loop("fetching", FetchAsync);
        Loop("polling", PollAsync);
        Loop("heartbeat", registry.RunAsync);
        Loop("cancellation check", CheckCancellationsAsync);
        Loop("delayed jobs", delayedJobs.RunAsync);
        Loop("recurring jobs", recurring.RunAsync);
        Loop("maintenance", maintenance.RunAsync);
        Loop("queue watch", queueWatch.RunAsync);
        Loop("figures of job types", types.RunAsync);
        _listening = store.Database.Listen(PostgresJobStore.Channel, _ => workers.Signal());
        LogStarted(identity.ServerId, options.WorkerCount, string.Join(", ", options.ServedQueues));
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (workers.Identity is null)
            return;
        // Nobody takes jobs any more; those that run may end, are then asked to, and are put back if they do.
        workers.Close();
        _listening?.Dispose();
        await _stopping.CancelAsync();
        _begun.TrySetResult();
        await Task.WhenAll(_loops);
        // Those that only wait need no patience.
        foreach (var job in workers.Held)
        {
            if (job.Seat is { IsAside: true })
                job.Run?.Cancel(CancelCause.Stopping);
        }

        workers.Complete();
        if (!await EndsWithinAsync(_running, options.StopTimeout))
        {
            foreach (var job in workers.Held)
                job.Run?.Cancel(CancelCause.Stopping);
            if (!await EndsWithinAsync(_running, options.ShutdownTimeout))
                LogAbandoned(workers.Held.Count);
        }

        completer.Complete();
        await EndsWithinAsync(_completing, options.ShutdownTimeout);
        using (var patience = new CancellationTokenSource(options.ShutdownTimeout, clock))
            await types.StoreAsync(patience.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await registry.LeaveAsync();
        LogStopped();
    }

    private async Task WorkAsync()
    {
        await _begun.Task;
        await foreach (var job in workers.Ready.ReadAllAsync())
        {
            // Handed over for the first time, or back after it stood aside.
            var seat = job.Seat ??= new WorkerSeat(workers, job);
            await seat.SitAsync(() => _ = RunAsync(job, seat));
        }
    }

    private async Task RunAsync(ClaimedJob job, WorkerSeat seat)
    {
        try
        {
            // Handed over, but not begun when the stop came: somebody else begins it.
            var completion = _stopping.IsCancellationRequested
                ? new Completion(new JobRun(job, store, new JobRetryOptions(), 0, clock.GetTimestamp(), clock), job.Request?.Name ?? "", JobOutcome.Released, null)
                : await runner.RunAsync(job);
            workers.Free(job, completion.Run.Elapsed);
            await completer.AddAsync(completion);
        }
        catch (ChannelClosedException)
        {
            // It ended after the server's patience was over: it is among those that were put back.
        }
        finally
        {
            seat.End();
        }
    }

    private async Task FetchAsync(CancellationToken cancellationToken)
    {
        await _begun.Task;
        while (!cancellationToken.IsCancellationRequested)
        {
            await workers.WaitAsync(cancellationToken);
            while (await FetchOnceAsync(cancellationToken))
            {
                // More may wait.
            }
        }
    }

    /// <summary>One round over the queues, the most urgent first.</summary>
    /// <returns>True where another round may find more.</returns>
    private async Task<bool> FetchOnceAsync(CancellationToken cancellationToken)
    {
        if (workers.Identity is not { } identity)
            return false;
        var signals = workers.Signals;
        var (taken, mayBeMore) = (false, false);
        foreach (var queue in options.ServedQueues)
        {
            if (workers.IsPaused(queue))
                continue;
            var free = workers.FreeFor(queue);
            if (free == 0)
            {
                mayBeMore = true;
                continue;
            }

            var claim = await store.ClaimAsync(queue, free, identity, ServerIdentity.NewWorkerId(clock), cancellationToken);
            foreach (var job in claim.Jobs)
                workers.Hand(job);
            taken |= claim.Jobs.Count > 0;
            mayBeMore |= claim.Found >= free;
        }

        if (!mayBeMore)
            workers.NothingWaits(signals);
        return taken && mayBeMore;
    }

    private async Task PollAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(options.PollInterval, clock);
        while (await timer.WaitForNextTickAsync(cancellationToken))
            workers.Signal();
    }

    private async Task CheckCancellationsAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(options.CancellationCheckInterval, clock);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            foreach (var held in workers.Held)
            {
                if (held.Run is not { SuccessAdded: false } run || run.Elapsed < options.CancellationCheckInterval / 2)
                    continue;
                var job = await store.FindAsync(held.Id, cancellationToken);
                if (job is null || job.State != JobStates.Processing || job.Version != held.Version)
                    run.Cancel(CancelCause.Revoked);
            }
        }
    }

    /// <summary>Runs a loop that goes on after an error, ever more slowly while it has nothing but errors.</summary>
    private void Loop(string name, Func<CancellationToken, Task> run) => _loops.Add(Task.Run(async () =>
    {
        for (var failures = 1; !_stopping.IsCancellationRequested; failures++)
        {
            var start = clock.GetTimestamp();
            try
            {
                await run(_stopping.Token);
                return;
            }
            catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                LogLoopFailed(name, e);
                if (clock.GetElapsedTime(start) > TimeSpan.FromMinutes(1))
                    failures = 1;
                var wait = TimeSpan.FromSeconds(Math.Min(failures * failures, 30));
                await Task.Delay(wait, clock, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }));

    private async Task<bool> EndsWithinAsync(Task task, TimeSpan time)
    {
        try
        {
            await task.WaitAsync(time, clock);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    [LoggerMessage(LogLevel.Information, "Job server {ServerId} started with {Workers} workers for {Queues}")]
    private partial void LogStarted(string serverId, int workers, string queues);

    [LoggerMessage(LogLevel.Information, "Job server stopped")]
    private partial void LogStopped();

    [LoggerMessage(LogLevel.Warning, "{Jobs} jobs did not stop in time; they return to their queues when this process has gone")]
    private partial void LogAbandoned(int jobs);

    [LoggerMessage(LogLevel.Warning, "{Loop} failed; trying again")]
    private partial void LogLoopFailed(string loop, Exception exception);
}
