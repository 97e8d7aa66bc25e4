using Automation.Dashboard.Shared;
using Automation.Storage.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Automation.Dashboard.Overview;

/// <summary>The overview over HTTP.</summary>
internal static class OverviewApi
{
    public static void MapOverviewApi(this IEndpointRouteBuilder app)
    {
        var overview = app.MapGroup("/api/overview").WithTags("Overview").WithMetadata(new LeastRoleAttribute(Role.Viewer));
        overview.MapGet("/", async (OverviewFigures figures, CancellationToken cancellationToken) => TypedResults.Ok(await figures.ReadAsync(cancellationToken)))
            .WithName("GetOverview").WithSummary("Rates of the last minute, latencies of the last hour, what waits, how the sources fare, error groups, and what needs attention.");
        overview.MapGet("/series", SeriesAsync).WithName("GetOverviewSeries").WithSummary("The last hour, day or month as points of a chart.");
    }

    private static async Task<Results<Ok<OverviewSeries>, ProblemHttpResult>> SeriesAsync(string? period, RollupStore store, TimeProvider clock, CancellationToken cancellationToken) =>
        period is null || OverviewSeries.Names.Contains(period)
            ? TypedResults.Ok(await OverviewSeries.ReadAsync(store, period, clock.GetUtcNow(), cancellationToken))
            : Problems.Range("period", period, string.Join(", ", OverviewSeries.Names));
}
