using Automation.Storage.Writes;

namespace Automation.Steps.Deliveries;

/// <summary>Sends what is due to one endpoint, within its limits, until nothing is left.</summary>
internal sealed class DeliveryLane(string endpointId, DeliveryLog log, EndpointStore endpoints, LaneLeases leases, DeliverySender sender, DeliveryOptions options, TimeProvider clock)
{
    private readonly SemaphoreSlim _signal = new(0, 1);
    private readonly Dictionary<string, Task<(Delivery? Ended, TimeSpan Took)>> _running = new(StringComparer.Ordinal);
    private readonly LanePlan _plan = new();

    public Task Completion { get; private set; } = Task.CompletedTask;

    /// <summary>Whether it was woken after it had looked for the last time.</summary>
    public bool WasCalled => _signal.CurrentCount > 0;

    public void Start(Action<Exception?> ended, CancellationToken stoppingToken) => Completion = Task.Run(
        async () =>
        {
            Exception? failure = null;
            try
            {
                await RunAsync(stoppingToken);
            }
            catch (Exception e) when (e is StorageUnavailableException or DeliveryException or System.Data.Common.DbException)
            {
                failure = e;
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                // The server stops; what is pending is sent after the next start.
            }

            ended(failure);
        },
        CancellationToken.None);

    public void Wake()
    {
        lock (_signal)
        {
            if (_signal.CurrentCount == 0)
                _signal.Release();
        }
    }

    private async Task RunAsync(CancellationToken stoppingToken)
    {
        if (!await leases.TakeAsync(endpointId, stoppingToken))
            return;
        try
        {
            // What another server, or this one before a restart, has sent in the last minute counts too.
            foreach (var at in await log.RecentAttemptsAsync(endpointId, clock.GetUtcNow() - LanePlan.Window, stoppingToken))
                _plan.AddSent(at);
            foreach (var (id, attempts, at) in await log.FailedAsync(endpointId, stoppingToken))
                _plan.AddRetry(id, attempts, at);
            await SendAsync(stoppingToken);
        }
        finally
        {
            await Task.WhenAll((IEnumerable<Task>)_running.Values).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await leases.ReleaseAsync(endpointId);
        }
    }

    private async Task SendAsync(CancellationToken stoppingToken)
    {
        var renewAt = clock.GetUtcNow() + (LaneLeases.Length / 3);
        var isFirst = true;
        while (true)
        {
            if (clock.GetUtcNow() >= renewAt)
            {
                if (!await leases.TakeAsync(endpointId, stoppingToken))
                    return;
                renewAt = clock.GetUtcNow() + (LaneLeases.Length / 3);
            }

            await NoteEndedAsync();
            var endpoint = await endpoints.FindAsync(endpointId, stoppingToken);
            if (endpoint is not { IsActive: true })
                return;
            if (isFirst && endpoint.FailingSince is not null)
                _plan.BeginFailing();
            isFirst = false;

            var settings = endpoint.Settings;
            var limits = new LaneLimits(settings.Concurrency ?? options.Concurrency, settings.PerMinute ?? options.PerMinute, options.DelaysOf(settings));
            var wait = renewAt - clock.GetUtcNow();
            while (_plan.TakeRetry(clock.GetUtcNow(), _running.Count, limits, ref wait) is { } again)
                _running[again] = AttemptAsync(endpoint, again, stoppingToken);

            // Those on their way, before or after what a crash left, are still among the new ones.
            var waiting = await log.NextAsync(endpointId, settings.Ordered, limits.Concurrency + _running.Count + 1, stoppingToken);
            if (waiting.Count == 0 && _running.Count == 0 && !_plan.HasRetries)
                return;
            foreach (var id in waiting)
            {
                if (_running.ContainsKey(id))
                    continue;
                if (!_plan.TryTakeNew(clock.GetUtcNow(), _running.Count, limits, ref wait))
                    break;
                _running[id] = AttemptAsync(endpoint, id, stoppingToken);
            }

            await Signals.WaitAsync(_signal, wait, clock, stoppingToken);
        }
    }

    private async Task NoteEndedAsync()
    {
        foreach (var (id, task) in _running.Where(r => r.Value.IsCompleted).ToList())
        {
            _running.Remove(id);
            // An attempt whose result could not be stored ends the lane; it is made again under the same id.
            var (ended, took) = await task;
            if (ended is not null)
                _plan.Ended(ended, took);
        }
    }

    private async Task<(Delivery? Ended, TimeSpan Took)> AttemptAsync(DeliveryEndpoint endpoint, string id, CancellationToken stoppingToken)
    {
        var started = clock.GetTimestamp();
        try
        {
            await Task.Yield();
            return (await sender.AttemptAsync(endpoint, id, stoppingToken), clock.GetElapsedTime(started));
        }
        finally
        {
            Wake();
        }
    }
}
