using System.Text.Json;
using Automation.Steps.Editing;
using Automation.Steps.Values;
using Automation.Storage;
using Automation.Storage.Access;
using Automation.Storage.Writes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Automation.Steps.Deliveries;

/// <summary>Subscribers' endpoints, event types and deliveries over HTTP.</summary>
public static class DeliveryApi
{
    private const int DefaultTake = 100;

    /// <summary>Maps <c>/api/endpoints</c>, <c>/api/event-types</c> and <c>/api/deliveries</c>.</summary>
    /// <param name="app">The routes.</param>
    public static void MapDeliveries(this IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/api").WithTags("Deliveries").WithMetadata(new LeastRoleAttribute(Role.Viewer));
        var designing = group.MapGroup("").WithMetadata(new LeastRoleAttribute(Role.Designer));
        var operating = group.MapGroup("").WithMetadata(new LeastRoleAttribute(Role.Operator));
        designing.MapGet("/endpoints", async (EndpointStore store, CancellationToken cancellationToken) => TypedResults.Ok((await store.ListAsync(cancellationToken)).Select(e => View(store, e))))
            .WithName("ListEndpoints").WithSummary("Lists the subscribers of outgoing webhooks.");
        designing.MapPost("/endpoints", AddAsync).WithName("AddEndpoint").WithSummary("Adds a subscriber; the answer is the only place that shows what its requests are signed with.");
        designing.MapGet("/endpoints/{id}", async Task<Results<Ok<EndpointView>, ProblemHttpResult>> (string id, EndpointStore store, EndpointQueues queues, CancellationToken cancellationToken) =>
            await store.FindAsync(id, cancellationToken) is { } found ? TypedResults.Ok(View(store, found) with { Queue = await queues.ReadAsync(found, cancellationToken) }) : Refusals.Missing("endpoint", id)).WithEntityTag(EndpointTagAsync).WithName("FindEndpoint").WithSummary("Reads a subscriber.");
        designing.MapPut("/endpoints/{id}", ChangeAsync).WithEntityTag(EndpointTagAsync).WithName("ChangeEndpoint").WithSummary("Changes a subscriber.");
        designing.MapDelete("/endpoints/{id}", async Task<Results<NoContent, ProblemHttpResult>> (string id, EndpointStore store, CancellationToken cancellationToken) =>
            await store.DeleteAsync(id, cancellationToken) ? TypedResults.NoContent() : Refusals.Missing("endpoint", id)).WithEntityTag(EndpointTagAsync).WithName("RemoveEndpoint").WithSummary("Removes a subscriber.");
        designing.MapPost("/endpoints/{id}/rotate", async Task<Results<Ok<VerifierView>, ProblemHttpResult>> (string id, EndpointStore store, CancellationToken cancellationToken) =>
            await store.RotateAsync(id, cancellationToken) is { } verifier ? TypedResults.Ok(new VerifierView(verifier)) : Refusals.Missing("endpoint", id))
            .WithName("RotateEndpointSecret").WithSummary("Gives a subscriber a new signing secret and shows it once.");
        designing.MapPost("/endpoints/{id}/test", async Task<Results<Ok<EndpointTestResult>, ProblemHttpResult>> (string id, EndpointTest test, CancellationToken cancellationToken) =>
            await test.SendAsync(id, cancellationToken) is { } result ? TypedResults.Ok(result) : Refusals.Missing("endpoint", id))
            .WithName("TestEndpoint").WithSummary("Sends a test request to a subscriber and says how it went.");
        group.MapGet("/endpoints/{id}/deliveries", ListAsync).WithName("ListDeliveries").WithSummary("Lists the deliveries to a subscriber, newest first; its \"next\" is the next page's \"before\".");
        operating.MapPost("/endpoints/{id}/resend", ResendFailedAsync).WithName("ResendFailedDeliveries").WithSummary("Sends all failed deliveries of a span of time to a subscriber again.");

        designing.MapGet("/event-types", async (EndpointStore store, CancellationToken cancellationToken) =>
            TypedResults.Ok((await store.EventTypesAsync(cancellationToken)).Select(View))).WithName("ListEventTypes").WithSummary("Lists the types of outgoing events.");
        designing.MapGet("/event-types/{name}", async Task<Results<Ok<EventTypeView>, ProblemHttpResult>> (string name, EndpointStore store, CancellationToken cancellationToken) =>
            await FindTypeAsync(name, store, cancellationToken) is { } found ? TypedResults.Ok(View(found)) : Refusals.Missing("event type", name)).WithEntityTag(TypeTagAsync).WithName("FindEventType").WithSummary("Reads a type of outgoing events.");
        designing.MapPut("/event-types/{name}", SetTypeAsync).WithEntityTag(TypeTagAsync).WithName("SetEventType").WithSummary("Makes or replaces a type of outgoing events.");
        designing.MapDelete("/event-types/{name}", async Task<Results<NoContent, ProblemHttpResult>> (string name, EndpointStore store, CancellationToken cancellationToken) =>
        {
            if (await FindTypeAsync(name, store, cancellationToken) is null)
                return Refusals.Missing("event type", name);
            await store.DeleteEventTypeAsync(name, cancellationToken);
            return TypedResults.NoContent();
        }).WithEntityTag(TypeTagAsync).WithName("RemoveEventType").WithSummary("Removes a type of outgoing events.");

        designing.MapPost("/deliveries", PublishAsync).WithName("PublishEvent").WithSummary("Sends an event to all subscribers that want its type.");
        group.MapGet("/deliveries/{id}", async Task<Results<Ok<DeliveryDetail>, ProblemHttpResult>> (string id, DeliveryLog log, CancellationToken cancellationToken) =>
            await log.FindAsync(id, cancellationToken) is { } found ? TypedResults.Ok(new DeliveryDetail(found, await log.AttemptsAsync(id, cancellationToken))) : Refusals.Missing("delivery", id))
            .WithName("FindDelivery").WithSummary("Reads a delivery and its attempts.");
        operating.MapPost("/deliveries/{id}/resend", async Task<Results<NoContent, ProblemHttpResult>> (string id, DeliveryLog log, CancellationToken cancellationToken) =>
            await log.ResendAsync(id, cancellationToken) ? TypedResults.NoContent()
            : await log.FindAsync(id, cancellationToken) is null ? Refusals.Missing("delivery", id)
            : Refusals.Conflict("The delivery has not ended yet.")).WithName("ResendDelivery").WithSummary("Sends a delivery again.");
    }

