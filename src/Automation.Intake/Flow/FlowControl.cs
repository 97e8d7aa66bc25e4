using System.Collections.Concurrent;
using System.Globalization;
using Automation.Expressions;
using Automation.Intake.Events;
using Automation.Intake.Mapping;
using Automation.Intake.Routing;
using Automation.Storage.Events;
using Automation.Storage.Writes;
using Automation.Workflows.Runtime;

namespace Automation.Intake.Flow;

/// <summary>What flow control did with an event.</summary>
/// <param name="Started">Whether it was started at once.</param>
/// <param name="Failure">Why it could not be started; null where nothing failed.</param>
/// <param name="Before">Whether all this had been decided before.</param>
/// <param name="Run">How the instance that was started stands, where that is known.</param>
[System.Runtime.InteropServices.StructLayout(System.Runtime.InteropServices.LayoutKind.Auto)]
internal readonly record struct Admission(bool Started, string? Failure, bool Before, InstanceSnapshot? Run = null);

/// <summary>
/// Decides which events of rules with flow control start now, later, or not at all. Each decision is one commit with
/// what it decides by: a start with the place that it takes, a skip with its reason. Decisions on one key follow one
/// another, within this process by a lock and between servers by the key's version.
/// </summary>
internal sealed class FlowControl(FlowStore store, EventProgress progress, MappingStore mappings, IWorkflowStarter workflows, TimeProvider clock)
{
    /// <summary>Starts of one key after which others have their turn.</summary>
    private const int StartsPerTurn = 100;

    private readonly KeyedLock _locks = new();
    private readonly ConcurrentDictionary<string, FlowKey> _running = new(StringComparer.Ordinal);

    /// <summary>Told when a key is to be looked at next.</summary>
    public Action<DateTimeOffset>? Planned { get; set; }

    /// <summary>The key whose place an instance takes that has just ended.</summary>
    public bool TryTakeEnded(string instanceId, out FlowKey key) => _running.TryRemove(instanceId, out key);

    /// <summary>Remembers instances that an earlier process has started.</summary>
    public void Remember(string instanceId, FlowKey key) => _running.TryAdd(instanceId, key);

    /// <summary>Decides about an event that matches a rule.</summary>
    /// <param name="rule">The rule.</param>
    /// <param name="payload">The event.</param>
    /// <param name="last">Whether this is all that was left to do for it.</param>
    /// <param name="cancellationToken">Stops before the commit.</param>
    /// <exception cref="StorageUnavailableException">Nothing was decided.</exception>
    public async Task<Admission> AdmitAsync(CompiledRule rule, EventPayload payload, bool last, CancellationToken cancellationToken)
    {
        FlowKey key;
        long priority;
        try
        {
            key = new FlowKey(rule.Rule.Id, rule.Flow!.Key(payload));
            priority = rule.Flow.Priority(payload);
        }
        catch (ExpressionException e)
        {
            return new Admission(false, "the key or priority of its flow control failed: " + e.Message, false);
        }

        using var held = await _locks.AcquireAsync(LockName(key), cancellationToken);
        while (true)
        {
            try
            {
                return await TryAdmitAsync(new Arrival(rule, rule.Flow, key, payload, priority, last), cancellationToken);
            }
            catch (WriteConflictException e) when (e.Statement == FlowStore.Touch || e.Statement == FlowStore.Settle)
            {
                // Another server has decided about the key in between: decided again by what is so now.
            }
            catch (WriteConflictException e) when (e.Statement == FlowStore.Insert || e.Statement == EventProgress.InsertStart)
            {
                return new Admission(false, null, Before: true);
            }
        }
    }

    /// <summary>Starts what may start of a key.</summary>
    /// <returns>Whether more may, once others have had their turn.</returns>
    public async Task<bool> ReleaseAsync(FlowKey key, CancellationToken cancellationToken)
    {
        using var held = await _locks.AcquireAsync(LockName(key), cancellationToken);
        for (var i = 0; i < StartsPerTurn; i++)
        {
            try
            {
                if (!await ReleaseOneAsync(key, cancellationToken))
                    return false;
            }
            catch (WriteConflictException e) when (e.Statement == FlowStore.Touch || e.Statement == FlowStore.Settle)
            {
                // As above.
            }
        }

        return true;
    }

