namespace Automation.Steps.Deliveries;

/// <summary>What an endpoint answered to a test.</summary>
/// <param name="Succeeded">Whether it took it.</param>
/// <param name="StatusCode">The answer's status; null where there was none.</param>
/// <param name="Error">Why there was no answer, or none that counts.</param>
/// <param name="Response">The beginning of the answer.</param>
/// <param name="DurationMs">How long it took, in milliseconds.</param>
public sealed record EndpointTestResult(bool Succeeded, int? StatusCode, string? Error, string? Response, double DurationMs);

/// <summary>Sends a signed test webhook at once and says what the endpoint answered. Nothing of it is stored.</summary>
public sealed class EndpointTest
{
    private readonly EndpointStore _endpoints;
    private readonly DeliveryLog _log;
    private readonly DeliverySender _sender;

    internal EndpointTest(EndpointStore endpoints, DeliveryLog log, DeliverySender sender)
    {
        _endpoints = endpoints;
        _log = log;
        _sender = sender;
    }

    /// <summary>Sends the test.</summary>
    /// <returns>Null where there is no such endpoint.</returns>
    public async Task<EndpointTestResult?> SendAsync(string endpointId, CancellationToken cancellationToken)
    {
        if (await _endpoints.FindAsync(endpointId, cancellationToken) is not { } endpoint)
            return null;
        var result = await _sender.CallAsync(endpoint, _log.NewId(), "webhook.test", """{"type":"webhook.test","data":{}}""", cancellationToken);
        var exchange = result.Exchanges[^1];
        return new EndpointTestResult(exchange.StatusCode is >= 200 and < 300, exchange.StatusCode, result.Error, exchange.ResponseBody, exchange.Duration.TotalMilliseconds);
    }
}
