using System.IO.Compression;
using System.Text.Json;
using Automation.Workflows.Definitions;
using Automation.Workflows.Queries;
using Automation.Workflows.Runtime;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Automation.Studio.Api.Instances;

/// <summary>Instances as files, with what is asked for of their records; and back.</summary>
internal static class InstanceTransferEndpoints
{
    private const int MaxFileBytes = 64 << 20;

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/workflow-instances/{id}/export", ExportAsync);
        api.MapPost("/bulk-actions/export/workflow-instances", ExportManyAsync);
        api.MapPost("/bulk-actions/import/workflow-instances", ImportAsync).Needs(Right.Design).DisableAntiforgery();
    }

    private static async Task<IResult> ExportAsync(HttpContext context, string id, InstanceReader reader, JournalQueries queries, InstanceImporter importer)
    {
        if (await reader.FindAsync(id, context.RequestAborted) is not { } instance)
            return TypedResults.NotFound();
        var request = new BulkInstancesRequest
        {
            IncludeBookmarks = context.Request.Flag("includeBookmarks") ?? false,
            IncludeActivityExecutionLog = context.Request.Flag("includeActivityExecutionLog") ?? false,
            IncludeWorkflowExecutionLog = context.Request.Flag("includeWorkflowExecutionLog") ?? false,
        };
        return TypedResults.File(await BytesAsync(instance, request, queries, importer, context.RequestAborted), "application/octet-stream", FileName(id));
    }

    private static async Task<IResult> ExportManyAsync(HttpContext context, InstanceReader reader, JournalQueries queries, InstanceImporter importer)
    {
        var request = await context.Request.BodyAsync(StudioJson.Default.BulkInstancesRequest) ?? new BulkInstancesRequest();
        var found = new List<StoredInstance>();
        foreach (var id in request.Ids ?? [])
        {
            if (await reader.FindAsync(id, context.RequestAborted) is { } instance)
                found.Add(instance);
        }

        if (found.Count == 0)
            return TypedResults.NotFound();
        if (found is [var one])
            return TypedResults.File(await BytesAsync(one, request, queries, importer, context.RequestAborted), "application/octet-stream", FileName(one.Summary.Id));

        var buffer = new MemoryStream();
        using (var archive = new ZipArchive(buffer, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var instance in found)
            {
                await using var entry = await archive.CreateEntry(FileName(instance.Summary.Id)).OpenAsync(context.RequestAborted);
                await entry.WriteAsync(await BytesAsync(instance, request, queries, importer, context.RequestAborted), context.RequestAborted);
            }
        }

        buffer.Position = 0;
        return TypedResults.Stream(buffer, "application/octet-stream", "workflow-instances.zip");
    }

    private static string FileName(string id) => $"workflow-instance-{id}.json";

    private static async Task<byte[]> BytesAsync(StoredInstance instance, BulkInstancesRequest request, JournalQueries queries, InstanceImporter importer, CancellationToken cancellationToken)
    {
        var id = instance.Summary.Id;
        var executions = request.IncludeActivityExecutionLog ? await queries.ListExecutionsAsync(id, cancellationToken: cancellationToken) : null;
        var journal = request.IncludeWorkflowExecutionLog ? await queries.ListJournalAsync(id, cancellationToken: cancellationToken) : null;
        var buffer = new MemoryStream();
        await using (var w = new Utf8JsonWriter(buffer, JsonValues.WriterOptions with { Indented = true }))
        {
            w.WriteStartObject();
            w.WritePropertyName("WorkflowState");
            // Elsa's form leaves out what is needed to bring the file in again: that goes where a state keeps what belongs to others.
            StateWriter.WriteState(w, instance, await importer.ExportAsync(id, cancellationToken));
            if (request.IncludeBookmarks)
            {
                w.WriteStartArray("Bookmarks");
                foreach (var bookmark in instance.State?.Bookmarks ?? [])
                    StateWriter.WriteBookmark(w, id, bookmark, instance.Graph?.FindByNodeId(bookmark.ActivityNodeId)?.Type);
                w.WriteEndArray();
            }

            if (executions is not null)
            {
                w.WritePropertyName("ActivityExecutionRecords");
                JsonSerializer.Serialize(w, executions.Select(ExecutionRecord.From).ToList(), StudioJson.Default.ListExecutionRecord);
            }

            if (journal is not null)
            {
                w.WriteStartArray("WorkflowExecutionLogRecords");
                foreach (var line in journal.Items.Select(JournalLine.From))
                {
                    // An entry that stands alone says whose it is.
                    var entry = JsonSerializer.SerializeToNode(line, StudioJson.Default.JournalLine)!.AsObject();
                    entry["workflowDefinitionId"] = instance.Summary.DefinitionId;
                    entry["workflowDefinitionVersionId"] = instance.Summary.DefinitionVersionId;
                    entry["workflowVersion"] = instance.Summary.Version;
                    entry["workflowInstanceId"] = id;
                    entry["activityNodeId"] = line.NodeId;
                    entry.WriteTo(w);
                }

                w.WriteEndArray();
            }

            w.WriteEndObject();
        }

        return buffer.ToArray();
    }

    /// <summary>Brings in files of this API, plain or as archives. What is here already is left as it is and not counted.</summary>
    private static async Task<IResult> ImportAsync(HttpContext context, InstanceImporter importer)
    {
        if (!context.Request.HasFormContentType)
            throw new BadInputException("files are missing; send them as multipart/form-data.");
        var form = await context.Request.ReadFormAsync(context.RequestAborted);
        var count = 0;
        foreach (var file in form.Files)
        {
            await using var content = file.OpenReadStream();
            if (!file.FileName.EndsWith(".zip", StringComparison.OrdinalIgnoreCase))
            {
                count += await ImportOneAsync(file.FileName, content, importer, context.RequestAborted);
                continue;
            }

            await using var archive = await OpenAsync(file.FileName, content, context.RequestAborted);
            foreach (var entry in archive.Entries.Where(e => e.Name.EndsWith(".json", StringComparison.OrdinalIgnoreCase)))
            {
                await using var inner = await entry.OpenAsync(context.RequestAborted);
                count += await ImportOneAsync(entry.FullName, inner, importer, context.RequestAborted);
            }
        }

        return TypedResults.Json(new ImportedAnswer(count, count), StudioJson.Default.ImportedAnswer);
    }

    private static async Task<ZipArchive> OpenAsync(string name, Stream content, CancellationToken cancellationToken)
    {
        try
        {
            return await ZipArchive.CreateAsync(content, ZipArchiveMode.Read, leaveOpen: true, entryNameEncoding: null, cancellationToken);
        }
        catch (InvalidDataException)
        {
            throw new BadInputException($"{name} is not a zip archive.");
        }
    }

    private static async Task<int> ImportOneAsync(string name, Stream content, InstanceImporter importer, CancellationToken cancellationToken)
    {
        // An archive says nothing reliable about how long its files become.
        var buffer = new MemoryStream();
        var chunk = new byte[81920];
        int read;
        while ((read = await content.ReadAsync(chunk, cancellationToken)) > 0)
        {
            buffer.Write(chunk, 0, read);
            if (buffer.Length > MaxFileBytes)
                throw new BadInputException($"{name} is longer than {MaxFileBytes} bytes.");
        }

        try
        {
            using var document = JsonDocument.Parse(buffer.GetBuffer().AsMemory(0, (int)buffer.Length));
            if (!TryFindWhole(document.RootElement, out var whole))
                throw new BadInputException($"{name}: WorkflowState.properties.{StateWriter.Whole} is missing. An instance is brought in from a file that Automation has exported; the state of another engine cannot be gone on with here.");
            return await importer.ImportAsync(whole, cancellationToken) ? 1 : 0;
        }
        catch (Exception e) when (e is JsonException or InstanceImportException)
        {
            throw new BadInputException($"{name}: {e.Message}");
        }
    }

    /// <summary>Among the properties of the state, or beside it as in earlier files.</summary>
    private static bool TryFindWhole(JsonElement file, out JsonElement whole)
    {
        whole = default;
        return file.ValueKind == JsonValueKind.Object
            && (file.TryGetProperty(StateWriter.Whole, out whole)
                || (file.TryGetProperty("WorkflowState", out var state) && state.ValueKind == JsonValueKind.Object
                    && state.TryGetProperty("properties", out var properties) && properties.ValueKind == JsonValueKind.Object
                    && properties.TryGetProperty(StateWriter.Whole, out whole)));
    }
}
