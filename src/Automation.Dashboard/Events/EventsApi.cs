using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Automation.Dashboard.Shared;
using Automation.Intake;
using Automation.Intake.Events;
using Automation.Storage.Access;
using Automation.Storage.Events;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Automation.Dashboard.Events;

/// <summary>The event log over HTTP.</summary>
internal static class EventsApi
{
    public static void MapEventsApi(this IEndpointRouteBuilder app)
    {
        var events = app.MapGroup("/api/events").WithTags("Events").WithMetadata(new LeastRoleAttribute(Role.Viewer));
        events.MapGet("/", ListAsync).WithName("ListEvents").WithSummary("Lists events, newest first.");
        events.MapGet("/{id}", FindAsync).WithName("GetEvent").WithSummary("Reads one event: body, headers, what every mapping rule said, what it started.");
        events.MapGet("/{id}/body", BodyAsync).WithName("GetEventBody").WithSummary("Reads an event's body byte for byte, as it was sent.");
        events.MapPost("/{id}/replay", ReplayAsync).WithName("ReplayEvent").WithSummary("Routes a copy of the event by the rules now in force.").WithMetadata(new LeastRoleAttribute(Role.Operator));
        events.MapPost("/{id}/retry", RetryAsync).WithName("RetryEvent").WithSummary("Routes an event again that failed, matched no rule, or is held back or was skipped by flow control; what it started before is not started twice.").WithMetadata(new LeastRoleAttribute(Role.Operator));
    }

    // source and type take * for any characters; correlationId is exact; from is inclusive, to is not; before is the
    // "next" of the page before; limit is 1 to 500, 50 by default.
    private static async Task<Results<Ok<EventPage>, ProblemHttpResult>> ListAsync(
        EventQueries queries, string? source, string? type, string? status, string? correlationId, DateTimeOffset? from, DateTimeOffset? to, string? text,
        string? before, int? limit, CancellationToken cancellationToken)
    {
        if (limit is < 1 or > EventQueries.MaxLimit)
            return Problems.Range("limit", limit, $"1 to {EventQueries.MaxLimit}");
        if (EventFilters.Read(source, type, status, correlationId, from, to, text, out var filter) is { } problem)
            return problem;
        return TypedResults.Ok(await queries.ListAsync(filter, Given(before), limit ?? 50, cancellationToken));
    }

    private static async Task<Results<Ok<EventAnswer>, ProblemHttpResult>> FindAsync(string id, EventQueries queries, EventJudge judge, CancellationToken cancellationToken) =>
        await queries.FindAsync(id, cancellationToken) is { } found ? TypedResults.Ok(EventAnswer.Of(found, await judge.JudgeAsync(found, cancellationToken))) : Problems.Missing("event", id);

    private static async Task<Results<FileContentHttpResult, ProblemHttpResult>> BodyAsync(string id, EventQueries queries, CancellationToken cancellationToken) =>
        await queries.FindAsync(id, cancellationToken) is { } found
            // Never as what the sender says it is: a browser must not run what a stranger sent.
            ? TypedResults.File(found.Body, "application/octet-stream", $"event-{id}.bin")
            : Problems.Missing("event", id);

    private static async Task<Results<Ok<ReplayAnswer>, ProblemHttpResult>> ReplayAsync(string id, EventActions actions, EventQueries queries, CancellationToken cancellationToken) =>
        await actions.ReplayAsync(id, cancellationToken) is { } copy
            ? TypedResults.Ok(new ReplayAnswer(copy))
            : await Problems.OfEventAsync(id, queries, "It was refused, and what was refused cannot be replayed.", cancellationToken);

    private static async Task<Results<NoContent, ProblemHttpResult>> RetryAsync(string id, EventActions actions, EventQueries queries, CancellationToken cancellationToken) =>
        await actions.RetryAsync(id, cancellationToken)
            ? TypedResults.NoContent()
            : await Problems.OfEventAsync(id, queries, "Only an event that failed, matched no rule, waits or was skipped can be tried again.", cancellationToken);
}

/// <summary>The id of the copy that was routed.</summary>
/// <param name="Id">Id of the new event.</param>
internal sealed record ReplayAnswer(string Id);

