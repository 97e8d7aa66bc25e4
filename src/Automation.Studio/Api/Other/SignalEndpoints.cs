using Automation.Workflows.Execution;
using Automation.Workflows.Runtime;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Automation.Studio.Api.Other;

/// <summary>What goes on from outside: events, tasks, bookmarks.</summary>
internal static class SignalEndpoints
{
    public static void Map(IEndpointRouteBuilder api)
    {
        var run = api.MapGroup("").Needs(Right.Run);
        run.MapPost("/events/{eventName}/trigger", TriggerAsync);
        run.MapPost("/tasks/{taskId}/complete", CompleteAsync);
        run.MapMethods("/bookmarks/resume", ["GET", "POST"], ResumeAsync);
    }

    private static async Task<IResult> TriggerAsync(HttpContext context, string eventName, WorkflowRuntime runtime)
    {
        var request = await context.Request.BodyAsync(StudioJson.Default.EventRequest) ?? new EventRequest();
        await runtime.SendStimulusAsync(
            new StimulusRequest(StimulusNames.Event, StimulusHash.Event(eventName))
            {
                Payload = Json.ToPlain(request.Input),
                CorrelationId = Given(request.CorrelationId),
                InstanceId = Given(request.WorkflowInstanceId),
                ActivityInstanceId = Given(request.ActivityInstanceId),
                KeepWhenUnmatched = true,
            },
            context.RequestAborted);
        return TypedResults.Ok();
    }

    /// <summary>Always 200: whether somebody still waits for the task is nothing its worker could mend.</summary>
    private static async Task<IResult> CompleteAsync(HttpContext context, string taskId, WorkflowRuntime runtime)
    {
        var request = await context.Request.BodyAsync(StudioJson.Default.TaskRequest);
        await runtime.CompleteTaskAsync(taskId, Json.ToPlain(request?.Result), context.RequestAborted);
        return TypedResults.Ok();
    }

    /// <summary>
    /// Goes on at a bookmark. Here the token is the bookmark's id, and the caller signs in: no address that works for
    /// whoever holds it is ever handed out.
    /// </summary>
    private static async Task<IResult> ResumeAsync(HttpContext context, WorkflowRuntime runtime)
    {
        var bookmark = context.Request.Text("t") ?? context.Request.Text("bookmarkId") ?? throw new BadInputException("t is missing; it must be the id of a bookmark.");
        var input = Json.ToPlain((await context.Request.BodyAsync(StudioJson.Default.ResumeRequest))?.Input);
        var result = await runtime.ResumeAsync(bookmark, input, input, cancellationToken: context.RequestAborted);
        return result.Resumed ? TypedResults.Ok() : TypedResults.NotFound();
    }

    private static string? Given(string? text) => string.IsNullOrWhiteSpace(text) ? null : text;
}
