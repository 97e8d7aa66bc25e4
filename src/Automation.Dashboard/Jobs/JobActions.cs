using System.Globalization;
using Automation.Dashboard.Shared;
using Automation.Dashboard.Shell;
using Automation.Jobs;
using Automation.Storage.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Automation.Dashboard.Jobs;

/// <summary>
/// What the buttons of the job pages do, under Hangfire's addresses. Each is a form post with its antiforgery token and
/// leads back to a page, which then says what was done. A list's buttons touch only jobs that are still as listed.
/// </summary>
internal static class JobActions
{
    private const string ByHand = "By a person, on the job pages";

    // How many jobs of one failure are requeued or deleted at once.
    private const int MostOfAGroup = 1000;

    // What a job may be in while a server holds it; a genuine scheduler leaves one Scheduled.
    private static readonly string[] Unfinished = [JobStates.Processing, JobStates.Enqueued, JobStates.Scheduled];

    private static readonly TimeSpan StopWait = TimeSpan.FromSeconds(5);

    public static void MapJobActions(this IEndpointRouteBuilder app)
    {
        var jobs = app.MapGroup("/hangfire").AddEndpointFilter(PageActions.RequireTokenAsync).WithMetadata(new LeastRoleAttribute(Role.Operator)).ExcludeFromDescription();
        foreach (var list in JobList.All)
        {
            foreach (var move in list.Moves)
                jobs.MapPost($"/jobs/{list.Page}/{move}", (HttpContext context, JobClient client) => MoveListedAsync(context, client, move, list.State, "/hangfire/jobs/" + list.Page));
        }

        jobs.MapPost("/matching/{page}/{move}", (string page, string move, HttpContext context, JobClient client, JobQueries queries, TimeProvider clock) =>
            MatchingJobs.MoveAsync(page, move, context, client, queries, clock));

        jobs.MapPost("/jobs/actions/requeue/{id:long}", async (long id, JobClient client, CancellationToken token) =>
            ToJob(id, "requeue", await client.RequeueAsync(id, ByHand, token)));
        jobs.MapPost("/jobs/actions/delete/{id:long}", async (long id, JobClient client, CancellationToken token) =>
            ToJob(id, "delete", await client.DeleteAsync(id, ByHand, token)));
        jobs.MapPost("/jobs/actions/cancel/{id:long}", CancelAsync);
        jobs.MapPost("/failures/{move:regex(^(requeue|delete)$)}", MoveGroupAsync);
        jobs.MapPost("/recurring/{move:regex(^(trigger|remove|pause|resume)$)}", ChangeRecurringAsync);
        jobs.MapPost("/queues/{queue}/{move:regex(^(pause|resume)$)}", ChangeQueueAsync);
    }

