using Automation.Storage;
using Automation.Storage.Writes;

namespace Automation.Steps.Http;

/// <summary>The kept records of HTTP calls. They are written with the end of the job that made the calls.</summary>
public sealed class HttpExchangeLog(Database database)
{
    private const string Columns =
        "id, attempt, started_at, duration, method, url, request_headers, request_body, request_bytes, status_code, reason_phrase, response_headers, response_body, response_bytes, outcome, error, idempotency_key, retry_delay";

    private static readonly SqlStatement Insert = new(
        $"INSERT INTO http_exchanges (instance_id, activity_execution_id, job_id, {Columns}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)");

    private static readonly SqlStatement OfInstance = new(
        $"SELECT instance_id, activity_execution_id, job_id, {Columns} FROM http_exchanges WHERE instance_id = $1 AND id > $2 ORDER BY id LIMIT $3");

    private static readonly SqlStatement OfActivity = new(
        $"SELECT instance_id, activity_execution_id, job_id, {Columns} FROM http_exchanges WHERE activity_execution_id = $1 AND id > $2 ORDER BY id LIMIT $3");

    private static readonly SqlStatement OfJob = new(
        $"SELECT instance_id, activity_execution_id, job_id, {Columns} FROM http_exchanges WHERE job_id = $1 AND id > $2 ORDER BY id LIMIT $3");

    /// <summary>Adds the records of a call to the unit that ends its job.</summary>
    public static void AddTo(WriteUnit unit, HttpExchangeOwner owner, IEnumerable<HttpExchange> exchanges)
    {
        ArgumentNullException.ThrowIfNull(unit);
        ArgumentNullException.ThrowIfNull(owner);
        ArgumentNullException.ThrowIfNull(exchanges);
        foreach (var e in exchanges)
        {
            unit.Add(
                Insert, owner.InstanceId, owner.ActivityExecutionId, owner.JobId,
                e.Id, e.Attempt, SqlValue.Micros(e.StartedAt), (long)e.Duration.TotalMicroseconds, e.Method, e.Url, e.RequestHeaders, e.RequestBody, e.RequestBytes,
                e.StatusCode is { } status ? status : SqlValue.Null, e.ReasonPhrase, e.ResponseHeaders, e.ResponseBody, e.ResponseBytes,
                e.End.ToString(), e.Error, e.IdempotencyKey, e.RetryDelay is { } delay ? (long)delay.TotalMicroseconds : SqlValue.Null);
        }
    }

    /// <summary>The calls of an instance, oldest first.</summary>
    /// <param name="instanceId">The workflow instance.</param>
    /// <param name="after">Id of the last one seen, or null to begin.</param>
    /// <param name="take">How many at most, 1 to 1000.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public ValueTask<IReadOnlyList<StoredHttpExchange>> OfInstanceAsync(string instanceId, string? after, int take, CancellationToken cancellationToken) =>
        QueryAsync(OfInstance, instanceId, after, take, cancellationToken);

    /// <summary>The calls of one execution of an activity, oldest first.</summary>
    /// <inheritdoc cref="OfInstanceAsync"/>
    public ValueTask<IReadOnlyList<StoredHttpExchange>> OfActivityExecutionAsync(string activityExecutionId, string? after, int take, CancellationToken cancellationToken) =>
        QueryAsync(OfActivity, activityExecutionId, after, take, cancellationToken);

    /// <summary>The calls that a job made, oldest first.</summary>
    /// <inheritdoc cref="OfInstanceAsync"/>
    public ValueTask<IReadOnlyList<StoredHttpExchange>> OfJobAsync(long jobId, string? after, int take, CancellationToken cancellationToken) =>
        QueryAsync(OfJob, jobId, after, take, cancellationToken);

    private async ValueTask<IReadOnlyList<StoredHttpExchange>> QueryAsync(SqlStatement statement, SqlValue key, string? after, int take, CancellationToken cancellationToken)
    {
        var rows = await database.QueryAsync(statement, cancellationToken, key, after ?? "", Math.Clamp(take, 1, 1000));
        return [.. rows.Rows.Select(Read)];
    }

    private static StoredHttpExchange Read(SqlValue[] row) => new(
        new HttpExchangeOwner(row[0].AsText!, row[1].AsText!, row[2].IsNull ? null : row[2].AsInteger),
        new HttpExchange
        {
            Id = row[3].AsText!,
            Attempt = (int)row[4].AsInteger,
            StartedAt = row[5].AsMicrosTime!.Value,
            Duration = TimeSpan.FromMicroseconds(row[6].AsInteger),
            Method = row[7].AsText!,
            Url = row[8].AsText!,
            RequestHeaders = row[9].AsText!,
            RequestBody = row[10].AsText,
            RequestBytes = row[11].AsInteger,
            StatusCode = row[12].IsNull ? null : (int)row[12].AsInteger,
            ReasonPhrase = row[13].AsText,
            ResponseHeaders = row[14].AsText,
            ResponseBody = row[15].AsText,
            ResponseBytes = row[16].AsInteger,
            End = Enum.Parse<HttpCallEnd>(row[17].AsText!),
            Error = row[18].AsText,
            IdempotencyKey = row[19].AsText,
            RetryDelay = row[20].IsNull ? null : TimeSpan.FromMicroseconds(row[20].AsInteger),
        });
}

/// <summary>A kept record and what it belongs to.</summary>
/// <param name="Owner">The instance, activity execution and job.</param>
/// <param name="Exchange">The record.</param>
public sealed record StoredHttpExchange(HttpExchangeOwner Owner, HttpExchange Exchange);
