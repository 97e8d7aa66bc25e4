using System.Text;
using System.Text.Json;
using Automation.Steps.Values;
using Automation.Storage.Writes;
using Microsoft.Extensions.Options;

namespace Automation.Steps.Deliveries;

/// <summary>Makes deliveries of an event: one for each endpoint that takes it.</summary>
internal sealed class DeliveryPublisher(EndpointStore endpoints, DeliveryLog log, IOptions<DeliveryOptions> options, TimeProvider clock)
{
    /// <summary>The deliveries; they exist when <see cref="AddTo"/> has added them to a unit that commits.</summary>
    /// <exception cref="DeliveryException">The type, the payload or an endpoint is not valid.</exception>
    public async Task<IReadOnlyList<Delivery>> PrepareAsync(
        string eventType, object? payload, IReadOnlyList<string> endpointIds, string? orderingKey, string? instanceId, string? activityExecutionId, CancellationToken cancellationToken)
    {
        EndpointStore.CheckEventType(eventType);
        if (orderingKey?.Length > 200)
            throw new DeliveryException("OrderingKey is longer than 200 characters.");
        var body = PlainJson.ToText(payload);
        if (Encoding.UTF8.GetByteCount(body) > options.Value.MaxPayloadBytes)
            throw new DeliveryException($"The payload is larger than {options.Value.MaxPayloadBytes} bytes (Automation:Steps:Deliveries:MaxPayloadBytes).");
        if ((await endpoints.EventTypesAsync(cancellationToken)).FirstOrDefault(t => t.Name == eventType) is { Schema: { Length: > 0 } schema })
        {
            using var schemaDocument = JsonDocument.Parse(schema);
            using var document = JsonDocument.Parse(body);
            if (JsonSchemaCheck.Check(schemaDocument.RootElement, document.RootElement) is [var first, ..])
                throw new DeliveryException($"The payload does not fit the schema of {eventType}: {first}");
        }

        var all = await endpoints.ListAsync(cancellationToken);
        var unknown = endpointIds.FirstOrDefault(id => all.All(e => e.Id != id));
        if (unknown is not null)
            throw new DeliveryException($"The endpoint \"{unknown}\" does not exist.");
        // Whoever switched an endpoint off does not want what happens meanwhile; one that was switched off by itself gets it later.
        var takers = all.Where(e => e.Settings.Enabled && (endpointIds.Count > 0 ? endpointIds.Contains(e.Id) : e.Settings.Takes(eventType))).ToList();
        if (takers.Count > options.Value.MaxEndpointsPerEvent)
            throw new DeliveryException($"{takers.Count} endpoints take {eventType}; at most {options.Value.MaxEndpointsPerEvent} may (Automation:Steps:Deliveries:MaxEndpointsPerEvent).");
        var now = clock.GetUtcNow();
        return [.. takers.Select(e => new Delivery
        {
            Id = log.NewId(), EndpointId = e.Id, EventType = eventType, Payload = body, OrderingKey = string.IsNullOrEmpty(orderingKey) ? null : orderingKey,
            NextAt = e.IsActive ? now : null, InstanceId = instanceId, ActivityExecutionId = activityExecutionId, CreatedAt = now,
        })];
    }

    public void AddTo(WriteUnit unit, IEnumerable<Delivery> deliveries)
    {
        foreach (var delivery in deliveries)
            log.AddTo(unit, delivery);
    }
}
