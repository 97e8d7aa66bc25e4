using System.Text.Json;
using Automation.Intake.Events;
using Automation.Intake.Flow;
using Automation.Storage;
using Automation.Storage.Events;
using Automation.Storage.Writes;

namespace Automation.Intake.Routing;

/// <summary>How far events have come, as the database knows it: what they started, and their status.</summary>
internal sealed class EventProgress(Database database, TimeProvider clock)
{
    /// <summary>Stands before the bookmark, in place of a rule, where an event resumed an instance.</summary>
    public const string ResumePrefix = "resume:";

    /// <summary>Where it does not hold, the event has started this before.</summary>
    public static readonly SqlStatement InsertStart = new(
        "INSERT INTO event_starts (event_id, rule_id, definition_id, instance_id, started_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING");

    /// <summary>Where it does not hold, the event has been brought to its end before.</summary>
    public static readonly SqlStatement MarkRouted = new("UPDATE events SET status = 1 WHERE id = $1 AND status = 0");

    private static readonly SqlStatement Mark = new("UPDATE events SET status = $2, reason = $3 WHERE id = $1 AND status = 0");

    private static readonly SqlStatement Note = new("UPDATE events SET refused_waits = $2 WHERE id = $1");

    private static readonly SqlStatement Reopen = new("UPDATE events SET status = 0, reason = NULL, refused_waits = NULL WHERE id = $1 AND status IN (2, 4, 6, 7)");

    private static readonly SqlStatement FindStarts = new("SELECT rule_id FROM event_starts WHERE event_id = $1");

    private const string EventColumns =
        "id, status, received_at, source, type, correlation_key, occurred_at, answer, replay_of, headers, body_size, body";

    /// <summary>Asked twice a minute: what it says twice lets SQLite see that the index of the few events that are not routed holds them.</summary>
    public static readonly SqlStatement FindWaiting = new(
        $"SELECT {EventColumns} FROM events WHERE status = 0 AND status <> 1 AND id > $1 ORDER BY id LIMIT $2");

    private static readonly SqlStatement FindOne = new($"SELECT {EventColumns} FROM events WHERE id = $1");

    /// <summary>Adds a start, and with the last one of the event its end, to an instance's first commit.</summary>
    public void AddStart(WriteUnit unit, string eventId, string ruleId, string definitionId, string instanceId, bool last)
    {
        unit.AddExpectingOne(InsertStart, eventId, ruleId, definitionId, instanceId, SqlValue.Micros(clock.GetUtcNow()));
        if (last)
            unit.AddExpectingOne(MarkRouted, eventId);
    }

    /// <summary>Gives an event that waits a status by itself; nothing where it waits no longer.</summary>
    public Task MarkAsync(string eventId, EventStatus status, string? reason, CancellationToken cancellationToken) =>
        database.CommitAsync(new WriteUnit().Add(Mark, eventId, (int)status, reason), cancellationToken: cancellationToken);

    /// <summary>Ends an event that nothing wanted.</summary>
    /// <param name="eventId">The event.</param>
    /// <param name="refusals">Why instances that waited in its session did not take it.</param>
    /// <param name="cancellationToken">Ends the wait for a place in the queue.</param>
    public Task MarkUnmatchedAsync(string eventId, IReadOnlyList<string> refusals, CancellationToken cancellationToken)
    {
        var reason = refusals.Count == 0 ? null : string.Join('\n', refusals);
        var unit = new WriteUnit().Add(Mark, eventId, (int)EventStatus.Unmatched, reason);
        if (reason is not null)
            unit.Add(Note, eventId, reason);
        return database.CommitAsync(unit, cancellationToken: cancellationToken);
    }

    /// <summary>Keeps why instances that waited in an event's session did not take it; nothing is written where there were none.</summary>
    public Task NoteAsync(string eventId, IReadOnlyList<string> refusals, CancellationToken cancellationToken) =>
        refusals.Count == 0 ? Task.CompletedTask : database.CommitAsync(new WriteUnit().Add(Note, eventId, string.Join('\n', refusals)), cancellationToken: cancellationToken);

