using Automation.Storage;
using Automation.Storage.Writes;
using Microsoft.Extensions.Options;

namespace Automation.Steps.Deliveries;

/// <summary>What waits for an endpoint, and why.</summary>
/// <param name="Waiting">Deliveries that have not ended; <see cref="Most"/> + 1 stands for more.</param>
/// <param name="Concurrency">Deliveries to it at a time.</param>
/// <param name="PerMinute">Attempts to it in a minute.</param>
/// <param name="FullUntil">When the next attempt may go out, where those of a minute are used up; else null.</param>
public sealed record EndpointQueue(long Waiting, int Concurrency, int PerMinute, DateTimeOffset? FullUntil)
{
    /// <summary>Where counting stops.</summary>
    public const int Most = 10_000;
}

/// <summary>Tells what waits for endpoints.</summary>
public sealed class EndpointQueues
{
    private static readonly SqlStatement Count = new($"SELECT count(*) FROM (SELECT 1 FROM deliveries WHERE endpoint_id = $1 AND status = 'Pending' LIMIT {EndpointQueue.Most + 1}) AS waiting");

    private readonly Database _database;
    private readonly DeliveryLog _log;
    private readonly DeliveryOptions _options;
    private readonly TimeProvider _clock;

    internal EndpointQueues(Database database, DeliveryLog log, IOptions<DeliveryOptions> options, TimeProvider clock)
    {
        _database = database;
        _log = log;
        _options = options.Value;
        _clock = clock;
    }

    /// <summary>What waits for an endpoint.</summary>
    public async Task<EndpointQueue> ReadAsync(DeliveryEndpoint endpoint, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        var waiting = (await _database.QueryAsync(Count, cancellationToken, endpoint.Id)).Rows[0][0].AsInteger;
        var perMinute = endpoint.Settings.PerMinute ?? _options.PerMinute;
        var sent = await _log.RecentAttemptsAsync(endpoint.Id, _clock.GetUtcNow() - LanePlan.Window, cancellationToken);
        return new EndpointQueue(
            waiting, endpoint.Settings.Concurrency ?? _options.Concurrency, perMinute, sent.Count >= perMinute ? sent[^perMinute] + LanePlan.Window : null);
    }
}