    private static async Task<Results<Ok<ResendAnswer>, ProblemHttpResult>> ResendFailedAsync(string id, ResendRequest? body, EndpointStore store, DeliveryLog log, CancellationToken cancellationToken) =>
        await store.FindAsync(id, cancellationToken) is null
            ? Refusals.Missing("endpoint", id)
            : TypedResults.Ok(new ResendAnswer(await log.ResendFailedAsync(id, body?.From ?? DateTimeOffset.UnixEpoch, body?.To ?? DateTimeOffset.MaxValue, cancellationToken)));

    private static async ValueTask<string?> EndpointTagAsync(HttpContext context) =>
        await context.RequestServices.GetRequiredService<EndpointStore>().FindAsync((string)context.Request.RouteValues["id"]!, context.RequestAborted) is { } found ? found.Tag : null;

    private static async ValueTask<string?> TypeTagAsync(HttpContext context) =>
        await FindTypeAsync((string)context.Request.RouteValues["name"]!, context.RequestServices.GetRequiredService<EndpointStore>(), context.RequestAborted) is { } found ? EntityTags.Of(found) : null;

    private static async ValueTask<DeliveryEventType?> FindTypeAsync(string name, EndpointStore store, CancellationToken cancellationToken) =>
        (await store.EventTypesAsync(cancellationToken)).FirstOrDefault(t => t.Name == name);

    private static EventTypeView View(DeliveryEventType type) => new(type.Name, type.Description, type.Schema is null ? null : JsonSerializer.Deserialize<JsonElement>(type.Schema));

    private static async Task<Results<Created<EndpointView>, ProblemHttpResult>> AddAsync(EndpointSettings body, EndpointStore store, CancellationToken cancellationToken)
    {
        try
        {
            var (endpoint, verifier) = await store.AddAsync(body, cancellationToken);
            return TypedResults.Created($"/api/endpoints/{endpoint.Id}", View(store, endpoint) with { Verifier = verifier });
        }
        catch (Exception e) when (e is DeliveryException or PlatformNotSupportedException)
        {
            return Refusals.Invalid("endpoint", e.Message);
        }
    }