    private static string LockName(FlowKey key) => key.RuleId + "\n" + key.Key;

    private async Task<Admission> TryAdmitAsync(Arrival arrival, CancellationToken cancellationToken)
    {
        var (_, plan, key, payload, _, _) = arrival;
        var now = clock.GetUtcNow();
        var seen = await store.ReadAsync(key, plan, plan.Collects || plan.WhenBusy == WhenBusy.Replace ? FlowStore.MostSeen : FlowStore.MostCounted, cancellationToken);
        if (FlowDecision.Refusal(plan, seen, now) is { } refusal)
        {
            await KeepAsync(arrival, seen, arrival.Item(FlowState.Skipped, now) with { Outcome = refusal }, cancellationToken);
            return default;
        }

        var blocker = FlowDecision.Block(plan, seen, now);
        if (!plan.Collects && blocker is null && seen.Waiting.Count == 0)
            return await StartAsync(arrival.Rule, key, plan, seen, [payload.Incoming], arrival, cancellationToken);

        // A debounce keeps the last one only, and so does a replacement.
        var keepsLast = plan.Debounce is not null || plan.WhenBusy == WhenBusy.Replace;
        if (keepsLast && seen.Waiting.FirstOrDefault(w => string.CompareOrdinal(w.EventId, payload.Incoming.Id) > 0) is { } later)
        {
            await KeepAsync(arrival, seen, arrival.Item(FlowState.Replaced, now) with { ByEvent = later.EventId, Outcome = "A later event was faster and takes its place." }, cancellationToken);
            return default;
        }

        var since = plan.Collects && seen.Waiting.Count > 0 ? seen.Waiting.Min(w => w.Since) : now;
        var due = FlowDecision.Due(plan, since, now);
        var item = arrival.Item(FlowState.Waiting, now) with
        {
            Since = plan.Debounce is null ? SqlValue.ToMicros(now) : SqlValue.ToMicros(since),
            DueAt = due is { } d ? SqlValue.ToMicros(d) : null,
            Waits = FlowDecision.Waits(plan, blocker, seen.Waiting.Count, due),
        };
        var unit = new WriteUnit();
        var next = due ?? (blocker is null ? now : blocker.Until);
        FlowStore.AddTouch(unit, key, seen.Version, next, now);
        FlowStore.AddItem(unit, item);
        if (keepsLast)
        {
            foreach (var waiting in seen.Waiting)
            {
                var why = plan.Debounce is { } period ? $"A later event came before {FlowDuration.Show(period)} of quiet were over; it starts instead." : "A later event takes its place.";
                FlowStore.AddSettled(unit, waiting.EventId, key.RuleId, FlowState.Replaced, now, null, null, payload.Incoming.Id, why);
                FlowStore.AddFinish(unit, waiting.EventId, byRouter: false);
            }
        }

        if (arrival.Last)
            FlowStore.AddFinish(unit, payload.Incoming.Id, byRouter: true);
        await store.CommitAsync(unit, cancellationToken);
        if (next is { } at)
            Planned?.Invoke(at);
        // A full batch goes at once, and so does what replaces another.
        while ((plan.BatchSize > 0 || plan.WhenBusy == WhenBusy.Replace) && await ReleaseOneAsync(key, cancellationToken))
        {
            // Until nothing of the key may start.
        }

        return default;
    }

    private async Task KeepAsync(Arrival arrival, FlowSituation seen, FlowItemRow item, CancellationToken cancellationToken)
    {
        var unit = new WriteUnit();
        FlowStore.AddTouch(unit, arrival.Key, seen.Version, seen.NextAt, clock.GetUtcNow());
        FlowStore.AddItem(unit, item);
        if (arrival.Last)
            FlowStore.AddFinish(unit, item.EventId, byRouter: true);
        await store.CommitAsync(unit, cancellationToken);
    }

