using Automation.Expressions;
using Automation.Steps.Editing;
using Automation.Storage.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using System.Text.Json;

namespace Automation.Steps.Notifications;

/// <summary>Channels, notifications and the inbox over HTTP.</summary>
public static class ChannelEndpoints
{
    private const int DefaultTake = 100;

    private const string APlace = "the \"next\" of the page before, or a time";

    /// <summary>Maps <c>/api/channels</c>, <c>/api/notifications</c> and <c>/api/inbox</c>.</summary>
    /// <param name="app">The routes.</param>
    public static void MapNotifications(this IEndpointRouteBuilder app)
    {
        var channels = app.MapGroup("/api/channels").WithTags("Channels").WithMetadata(new LeastRoleAttribute(Role.Designer));
        channels.MapGet("", async (ChannelStore store, CancellationToken cancellationToken) => TypedResults.Ok((await store.ListAsync(cancellationToken)).Select(View)))
            .WithName("ListChannels").WithSummary("Lists the notification channels; never the values of their secrets.");
        channels.MapGet("/{name}", async Task<Results<Ok<ChannelView>, ProblemHttpResult>> (string name, ChannelStore store, CancellationToken cancellationToken) =>
            await store.FindAsync(name, cancellationToken) is { } found ? TypedResults.Ok(View(found)) : Refusals.Missing("channel", name)).WithEntityTag(TagAsync).WithName("FindChannel").WithSummary("Reads a channel; never the value of its secret.");
        channels.MapPut("/{name}", SetAsync).Accepts<ChannelOptions>("application/json").WithEntityTag(TagAsync).WithName("SetChannel").WithSummary("Makes or replaces a channel.");
        channels.MapDelete("/{name}", DeleteAsync).WithEntityTag(TagAsync).WithName("RemoveChannel").WithSummary("Removes a channel.");
        channels.MapPost("/{name}/test", TestAsync).WithName("TestChannel").WithSummary("Sends a test notification by a channel and says how it went.");
        channels.MapPost("/preview", Preview).WithName("PreviewNotification").WithSummary("Fills a template with values; nothing is sent.");

        var notifications = app.MapGroup("/api/notifications").WithTags("Notifications").WithMetadata(new LeastRoleAttribute(Role.Viewer));
        notifications.MapGet("", ListAsync).WithName("ListNotifications").WithSummary("Lists notifications and what has become of them, newest first; its \"next\" is the next page's \"before\".");
        notifications.MapGet("/{id}", async Task<Results<Ok<NotificationView>, ProblemHttpResult>> (string id, NotificationLog log, CancellationToken cancellationToken) =>
            await log.FindAsync(id, cancellationToken) is { } found ? TypedResults.Ok(View(found)) : Refusals.Missing("notification", id)).WithName("FindNotification").WithSummary("Reads a notification and its attempts.");
        app.MapGet("/api/instances/{id}/notifications", async Task<Results<Ok<IEnumerable<NotificationView>>, ProblemHttpResult>> (string id, int? take, NotificationLog log, CancellationToken cancellationToken) =>
            Refusals.OfSize(take) is { } problem ? problem : TypedResults.Ok((await log.OfInstanceAsync(id, take ?? DefaultTake, cancellationToken)).Select(View)))
            .WithTags("Instances").WithName("ListNotificationsOfInstance").WithMetadata(new LeastRoleAttribute(Role.Viewer)).WithSummary("Lists the notifications that an instance has sent, oldest first.");

        var inbox = app.MapGroup("/api/inbox").WithTags("Inbox").WithMetadata(new LeastRoleAttribute(Role.Viewer));
        inbox.MapGet("", ListInboxAsync).WithName("ListInbox").WithSummary("Lists what is in the inbox, newest first; its \"next\" is the next page's \"before\".");
        inbox.MapGet("/count", async (Inbox entries, CancellationToken cancellationToken) => TypedResults.Ok(new InboxCount(await entries.UnreadAsync(cancellationToken))))
            .WithName("CountInbox").WithSummary("Counts what is unread.");
        inbox.MapPost("/read", async (Inbox entries, CancellationToken cancellationToken) =>
        {
            await entries.MarkAllReadAsync(cancellationToken);
            return TypedResults.NoContent();
        }).WithMetadata(new LeastRoleAttribute(Role.Operator)).WithName("ReadInbox").WithSummary("Marks everything as read.");
        inbox.MapPost("/{id}/read", async Task<Results<NoContent, ProblemHttpResult>> (string id, Inbox entries, CancellationToken cancellationToken) =>
            await entries.MarkReadAsync(id, cancellationToken) ? TypedResults.NoContent() : Refusals.Missing("inbox entry", id))
            .WithMetadata(new LeastRoleAttribute(Role.Operator)).WithName("ReadInboxEntry").WithSummary("Marks one as read.");
        inbox.MapDelete("/{id}", async Task<Results<NoContent, ProblemHttpResult>> (string id, Inbox entries, CancellationToken cancellationToken) =>
            await entries.DeleteAsync(id, cancellationToken) ? TypedResults.NoContent() : Refusals.Missing("inbox entry", id))
            .WithMetadata(new LeastRoleAttribute(Role.Operator)).WithName("RemoveInboxEntry").WithSummary("Removes one from the inbox.");
    }

