using Automation.Intake.Routing;
using Automation.Storage;
using Automation.Storage.Events;
using Automation.Storage.Writes;

namespace Automation.Intake.Replies;

/// <summary>A reply as it is stored.</summary>
internal sealed record StoredReply(string EventId, string Id, ReplyState State, ReplyOrigin Origin, ReplyContent Content);

/// <summary>
/// Writes and reads replies. The database decides which one is given: the first that commits. All later ones find it
/// there, so that a sender is told one thing only, however often it asks.
/// </summary>
internal sealed class ReplyStore(Database database, TimeProvider clock)
{
    /// <summary>Where servers tell each other which event has a reply: the request, or a repeated delivery, may wait at another.</summary>
    public const string Channel = "event_reply";

    private const string FallbackId = "fallback";

    private const string Columns = "event_id, id, state, origin, status, content_type, headers, body, instance_id, activity_id, created_at, send_to, detail";

    private const string GivenExists = "EXISTS (SELECT 1 FROM event_replies r WHERE r.event_id = $1 AND r.state = 1)";

    /// <summary>Several committers write on PostgreSQL: those that answer the same event wait for one another.</summary>
    private static readonly SqlStatement Lock = new(
        "SELECT 1 WHERE $1 IS NULL AND 0", "SELECT 1 FROM pg_advisory_xact_lock(hashtextextended($1, 7022))");

    private static readonly SqlStatement Tell = new("SELECT 1 WHERE $1 IS NULL AND 0", $"SELECT 1 FROM (SELECT pg_notify('{Channel}', $1)) told");

    // $3: the state wanted. An answer that is there already makes it late, or sends it to the reply URL ($12).
    private static readonly SqlStatement Insert = new(
        $"INSERT INTO event_replies ({Columns}) SELECT $1, $2, CASE WHEN $3 = 1 AND {GivenExists} THEN (CASE WHEN $12 <> '' THEN 3 ELSE 2 END) ELSE $3 END, "
        + "$4, $5, $6, $7, $8, $9, $10, $11, CASE WHEN $12 <> '' THEN $12 END, "
        + $"CASE WHEN $3 = 1 AND {GivenExists} THEN 'The sender had its answer already.' ELSE $13 END RETURNING state");

    private static readonly SqlStatement InsertFallback = new(
        $"INSERT INTO event_replies ({Columns}) SELECT $1, $2, 1, $3, $4, $5, $6, $7, NULL, NULL, $8, NULL, $9 WHERE NOT {GivenExists}");

    private static readonly SqlStatement SetAnswer = new(
        "UPDATE events SET answer = $2 WHERE id = $1 AND answer <> $2 AND EXISTS (SELECT 1 FROM event_replies r WHERE r.event_id = $1 AND r.id = $3 AND r.state = 1)");

    private const string Read = "event_id, id, state, origin, status, content_type, headers, body FROM event_replies WHERE event_id = $1";

    private static readonly SqlStatement FindGiven = new($"SELECT {Read} AND state = 1");

    private static readonly SqlStatement FindOpen = new($"SELECT {Read} AND state IN (0, 1, 2) ORDER BY CASE state WHEN 1 THEN 0 ELSE 1 END, created_at, id LIMIT 1");

    private static readonly SqlStatement Claim = new($"UPDATE event_replies SET state = 1, detail = $3 WHERE event_id = $1 AND id = $2 AND state IN (0, 2) AND NOT {GivenExists}");

    private static readonly SqlStatement StatusOf = new("SELECT status FROM events WHERE id = $1");

