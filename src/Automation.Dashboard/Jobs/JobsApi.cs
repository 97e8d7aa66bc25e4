using Automation.Dashboard.Shared;
using Automation.Jobs;
using Automation.Steps.Http;
using Automation.Storage.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Automation.Dashboard.Jobs;

/// <summary>Jobs over HTTP.</summary>
internal static class JobsApi
{
    private const int MaxLimit = 500;

    public static void MapJobsApi(this IEndpointRouteBuilder app)
    {
        var jobs = app.MapGroup("/api/jobs").WithTags("Jobs").WithMetadata(new LeastRoleAttribute(Role.Viewer));
        jobs.MapGet("/", ListAsync).WithName("ListJobs").WithSummary("Lists jobs, newest first.");
        jobs.MapGet("/{id:long}", FindAsync).WithName("GetJob").WithSummary("Reads one job: call, arguments, parameters, every state it was in, its log, its HTTP exchanges.");
        jobs.MapPost("/{id:long}/requeue", RequeueAsync).WithName("RequeueJob").WithSummary("Puts a job back into its queue.").WithMetadata(new LeastRoleAttribute(Role.Operator));
        jobs.MapPost("/{id:long}/delete", DeleteAsync).WithName("DeleteJob").WithSummary("Deletes a job; one that is running is told to stop.").WithMetadata(new LeastRoleAttribute(Role.Operator));
        jobs.MapPost("/{id:long}/cancel", CancelAsync).WithName("CancelJob").WithSummary("Deletes a running job and waits up to ten seconds for it to stop.").WithMetadata(new LeastRoleAttribute(Role.Operator));
        jobs.MapGet("/counts", async (JobQueries queries, CancellationToken token) => TypedResults.Ok(await queries.CountAsync(token))).WithName("CountJobs").WithSummary("Counts the jobs in each state.");
        jobs.MapGet("/queues", async (JobQueries queries, CancellationToken token) => TypedResults.Ok(await queries.QueuesAsync(token))).WithName("ListQueues").WithSummary("Lists the queues with what waits in each.");
        jobs.MapPost("/queues/{queue}/pause", PauseAsync).WithName("PauseQueue").WithMetadata(new LeastRoleAttribute(Role.Operator)).WithSummary("Lets no server take jobs of a queue until it is resumed.");
        jobs.MapPost("/queues/{queue}/resume", ResumeAsync).WithName("ResumeQueue").WithMetadata(new LeastRoleAttribute(Role.Operator)).WithSummary("Lets servers take jobs of a queue again.");
        jobs.MapGet("/servers", async (JobQueries queries, CancellationToken token) => TypedResults.Ok(await queries.ServersAsync(token))).WithName("ListServers").WithSummary("Lists the servers with their last sign of life.");
        jobs.MapGet("/failures", async (JobQueries queries, CancellationToken token) => TypedResults.Ok(await queries.FailuresAsync(token))).WithName("ListFailures").WithSummary("Groups the failed jobs by exception.");
        jobs.MapGet("/statistics/day", async (JobQueries queries, CancellationToken token) => TypedResults.Ok(await queries.LastDayAsync(token))).WithName("JobsByHour").WithSummary("Counts the jobs that ended in the last day, by hour.");
        jobs.MapGet("/statistics/week", async (JobQueries queries, CancellationToken token) => TypedResults.Ok(await queries.LastWeekAsync(token))).WithName("JobsByDay").WithSummary("Counts the jobs that ended in the last week, by day.");
        jobs.MapGet("/overview", OverviewAsync).WithName("GetJobsOverview").WithSummary("Counts, history, types and the latest failures: what the overview page shows. period is day (the default) or week.");
        jobs.MapGet("/types", (JobQueries queries, string? period, CancellationToken token) => TypesAsync(queries, period, token)).WithName("ListJobTypes").WithSummary("Counts and durations by type of job; they outlive the jobs. period is day (the default) or week.");
        jobs.MapGet("/scheduled", async Task<Results<Ok<WaitingJobs>, ProblemHttpResult>> (JobQueries queries, string? after, int? limit, CancellationToken token) =>
            RangeOf(limit) is { } problem ? problem : TypedResults.Ok(await queries.ListScheduledAsync(after, limit ?? 50, token))).WithName("ListScheduledJobs").WithSummary("Lists jobs that wait for a time, the next one first; its \"next\" is the next page's \"after\".");
        jobs.MapGet("/retries", async Task<Results<Ok<WaitingJobs>, ProblemHttpResult>> (JobQueries queries, string? after, int? limit, CancellationToken token) =>
            RangeOf(limit) is { } problem ? problem : TypedResults.Ok(await queries.ListRetriesAsync(after, limit ?? 50, token))).WithName("ListRetries").WithSummary("Lists failed jobs that wait for another attempt, the latest failure first; its \"next\" is the next page's \"after\".");
        jobs.MapGet("/queues/{queue}", async Task<Results<Ok<JobPage>, ProblemHttpResult>> (string queue, JobQueries queries, bool? fetched, long? after, int? limit, CancellationToken token) =>
            RangeOf(limit) is { } problem ? problem : TypedResults.Ok(await queries.ListQueueAsync(queue, fetched ?? false, after, limit ?? 50, token))).WithName("ListJobsOfQueue").WithSummary("Lists the jobs that wait in a queue, in the order in which they are taken, or those of it that servers hold. Its \"before\" is the next page's \"after\".");
        jobs.MapGet("/recurring", async (JobQueries queries, string? after, CancellationToken token) => TypedResults.Ok(await queries.RecurringAsync(after, MaxLimit, token))).WithName("ListRecurringJobs").WithSummary("Lists the recurring jobs by id; after is the last id of the page before.");
    }

