using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Automation.Dashboard.Access;
using Automation.Dashboard.Shell;
using Automation.Expressions;
using Automation.Steps.Editing;
using Automation.Steps.Notifications;
using Automation.Steps.Secrets;
using Automation.Storage.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Automation.Dashboard.Notifications;

/// <summary>What the buttons of the inbox and of channels do, and the number of unread entries in the navigation.</summary>
internal static class NotificationActions
{
    public static void MapNotificationActions(this IEndpointRouteBuilder app)
    {
        app.MapGet("/inbox/unread", async (Inbox inbox, CancellationToken cancellationToken) =>
            await inbox.UnreadAsync(cancellationToken) is > 0 and var unread
                ? Results.Content(string.Create(CultureInfo.InvariantCulture, $"<span class=\"count info\">{(unread > 999 ? "999+" : unread)}<span class=\"visually-hidden\"> unread</span></span>"), "text/html")
                : Results.Content("", "text/html")).WithMetadata(new LeastRoleAttribute(Role.Viewer)).ExcludeFromDescription();

        var inbox = app.MapGroup("/inbox").AddEndpointFilter(PageActions.RequireTokenAsync).DisableAntiforgery().WithMetadata(new LeastRoleAttribute(Role.Operator)).ExcludeFromDescription();
        inbox.MapPost("/read", async (HttpContext context, Inbox entries) =>
        {
            await entries.MarkAllReadAsync(context.RequestAborted);
            return Results.Redirect("/inbox");
        });
        inbox.MapPost("/{id}/read", async (string id, HttpContext context, Inbox entries) =>
        {
            await entries.MarkReadAsync(id, context.RequestAborted);
            return Results.Redirect("/inbox");
        });
        inbox.MapPost("/{id}/delete", async (string id, HttpContext context, Inbox entries) =>
        {
            await entries.DeleteAsync(id, context.RequestAborted);
            return Results.Redirect("/inbox");
        });

        var channels = app.MapGroup("/notifications").AddEndpointFilter(PageActions.RequireTokenAsync).DisableAntiforgery().WithMetadata(new LeastRoleAttribute(Role.Designer)).ExcludeFromDescription();
        channels.MapPost("/channels/store", SetAsync);
        channels.MapPost("/channels/{name}/test", TestAsync);
        channels.MapPost("/channels/{name}/delete", DeleteAsync);
        channels.MapPost("/preview", PreviewAsync);
    }

    private static async Task<IResult> SetAsync(HttpContext context, ChannelStore store, SecretStore secrets)
    {
        var form = await context.Request.ReadFormAsync(context.RequestAborted);
        var name = form["name"].ToString().Trim();
        try
        {
            var before = await store.FindAsync(name, context.RequestAborted);
            var settings = ChannelReader.Read(form["settings"].ToString());
            // Under another name it is another channel: nobody's change is lost then.
            var tag = form["edit"] == name ? form["tag"].ToString() : null;
            if (!await EntityTags.ChangeAsync(
                context, tag, async () => (await store.FindAsync(name, context.RequestAborted))?.Tag, () => store.SetAsync(name, settings, context.RequestAborted)))
                throw new ChannelException(EntityTags.Changed);
            Audit.Note(context, name, Audit.Json(before?.Options), Audit.Json(settings));
            Flash.Set(context, $"The channel {name} is stored.{await MissingAsync(settings, store, secrets, context.RequestAborted)}");
            return Results.Redirect("/notifications/channels");
        }
        catch (ChannelException e)
        {
            // The form comes back as it was filled, with the reason.
            Audit.Refused(context);
            return FormAgain.Of<ChannelsPage>(new Dictionary<string, object?>(StringComparer.Ordinal)
            {
                [nameof(ChannelsPage.Edit)] = form["edit"].ToString(),
                [nameof(ChannelsPage.DraftName)] = name,
                [nameof(ChannelsPage.DraftSettings)] = form["settings"].ToString(),
                [nameof(ChannelsPage.DraftTag)] = form["tag"].ToString(),
                [nameof(ChannelsPage.Refused)] = e.Message,
            });
        }
    }

    // Not refused: they may be stored in any order.
    private static async Task<string> MissingAsync(ChannelOptions settings, ChannelStore store, SecretStore secrets, CancellationToken cancellationToken)
    {
        var missing = new List<string>();
        if (settings.Secret?.Trim() is { Length: > 0 } secret && (await secrets.ListAsync(cancellationToken)).All(s => s.Name != secret))
            missing.Add($" There is no secret \"{secret}\" yet: store it under Secrets.");
        if (settings.Fallback?.Trim() is { Length: > 0 } fallback && await store.FindAsync(fallback, cancellationToken) is null)
            missing.Add($" Its fallback \"{fallback}\" does not exist yet.");
        return string.Concat(missing);
    }

    private static async Task<IResult> TestAsync(string name, HttpContext context, ChannelTest test)
    {
        if (await test.SendAsync(name, to: null, subject: null, text: null, context.RequestAborted) is { } result)
            Flash.Set(context, string.Create(CultureInfo.InvariantCulture, $"{name}: {(result.Sent ? "sent" : "not sent")} after {result.DurationMs:0} ms. {result.Note}"), isBad: !result.Sent);
        return Results.Redirect("/notifications/channels");
    }

    private static async Task<IResult> DeleteAsync(string name, HttpContext context, ChannelStore store)
    {
        try
        {
            await store.DeleteAsync(name, context.RequestAborted);
            Flash.Set(context, $"The channel {name} is removed.");
        }
        catch (ChannelException e)
        {
            Audit.Refused(context);
            Flash.Set(context, e.Message, isBad: true);
        }

        return Results.Redirect("/notifications/channels");
    }

    private static async Task<IResult> PreviewAsync(HttpContext context, ChannelTest test)
    {
        var form = await context.Request.ReadFormAsync(context.RequestAborted);
        try
        {
            using var values = JsonDocument.Parse(form["values"].ToString() is { Length: > 0 } given ? given : "{}");
            if (values.RootElement.ValueKind != JsonValueKind.Object)
                throw new JsonException("The values must be a JSON object.");
            var text = test.Preview(form["template"].ToString(), values.RootElement.EnumerateObject().ToDictionary(v => v.Name, v => (object?)v.Value.Clone(), StringComparer.Ordinal));
            return Part("pre tabindex=\"0\"", "pre", text);
        }
        catch (Exception e) when (e is JsonException or ExpressionException or ArgumentException)
        {
            return Part("p class=\"note bad\"", "p", e is JsonException { LineNumber: not null } ? $"The values are not JSON: {e.Message}" : e.Message);
        }
    }

    private static IResult Part(string open, string close, string text) => Results.Content($"<{open}>{HtmlEncoder.Default.Encode(text)}</{close}>", "text/html; charset=utf-8");
}
