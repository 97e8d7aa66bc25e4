using System.Globalization;
using Automation.Jobs;
using Automation.Storage.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Automation.Dashboard.Jobs;

/// <summary>A figure of the overview, in the form that Hangfire's dashboard has for it.</summary>
/// <param name="Value">As it is shown.</param>
/// <param name="IntValue">As a number.</param>
/// <param name="Style">default, info, success, warning or danger.</param>
/// <param name="Highlighted">Whether it asks for attention.</param>
/// <param name="Title">What it counts.</param>
internal sealed record JobMetric(string Value, long IntValue, string Style, bool Highlighted, string Title);

/// <summary>
/// <c>POST /hangfire/stats</c>: the figures that are asked for in the form fields <c>metrics[]</c>, by name. It changes
/// nothing, so it needs neither a token nor more than a viewer.
/// </summary>
internal static class StatsEndpoint
{
    private const int MostMetrics = 100;

    public static void MapJobStats(this IEndpointRouteBuilder app) =>
        app.MapPost("/hangfire/stats", AnswerAsync).WithMetadata(new LeastRoleAttribute(Role.Viewer)).ExcludeFromDescription().DisableAntiforgery();

    private static async Task<Results<Ok<Dictionary<string, JobMetric?>>, ProblemHttpResult>> AnswerAsync(HttpContext context, JobQueries queries)
    {
        if (!context.Request.HasFormContentType)
            return Shared.Problems.Range("Content-Type", context.Request.ContentType, "a form with fields metrics[]");
        var form = await context.Request.ReadFormAsync(context.RequestAborted);
        var counts = await queries.CountAsync(context.RequestAborted);
        var answer = new Dictionary<string, JobMetric?>(StringComparer.Ordinal);
        foreach (var name in form["metrics[]"].OfType<string>().Take(MostMetrics))
        {
            if (Read(name, counts, out var metric))
                answer[name] = metric;
        }

        return TypedResults.Ok(answer);
    }

    /// <summary>A figure by its name.</summary>
    /// <returns>False for a name that nobody knows.</returns>
    internal static bool Read(string name, JobCounts counts, out JobMetric? metric)
    {
        metric = name switch
        {
            "servers:count" => Figure(counts.Servers, counts.Servers == 0 ? "warning" : "default", "Servers", isHighlighted: counts.Servers == 0),
            "recurring:count" => Figure(counts.Recurring, "default", "Recurring jobs"),
            "retries:count" => Figure(counts.Retries, counts.Retries > 0 ? "warning" : "default", "Jobs that wait for another attempt"),
            "enqueued:count-or-null" => OrNull(Figure(Of(JobStates.Enqueued), "info", "Jobs that wait for a worker", isHighlighted: counts.Servers == 0)),
            "failed:count-or-null" => OrNull(Figure(Of(JobStates.Failed), "danger", "Failed jobs", isHighlighted: true)),
            "enqueued-queues:count" => Figure(Of(JobStates.Enqueued), "info", "Jobs that wait, and their queues") with
            {
                Value = string.Create(CultureInfo.InvariantCulture, $"{Of(JobStates.Enqueued):N0} / {counts.Queues:N0}"),
            },
            "scheduled:count" => Figure(Of(JobStates.Scheduled), "info", "Jobs that wait for a time"),
            "processing:count" => Figure(Of(JobStates.Processing), Of(JobStates.Processing) > 0 ? "warning" : "default", "Jobs that run"),
            "succeeded:count" => Figure(counts.Succeeded, "success", "Jobs that have ever succeeded"),
            "failed:count" => Figure(Of(JobStates.Failed), Of(JobStates.Failed) > 0 ? "danger" : "default", "Failed jobs", isHighlighted: Of(JobStates.Failed) > 0),
            "deleted:count" => Figure(counts.Deleted, "default", "Jobs that were ever deleted"),
            "awaiting:count" => Figure(Of(JobStates.Awaiting), Of(JobStates.Awaiting) > 0 ? "info" : "default", "Jobs that wait for another"),
            _ => null,
        };
        return metric is not null || name is "enqueued:count-or-null" or "failed:count-or-null";

        long Of(string state) => counts.ByState.GetValueOrDefault(state);
    }

    private static JobMetric Figure(long count, string style, string title, bool isHighlighted = false) =>
        new(count.ToString("N0", CultureInfo.InvariantCulture), count, style, isHighlighted, title);

    private static JobMetric? OrNull(JobMetric metric) => metric.IntValue == 0 ? null : metric;
}
