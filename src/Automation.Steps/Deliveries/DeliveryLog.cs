using System.Globalization;
using System.Security.Cryptography;
using Automation.Storage;
using Automation.Storage.Writes;

namespace Automation.Steps.Deliveries;

/// <summary>Deliveries and their attempts.</summary>
public sealed class DeliveryLog(Database database, EndpointStore endpoints, TimeProvider clock)
{
    private const string Columns = "id, endpoint_id, event_type, payload, ordering_key, status, attempts, next_at, status_code, error, instance_id, activity_execution_id, created_at, ended_at";

    private static readonly SqlStatement Insert = new($"INSERT INTO deliveries ({Columns}) VALUES ($1, $2, $3, $4, $5, 'Pending', 0, $6, NULL, NULL, $7, $8, $9, NULL)");

    private static readonly SqlStatement One = new($"SELECT {Columns} FROM deliveries WHERE id = $1");

    private static readonly SqlStatement OfEndpoint = new($"SELECT {Columns} FROM deliveries WHERE endpoint_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3");

    private static readonly SqlStatement OfEndpointByStatus = new($"SELECT {Columns} FROM deliveries WHERE endpoint_id = $1 AND status = $4 AND id < $2 ORDER BY id DESC LIMIT $3");

    private static readonly SqlStatement OfInstance = new($"SELECT {Columns} FROM deliveries WHERE instance_id = $1 ORDER BY id LIMIT $2");

    private static readonly SqlStatement Attempts = new(
        "SELECT number, started_at, duration, status_code, error, response FROM delivery_attempts WHERE delivery_id = $1 ORDER BY number");

    // The next new ones of an endpoint, without their payloads; of an ordering key only the oldest.
    private static readonly SqlStatement Next = new("SELECT id FROM deliveries WHERE endpoint_id = $1 AND status = 'Pending' AND next_at <= $3 AND attempts = 0 ORDER BY next_at, id LIMIT $2");

    private static readonly SqlStatement NextInOrder = new(
        """
        SELECT d.id FROM deliveries d WHERE d.endpoint_id = $1 AND d.status = 'Pending' AND d.next_at <= $3 AND d.attempts = 0
          AND (d.ordering_key IS NULL OR NOT EXISTS (
            SELECT 1 FROM deliveries o WHERE o.endpoint_id = d.endpoint_id AND o.status = 'Pending' AND o.ordering_key = d.ordering_key AND o.id < d.id))
        ORDER BY d.next_at, d.id LIMIT $2
        """);

    private static readonly SqlStatement Failed = new("SELECT id, attempts, next_at FROM deliveries WHERE endpoint_id = $1 AND status = 'Pending' AND next_at IS NOT NULL AND attempts > 0 ORDER BY next_at, id");

    // By the endpoints, of which there are few: some may have a great many deliveries that wait.
    private static readonly SqlStatement Waiting = new(
        "SELECT e.id FROM delivery_endpoints e WHERE EXISTS (SELECT 1 FROM deliveries d WHERE d.endpoint_id = e.id AND d.status = 'Pending' AND d.next_at <= $1)");

    private static readonly SqlStatement Recent = new("SELECT started_at FROM delivery_attempts WHERE endpoint_id = $1 AND started_at > $2 ORDER BY started_at");

    private static readonly SqlStatement Resend = new(
        "UPDATE deliveries SET status = 'Pending', attempts = 0, next_at = $2, ended_at = NULL WHERE id = $1 AND status <> 'Pending'");

    private static readonly SqlStatement ResendFailed = new(
        "UPDATE deliveries SET status = 'Pending', attempts = 0, next_at = $2, ended_at = NULL WHERE endpoint_id = $1 AND status = 'Failed' AND created_at >= $3 AND created_at <= $4 RETURNING id");

    private static readonly SqlStatement InsertAttempt = new(
        """
        INSERT INTO delivery_attempts (delivery_id, number, endpoint_id, started_at, duration, status_code, error, response)
        SELECT $1, 1 + COALESCE((SELECT MAX(number) FROM delivery_attempts WHERE delivery_id = $1), 0), $2, $3, $4, $5, $6, $7
        """,
        """
        INSERT INTO delivery_attempts (delivery_id, number, endpoint_id, started_at, duration, status_code, error, response)
        SELECT $1::text, 1 + COALESCE((SELECT MAX(number) FROM delivery_attempts WHERE delivery_id = $1::text), 0), $2::text, $3::bigint, $4::bigint, $5::bigint, $6::text, $7::text
        """);