    private static async Task<IResult> MoveListedAsync(HttpContext context, JobClient client, string move, string? state, string page)
    {
        var token = context.RequestAborted;
        var form = await context.Request.ReadFormAsync(token);
        var (done, left) = (0, 0);
        foreach (var text in form["jobs[]"])
        {
            if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var id) && await MoveAsync(client, id, move, state, token))
                done++;
            else
                left++;
        }

        return Back(form, page, done + left == 0 ? "none" : move, done, left);
    }

    /// <summary>Moves a job only while it is as listed: in the state, or, of a list of any state, not ended.</summary>
    internal static async Task<bool> MoveAsync(JobClient client, long id, string move, string? state, CancellationToken cancellationToken)
    {
        foreach (var from in state is null ? Unfinished : [state])
        {
            if (await (move == "delete" ? client.DeleteFromAsync(id, from, ByHand, cancellationToken) : client.RequeueFromAsync(id, from, ByHand, cancellationToken)))
                return true;
        }

        return false;
    }

    private static async Task<IResult> CancelAsync(long id, JobClient client, JobQueries queries, CancellationToken cancellationToken)
    {
        var told = await client.DeleteFromAsync(id, JobStates.Processing, "Cancelled", cancellationToken);
        // Pressed once more: whether one that was told before has stopped.
        if (!told && (await queries.FindAsync(id, cancellationToken))?.Job.State != JobStates.Deleted)
            return To(JobPath(id), "cancel", 0, 0);
        var stopped = await client.CancelAsync(id, StopWait, cancellationToken);
        return To(JobPath(id), "cancel", stopped ? 1 : 0, stopped ? 0 : 1);
    }

    private static async Task<IResult> MoveGroupAsync(string move, HttpContext context, JobClient client, JobQueries queries)
    {
        var token = context.RequestAborted;
        var form = await context.Request.ReadFormAsync(token);
        var type = form["type"].ToString();
        if (type.Length == 0)
            return Back(form, "/hangfire/failures", "none", 0, 0);
        var (done, left) = (0, 0);
        long? before = null;
        do
        {
            var page = await queries.ListAsync(new JobFilter { State = JobStates.Failed, ExceptionText = type }, before, 500, token);
            foreach (var job in page.Jobs)
            {
                if (job.StateData.GetValueOrDefault("ExceptionType") != type || done + left == MostOfAGroup)
                    continue;
                if (await MoveAsync(client, job.Id, move, JobStates.Failed, token))
                    done++;
                else
                    left++;
            }

            before = page.Before;
        }
        while (before is not null && done + left < MostOfAGroup);
        return Back(form, "/hangfire/failures", move, done, left);
    }

    private static async Task<IResult> ChangeRecurringAsync(string move, HttpContext context, RecurringJobManager manager)
    {
        var token = context.RequestAborted;
        var form = await context.Request.ReadFormAsync(token);
        var (done, left) = (0, 0);
        foreach (var id in form["jobs[]"].OfType<string>())
        {
            var changed = move switch
            {
                "trigger" => await manager.TriggerAsync(id, token) is not null,
                "pause" => await manager.PauseAsync(id, token),
                "resume" => await manager.ResumeAsync(id, token),
                _ => await RemoveAsync(manager, id, token),
            };
            (done, left) = changed ? (done + 1, left) : (done, left + 1);
        }

        return Back(form, "/hangfire/recurring", done + left == 0 ? "none" : move, done, left);
    }

    private static async Task<bool> RemoveAsync(RecurringJobManager manager, string id, CancellationToken cancellationToken)
    {
        await manager.RemoveIfExistsAsync(id, cancellationToken);
        return true;
    }

    private static async Task<IResult> ChangeQueueAsync(string queue, string move, HttpContext context, JobQueries queries)
    {
        var token = context.RequestAborted;
        var form = await context.Request.ReadFormAsync(token);
        try
        {
            await (move == "pause" ? queries.PauseQueueAsync(queue, token) : queries.ResumeQueueAsync(queue, token));
        }
        catch (ArgumentException e)
        {
            return TypedResults.Problem(statusCode: StatusCodes.Status400BadRequest, title: "This is no queue", detail: e.Message);
        }

        return Back(form, "/hangfire/jobs/enqueued", move + "-queue", 1, 0);
    }

    private static string JobPath(long id) => string.Create(CultureInfo.InvariantCulture, $"/hangfire/jobs/details/{id}");

    private static IResult ToJob(long id, string did, bool done) => To(JobPath(id), did, done ? 1 : 0, done ? 0 : 1);

    /// <summary>To the page that the form was on, with its filters, if it says so.</summary>
    private static IResult Back(IFormCollection form, string page, string did, int done, int left) =>
        To(IsOurs(form["back"].ToString()) ? form["back"].ToString() : page, did, done, left);

    private static bool IsOurs(string path) =>
        (path == "/hangfire" || path.StartsWith("/hangfire/", StringComparison.Ordinal)) && !path.AsSpan().ContainsAnyExceptInRange('!', '~');

    internal static IResult To(string path, string did, long done, long left)
    {
        var query = Links.To("", ("did", did), ("done", done.ToString(CultureInfo.InvariantCulture)), ("left", left.ToString(CultureInfo.InvariantCulture)));
        // See other: loading the page again does not repeat the action.
        return TypedResults.Redirect(path.Contains('?', StringComparison.Ordinal) ? $"{path}&{query[1..]}" : path + query);
    }
}
