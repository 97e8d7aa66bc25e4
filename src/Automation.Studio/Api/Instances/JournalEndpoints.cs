using Automation.Workflows.Queries;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Automation.Studio.Api.Instances;

/// <summary>What instances did: the journal, the executions of activities, the badges on the canvas.</summary>
internal static class JournalEndpoints
{
    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapPost("/workflow-instances/{id}/journal", FilteredAsync);
        api.MapGet("/workflow-instances/{id}/journal", AllAsync);
        api.MapGet("/workflow-instances/{id}/journal/{activityId}", LastAsync);
        api.MapPost("/activity-executions/report", ReportAsync);
        api.MapGet("/activity-executions/list", ExecutionsAsync);
        api.MapGet("/activity-executions/count", CountAsync);
        api.MapGet("/activity-executions/by-id", (HttpContext context, JournalQueries queries) => ExecutionAsync(context, context.Request.Text("id") ?? "", queries));
        api.MapGet("/activity-executions/{id}", ExecutionAsync);
        api.MapGet("/activity-executions/{id}/call-stack", CallStackAsync);
        api.MapGet("/activity-execution-summaries/list", SummariesAsync);
    }

    private static async Task<IResult> FilteredAsync(HttpContext context, string id, JournalQueries queries)
    {
        var filter = (await context.Request.BodyAsync(StudioJson.Default.JournalRequest))?.Filter;
        return await JournalAsync(
            context, id,
            new JournalFilter
            {
                ActivityIds = filter?.ActivityIds,
                ActivityNodeIds = filter?.ActivityNodeIds,
                ExcludedActivityTypes = filter?.ExcludedActivityTypes,
                EventNames = filter?.EventNames,
            },
            queries);
    }

    private static Task<IResult> AllAsync(HttpContext context, string id, JournalQueries queries) => JournalAsync(context, id, null, queries);

    private static async Task<IResult> JournalAsync(HttpContext context, string id, JournalFilter? filter, JournalQueries queries)
    {
        var (skip, take) = context.Request.Paging();
        // An instance that is gone has an empty journal, as in the genuine server.
        var page = await queries.ListJournalAsync(id, filter, skip, take, context.RequestAborted) ?? new Page<JournalRecord>([], 0);
        return TypedResults.Json(new PageAnswer<JournalLine>([.. page.Items.Select(JournalLine.From)], page.TotalCount), StudioJson.Default.PageAnswerJournalLine);
    }

    private static async Task<IResult> LastAsync(HttpContext context, string id, string activityId, JournalQueries queries) =>
        await queries.FindLastEntryAsync(id, activityId, context.RequestAborted) is { } entry
            ? TypedResults.Json(JournalLine.From(entry), StudioJson.Default.JournalLine)
            : TypedResults.NotFound();

    private static async Task<IResult> ReportAsync(HttpContext context, JournalQueries queries)
    {
        var request = await context.Request.BodyAsync(StudioJson.Default.ReportRequest);
        if (request?.WorkflowInstanceId is not { } id)
            throw new BadInputException("workflowInstanceId is missing.");
        var stats = await queries.ReportAsync(id, request.ActivityNodeIds, context.RequestAborted);
        return TypedResults.Json(new ReportAnswer([.. stats.Select(NodeStats.From)]), StudioJson.Default.ReportAnswer);
    }

    private static async Task<IResult> ExecutionsAsync(HttpContext context, JournalQueries queries) =>
        TypedResults.Json(
            new ListAnswer<ExecutionRecord>([.. (await ListAsync(context, queries)).Select(ExecutionRecord.From)]), StudioJson.Default.ListAnswerExecutionRecord);

    private static async Task<IResult> SummariesAsync(HttpContext context, JournalQueries queries) =>
        TypedResults.Json(
            new ListAnswer<ExecutionSummary>([.. (await ListAsync(context, queries)).Select(ExecutionSummary.From)]), StudioJson.Default.ListAnswerExecutionSummary);

    private static async Task<IResult> CountAsync(HttpContext context, JournalQueries queries) =>
        TypedResults.Json(new Definitions.CountAnswer((await ListAsync(context, queries)).Count), StudioJson.Default.CountAnswer);

    private static Task<IReadOnlyList<ActivityExecution>> ListAsync(HttpContext context, JournalQueries queries) =>
        queries.ListExecutionsAsync(
            context.Request.Text("workflowInstanceId") ?? "", context.Request.Text("activityNodeId"), context.Request.Flag("completed"), context.RequestAborted);

    private static async Task<IResult> ExecutionAsync(HttpContext context, string id, JournalQueries queries) =>
        await queries.FindExecutionAsync(id, context.RequestAborted) is { } execution
            ? TypedResults.Json(ExecutionRecord.From(execution), StudioJson.Default.ExecutionRecord)
            : TypedResults.NotFound();

    private static async Task<IResult> CallStackAsync(HttpContext context, string id, JournalQueries queries)
    {
        var stack = await queries.GetCallStackAsync(id, context.Request.Flag("includeCrossWorkflowChain") ?? false, context.RequestAborted);
        if (stack is null)
            return TypedResults.NotFound();
        var (skip, take) = context.Request.Paging();
        var page = stack.Skip(skip).Take(take ?? int.MaxValue).Select(ExecutionRecord.From).ToList();
        return TypedResults.Json(new CallStackAnswer(id, page, stack.Count), StudioJson.Default.CallStackAnswer);
    }
}
