using Automation.Intake.Events;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Automation.Dashboard.Shared;

/// <summary>The API's refusals, worded the same everywhere.</summary>
internal static class Problems
{
    public static ProblemHttpResult Missing(string what, string id) =>
        TypedResults.Problem(statusCode: StatusCodes.Status404NotFound, title: $"No such {what}", detail: $"There is no {what} with the id \"{id}\".");

    public static ProblemHttpResult MissingSource(string slug) =>
        TypedResults.Problem(statusCode: StatusCodes.Status404NotFound, title: "No such source", detail: $"There is no source \"{slug}\".");

    /// <summary>Why something cannot be done with an event: because there is none, or for the reason given.</summary>
    public static async Task<ProblemHttpResult> OfEventAsync(string id, EventQueries queries, string reason, CancellationToken cancellationToken) =>
        await queries.FindAsync(id, cancellationToken) is null ? Missing("event", id) : Conflict(reason);

    public static ProblemHttpResult Range(string name, object? value, string allowed) =>
        TypedResults.Problem(statusCode: StatusCodes.Status400BadRequest, title: "A parameter is out of range", detail: $"{name} is \"{value}\"; allowed is {allowed}.");

    public static ProblemHttpResult Conflict(string detail) =>
        TypedResults.Problem(statusCode: StatusCodes.Status409Conflict, title: "This cannot be done now", detail: detail);
}
