using System.Globalization;
using Automation.Dashboard.Shared;
using Automation.Intake.Events;
using Automation.Jobs;
using Automation.Storage.Access;
using Automation.Workflows.Management;
using Automation.Workflows.Queries;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Automation.Dashboard.Search;

/// <summary>Something that was found.</summary>
/// <param name="Kind">Events, Instances, Jobs or Workflows.</param>
/// <param name="Title">What it is called.</param>
/// <param name="Detail">What tells it from others of that name.</param>
/// <param name="Status">Where it stands, where that can be said.</param>
/// <param name="At">When it began.</param>
/// <param name="Href">Its page.</param>
public sealed record SearchHit(string Kind, string Title, string Detail, string? Status, DateTimeOffset? At, string Href);

/// <summary>What a search found.</summary>
/// <param name="Hits">By kind; the newest of each first.</param>
public sealed record SearchAnswer(IReadOnlyList<SearchHit> Hits);

/// <summary>Looks for one text in everything. What is found by an index comes from all time, text in bodies and names from the last days.</summary>
internal sealed class SearchEverything(EventQueries events, InstanceQueries instances, JobQueries jobs, WorkflowCatalog workflows, TimeProvider clock)
{
    private const int Most = 8;

    private const int InstancesLookedAt = 5_000;

    // Bodies have no index: a search through them has an end.
    private static readonly TimeSpan TextReach = TimeSpan.FromDays(2);

    public async Task<SearchAnswer> FindAsync(string text, CancellationToken cancellationToken)
    {
        var hits = new List<SearchHit>();
        var found = new HashSet<string>(StringComparer.Ordinal);
        void Add(EventSummary e)
        {
            if (found.Add(e.Id))
                hits.Add(new SearchHit("Events", e.Type ?? "Refused request", $"{e.Source} {e.CorrelationKey}", e.Status.ToString(), e.ReceivedAt, "/events/" + e.Id));
        }

        if (Guid.TryParse(text, out _) && await events.FindAsync(text.ToLowerInvariant(), cancellationToken) is { } exact)
            Add(exact.Summary);
        foreach (var item in (await events.ListAsync(new EventFilter { CorrelationKey = text }, limit: Most, cancellationToken: cancellationToken)).Items)
            Add(item);
        if (hits.Count == 0)
        {
            foreach (var item in (await events.ListAsync(new EventFilter { Text = text, From = clock.GetUtcNow() - TextReach }, limit: Most, cancellationToken: cancellationToken)).Items)
                Add(item);
        }

        var runs = (await instances.ListAsync(new InstanceFilter { Ids = [text], Take = Most }, cancellationToken)).Items;
        if (runs.Count == 0)
            runs = (await instances.ListAsync(new InstanceFilter { CorrelationId = text, Take = Most }, cancellationToken)).Items;
        if (runs.Count == 0 && hits.Count == 0)
            runs = await instances.FindAmongNewestAsync(text, InstancesLookedAt, Most, cancellationToken);
        foreach (var item in runs)
            hits.Add(new SearchHit("Instances", item.Name ?? item.DefinitionId, item.CorrelationId ?? item.Id, item.SubStatus.ToString(), item.CreatedAt, "/instances/" + item.Id));

        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && await jobs.FindAsync(number, cancellationToken) is { } job)
            hits.Add(new SearchHit("Jobs", $"Job {number}", job.Job.Name, job.Job.State, null, $"/hangfire/jobs/details/{number}"));

        hits.AddRange(workflows.Published
            .Where(w => w.DefinitionId.Contains(text, StringComparison.OrdinalIgnoreCase) || w.Name?.Contains(text, StringComparison.OrdinalIgnoreCase) == true)
            .Take(Most).Select(w => new SearchHit("Workflows", w.Name ?? w.DefinitionId, w.DefinitionId, null, null, "/studio/workflows/" + Uri.EscapeDataString(w.DefinitionId))));
        return new SearchAnswer(hits);
    }
}

/// <summary>The search over HTTP, and as a piece of page for the search box.</summary>
internal static class SearchApi
{
    private const int Longest = 200;

    public static void MapSearch(this IEndpointRouteBuilder app)
    {
        app.MapGet("/api/search", async Task<Results<Ok<SearchAnswer>, ProblemHttpResult>> (string? text, SearchEverything search, CancellationToken token) =>
                string.IsNullOrWhiteSpace(text) || text.Length > Longest ? Problems.Range("text", text, $"1 to {Longest} characters") : TypedResults.Ok(await search.FindAsync(text.Trim(), token)))
            .WithTags("Search").WithName("SearchEverything").WithSummary("Finds events, instances, jobs and workflows by id, correlation id or text.").WithMetadata(new LeastRoleAttribute(Role.Viewer));
        app.MapGet("/search/found", FoundAsync)
            .WithMetadata(new LeastRoleAttribute(Role.Viewer)).ExcludeFromDescription();
    }

    private static async Task<IResult> FoundAsync(string? text, SearchEverything search, CancellationToken cancellationToken)
    {
        var found = string.IsNullOrWhiteSpace(text) || text.Length > Longest ? null : await search.FindAsync(text.Trim(), cancellationToken);
        return new RazorComponentResult(typeof(SearchResults), new { Text = text, Found = found });
    }
}
