using System.Globalization;
using Automation.Jobs.Serialization;
using Automation.Jobs.Store;
using Automation.Storage.Writes;

namespace Automation.Jobs;

/// <summary>Turns the hash of a recurring job into runs and into what the hash says next.</summary>
internal sealed class RecurringRuns(JobStore store, JobTransitions transitions, JobOptions options)
{
    private const int MostErrors = 5;
    private const int MostStrictRuns = 100;

    public static string KeyOf(string id) => "recurring-job:" + id;

    public static string ZoneIdOf(Dictionary<string, string> hash) => hash.GetValueOrDefault("TimeZoneId") is { Length: > 0 } zone ? zone : "UTC";

    /// <summary>Adds what is due of a recurring job, and when it is due again.</summary>
    /// <returns>How many runs.</returns>
    public async Task<int> AddDueAsync(WriteUnit unit, string id, Dictionary<string, string> hash, CancellationToken cancellationToken)
    {
        if (hash.Count == 0)
        {
            store.AddSetRemoval(unit, JobStore.RecurringJobs, id);
            return 0;
        }

        Plan plan;
        try
        {
            plan = ReadPlan(hash);
        }
        catch (Exception e) when (e is JobLoadException or CronFormatException or TimeZoneNotFoundException or InvalidTimeZoneException)
        {
            AddError(unit, id, hash, e);
            return 0;
        }

        var now = store.Now();
        var from = JobTime.Parse(hash.GetValueOrDefault("LastExecution"))
            ?? JobTime.Parse(hash.GetValueOrDefault("CreatedAt"))?.AddSeconds(-1)
            ?? now.AddSeconds(-1);
        var runs = Due(plan, from, now);
        foreach (var nominal in runs)
            await AddRunAsync(unit, id, hash, plan.Payload, now, nominal, cancellationToken);

        // Strict runs that are still to come are due at once again.
        var last = runs.Count == 0 ? null : (DateTime?)(plan.Misfire == MisfireMode.Strict ? runs[^1] : now);
        var next = plan.Schedule.Next(new DateTimeOffset(plan.Misfire == MisfireMode.Strict ? last ?? from : now), plan.Zone)?.UtcDateTime;
        AddNext(unit, id, hash, last, next);
        return runs.Count;
    }

    /// <summary>Adds a run besides the schedule; null where the job cannot be read.</summary>
    public async Task<long?> AddTriggeredAsync(WriteUnit unit, string id, Dictionary<string, string> hash, CancellationToken cancellationToken)
    {
        Plan plan;
        try
        {
            plan = ReadPlan(hash);
        }
        catch (Exception e) when (e is JobLoadException or CronFormatException or TimeZoneNotFoundException or InvalidTimeZoneException)
        {
            AddError(unit, id, hash, e);
            return null;
        }

        var now = store.Now();
        var jobId = await AddRunAsync(unit, id, hash, plan.Payload, now, now, cancellationToken);
        // A paused one stays paused.
        var next = hash.GetValueOrDefault("NextExecution") is "" ? null : plan.Schedule.Next(new DateTimeOffset(now), plan.Zone)?.UtcDateTime;
        AddNext(unit, id, hash, now, next);
        return jobId;
    }

    private List<DateTime> Due(Plan plan, DateTime from, DateTime now)
    {
        var first = plan.Schedule.Next(new DateTimeOffset(from), plan.Zone)?.UtcDateTime;
        if (first is null || first > now)
            return [];
        switch (plan.Misfire)
        {
            case MisfireMode.Strict:
                return [.. plan.Schedule.Between(new DateTimeOffset(from), new DateTimeOffset(now), plan.Zone).Take(MostStrictRuns).Select(t => t.UtcDateTime)];
            case MisfireMode.Ignorable:
                var since = now - (2 * options.PollInterval);
                var recent = plan.Schedule.Between(new DateTimeOffset(from > since ? from : since), new DateTimeOffset(now), plan.Zone).ToList();
                return recent.Count == 0 ? [] : [recent[^1].UtcDateTime];
            default:
                return [now];
        }
    }