    /// <summary>Starts one instance of a key if it may, or makes room for it. Needs the lock.</summary>
    /// <returns>Whether it is worth to look again.</returns>
    private async Task<bool> ReleaseOneAsync(FlowKey key, CancellationToken cancellationToken)
    {
        var rule = mappings.Current.Find(key.RuleId);
        // A rule without flow control (any more) holds nothing back.
        var plan = rule?.Flow ?? FlowPlan.None;
        var now = clock.GetUtcNow();
        var seen = await store.ReadAsync(key, plan, Math.Max(2, plan.BatchSize + 1), cancellationToken);
        DateTimeOffset? next = null;
        if (rule is { Rule.Enabled: true } && seen.Waiting.Count > 0)
        {
            var (take, until) = FlowDecision.Collected(plan, seen.Waiting, now);
            next = until;
            if (take > 0)
            {
                var blocker = FlowDecision.Block(plan, seen, now);
                next = blocker?.Until;
                if (blocker is null)
                    return await StartWaitingAsync(rule, key, plan, seen, take, cancellationToken);
                if (blocker.ByConcurrency && plan.WhenBusy == WhenBusy.Replace)
                {
                    await StopOldestAsync(key, seen, cancellationToken);
                    return true;
                }
            }
        }

        // Rounded as it is stored, or it would never be the same.
        if (Micros(next) != Micros(seen.NextAt))
        {
            var unit = new WriteUnit();
            FlowStore.AddTouch(unit, key, seen.Version, next, now);
            await store.CommitAsync(unit, cancellationToken);
        }

        if (next is { } at)
            Planned?.Invoke(at);
        return false;

        static long? Micros(DateTimeOffset? time) => time is { } t ? SqlValue.ToMicros(t) : null;
    }

    /// <summary>Cancels the instance that has run longest, for the event that waits.</summary>
    private async Task StopOldestAsync(FlowKey key, FlowSituation seen, CancellationToken cancellationToken)
    {
        var (eventId, instanceId) = seen.Running[0];
        var successor = seen.Waiting[0].EventId;
        // First the instance ends, then its place is free: never the other way round.
        await workflows.CancelAsync(instanceId, $"Replaced by event {successor}", cancellationToken);
        var unit = new WriteUnit();
        FlowStore.AddStopped(unit, eventId, key.RuleId, successor, "Its instance was cancelled for a later event.");
        FlowStore.AddTouch(unit, key, seen.Version, seen.NextAt, clock.GetUtcNow());
        await store.CommitAsync(unit, cancellationToken);
    }

    private async Task<bool> StartWaitingAsync(CompiledRule rule, FlowKey key, FlowPlan plan, FlowSituation seen, int take, CancellationToken cancellationToken)
    {
        var events = new List<IncomingEvent>(take);
        foreach (var waiting in seen.Waiting.Take(take).OrderBy(w => w.EventId, StringComparer.Ordinal))
        {
            // What waits is never removed from the log; a row that is gone was removed by hand.
            if (await progress.FindAsync(waiting.EventId, cancellationToken) is { } found && !(await progress.StartsAsync(waiting.EventId, cancellationToken)).Contains(key.RuleId))
            {
                events.Add(found);
                continue;
            }

            var unit = new WriteUnit();
            FlowStore.AddTouch(unit, key, seen.Version, seen.NextAt, clock.GetUtcNow());
            FlowStore.AddSettled(unit, waiting.EventId, key.RuleId, FlowState.Done, clock.GetUtcNow(), null, null, null, "It had been started before.");
            FlowStore.AddFinish(unit, waiting.EventId, byRouter: false);
            await store.CommitAsync(unit, cancellationToken);
            return true;
        }

        await StartAsync(rule, key, plan, seen, events, null, cancellationToken);
        return true;
    }

