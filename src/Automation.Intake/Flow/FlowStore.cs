using Automation.Storage;
using Automation.Storage.Events;
using Automation.Storage.Writes;

namespace Automation.Intake.Flow;

/// <summary>A key of a rule: what limits are counted for.</summary>
internal readonly record struct FlowKey(string RuleId, string Key);

/// <summary>An event that waits.</summary>
internal sealed record WaitingItem(string EventId, DateTimeOffset Since, DateTimeOffset? DueAt, long Priority);

/// <summary>An instance that takes one of the places of its key.</summary>
internal sealed record RunningItem(string EventId, string InstanceId);

/// <summary>How a key stands. Whatever is decided by it is committed only if its version still holds.</summary>
/// <param name="Version">Counts the decisions on the key.</param>
/// <param name="NextAt">When it is to be looked at next, as stored.</param>
/// <param name="Waiting">The events that wait, those that go first first; not more than were asked for.</param>
/// <param name="Running">The instances that take a place, oldest first.</param>
/// <param name="Throttled">When the oldest start was that the throttle still counts, where it is used up or may be.</param>
/// <param name="Limited">The same of the rate limit.</param>
internal sealed record FlowSituation(
    long Version, DateTimeOffset? NextAt, IReadOnlyList<WaitingItem> Waiting, IReadOnlyList<RunningItem> Running, DateTimeOffset? Throttled, DateTimeOffset? Limited);

/// <summary>
/// What flow control knows, in the database. Decisions on a key follow one another: each raises the key's version and
/// fails where another server has raised it since it was read.
/// </summary>
internal sealed class FlowStore(Database database)
{
    /// <summary>Most events that a decision looks at.</summary>
    public const int MostSeen = 1000;

    /// <summary>Most events before another that are counted for people.</summary>
    public const int MostCounted = 100;

    /// <summary>Does not hold where another server has decided about the key in between. $3 is the version seen.</summary>
    public static readonly SqlStatement Touch = new(
        "INSERT INTO flow_keys (rule_id, flow_key, version, next_at, updated_at) VALUES ($1, $2, $3 + 1, $4, $5) "
        + "ON CONFLICT (rule_id, flow_key) DO UPDATE SET version = flow_keys.version + 1, next_at = $4, updated_at = $5 WHERE flow_keys.version = $3");

    /// <summary>Does not hold where flow control has decided about the event before; only what failed is decided again.</summary>
    public static readonly SqlStatement Insert = new(
        "INSERT INTO flow_items (event_id, rule_id, flow_key, state, priority, since, due_at, admitted_at, released_at, settled_at, instance_id, by_event, waits, outcome) "
        + "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) ON CONFLICT (event_id, rule_id) DO UPDATE SET flow_key = $3, state = $4, priority = $5, since = $6, "
        + "due_at = $7, admitted_at = $8, released_at = $9, settled_at = $10, instance_id = $11, by_event = $12, waits = $13, outcome = $14 WHERE flow_items.state = 5");

    /// <summary>Does not hold where the event waits no longer.</summary>
    public static readonly SqlStatement Settle = new(
        "UPDATE flow_items SET state = $3, released_at = $4, settled_at = $5, instance_id = $6, by_event = $7, outcome = $8 WHERE event_id = $1 AND rule_id = $2 AND state = 0");

    private static readonly SqlStatement Stop = new(
        "UPDATE flow_items SET state = 6, by_event = $3, outcome = $4 WHERE event_id = $1 AND rule_id = $2 AND state IN (1, 2)");

    // Without it two decisions on one event, of different rules, would each take the other for still open.
    private static readonly SqlStatement LockEvent = new("SELECT 1 WHERE $1 IS NULL", "SELECT 1 FROM events WHERE id = $1 FOR UPDATE");

    private static readonly SqlStatement FinishEvent = new(
        "UPDATE events SET status = CASE WHEN EXISTS (SELECT 1 FROM flow_items WHERE event_id = $1 AND state = 0) THEN 6 "
        + "WHEN EXISTS (SELECT 1 FROM event_starts WHERE event_id = $1) THEN 1 ELSE 7 END, "
        + "reason = (SELECT max(outcome) FROM flow_items WHERE event_id = $1 AND state IN (3, 4) AND NOT EXISTS (SELECT 1 FROM event_starts WHERE event_id = $1)) "
        + "WHERE id = $1 AND status IN (0, 6) AND status >= $2");

    private static readonly SqlStatement FailEvent = new("UPDATE events SET status = 4, reason = $2 WHERE id = $1 AND status IN (0, 6)");

    private static readonly SqlStatement TakeBackWaiting = new("DELETE FROM flow_items WHERE event_id = $1 AND state IN (0, 3, 4)");

