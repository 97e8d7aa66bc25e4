using Automation.Intake.Events;
using Automation.Steps.Editing;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Automation.Dashboard.Shared;

/// <summary>The API's refusals as the console's own routes say them.</summary>
internal static class Problems
{
    public static ProblemHttpResult Missing(string what, string id) => Refusals.Missing(what, id);

    public static ProblemHttpResult MissingSource(string slug) =>
        TypedResults.Problem(statusCode: StatusCodes.Status404NotFound, title: "No such source", detail: $"There is no source \"{slug}\".");

    /// <summary>Why something cannot be done with an event: because there is none, or for the reason given.</summary>
    public static async Task<ProblemHttpResult> OfEventAsync(string id, EventQueries queries, string reason, CancellationToken cancellationToken) =>
        await queries.FindAsync(id, cancellationToken) is null ? Missing("event", id) : Conflict(reason);

    public static ProblemHttpResult Range(string name, object? value, string allowed) => Refusals.Range(name, value, allowed);

    public static ProblemHttpResult Conflict(string detail) => Refusals.Conflict(detail);
}
