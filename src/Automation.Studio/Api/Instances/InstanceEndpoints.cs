using Automation.Workflows.Execution;
using Automation.Workflows.Queries;
using Automation.Workflows.Runtime;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;

namespace Automation.Studio.Api.Instances;

/// <summary>Instances: lists, one, its variables; cancelling and deleting.</summary>
internal static class InstanceEndpoints
{
    private const int DefaultPageSize = 100;

    /// <summary>Most instances that one request cancels or deletes of a definition at a time, so that others are not held up.</summary>
    private const int BulkStep = 500;

    public static void Map(IEndpointRouteBuilder api)
    {
        var instances = api.MapGroup("/workflow-instances");
        instances.MapPost("", ListByBodyAsync);
        instances.MapGet("", ListByQueryAsync);
        instances.MapGet("/{id}", FindAsync);
        instances.MapGet("/{id}/execution-state", ExecutionStateAsync);
        instances.MapGet("/{id}/variables", VariablesAsync);
        instances.MapPost("/{id}/variables", SetVariablesAsync).Needs(Right.Run);
        instances.MapDelete("/{id}", DeleteAsync).Needs(Right.Run);
        api.MapPost("/bulk-actions/delete/workflow-instances/by-id", DeleteManyAsync).Needs(Right.Run);
        api.MapPost("/cancel/workflow-instances/{id}", CancelAsync).Needs(Right.Run);
        api.MapPost("/bulk-actions/cancel/workflow-instances", CancelManyAsync).Needs(Right.Run);
    }

    private static async Task<IResult> ListByBodyAsync(HttpContext context, InstanceQueries queries) =>
        await ListAsync(await context.Request.BodyAsync(StudioJson.Default.InstanceListRequest) ?? new InstanceListRequest(), queries, context.RequestAborted);

    private static Task<IResult> ListByQueryAsync(HttpContext context, InstanceQueries queries)
    {
        var request = context.Request;
        return ListAsync(
            new InstanceListRequest
            {
                Page = request.Number("page"),
                PageSize = request.Number("pageSize"),
                Skip = request.Number("skip"),
                Take = request.Number("take"),
                SearchTerm = request.Text("searchTerm"),
                Ids = request.Texts("ids"),
                DefinitionId = request.Text("definitionId"),
                DefinitionIds = request.Texts("definitionIds"),
                DefinitionVersionId = request.Text("definitionVersionId"),
                DefinitionVersionIds = request.Texts("definitionVersionIds"),
                CorrelationId = request.Text("correlationId"),
                Name = request.Text("name"),
                Version = request.Number("version"),
                HasIncidents = request.Flag("hasIncidents"),
                IsSystem = request.Flag("isSystem"),
                ParentWorkflowInstanceId = request.Text("parentWorkflowInstanceId"),
                Status = request.Text("status"),
                Statuses = request.Texts("statuses"),
                SubStatus = request.Text("subStatus"),
                SubStatuses = request.Texts("subStatuses"),
                OrderBy = request.Text("orderBy"),
                OrderDirection = request.Text("orderDirection"),
            },
            queries,
            context.RequestAborted);
    }

    private static async Task<IResult> ListAsync(InstanceListRequest request, InstanceQueries queries, CancellationToken cancellationToken)
    {
        var take = Math.Clamp(request.Take ?? request.PageSize ?? DefaultPageSize, 0, RequestReader.MaxPageSize);
        var page = await queries.ListAsync(
            InstanceFilters.From(request) with { Skip = request.Skip ?? (long)(request.Page ?? 0) * take, Take = take }, cancellationToken);
        return TypedResults.Json(new PageAnswer<InstanceRow>([.. page.Items.Select(InstanceRow.From)], page.TotalCount), StudioJson.Default.PageAnswerInstanceRow);
    }

    private static async Task<IResult> FindAsync(HttpContext context, string id, InstanceReader reader) =>
        await reader.FindAsync(id, context.RequestAborted) is { } instance
            ? new WrittenResult(w => StateWriter.WriteInstance(w, instance))
            : TypedResults.NotFound();

    private static async Task<IResult> ExecutionStateAsync(HttpContext context, string id, InstanceReader reader) =>
        await reader.FindAsync(id, context.RequestAborted) is { Summary: var summary }
            ? TypedResults.Json(new ExecutionStateAnswer(summary.Status, summary.SubStatus, summary.UpdatedAt), StudioJson.Default.ExecutionStateAnswer)
            : TypedResults.NotFound();

    private static async Task<IResult> VariablesAsync(HttpContext context, string id, InstanceReader reader)
    {
        var instance = await reader.FindAsync(id, context.RequestAborted);
        return Variables(instance is { State: { } state, Graph: { } graph } ? [.. state.GetVariables(graph).Select(v => new VariableAnswer(v.Id, v.Name, Json.ToElement(v.Value)))] : []);
    }

