using Automation.Intake.Events;
using Automation.Intake.Sources;
using Automation.Storage.Events;
using Automation.Storage.Writes;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Automation.Intake.Webhooks;

/// <summary>Answers requests that are not taken, and leaves a row of them in the event log, so that a person can see why a sender's calls fail.</summary>
internal sealed partial class RefusedRequests(EventStore store, TimeProvider clock, int rowsPerSecond, RequestLog log, ILogger<WebhookIntake> logger)
{
    /// <summary>As much of the body as is kept.</summary>
    private const int KeptBytes = 4096;

    private readonly RateLimit? _rows = rowsPerSecond > 0 ? new RateLimit(rowsPerSecond * 10, TimeSpan.FromSeconds(10)) : null;

    /// <summary>Answers a request.</summary>
    /// <param name="context">The request.</param>
    /// <param name="source">Its source; null where there is no such.</param>
    /// <param name="slug">What stood in the path.</param>
    /// <param name="refusal">Why it is not taken.</param>
    /// <param name="body">As much of the body as was read; null for none.</param>
    /// <param name="keep">Whether a row may be kept.</param>
    public async Task AnswerAsync(HttpContext context, Source? source, string slug, Refusal refusal, byte[]? body, bool keep)
    {
        log.Refused(refusal.Status, Refusal.Shown(slug), refusal.Detail);
        body ??= BodyReader.Peek(context.Request.BodyReader, KeptBytes);
        // A server that has too much to do says so at once; the row is not waited for.
        var first = refusal.Status >= 500;
        if (!first)
            await KeepAsync(context, source, slug, refusal, body);
        if (!context.Response.HasStarted && !context.RequestAborted.IsCancellationRequested)
            await refusal.WriteAsync(context);
        if (first && keep)
            await KeepAsync(context, source, slug, refusal, body);
    }

    /// <summary>Keeps a row, unless there are too many of them already.</summary>
    public async Task KeepAsync(HttpContext context, Source? source, string slug, Refusal refusal, byte[] body)
    {
        if (_rows is null || !_rows.TryTake(clock.GetUtcNow(), out _))
            return;
        var request = context.Request;
        var row = new IncomingEvent
        {
            Source = Refusal.Shown(slug),
            Status = EventStatus.Rejected,
            Answer = refusal.Status,
            Reason = refusal.Fault?.ToString() ?? refusal.Detail,
            // Asked only here: a flood of forged requests is not judged twice.
            Verification = refusal.Explain?.Invoke() is { Count: > 0 } steps ? string.Join('\n', steps) : null,
            RemoteIp = context.Connection.RemoteIpAddress?.ToString(),
            Query = HeaderRecord.Query(request.QueryString),
            Headers = HeaderRecord.Write(request.Headers, source?.SecretHeaders),
            BodySize = request.ContentLength ?? body.Length,
            Body = body.Length > KeptBytes ? body[..KeptBytes] : body,
        };
        try
        {
            // Not bound to the request: a sender that hangs up is just what the row is for.
            await store.AppendPlainAsync(row, null, CancellationToken.None);
        }
        catch (StorageUnavailableException e)
        {
            LogNotKept(e.Message);
        }
    }

    [LoggerMessage(LogLevel.Warning, "A refused request could not be kept in the event log: {Reason}")]
    private partial void LogNotKept(string reason);
}