    private static readonly SqlStatement Free = new(
        "UPDATE flow_items SET state = 2 WHERE rule_id = $1 AND flow_key = $2 AND state = 1 "
        + "AND NOT EXISTS (SELECT 1 FROM workflow_instances i WHERE i.id = flow_items.instance_id AND i.finished_at IS NULL)");

    private static readonly SqlStatement FindVersion = new("SELECT version, next_at FROM flow_keys WHERE rule_id = $1 AND flow_key = $2");

    private static readonly SqlStatement FindWaiting = new(
        "SELECT event_id, since, due_at, priority FROM flow_items WHERE rule_id = $1 AND flow_key = $2 AND state = 0 ORDER BY priority DESC, event_id LIMIT $3");

    private static readonly SqlStatement FindRunning = new(
        "SELECT f.event_id, f.instance_id FROM flow_items f JOIN workflow_instances i ON i.id = f.instance_id "
        + "WHERE f.rule_id = $1 AND f.flow_key = $2 AND f.state = 1 AND i.finished_at IS NULL ORDER BY f.event_id");

    private static readonly SqlStatement FindReleased = new(
        "SELECT released_at FROM flow_items WHERE rule_id = $1 AND flow_key = $2 AND released_at IS NOT NULL ORDER BY released_at DESC LIMIT 1 OFFSET $3");

    private static readonly SqlStatement FindAdmitted = new(
        "SELECT admitted_at FROM flow_items WHERE rule_id = $1 AND flow_key = $2 AND admitted_at IS NOT NULL ORDER BY admitted_at DESC LIMIT 1 OFFSET $3");

    private static readonly SqlStatement FindDue = new("SELECT rule_id, flow_key FROM flow_keys WHERE next_at <= $1 ORDER BY next_at LIMIT 1000");
    private static readonly SqlStatement FindNext = new("SELECT min(next_at) FROM flow_keys WHERE next_at IS NOT NULL");
    private static readonly SqlStatement FindWaitingKeys = new("SELECT DISTINCT rule_id, flow_key FROM flow_items WHERE state = 0");

    private const string SomethingWaits = "EXISTS (SELECT 1 FROM flow_items w WHERE w.rule_id = f.rule_id AND w.flow_key = f.flow_key AND w.state = 0)";

    private static readonly SqlStatement FindFreed = new(
        "SELECT DISTINCT f.rule_id, f.flow_key FROM flow_items f LEFT JOIN workflow_instances i ON i.id = f.instance_id "
        + $"WHERE f.state = 1 AND (i.id IS NULL OR i.finished_at IS NOT NULL) AND {SomethingWaits}");

    private static readonly SqlStatement FindEnded = new(
        "SELECT f.event_id, f.rule_id FROM flow_items f LEFT JOIN workflow_instances i ON i.id = f.instance_id "
        + $"WHERE f.state = 1 AND (i.id IS NULL OR i.finished_at IS NOT NULL) AND NOT {SomethingWaits} ORDER BY f.event_id, f.rule_id LIMIT 500");

    private static readonly SqlStatement GiveBack = new("UPDATE flow_items SET state = 2 WHERE event_id = $1 AND rule_id = $2 AND state = 1");

    private static readonly SqlStatement FindAllRunning = new("SELECT rule_id, flow_key, instance_id FROM flow_items WHERE state = 1");

    public async ValueTask<FlowSituation> ReadAsync(FlowKey key, FlowPlan plan, int waiting, CancellationToken cancellationToken)
    {
        // The version first: what is read after it and has changed since raises the version, and the decision is made again.
        var version = await database.QueryAsync(FindVersion, cancellationToken, key.RuleId, key.Key);
        var queue = await database.QueryAsync(FindWaiting, cancellationToken, key.RuleId, key.Key, waiting);
        var running = plan.Concurrency > 0 ? (await database.QueryAsync(FindRunning, cancellationToken, key.RuleId, key.Key)).Rows : [];
        return new FlowSituation(
            version.Count == 0 ? 0 : version.Rows[0][0].AsInteger,
            version.Count == 0 ? null : version.Rows[0][1].AsMicrosTime,
            [.. queue.Rows.Select(r => new WaitingItem(r[0].AsText!, SqlValue.FromMicros(r[1].AsInteger), r[2].AsMicrosTime, r[3].AsInteger))],
            [.. running.Select(r => new RunningItem(r[0].AsText!, r[1].AsText!))],
            await NthAsync(FindReleased, key, plan.Throttle, cancellationToken),
            await NthAsync(FindAdmitted, key, plan.RateLimit, cancellationToken));
    }

    /// <summary>The keys that are to be looked at by a time.</summary>
    public ValueTask<List<FlowKey>> DueAsync(DateTimeOffset now, CancellationToken cancellationToken) => KeysAsync(FindDue, cancellationToken, SqlValue.Micros(now));

    /// <summary>The keys for which something waits.</summary>
    public ValueTask<List<FlowKey>> WaitingAsync(CancellationToken cancellationToken) => KeysAsync(FindWaitingKeys, cancellationToken);

