using System.Text.Json.Nodes;
using Automation.Studio.Api.Labels;
using Automation.Workflows.Definitions;
using Automation.Workflows.Management;
using Automation.Workflows.Queries;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Automation.Studio.Api.Definitions;

/// <summary>Looking definitions up: lists, versions, names.</summary>
internal static class DefinitionEndpoints
{
    public static void Map(IEndpointRouteBuilder api)
    {
        var definitions = api.MapGroup("/workflow-definitions");
        definitions.MapGet("", ListAsync);
        definitions.MapGet("/{definitionId}", FindAsync);
        definitions.MapGet("/by-definition-id/{definitionId}", FindAsync);
        definitions.MapGet("/by-id/{versionId}", FindVersionAsync);
        definitions.MapGet("/many-by-id", FindManyAsync);
        definitions.MapGet("/query/count", CountAsync);
        definitions.MapGet("/validation/is-name-unique", IsNameUniqueAsync);
        definitions.MapGet("/{definitionId}/versions", VersionsAsync);
        definitions.MapGet("/{definitionId}/consumers", ConsumersAsync);
    }

    private static async Task<IResult> ListAsync(HttpContext context, DefinitionQueries queries, LabelStore labels)
    {
        var request = context.Request;
        var (skip, take) = request.Paging();
        var page = await queries.ListAsync(
            await FilterAsync(request, VersionOptions.All, labels) with
            {
                OrderBy = request.Text("orderBy")?.ToUpperInvariant() switch
                {
                    null or "NAME" => DefinitionOrder.Name,
                    "CREATED" or "CREATEDAT" => DefinitionOrder.Created,
                    "VERSION" => DefinitionOrder.Version,
                    _ => throw new BadInputException($"orderBy must be Created, Name or Version, but is '{request.Text("orderBy")}'."),
                },
                Descending = IsDescending(request),
                Skip = skip,
                Take = take,
            },
            context.RequestAborted);
        var (run, design) = RightsOf(context);
        var rows = page.Items.Select(d => DefinitionRow.From(d, Links.For(d.DefinitionId, run, design && !d.IsReadonly))).ToList();
        return TypedResults.Json(new PageAnswer<DefinitionRow>(rows, page.TotalCount) { Links = Links.ForList(design) }, StudioJson.Default.PageAnswerDefinitionRow);
    }

    private static bool IsDescending(HttpRequest request) => request.Text("orderDirection")?.ToUpperInvariant() switch
    {
        null => request.Text("orderBy") is { } by && !by.Equals("Name", StringComparison.OrdinalIgnoreCase),
        "ASCENDING" or "ASC" => false,
        "DESCENDING" or "DESC" => true,
        _ => throw new BadInputException($"orderDirection must be Ascending or Descending, but is '{request.Text("orderDirection")}'."),
    };

    private static async Task<DefinitionFilter> FilterAsync(HttpRequest request, VersionOptions whenEmpty, LabelStore labels)
    {
        IReadOnlyCollection<string>? definitions = request.Texts("definitionIds");
        if (request.Texts("label") is { } wanted)
        {
            var labelled = await labels.DefinitionsWithAsync(wanted, request.HttpContext.RequestAborted);
            definitions = [.. labelled.Where(id => definitions?.Contains(id, StringComparer.Ordinal) ?? true)];
            // No definition has an empty id: nothing is found, where an empty list would mean everything.
            if (definitions.Count == 0)
                definitions = [""];
        }

        return new DefinitionFilter
        {
            Version = request.Version(whenEmpty),
            DefinitionIds = definitions ?? [],
            VersionIds = request.Texts("ids") ?? [],
            SearchTerm = request.Text("searchTerm"),
            IsSystem = request.Flag("isSystem"),
            UsableAsActivity = request.Flag("usableAsActivity"),
        };
    }

    private static async Task<IResult> FindAsync(HttpContext context, string definitionId, WorkflowDefinitionManager manager) =>
        await DocumentAsync(context, await manager.FindAsync(definitionId, context.Request.Version(VersionOptions.Latest), context.RequestAborted));

    private static async Task<IResult> FindVersionAsync(HttpContext context, string versionId, WorkflowDefinitionManager manager) =>
        await DocumentAsync(context, await manager.FindVersionAsync(versionId, context.RequestAborted));

    private static async Task<IResult> FindManyAsync(HttpContext context, WorkflowDefinitionManager manager)
    {
        var found = new List<JsonObject>();
        foreach (var id in context.Request.Texts("ids") ?? [])
        {
            if (await manager.FindVersionAsync(id, context.RequestAborted) is { } stored)
                found.Add(await DefinitionDocument.ShowAsync(context, stored));
        }

        return TypedResults.Json(new ListAnswer<JsonObject>(found), StudioJson.Default.ListAnswerJsonObject);
    }

    private static async Task<JsonHttpResult<CountAnswer>> CountAsync(HttpContext context, DefinitionQueries queries, LabelStore labels) =>
        TypedResults.Json(
            new CountAnswer(await queries.CountAsync(await FilterAsync(context.Request, VersionOptions.Latest, labels), context.RequestAborted)),
            StudioJson.Default.CountAnswer);

    private static async Task<JsonHttpResult<UniqueAnswer>> IsNameUniqueAsync(HttpContext context, WorkflowDefinitionManager manager) =>
        TypedResults.Json(
            new UniqueAnswer(await manager.IsNameUniqueAsync(context.Request.Text("name") ?? "", context.Request.Text("definitionId"), context.RequestAborted)),
            StudioJson.Default.UniqueAnswer);

    private static async Task<IResult> VersionsAsync(HttpContext context, string definitionId, WorkflowDefinitionManager manager)
    {
        var versions = await manager.GetVersionsAsync(definitionId, context.RequestAborted);
        if (versions.Count == 0)
            return TypedResults.NotFound();
        var documents = new List<JsonObject>();
        foreach (var version in versions)
        {
            var document = await DefinitionDocument.ShowAsync(context, version);
            // The genuine server gives the content as text here, under these names.
            document["materializerName"] = "Json";
            document["stringData"] = document["root"]?.ToJsonString();
            documents.Add(document);
        }

        return TypedResults.Json(documents, StudioJson.Default.ListJsonObject);
    }

    private static async Task<JsonHttpResult<ConsumersAnswer>> ConsumersAsync(HttpContext context, string definitionId, WorkflowDefinitionManager manager) =>
        TypedResults.Json(new ConsumersAnswer(await manager.FindConsumersAsync(definitionId, context.RequestAborted)), StudioJson.Default.ConsumersAnswer);

    public static (bool CanRun, bool CanDesign) RightsOf(HttpContext context) => (context.User.Has(Right.Run), context.User.Has(Right.Design));

    private static async Task<IResult> DocumentAsync(HttpContext context, StoredDefinition? stored) =>
        stored is null ? TypedResults.NotFound() : TypedResults.Json(await DefinitionDocument.ShowAsync(context, stored), StudioJson.Default.JsonObject);
}