    private async Task<long> AddRunAsync(
        WriteUnit unit, string id, Dictionary<string, string> hash, InvocationData payload, DateTime now, DateTime nominal, CancellationToken cancellationToken)
    {
        var jobId = await transitions.JobIds.NextAsync(cancellationToken);
        var rowId = await transitions.QueueRowIds.NextAsync(cancellationToken);
        var queue = hash.GetValueOrDefault("Queue") is { Length: > 0 } q && q != JobQueues.Default ? q : payload.Queue ?? JobQueues.Default;
        store.AddJob(unit, new NewJob
        {
            Id = jobId,
            Invocation = payload.IsNamed ? InvocationData.NamedText(payload.Queue) : payload.LongText(),
            Arguments = payload.ArgumentsText(),
            CreatedAt = now,
            State = StateRow.Enqueued(now, queue, "Triggered by its schedule"),
            Queue = queue,
            QueueRowId = rowId,
            Parameters =
            [
                new(JobParameters.RecurringJobId, JobJson.Quote(id)),
                new(JobParameters.Time, (JobTime.Milliseconds(nominal) / 1000).ToString(CultureInfo.InvariantCulture)),
            ],
        });
        hash["LastJobId"] = jobId.ToString(CultureInfo.InvariantCulture);
        store.AddHashField(unit, KeyOf(id), "LastJobId", hash["LastJobId"]);
        return jobId;
    }

    private void AddNext(WriteUnit unit, string id, Dictionary<string, string> hash, DateTime? last, DateTime? next)
    {
        var key = KeyOf(id);
        var text = next is { } n ? JobTime.Format(n) : "";
        // The guard: of two schedulers that saw the same occurrence, one runs it.
        if (hash.TryGetValue("NextExecution", out var old))
            store.AddHashFieldChange(unit, key, "NextExecution", old, text);
        else
            store.AddHashField(unit, key, "NextExecution", text);
        if (last is { } l)
            store.AddHashField(unit, key, "LastExecution", JobTime.Format(l));
        foreach (var (field, value) in new[] { ("Queue", JobQueues.Default), ("TimeZoneId", "UTC"), ("CreatedAt", JobTime.Format(store.Now())), ("V", "2") })
        {
            if (!hash.ContainsKey(field))
                store.AddHashField(unit, key, field, value);
        }

        if (hash.GetValueOrDefault("RetryAttempt") is not (null or "0"))
            store.AddHashField(unit, key, "RetryAttempt", "0");
        if (!string.IsNullOrEmpty(hash.GetValueOrDefault("Error")))
            store.AddHashField(unit, key, "Error", "");
        store.AddSetMember(unit, JobStore.RecurringJobs, next is { } s ? JobTime.Score(s) : -1, id);
    }

    /// <summary>Notes why a recurring job cannot run; after five times it rests until it is changed.</summary>
    private void AddError(WriteUnit unit, string id, Dictionary<string, string> hash, Exception error)
    {
        var key = KeyOf(id);
        var attempt = int.TryParse(hash.GetValueOrDefault("RetryAttempt"), NumberStyles.Integer, CultureInfo.InvariantCulture, out var n) ? n + 1 : 1;
        var isOver = attempt > MostErrors;
        var again = store.Now() + TimeSpan.FromSeconds(15);
        store.AddHashField(unit, key, "Error", error.Message);
        if (!isOver)
            store.AddHashField(unit, key, "RetryAttempt", attempt.ToString(CultureInfo.InvariantCulture));
        store.AddHashField(unit, key, "NextExecution", isOver ? "" : JobTime.Format(again));
        store.AddSetMember(unit, JobStore.RecurringJobs, isOver ? -1 : JobTime.Score(again), id);
    }

    private static Plan ReadPlan(Dictionary<string, string> hash)
    {
        if (int.TryParse(hash.GetValueOrDefault("V"), NumberStyles.Integer, CultureInfo.InvariantCulture, out var version) && version > 2)
            throw new JobLoadException($"The recurring job has version {version}; known here are 1 and 2.");
        var misfire = Enum.TryParse<MisfireMode>(hash.GetValueOrDefault("Misfire"), ignoreCase: true, out var mode) ? mode : MisfireMode.Relaxed;
        return new Plan(
            CronSchedule.Parse(hash.GetValueOrDefault("Cron") ?? ""),
            TimeZoneInfo.FindSystemTimeZoneById(ZoneIdOf(hash)),
            InvocationData.ReadPayload(hash.GetValueOrDefault("Job")),
            misfire);
    }

    private sealed record Plan(CronSchedule Schedule, TimeZoneInfo Zone, InvocationData Payload, MisfireMode Misfire);
}