    /// <summary>
    /// Notes that places are free for which nothing waits. A decision on the key takes them for free in any case, so that it
    /// need not know; but what is not noted would be looked at for ever.
    /// </summary>
    /// <returns>Whether there may be more.</returns>
    public async Task<bool> GiveBackAsync(CancellationToken cancellationToken)
    {
        var ended = await database.QueryAsync(FindEnded, cancellationToken);
        if (ended.Count == 0)
            return false;
        var unit = new WriteUnit();
        foreach (var row in ended.Rows)
            unit.Add(GiveBack, row[0].AsText, row[1].AsText);
        await database.CommitAsync(unit, cancellationToken: cancellationToken);
        return true;
    }

    /// <summary>The keys for which something waits and that have places whose instances have ended.</summary>
    public ValueTask<List<FlowKey>> FreedAsync(CancellationToken cancellationToken) => KeysAsync(FindFreed, cancellationToken);

    /// <summary>When a key is to be looked at next; null where none is.</summary>
    public async ValueTask<DateTimeOffset?> NextAsync(CancellationToken cancellationToken) =>
        (await database.QueryAsync(FindNext, cancellationToken)).Rows[0][0].AsMicrosTime;

    /// <summary>The instances that take places.</summary>
    public async ValueTask<List<(FlowKey Key, string InstanceId)>> RunningAsync(CancellationToken cancellationToken)
    {
        var rows = await database.QueryAsync(FindAllRunning, cancellationToken);
        return [.. rows.Rows.Select(r => (new FlowKey(r[0].AsText!, r[1].AsText!), r[2].AsText!))];
    }

    public Task CommitAsync(WriteUnit unit, CancellationToken cancellationToken) => database.CommitAsync(unit, cancellationToken: cancellationToken);

    /// <summary>Begins a decision: it holds only if nobody has decided about the key since it was read.</summary>
    public static void AddTouch(WriteUnit unit, FlowKey key, long version, DateTimeOffset? next, DateTimeOffset now) => unit
        .AddExpectingOne(Touch, key.RuleId, key.Key, version, SqlValue.Micros(next), SqlValue.Micros(now))
        .Add(Free, key.RuleId, key.Key);

    /// <summary>Keeps what was decided about an event that has just come.</summary>
    public static void AddItem(WriteUnit unit, FlowItemRow item) => unit.AddExpectingOne(
        Insert, item.EventId, item.RuleId, item.Key, (int)item.State, item.Priority, item.Since, item.DueAt, item.AdmittedAt, item.ReleasedAt, item.SettledAt,
        item.InstanceId, item.ByEvent, item.Waits, item.Outcome);

    /// <summary>Keeps what came of an event that waited.</summary>
    public static void AddSettled(WriteUnit unit, string eventId, string ruleId, FlowState state, DateTimeOffset now, DateTimeOffset? released, string? instanceId, string? byEvent, string outcome) =>
        unit.AddExpectingOne(Settle, eventId, ruleId, (int)state, SqlValue.Micros(released), SqlValue.Micros(now), instanceId, byEvent, outcome);

    /// <summary>Says of a running event that it was stopped for a later one.</summary>
    public static void AddStopped(WriteUnit unit, string eventId, string ruleId, string byEvent, string outcome) => unit.Add(Stop, eventId, ruleId, byEvent, outcome);

    /// <summary>
    /// Gives an event the status that its starts and waits come to; while it is still being routed, only its router may.
    /// Comes after what the unit itself decides about the event.
    /// </summary>
    public static void AddFinish(WriteUnit unit, string eventId, bool byRouter)
    {
        unit.Query(LockEvent, eventId);
        unit.Add(FinishEvent, eventId, byRouter ? 0 : 6);
    }

    public static void AddFailure(WriteUnit unit, string eventId, string reason) => unit.Add(FailEvent, eventId, reason);

    /// <summary>Forgets what was decided about an event that started nothing, so that it is decided again.</summary>
    public static void AddTakeBack(WriteUnit unit, string eventId) => unit.Add(TakeBackWaiting, eventId);

    private async ValueTask<DateTimeOffset?> NthAsync(SqlStatement statement, FlowKey key, Pace? pace, CancellationToken cancellationToken)
    {
        if (pace is not { } limit)
            return null;
        var rows = await database.QueryAsync(statement, cancellationToken, key.RuleId, key.Key, limit.Limit - 1);
        return rows.Count == 0 ? null : rows.Rows[0][0].AsMicrosTime;
    }

    private async ValueTask<List<FlowKey>> KeysAsync(SqlStatement statement, CancellationToken cancellationToken, params SqlValue[] values)
    {
        var rows = await database.QueryAsync(statement, cancellationToken, values);
        return [.. rows.Rows.Select(r => new FlowKey(r[0].AsText!, r[1].AsText!))];
    }
}
