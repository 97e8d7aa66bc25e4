using System.Globalization;

namespace Automation.Steps.Http;

/// <summary>The record of one request and its answer, with secrets masked and bodies cut to an excerpt.</summary>
public sealed record HttpExchange
{
    /// <summary>UUIDv7 of the call and the number of the request in it, so that ids sort in the order of the requests.</summary>
    public required string Id { get; init; }

    /// <summary>Counts the requests of one call from 1.</summary>
    public required int Attempt { get; init; }

    /// <summary>When it began.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>How long it took, until the last byte of the answer or the error.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>The method.</summary>
    public required string Method { get; init; }

    /// <summary>The URL.</summary>
    public required string Url { get; init; }

    /// <summary>Headers of the request as a JSON object of lists.</summary>
    public required string RequestHeaders { get; init; }

    /// <summary>Beginning of the request's body; null where there is none.</summary>
    public string? RequestBody { get; init; }

    /// <summary>Size of the request's body in bytes.</summary>
    public long RequestBytes { get; init; }

    /// <summary>The answer's status; null where there is no answer.</summary>
    public int? StatusCode { get; init; }

    /// <summary>The answer's status in words.</summary>
    public string? ReasonPhrase { get; init; }

    /// <summary>Headers of the answer as a JSON object of lists.</summary>
    public string? ResponseHeaders { get; init; }

    /// <summary>Beginning of the answer's body.</summary>
    public string? ResponseBody { get; init; }

    /// <summary>Size of the answer's body in bytes, decompressed.</summary>
    public long ResponseBytes { get; init; }

    /// <summary>How it ended.</summary>
    public required HttpCallEnd End { get; init; }

    /// <summary>Why there is no answer.</summary>
    public string? Error { get; init; }

    /// <summary>The key that was sent as <c>Idempotency-Key</c>.</summary>
    public string? IdempotencyKey { get; init; }

    /// <summary>The wait until the next attempt; null where this was the last.</summary>
    public TimeSpan? RetryDelay { get; init; }

    /// <summary>The record in a line.</summary>
    internal string Line => string.Create(
        CultureInfo.InvariantCulture,
        $"{Method} {Url}: {(StatusCode is { } status ? $"{status} {ReasonPhrase}".TrimEnd() : End.InWords())} {(End == HttpCallEnd.HeldBack ? "for" : "in")} {Duration.TotalMilliseconds:0} ms{(Error is null ? "" : ". " + Error)}");
}

/// <summary>What a call belongs to.</summary>
/// <param name="InstanceId">The workflow instance.</param>
/// <param name="ActivityExecutionId">The execution of the activity.</param>
/// <param name="JobId">The job that it runs in, if any.</param>
public sealed record HttpExchangeOwner(string InstanceId, string ActivityExecutionId, long? JobId);
