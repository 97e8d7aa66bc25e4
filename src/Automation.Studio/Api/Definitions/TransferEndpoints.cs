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
        var saved = await ImportAsync(json, manager, context.RequestAborted);
        return TypedResults.Json(
            await DefinitionDocument.ShowAsync(context, saved), StudioJson.Default.JsonObject,
            statusCode: saved.Summary is { Version: 1, Revision: 1 } ? StatusCodes.Status201Created : StatusCodes.Status200OK);
    }

    private static async Task<StoredDefinition> ImportAsync(JsonObject json, WorkflowDefinitionManager manager, CancellationToken cancellationToken)
    {
        json.Remove("$schema");
        Revision.Remove(json);
        return (await manager.SaveAsync(new WorkflowDefinition(json), publish: false, cancellationToken: cancellationToken)).Definition;
    }

    private static async Task<IResult> ImportFilesAsync(HttpContext context, WorkflowDefinitionManager manager)
    {
        var form = await context.Request.ReadFormAsync(context.RequestAborted);
        var models = new List<JsonObject>();
        foreach (var file in form.Files)
            await ReadAsync(file, models, context.RequestAborted);
        // All are read before the first is saved, so that a damaged file leaves nothing half imported.
        foreach (var model in models)
            await ImportAsync(model, manager, context.RequestAborted);
        return TypedResults.Json(new CountAnswer(models.Count), StudioJson.Default.CountAnswer);
    }

    private static async Task ReadAsync(IFormFile file, List<JsonObject> models, CancellationToken cancellationToken)
    {
        await using var content = file.OpenReadStream();
        if (!file.FileName.EndsWith(".zip", StringComparison.OrdinalIgnoreCase))
        {
            models.Add(await ReadAsync(file.FileName, content, cancellationToken));
            return;
        }

        using var archive = Open(file.FileName, content);
        if (archive.Entries.Count > MaxFiles)
            throw new BadInputException($"{file.FileName} holds {archive.Entries.Count} files; at most {MaxFiles} are accepted.");
        foreach (var entry in archive.Entries.Where(e => e.Name.EndsWith(".json", StringComparison.OrdinalIgnoreCase)))
        {
            await using var inner = await entry.OpenAsync(cancellationToken);
            models.Add(await ReadAsync(entry.FullName, inner, cancellationToken));
        }
    }

    private static ZipArchive Open(string name, Stream content)
    {
        try
        {
            return new ZipArchive(content, ZipArchiveMode.Read);
        }
        catch (InvalidDataException)
        {
            throw new BadInputException($"{name} is not a zip archive.");
        }
    }

    private static async Task<JsonObject> ReadAsync(string name, Stream content, CancellationToken cancellationToken)
    {
        // An archive says nothing reliable about how long its files become.
        var buffer = new MemoryStream();
        var chunk = new byte[81920];
        int read;
        while ((read = await content.ReadAsync(chunk, cancellationToken)) > 0)
        {
            buffer.Write(chunk, 0, read);
            if (buffer.Length > WorkflowDefinition.MaxJsonBytes)
                throw new BadInputException($"{name} is longer than {WorkflowDefinition.MaxJsonBytes} bytes.");
        }

        try
        {
            return WorkflowDefinition.Parse(buffer.GetBuffer().AsSpan(0, (int)buffer.Length)).Json;
        }
        catch (DefinitionException e)
        {
            throw new BadInputException($"{name}: {e.Message}");
        }
    }
}