    // One that lost its time while it was on its way, because the endpoint was switched off, waits until that is on again.
    private static readonly SqlStatement End = new(
        "UPDATE deliveries SET status = $2, attempts = $3, next_at = CASE WHEN next_at IS NULL THEN next_at ELSE $4 END, status_code = $5, error = $6, ended_at = $7 WHERE id = $1 AND status = 'Pending'");

    private static readonly SqlStatement DeleteOldAttempts = new("DELETE FROM delivery_attempts WHERE started_at < $1");

    private static readonly SqlStatement DeleteOld = new("DELETE FROM deliveries WHERE ended_at < $1");

    private long _last;

    private Action<string?>? _due;

    /// <summary>Tells the endpoint for which there is something to send; null where that is not known.</summary>
    internal void OnDue(Action<string?> listener) => _due += listener;

    private Action<Delivery>? _attempted;

    /// <summary>Tells after each attempt what has become of its delivery; called on any thread, and must not wait.</summary>
    /// <param name="listener">Gets the delivery as it is now.</param>
    public void OnAttempted(Action<Delivery> listener) => _attempted += listener;

    internal void Attempted(Delivery delivery) => _attempted?.Invoke(delivery);

    /// <summary>A delivery; null where there is none.</summary>
    public async ValueTask<Delivery?> FindAsync(string id, CancellationToken cancellationToken) => (await database.QueryAsync(One, cancellationToken, id)).Rows is [var row, ..] ? Read(row) : null;

    /// <summary>The newest deliveries of an endpoint.</summary>
    public async ValueTask<IReadOnlyList<Delivery>> OfEndpointAsync(string endpointId, DeliveryStatus? status, string? before, int take, CancellationToken cancellationToken)
    {
        var until = string.IsNullOrEmpty(before) ? "msg_zz" : before;
        var rows = status is { } wanted
            ? await database.QueryAsync(OfEndpointByStatus, cancellationToken, endpointId, until, take, wanted.ToString())
            : await database.QueryAsync(OfEndpoint, cancellationToken, endpointId, until, take);
        return [.. rows.Rows.Select(Read)];
    }

    /// <summary>The deliveries that an instance asked for.</summary>
    public async ValueTask<IReadOnlyList<Delivery>> OfInstanceAsync(string instanceId, int take, CancellationToken cancellationToken) =>
        [.. (await database.QueryAsync(OfInstance, cancellationToken, instanceId, take)).Rows.Select(Read)];

    /// <summary>The attempts of a delivery, oldest first.</summary>
    public async ValueTask<IReadOnlyList<DeliveryAttempt>> AttemptsAsync(string id, CancellationToken cancellationToken) =>
        [.. (await database.QueryAsync(Attempts, cancellationToken, id)).Rows.Select(r => new DeliveryAttempt(
            (int)r[0].AsInteger, r[1].AsMicrosTime!.Value, r[2].AsInteger / 1000.0, r[3].IsNull ? null : (int)r[3].AsInteger, r[4].AsText, r[5].AsText))];

    /// <summary>Sends a delivery that has ended once more, under the same id; where its endpoint is switched off, as soon as that is on again.</summary>
    /// <returns>False where there is none, or it has not ended.</returns>
    public async Task<bool> ResendAsync(string id, CancellationToken cancellationToken)
    {
        if (await FindAsync(id, cancellationToken) is not { } delivery)
            return false;
        try
        {
            var unit = new WriteUnit().AddExpectingOne(Resend, id, SqlValue.Micros(clock.GetUtcNow()));
            await CommitResendAsync(unit, delivery.EndpointId, cancellationToken);
            return true;
        }
        catch (WriteConflictException)
        {
            return false;
        }
    }

    /// <summary>Sends all failed deliveries of an endpoint once more that were made in a time; where it is switched off, as soon as it is on again.</summary>
    /// <returns>How many.</returns>
    public async Task<int> ResendFailedAsync(string endpointId, DateTimeOffset from, DateTimeOffset to, CancellationToken cancellationToken)
    {
        var unit = new WriteUnit();
        var rows = unit.Query(ResendFailed, endpointId, SqlValue.Micros(clock.GetUtcNow()), SqlValue.Micros(from), SqlValue.Micros(to));
        await CommitResendAsync(unit, endpointId, cancellationToken);
        return rows.Count;
    }

