using Automation.Workflows.Definitions;
using Automation.Workflows.Execution;
using Automation.Workflows.Management;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Automation.Studio.Api.Definitions;

/// <summary>Changing definitions: save, publish, retract, revert, delete, one by one and many at once.</summary>
internal static class ChangeEndpoints
{
    public static void Map(IEndpointRouteBuilder api)
    {
        var write = api.MapGroup("").Needs(Right.Design);
        write.MapPost("/workflow-definitions", SaveAsync);
        write.MapPost("/workflow-definitions/{definitionId}/publish", PublishAsync);
        write.MapPost("/workflow-definitions/{definitionId}/retract", RetractAsync);
        write.MapPost("/workflow-definitions/{definitionId}/revert/{version:int}", RevertAsync);
        write.MapPost("/workflow-definitions/{definitionId}/update-references", UpdateReferencesAsync);
        write.MapDelete("/workflow-definitions/{definitionId}", DeleteAsync);
        write.MapDelete("/workflow-definitions/{definitionId}/version/{version:int}", DeleteNumberAsync);
        write.MapDelete("/workflow-definition-versions/{versionId}", DeleteVersionAsync);
        write.MapPost("/bulk-actions/delete/workflow-definitions/by-definition-id", DeleteManyAsync);
        write.MapPost("/bulk-actions/delete/workflow-definitions/by-id", DeleteManyVersionsAsync);
        write.MapPost("/bulk-actions/publish/workflow-definitions/by-definition-ids", PublishManyAsync);
        write.MapPost("/bulk-actions/retract/workflow-definitions/by-definition-ids", RetractManyAsync);
        write.MapPost("/actions/workflow-definitions/refresh", RefreshAsync);
        write.MapPost("/actions/workflow-definitions/reload", RefreshAsync);
    }

    private static async Task<IResult> SaveAsync(HttpContext context, WorkflowDefinitionManager manager)
    {
        var request = await context.Request.BodyAsync(StudioJson.Default.SaveRequest);
        if (request?.Model is not { } model)
            throw new BadInputException("model is missing; it must be a workflow definition.");
        var publish = request.Publish ?? false;
        WorkflowDefinition definition;
        try
        {
            definition = new WorkflowDefinition(model);
        }
        catch (DefinitionException e) when (publish)
        {
            return Problems.Refused(e.Problems, HasQuirks(context));
        }

        MissingActivities.FromPlaceholders(definition);
        var expected = await Revision.TakeAsync(definition, manager, context.RequestAborted);
        var result = await manager.SaveAsync(definition, publish, expected, context.RequestAborted);
        return await AnswerAsync(context, result, publish);
    }

    private static async Task<IResult> PublishAsync(HttpContext context, string definitionId, WorkflowDefinitionManager manager) =>
        await AnswerAsync(context, await manager.PublishAsync(definitionId, context.RequestAborted), publishing: true);

    private static async Task<IResult> AnswerAsync(HttpContext context, SaveDefinitionResult result, bool publishing)
    {
        // The content is kept as a draft; the Studio shows why it is not in force.
        if (publishing && !result.IsPublished)
            return Problems.Refused(result.Problems, HasQuirks(context));
        return TypedResults.Json(
            new SaveAnswer(
                await DefinitionDocument.ShowAsync(context, result.Definition), result.AlreadyPublished, result.ConsumingWorkflowCount,
                [.. result.Problems.Select(p => new ValidationMessage(p.ToString(), p.ActivityId))]),
            StudioJson.Default.SaveAnswer);
    }

    private static bool HasQuirks(HttpContext context) => context.RequestServices.GetRequiredService<IOptions<WorkflowEngineOptions>>().Value.ElsaQuirks;

    private static async Task<IResult> RetractAsync(HttpContext context, string definitionId, WorkflowDefinitionManager manager)
    {
        if (await manager.RetractAsync(definitionId, context.RequestAborted) is not { } retracted)
            return Problems.Error(StatusCodes.Status400BadRequest, $"The workflow '{definitionId}' is not published.");
        return TypedResults.Json(await DefinitionDocument.ShowAsync(context, retracted), StudioJson.Default.JsonObject);
    }

    private static async Task<IResult> RevertAsync(HttpContext context, string definitionId, int version, WorkflowDefinitionManager manager)
    {
        var draft = await manager.RevertAsync(definitionId, version, context.RequestAborted);
        var (run, design) = DefinitionEndpoints.RightsOf(context);
        return TypedResults.Json(DefinitionRow.From(draft, Links.For(definitionId, run, design)), StudioJson.Default.DefinitionRow, statusCode: StatusCodes.Status201Created);
    }