    // name is the registered name, or the beginning of a typed job's type; argument and exception are pieces of text;
    // retries leaves only failed jobs that wait for another attempt; before is the "before" of the page that came last; limit is 1 to 500, 50 by default.
    private static async Task<Results<Ok<JobPage>, ProblemHttpResult>> ListAsync(
        JobQueries queries, string? state, string? queue, string? name, string? argument, string? exception, DateTimeOffset? from, DateTimeOffset? to, bool? retries, long? before,
        int? limit, CancellationToken cancellationToken)
    {
        if (RangeOf(limit) is { } problem)
            return problem;
        if (Given(state) is { } wanted && !States.Contains(wanted, StringComparer.Ordinal))
            return Problems.Range("state", state, string.Join(", ", States));
        var filter = new JobFilter
        {
            State = Given(state),
            Queue = Given(queue),
            Name = Given(name),
            ArgumentText = Given(argument),
            ExceptionText = Given(exception),
            IsRetry = retries == true,
            CreatedFrom = from,
            CreatedTo = to,
        };
        return TypedResults.Ok(await queries.ListAsync(filter, before, limit ?? 50, cancellationToken));
    }

    private static async Task<Ok<JobsOverview>> OverviewAsync(JobQueries queries, string? period, CancellationToken cancellationToken) => TypedResults.Ok(new JobsOverview(
        await queries.CountAsync(cancellationToken),
        period == "week" ? await queries.LastWeekAsync(cancellationToken) : await queries.LastDayAsync(cancellationToken),
        (await TypesAsync(queries, period, cancellationToken)).Value!,
        (await queries.ListAsync(new JobFilter { State = JobStates.Failed }, most: 8, cancellationToken: cancellationToken)).Jobs));

    private static async Task<Ok<IReadOnlyList<JobTypeStatistic>>> TypesAsync(JobQueries queries, string? period, CancellationToken cancellationToken) =>
        TypedResults.Ok(period == "week" ? await queries.TypesOfLastWeekAsync(cancellationToken) : await queries.TypesOfLastDayAsync(cancellationToken));

    private static async Task<Results<Ok<JobAnswer>, ProblemHttpResult>> FindAsync(long id, JobQueries queries, HttpExchangeLog exchanges, CancellationToken cancellationToken) =>
        await queries.FindAsync(id, cancellationToken) is { } job
            ? TypedResults.Ok(new JobAnswer(
                job.Job, job.Call, job.Arguments, job.Parameters, job.History, job.Continuations, job.Log, job.Progress, await exchanges.OfJobAsync(id, after: null, MaxLimit, cancellationToken)))
            : Missing(id);

