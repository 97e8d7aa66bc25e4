using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Automation.Studio.Api.Labels;

/// <summary>Labels, and which definitions have them.</summary>
internal static class LabelEndpoints
{
    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/labels", ListAsync);
        api.MapGet("/labels/{id}", FindAsync);
        api.MapPost("/labels", AddAsync).Needs(Right.Design);
        api.MapPost("/labels/{id}", ChangeAsync).Needs(Right.Design);
        api.MapDelete("/labels/{id}", DeleteAsync).Needs(Right.Design);
        api.MapGet("/workflow-definitions/{definitionId}/labels", OfDefinitionAsync);
        api.MapPost("/workflow-definitions/{definitionId}/labels", SetOfDefinitionAsync).Needs(Right.Design);
    }

    private static async Task<IResult> ListAsync(HttpContext context, LabelStore store)
    {
        var (skip, take) = context.Request.Paging();
        var all = await store.ListAsync(context.RequestAborted);
        return TypedResults.Json(new PageAnswer<Label>([.. all.Skip(skip).Take(take ?? all.Count)], all.Count), StudioJson.Default.PageAnswerLabel);
    }

    private static async Task<IResult> FindAsync(HttpContext context, string id, LabelStore store) =>
        await store.FindAsync(id, context.RequestAborted) is { } label ? TypedResults.Json(label, StudioJson.Default.Label) : TypedResults.NotFound();

    private static async Task<IResult> AddAsync(HttpContext context, LabelStore store) =>
        TypedResults.Json(
            await store.AddAsync(await context.Request.BodyAsync(StudioJson.Default.LabelRequest) ?? new LabelRequest(), context.RequestAborted),
            StudioJson.Default.Label, statusCode: StatusCodes.Status201Created);

    private static async Task<IResult> ChangeAsync(HttpContext context, string id, LabelStore store) =>
        await store.ChangeAsync(id, await context.Request.BodyAsync(StudioJson.Default.LabelRequest) ?? new LabelRequest(), context.RequestAborted) is { } label
            ? TypedResults.Json(label, StudioJson.Default.Label)
            : TypedResults.NotFound();

    private static async Task<IResult> DeleteAsync(HttpContext context, string id, LabelStore store) =>
        await store.DeleteAsync(id, context.RequestAborted) ? TypedResults.NoContent() : TypedResults.NotFound();

    private static async Task<IResult> OfDefinitionAsync(HttpContext context, string definitionId, LabelStore store) =>
        TypedResults.Json(new ListAnswer<string>(await store.OfDefinitionAsync(definitionId, context.RequestAborted)), StudioJson.Default.ListAnswerString);

    private static async Task<IResult> SetOfDefinitionAsync(HttpContext context, string definitionId, LabelStore store, Workflows.Management.WorkflowDefinitionManager definitions)
    {
        if (await definitions.FindAsync(definitionId, Workflows.Management.VersionOptions.Latest, context.RequestAborted) is null)
            return TypedResults.NotFound();
        var wanted = (await context.Request.BodyAsync(StudioJson.Default.LabelIdsRequest))?.LabelIds ?? [];
        await store.SetOfDefinitionAsync(definitionId, wanted, context.RequestAborted);
        return TypedResults.Json(new LabelIdsRequest(await store.OfDefinitionAsync(definitionId, context.RequestAborted)), StudioJson.Default.LabelIdsRequest);
    }
}