    /// <summary>Starts the workflow for events that waited, or for the one that has just come; where it cannot, that is told with them.</summary>
    private async Task<Admission> StartAsync(
        CompiledRule rule, FlowKey key, FlowPlan plan, FlowSituation seen, List<IncomingEvent> events, Arrival? arrival, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var payload = arrival?.Payload ?? new EventPayload(events[^1]);
        if (plan.BatchSize > 0)
            payload = new EventPayload(events[^1]) { Batch = [.. events.Select(e => (object?)new EventPayload(e).Event)] };
        var instanceId = Guid.CreateVersion7(now).ToString();
        var state = plan.Concurrency > 0 ? FlowState.Running : FlowState.Done;
        try
        {
            var start = new WorkflowStart(rule.Rule.Workflow, instanceId, rule.Correlation(payload), rule.Inputs(payload), events[^1].Id);
            if (state == FlowState.Running)
                _running[instanceId] = key;
            var run = await workflows.StartAsync(start, unit => Decide(unit, state, instanceId), cancellationToken);
            return new Admission(true, null, false, run);
        }
        catch (WriteConflictException)
        {
            _running.TryRemove(instanceId, out _);
            throw;
        }
        catch (Exception e) when (e is not OperationCanceledException and not StorageUnavailableException)
        {
            // As with other rules: what a workflow or a rule does wrong is its events' failure, and the key goes on.
            _running.TryRemove(instanceId, out _);
            var unit = new WriteUnit();
            FlowStore.AddTouch(unit, key, seen.Version, After(), now);
            foreach (var failed in events)
            {
                if (arrival is null)
                    FlowStore.AddSettled(unit, failed.Id, key.RuleId, FlowState.Failed, now, null, null, null, e.Message);
                else
                    FlowStore.AddItem(unit, arrival.Item(FlowState.Failed, now) with { Outcome = e.Message });
                if (arrival is null)
                    FlowStore.AddFailure(unit, failed.Id, $"Rule {key.RuleId}: {e.Message}");
            }

            await store.CommitAsync(unit, cancellationToken);
            return new Admission(false, e.Message, false);
        }

        void Decide(WriteUnit unit, FlowState result, string instance)
        {
            FlowStore.AddTouch(unit, key, seen.Version, After(), now);
            foreach (var started in events)
            {
                var leads = ReferenceEquals(started, events[^1]);
                progress.AddStart(unit, started.Id, key.RuleId, rule.Rule.Workflow, instance, last: false);
                if (arrival is not null)
                {
                    FlowStore.AddItem(unit, arrival.Item(result, now) with { ReleasedAt = SqlValue.ToMicros(now), InstanceId = instance, Outcome = "Started at once." });
                    if (arrival.Last)
                        FlowStore.AddFinish(unit, started.Id, byRouter: true);
                    continue;
                }

                // Only one of a batch stands for its start: it takes one place and counts once.
                FlowStore.AddSettled(
                    unit, started.Id, key.RuleId, leads ? result : FlowState.Done, now, leads ? now : null, instance, leads ? null : events[^1].Id, Outcome(events.Count));
                FlowStore.AddFinish(unit, started.Id, byRouter: false);
            }
        }

        // Where more waits it is known when the next may start, or looked at again at once.
        DateTimeOffset? After()
        {
            if (seen.Waiting.Count <= events.Count)
                return null;
            if (plan.Concurrency > 0 && seen.Running.Count + 1 >= plan.Concurrency)
                return null;
            return plan.Throttle is { Limit: 1 } throttle ? now + throttle.Period : now;
        }

        static string Outcome(int count) => count == 1
            ? "Started when its turn came."
            : string.Create(CultureInfo.InvariantCulture, $"Started in one batch of {count} events.");
    }

    /// <summary>An event at a rule.</summary>
    private sealed record Arrival(CompiledRule Rule, FlowPlan Plan, FlowKey Key, EventPayload Payload, long Priority, bool Last)
    {
        public FlowItemRow Item(FlowState state, DateTimeOffset now) => new()
        {
            EventId = Payload.Incoming.Id,
            RuleId = Key.RuleId,
            Key = Key.Key,
            State = state,
            Priority = Priority,
            Since = SqlValue.ToMicros(now),
            AdmittedAt = Plan.RateLimit is not null && state != FlowState.Skipped ? SqlValue.ToMicros(now) : null,
            SettledAt = state == FlowState.Waiting ? null : SqlValue.ToMicros(now),
        };
    }
}