    private static async ValueTask<string?> TagAsync(HttpContext context) =>
        await context.RequestServices.GetRequiredService<ChannelStore>().FindAsync((string)context.Request.RouteValues["name"]!, context.RequestAborted) is { } found ? found.Tag : null;

    private static async Task<Results<Ok<ChannelView>, ProblemHttpResult>> SetAsync(string name, JsonElement body, ChannelStore store, CancellationToken cancellationToken)
    {
        try
        {
            var options = ChannelReader.Read(body);
            await store.SetAsync(name, options, cancellationToken);
            return TypedResults.Ok(View(new Channel(name, options, IsFromConfiguration: false)));
        }
        catch (ChannelException e)
        {
            return Refusals.Invalid("channel", e.Message);
        }
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteAsync(string name, ChannelStore store, CancellationToken cancellationToken)
    {
        try
        {
            return await store.DeleteAsync(name, cancellationToken) ? TypedResults.NoContent() : Refusals.Missing("channel", name);
        }
        catch (ChannelException e)
        {
            return Refusals.Conflict(e.Message);
        }
    }

    private static async Task<Results<Ok<ChannelTestResult>, ProblemHttpResult>> TestAsync(string name, TestRequest? body, ChannelTest test, CancellationToken cancellationToken) =>
        await test.SendAsync(name, body?.To, body?.Subject, body?.Text, cancellationToken) is { } result ? TypedResults.Ok(result) : Refusals.Missing("channel", name);

    private static Results<Ok<PreviewAnswer>, ProblemHttpResult> Preview(PreviewRequest body, ChannelTest test)
    {
        var values = body.Values is { ValueKind: JsonValueKind.Object } given
            ? given.EnumerateObject().ToDictionary(p => p.Name, p => (object?)p.Value, StringComparer.Ordinal)
            : [];
        try
        {
            return TypedResults.Ok(new PreviewAnswer(Rendered(body.Subject), Rendered(body.Body), Rendered(body.Html)));
        }
        catch (ExpressionException e)
        {
            return Refusals.Invalid("template", e.Message);
        }

        string? Rendered(string? template) => template is null ? null : test.Preview(template, values);
    }

    private static async Task<Results<Ok<NotificationPage>, ProblemHttpResult>> ListAsync(string? channel, string? status, string? before, int? take, NotificationLog log, CancellationToken cancellationToken)
    {
        NotificationStatus? wanted = null;
        if (!string.IsNullOrEmpty(status))
        {
            if (!Enum.TryParse<NotificationStatus>(status, ignoreCase: true, out var parsed) || !Enum.IsDefined(parsed))
                return Refusals.Range("status", status, string.Join(", ", Enum.GetNames<NotificationStatus>()));
            wanted = parsed;
        }

        if (Refusals.OfSize(take) is { } problem)
            return problem;
        if (TimeCursor.Read(before) is not { } place)
            return Refusals.Range("before", before, APlace);
        var found = await log.LatestAsync(channel, wanted, place, take ?? DefaultTake, cancellationToken);
        return TypedResults.Ok(new NotificationPage([.. found.Select(View)], found.Count == (take ?? DefaultTake) ? TimeCursor.Of(found[^1].CreatedAt, found[^1].Id) : null));
    }

    private static async Task<Results<Ok<InboxPage>, ProblemHttpResult>> ListInboxAsync(bool? unread, string? before, int? take, Inbox entries, CancellationToken cancellationToken)
    {
        if (Refusals.OfSize(take) is { } problem)
            return problem;
        if (TimeCursor.Read(before) is not { } place)
            return Refusals.Range("before", before, APlace);
        var found = await entries.LatestAsync(unread ?? false, place, take ?? DefaultTake, cancellationToken);
        return TypedResults.Ok(new InboxPage(
            await entries.UnreadAsync(cancellationToken), found, found.Count == (take ?? DefaultTake) ? TimeCursor.Of(found[^1].CreatedAt, found[^1].Id) : null));
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

    internal sealed record InboxPage(long Unread, IReadOnlyList<InboxEntry> Items, string? Next);

    internal sealed record NotificationPage(IReadOnlyList<NotificationView> Items, string? Next);

    internal sealed record InboxCount(long Unread);
}
