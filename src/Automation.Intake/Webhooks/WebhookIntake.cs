using Automation.Intake.Events;
using Automation.Intake.Mapping;
using Automation.Intake.Replies;
using Automation.Intake.Routing;
using Automation.Intake.Sessions;
using Automation.Intake.Sources;
using Automation.Storage.Events;
using Automation.Storage.Writes;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Automation.Intake.Webhooks;

/// <summary>
/// The one way in: <c>POST /webhooks/{source}</c> and <c>/webhooks/{source}/{secret}</c>. Cheapest refusals first; an event
/// is on disk before its sender is told that it was taken. The server's hottest path: no routing table, no service scope,
/// one pass over the body, one insert.
/// </summary>
internal sealed partial class WebhookIntake
{
    public const string Prefix = "/webhooks/";

    /// <summary>Of a refused request, as much of the body as is kept.</summary>
    private const int KeptOfRefused = 4096;

    private readonly SourceCatalog _sources;
    private readonly MappingStore _mappings;
    private readonly EventStore _store;
    private readonly TimeProvider _clock;
    private readonly IntakeOptions _options;
    private readonly ILogger<WebhookIntake> _logger;
    private readonly RequestLog _log;
    private readonly RateLimit? _rejectedRows;
    private readonly RateLimit? _rateLimit;
    private readonly RequestSlots _requests;
    private readonly Action<IncomingEvent> _route;
    private readonly SessionRouter _sessions;
    private readonly ReplyDesk _replies;

    public WebhookIntake(
        SourceCatalog sources, MappingStore mappings, EventStore store, EventRouter router, SessionRouter sessions, ReplyDesk replies, TimeProvider clock, IOptions<IntakeOptions> options, ILogger<WebhookIntake> logger)
    {
        _sources = sources;
        _mappings = mappings;
        _store = store;
        _clock = clock;
        _options = options.Value;
        _logger = logger;
        _log = new RequestLog(clock, _options.LoggedEventsPerSecond, logger);
        _rejectedRows = _options.RejectedRowsPerSecond > 0 ? new RateLimit(_options.RejectedRowsPerSecond * 10, TimeSpan.FromSeconds(10)) : null;
        _rateLimit = _options.RateLimit is { } permits ? new RateLimit(permits, _options.RateWindow) : null;
        _requests = new RequestSlots(_options.MaxConcurrentRequests);
        _route = router.Post;
        _sessions = sessions;
        _replies = replies;
    }

    /// <summary>Whether events are taken: not before the server knows that it may serve its sources.</summary>
    public bool Ready { get; set; }

    /// <summary>Answers a request below <c>/webhooks/</c>.</summary>
    public async Task HandleAsync(HttpContext context)
    {
        var path = context.Request.Path.Value.AsSpan(Prefix.Length);
        var slash = path.IndexOf('/');
        var slug = slash < 0 ? path : path[..slash];
        var secret = slash < 0 || slash == path.Length - 1 ? null : path[(slash + 1)..].ToString();
        var source = secret?.Contains('/', StringComparison.Ordinal) == true ? null : _sources.Find(slug);
        if (source is null)
        {
            await RefuseAsync(context, null, slug.ToString(), new Refusal(404, $"There is no source \"{Shorten(slug)}\"."), null);
            return;
        }

        if (!_requests.TryEnter())
        {
            await RefuseAsync(context, source, source.Slug, Busy(_requests, "The server"), null);
            return;
        }

        if (source.Requests?.TryEnter() == false)
        {
            _requests.Leave();
            await RefuseAsync(context, source, source.Slug, Busy(source.Requests, "This source"), null);
            return;
        }

        byte[]? body = null;
        try
        {
            var refusal = await RefuseBeforeReadingAsync(context, source, secret);
            if (refusal is null)
            {
                (body, refusal) = await ReadAsync(context, source);
                refusal ??= await TakeAsync(context, source, secret, body!);
            }

            if (refusal is { Status: > 0 })
                await RefuseAsync(context, source, source.Slug, refusal, body);
        }
        catch (StorageUnavailableException e)
        {
            LogUnavailable(e.Message);
            await new Refusal(503, "The event could not be stored, so it was not taken. Send it again later.") { RetryAfter = 1 }.WriteAsync(context);
        }
        catch (BadHttpRequestException e)
        {
            await RefuseAsync(context, source, source.Slug, new Refusal(e.StatusCode, e.Message), body);
        }
        catch (Exception e) when (e is IOException || (e is OperationCanceledException && context.RequestAborted.IsCancellationRequested))
        {
            await RecordAsync(context, source, source.Slug, new Refusal(499, "The sender hung up before the request was complete."), []);
        }
        catch (Exception e)
        {
            // A defect: the sender is told to come again, and the next request goes on.
            LogDefect(e, source.Slug);
            if (!context.Response.HasStarted)
                await new Refusal(500, "The event could not be taken because of a defect in this server; see its log.").WriteAsync(context);
        }
        finally
        {
            source.Requests?.Leave();
            _requests.Leave();
        }
    }

