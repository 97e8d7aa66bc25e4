using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization;
using Automation.Dashboard.Exports;
using Automation.Intake.Events;
using Automation.Storage.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;

namespace Automation.Dashboard.Events;

/// <summary>The event log as a stream: all of it line by line, or what comes from now on.</summary>
internal static class ExportApi
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(250);

    /// <summary>Ticks without an event after which a line is sent, so that proxies keep the connection.</summary>
    private const int QuietTicks = 40;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { Converters = { new JsonStringEnumConverter() } };

    private static readonly ExportColumn<EventDetail>[] Columns =
    [
        new("id", e => e.Summary.Id), new("source", e => e.Summary.Source), new("type", e => e.Summary.Type), new("status", e => e.Summary.Status.ToString()), new("correlationKey", e => e.Summary.CorrelationKey),
        new("receivedAt", e => e.Summary.ReceivedAt), new("occurredAt", e => e.Summary.OccurredAt), new("answer", e => e.Summary.Answer), new("reason", e => e.Summary.Reason),
        new("duplicateOf", e => e.Summary.DuplicateOf), new("replayOf", e => e.Summary.ReplayOf), new("verification", e => e.Verification), new("remoteIp", e => e.RemoteIp),
        new("instances", e => string.Join(' ', e.Starts.Select(s => s.InstanceId))), new("body", e => ExportedEvent.Of(e) is var line ? line.Body ?? line.BodyBase64 : null),
    ];

    public static void MapExportApi(this IEndpointRouteBuilder app)
    {
        var events = app.MapGroup("/api/events").WithTags("Events").WithMetadata(new LeastRoleAttribute(Role.Viewer));
        events.MapGet("/export", ExportAsync).WithName("ExportEvents").WithSummary("All events of a filter with their bodies, oldest first: one JSON object a line (NDJSON), or CSV by ?format=csv.");
        events.MapGet("/stream", StreamAsync).WithName("StreamEvents").WithSummary("Events from now on as they are stored (server-sent events); Last-Event-ID goes on where a connection broke.");
    }

    private static async Task<IResult> ExportAsync(
        HttpContext context, EventQueries queries, string? format, string? source, string? type, string? status, string? correlationId, DateTimeOffset? from, DateTimeOffset? to, string? text)
    {
        if (EventFilters.Read(source, type, status, correlationId, from, to, text, out var filter) is { } problem)
            return problem;
        if (format is not (null or "" or "ndjson"))
            return await ListExport.WriteAsync(context, format, "events", queries.ExportAsync(filter, context.RequestAborted), Columns);
        context.Response.ContentType = "application/x-ndjson";
        context.Response.Headers.ContentDisposition = "attachment; filename=\"events.ndjson\"";
        var cancelled = context.RequestAborted;
        var buffer = new ArrayBufferWriter<byte>(64 * 1024);
        await using var json = new Utf8JsonWriter(buffer);
        await foreach (var detail in queries.ExportAsync(filter, cancelled))
        {
            JsonSerializer.Serialize(json, ExportedEvent.Of(detail), Json);
            json.Flush();
            buffer.Write("\n"u8);
            json.Reset();
            if (buffer.WrittenCount < 64 * 1024)
                continue;
            await context.Response.Body.WriteAsync(buffer.WrittenMemory, cancelled);
            buffer.ResetWrittenCount();
        }

        await context.Response.Body.WriteAsync(buffer.WrittenMemory, cancelled);
        return Results.Empty;
    }

    private static async Task<IResult> StreamAsync(
        HttpContext context, EventQueries queries, TimeProvider clock, IHostApplicationLifetime lifetime, string? source, string? type, string? status, string? correlationId, string? text)
    {
        if (EventFilters.Read(source, type, status, correlationId, null, null, text, out var filter) is { } problem)
            return problem;
        context.Response.ContentType = "text/event-stream";
        context.Response.Headers.CacheControl = "no-store";
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        try
        {
            var tail = queries.Tail(filter, context.Request.Headers["Last-Event-ID"].ToString() is { Length: > 0 } last ? last : null);
            await context.Response.WriteAsync("retry: 2000\n\n", stopping.Token);
            await context.Response.Body.FlushAsync(stopping.Token);
            using var timer = new PeriodicTimer(Pace, clock);
            for (var quiet = 0; await timer.WaitForNextTickAsync(stopping.Token);)
            {
                var news = await tail.ReadAsync(stopping.Token);
                foreach (var summary in news)
                    await context.Response.WriteAsync($"id: {summary.Id}\nevent: event\ndata: {JsonSerializer.Serialize(summary, Json)}\n\n", stopping.Token);
                quiet = news.Count > 0 ? 0 : quiet + 1;
                if (quiet >= QuietTicks)
                {
                    await context.Response.WriteAsync(":\n\n", stopping.Token);
                    quiet = 0;
                }

                await context.Response.Body.FlushAsync(stopping.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // The reader has gone, or the server stops.
        }

        return Results.Empty;
    }
}

/// <summary>A line of an export.</summary>
internal sealed record ExportedEvent
{
    public required EventSummary Event { get; init; }

    public required string? Verification { get; init; }

    public required string? RemoteIp { get; init; }

    public required string? Query { get; init; }

    public required JsonElement Headers { get; init; }

    /// <summary>The body where it is UTF-8 text; else null, and <see cref="BodyBase64"/> has it.</summary>
    public required string? Body { get; init; }

    public required string? BodyBase64 { get; init; }

    public required IReadOnlyList<EventStart> Starts { get; init; }

    public static ExportedEvent Of(EventDetail detail)
    {
        var isText = System.Text.Unicode.Utf8.IsValid(detail.Body);
        return new ExportedEvent
        {
            Event = detail.Summary,
            Verification = detail.Verification,
            RemoteIp = detail.RemoteIp,
            Query = detail.Query,
            Headers = JsonElement.Parse(detail.Headers),
            Body = isText ? System.Text.Encoding.UTF8.GetString(detail.Body) : null,
            BodyBase64 = isText ? null : Convert.ToBase64String(detail.Body),
            Starts = detail.Starts,
        };
    }
}
