using Automation.Expressions;
using Automation.Steps.Editing;
using Automation.Storage.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using System.Text.Json;

namespace Automation.Steps.Notifications;

/// <summary>Channels, notifications and the inbox over HTTP.</summary>
public static class ChannelEndpoints
{
    /// <summary>Maps <c>/api/channels</c>, <c>/api/notifications</c> and <c>/api/inbox</c>.</summary>
    /// <param name="app">The routes.</param>
    public static void MapNotifications(this IEndpointRouteBuilder app)
    {
        var channels = app.MapGroup("/api/channels").WithTags("Channels").WithMetadata(new LeastRoleAttribute(Role.Designer));
        channels.MapGet("", async (ChannelStore store, CancellationToken cancellationToken) => Results.Ok((await store.ListAsync(cancellationToken)).Select(View))).WithSummary("Lists the notification channels; never their URLs and secrets.");
        channels.MapGet("/{name}", async (string name, ChannelStore store, CancellationToken cancellationToken) =>
            await store.FindAsync(name, cancellationToken) is { } found ? Results.Ok(View(found)) : Results.NotFound()).WithEntityTag(TagAsync).WithSummary("Reads a channel; never its URL and secrets.");
        channels.MapPut("/{name}", SetAsync).Accepts<ChannelOptions>("application/json").WithEntityTag(TagAsync).WithSummary("Makes or replaces a channel.");
        channels.MapDelete("/{name}", DeleteAsync).WithEntityTag(TagAsync).WithSummary("Removes a channel.");
        channels.MapPost("/{name}/test", TestAsync).WithSummary("Sends a test notification by a channel and says how it went.");
        channels.MapPost("/preview", Preview).WithSummary("Fills a template with values; nothing is sent.");

        var notifications = app.MapGroup("/api/notifications").WithTags("Notifications").WithMetadata(new LeastRoleAttribute(Role.Viewer));
        notifications.MapGet("", ListAsync).WithSummary("Lists notifications and what has become of them, newest first.");
        notifications.MapGet("/{id}", async (string id, NotificationLog log, CancellationToken cancellationToken) =>
            await log.FindAsync(id, cancellationToken) is { } found ? Results.Ok(View(found)) : Results.NotFound()).WithSummary("Reads a notification and its attempts.");
        app.MapGet("/api/instances/{id}/notifications", async (string id, int? take, NotificationLog log, CancellationToken cancellationToken) =>
            Results.Ok((await log.OfInstanceAsync(id, Size(take), cancellationToken)).Select(View))).WithTags("Instances").WithMetadata(new LeastRoleAttribute(Role.Viewer)).WithSummary("Lists the notifications that an instance has sent.");

        var inbox = app.MapGroup("/api/inbox").WithTags("Inbox").WithMetadata(new LeastRoleAttribute(Role.Viewer));
        inbox.MapGet("", async (bool? unread, DateTimeOffset? before, int? take, Inbox entries, CancellationToken cancellationToken) =>
            Results.Ok(new InboxPage(await entries.UnreadAsync(cancellationToken), await entries.LatestAsync(unread ?? false, before ?? DateTimeOffset.MaxValue, Size(take), cancellationToken)))).WithSummary("Lists what is in the inbox, newest first.");
        inbox.MapGet("/count", async (Inbox entries, CancellationToken cancellationToken) => Results.Ok(new InboxCount(await entries.UnreadAsync(cancellationToken)))).WithSummary("Counts what is unread.");
        inbox.MapPost("/read", async (Inbox entries, CancellationToken cancellationToken) =>
        {
            await entries.MarkAllReadAsync(cancellationToken);
            return Results.NoContent();
        }).WithMetadata(new LeastRoleAttribute(Role.Operator)).WithSummary("Marks everything as read.");
        inbox.MapPost("/{id}/read", async (string id, Inbox entries, CancellationToken cancellationToken) =>
            await entries.MarkReadAsync(id, cancellationToken) ? Results.NoContent() : Results.NotFound()).WithMetadata(new LeastRoleAttribute(Role.Operator)).WithSummary("Marks one as read.");
        inbox.MapDelete("/{id}", async (string id, Inbox entries, CancellationToken cancellationToken) =>
        {
            await entries.DeleteAsync(id, cancellationToken);
            return Results.NoContent();
        }).WithMetadata(new LeastRoleAttribute(Role.Operator)).WithSummary("Removes one from the inbox.");
    }

