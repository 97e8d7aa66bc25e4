using System.IO.Compression;
using System.Text.Json;
using Automation.Workflows.Definitions;
using Automation.Workflows.Queries;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Automation.Studio.Api.Instances;

/// <summary>Instances as files, with what is asked for of their records.</summary>
internal static class InstanceTransferEndpoints
{
    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/workflow-instances/{id}/export", ExportAsync);
        api.MapPost("/bulk-actions/export/workflow-instances", ExportManyAsync);
    }

    private static async Task<IResult> ExportAsync(HttpContext context, string id, InstanceReader reader, JournalQueries queries)
    {
        if (await reader.FindAsync(id, context.RequestAborted) is not { } instance)
            return TypedResults.NotFound();
        var request = new BulkInstancesRequest
        {
            IncludeBookmarks = context.Request.Flag("includeBookmarks") ?? false,
            IncludeActivityExecutionLog = context.Request.Flag("includeActivityExecutionLog") ?? false,
            IncludeWorkflowExecutionLog = context.Request.Flag("includeWorkflowExecutionLog") ?? false,
        };
        return TypedResults.File(await BytesAsync(instance, request, queries, context.RequestAborted), "application/octet-stream", FileName(id));
    }

    private static async Task<IResult> ExportManyAsync(HttpContext context, InstanceReader reader, JournalQueries queries)
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
            return TypedResults.File(await BytesAsync(one, request, queries, context.RequestAborted), "application/octet-stream", FileName(one.Summary.Id));

        var buffer = new MemoryStream();
        using (var archive = new ZipArchive(buffer, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var instance in found)
            {
                await using var entry = await archive.CreateEntry(FileName(instance.Summary.Id)).OpenAsync(context.RequestAborted);
                await entry.WriteAsync(await BytesAsync(instance, request, queries, context.RequestAborted), context.RequestAborted);
            }
        }

        buffer.Position = 0;
        return TypedResults.Stream(buffer, "application/octet-stream", "workflow-instances.zip");
    }

    private static string FileName(string id) => $"workflow-instance-{id}.json";

    private static async Task<byte[]> BytesAsync(StoredInstance instance, BulkInstancesRequest request, JournalQueries queries, CancellationToken cancellationToken)
    {
        var id = instance.Summary.Id;
        var executions = request.IncludeActivityExecutionLog ? await queries.ListExecutionsAsync(id, cancellationToken: cancellationToken) : null;
        var journal = request.IncludeWorkflowExecutionLog ? await queries.ListJournalAsync(id, cancellationToken: cancellationToken) : null;
        var buffer = new MemoryStream();
        await using (var w = new Utf8JsonWriter(buffer, JsonValues.WriterOptions with { Indented = true }))
        {
            w.WriteStartObject();
            w.WritePropertyName("WorkflowState");
            StateWriter.WriteState(w, instance);
            if (request.IncludeBookmarks)
            {
                w.WriteStartArray("Bookmarks");
                foreach (var bookmark in instance.State?.Bookmarks ?? [])
                    StateWriter.WriteBookmark(w, id, bookmark);
                w.WriteEndArray();
            }

            if (executions is not null)
            {
                w.WritePropertyName("ActivityExecutionRecords");
                JsonSerializer.Serialize(w, executions.Select(ExecutionRecord.From).ToList(), StudioJson.Default.ListExecutionRecord);
            }

            if (journal is not null)
            {
                w.WritePropertyName("WorkflowExecutionLogRecords");
                JsonSerializer.Serialize(w, journal.Items.Select(JournalLine.From).ToList(), StudioJson.Default.ListJournalLine);
            }

            w.WriteEndObject();
        }

        return buffer.ToArray();
    }
}
