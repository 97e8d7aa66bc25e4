using System.IO.Compression;
using System.Text.Json.Nodes;
using Automation.Workflows.Definitions;
using Automation.Workflows.Management;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Automation.Studio.Api.Definitions;

/// <summary>Definitions as files: export of one or many, import of JSON and of zip archives.</summary>
internal static class TransferEndpoints
{
    private const int MaxFiles = 1_000;

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/workflow-definitions/{definitionId}/export", ExportAsync);
        api.MapPost("/workflow-definitions/{definitionId}/export", ExportAsync);
        api.MapPost("/bulk-actions/export/workflow-definitions", ExportManyAsync);
        var write = api.MapGroup("").Needs(Right.Design);
        write.MapMethods("/workflow-definitions/import", ["POST", "PUT"], (HttpContext context, WorkflowDefinitionManager manager) => ImportAsync(context, null, manager));
        write.MapMethods("/workflow-definitions/{definitionId}/import", ["POST", "PUT"], (HttpContext context, string definitionId, WorkflowDefinitionManager manager) => ImportAsync(context, definitionId, manager));
        write.MapPost("/workflow-definitions/import-files", ImportFilesAsync).DisableAntiforgery();
    }

    private static async Task<IResult> ExportAsync(HttpContext context, string definitionId, WorkflowDefinitionManager manager)
    {
        var stored = await manager.FindAsync(definitionId, context.Request.Version(VersionOptions.Latest), context.RequestAborted);
        if (stored is null)
            return TypedResults.NotFound();
        var all = context.Request.Flag("includeConsumingWorkflows") == true
            ? await WithConsumersAsync([stored], manager, context.RequestAborted)
            : [stored];
        return all.Count == 1 ? JsonFile(stored) : Zip(all);
    }

    private static async Task<IResult> ExportManyAsync(HttpContext context, WorkflowDefinitionManager manager)
    {
        var request = await context.Request.BodyAsync(StudioJson.Default.IdsRequest);
        var found = new List<StoredDefinition>();
        foreach (var id in request?.Ids ?? [])
        {
            if (await manager.FindVersionAsync(id, context.RequestAborted) is { } stored)
                found.Add(stored);
        }

        if (found.Count == 0)
            return TypedResults.NoContent();
        return Zip(request!.IncludeConsumingWorkflows ? await WithConsumersAsync(found, manager, context.RequestAborted) : found);
    }

    private static async Task<List<StoredDefinition>> WithConsumersAsync(List<StoredDefinition> definitions, WorkflowDefinitionManager manager, CancellationToken cancellationToken)
    {
        var all = definitions.ToDictionary(d => d.Summary.DefinitionId, StringComparer.Ordinal);
        var waiting = new Queue<string>(all.Keys);
        while (waiting.TryDequeue(out var id))
        {
            foreach (var consumer in await manager.FindConsumersAsync(id, cancellationToken))
            {
                if (!all.ContainsKey(consumer) && await manager.FindAsync(consumer, VersionOptions.Latest, cancellationToken) is { } stored)
                {
                    all.Add(consumer, stored);
                    waiting.Enqueue(consumer);
                }
            }
        }

        return [.. all.Values];
    }

    private static IResult JsonFile(StoredDefinition stored) =>
        TypedResults.File(Bytes(stored), "application/octet-stream", FileName(stored.Summary));

    private static IResult Zip(IReadOnlyList<StoredDefinition> definitions)
    {
        var buffer = new MemoryStream();
        using (var archive = new ZipArchive(buffer, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var definition in definitions)
            {
                using var entry = archive.CreateEntry(FileName(definition.Summary)).Open();
                entry.Write(Bytes(definition));
            }
        }

        buffer.Position = 0;
        return TypedResults.Stream(buffer, "application/octet-stream", "workflow-definitions.zip");
    }

    private static byte[] Bytes(StoredDefinition stored) =>
        System.Text.Encoding.UTF8.GetBytes(DefinitionDocument.ForExport(stored).ToJsonString(new System.Text.Json.JsonSerializerOptions
        {
            WriteIndented = true,
            Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        }));

    private static string FileName(DefinitionSummary summary)
    {
        var safe = string.Concat(summary.DefinitionId.Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' ? c : '-'));
        return $"workflow-definition-{safe}.json";
    }

    private static async Task<IResult> ImportAsync(HttpContext context, string? definitionId, WorkflowDefinitionManager manager)
    {
        var json = await context.Request.BodyAsync(StudioJson.Default.JsonObject)
            ?? throw new BadInputException("The body is empty; it must be a workflow definition.");
        if (definitionId is not null)
            json["definitionId"] = definitionId;
        var imported = (await manager.ImportAsync([Clean(json)], context.RequestAborted))[0];
        return TypedResults.Json(
            await DefinitionDocument.ShowAsync(context, imported.Definition), StudioJson.Default.JsonObject,
            statusCode: imported.IsNew ? StatusCodes.Status201Created : StatusCodes.Status200OK);
    }

    private static WorkflowDefinition Clean(JsonObject json)
    {
        json.Remove("$schema");
        Revision.Remove(json);
        return new WorkflowDefinition(json);
    }

    private static async Task<IResult> ImportFilesAsync(HttpContext context, WorkflowDefinitionManager manager)
    {
        var form = await context.Request.ReadFormAsync(context.RequestAborted);
        if (form.Files.Count > MaxFiles)
            throw new BadInputException($"{form.Files.Count} files were sent; at most {MaxFiles} are accepted.");
        var models = new List<WorkflowDefinition>();
        var problems = new List<DefinitionProblem>();
        foreach (var file in form.Files)
        {
            try
            {
                foreach (var model in WorkflowDefinitionManager.ReadFile(file.FileName, await BytesOfAsync(file, context.RequestAborted)))
                    models.Add(Clean(model.Json));
            }
            catch (DefinitionException e)
            {
                problems.AddRange(e.Problems);
            }
        }

        // Everything that cannot be read is told at once; what can be read is then stored in one commit, or not at all.
        if (problems.Count > 0)
            return Problems.Refused(problems);
        await manager.ImportAsync(models, context.RequestAborted);
        return TypedResults.Json(new CountAnswer(models.Count), StudioJson.Default.CountAnswer);
    }

    private static async Task<byte[]> BytesOfAsync(IFormFile file, CancellationToken cancellationToken)
    {
        var bytes = new byte[file.Length];
        await using var content = file.OpenReadStream();
        await content.ReadExactlyAsync(bytes, cancellationToken);
        return bytes;
    }
}