    /// <summary>Adds a workflow's reply to the commit of its burst.</summary>
    /// <param name="unit">The burst's unit.</param>
    /// <param name="reply">The reply; its state is the one wanted.</param>
    /// <param name="instanceId">The instance.</param>
    /// <param name="activityId">The activity.</param>
    /// <param name="sendTo">Where it goes if it is not the answer; null for nowhere.</param>
    /// <param name="detail">Why it stands as it does, where there is more to say.</param>
    /// <param name="expected">The status that the event's row says already.</param>
    /// <param name="committed">Told, on the committer's thread, how it stands.</param>
    public void Add(WriteUnit unit, StoredReply reply, string instanceId, string activityId, string? sendTo, string? detail, int expected, Action<StoredReply> committed)
    {
        var content = reply.Content;
        if (reply.State == ReplyState.Given)
            unit.Query(Lock, reply.EventId);
        var state = unit.Query(
            Insert, reply.EventId, reply.Id, (int)reply.State, (int)reply.Origin, content.Status, content.ContentType, content.Headers, content.Body,
            instanceId, activityId, SqlValue.Micros(clock.GetUtcNow()), sendTo ?? "", detail);
        if (reply.State == ReplyState.Given && content.Status != expected)
            unit.Add(SetAnswer, reply.EventId, content.Status, reply.Id);
        if (reply.State is ReplyState.Given or ReplyState.Offered)
            unit.Query(Tell, reply.EventId);
        unit.OnCommitted(() => committed(reply with { State = (ReplyState)state.Rows[0][0].AsInteger }));
    }

    /// <summary>Answers an event with its source's fallback, unless it has an answer.</summary>
    /// <returns>The answer that is given from now on.</returns>
    public async Task<StoredReply> FallBackAsync(string eventId, ReplyContent content, ReplyOrigin origin, string? detail)
    {
        var unit = new WriteUnit();
        unit.Query(Lock, eventId);
        unit.Add(
            InsertFallback, eventId, FallbackId, (int)origin, content.Status, content.ContentType, content.Headers, content.Body,
            SqlValue.Micros(clock.GetUtcNow()), detail);
        unit.Add(SetAnswer, eventId, content.Status, FallbackId);
        unit.Query(Tell, eventId);
        var given = unit.Query(FindGiven, eventId);
        // Not bound to the request: the answer counts also where the sender does not wait for it.
        await database.CommitAsync(unit, cancellationToken: CancellationToken.None);
        return given.Count > 0 ? ReadRow(given.Rows[0]) : new StoredReply(eventId, FallbackId, ReplyState.Given, origin, content);
    }

    /// <summary>The answer that an event's sender got; null where there is none yet.</summary>
    public async ValueTask<StoredReply?> FindGivenAsync(string eventId, CancellationToken cancellationToken)
    {
        var rows = await database.QueryAsync(FindGiven, cancellationToken, eventId);
        return rows.Count == 0 ? null : ReadRow(rows.Rows[0]);
    }

    /// <summary>
    /// Takes a reply that nobody has been given yet as the answer: one that another server made, or that was made when
    /// the sender's first request had been cut off.
    /// </summary>
    public async ValueTask<StoredReply?> TakeAsync(string eventId, CancellationToken cancellationToken)
    {
        var rows = await database.QueryAsync(FindOpen, cancellationToken, eventId);
        if (rows.Count == 0)
            return null;
        var open = ReadRow(rows.Rows[0]);
        if (open.State == ReplyState.Given)
            return open;
        var unit = new WriteUnit();
        unit.Query(Lock, eventId);
        unit.Add(Claim, eventId, open.Id, open.State == ReplyState.Late ? "Given to a repeated delivery, because the first request was cut off." : null);
        unit.Add(SetAnswer, eventId, open.Content.Status, open.Id);
        unit.Query(Tell, eventId);
        var given = unit.Query(FindGiven, eventId);
        await database.CommitAsync(unit, cancellationToken: CancellationToken.None);
        return given.Count > 0 ? ReadRow(given.Rows[0]) : null;
    }

    /// <summary>Where an event stands; null where there is none of that id.</summary>
    public async ValueTask<EventStatus?> StatusAsync(string eventId, CancellationToken cancellationToken)
    {
        var rows = await database.QueryAsync(StatusOf, cancellationToken, eventId);
        return rows.Count == 0 ? null : (EventStatus)rows.Rows[0][0].AsInteger;
    }

    private static StoredReply ReadRow(SqlValue[] row) => new(
        row[0].AsText!, row[1].AsText!, (ReplyState)row[2].AsInteger, (ReplyOrigin)row[3].AsInteger,
        new ReplyContent((int)row[4].AsInteger, row[5].AsText, row[6].AsText, row[7].AsBlob ?? []));
}
