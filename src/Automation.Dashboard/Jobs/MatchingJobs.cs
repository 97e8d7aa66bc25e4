using System.Globalization;
using Automation.Dashboard.Access;
using Automation.Dashboard.Shared;
using Automation.Jobs;
using Microsoft.AspNetCore.Http;

namespace Automation.Dashboard.Jobs;

/// <summary>
/// Moves all jobs that match a filter, however many: each request works for a few seconds and leads to a page that says
/// how far it is and sends the next one. Nothing goes on unless somebody looks on, and closing the page stops it.
/// </summary>
internal static class MatchingJobs
{
    private const int AtOnce = 500;
    private const int Together = 16;
    private static readonly TimeSpan Stretch = TimeSpan.FromSeconds(3);

    public static async Task<IResult> MoveAsync(string kind, string move, HttpContext context, JobClient client, JobQueries queries, TimeProvider clock)
    {
        if (JobList.Of(kind) is not { } list || !list.Moves.Contains(move, StringComparer.Ordinal))
            return TypedResults.NotFound();
        var token = context.RequestAborted;
        var form = await context.Request.ReadFormAsync(token);
        var text = JobFilterText.Read(name => form[name]);
        // Jobs that came after the count was shown were not meant.
        if (Number(form["through"]) is not { } through)
            return Problems.Range("through", form["through"], "the newest id that was counted");
        if (text.Unreadable is { } field)
            return Problems.Range(field, form[field], "a time such as 2026-01-31T08:30");
        var filter = list.Filter(text);
        var (moved, stayed, before) = await MoveForAWhileAsync(list, filter, move, Number(form["before"]) ?? through + 1, client, queries, clock, token);
        var (done, left) = ((Number(form["done"]) ?? 0) + moved, (Number(form["left"]) ?? 0) + stayed);

        Audit.Note(context, $"{list.Title} {text.Words}".TrimEnd(), null, $"{JobText.Number(done)} moved by {move}{(before is null ? "" : " so far")}");
        return before is null
            ? JobActions.To(list.Address(text), move, done, left)
            : TypedResults.Redirect(text.Link(
                "/hangfire/matching/" + list.Key, ("move", move), ("through", Text(through)), ("before", Text(before.Value)), ("done", Text(done)), ("left", Text(left))));
    }

    /// <summary>Moves those that match for some seconds, newest first, beginning below an id.</summary>
    public static async Task<MatchingAnswer> MoveForAWhileAsync(
        JobList list, JobFilter filter, string move, long? before, JobClient client, JobQueries queries, TimeProvider clock, CancellationToken token)
    {
        var (done, left) = (0L, 0L);
        var started = clock.GetTimestamp();
        do
        {
            var page = await queries.ListIdsAsync(filter, before, AtOnce, token);
            await Parallel.ForEachAsync(page.Ids, new ParallelOptions { MaxDegreeOfParallelism = Together, CancellationToken = token }, async (id, t) =>
            {
                if (await JobActions.MoveAsync(client, id, move, list.State, t))
                    Interlocked.Increment(ref done);
                else
                    Interlocked.Increment(ref left);
            });
            before = page.Before;
        }
        while (before is not null && clock.GetElapsedTime(started) < Stretch);

        return new MatchingAnswer(done, left, before);
    }

    public static long? Number(string? text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
