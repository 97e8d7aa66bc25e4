using System.Collections.Concurrent;
using Automation.Storage.Writes;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Automation.Steps.Deliveries;

/// <summary>
/// Sends deliveries. Each endpoint has a lane of its own, so that one that hangs or fails takes nothing from the others; a
/// lane belongs to one server at a time, so that an endpoint's limits and order hold across servers.
/// </summary>
internal sealed partial class DeliveryPump(
    DeliveryLog log, EndpointStore endpoints, LaneLeases leases, DeliverySender sender, IOptions<DeliveryOptions> options, TimeProvider clock, ILogger<DeliveryPump> logger) : BackgroundService
{
    private readonly ConcurrentDictionary<string, DeliveryLane> _lanes = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _signal = new(0, 1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        log.OnDue(Wake);
        var cleaned = DateTimeOffset.MinValue;
        try
        {
            while (true)
            {
                try
                {
                    await StartLanesAsync(stoppingToken);
                    var now = clock.GetUtcNow();
                    if (now - cleaned > TimeSpan.FromHours(1))
                    {
                        cleaned = now;
                        await log.SweepAsync(now - options.Value.KeepFor, stoppingToken);
                        await endpoints.EventTypesAsync(stoppingToken);
                    }
                }
                catch (StorageUnavailableException e)
                {
                    LogFailed(e);
                }

                await Signals.WaitAsync(_signal, options.Value.SweepInterval, clock, stoppingToken);
            }
        }
        finally
        {
            await Task.WhenAll(_lanes.Values.Select(l => l.Completion));
        }
    }

    private async Task StartLanesAsync(CancellationToken stoppingToken)
    {
        foreach (var id in await log.WaitingEndpointsAsync(stoppingToken))
        {
            if (_lanes.TryGetValue(id, out var running))
            {
                running.Wake();
                continue;
            }

            var lane = new DeliveryLane(id, log, endpoints, leases, sender, options.Value, clock);
            _lanes[id] = lane;
            lane.Start(
                ended =>
                {
                    _lanes.TryRemove(id, out _);
                    if (ended is not null)
                        LogLaneFailed(id, ended);
                },
                stoppingToken);
        }
    }

    private void Wake()
    {
        try
        {
            _signal.Release();
        }
        catch (SemaphoreFullException)
        {
            // It is awake already.
        }
    }

    [LoggerMessage(LogLevel.Warning, "Could not look for deliveries that are due; trying again")]
    private partial void LogFailed(Exception exception);

    [LoggerMessage(LogLevel.Warning, "Deliveries to {Endpoint} are interrupted; they go on by themselves")]
    private partial void LogLaneFailed(string endpoint, Exception exception);
}

/// <summary>Waiting for a signal or a time, whichever comes first.</summary>
internal static class Signals
{
    public static async Task WaitAsync(SemaphoreSlim signal, TimeSpan timeout, TimeProvider clock, CancellationToken cancellationToken)
    {
        if (timeout <= TimeSpan.Zero)
            return;
        using var over = new CancellationTokenSource(timeout, clock);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, over.Token);
        try
        {
            await signal.WaitAsync(linked.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The time is over.
        }
    }
}
