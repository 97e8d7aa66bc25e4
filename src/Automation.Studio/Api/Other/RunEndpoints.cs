using System.Globalization;
using System.Text.Json;
using Automation.Steps.Endpoints;
using Automation.Studio.Api.Instances;
using Automation.Workflows.Execution;
using Automation.Workflows.Management;
using Automation.Workflows.Runtime;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Automation.Studio.Api.Other;

/// <summary>Running definitions: execute waits until the instance rests, dispatch only stores the wish.</summary>
internal static class RunEndpoints
{
    private const int MaxBulkDispatch = 10_000;

    public static void Map(IEndpointRouteBuilder api)
    {
        var run = api.MapGroup("/workflow-definitions/{definitionId}").Needs(Right.Run);
        run.MapPost("/execute", ExecuteByBodyAsync);
        run.MapGet("/execute", ExecuteByQueryAsync);
        run.MapPost("/dispatch", DispatchAsync);
        run.MapPost("/bulk-dispatch", BulkDispatchAsync);
    }

    private static async Task<IResult> ExecuteByBodyAsync(HttpContext context, string definitionId, WorkflowRuntime runtime, InstanceReader reader) =>
        await ExecuteAsync(context, definitionId, await context.Request.BodyAsync(StudioJson.Default.RunRequest) ?? new RunRequest(), runtime, reader);

    private static Task<IResult> ExecuteByQueryAsync(HttpContext context, string definitionId, WorkflowRuntime runtime, InstanceReader reader)
    {
        var request = context.Request;
        return ExecuteAsync(
            context, definitionId,
            new RunRequest(
                request.Text("correlationId"), request.Text("name"), request.Text("triggerActivityId"), null, request.Text("versionOptions"),
                Values(request, "input"), Values(request, "variables")),
            runtime, reader);
    }

    private static Dictionary<string, JsonElement>? Values(HttpRequest request, string name)
    {
        try
        {
            return request.Text(name) is { } text ? JsonSerializer.Deserialize(text, StudioJson.Default.DictionaryStringJsonElement) : null;
        }
        catch (JsonException e)
        {
            throw new BadInputException($"{name} must be a JSON object. {e.Message}");
        }
    }

    private static async Task<IResult> ExecuteAsync(HttpContext context, string definitionId, RunRequest request, WorkflowRuntime runtime, InstanceReader reader)
    {
        var headers = context.Response.Headers;
        headers["x-elsa-response"] = "true";
        var result = await runtime.RunAsync(ToStart(definitionId, request), cancellationToken: context.RequestAborted);
        if (result.CannotStart == CannotStart.DefinitionNotFound)
            return TypedResults.NotFound();
        if (result.CannotStart == CannotStart.RefusedByActivationStrategy)
        {
            headers["x-elsa-workflow-cannot-start"] = "True";
            return TypedResults.Ok();
        }

        if (result.Instance is not { } instance || !result.Started)
            return Problems.Error(StatusCodes.Status400BadRequest, result.Reason ?? "The workflow cannot be started.");

        // A workflow that answers by itself answers alone: the genuine server adds nothing to it either.
        if (WorkflowAnswer.Find(result.Responses) is { } response)
        {
            headers.Remove("x-elsa-response");
            return new WrittenByWorkflow(response);
        }

        headers["x-elsa-workflow-instance-id"] = instance.Id;
        headers["x-elsa-workflow-cannot-start"] = "False";
        if (await reader.FindAsync(instance.Id, context.RequestAborted) is not { } stored)
            return TypedResults.NotFound();
        return new WrittenResult(
            w =>
            {
                w.WriteStartObject();
                w.WritePropertyName("workflowState");
                StateWriter.WriteState(w, stored);
                w.WriteEndObject();
            },
            instance.SubStatus == WorkflowSubStatus.Faulted ? StatusCodes.Status500InternalServerError : StatusCodes.Status200OK);
    }

    private static async Task<IResult> DispatchAsync(HttpContext context, string definitionId, WorkflowRuntime runtime)
    {
        var request = await context.Request.BodyAsync(StudioJson.Default.RunRequest) ?? new RunRequest();
        return await runtime.DispatchAsync(ToStart(definitionId, request), context.RequestAborted) is { } id
            ? TypedResults.Json(new DispatchAnswer(id), StudioJson.Default.DispatchAnswer)
            : TypedResults.NotFound();
    }

    private static async Task<IResult> BulkDispatchAsync(HttpContext context, string definitionId, WorkflowRuntime runtime)
    {
        var request = await context.Request.BodyAsync(StudioJson.Default.RunRequest) ?? new RunRequest();
        var count = request.Count ?? 1;
        if (count is < 1 or > MaxBulkDispatch)
            throw new BadInputException(string.Create(CultureInfo.InvariantCulture, $"count must be from 1 to {MaxBulkDispatch}, but is {count}."));
        var ids = new List<string>(count);
        for (var i = 0; i < count; i++)
        {
            if (await runtime.DispatchAsync(ToStart(definitionId, request with { InstanceId = null }), context.RequestAborted) is not { } id)
                return TypedResults.NotFound();
            ids.Add(id);
        }

        return TypedResults.Json(new BulkDispatchAnswer(ids), StudioJson.Default.BulkDispatchAnswer);
    }

    private static StartWorkflowRequest ToStart(string definitionId, RunRequest request) => new()
    {
        DefinitionId = definitionId,
        Version = RequestReader.ParseVersion(request.VersionOptions, VersionOptions.Published),
        InstanceId = Given(request.InstanceId),
        CorrelationId = Given(request.CorrelationId),
        Name = Given(request.Name),
        TriggerActivityId = Given(request.TriggerActivityId),
        OnlyActivity = Given(request.ActivityHandle?.ActivityId) ?? Given(request.ActivityHandle?.ActivityNodeId),
        Input = Json.ToPlain(request.Input),
        Variables = Json.ToPlain(request.Variables),
    };

    private static string? Given(string? text) => string.IsNullOrWhiteSpace(text) ? null : text;
}