    private static async Task<Results<NoContent, ProblemHttpResult>> RequeueAsync(long id, JobClient client, JobQueries queries, CancellationToken cancellationToken) =>
        await client.RequeueAsync(id, "Requeued through the API", cancellationToken) ? TypedResults.NoContent() : await RefusedAsync(id, queries, cancellationToken);

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteAsync(long id, JobClient client, JobQueries queries, CancellationToken cancellationToken) =>
        await client.DeleteAsync(id, "Deleted through the API", cancellationToken) ? TypedResults.NoContent() : await RefusedAsync(id, queries, cancellationToken);

    private static async Task<Results<Ok<CancelAnswer>, ProblemHttpResult>> CancelAsync(long id, JobClient client, JobQueries queries, CancellationToken cancellationToken) =>
        await queries.FindAsync(id, cancellationToken) is null ? Missing(id) : TypedResults.Ok(new CancelAnswer(await client.CancelAsync(id, TimeSpan.FromSeconds(10), cancellationToken)));

    private static async Task<ProblemHttpResult> RefusedAsync(long id, JobQueries queries, CancellationToken cancellationToken) =>
        await queries.FindAsync(id, cancellationToken) is { } job ? Problems.Conflict($"Job {id} is {job.Job.State}, which does not allow it.") : Missing(id);

    private static Task<Results<NoContent, ProblemHttpResult>> PauseAsync(string queue, JobQueries queries, CancellationToken cancellationToken) => ChangeQueueAsync(() => queries.PauseQueueAsync(queue, cancellationToken));

    private static Task<Results<NoContent, ProblemHttpResult>> ResumeAsync(string queue, JobQueries queries, CancellationToken cancellationToken) => ChangeQueueAsync(() => queries.ResumeQueueAsync(queue, cancellationToken));

    private static async Task<Results<NoContent, ProblemHttpResult>> ChangeQueueAsync(Func<Task> change)
    {
        try
        {
            await change();
            return TypedResults.NoContent();
        }
        catch (ArgumentException e)
        {
            return TypedResults.Problem(statusCode: StatusCodes.Status400BadRequest, title: "This is no queue", detail: e.Message);
        }
    }

    private static readonly string[] States =
    [
        JobStates.Enqueued, JobStates.Scheduled, JobStates.Processing, JobStates.Succeeded, JobStates.Failed, JobStates.Deleted, JobStates.Awaiting,
    ];

    private static ProblemHttpResult? RangeOf(int? limit) => limit is < 1 or > MaxLimit ? Problems.Range("limit", limit, $"1 to {MaxLimit}") : null;

    private static ProblemHttpResult Missing(long id) => Problems.Missing("job", id.ToString(System.Globalization.CultureInfo.InvariantCulture));
}

/// <summary>Everything about one job.</summary>
/// <param name="Job">As in a list.</param>
/// <param name="Call">The stored call, as JSON text.</param>
/// <param name="Arguments">The arguments, each as JSON text.</param>
/// <param name="Parameters">The parameters, each as JSON text.</param>
/// <param name="History">Its states, newest first.</param>
/// <param name="Continuations">The jobs that wait for it.</param>
/// <param name="Log">The lines it has written, oldest first, at most the last 1,000.</param>
/// <param name="Progress">How far it is.</param>
/// <param name="HttpExchanges">The HTTP requests that it sent, with the answers, oldest first, at most the first 500; stored with its end.</param>
internal sealed record JobAnswer(
    JobSummary Job, string Call, IReadOnlyList<string?> Arguments, IReadOnlyDictionary<string, string?> Parameters, IReadOnlyList<JobHistoryEntry> History,
    IReadOnlyList<long> Continuations, IReadOnlyList<JobLogLine> Log, JobProgress? Progress, IReadOnlyList<StoredHttpExchange> HttpExchanges);

/// <summary>Whether a cancelled job has stopped.</summary>
/// <param name="Stopped">False where it was still running after ten seconds.</param>
internal sealed record CancelAnswer(bool Stopped);

/// <summary>What the overview page shows.</summary>
/// <param name="Counts">How many jobs are in each state, and the totals.</param>
/// <param name="History">How many ended, by hour or by day.</param>
/// <param name="Types">Counts and durations by type.</param>
/// <param name="Failed">The latest failures.</param>
internal sealed record JobsOverview(JobCounts Counts, IReadOnlyList<JobStatistic> History, IReadOnlyList<JobTypeStatistic> Types, IReadOnlyList<JobSummary> Failed);
