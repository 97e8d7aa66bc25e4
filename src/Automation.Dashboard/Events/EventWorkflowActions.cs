using Automation.Dashboard.Access;
using Automation.Dashboard.Shared;
using Automation.Dashboard.Shell;
using Automation.Intake.Events;
using Automation.Storage.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Automation.Dashboard.Events;

/// <summary>From an event to a workflow: the buttons of the event's page, and the same over HTTP.</summary>
internal static class EventWorkflowActions
{
    public static void MapEventWorkflows(this IEndpointRouteBuilder app)
    {
        var pages = app.MapGroup("/events/{id}").AddEndpointFilter(PageActions.RequireTokenAsync).DisableAntiforgery().ExcludeFromDescription();
        pages.MapPost("/test", TestFromPageAsync).WithMetadata(new LeastRoleAttribute(Role.Operator));
        pages.MapPost("/workflow", DraftFromPageAsync).WithMetadata(new LeastRoleAttribute(Role.Designer));

        var api = app.MapGroup("/api/events/{id}").WithTags("Events");
        api.MapPost("/test", TestAsync).WithName("TestEvent").WithMetadata(new LeastRoleAttribute(Role.Operator))
            .WithSummary("Starts the newest version of a workflow, draft or not, with an event, beside all routing; its steps do what they do.");
        api.MapPost("/workflow", DraftAsync).WithName("DraftWorkflowFromEvent").WithMetadata(new LeastRoleAttribute(Role.Designer))
            .WithSummary("Makes a draft of a workflow whose trigger is the event's source and type.");
    }

    private static async Task<IResult> TestFromPageAsync(string id, HttpContext context, EventWorkflows workflows)
    {
        var form = await context.Request.ReadFormAsync(context.RequestAborted);
        var run = await workflows.TestAsync(id, form["workflow"].ToString(), context.RequestAborted);
        if (run?.InstanceId is { } instance)
            return Results.Redirect("/instances/" + Uri.EscapeDataString(instance));
        Audit.Refused(context);
        Flash.Set(context, run?.Problem ?? "There is no such event, or it was refused.");
        return Results.Redirect("/events/" + Uri.EscapeDataString(id));
    }

    private static async Task<IResult> DraftFromPageAsync(string id, HttpContext context, EventWorkflows workflows)
    {
        if (await workflows.DraftAsync(id, context.RequestAborted) is { } definition)
        {
            Audit.Note(context, definition, before: null, after: null);
            return Results.Redirect("/studio/workflows/" + Uri.EscapeDataString(definition));
        }

        Audit.Refused(context);
        Flash.Set(context, "A workflow can be made from an event that was taken and has a type.");
        return Results.Redirect("/events/" + Uri.EscapeDataString(id));
    }

    private static async Task<Results<Ok<TestRun>, ProblemHttpResult>> TestAsync(string id, TestBody body, EventWorkflows workflows, EventQueries queries, CancellationToken cancellationToken) =>
        await workflows.TestAsync(id, body.Workflow ?? "", cancellationToken) switch
        {
            null => await Problems.OfEventAsync(id, queries, "It was refused, and what was refused cannot be tried.", cancellationToken),
            { Problem: { } problem } => Problems.Conflict(problem),
            var run => TypedResults.Ok(run),
        };

    private static async Task<Results<Created<DraftAnswer>, ProblemHttpResult>> DraftAsync(string id, EventWorkflows workflows, EventQueries queries, CancellationToken cancellationToken) =>
        await workflows.DraftAsync(id, cancellationToken) is { } definition
            ? TypedResults.Created($"/elsa/api/workflow-definitions/by-definition-id/{Uri.EscapeDataString(definition)}", new DraftAnswer(definition))
            : await Problems.OfEventAsync(id, queries, "A workflow can be made from an event that was taken and has a type.", cancellationToken);
}

/// <summary>What to try with an event.</summary>
/// <param name="Workflow">The definition id of the workflow.</param>
internal sealed record TestBody(string? Workflow);

/// <summary>The draft that was made.</summary>
/// <param name="DefinitionId">Its definition id.</param>
internal sealed record DraftAnswer(string DefinitionId);