    private static async ValueTask<string?> TagAsync(HttpContext context) =>
        await context.RequestServices.GetRequiredService<ChannelStore>().FindAsync((string)context.Request.RouteValues["name"]!, context.RequestAborted) is { } found ? found.Tag : null;

    private static int Size(int? take) => Math.Clamp(take ?? 100, 1, 1000);

    private static async Task<IResult> SetAsync(string name, JsonElement body, ChannelStore store, CancellationToken cancellationToken)
    {
        try
        {
            var options = ChannelReader.Read(body);
            await store.SetAsync(name, options, cancellationToken);
            return Results.Ok(View(new Channel(name, options, IsFromConfiguration: false)));
        }
        catch (ChannelException e)
        {
            return Results.Problem(e.Message, statusCode: StatusCodes.Status400BadRequest);
        }
    }

    private static async Task<IResult> DeleteAsync(string name, ChannelStore store, CancellationToken cancellationToken)
    {
        try
        {
            return await store.DeleteAsync(name, cancellationToken) ? Results.NoContent() : Results.NotFound();
        }
        catch (ChannelException e)
        {
            return Results.Problem(e.Message, statusCode: StatusCodes.Status409Conflict);
        }
    }

    private static async Task<IResult> TestAsync(string name, TestRequest? body, ChannelTest test, CancellationToken cancellationToken) =>
        await test.SendAsync(name, body?.To, body?.Subject, body?.Text, cancellationToken) is { } result ? Results.Ok(result) : Results.NotFound();

    private static IResult Preview(PreviewRequest body, ChannelTest test)
    {
        var values = body.Values is { ValueKind: JsonValueKind.Object } given
            ? given.EnumerateObject().ToDictionary(p => p.Name, p => (object?)p.Value, StringComparer.Ordinal)
            : [];
        try
        {
            return Results.Ok(new PreviewAnswer(Rendered(body.Subject), Rendered(body.Body), Rendered(body.Html)));
        }
        catch (ExpressionException e)
        {
            return Results.Problem(e.Message, statusCode: StatusCodes.Status400BadRequest);
        }

        string? Rendered(string? template) => template is null ? null : test.Preview(template, values);
    }

    private static async Task<IResult> ListAsync(string? channel, string? status, DateTimeOffset? before, int? take, NotificationLog log, CancellationToken cancellationToken)
    {
        NotificationStatus? wanted = null;
        if (!string.IsNullOrEmpty(status))
        {
            if (!Enum.TryParse<NotificationStatus>(status, ignoreCase: true, out var parsed) || !Enum.IsDefined(parsed))
                return Results.Problem($"status is \"{status}\"; allowed are {string.Join(", ", Enum.GetNames<NotificationStatus>())}.", statusCode: StatusCodes.Status400BadRequest);
            wanted = parsed;
        }

        return Results.Ok((await log.LatestAsync(channel, wanted, before ?? DateTimeOffset.MaxValue, Size(take), cancellationToken)).Select(View));
    }

    private static ChannelView View(Channel channel) => new(channel.Name, channel.IsFromConfiguration, channel.Options);

    private static NotificationView View(Notification n) => new(
        n.Id, n.Channel, n.Kind, n.Recipient, n.Message.Subject, n.Message.Text, n.Message.Severity, n.Status.ToString(), n.Attempts, n.Note,
        n.InstanceId, n.ActivityExecutionId, n.JobId, n.FallbackOf, n.DigestId, n.CreatedAt, n.DueAt, n.SentAt);

    internal sealed record ChannelView(string Name, bool IsFromConfiguration, ChannelOptions Settings);

    internal sealed record NotificationView(
        string Id, string Channel, string Kind, string Recipient, string Subject, string Text, string Severity, string Status, int Attempts, string? Note,
        string? InstanceId, string? ActivityExecutionId, long? JobId, string? FallbackOf, string? DigestId, DateTimeOffset CreatedAt, DateTimeOffset? DueAt, DateTimeOffset? SentAt);

    internal sealed record TestRequest(string? To, string? Subject, string? Text);

    internal sealed record PreviewRequest(string? Subject, string? Body, string? Html, JsonElement? Values);

    internal sealed record PreviewAnswer(string? Subject, string? Body, string? Html);

    internal sealed record InboxPage(long Unread, IReadOnlyList<InboxEntry> Items);

    internal sealed record InboxCount(long Unread);
}
