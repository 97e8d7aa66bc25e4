using Automation.Dashboard.Events;
using Automation.Intake.Events;
using Automation.Storage.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Automation.Dashboard.Shell;

/// <summary>What the buttons of the pages do. Each is a form post with its antiforgery token, and leads back to a page.</summary>
internal static class PageActions
{
    public static void MapPageActions(this IEndpointRouteBuilder app)
    {
        var actions = app.MapGroup("").AddEndpointFilter(RequireTokenAsync).WithMetadata(new LeastRoleAttribute(Role.Operator)).ExcludeFromDescription();
        actions.MapPost("/events/{id}/replay", async (string id, EventActions events, CancellationToken token) =>
            Results.Redirect("/events/" + Uri.EscapeDataString(await events.ReplayAsync(id, token) ?? id))).DisableAntiforgery();
        actions.MapPost("/events/{id}/retry", async (string id, EventActions events, CancellationToken token) =>
        {
            await events.RetryAsync(id, token);
            return Results.Redirect("/events/" + Uri.EscapeDataString(id));
        }).DisableAntiforgery();
        actions.MapPost("/replays", async (HttpContext context, EventReplays replays, CancellationToken token) =>
        {
            var form = await context.Request.ReadFormAsync(token);
            return EventFilters.Read(form["source"], form["type"], form["status"], form["correlation"], null, null, form["text"], out var filter) is { } problem
                ? problem
                : Results.Redirect("/replays/" + await replays.StartAsync(filter, dryRun: true, token));
        }).DisableAntiforgery();
        actions.MapPost("/replays/{id}/run", async (string id, EventReplays replays, CancellationToken token) =>
            await replays.FindAsync(id, token) is { DryRun: true } dry
                ? Results.Redirect("/replays/" + await replays.StartAsync(dry.Filter, dryRun: false, token))
                : Results.Redirect("/replays/" + Uri.EscapeDataString(id))).DisableAntiforgery();
        actions.MapPost("/replays/{id}/cancel", async (string id, EventReplays replays, CancellationToken token) =>
        {
            await replays.CancelAsync(id, token);
            return Results.Redirect("/replays/" + Uri.EscapeDataString(id));
        }).DisableAntiforgery();
    }

    /// <summary>Antiforgery for endpoints that bind no form: the framework's own check only covers those that do.</summary>
    internal static async ValueTask<object?> RequireTokenAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var antiforgery = (Microsoft.AspNetCore.Antiforgery.IAntiforgery)context.HttpContext.RequestServices.GetService(typeof(Microsoft.AspNetCore.Antiforgery.IAntiforgery))!;
        return await antiforgery.IsRequestValidAsync(context.HttpContext)
            ? await next(context)
            : TypedResults.Problem(statusCode: StatusCodes.Status400BadRequest, title: "This form is out of date", detail: "Load the page again and repeat the action.");
    }
}
