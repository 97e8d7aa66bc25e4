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
    private readonly ConcurrentDictionary<string, bool> _called = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _signal = new(0, 1);
    private volatile bool _lookAtAll;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        log.OnDue(Call);
        var (cleaned, looked) = (DateTimeOffset.MinValue, DateTimeOffset.MinValue);
        try
        {
            while (true)
            {
                try
                {
                    var now = clock.GetUtcNow();
                    foreach (var (id, _) in _called)
                    {
                        _called.TryRemove(id, out bool _);
                        StartLane(id, stoppingToken);
                    }

                    // What other servers have stored, and retries that fell due while nobody served the endpoint.
                    if (_lookAtAll || now - looked >= options.Value.SweepInterval)
                    {
                        (_lookAtAll, looked) = (false, now);
                        foreach (var id in await log.WaitingEndpointsAsync(stoppingToken))
                            StartLane(id, stoppingToken);
                    }

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

    private void StartLane(string id, CancellationToken stoppingToken)
    {
        if (_lanes.TryGetValue(id, out var running))
        {
            running.Wake();
            return;
        }

        var lane = new DeliveryLane(id, log, endpoints, leases, sender, options.Value, clock);
        _lanes[id] = lane;
        lane.Start(
            ended =>
            {
                _lanes.TryRemove(id, out _);
                if (ended is not null)
                    LogLaneFailed(id, ended);
                else if (lane.WasCalled)
                    Call(id);
            },
            stoppingToken);
    }

    private void Call(string? endpointId)
    {
        if (endpointId is null)
            _lookAtAll = true;
        else
            _called[endpointId] = true;
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