    private async Task CommitResendAsync(WriteUnit unit, string endpointId, CancellationToken cancellationToken)
    {
        if (await endpoints.FindAsync(endpointId, cancellationToken) is { IsActive: false })
            unit.Add(EndpointStore.Park, endpointId);
        await database.CommitAsync(unit.OnCommitted(() => Wake(endpointId)), cancellationToken: cancellationToken);
    }

    /// <summary>A new id; ids sort in the order in which they were made.</summary>
    internal string NewId()
    {
        long now, last;
        do
        {
            last = Volatile.Read(ref _last);
            now = Math.Max(SqlValue.ToMicros(clock.GetUtcNow()), last + 1);
        }
        while (Interlocked.CompareExchange(ref _last, now, last) != last);
        return string.Create(CultureInfo.InvariantCulture, $"msg_{now:x14}{RandomNumberGenerator.GetHexString(10, lowercase: true)}");
    }

    internal void AddTo(WriteUnit unit, Delivery d) => unit.Add(
        Insert, d.Id, d.EndpointId, d.EventType, d.Payload, d.OrderingKey, SqlValue.Micros(d.NextAt), d.InstanceId, d.ActivityExecutionId, SqlValue.Micros(d.CreatedAt)).OnCommitted(() => Wake(d.EndpointId));

    internal static void AddAttemptTo(WriteUnit unit, Delivery d, DeliveryAttempt attempt) => unit
        .Add(InsertAttempt, d.Id, d.EndpointId, SqlValue.Micros(attempt.StartedAt), (long)(attempt.DurationMs * 1000), attempt.StatusCode is { } s ? s : SqlValue.Null, attempt.Error, attempt.Response)
        .Add(End, d.Id, d.Status.ToString(), d.Attempts, SqlValue.Micros(d.NextAt), d.StatusCode is { } code ? code : SqlValue.Null, d.Error, SqlValue.Micros(d.EndedAt));

    /// <summary>Deliveries that were never tried, oldest first.</summary>
    internal async ValueTask<IReadOnlyList<string>> NextAsync(string endpointId, bool inOrder, int take, CancellationToken cancellationToken) =>
        [.. (await database.QueryAsync(inOrder ? NextInOrder : Next, cancellationToken, endpointId, take, SqlValue.Micros(clock.GetUtcNow()))).Rows.Select(r => r[0].AsText!)];

    /// <summary>Deliveries that have failed and are to be tried again.</summary>
    internal async ValueTask<IReadOnlyList<(string Id, int Attempts, DateTimeOffset At)>> FailedAsync(string endpointId, CancellationToken cancellationToken) =>
        [.. (await database.QueryAsync(Failed, cancellationToken, endpointId)).Rows.Select(r => (r[0].AsText!, (int)r[1].AsInteger, r[2].AsMicrosTime!.Value))];

    internal async ValueTask<IReadOnlyList<string>> WaitingEndpointsAsync(CancellationToken cancellationToken) =>
        [.. (await database.QueryAsync(Waiting, cancellationToken, SqlValue.Micros(clock.GetUtcNow()))).Rows.Select(r => r[0].AsText!)];

    internal async ValueTask<IReadOnlyList<DateTimeOffset>> RecentAttemptsAsync(string endpointId, DateTimeOffset since, CancellationToken cancellationToken) =>
        [.. (await database.QueryAsync(Recent, cancellationToken, endpointId, SqlValue.Micros(since))).Rows.Select(r => r[0].AsMicrosTime!.Value)];

    internal Task SweepAsync(DateTimeOffset before, CancellationToken cancellationToken) =>
        database.CommitAsync(new WriteUnit().Add(DeleteOldAttempts, SqlValue.Micros(before)).Add(DeleteOld, SqlValue.Micros(before)), cancellationToken: cancellationToken);

    private void Wake(string? endpointId) => _due?.Invoke(endpointId);

    private static Delivery Read(SqlValue[] row) => new()
    {
        Id = row[0].AsText!,
        EndpointId = row[1].AsText!,
        EventType = row[2].AsText!,
        Payload = row[3].AsText!,
        OrderingKey = row[4].AsText,
        Status = Enum.Parse<DeliveryStatus>(row[5].AsText!),
        Attempts = (int)row[6].AsInteger,
        NextAt = row[7].AsMicrosTime,
        StatusCode = row[8].IsNull ? null : (int)row[8].AsInteger,
        Error = row[9].AsText,
        InstanceId = row[10].AsText,
        ActivityExecutionId = row[11].AsText,
        CreatedAt = row[12].AsMicrosTime!.Value,
        EndedAt = row[13].AsMicrosTime,
    };
}