    /// <summary>Marks an answer that has been given already.</summary>
    private static readonly Refusal Answered = new(0, "");

    private async ValueTask<Refusal?> RefuseBeforeReadingAsync(HttpContext context, Source source, string? secret)
    {
        var request = context.Request;
        if (!Ready)
            return new Refusal(503, "The server is starting.") { RetryAfter = 1 };
        if (!HttpMethods.IsPost(request.Method))
        {
            if (HttpMethods.IsGet(request.Method) && source.Challenge is { ByQuery: true })
                return await AnswerQueryChallengeAsync(context, source, secret);
            return new Refusal(405, $"Events are sent with POST, not {Shorten(request.Method)}.");
        }

        if (ContentTypeFault(request, source) is { } fault)
            return new Refusal(415, fault);
        if (request.ContentLength > source.MaxBodyBytes)
            return TooLarge(source);
        var left = int.MaxValue;
        if (source.RateLimit is { } limit && !TakePermit(context.Response, limit, ref left, out var retryAfter))
            return new Refusal(429, $"This source takes {limit.Permits} requests in {limit.Window}.") { RetryAfter = retryAfter };
        if (_rateLimit is { } all && !TakePermit(context.Response, all, ref left, out retryAfter))
            return new Refusal(429, $"The server takes {all.Permits} requests in {all.Window} from all its senders together.") { RetryAfter = retryAfter };
        return null;
    }

    private static string? ContentTypeFault(HttpRequest request, Source source)
    {
        var type = request.ContentType;
        if (request.Headers.ContentEncoding is { Count: > 0 } encoding && !string.Equals(encoding, "identity", StringComparison.OrdinalIgnoreCase))
            return $"The body must not be encoded, but Content-Encoding is {Shorten(encoding.ToString())}.";
        if (type is "application/json" or "application/json; charset=utf-8" && source.Preset.ContentTypes.Contains("application/json"))
            return null;
        if (!Microsoft.Net.Http.Headers.MediaTypeHeaderValue.TryParse(type, out var media))
            return $"The content type must be {string.Join(" or ", source.Preset.ContentTypes)}; the request has none.";
        if (media.Charset.HasValue && !media.Charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase) && !media.Charset.Equals("\"utf-8\"", StringComparison.OrdinalIgnoreCase))
            return $"The charset must be utf-8, not {Shorten(media.Charset)}.";
        foreach (var allowed in source.Preset.ContentTypes)
        {
            if (media.MediaType.Equals(allowed, StringComparison.OrdinalIgnoreCase))
                return null;
            if (allowed == "application/json" && media.Type.Equals("application", StringComparison.OrdinalIgnoreCase) && media.Suffix.Equals("json", StringComparison.OrdinalIgnoreCase))
                return null;
        }

