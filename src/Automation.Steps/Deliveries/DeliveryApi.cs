using System.Text.Json;
using Automation.Steps.Editing;
using Automation.Steps.Values;
using Automation.Storage;
using Automation.Storage.Access;
using Automation.Storage.Writes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Automation.Steps.Deliveries;

/// <summary>Subscribers' endpoints, event types and deliveries over HTTP.</summary>
public static class DeliveryApi
{
    /// <summary>Maps <c>/api/endpoints</c>, <c>/api/event-types</c> and <c>/api/deliveries</c>.</summary>
    /// <param name="app">The routes.</param>
    public static void MapDeliveries(this IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/api").WithTags("Deliveries").WithMetadata(new LeastRoleAttribute(Role.Viewer));
        var designing = group.MapGroup("").WithMetadata(new LeastRoleAttribute(Role.Designer));
        var operating = group.MapGroup("").WithMetadata(new LeastRoleAttribute(Role.Operator));
        designing.MapGet("/endpoints", async (EndpointStore store, CancellationToken cancellationToken) => Results.Ok((await store.ListAsync(cancellationToken)).Select(e => View(store, e)))).WithSummary("Lists the subscribers of outgoing webhooks.");
        designing.MapPost("/endpoints", AddAsync).WithSummary("Adds a subscriber; the answer is the only place that shows what its requests are signed with.");
        designing.MapGet("/endpoints/{id}", async (string id, EndpointStore store, CancellationToken cancellationToken) =>
            await store.FindAsync(id, cancellationToken) is { } found ? Results.Ok(View(store, found)) : Results.NotFound()).WithEntityTag(EndpointTagAsync).WithSummary("Reads a subscriber.");
        designing.MapPut("/endpoints/{id}", ChangeAsync).WithEntityTag(EndpointTagAsync).WithSummary("Changes a subscriber.");
        designing.MapDelete("/endpoints/{id}", async (string id, EndpointStore store, CancellationToken cancellationToken) =>
            await store.DeleteAsync(id, cancellationToken) ? Results.NoContent() : Results.NotFound()).WithEntityTag(EndpointTagAsync).WithSummary("Removes a subscriber.");
        designing.MapPost("/endpoints/{id}/rotate", async (string id, EndpointStore store, CancellationToken cancellationToken) =>
            await store.RotateAsync(id, cancellationToken) is { } verifier ? Results.Ok(new VerifierView(verifier)) : Results.NotFound()).WithSummary("Gives a subscriber a new signing secret and shows it once.");
        designing.MapPost("/endpoints/{id}/test", async (string id, EndpointTest test, CancellationToken cancellationToken) =>
            await test.SendAsync(id, cancellationToken) is { } result ? Results.Ok(result) : Results.NotFound()).WithSummary("Sends a test request to a subscriber and says how it went.");
        group.MapGet("/endpoints/{id}/deliveries", ListAsync).WithSummary("Lists the deliveries to a subscriber, newest first.");
        operating.MapPost("/endpoints/{id}/resend", async (string id, ResendRequest? body, DeliveryLog log, CancellationToken cancellationToken) =>
            Results.Ok(new ResendAnswer(await log.ResendFailedAsync(id, body?.From ?? DateTimeOffset.UnixEpoch, body?.To ?? DateTimeOffset.MaxValue, cancellationToken)))).WithSummary("Sends all failed deliveries of a span of time to a subscriber again.");

        designing.MapGet("/event-types", async (EndpointStore store, CancellationToken cancellationToken) =>
            Results.Ok((await store.EventTypesAsync(cancellationToken)).Select(View))).WithSummary("Lists the types of outgoing events.");
        designing.MapGet("/event-types/{name}", async (string name, EndpointStore store, CancellationToken cancellationToken) =>
            await FindTypeAsync(name, store, cancellationToken) is { } found ? Results.Ok(View(found)) : Results.NotFound()).WithEntityTag(TypeTagAsync).WithSummary("Reads a type of outgoing events.");
        designing.MapPut("/event-types/{name}", SetTypeAsync).WithEntityTag(TypeTagAsync).WithSummary("Makes or replaces a type of outgoing events.");
        designing.MapDelete("/event-types/{name}", async (string name, EndpointStore store, CancellationToken cancellationToken) =>
        {
            await store.DeleteEventTypeAsync(name, cancellationToken);
            return Results.NoContent();
        }).WithEntityTag(TypeTagAsync).WithSummary("Removes a type of outgoing events.");

        designing.MapPost("/deliveries", PublishAsync).WithSummary("Sends an event to all subscribers that want its type.");
        group.MapGet("/deliveries/{id}", async (string id, DeliveryLog log, CancellationToken cancellationToken) =>
            await log.FindAsync(id, cancellationToken) is { } found ? Results.Ok(new DeliveryDetail(found, await log.AttemptsAsync(id, cancellationToken))) : Results.NotFound()).WithSummary("Reads a delivery and its attempts.");
        operating.MapPost("/deliveries/{id}/resend", async (string id, DeliveryLog log, CancellationToken cancellationToken) =>
            await log.ResendAsync(id, cancellationToken) ? Results.NoContent()
            : await log.FindAsync(id, cancellationToken) is null ? Results.NotFound()
            : Results.Problem("The delivery has not ended yet.", statusCode: StatusCodes.Status409Conflict)).WithSummary("Sends a delivery again.");
    }

    private static async ValueTask<string?> EndpointTagAsync(HttpContext context) =>
        await context.RequestServices.GetRequiredService<EndpointStore>().FindAsync((string)context.Request.RouteValues["id"]!, context.RequestAborted) is { } found ? found.Tag : null;