/// <summary>A reply to an event.</summary>
internal sealed record EventReplyAnswer
{
    public required string Id { get; init; }

    /// <summary>Given: the answer that the sender got. Late, ToSend, Sent, SendFailed: it came too late for that, or was meant for later.</summary>
    public required ReplyState State { get; init; }

    public required ReplyOrigin Origin { get; init; }

    public required bool IsLate { get; init; }

    public required int Status { get; init; }

    public required string? ContentType { get; init; }

    public required JsonElement? Headers { get; init; }

    /// <summary>The body where it is UTF-8 text; else null, and <see cref="BodyBase64"/> has it.</summary>
    public required string? Body { get; init; }

    public required string? BodyBase64 { get; init; }

    public required string? InstanceId { get; init; }

    public required string? ActivityId { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required string? SendTo { get; init; }

    public required DateTimeOffset? SentAt { get; init; }

    public required string? Detail { get; init; }

    public static EventReplyAnswer Of(EventReply reply)
    {
        var isText = Utf8.IsValid(reply.Body);
        return new EventReplyAnswer
        {
            Id = reply.Id,
            State = reply.State,
            Origin = reply.Origin,
            IsLate = reply.IsLate,
            Status = reply.Status,
            ContentType = reply.ContentType,
            Headers = reply.Headers is null ? null : JsonElement.Parse(reply.Headers),
            Body = isText ? Encoding.UTF8.GetString(reply.Body) : null,
            BodyBase64 = isText ? null : Convert.ToBase64String(reply.Body),
            InstanceId = reply.InstanceId,
            ActivityId = reply.ActivityId,
            CreatedAt = reply.CreatedAt,
            SendTo = reply.SendTo,
            SentAt = reply.SentAt,
            Detail = reply.Detail,
        };
    }
}

/// <summary>One event with all that is known of it.</summary>
internal sealed record EventAnswer
{
    public required EventSummary Event { get; init; }

    public required string? DedupeKey { get; init; }

    /// <summary>By what its sender was verified; of a refused request what verification looked at, a line each, never a secret.</summary>
    public required string? Verification { get; init; }

    /// <summary>Why instances that waited in its session did not take it, a sentence each.</summary>
    public required IReadOnlyList<string> RefusedWaits { get; init; }

    public required string? RemoteIp { get; init; }

    public required string? Query { get; init; }

    public required JsonElement Headers { get; init; }

    /// <summary>The body where it is UTF-8 text; else null, and <see cref="BodyBase64"/> has it.</summary>
    public required string? Body { get; init; }

    public required string? BodyBase64 { get; init; }

    public required IReadOnlyList<EventStart> Starts { get; init; }

    /// <summary>What flow control of each rule did with it.</summary>
    public required IReadOnlyList<EventFlow> Flow { get; init; }

    /// <summary>How many repeated deliveries of it came.</summary>
    public required int Repeats { get; init; }

    /// <summary>What workflows, or the source's fallback, answered; the answer that was given first.</summary>
    public required IReadOnlyList<EventReplyAnswer> Replies { get; init; }

    /// <summary>What each mapping rule said to it.</summary>
    public required IReadOnlyList<Intake.Mapping.RuleVerdict> Rules { get; init; }

    /// <summary>The version of the mappings whose rules these are: the one in force when it was routed, as long as that is kept.</summary>
    public required long MappingVersion { get; init; }

    public static EventAnswer Of(EventDetail detail, EventVerdicts verdicts)
    {
        var isText = Utf8.IsValid(detail.Body);
        return new EventAnswer
        {
            Event = detail.Summary,
            DedupeKey = detail.DedupeKey,
            Verification = detail.Verification,
            RefusedWaits = detail.RefusedWaits,
            RemoteIp = detail.RemoteIp,
            Query = detail.Query,
            Headers = JsonElement.Parse(detail.Headers),
            Body = isText ? Encoding.UTF8.GetString(detail.Body) : null,
            BodyBase64 = isText ? null : Convert.ToBase64String(detail.Body),
            Starts = detail.Starts,
            Flow = detail.Flow,
            Repeats = detail.Repeats,
            Replies = [.. detail.Replies.Select(EventReplyAnswer.Of)],
            Rules = verdicts.Rules,
            MappingVersion = verdicts.Version,
        };
    }
}
