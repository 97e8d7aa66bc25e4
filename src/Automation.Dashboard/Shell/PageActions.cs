using Automation.Intake.Events;
using Automation.Workflows.Runtime;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Automation.Dashboard.Shell;

/// <summary>What the buttons of the pages do. Each is a form post with its antiforgery token, and leads back to a page.</summary>
internal static class PageActions
{
    public static void MapPageActions(this IEndpointRouteBuilder app)
    {
        var actions = app.MapGroup("").AddEndpointFilter(RequireTokenAsync);
        actions.MapPost("/events/{id}/replay", async (string id, EventActions events, CancellationToken token) =>
            Results.Redirect("/events/" + Uri.EscapeDataString(await events.ReplayAsync(id, token) ?? id))).DisableAntiforgery();
        actions.MapPost("/events/{id}/retry", async (string id, EventActions events, CancellationToken token) =>
        {
            await events.RetryAsync(id, token);
            return Results.Redirect("/events/" + Uri.EscapeDataString(id));
        }).DisableAntiforgery();
        actions.MapPost("/instances/{id}/cancel", async (string id, WorkflowRuntime runtime, CancellationToken token) =>
        {
            await runtime.CancelAsync(id, cancellationToken: token);
            return Results.Redirect("/instances/" + Uri.EscapeDataString(id));
        }).DisableAntiforgery();
        actions.MapPost("/instances/{id}/retry", async (string id, WorkflowRuntime runtime, CancellationToken token) =>
        {
            await runtime.RetryAsync(id, cancellationToken: token);
            return Results.Redirect("/instances/" + Uri.EscapeDataString(id));
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