        return $"The content type must be {string.Join(" or ", source.Preset.ContentTypes)}, not {Shorten(media.MediaType)}.";
    }

    /// <summary>Takes a permit and tells the sender what is left; of several limits, the one of which least is left.</summary>
    private bool TakePermit(HttpResponse response, RateLimit limit, ref int left, out int retryAfter)
    {
        var taken = limit.TryTake(_clock.GetUtcNow(), out var state);
        retryAfter = (int)Math.Ceiling(Math.Max(1, state.RetryAfter.TotalSeconds));
        if (taken && state.Remaining >= left)
            return true;
        left = state.Remaining;
        var headers = response.Headers;
        headers["RateLimit-Limit"] = Number(limit.Permits);
        headers["RateLimit-Remaining"] = Number(state.Remaining);
        headers["RateLimit-Reset"] = Number((int)Math.Ceiling(state.Reset.TotalSeconds));
        return taken;

        static string Number(int value) => value.ToString(System.Globalization.CultureInfo.InvariantCulture);
    }

    private async ValueTask<(byte[]? Body, Refusal? Refusal)> ReadAsync(HttpContext context, Source source)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } feature && feature.MaxRequestBodySize < source.MaxBodyBytes)
            feature.MaxRequestBodySize = source.MaxBodyBytes;
        // The whole body has a deadline of ours, which ends with an answer that says why; Kestrel's least rate ends without one.
        if (context.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate)
            rate.MinDataRate = null;
        var (outcome, body) = await BodyReader.ReadAsync(context.Request.BodyReader, source.MaxBodyBytes, _options.BodyTimeout, _clock, context.RequestAborted);
        return outcome switch
        {
            BodyReader.Outcome.TooLarge => (body, TooLarge(source)),
            BodyReader.Outcome.TooSlow => (body, new Refusal(408, $"The body did not arrive within {_options.BodyTimeout}; {body.Length} bytes came.")),
            _ => (body, null),
        };
    }

    private async ValueTask<Refusal?> TakeAsync(HttpContext context, Source source, string? secret, byte[] body)
    {
        var arrived = _clock.GetTimestamp();
        var request = ToRequest(context, body, secret);
        if (source.IdToken is { } idToken && await idToken.PrepareAsync(request, _clock.GetUtcNow(), context.RequestAborted) is { } obstacle)
            return new Refusal(503, obstacle) { RetryAfter = 1 };
        var verdict = source.Verify(request, _clock.GetUtcNow());
        if (!verdict.Accepted)
            return new Refusal(401, $"The request could not be verified: {verdict.Text}.");
        if (source.Challenge is { ByQuery: false } challenge && challenge.Asks(request, out var answer))
        {
            if (answer is null)
                return new Refusal(401, "The handshake's token is not the source's.");
            await AnswerChallengeAsync(context, answer);
            return Answered;
        }

        if (source.Identifier.Read(request, out var identity, out var fault) is { } reason)
            return new Refusal(400, fault is null ? reason : fault.Reason, fault);

        // What wants the event is known before it is stored, so that an event that nothing wants needs no second write.
        var wanted = _mappings.Current.Candidates(source.Slug, identity.Type).Length > 0 || _sessions.MayBeAwaited(source.Slug, identity.Type, identity.CorrelationKey);
        var mode = wanted && source.Reply is { } reply && reply.Answers(identity.Type) ? reply : null;
        var incoming = new IncomingEvent
        {
            Source = source.Slug,
            Type = identity.Type,
            Status = wanted ? EventStatus.Received : EventStatus.Unmatched,
            CorrelationKey = identity.CorrelationKey,
            DedupeKey = identity.DedupeKey,
            OccurredAt = identity.OccurredAt,
            // Where a reply is awaited, the status that it mostly has: then nothing is to be put right in the row.
            Answer = mode is null ? source.Acknowledgement.Status : StatusCodes.Status200OK,
            Verification = verdict.Text,
            RemoteIp = request.RemoteIp?.ToString(),
            Query = HeaderRecord.Query(request.Query),
            Headers = HeaderRecord.Write(request.Headers, source.SecretHeaders),
            BodySize = body.Length,
            Body = body,
            IsForm = FormFields.IsForm(request.Headers.ContentType),
        };
        ReplyDesk.Waiting? waiting = null;
        Action<IncomingEvent> stored = mode is null ? _route : e =>
        {
            // Before it is routed: its answer may be there before this request is told that it is stored.
            waiting = _replies.Expect(e, _clock.GetUtcNow() + mode.Deadline);
            _route(e);
        };
        var receipt = await _store.AppendAsync(incoming, identity.KeyIsHash ? source.HashWindow : source.KeyWindow, stored, context.RequestAborted);
        if (mode is not null)
        {
            var given = waiting is not null
                ? await _replies.AwaitAsync(waiting, source, arrived, mode.Deadline, context.RequestAborted)
                : await _replies.RepeatAsync(receipt.EventId, source, arrived, mode.Deadline, context.RequestAborted);
            _log.Accepted(source.Slug, identity.Type, receipt.EventId, receipt.IsNew, identity.CorrelationKey, given.Status);
            if (!context.RequestAborted.IsCancellationRequested)
                await ReplyAsync(context, given, receipt.EventId);
            return null;
        }

        _log.Accepted(source.Slug, identity.Type, receipt.EventId, receipt.IsNew, identity.CorrelationKey, source.Acknowledgement.Status);
        await AcknowledgeAsync(context, source.Acknowledgement, receipt.EventId);
        return null;
    }

    private static Task ReplyAsync(HttpContext context, ReplyContent answer, string eventId)
    {
        var response = context.Response;
        response.StatusCode = answer.Status;
        answer.AddHeaders(response.Headers);
        response.Headers["Automation-Event-Id"] = eventId;
        // What a workflow answers may repeat what a stranger wrote; no browser may take it for something else than it says.
        response.Headers.XContentTypeOptions = "nosniff";
        if (answer.Body.Length == 0)
        {
            if (answer.Status is not (StatusCodes.Status204NoContent or StatusCodes.Status304NotModified))
                response.ContentLength = 0;
            return Task.CompletedTask;
        }

        response.ContentType = answer.ContentType;
        response.ContentLength = answer.Body.Length;
        return response.BodyWriter.WriteAsync(answer.Body).AsTask();
    }

    private static Task AcknowledgeAsync(HttpContext context, Answer answer, string eventId)
    {
        var response = context.Response;
        response.StatusCode = answer.Status;
        response.Headers["Automation-Event-Id"] = eventId;
        if (answer.Body.Length == 0)
        {
            if (answer.Status != StatusCodes.Status204NoContent)
                response.ContentLength = 0;
            return Task.CompletedTask;
        }

        response.ContentType = "application/json";
        response.ContentLength = answer.Body.Length;
        return response.BodyWriter.WriteAsync(answer.Body).AsTask();
    }

    private async ValueTask<Refusal> AnswerQueryChallengeAsync(HttpContext context, Source source, string? secret)
    {
        if (!source.Challenge!.Asks(ToRequest(context, [], secret), out var answer))
            return new Refusal(405, "A GET here must be the sender's handshake; events are sent with POST.");
        if (answer is null)
            return new Refusal(401, "The handshake's token is not one of the source's verify tokens.");
        await AnswerChallengeAsync(context, answer);
        return Answered;
    }

    private static Task AnswerChallengeAsync(HttpContext context, string answer)
    {
        context.Response.ContentType = "text/plain; charset=utf-8";
        // The answer repeats what the sender wrote; no browser may take it for a page.
        context.Response.Headers.XContentTypeOptions = "nosniff";
        return context.Response.WriteAsync(answer, context.RequestAborted);
    }

    private WebhookRequest ToRequest(HttpContext context, byte[] body, string? secret)
    {
        var request = context.Request;
        return new WebhookRequest(request.Headers, body, request.QueryString, secret, context.Connection.RemoteIpAddress, () => PublicUrl(request));
    }

    private string PublicUrl(HttpRequest request) =>
        _options.PublicUrl is { } url ? url.TrimEnd('/') + request.GetEncodedPathAndQuery() : request.GetEncodedUrl();

    private async Task RefuseAsync(HttpContext context, Source? source, string slug, Refusal refusal, byte[]? body)
    {
        _log.Refused(refusal.Status, Shorten(slug), refusal.Detail);
        body ??= BodyReader.Peek(context.Request.BodyReader, KeptOfRefused);
        // A server that has too much to do says so at once; the row is not waited for.
        var first = refusal.Status >= 500;
        if (!first)
            await RecordAsync(context, source, slug, refusal, body);
        if (!context.Response.HasStarted && !context.RequestAborted.IsCancellationRequested)
            await refusal.WriteAsync(context);
        if (first && Ready)
            await RecordAsync(context, source, slug, refusal, body);
    }

    /// <summary>Leaves a row in the event log, so that a person can see why a sender's calls fail.</summary>
    private async Task RecordAsync(HttpContext context, Source? source, string slug, Refusal refusal, byte[] body)
    {
        if (_rejectedRows is null || !_rejectedRows.TryTake(_clock.GetUtcNow(), out _))
            return;
        var request = context.Request;
        var row = new IncomingEvent
        {
            Source = Shorten(slug),
            Status = EventStatus.Rejected,
            Answer = refusal.Status,
            Reason = refusal.Fault?.ToString() ?? refusal.Detail,
            RemoteIp = context.Connection.RemoteIpAddress?.ToString(),
            Query = HeaderRecord.Query(request.QueryString),
            Headers = HeaderRecord.Write(request.Headers, source?.SecretHeaders),
            BodySize = request.ContentLength ?? body.Length,
            Body = body.Length > KeptOfRefused ? body[..KeptOfRefused] : body,
        };
        try
        {
            // Not bound to the request: a sender that hangs up is just what the row is for.
            await _store.AppendPlainAsync(row, null, CancellationToken.None);
        }
        catch (StorageUnavailableException e)
        {
            LogUnavailable(e.Message);
        }
    }

    private static Refusal Busy(RequestSlots slots, string whose) => new(503, $"{whose} is busy: {slots.Limit} {(slots.Limit == 1 ? "request is" : "requests are")} being answered. Send it again later.") { RetryAfter = 1 };

    private static Refusal TooLarge(Source source) => new(413, $"The body must have at most {source.MaxBodyBytes} bytes.");

    private static string Shorten(Microsoft.Extensions.Primitives.StringSegment text) => Shorten(text.AsSpan());

    private static string Shorten(ReadOnlySpan<char> text)
    {
        // What is shown comes from outside: no control characters, no length without end.
        var shown = text.Length <= 64 ? text.ToString() : string.Concat(text[..64], "…");
        return string.Concat(shown.Select(c => char.IsControl(c) ? '·' : c));
    }

    [LoggerMessage(LogLevel.Error, "A request to {Source} met a defect, 500")]
    private partial void LogDefect(Exception exception, string source);

    [LoggerMessage(LogLevel.Warning, "An event was not taken, 503: {Reason}")]
    private partial void LogUnavailable(string reason);
}
