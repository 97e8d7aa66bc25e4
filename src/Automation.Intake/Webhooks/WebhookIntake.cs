using Automation.Intake.Events;
using Automation.Intake.Mapping;
using Automation.Intake.Replies;
using Automation.Intake.Routing;
using Automation.Intake.Sessions;
using Automation.Intake.Sources;
using Automation.Intake.Verification;
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

    private readonly SourceCatalog _sources;
    private readonly MappingStore _mappings;
    private readonly EventStore _store;
    private readonly TimeProvider _clock;
    private readonly IntakeOptions _options;
    private readonly ILogger<WebhookIntake> _logger;
    private readonly RequestLog _log;
    private readonly RefusedRequests _refused;
    private readonly RateLimit? _rateLimit;
    private readonly RequestSlots _requests;
    private readonly Action<IncomingEvent> _route;
    private readonly SessionRouter _sessions;
    private readonly ReplyDesk _replies;

    public WebhookIntake(
        SourceCatalog sources, MappingStore mappings, EventStore store, EventBacklog backlog, SessionRouter sessions, ReplyDesk replies, TimeProvider clock, IOptions<IntakeOptions> options, ILogger<WebhookIntake> logger)
    {
        _sources = sources;
        _mappings = mappings;
        _store = store;
        _clock = clock;
        _options = options.Value;
        _logger = logger;
        _log = new RequestLog(clock, _options.LoggedEventsPerSecond, logger);
        _refused = new RefusedRequests(store, clock, _options.RejectedRowsPerSecond, _log, logger);
        _rateLimit = _options.RateLimit is { } permits ? new RateLimit(permits, _options.RateWindow) : null;
        _requests = new RequestSlots(_options.MaxConcurrentRequests);
        _route = backlog.Post;
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
            await RefuseAsync(context, null, slug.ToString(), new Refusal(404, $"There is no source \"{Refusal.Shown(slug)}\"."), null);
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
            await _refused.KeepAsync(context, source, source.Slug, new Refusal(499, "The sender hung up before the request was complete."), []);
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
            return new Refusal(405, $"Events are sent with POST, not {Refusal.Shown(request.Method)}.");
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
            return $"The body must not be encoded, but Content-Encoding is {Refusal.Shown(encoding.ToString())}.";
        if (type is "application/json" or "application/json; charset=utf-8" && source.Preset.ContentTypes.Contains("application/json"))
            return null;
        if (!Microsoft.Net.Http.Headers.MediaTypeHeaderValue.TryParse(type, out var media))
            return $"The content type must be {string.Join(" or ", source.Preset.ContentTypes)}; the request has none.";
        if (media.Charset.HasValue && !media.Charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase) && !media.Charset.Equals("\"utf-8\"", StringComparison.OrdinalIgnoreCase))
            return $"The charset must be utf-8, not {Refusal.Shown(media.Charset)}.";
        foreach (var allowed in source.Preset.ContentTypes)
        {
            if (media.MediaType.Equals(allowed, StringComparison.OrdinalIgnoreCase))
                return null;
            if (allowed == "application/json" && media.Type.Equals("application", StringComparison.OrdinalIgnoreCase) && media.Suffix.Equals("json", StringComparison.OrdinalIgnoreCase))
                return null;
        }

        return $"The content type must be {string.Join(" or ", source.Preset.ContentTypes)}, not {Refusal.Shown(media.MediaType)}.";
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
        var now = _clock.GetUtcNow();
        var verdict = source.Verify(request, now);
        if (!verdict.Accepted)
            return Unverified(source, request, now, verdict);
        if (source.Challenge is { ByQuery: false } challenge && challenge.Asks(request, out var answer))
        {
            if (answer is null)
                return new Refusal(401, "The handshake's token is not the source's.");
            await WebhookAnswers.ChallengeAsync(context, answer);
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
                await WebhookAnswers.ReplyAsync(context, given, receipt.EventId);
            return null;
        }

        _log.Accepted(source.Slug, identity.Type, receipt.EventId, receipt.IsNew, identity.CorrelationKey, source.Acknowledgement.Status);
        await WebhookAnswers.AcknowledgeAsync(context, source.Acknowledgement, receipt.EventId);
        return null;
    }

    private async ValueTask<Refusal> AnswerQueryChallengeAsync(HttpContext context, Source source, string? secret)
    {
        if (!source.Challenge!.Asks(ToRequest(context, [], secret), out var answer))
            return new Refusal(405, "A GET here must be the sender's handshake; events are sent with POST.");
        if (answer is null)
            return new Refusal(401, "The handshake's token is not one of the source's verify tokens.");
        await WebhookAnswers.ChallengeAsync(context, answer);
        return Answered;
    }

    private WebhookRequest ToRequest(HttpContext context, byte[] body, string? secret)
    {
        var request = context.Request;
        return new WebhookRequest(request.Headers, body, request.QueryString, secret, context.Connection.RemoteIpAddress, () => PublicUrl(request));
    }

    private string PublicUrl(HttpRequest request) =>
        _options.PublicUrl is { } url ? url.TrimEnd('/') + request.GetEncodedPathAndQuery() : request.GetEncodedUrl();

    private Task RefuseAsync(HttpContext context, Source? source, string slug, Refusal refusal, byte[]? body) => _refused.AnswerAsync(context, source, slug, refusal, body, keep: Ready);

    /// <summary>A refusal that can say step by step how it came about. Apart from where it is made, so that nothing is captured for a request that holds.</summary>
    private static Refusal Unverified(Source source, WebhookRequest request, DateTimeOffset now, Verdict verdict) =>
        new(StatusCodes.Status401Unauthorized, $"The request could not be verified: {verdict.Text}.")
        {
            Explain = () =>
            {
                var steps = new List<string>();
                source.Explain(request, now, steps);
                return steps;
            },
        };

    private static Refusal Busy(RequestSlots slots, string whose) => new(503, $"{whose} is busy: {slots.Limit} {(slots.Limit == 1 ? "request is" : "requests are")} being answered. Send it again later.") { RetryAfter = 1 };

    private static Refusal TooLarge(Source source) => new(413, $"The body must have at most {source.MaxBodyBytes} bytes.");

    [LoggerMessage(LogLevel.Error, "A request to {Source} met a defect, 500")]
    private partial void LogDefect(Exception exception, string source);

    [LoggerMessage(LogLevel.Warning, "An event was not taken, 503: {Reason}")]
    private partial void LogUnavailable(string reason);
}