    /// <summary>Gives an event that has been through flow control the status that its starts and waits come to.</summary>
    public Task FinishAsync(string eventId, CancellationToken cancellationToken)
    {
        var unit = new WriteUnit();
        FlowStore.AddFinish(unit, eventId, byRouter: true);
        return database.CommitAsync(unit, cancellationToken: cancellationToken);
    }

    /// <summary>Lets an event be routed again that failed, matched nothing, or was held back or skipped by flow control.</summary>
    /// <returns>Whether it is one.</returns>
    public async Task<bool> ReopenAsync(string eventId, CancellationToken cancellationToken)
    {
        try
        {
            var unit = new WriteUnit().AddExpectingOne(Reopen, eventId);
            FlowStore.AddTakeBack(unit, eventId);
            await database.CommitAsync(unit, cancellationToken: cancellationToken);
            return true;
        }
        catch (WriteConflictException)
        {
            return false;
        }
    }

    /// <summary>The rules that an event has started already.</summary>
    public async ValueTask<HashSet<string>> StartsAsync(string eventId, CancellationToken cancellationToken)
    {
        var rows = await database.QueryAsync(FindStarts, cancellationToken, eventId);
        return rows.Rows.Select(r => r[0].AsText!).ToHashSet(StringComparer.Ordinal);
    }

    /// <summary>Events that wait, in the order stored.</summary>
    public async ValueTask<List<IncomingEvent>> WaitingAsync(string afterId, int most, CancellationToken cancellationToken)
    {
        var rows = await database.QueryAsync(FindWaiting, cancellationToken, afterId, most);
        return [.. rows.Rows.Select(Read)];
    }

    public async ValueTask<IncomingEvent?> FindAsync(string eventId, CancellationToken cancellationToken)
    {
        var rows = await database.QueryAsync(FindOne, cancellationToken, eventId);
        return rows.Count == 0 ? null : Read(rows.Rows[0]);
    }

    /// <summary>A stored event as routing sees it.</summary>
    public static IncomingEvent Read(EventRow row) => new()
    {
        Id = row.Id,
        Status = row.Status,
        ReceivedAt = SqlValue.FromMicros(row.ReceivedAt),
        Source = row.Source,
        Type = row.Type,
        CorrelationKey = row.CorrelationKey,
        OccurredAt = row.OccurredAt is { } at ? SqlValue.FromMicros(at) : null,
        Answer = row.Answer,
        ReplayOf = row.ReplayOf,
        Headers = row.Headers,
        BodySize = row.BodySize,
        Body = row.Body,
        IsForm = IsForm(row.Headers),
    };

    private static IncomingEvent Read(SqlValue[] row)
    {
        var headers = row[9].AsText!;
        return new IncomingEvent
        {
            Id = row[0].AsText!,
            Status = (EventStatus)row[1].AsInteger,
            ReceivedAt = SqlValue.FromMicros(row[2].AsInteger),
            Source = row[3].AsText!,
            Type = row[4].AsText,
            CorrelationKey = row[5].AsText,
            OccurredAt = row[6].IsNull ? null : SqlValue.FromMicros(row[6].AsInteger),
            Answer = (int)row[7].AsInteger,
            ReplayOf = row[8].AsText,
            Headers = headers,
            BodySize = row[10].AsInteger,
            Body = row[11].AsBlob ?? [],
            IsForm = IsForm(headers),
        };
    }

    private static bool IsForm(string headers)
    {
        if (!headers.Contains(FormFields.ContentType, StringComparison.OrdinalIgnoreCase))
            return false;
        using var document = JsonDocument.Parse(headers);
        return document.RootElement.EnumerateObject().Any(h =>
            h.Name.Equals("Content-Type", StringComparison.OrdinalIgnoreCase) && FormFields.IsForm(h.Value.GetString()));
    }
}
