using Automation.Storage;
using Automation.Storage.Events;
using Automation.Storage.Writes;

namespace Automation.Intake.Events;

/// <summary>What became of an event that was to be stored.</summary>
/// <param name="EventId">Its id; of a repeated delivery, the id of the first one.</param>
/// <param name="IsNew">False for a repeated delivery.</param>
internal readonly record struct Receipt(string EventId, bool IsNew);

/// <summary>Writes the event log. The unique index over source and dedupe key decides who came first; nothing is read before.</summary>
internal sealed class EventStore(Database database, EventIds ids)
{
    /// <summary>Held from the making of an id until its row is in the database's queue: ids so rise in the order stored.</summary>
    private readonly Lock _order = new();

    private const string Columns =
        "id, status, received_at, source, type, correlation_key, dedupe_key, occurred_at, answer, verification, reason, duplicate_of, replay_of, remote_ip, query, headers, body_size, body";

    private const string Values = "$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18";

    private static readonly SqlStatement InsertFirst = new(
        $"INSERT INTO events ({Columns}) VALUES ({Values}) ON CONFLICT (source, dedupe_key) WHERE dedupe_key IS NOT NULL DO NOTHING");

    private static readonly SqlStatement Insert = new($"INSERT INTO events ({Columns}) VALUES ({Values})");

    private static readonly SqlStatement FindFirst = new("SELECT id, received_at FROM events WHERE source = $1 AND dedupe_key = $2");

    private static readonly SqlStatement ForgetKey = new("UPDATE events SET dedupe_key = NULL WHERE source = $1 AND dedupe_key = $2 AND received_at <= $3");

    /// <summary>Stores an event unless its key is known within the window; a repeated delivery gets a row of its own that names the first.</summary>
    /// <param name="incoming">The event.</param>
    /// <param name="window">How long its key is remembered.</param>
    /// <param name="stored">Called after the commit of a new event, in the order of commits, on the committer's thread.</param>
    /// <param name="cancellationToken">Ends the wait for a place in the queue.</param>
    /// <exception cref="StorageUnavailableException">Nothing was stored.</exception>
    public async ValueTask<Receipt> AppendAsync(IncomingEvent incoming, TimeSpan window, Action<IncomingEvent> stored, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (await TryInsertAsync(new WriteUnit(), incoming, stored, cancellationToken))
                return new Receipt(incoming.Id, IsNew: true);

            // Another row has this key: it is committed, because the answer came with a commit.
            var rows = await database.QueryAsync(FindFirst, cancellationToken, incoming.Source, incoming.DedupeKey);
            if (rows.Count == 0)
                continue; // The first one's key was let go between the two.
            var firstId = rows.Rows[0][0].AsText!;
            var forgotten = SqlValue.ToMicros(incoming.ReceivedAt - window);
            if (rows.Rows[0][1].AsInteger > forgotten)
            {
                var duplicate = incoming with { Status = EventStatus.Duplicate, DuplicateOf = firstId };
                await AppendPlainAsync(duplicate, null, cancellationToken);
                return new Receipt(firstId, IsNew: false);
            }

            var renewal = new WriteUnit().Add(ForgetKey, incoming.Source, incoming.DedupeKey, forgotten);
            if (await TryInsertAsync(renewal, incoming, stored, cancellationToken))
                return new Receipt(incoming.Id, IsNew: true);
        }
    }

    /// <summary>Stores a row that takes part in no dedupe: a refused request, a replay.</summary>
    /// <exception cref="StorageUnavailableException">Nothing was stored.</exception>
    public Task AppendPlainAsync(IncomingEvent row, Action<IncomingEvent>? stored, CancellationToken cancellationToken, WhenFull whenFull = WhenFull.Fail)
    {
        var unit = new WriteUnit();
        if (stored is not null)
            unit.OnCommitted(() => stored(row));
        lock (_order)
        {
            Number(row);
            unit.Add(Insert, Bind(row, dedupeKey: null));
            return database.CommitAsync(unit, whenFull, cancellationToken);
        }
    }

    /// <summary>Stores copies of events, in order, together with what else is in the unit.</summary>
    /// <exception cref="WriteConflictException">The unit's own rows did not hold; nothing was stored.</exception>
    /// <exception cref="StorageUnavailableException">Nothing was stored.</exception>
    public Task AppendCopiesAsync(WriteUnit unit, IReadOnlyList<IncomingEvent> copies, Action<IncomingEvent> stored, CancellationToken cancellationToken)
    {
        unit.OnCommitted(() =>
        {
            foreach (var copy in copies)
                stored(copy);
        });
        lock (_order)
        {
            foreach (var copy in copies)
            {
                Number(copy);
                unit.Add(Insert, Bind(copy, dedupeKey: null));
            }

            return database.CommitAsync(unit, WhenFull.Wait, cancellationToken);
        }
    }

    private async ValueTask<bool> TryInsertAsync(WriteUnit unit, IncomingEvent incoming, Action<IncomingEvent> stored, CancellationToken cancellationToken)
    {
        ChangedRows inserted;
        Task commit;
        lock (_order)
        {
            Number(incoming);
            inserted = unit.AddCounted(InsertFirst, Bind(incoming, incoming.DedupeKey));
            unit.OnCommitted(() =>
            {
                if (inserted.Count == 1)
                    stored(incoming);
            });
            commit = database.CommitAsync(unit, WhenFull.Fail, cancellationToken);
        }

        await commit;
        return inserted.Count == 1;
    }

    private void Number(IncomingEvent row)
    {
        row.Id = ids.Next(out var now);
        row.ReceivedAt = now;
    }

    private static SqlValue[] Bind(IncomingEvent e, string? dedupeKey) =>
    [
        e.Id, (int)e.Status, SqlValue.Micros(e.ReceivedAt), e.Source, e.Type, e.CorrelationKey, dedupeKey,
        SqlValue.Micros(e.OccurredAt), e.Answer, e.Verification, e.Reason, e.DuplicateOf, e.ReplayOf, e.RemoteIp, e.Query,
        e.Headers, e.BodySize, e.Body,
    ];
}
