using System.Runtime.CompilerServices;
using Automation.Jobs;
using Automation.Workflows.Execution;
using Automation.Workflows.Queries;
using Microsoft.AspNetCore.Http;

namespace Automation.Dashboard.Exports;

/// <summary>Instances and jobs as files, with the filters of their pages.</summary>
internal static class RunExports
{
    // They are counted for each page.
    private const int InstancesPage = 5000;

    private const int RecurringPage = 500;

    public static Task<IResult> InstancesAsync(HttpContext context, InstanceQueries queries, string? format, string? workflow, string? status, string? correlationId, string? text, bool? hasIncidents)
    {
        if (ListExport.Read<WorkflowSubStatus>("status", status, out var wanted) is { } problem)
            return Task.FromResult<IResult>(problem);
        var filter = new InstanceFilter
        {
            DefinitionIds = string.IsNullOrEmpty(workflow) ? [] : [workflow],
            SubStatuses = wanted is { } one ? [one] : [],
            CorrelationId = string.IsNullOrEmpty(correlationId) ? null : correlationId,
            SearchTerm = text,
            HasIncidents = hasIncidents,
            Take = InstancesPage,
        };
        return ListExport.WriteAsync<InstanceSummary>(context, format, "instances", ReadAsync(queries, filter, context.RequestAborted),
        [
            new("id", i => i.Id), new("workflow", i => i.DefinitionId), new("version", i => i.Version), new("name", i => i.Name), new("correlationId", i => i.CorrelationId),
            new("status", i => i.SubStatus.ToString()), new("incidents", i => i.IncidentCount), new("createdAt", i => i.CreatedAt), new("updatedAt", i => i.UpdatedAt), new("finishedAt", i => i.FinishedAt),
        ]);
    }

    public static Task<IResult> JobsAsync(
        HttpContext context, JobQueries queries, TimeProvider clock, string? format, string? state, string? queue, string? name, string? argument, string? exception, bool? retries, bool? fetched,
        DateTimeOffset? from, DateTimeOffset? to, long? before)
    {
        var filter = new JobFilter
        {
            State = Given(state), Queue = Given(queue), Name = Given(name), ArgumentText = Given(argument),
            ExceptionText = Given(exception), IsRetry = retries == true, IsFetched = fetched == true, CreatedFrom = from, CreatedTo = to,
        };
        var search = new JobSearch(queries, clock);
        return ListExport.WriteAsync<JobSummary>(context, format, "jobs", search.ReadAsync(filter, before, context.RequestAborted),
        [
            new("id", j => j.Id), new("name", j => j.Name), new("arguments", j => j.Arguments), new("state", j => j.State), new("stateSince", j => j.StateSince), new("reason", j => j.Reason),
            new("createdAt", j => j.CreatedAt), new("exception", j => j.StateData.GetValueOrDefault("ExceptionType")), new("message", j => j.StateData.GetValueOrDefault("ExceptionMessage")),
        ], () => search.StoppedBefore is { } id ? $"Not the end: no job matched for a while, so the search stopped before job {id}. Go on with before={id}." : null);
    }

    public static Task<IResult> RecurringAsync(HttpContext context, JobQueries queries, string? format) =>
        ListExport.WriteAsync<RecurringJobView>(context, format, "recurring", ReadAsync(queries, context.RequestAborted),
        [
            new("id", r => r.Id), new("cron", r => r.Cron), new("timeZone", r => r.TimeZone), new("queue", r => r.Queue), new("job", r => r.Name), new("next", r => r.Next),
            new("last", r => r.Last), new("lastJobId", r => r.LastJobId), new("error", r => r.Error), new("createdAt", r => r.CreatedAt),
        ]);

    private static async IAsyncEnumerable<RecurringJobView> ReadAsync(JobQueries queries, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string? after = null;
        while (await queries.RecurringAsync(after, RecurringPage, cancellationToken) is { Count: > 0 } page)
        {
            foreach (var job in page)
                yield return job;
            after = page[^1].Id;
        }
    }

    private static async IAsyncEnumerable<InstanceSummary> ReadAsync(InstanceQueries queries, InstanceFilter filter, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // Each page begins at the time where the one before ended: what starts while the file is written moves nothing, and a page
        // far down costs no more than the first. In which order those of one time come differs, so they are known by their ids.
        var had = new HashSet<string>(StringComparer.Ordinal);
        DateTimeOffset? until = null;
        while (true)
        {
            var from = until is { } time
                ? filter with { Timestamps = [new TimestampFilter(InstanceOrder.Created, TimestampOperator.LessThanOrEqual, time)], Take = filter.Take + had.Count }
                : filter;
            var page = (await queries.ListAsync(from, cancellationToken)).Items;
            foreach (var item in page)
            {
                if (item.CreatedAt != until)
                {
                    had.Clear();
                    until = item.CreatedAt;
                }

                if (had.Add(item.Id))
                    yield return item;
            }

            if (page.Count < from.Take)
                yield break;
        }
    }
}
