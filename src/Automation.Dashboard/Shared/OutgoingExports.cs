using System.Runtime.CompilerServices;
using System.Text.Json;
using Automation.Steps.Data;
using Automation.Steps.Deliveries;
using Automation.Steps.Notifications;
using Automation.Storage.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Automation.Dashboard.Shared;

/// <summary>The lists of deliveries, endpoints, documents and the inbox as files.</summary>
internal static class OutgoingExports
{
    private const int Page = 500;

    public static void MapOutgoingExports(this IEndpointRouteBuilder app)
    {
        app.MapGet("/api/deliveries/export", DeliveriesAsync).WithTags("Deliveries").WithName("ExportDeliveries").WithMetadata(new LeastRoleAttribute(Role.Viewer))
            .WithSummary("All deliveries, of one endpoint or of all, newest first, as CSV or NDJSON.");
        app.MapGet("/api/endpoints/export", EndpointsAsync).WithTags("Deliveries").WithName("ExportEndpoints").WithMetadata(new LeastRoleAttribute(Role.Designer))
            .WithSummary("All endpoints as CSV or NDJSON.");
        // Not below /api/data/{collection}: a document may be named "export".
        app.MapGet("/api/data/{collection}", DocumentsAsync).WithTags("Data").WithName("ExportDocuments").WithMetadata(new LeastRoleAttribute(Role.Viewer))
            .WithSummary("All documents of a collection, or those that ?where= (JSON, as in a query) leaves, by key, as CSV or NDJSON.");
        app.MapGet("/api/inbox/export", InboxAsync).WithTags("Inbox").WithName("ExportInbox").WithMetadata(new LeastRoleAttribute(Role.Viewer))
            .WithSummary("The inbox, or what is unread in it, newest first, as CSV or NDJSON.");
    }

    private static async Task<IResult> DeliveriesAsync(HttpContext context, EndpointStore endpoints, DeliveryLog log, string? format, string? endpoint, string? status)
    {
        DeliveryStatus? wanted = null;
        if (!string.IsNullOrEmpty(status))
        {
            if (!Enum.TryParse<DeliveryStatus>(status, ignoreCase: true, out var parsed) || !Enum.IsDefined(parsed))
                return Problems.Range("status", status, string.Join(", ", Enum.GetNames<DeliveryStatus>()));
            wanted = parsed;
        }

        IReadOnlyList<string> ids = string.IsNullOrEmpty(endpoint) ? [.. (await endpoints.ListAsync(context.RequestAborted)).Select(e => e.Id)] : [endpoint];
        return await ListExport.WriteAsync<Delivery>(context, format, "deliveries", ReadAsync(log, ids, wanted, context.RequestAborted),
        [
            new("id", d => d.Id), new("endpointId", d => d.EndpointId), new("eventType", d => d.EventType), new("status", d => d.Status.ToString()), new("attempts", d => d.Attempts),
            new("statusCode", d => d.StatusCode), new("error", d => d.Error), new("orderingKey", d => d.OrderingKey), new("instanceId", d => d.InstanceId), new("createdAt", d => d.CreatedAt),
            new("nextAt", d => d.NextAt), new("endedAt", d => d.EndedAt), new("payload", d => d.Payload),
        ]);
    }

    private static async Task<IResult> EndpointsAsync(HttpContext context, EndpointStore endpoints, string? format) =>
        await ListExport.WriteAsync<DeliveryEndpoint>(context, format, "endpoints", (await endpoints.ListAsync(context.RequestAborted)).ToAsyncEnumerable(),
        [
            new("id", e => e.Id), new("url", e => e.Settings.Url), new("description", e => e.Settings.Description), new("eventTypes", e => string.Join(' ', e.Settings.EventTypes)),
            new("active", e => e.IsActive), new("disabledReason", e => e.DisabledReason), new("failingSince", e => e.FailingSince), new("createdAt", e => e.CreatedAt),
        ]);

    private static async Task<IResult> DocumentsAsync(string collection, HttpContext context, DocumentQueries documents, string? format, string? where)
    {
        try
        {
            object? conditions = string.IsNullOrWhiteSpace(where) ? null : JsonElement.Parse(where);
            // What is wrong with the conditions is said before the file begins.
            await documents.FindAsync(collection, conditions, null, 0, 1, context.RequestAborted);
            return await ListExport.WriteAsync<Document>(context, format, "documents", documents.AllAsync(collection, conditions, context.RequestAborted),
            [
                new("key", d => d.Key), new("version", d => d.Version), new("body", d => format == "ndjson" ? JsonElement.Parse(d.Body) : d.Body),
                new("createdAt", d => d.CreatedAt), new("updatedAt", d => d.UpdatedAt), new("expiresAt", d => d.ExpiresAt),
            ]);
        }
        catch (JsonException e)
        {
            return Problems.Range("where", where, "JSON such as {\"status\":\"open\"}: " + e.Message);
        }
        catch (DocumentException e) when (!context.Response.HasStarted)
        {
            return TypedResults.Problem(e.Message, statusCode: StatusCodes.Status400BadRequest);
        }
    }

    private static Task<IResult> InboxAsync(HttpContext context, Inbox inbox, string? format, bool? unread) =>
        ListExport.WriteAsync<InboxEntry>(context, format, "inbox", inbox.AllAsync(unread ?? false, context.RequestAborted),
        [
            new("id", e => e.Id), new("channel", e => e.Channel), new("severity", e => e.Severity), new("subject", e => e.Subject), new("text", e => e.Text), new("link", e => e.Link),
            new("instanceId", e => e.InstanceId), new("createdAt", e => e.CreatedAt), new("readAt", e => e.ReadAt),
        ]);

    private static async IAsyncEnumerable<Delivery> ReadAsync(DeliveryLog log, IReadOnlyList<string> endpoints, DeliveryStatus? status, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var endpoint in endpoints)
        {
            for (string? before = null; ;)
            {
                var page = await log.OfEndpointAsync(endpoint, status, before, Page, cancellationToken);
                foreach (var delivery in page)
                    yield return delivery;
                if (page.Count < Page)
                    break;
                before = page[^1].Id;
            }
        }
    }
}
