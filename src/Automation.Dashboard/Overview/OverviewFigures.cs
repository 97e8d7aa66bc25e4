using System.Globalization;
using Automation.Dashboard.Jobs;
using Automation.Dashboard.Shared;
using Automation.Intake.Events;
using Automation.Intake.Mapping;
using Automation.Intake.Sources;
using Automation.Jobs;
using Automation.Steps.Deliveries;
using Automation.Storage;
using Automation.Storage.Writes;

namespace Automation.Dashboard.Overview;

/// <summary>Events and work of the last minute, and what waits now.</summary>
/// <param name="Events">Events that arrived in the last minute.</param>
/// <param name="Starts">Instances that started in it.</param>
/// <param name="Finishes">Instances that ended in it, well or cancelled.</param>
/// <param name="Failures">Events, instances and jobs that failed in it.</param>
/// <param name="Jobs">Jobs that succeeded in it.</param>
/// <param name="Unrouted">Events that are not routed yet; counted up to 100,000, as are the next.</param>
/// <param name="Running">Instances in a burst.</param>
/// <param name="Waiting">Instances that wait.</param>
/// <param name="Queued">Jobs that wait for a worker.</param>
internal sealed record LiveFigures(long Events, long Starts, long Finishes, long Failures, long Jobs, long Unrouted, long Running, long Waiting, long Queued);

/// <summary>How long something took in the last hour.</summary>
/// <param name="What">What.</param>
/// <param name="Median">Half of them took at most this, in milliseconds; null where there were none.</param>
/// <param name="P95">95 of 100.</param>
/// <param name="P99">99 of 100.</param>
internal sealed record LatencyFigures(string What, double? Median, double? P95, double? P99);

/// <summary>How a source fares.</summary>
/// <param name="Slug">Its slug.</param>
/// <param name="Title">Its sender.</param>
/// <param name="LastEvent">Id of its newest event.</param>
/// <param name="LastEventAt">When that came.</param>
/// <param name="LastRefused">Id of its newest refused request.</param>
/// <param name="LastRefusedAt">When that came.</param>
/// <param name="Events">Events of the last 24 hours.</param>
/// <param name="Rejected">Refused requests of the last 24 hours.</param>
/// <param name="LagMs">Mean time from happening to arriving, in milliseconds; null where the sender gives no time.</param>
internal sealed record SourceFigures(
    string Slug, string Title, string? LastEvent, DateTimeOffset? LastEventAt, string? LastRefused, DateTimeOffset? LastRefusedAt, long Events, long Rejected, double? LagMs);

/// <summary>What many failures have in common.</summary>
/// <param name="Kind">Event, instance or job.</param>
/// <param name="Text">The reason, or what failed.</param>
/// <param name="Count">How many, of the latest thousand.</param>
/// <param name="Href">Where they are listed.</param>
internal sealed record ErrorGroup(string Kind, string Text, long Count, string Href);

/// <summary>Something that a person should look at.</summary>
/// <param name="Tone">bad or warn.</param>
/// <param name="Text">What it is.</param>
/// <param name="Href">Where.</param>
internal sealed record Attention(string Tone, string Text, string Href);

/// <summary>The overview.</summary>
internal sealed record OverviewAnswer(
    DateTimeOffset At, LiveFigures Live, IReadOnlyList<LatencyFigures> Latencies, Rollup Day, IReadOnlyList<SourceFigures> Sources, IReadOnlyList<ErrorGroup> Errors, IReadOnlyList<Attention> Attention);

