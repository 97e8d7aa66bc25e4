using System.Text.Json;
using Automation.Steps.Editing;
using Automation.Steps.Http;
using Automation.Storage;
using Automation.Storage.Writes;

namespace Automation.Steps.Notifications;

/// <summary>Notifications and what has become of them.</summary>
public sealed class NotificationLog(Database database)
{
    private const string Columns =
        "id, channel, kind, recipient, message, status, attempts, note, instance_id, activity_execution_id, job_id, fallback_of, digest_id, for_digest, created_at, due_at, sent_at";

    private static readonly SqlStatement Upsert = new(
        $"""
        INSERT INTO notifications ({Columns}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
        ON CONFLICT (id) DO UPDATE SET status = excluded.status, attempts = excluded.attempts, note = excluded.note, job_id = excluded.job_id,
          digest_id = excluded.digest_id, for_digest = excluded.for_digest, due_at = excluded.due_at, sent_at = excluded.sent_at
        """);

    private static readonly SqlStatement One = new($"SELECT {Columns} FROM notifications WHERE id = $1");

    private static readonly SqlStatement OfInstance = new($"SELECT {Columns} FROM notifications WHERE instance_id = $1 ORDER BY created_at, id LIMIT $2");

    // The id tells apart what was made at the same moment.
    private static readonly SqlStatement PageOf = new(
        $"""
        SELECT {Columns} FROM notifications WHERE created_at <= $1 AND (created_at < $1 OR id < $2) AND ($3 = '' OR channel = $3) AND ($4 = '' OR status = $4)
        ORDER BY created_at DESC, id DESC LIMIT $5
        """);

    private static readonly SqlStatement DueNow = new($"SELECT {Columns} FROM notifications WHERE status = 'Held' AND due_at <= $1 ORDER BY due_at, id LIMIT 500");

    private static readonly SqlStatement DueForDigest = new(
        $"SELECT {Columns} FROM notifications WHERE status = 'Held' AND for_digest = 1 AND channel = $1 AND recipient = $2 AND due_at <= $3 ORDER BY created_at, id LIMIT 500");

    private static readonly SqlStatement DeleteOld = new("DELETE FROM notifications WHERE created_at < $1 AND status IN ('Sent', 'Failed', 'InDigest')");

    /// <summary>A notification; null where there is none.</summary>
    public async ValueTask<Notification?> FindAsync(string id, CancellationToken cancellationToken) =>
        (await database.QueryAsync(One, cancellationToken, id)).Rows is [var row, ..] ? Read(row) : null;

    /// <summary>The notifications of an instance, oldest first.</summary>
    public async ValueTask<IReadOnlyList<Notification>> OfInstanceAsync(string instanceId, int take, CancellationToken cancellationToken) =>
        [.. (await database.QueryAsync(OfInstance, cancellationToken, instanceId, take)).Rows.Select(Read)];

    /// <summary>The newest notifications before a place, of a channel and a status where they are given.</summary>
    /// <param name="channel">The channel; null or empty for any.</param>
    /// <param name="status">The status; null for any.</param>
    /// <param name="before">Where the page before ended; see <see cref="TimeCursor"/>.</param>
    /// <param name="take">How many at most.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async ValueTask<IReadOnlyList<Notification>> LatestAsync(string? channel, NotificationStatus? status, (long At, string Id) before, int take, CancellationToken cancellationToken) =>
        [.. (await database.QueryAsync(PageOf, cancellationToken, before.At, before.Id, channel ?? "", status?.ToString() ?? "", take)).Rows.Select(Read)];

    /// <summary>All notifications of a channel and a status, newest first, read a page at a time.</summary>
    public async IAsyncEnumerable<Notification> AllAsync(string? channel, NotificationStatus? status, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        const int size = 500;
        for (var place = TimeCursor.Newest; ;)
        {
            var page = await LatestAsync(channel, status, place, size, cancellationToken);
            foreach (var item in page)
                yield return item;
            if (page.Count < size)
                yield break;
            place = (SqlValue.ToMicros(page[^1].CreatedAt), page[^1].Id);
        }
    }

    internal async ValueTask<IReadOnlyList<Notification>> DueAsync(DateTimeOffset now, CancellationToken cancellationToken) =>
        [.. (await database.QueryAsync(DueNow, cancellationToken, SqlValue.Micros(now))).Rows.Select(Read)];

    internal async ValueTask<IReadOnlyList<Notification>> DueForDigestAsync(string channel, string recipient, DateTimeOffset now, CancellationToken cancellationToken) =>
        [.. (await database.QueryAsync(DueForDigest, cancellationToken, channel, recipient, SqlValue.Micros(now))).Rows.Select(Read)];

    internal static void AddTo(WriteUnit unit, Notification n) => unit.Add(
        Upsert, n.Id, n.Channel, n.Kind, n.Recipient, JsonSerializer.Serialize(n.Message, NotificationJson.Default.NotificationMessage), n.Status.ToString(), n.Attempts, n.Note,
        n.InstanceId, n.ActivityExecutionId, n.JobId, n.FallbackOf, n.DigestId, n.ForDigest ? 1 : 0, SqlValue.Micros(n.CreatedAt), SqlValue.Micros(n.DueAt), SqlValue.Micros(n.SentAt));

    /// <summary>Stores what has become of a notification, with the record of the calls that were made for it, and what is left of it for later.</summary>
    internal Task SaveAsync(Notification notification, IReadOnlyList<HttpExchange> exchanges, CancellationToken cancellationToken, Notification? rest = null)
    {
        var unit = new WriteUnit();
        AddTo(unit, notification);
        if (rest is not null)
            AddTo(unit, rest);
        if (exchanges.Count > 0 && notification is { InstanceId: { } instance, ActivityExecutionId: { } execution })
            HttpExchangeLog.AddTo(unit, new HttpExchangeOwner(instance, execution, notification.JobId), exchanges);
        return database.CommitAsync(unit, cancellationToken: cancellationToken);
    }

    internal Task SweepAsync(DateTimeOffset before, CancellationToken cancellationToken) =>
        database.CommitAsync(new WriteUnit().Add(DeleteOld, SqlValue.Micros(before)), cancellationToken: cancellationToken);

    private static Notification Read(SqlValue[] row) => new()
    {
        Id = row[0].AsText!,
        Channel = row[1].AsText!,
        Kind = row[2].AsText!,
        Recipient = row[3].AsText!,
        Message = JsonSerializer.Deserialize(row[4].AsText!, NotificationJson.Default.NotificationMessage)!,
        Status = Enum.Parse<NotificationStatus>(row[5].AsText!),
        Attempts = (int)row[6].AsInteger,
        Note = row[7].AsText,
        InstanceId = row[8].AsText,
        ActivityExecutionId = row[9].AsText,
        JobId = row[10].IsNull ? null : row[10].AsInteger,
        FallbackOf = row[11].AsText,
        DigestId = row[12].AsText,
        ForDigest = row[13].AsInteger != 0,
        CreatedAt = row[14].AsMicrosTime!.Value,
        DueAt = row[15].AsMicrosTime,
        SentAt = row[16].AsMicrosTime,
    };
}