    private static async ValueTask<string?> TypeTagAsync(HttpContext context) =>
        await FindTypeAsync((string)context.Request.RouteValues["name"]!, context.RequestServices.GetRequiredService<EndpointStore>(), context.RequestAborted) is { } found ? EntityTags.Of(found) : null;

    private static async ValueTask<DeliveryEventType?> FindTypeAsync(string name, EndpointStore store, CancellationToken cancellationToken) =>
        (await store.EventTypesAsync(cancellationToken)).FirstOrDefault(t => t.Name == name);

    private static EventTypeView View(DeliveryEventType type) => new(type.Name, type.Description, type.Schema is null ? null : JsonSerializer.Deserialize<JsonElement>(type.Schema));

    private static async Task<IResult> AddAsync(EndpointSettings body, EndpointStore store, CancellationToken cancellationToken)
    {
        try
        {
            var (endpoint, verifier) = await store.AddAsync(body, cancellationToken);
            return Results.Created($"/api/endpoints/{endpoint.Id}", View(store, endpoint) with { Verifier = verifier });
        }
        catch (Exception e) when (e is DeliveryException or PlatformNotSupportedException)
        {
            return Results.Problem(e.Message, statusCode: StatusCodes.Status400BadRequest);
        }
    }

    private static async Task<IResult> ChangeAsync(string id, EndpointSettings body, EndpointStore store, CancellationToken cancellationToken)
    {
        try
        {
            return await store.ChangeAsync(id, body, cancellationToken) is { } changed ? Results.Ok(View(store, changed)) : Results.NotFound();
        }
        catch (DeliveryException e)
        {
            return Results.Problem(e.Message, statusCode: StatusCodes.Status400BadRequest);
        }
    }

    private static async Task<IResult> ListAsync(string id, string? status, string? before, int? take, DeliveryLog log, CancellationToken cancellationToken)
    {
        DeliveryStatus? wanted = null;
        if (!string.IsNullOrEmpty(status))
        {
            if (!Enum.TryParse<DeliveryStatus>(status, ignoreCase: true, out var parsed) || !Enum.IsDefined(parsed))
                return Results.Problem($"status is \"{status}\"; allowed are {string.Join(", ", Enum.GetNames<DeliveryStatus>())}.", statusCode: StatusCodes.Status400BadRequest);
            wanted = parsed;
        }

        return Results.Ok(await log.OfEndpointAsync(id, wanted, before, Math.Clamp(take ?? 100, 1, 1000), cancellationToken));
    }

    private static async Task<IResult> SetTypeAsync(string name, EventTypeRequest body, EndpointStore store, CancellationToken cancellationToken)
    {
        try
        {
            var schema = body.Schema is { ValueKind: JsonValueKind.Object or JsonValueKind.True or JsonValueKind.False } given ? given.GetRawText() : null;
            await store.SetEventTypeAsync(new DeliveryEventType(name, body.Description, schema), cancellationToken);
            return Results.NoContent();
        }
        catch (DeliveryException e)
        {
            return Results.Problem(e.Message, statusCode: StatusCodes.Status400BadRequest);
        }
    }

    private static async Task<IResult> PublishAsync(PublishRequest body, IServiceProvider services, Database database, CancellationToken cancellationToken)
    {
        try
        {
            var publisher = (DeliveryPublisher)services.GetService(typeof(DeliveryPublisher))!;
            var deliveries = await publisher.PrepareAsync(body.EventType ?? "", body.Payload, body.Endpoints ?? [], body.OrderingKey, null, null, cancellationToken);
            var unit = new WriteUnit();
            publisher.AddTo(unit, deliveries);
            if (deliveries.Count > 0)
                await database.CommitAsync(unit, WhenFull.Fail, cancellationToken);
            return Results.Json(new PublishAnswer([.. deliveries.Select(d => d.Id)]), statusCode: StatusCodes.Status202Accepted);
        }
        catch (DeliveryException e)
        {
            return Results.Problem(e.Message, statusCode: StatusCodes.Status400BadRequest);
        }
        catch (StorageUnavailableException e)
        {
            return Results.Problem(e.Message, statusCode: StatusCodes.Status503ServiceUnavailable);
        }
    }

    private static EndpointView View(EndpointStore store, DeliveryEndpoint e) =>
        new(e.Id, e.Settings, e.IsActive, e.DisabledReason, e.FailingSince, e.CreatedAt, store.PublicKeys(e), Verifier: null);

    internal sealed record EndpointView(
        string Id, EndpointSettings Settings, bool IsActive, string? DisabledReason, DateTimeOffset? FailingSince, DateTimeOffset CreatedAt, IReadOnlyList<string> PublicKeys, string? Verifier);

    internal sealed record VerifierView(string Verifier);

    internal sealed record ResendRequest(DateTimeOffset? From, DateTimeOffset? To);

    internal sealed record ResendAnswer(int Resent);

    internal sealed record EventTypeRequest(string? Description, JsonElement? Schema);

    internal sealed record EventTypeView(string Name, string? Description, JsonElement? Schema);

    internal sealed record PublishRequest(string? EventType, JsonElement? Payload, IReadOnlyList<string>? Endpoints, string? OrderingKey);

    internal sealed record PublishAnswer(IReadOnlyList<string> DeliveryIds);

    internal sealed record DeliveryDetail(Delivery Delivery, IReadOnlyList<DeliveryAttempt> Attempts);
}