/// <summary>Reads the figures of the overview: from the stored counts what has been, from indexes what is now.</summary>
internal sealed class OverviewFigures(
    Database database, RollupStore rollups, SourceCatalog sources, JobQueries jobs, EndpointStore endpoints, MappingStore mappings, TimeProvider clock)
{
    private const long Most = JobCounts.Most;
    private static readonly TimeSpan Late = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan GroupsLast = TimeSpan.FromSeconds(5);

    private static readonly SqlStatement CountEvents = new("SELECT count(*) FROM (SELECT 1 FROM events WHERE status = $1 AND status <> 1 LIMIT $2) e");
    private static readonly SqlStatement CountInstances = new("SELECT count(*) FROM (SELECT 1 FROM workflow_instances WHERE sub_status = $1 LIMIT $2) i");

    private static readonly SqlStatement EventErrors = new(
        "SELECT source, reason, count(*) FROM (SELECT source, reason FROM events WHERE status = $1 AND status <> 1 AND id >= $2 ORDER BY id DESC LIMIT 1000) e GROUP BY source, reason ORDER BY 3 DESC LIMIT 6");

    // The plus keeps SQLite from the index of states, by which it would read everything that ever failed.
    private static readonly SqlStatement InstanceErrors = new(
        """
        SELECT definition_id, count(*) FROM (SELECT definition_id FROM workflow_instances WHERE finished_at >= $1 AND +sub_status = 5 ORDER BY finished_at DESC LIMIT 1000) i
        GROUP BY definition_id ORDER BY 2 DESC LIMIT 6
        """);

    private (DateTimeOffset At, IReadOnlyList<ErrorGroup> Errors)? _groups;

    /// <summary>The figures as they are now.</summary>
    public async Task<OverviewAnswer> ReadAsync(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var minutes = await rollups.ReadAsync(RollupStore.Minute, now - TimeSpan.FromHours(1), now + TimeSpan.FromMinutes(1), cancellationToken);
        var hours = await rollups.ReadAsync(RollupStore.Hour, now - TimeSpan.FromHours(24), now, cancellationToken);
        var day = Sum(hours);
        var queues = await jobs.QueuesAsync(cancellationToken);
        var live = await LiveAsync(minutes, queues, now, cancellationToken);
        var found = await SourcesAsync(cancellationToken);
        var hour = Sum(minutes);
        return new OverviewAnswer(
            now, live,
            [Of("from event to start", hour.StartLatency), Of("workflow, start to end", hour.RunLatency), Of("job", hour.JobLatency)],
            day, found, await ErrorsAsync(now, cancellationToken), await AttentionAsync(day, minutes, queues, now, cancellationToken));
    }

    /// <summary>How the sources fare.</summary>
    public async Task<IReadOnlyList<SourceFigures>> SourcesAsync(CancellationToken cancellationToken)
    {
        var health = await rollups.SourcesAsync(cancellationToken);
        return
        [
            .. sources.All.Select(s => (Source: s, Health: health.GetValueOrDefault(s.Slug) ?? SourceHealth.None))
                .Select(s => new SourceFigures(
                    s.Source.Slug, s.Source.Title, s.Health.LastEvent, TimeOf(s.Health.LastEvent), s.Health.LastRefused, TimeOf(s.Health.LastRefused),
                    s.Health.Events, s.Health.Rejected, s.Health.Lag?.TotalMilliseconds)),
        ];
    }

    private async Task<LiveFigures> LiveAsync(IReadOnlyList<Rollup> minutes, IReadOnlyList<JobQueueView> queues, DateTimeOffset now, CancellationToken cancellationToken)
    {
        // The last 60 seconds are this minute and the end of the one before, taken as even.
        var current = now.ToUnixTimeSeconds() / 60 * 60;
        var rest = 1 - (now.ToUnixTimeMilliseconds() / 1000.0 - current) / 60;
        var (of, before) = (Sum(minutes.Where(m => m.At == current)), Sum(minutes.Where(m => m.At == current - 60)));
        long Last(Func<Rollup, long> figure) => figure(of) + (long)Math.Round(figure(before) * rest);
        return new LiveFigures(
            Last(m => m.Events), Last(m => m.Started), Last(m => m.Finished), Last(m => m.Failures), Last(m => m.JobsSucceeded),
            await CountAsync(CountEvents, 0, cancellationToken), await CountAsync(CountInstances, 1, cancellationToken), await CountAsync(CountInstances, 2, cancellationToken),
            queues.Sum(q => q.Length));
    }

    private async Task<long> CountAsync(SqlStatement statement, long status, CancellationToken cancellationToken) =>
        (await database.QueryAsync(statement, cancellationToken, status, Most)).Rows[0][0].AsInteger;

    private async Task<IReadOnlyList<ErrorGroup>> ErrorsAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (_groups is { } kept && now - kept.At < GroupsLast)
            return kept.Errors;
        var since = now - TimeSpan.FromDays(1);
        var least = EventIds.At(since);
        var groups = new List<ErrorGroup>();
        foreach (var (status, name) in new[] { (4L, "Failed"), (5L, "Rejected") })
        {
            foreach (var row in (await database.QueryAsync(EventErrors, cancellationToken, status, least)).Rows)
            {
                groups.Add(new ErrorGroup(
                    status == 4 ? "event" : "request", $"{row[0].AsText}: {row[1].AsText ?? name}", row[2].AsInteger, Links.To("/events", ("status", name), ("source", row[0].AsText))));
            }
        }

        foreach (var row in (await database.QueryAsync(InstanceErrors, cancellationToken, SqlValue.Micros(since))).Rows)
            groups.Add(new ErrorGroup("instance", row[0].AsText!, row[1].AsInteger, Links.To("/instances", ("workflow", row[0].AsText), ("status", "Faulted"))));
        foreach (var failure in (await jobs.FailuresAsync(cancellationToken)).Where(f => f.LatestAt >= since).Take(6))
            groups.Add(new ErrorGroup("job", $"{JobText.ShortType(failure.ExceptionType)}: {failure.Message}", failure.Jobs, Links.To("/hangfire/jobs/failed", ("exception", failure.ExceptionType))));
        IReadOnlyList<ErrorGroup> sorted = [.. groups.OrderByDescending(g => g.Count).Take(10)];
        _groups = (now, sorted);
        return sorted;
    }

    private async Task<IReadOnlyList<Attention>> AttentionAsync(Rollup day, IReadOnlyList<Rollup> minutes, IReadOnlyList<JobQueueView> queues, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var found = new List<Attention>();
        if (mappings.Problem is { } problem)
            found.Add(new Attention("bad", $"The mappings file is not in force: {problem}", "/mappings"));
        if (!(await jobs.ServersAsync(cancellationToken)).Any(s => now - s.Heartbeat < Late))
            found.Add(new Attention("bad", "No server works on jobs.", "/hangfire/servers"));
        if (day.Failed > 0)
            found.Add(new Attention("bad", $"{Count(day.Failed, "event")} could not be routed.", "/events?status=Failed"));
        if (day.Faulted > 0)
            found.Add(new Attention("bad", $"{Count(day.Faulted, "instance")} failed.", "/instances?status=Faulted"));
        if (await jobs.CountAsync(cancellationToken) is var counts && counts.ByState.GetValueOrDefault(JobStates.Failed) is > 0 and var failed)
            found.Add(new Attention("bad", $"{JobText.Count(failed)} {(failed == 1 ? "job has" : "jobs have")} failed and {(failed == 1 ? "is" : "are")} not tried again.", "/hangfire/jobs/failed"));
        foreach (var endpoint in (await endpoints.ListAsync(cancellationToken)).Where(e => e.DisabledReason is not null || e.FailingSince is not null))
        {
            var text = endpoint.DisabledReason is { } reason ? $"The subscriber {endpoint.Address} was switched off: {reason}" : $"Nothing reaches the subscriber {endpoint.Address}.";
            found.Add(new Attention(endpoint.DisabledReason is null ? "warn" : "bad", text, "/deliveries/endpoints/" + Uri.EscapeDataString(endpoint.Id)));
        }

        foreach (var queue in queues)
        {
            if (queue is { IsPaused: true, Length: > 0 })
                found.Add(new Attention("warn", $"The queue {queue.Name} is paused; {Count(queue.Length, "job")} in it {(queue.Length == 1 ? "waits" : "wait")}.", "/hangfire/jobs/enqueued"));
            else if (queue is { Length: > 0, OldestAt: { } oldest } && now - oldest > Late)
                found.Add(new Attention("warn", $"A job in the queue {queue.Name} has waited for {JobText.Took(now - oldest)}.", "/hangfire/jobs/enqueued"));
        }

        foreach (var source in minutes.Where(m => m.Rejected > 0).GroupBy(m => m.Source, StringComparer.OrdinalIgnoreCase))
        {
            var known = source.Key == RollupReader.Unknown ? "of unknown sources" : $"of {source.Key}";
            found.Add(new Attention("warn", $"{Count(source.Sum(m => m.Rejected), "request")} {known} {(source.Sum(m => m.Rejected) == 1 ? "was" : "were")} refused in the last hour.",
                source.Key == RollupReader.Unknown ? "/events?status=Rejected" : Links.To("/events", ("status", "Rejected"), ("source", source.Key))));
        }

        if (day.Unmatched > 0)
            found.Add(new Attention("warn", $"{Count(day.Unmatched, "event")} matched no rule.", "/events?status=Unmatched"));
        return found;
    }

    private static Rollup Sum(IEnumerable<Rollup> rows)
    {
        var sum = new Rollup { At = 0 };
        foreach (var row in rows)
            sum.Add(row);
        return sum;
    }

    private static LatencyFigures Of(string what, Latencies latencies) =>
        new(what, latencies.Percentile(0.5)?.TotalMilliseconds, latencies.Percentile(0.95)?.TotalMilliseconds, latencies.Percentile(0.99)?.TotalMilliseconds);

    private static string Count(long count, string what) => $"{count.ToString("N0", CultureInfo.InvariantCulture)} {what}{(count == 1 ? "" : "s")}";

    /// <summary>The time that an event's id carries.</summary>
    private static DateTimeOffset? TimeOf(string? id) =>
        id is { Length: >= 13 } && long.TryParse(string.Concat(id.AsSpan(0, 8), id.AsSpan(9, 4)), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var milliseconds)
            ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds)
            : null;
}