    private static async Task<IResult> SetVariablesAsync(
        HttpContext context, string id, WorkflowRuntime runtime, InstanceReader reader, IOptions<WorkflowEngineOptions> options)
    {
        var request = await context.Request.BodyAsync(StudioJson.Default.SetVariablesRequest);
        var values = new Dictionary<string, object?>(StringComparer.Ordinal);
        foreach (var change in request?.Variables ?? [])
        {
            var variable = change.Id ?? change.Name ?? throw new BadInputException("variables: each needs an id or a name.");
            values[variable] = Json.ToPlain(change.Value);
        }

        var ineffective = new Dictionary<string, VariableAnswer>(StringComparer.Ordinal);
        if (options.Value.ElsaQuirks && await reader.FindAsync(id, context.RequestAborted) is { Graph: { } graph })
            ineffective = IneffectiveVariables.TakeFrom(values, graph);
        if (await runtime.SetVariablesAsync(id, values, context.RequestAborted) is not { } after)
            return TypedResults.NotFound();
        return Variables([.. after.Select(v => ineffective.GetValueOrDefault(v.Id) ?? new VariableAnswer(v.Id, v.Name, Json.ToElement(v.Value)))]);
    }

    private static IResult Variables(IReadOnlyList<VariableAnswer> variables) =>
        TypedResults.Json(new ListAnswer<VariableAnswer>(variables), StudioJson.Default.ListAnswerVariableAnswer);

    private static async Task<IResult> DeleteAsync(HttpContext context, string id, InstanceRemover remover) =>
        await remover.DeleteAsync(id, context.RequestAborted) ? TypedResults.NoContent() : TypedResults.NotFound();

    private static async Task<IResult> DeleteManyAsync(HttpContext context, InstanceRemover remover, InstanceQueries queries)
    {
        var request = await context.Request.BodyAsync(StudioJson.Default.BulkInstancesRequest) ?? new BulkInstancesRequest();
        var deleted = await remover.DeleteAsync(request.Ids ?? [], context.RequestAborted);
        IReadOnlyList<string> definitions = [.. request.WorkflowDefinitionIds ?? [], .. request.WorkflowDefinitionId is { } one ? [one] : (string[])[]];
        if (definitions.Count > 0)
        {
            var filter = new InstanceFilter { DefinitionIds = definitions, Take = BulkStep };
            while (await queries.ListIdsAsync(filter, context.RequestAborted) is { Count: > 0 } ids)
                deleted += await remover.DeleteAsync(ids, context.RequestAborted);
        }

        return TypedResults.Json(new Definitions.DeletedAnswer(deleted), StudioJson.Default.DeletedAnswer);
    }

    /// <summary>Always 200: cancelling what has ended or never was changes nothing.</summary>
    private static async Task<IResult> CancelAsync(HttpContext context, string id, WorkflowRuntime runtime)
    {
        await runtime.CancelAsync(id, "Cancelled by " + (context.User.Identity?.Name ?? "a person"), context.RequestAborted);
        return TypedResults.Ok();
    }

    private static async Task<IResult> CancelManyAsync(HttpContext context, WorkflowRuntime runtime, InstanceQueries queries, Workflows.Management.WorkflowDefinitionManager definitions)
    {
        var request = await context.Request.BodyAsync(StudioJson.Default.BulkInstancesRequest) ?? new BulkInstancesRequest();
        var reason = "Cancelled by " + (context.User.Identity?.Name ?? "a person");
        var cancelled = 0;
        foreach (var id in request.Ids ?? [])
            cancelled += (await runtime.CancelAsync(id, reason, context.RequestAborted)).Cancelled.Count > 0 ? 1 : 0;

        var filter = new InstanceFilter { Statuses = [WorkflowStatus.Running], Take = BulkStep };
        if (request.DefinitionVersionId is { } versionId)
            filter = filter with { DefinitionVersionIds = [versionId] };
        else if (request.DefinitionId is { } definitionId)
            filter = await OfDefinitionAsync(filter, definitionId, request.VersionOptions, definitions, context.RequestAborted);
        else
            return Answer();

        // An instance that cannot be cancelled must not be met again for ever.
        var met = new HashSet<string>(StringComparer.Ordinal);
        while ((await queries.ListIdsAsync(filter, context.RequestAborted)).Where(met.Add).ToList() is { Count: > 0 } ids)
        {
            foreach (var id in ids)
                cancelled += (await runtime.CancelAsync(id, reason, context.RequestAborted)).Cancelled.Count > 0 ? 1 : 0;
        }

        return Answer();

        IResult Answer() => TypedResults.Json(new CancelledAnswer(cancelled), StudioJson.Default.CancelledAnswer);
    }

    private static async Task<InstanceFilter> OfDefinitionAsync(
        InstanceFilter filter, string definitionId, string? versionOptions, Workflows.Management.WorkflowDefinitionManager definitions, CancellationToken cancellationToken)
    {
        var version = RequestReader.ParseVersion(versionOptions, Workflows.Management.VersionOptions.All);
        if (version.Selection == Workflows.Management.VersionSelection.AllVersions)
            return filter with { DefinitionIds = [definitionId] };
        var found = await definitions.FindAsync(definitionId, version, cancellationToken);
        return filter with { DefinitionIds = [definitionId], DefinitionVersionIds = [found?.Summary.Id ?? "none"] };
    }
}