    private static async Task<IResult> UpdateReferencesAsync(HttpContext context, string definitionId, WorkflowDefinitionManager manager)
    {
        var updated = await manager.UpdateReferencesAsync(definitionId, context.RequestAborted);
        return TypedResults.Json(new UpdateReferencesAnswer(updated), StudioJson.Default.UpdateReferencesAnswer);
    }

    private static async Task<IResult> DeleteAsync(HttpContext context, string definitionId, WorkflowDefinitionManager manager) =>
        await manager.DeleteAsync(definitionId, context.RequestAborted) ? TypedResults.NoContent() : TypedResults.NotFound();

    private static async Task<IResult> DeleteVersionAsync(HttpContext context, string versionId, WorkflowDefinitionManager manager) =>
        await manager.DeleteVersionAsync(versionId, context.RequestAborted) ? TypedResults.NoContent() : TypedResults.NotFound();

    private static async Task<IResult> DeleteNumberAsync(HttpContext context, string definitionId, int version, WorkflowDefinitionManager manager)
    {
        var found = await manager.FindAsync(definitionId, VersionOptions.Specific(version), context.RequestAborted);
        return found is not null && await manager.DeleteVersionAsync(found.Summary.Id, context.RequestAborted) ? TypedResults.Ok() : TypedResults.NotFound();
    }

    private static async Task<IResult> DeleteManyAsync(HttpContext context, WorkflowDefinitionManager manager)
    {
        var ids = (await context.Request.BodyAsync(StudioJson.Default.DefinitionIdsRequest))?.DefinitionIds ?? [];
        return TypedResults.Json(new DeletedAnswer(await manager.DeleteManyAsync(ids, context.RequestAborted)), StudioJson.Default.DeletedAnswer);
    }

    private static async Task<IResult> DeleteManyVersionsAsync(HttpContext context, WorkflowDefinitionManager manager)
    {
        var ids = (await context.Request.BodyAsync(StudioJson.Default.IdsRequest))?.Ids ?? [];
        return TypedResults.Json(new DeletedAnswer(await manager.DeleteManyVersionsAsync(ids, context.RequestAborted)), StudioJson.Default.DeletedAnswer);
    }

    private static async Task<IResult> PublishManyAsync(HttpContext context, WorkflowDefinitionManager manager)
    {
        var ids = (await context.Request.BodyAsync(StudioJson.Default.DefinitionIdsRequest))?.DefinitionIds ?? [];
        var result = await manager.PublishManyAsync(ids, context.RequestAborted);
        return TypedResults.Json(
            new BulkPublishAnswer(
                result.Published, result.AlreadyPublished, result.NotFound, result.Skipped, result.UpdatedConsumers, result.Failed,
                result.Problems.ToDictionary(p => p.Key, p => (IReadOnlyList<string>)[.. p.Value.Select(v => v.ToString())], StringComparer.Ordinal)),
            StudioJson.Default.BulkPublishAnswer);
    }

    private static async Task<IResult> RetractManyAsync(HttpContext context, WorkflowDefinitionManager manager)
    {
        var ids = (await context.Request.BodyAsync(StudioJson.Default.DefinitionIdsRequest))?.DefinitionIds ?? [];
        var result = await manager.RetractManyAsync(ids, context.RequestAborted);
        return TypedResults.Json(new BulkRetractAnswer(result.Retracted, result.AlreadyRetracted, result.NotFound), StudioJson.Default.BulkRetractAnswer);
    }

    /// <summary>What is in force is always as the database says, so there is nothing to refresh; the answer says which definitions exist.</summary>
    private static async Task<IResult> RefreshAsync(HttpContext context, WorkflowDefinitionManager manager, WorkflowCatalog catalog)
    {
        var ids = (await context.Request.BodyAsync(StudioJson.Default.RefreshRequest))?.DefinitionIds ?? [.. catalog.Published.Select(p => p.DefinitionId)];
        var found = new List<string>();
        var missing = new List<string>();
        foreach (var id in ids)
            (await manager.FindAsync(id, VersionOptions.Latest, context.RequestAborted) is null ? missing : found).Add(id);
        return TypedResults.Json(new RefreshAnswer(found, missing), StudioJson.Default.RefreshAnswer);
    }
}
