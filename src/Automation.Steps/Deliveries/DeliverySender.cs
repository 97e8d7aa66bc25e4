using System.Globalization;
using Automation.Steps.Http;
using Automation.Steps.Notifications;
using Automation.Storage;
using Automation.Storage.Writes;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Automation.Steps.Deliveries;

/// <summary>Makes one attempt of a delivery and stores what came of it.</summary>
internal sealed partial class DeliverySender(
    Database database, DeliveryLog log, EndpointStore endpoints, HttpCaller caller, IOptions<DeliveryOptions> options, TimeProvider clock, ILogger<DeliverySender> logger)
{
    /// <summary>One call, signed; nothing is stored.</summary>
    public async Task<HttpCallResult> CallAsync(DeliveryEndpoint endpoint, string id, string eventType, string payload, CancellationToken cancellationToken)
    {
        var settings = endpoint.Settings;
        var headers = settings.Headers.Select(h => KeyValuePair.Create(h.Key, (object?)h.Value))
            .Concat(WebhookSigner.Headers(settings.Signature, endpoints.Keys(endpoint), id, clock.GetUtcNow(), payload))
            .Append(KeyValuePair.Create("webhook-event", (object?)eventType))
            .Append(KeyValuePair.Create("User-Agent", (object?)"Automation-Webhooks/1"));
        return await caller.SendAsync(
            new HttpCall
            {
                Url = settings.Url, Method = "POST", Content = payload, ContentType = "application/json", Headers = [.. headers], IdempotencyKey = id,
                Timeout = settings.Timeout ?? options.Value.Timeout, MaxResponseBytes = 64 << 10, Secrets = MaybeSecret(settings),
            },
            cancellationToken);
    }

    /// <summary>
    /// What those who may only look do not see of an endpoint: what stands behind the question mark of its URL, and headers
    /// that say they are secret. Not even where the receiver repeats them.
    /// </summary>
    private static string[] MaybeSecret(EndpointSettings settings) =>
    [
        .. SecretMask.QueryValues(settings.Url),
        .. settings.Headers.Where(h => SecretMask.IsSecretName(h.Key)).SelectMany(h => new[] { h.Value, h.Value[(h.Value.IndexOf(' ', StringComparison.Ordinal) + 1)..] }),
    ];

    /// <summary>Makes the next attempt of a delivery and stores what came of it.</summary>
    /// <returns>The delivery as it is then; null where there was nothing to send.</returns>
    public async Task<Delivery?> AttemptAsync(DeliveryEndpoint endpoint, string id, CancellationToken cancellationToken)
    {
        if (await log.FindAsync(id, cancellationToken) is not { Status: DeliveryStatus.Pending } delivery)
            return null;
        var result = await CallAsync(endpoint, id, delivery.EventType, delivery.Payload, cancellationToken);
        var exchange = result.Exchanges[^1];
        var (ended, disable) = Judge(endpoint, delivery, result);
        var unit = new WriteUnit();
        DeliveryLog.AddAttemptTo(unit, ended, new DeliveryAttempt(0, exchange.StartedAt, exchange.Duration.TotalMilliseconds, exchange.StatusCode, ended.Error, exchange.ResponseBody));
        if (delivery is { InstanceId: { } instance, ActivityExecutionId: { } execution })
            HttpExchangeLog.AddTo(unit, new HttpExchangeOwner(instance, execution, JobId: null), result.Exchanges.Select(e => e with { Url = endpoint.Address }));
        AddHealth(unit, endpoint, ended, disable);
        await database.CommitAsync(unit, cancellationToken: CancellationToken.None);
        log.Attempted(ended);
        return ended;
    }

    private (Delivery Ended, string? Disable) Judge(DeliveryEndpoint endpoint, Delivery delivery, HttpCallResult result)
    {
        var now = clock.GetUtcNow();
        var status = result.Answer?.StatusCode;
        var ended = delivery with { Attempts = delivery.Attempts + 1, StatusCode = status, NextAt = null, EndedAt = now };
        if (status is >= 200 and < 300)
            return (ended with { Status = DeliveryStatus.Succeeded, Error = null }, null);

        ended = ended with { Error = result.Error ?? $"The endpoint answered {status}." };
        if (status == 410)
            return (ended with { Status = DeliveryStatus.Failed }, "The endpoint answered 410 Gone.");
        var delays = options.Value.DelaysOf(endpoint.Settings);
        if (ended.Attempts <= delays.Count)
        {
            var wait = delays[ended.Attempts - 1];
            if (status is 429 or 503 && HttpCaller.RetryAfter(result.Answer, clock) is { } asked && asked > wait)
                wait = asked > TimeSpan.FromHours(1) ? TimeSpan.FromHours(1) : asked;
            return (ended with { Status = DeliveryStatus.Pending, NextAt = now + wait, EndedAt = null }, null);
        }

        var disable = options.Value.DisableAfter > TimeSpan.Zero && endpoint.FailingSince is { } since && now - since >= options.Value.DisableAfter
            ? string.Create(CultureInfo.InvariantCulture, $"Every delivery has failed since {since.UtcDateTime:yyyy-MM-dd HH:mm} UTC; the last one: {ended.Error}")
            : null;
        return (ended with { Status = DeliveryStatus.Failed }, disable);
    }

    private void AddHealth(WriteUnit unit, DeliveryEndpoint endpoint, Delivery ended, string? disable)
    {
        if (ended.Status == DeliveryStatus.Succeeded && endpoint.FailingSince is not null)
            EndpointStore.AddFailingSince(unit, endpoint.Id, null);
        else if (ended.Status == DeliveryStatus.Failed && endpoint.FailingSince is null)
            EndpointStore.AddFailingSince(unit, endpoint.Id, clock.GetUtcNow());
        if (disable is null)
            return;

        EndpointStore.AddDisabling(unit, endpoint.Id, disable);
        var text = $"{endpoint.Address} is switched off. {disable} What waits for it goes out when it is switched on again: on its page under Deliveries, or by PUT /api/endpoints/{endpoint.Id}.";
        var notice = new Notification
        {
            // The same however many attempts end at the same time.
            Id = $"endpoint-off-{ended.Id}", Channel = options.Value.NoticeChannel ?? "", Kind = "", CreatedAt = clock.GetUtcNow(), Status = NotificationStatus.Held, DueAt = clock.GetUtcNow(),
            Message = new NotificationMessage { Subject = "A webhook endpoint was switched off", Text = text, Severity = "Error" },
        };
        Inbox.AddTo(unit, notice with { Channel = "deliveries", Message = notice.Message with { Link = "/deliveries/endpoints/" + endpoint.Id } });
        if (!string.IsNullOrWhiteSpace(options.Value.NoticeChannel))
            NotificationLog.AddTo(unit, notice);
        unit.OnCommitted(() => LogDisabled(endpoint.Id, disable));
    }

    [LoggerMessage(LogLevel.Warning, "Endpoint {Endpoint} is switched off. {Reason}")]
    private partial void LogDisabled(string endpoint, string reason);
}
