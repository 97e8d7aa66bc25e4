using System.Text.Json.Serialization;
using Automation.Dashboard.Access;
using Automation.Dashboard.Shared;
using Automation.Jobs;
using Automation.Storage.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Automation.Dashboard.Jobs;

/// <summary>What the job pages do to many jobs at once and to recurring jobs, over HTTP.</summary>
internal static class JobMovesApi
{
    // As many as the page of recurring jobs shows at once, and more than anybody ticks.
    private const int MostIds = 1000;

    public static void MapJobMoves(this IEndpointRouteBuilder app)
    {
        var jobs = app.MapGroup("/api/jobs").WithTags("Jobs").WithMetadata(new LeastRoleAttribute(Role.Operator));
        jobs.MapPost("/requeue", (MatchingBody body, HttpContext context, JobClient client, JobQueries queries, TimeProvider clock) =>
                MoveMatchingAsync("requeue", body, context, client, queries, clock))
            .WithName("RequeueJobs").WithSummary("Puts all jobs of one state that match back into their queues, for a few seconds; a before in the answer says that there are more, and where to go on.");
        jobs.MapPost("/delete", (MatchingBody body, HttpContext context, JobClient client, JobQueries queries, TimeProvider clock) =>
                MoveMatchingAsync("delete", body, context, client, queries, clock))
            .WithName("DeleteJobs").WithSummary("Deletes all jobs of one state that match, for a few seconds; a before in the answer says that there are more, and where to go on.");

        var recurring = jobs.MapGroup("/recurring");
        recurring.MapPost("/trigger", (RecurringBody body, HttpContext context, RecurringJobManager manager) =>
                ChangeAsync(body, context, async (id, token) => await manager.TriggerAsync(id, token) is not null))
            .WithName("TriggerRecurringJobs").WithSummary("Runs recurring jobs now, besides their schedules.");
        recurring.MapPost("/pause", (RecurringBody body, HttpContext context, RecurringJobManager manager) => ChangeAsync(body, context, manager.PauseAsync))
            .WithName("PauseRecurringJobs").WithSummary("Stops the schedules of recurring jobs until they are resumed.");
        recurring.MapPost("/resume", (RecurringBody body, HttpContext context, RecurringJobManager manager) => ChangeAsync(body, context, manager.ResumeAsync))
            .WithName("ResumeRecurringJobs").WithSummary("Lets the schedules of recurring jobs go on from now.");
        recurring.MapPost("/remove", (RecurringBody body, HttpContext context, RecurringJobManager manager) => ChangeAsync(body, context, async (id, token) =>
            {
                await manager.RemoveIfExistsAsync(id, token);
                return true;
            }))
            .WithName("RemoveRecurringJobs").WithSummary("Removes recurring jobs; runs that exist go on.");
    }

    private static async Task<Results<Ok<MatchingAnswer>, ProblemHttpResult>> MoveMatchingAsync(
        string move, MatchingBody body, HttpContext context, JobClient client, JobQueries queries, TimeProvider clock)
    {
        // Jobs of any state at once are never meant, and a list whose jobs start by themselves has other words for it.
        var lists = JobList.All.Where(l => l.State is not null && l.Moves.Contains(move, StringComparer.Ordinal)).DistinctBy(l => l.State);
        if (lists.FirstOrDefault(l => l.State == body.State) is not { } list)
            return Problems.Range("state", body.State, string.Join(", ", lists.Select(l => l.State)));
        var filter = new JobFilter
        {
            State = list.State,
            Name = Given(body.Name),
            ArgumentText = Given(body.Argument),
            Queue = Given(body.Queue),
            ExceptionText = Given(body.Exception),
            CreatedFrom = body.From,
            CreatedTo = body.To,
        };
        var moved = await MatchingJobs.MoveForAWhileAsync(list, filter, move, body.Before, client, queries, clock, context.RequestAborted);
        Audit.Note(context, list.Title, Audit.Json(body), Audit.Json(moved));
        return TypedResults.Ok(moved);
    }

    private static async Task<Results<Ok<RecurringAnswer>, ProblemHttpResult>> ChangeAsync(RecurringBody body, HttpContext context, Func<string, CancellationToken, Task<bool>> change)
    {
        if (body.Ids is not { Count: > 0 and <= MostIds } ids || ids.Any(string.IsNullOrEmpty))
            return Problems.Range("ids", body.Ids is null ? null : $"{body.Ids.Count} ids", $"1 to {MostIds} ids of recurring jobs");
        var (done, left) = (0, new List<string>());
        foreach (var id in ids)
        {
            if (await change(id, context.RequestAborted))
                done++;
            else
                left.Add(id);
        }

        return TypedResults.Ok(new RecurringAnswer(done, left));
    }
}

/// <summary>Which jobs are meant.</summary>
/// <param name="State">The state that they are in.</param>
/// <param name="Name">The registered name, or the beginning of a typed job's type.</param>
/// <param name="Argument">A piece of their arguments.</param>
/// <param name="Queue">Their queue.</param>
/// <param name="Exception">A piece of a failure.</param>
/// <param name="From">Created at or after.</param>
/// <param name="To">Created before.</param>
/// <param name="Before">Only jobs with lower ids: the "before" of the answer that came last.</param>
// A misspelt filter would mean more jobs than were meant.
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record MatchingBody(
    string? State, string? Name = null, string? Argument = null, string? Queue = null, string? Exception = null, DateTimeOffset? From = null, DateTimeOffset? To = null, long? Before = null);

/// <summary>How far it is.</summary>
/// <param name="Done">How many were moved.</param>
/// <param name="Left">How many were not, because their state has changed meanwhile.</param>
/// <param name="Before">Where to go on; null where all are done.</param>
internal sealed record MatchingAnswer(long Done, long Left, long? Before);

/// <summary>Which recurring jobs are meant.</summary>
/// <param name="Ids">Their ids.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record RecurringBody(IReadOnlyList<string>? Ids);

/// <summary>What was done.</summary>
/// <param name="Done">How many were changed.</param>
/// <param name="Left">The ids that were not: there is no such recurring job, or its job or schedule cannot be read.</param>
internal sealed record RecurringAnswer(int Done, IReadOnlyList<string> Left);
