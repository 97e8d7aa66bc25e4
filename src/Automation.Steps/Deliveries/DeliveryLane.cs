using Automation.Steps.Outgoing;
using Automation.Storage.Writes;

namespace Automation.Steps.Deliveries;

/// <summary>Sends what is due to one endpoint, within its limits, until nothing is left.</summary>
internal sealed class DeliveryLane(string endpointId, DeliveryLog log, EndpointStore endpoints, LaneLeases leases, DeliverySender sender, DeliveryOptions options, TimeProvider clock)
{
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    private readonly SemaphoreSlim _signal = new(0, 1);
    private readonly Dictionary<string, Task> _running = new(StringComparer.Ordinal);
    private readonly WindowLimit _perMinute = new(Window);

    public Task Completion { get; private set; } = Task.CompletedTask;

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
            foreach (var at in await log.RecentAttemptsAsync(endpointId, clock.GetUtcNow() - Window, stoppingToken))
                _perMinute.Add(at);
            await SendAsync(stoppingToken);
        }
        finally
        {
            await Task.WhenAll(_running.Values).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await leases.ReleaseAsync(endpointId);
        }
    }

    private async Task SendAsync(CancellationToken stoppingToken)
    {
        var renewAt = clock.GetUtcNow() + (LaneLeases.Length / 3);
        while (true)
        {
            var now = clock.GetUtcNow();
            if (now >= renewAt)
            {
                if (!await leases.TakeAsync(endpointId, stoppingToken))
                    return;
                renewAt = now + (LaneLeases.Length / 3);
            }

            foreach (var (id, task) in _running.Where(r => r.Value.IsCompleted).ToList())
            {
                _running.Remove(id);
                // An attempt whose result could not be stored ends the lane; it is made again under the same id.
                await task;
            }

            var endpoint = await endpoints.FindAsync(endpointId, stoppingToken);
            if (endpoint is not { IsActive: true })
                return;
            var settings = endpoint.Settings;
            var (concurrency, perMinute) = (settings.Concurrency ?? options.Concurrency, settings.PerMinute ?? options.PerMinute);
            var waiting = await log.NextAsync(endpointId, settings.Ordered, concurrency + _running.Count + 1, stoppingToken);
            if (waiting.Count == 0 && _running.Count == 0)
                return;

            var wait = renewAt - now;
            foreach (var (id, at) in waiting)
            {
                if (_running.ContainsKey(id))
                    continue;
                if (at > now)
                {
                    wait = Shorter(wait, at - now);
                    break;
                }

                if (_running.Count >= concurrency)
                    break;
                if (!_perMinute.TryTake(now, perMinute, TimeSpan.Zero, out var free))
                {
                    wait = Shorter(wait, free - now);
                    break;
                }

                _running[id] = AttemptAsync(endpoint, id, stoppingToken);
            }

            await Signals.WaitAsync(_signal, wait, clock, stoppingToken);
        }
    }

    private async Task AttemptAsync(DeliveryEndpoint endpoint, string id, CancellationToken stoppingToken)
    {
        try
        {
            await Task.Yield();
            await sender.AttemptAsync(endpoint, id, stoppingToken);
        }
        finally
        {
            Wake();
        }
    }

    private static TimeSpan Shorter(TimeSpan a, TimeSpan b) => a < b ? a : b;
}
