using Automation.Dashboard.Shared;
using Automation.Intake.Events;
using Automation.Storage.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Automation.Dashboard.Events;

/// <summary>Bulk replays over HTTP.</summary>
internal static class ReplaysApi
{
    public static void MapReplaysApi(this IEndpointRouteBuilder app)
    {
        var replays = app.MapGroup("/api/replays").WithTags("Events").WithMetadata(new LeastRoleAttribute(Role.Viewer));
        replays.MapGet("/", async (EventReplays runs, CancellationToken token) => TypedResults.Ok(await runs.ListAsync(token))).WithName("ListReplays").WithSummary("The latest bulk replays, newest first.");
        replays.MapPost("/", StartAsync).WithName("StartReplay").WithSummary("Replays all events of a filter, in the order stored; with dryRun it only says what would start.").WithMetadata(new LeastRoleAttribute(Role.Operator));
        replays.MapGet("/{id}", FindAsync).WithName("GetReplay").WithSummary("How far a bulk replay has come, and what it starts.");
        replays.MapPost("/{id}/cancel", CancelAsync).WithName("CancelReplay").WithSummary("Stops a bulk replay; what was replayed until then stays replayed.").WithMetadata(new LeastRoleAttribute(Role.Operator));
    }

    private static async Task<Results<Accepted<ReplayProgress>, ProblemHttpResult>> StartAsync(ReplayRequest request, EventReplays runs, CancellationToken cancellationToken)
    {
        if (EventFilters.Read(request.Source, request.Type, request.Status, request.CorrelationId, request.From, request.To, request.Text, out var filter) is { } problem)
            return problem;
        var id = await runs.StartAsync(filter, request.DryRun, cancellationToken);
        return TypedResults.Accepted($"/api/replays/{id}", await runs.FindAsync(id, cancellationToken));
    }

    private static async Task<Results<Ok<ReplayProgress>, ProblemHttpResult>> FindAsync(string id, EventReplays runs, CancellationToken cancellationToken) =>
        await runs.FindAsync(id, cancellationToken) is { } found ? TypedResults.Ok(found) : Problems.Missing("replay", id);

    private static async Task<Results<Ok<ReplayProgress>, ProblemHttpResult>> CancelAsync(string id, EventReplays runs, CancellationToken cancellationToken) =>
        await runs.CancelAsync(id, cancellationToken) is { } found ? TypedResults.Ok(found) : Problems.Missing("replay", id);
}

/// <summary>Which events to replay; what is left out does not narrow.</summary>
internal sealed record ReplayRequest
{
    public string? Source { get; init; }

    public string? Type { get; init; }

    public string? Status { get; init; }

    public string? CorrelationId { get; init; }

    public DateTimeOffset? From { get; init; }

    public DateTimeOffset? To { get; init; }

    public string? Text { get; init; }

    /// <summary>Whether only to say what would start.</summary>
    public bool DryRun { get; init; }
}
