using System.Text.Json;
using Automation.Workflows.Queries;
using Automation.Workflows.Runtime;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Automation.Studio.Api.Alterations;

/// <summary>Acting on instances from outside: retry what faulted, cancel or schedule an activity, set a variable, move to another version.</summary>
internal static class AlterationEndpoints
{
    public static void Map(IEndpointRouteBuilder api)
    {
        var run = api.MapGroup("/alterations").Needs(Right.Run);
        run.MapPost("/run", RunAsync);
        run.MapPost("/workflows/retry", RetryAsync);
        run.MapPost("/dry-run", DryRunAsync);
        run.MapPost("/submit", SubmitAsync);
        run.MapGet("/{planId}", FindPlanAsync);
    }

    private static async Task<IResult> RetryAsync(HttpContext context, WorkflowRuntime runtime, TimeProvider clock)
    {
        var request = await context.Request.BodyAsync(StudioJson.Default.RetryRequest) ?? new RetryRequest();
        var results = new List<AlterationResult>();
        foreach (var id in request.WorkflowInstanceIds ?? [])
        {
            var after = await runtime.RetryAsync(id, request.ActivityIds, cancellationToken: context.RequestAborted);
            results.Add(after is null
                ? Result(id, clock, succeeded: false, "There is no such instance, or nothing in it has faulted.")
                : Result(id, clock, succeeded: true, "What had faulted was run again."));
        }

        return Answer(results);
    }

    private static async Task<IResult> RunAsync(HttpContext context, WorkflowRuntime runtime, TimeProvider clock)
    {
        var request = await context.Request.BodyAsync(StudioJson.Default.AlterationsRequest) ?? new AlterationsRequest();
        var results = new List<AlterationResult>();
        foreach (var id in request.WorkflowInstanceIds ?? [])
        {
            var done = true;
            var messages = new List<string>();
            foreach (var alteration in request.Alterations ?? [])
            {
                var (succeeded, message) = await Alteration.ApplyAsync(id, alteration, runtime, context.RequestAborted);
                done &= succeeded;
                messages.Add(message);
            }

            results.Add(Result(id, clock, done, [.. messages]));
        }

        return Answer(results);
    }

    /// <summary>Which instances a filter selects; one without any condition selects none unless it says that it means all.</summary>
    private static async Task<IResult> DryRunAsync(HttpContext context, InstanceQueries queries)
    {
        var filter = await context.Request.BodyAsync(StudioJson.Default.AlterationFilter) ?? new AlterationFilter();
        return TypedResults.Json(new AlterationTargets(await filter.SelectAsync(queries, context.RequestAborted)), StudioJson.Default.AlterationTargets);
    }

    /// <summary>Stores a plan, which is carried out in the background: nothing of it is lost when the server stops.</summary>
    private static async Task<IResult> SubmitAsync(HttpContext context, AlterationPlans plans)
    {
        var request = await context.Request.BodyAsync(StudioJson.Default.PlanRequest) ?? new PlanRequest();
        if (request.Alterations is not { Count: > 0 })
            throw new BadInputException("alterations is empty; a plan needs at least one.");
        (request.Filter ?? new AlterationFilter()).ToInstances();
        return TypedResults.Json(new PlanAnswer(await plans.SubmitAsync(request, context.RequestAborted)), StudioJson.Default.PlanAnswer);
    }

    private static async Task<IResult> FindPlanAsync(HttpContext context, string planId, AlterationPlans plans) =>
        await plans.FindAsync(planId, context.RequestAborted) is { } plan ? TypedResults.Json(plan, StudioJson.Default.PlanState) : TypedResults.NotFound();

    private static AlterationResult Result(string id, TimeProvider clock, bool succeeded, params IEnumerable<string> messages) => new(
        id,
        new AlterationLog([.. messages.Select(m => new AlterationLogEntry(m, succeeded ? "Information" : "Error", clock.GetUtcNow(), succeeded ? "Altered" : "Failed"))]),
        WorkflowHasScheduledWork: false,
        succeeded);

    private static IResult Answer(List<AlterationResult> results) => TypedResults.Json(new AlterationsAnswer(results), StudioJson.Default.AlterationsAnswer);
}