    private static async Task<Results<Ok<EndpointView>, ProblemHttpResult>> ChangeAsync(string id, EndpointSettings body, EndpointStore store, CancellationToken cancellationToken)
    {
        try
        {
            return await store.ChangeAsync(id, body, cancellationToken) is { } changed ? TypedResults.Ok(View(store, changed)) : Refusals.Missing("endpoint", id);
        }
        catch (DeliveryException e)
        {
            return Refusals.Invalid("endpoint", e.Message);
        }
    }

    private static async Task<Results<Ok<DeliveryPage>, ProblemHttpResult>> ListAsync(string id, string? status, string? before, int? take, DeliveryLog log, CancellationToken cancellationToken)
    {
        DeliveryStatus? wanted = null;
        if (!string.IsNullOrEmpty(status))
        {
            if (!Enum.TryParse<DeliveryStatus>(status, ignoreCase: true, out var parsed) || !Enum.IsDefined(parsed))
                return Refusals.Range("status", status, string.Join(", ", Enum.GetNames<DeliveryStatus>()));
            wanted = parsed;
        }

        if (Refusals.OfSize(take) is { } problem)
            return problem;
        var found = await log.OfEndpointAsync(id, wanted, before, take ?? DefaultTake, cancellationToken);
        return TypedResults.Ok(new DeliveryPage(found, found.Count == (take ?? DefaultTake) ? found[^1].Id : null));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> SetTypeAsync(string name, EventTypeRequest body, EndpointStore store, CancellationToken cancellationToken)
    {
        try
        {
            var schema = body.Schema is { ValueKind: not (JsonValueKind.Undefined or JsonValueKind.Null) } given ? given.GetRawText() : null;
            await store.SetEventTypeAsync(new DeliveryEventType(name, body.Description, schema), cancellationToken);
            return TypedResults.NoContent();
        }
        catch (DeliveryException e)
        {
            return Refusals.Invalid("event type", e.Message);
        }
    }

    private static async Task<Results<Accepted<PublishAnswer>, ProblemHttpResult>> PublishAsync(PublishRequest body, IServiceProvider services, Database database, CancellationToken cancellationToken)
    {
        try
        {
            var publisher = (DeliveryPublisher)services.GetService(typeof(DeliveryPublisher))!;
            var deliveries = await publisher.PrepareAsync(body.EventType ?? "", body.Payload, body.Endpoints ?? [], body.OrderingKey, null, null, cancellationToken);
            var unit = new WriteUnit();
            publisher.AddTo(unit, deliveries);
            if (deliveries.Count > 0)
                await database.CommitAsync(unit, WhenFull.Fail, cancellationToken);
            return TypedResults.Accepted((string?)null, new PublishAnswer([.. deliveries.Select(d => d.Id)]));
        }
        catch (DeliveryException e)
        {
            return Refusals.Invalid("event", e.Message);
        }
        catch (StorageUnavailableException e)
        {
            return TypedResults.Problem(statusCode: StatusCodes.Status503ServiceUnavailable, title: "The database cannot take this now", detail: e.Message);
        }
    }

    private static EndpointView View(EndpointStore store, DeliveryEndpoint e) =>
        new(e.Id, e.Settings, e.IsActive, e.DisabledReason, e.FailingSince, e.CreatedAt, store.PublicKeys(e), Verifier: null);

    internal sealed record EndpointView(
        string Id, EndpointSettings Settings, bool IsActive, string? DisabledReason, DateTimeOffset? FailingSince, DateTimeOffset CreatedAt, IReadOnlyList<string> PublicKeys, string? Verifier)
    {
        /// <summary>What waits for it and what it takes; told of one endpoint alone.</summary>
        public EndpointQueue? Queue { get; init; }
    }

    internal sealed record VerifierView(string Verifier);

    internal sealed record ResendRequest(DateTimeOffset? From, DateTimeOffset? To);

    internal sealed record ResendAnswer(int Resent);

    internal sealed record EventTypeRequest(string? Description, JsonElement? Schema);

    internal sealed record EventTypeView(string Name, string? Description, JsonElement? Schema);

    internal sealed record PublishRequest(string? EventType, JsonElement? Payload, IReadOnlyList<string>? Endpoints, string? OrderingKey);

    internal sealed record PublishAnswer(IReadOnlyList<string> DeliveryIds);

    internal sealed record DeliveryPage(IReadOnlyList<Delivery> Items, string? Next);

    internal sealed record DeliveryDetail(Delivery Delivery, IReadOnlyList<DeliveryAttempt> Attempts);
}
