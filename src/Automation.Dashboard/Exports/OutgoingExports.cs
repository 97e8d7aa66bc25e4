using System.Runtime.CompilerServices;
using System.Text.Json;
using Automation.Dashboard.Shared;
using Automation.Steps.Data;
using Automation.Steps.Deliveries;
using Automation.Steps.Notifications;
using Microsoft.AspNetCore.Http;

namespace Automation.Dashboard.Exports;

/// <summary>What goes out and what was kept as files: notifications, the inbox, deliveries, endpoints, documents.</summary>
internal static class OutgoingExports
{
    private const int Page = 500;

    public static Task<IResult> NotificationsAsync(HttpContext context, NotificationLog log, string? format, string? channel, string? status)
    {
        if (ListExport.Read<NotificationStatus>("status", status, out var wanted) is { } problem)
            return Task.FromResult<IResult>(problem);
        return ListExport.WriteAsync<Notification>(context, format, "notifications", log.AllAsync(channel, wanted, context.RequestAborted),
        [
            new("id", n => n.Id), new("channel", n => n.Channel), new("kind", n => n.Kind), new("recipient", n => n.Recipient), new("subject", n => n.Message.Subject), new("text", n => n.Message.Text),
            new("status", n => n.Status.ToString()), new("attempts", n => n.Attempts), new("note", n => n.Note), new("instanceId", n => n.InstanceId), new("createdAt", n => n.CreatedAt), new("sentAt", n => n.SentAt),
        ]);
    }

    public static async Task<IResult> DeliveriesAsync(HttpContext context, EndpointStore endpoints, DeliveryLog log, string? format, string? endpoint, string? status)
    {
        if (ListExport.Read<DeliveryStatus>("status", status, out var wanted) is { } problem)
            return problem;
        IReadOnlyList<string> ids = string.IsNullOrEmpty(endpoint) ? [.. (await endpoints.ListAsync(context.RequestAborted)).Select(e => e.Id)] : [endpoint];
        return await ListExport.WriteAsync<Delivery>(context, format, "deliveries", ReadAsync(log, ids, wanted, context.RequestAborted),
        [
            new("id", d => d.Id), new("endpointId", d => d.EndpointId), new("eventType", d => d.EventType), new("status", d => d.Status.ToString()), new("attempts", d => d.Attempts),
            new("statusCode", d => d.StatusCode), new("error", d => d.Error), new("orderingKey", d => d.OrderingKey), new("instanceId", d => d.InstanceId), new("createdAt", d => d.CreatedAt),
            new("nextAt", d => d.NextAt), new("endedAt", d => d.EndedAt), new("payload", d => d.Payload),
        ]);
    }

    public static async Task<IResult> EndpointsAsync(HttpContext context, EndpointStore endpoints, string? format) =>
        await ListExport.WriteAsync<DeliveryEndpoint>(context, format, "endpoints", (await endpoints.ListAsync(context.RequestAborted)).ToAsyncEnumerable(),
        [
            new("id", e => e.Id), new("url", e => e.Settings.Url), new("description", e => e.Settings.Description), new("eventTypes", e => string.Join(' ', e.Settings.EventTypes)),
            new("active", e => e.IsActive), new("disabledReason", e => e.DisabledReason), new("failingSince", e => e.FailingSince), new("createdAt", e => e.CreatedAt),
        ]);

    public static async Task<IResult> DocumentsAsync(string collection, HttpContext context, DocumentQueries documents, string? format, string? where)
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

    public static Task<IResult> InboxAsync(HttpContext context, Inbox inbox, string? format, bool? unread) =>
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
