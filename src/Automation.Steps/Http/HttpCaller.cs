using System.Buffers;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using Automation.Jobs;
using Automation.Steps.Outgoing;
using Microsoft.Extensions.Options;

namespace Automation.Steps.Http;

/// <summary>Makes HTTP calls for steps: guarded, bounded, repeated where asked, and recorded. Thread-safe.</summary>
public sealed class HttpCaller
{
    private readonly OutgoingHttp _http;
    private readonly HttpOptions _options;
    private readonly TimeProvider _clock;
    private readonly HostGates _gates;

    /// <summary>Creates the caller.</summary>
    /// <param name="http">The guarded connections.</param>
    /// <param name="options">Limits and defaults.</param>
    /// <param name="clock">The time.</param>
    public HttpCaller(OutgoingHttp http, IOptions<HttpOptions> options, TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(options);
        _http = http;
        _options = options.Value;
        _clock = clock;
        _gates = new HostGates(_options.Hosts, clock);
    }

    /// <summary>
    /// Makes a call, with as many attempts as its strategy allows. Failures are part of the result, so that the record of
    /// what was tried is never lost.
    /// </summary>
    /// <param name="call">The call.</param>
    /// <param name="cancellationToken">Breaks the call off, also in the middle of an answer.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public Task<HttpCallResult> SendAsync(HttpCall call, CancellationToken cancellationToken) => SendAsync(call, [], cancellationToken);

    /// <summary>The same, as one of several calls with a common record.</summary>
    /// <inheritdoc cref="SendAsync(HttpCall, CancellationToken)"/>
    internal async Task<HttpCallResult> SendAsync(HttpCall call, List<HttpExchange> exchanges, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(call);
        var mask = call.Secrets.Count == 0 ? SecretMask.NamesOnly : new SecretMask(call.Secrets);
        for (var attempt = 1; ; attempt++)
        {
            var ended = await AttemptAsync(call, mask, exchanges, cancellationToken);
            if (call.Resilience is not { } strategy || attempt > strategy.MaxRetryAttempts || !IsWorthRepeating(strategy, ended))
                return new HttpCallResult(ended.End, ended.Answer, ended.Error, exchanges, attempt);

            var delay = RetryAfter(ended.Answer, _clock) ?? strategy.DelayAfter(attempt, Random.Shared.NextDouble());
            if (ended.TryAfter > delay)
                delay = ended.TryAfter.Value;
            if (delay > _options.MaxRetryDelay)
                delay = _options.MaxRetryDelay;
            exchanges[^1] = exchanges[^1] with { RetryDelay = delay };
            call.Job?.Log(string.Create(CultureInfo.InvariantCulture, $"Attempt {attempt + 1} of {strategy.MaxRetryAttempts + 1} comes in {delay.TotalSeconds:0.0} s."));
            if (delay > TimeSpan.Zero)
                await WaitAsync(call.Job, () => Task.Delay(delay, _clock, cancellationToken));
        }
    }

    /// <summary>Waits for something that is not this server's work; a job leaves its worker to others meanwhile.</summary>
    internal static Task WaitAsync(JobContext? job, Func<Task> wait) => job is null ? wait() : job.WaitAsideAsync(wait);

    private static bool IsWorthRepeating(HttpResilienceStrategy strategy, HttpRequestEnd ended) =>
        ended.End is HttpCallEnd.FailedToConnect or HttpCallEnd.TimedOut or HttpCallEnd.HeldBack
        || (ended.Answer is not null && strategy.StatusCodes.Contains(ended.Answer.StatusCode));

    /// <summary>One attempt: a request, and those that redirects lead to.</summary>
    private async Task<HttpRequestEnd> AttemptAsync(HttpCall call, SecretMask mask, List<HttpExchange> exchanges, CancellationToken cancellationToken)
    {
        HttpRequestBuilder builder;
        HttpMessageInvoker invoker;
        try
        {
            builder = HttpRequestBuilder.From(call);
            invoker = _http.InvokerFor(call.ClientCertificate);
        }
        catch (OutgoingRefusedException e)
        {
            return Refuse(call, mask, exchanges, e);
        }

        var left = call.Timeout ?? _options.Timeout;
        for (var redirects = 0; ; redirects++)
        {
            var started = _clock.GetTimestamp();
            var waited = TimeSpan.Zero;
            var gate = call.KeepsHostLimits ? _gates.Of(builder.Url) : null;
            if (gate is not null)
            {
                var startedAt = _clock.GetUtcNow();
                var (mayGo, wait) = await gate.EnterAsync(call.Job, cancellationToken);
                waited = _clock.GetElapsedTime(started);
                if (wait is not null)
                    Keep(call, exchanges, Unsent(builder, mask, exchanges, startedAt, waited, wait));
                if (!mayGo)
                    return new HttpRequestEnd(HttpCallEnd.HeldBack, Answer: null, wait, Location: null);
            }

            // The wait for a place is none of the time that the call has.
            using var timeout = new CancellationTokenSource(left, _clock);
            using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
            Task<HttpRequestEnd> SendAsync() => ExchangeAsync(builder, invoker, call, mask, exchanges, timeout, linked.Token, cancellationToken);
            var sentAt = _clock.GetUtcNow();
            var ended = gate is null ? await SendAsync() : await gate.SendAsync(SendAsync, cancellationToken);
            if (ended.End == HttpCallEnd.HeldBack)
                Keep(call, exchanges, Unsent(builder, mask, exchanges, sentAt, TimeSpan.Zero, ended.Error!));
            if (ended is not { Answer: { } answer, Location: { } location } || redirects >= call.MaxRedirects || answer.StatusCode is not (301 or 302 or 303 or 307 or 308))
                return ended;
            left -= _clock.GetElapsedTime(started) - waited;
            if (left <= TimeSpan.Zero)
                left = TimeSpan.FromMilliseconds(1);
            try
            {
                builder.Follow(location, answer.StatusCode);
            }
            catch (OutgoingRefusedException e)
            {
                return Refuse(call, mask, exchanges, new OutgoingRefusedException("The redirect is not followed. " + e.Message));
            }

            // Like a password, the certificate is for the origin that it was meant for.
            if (builder.HasLeftOrigin)
                invoker = _http.InvokerFor(clientCertificate: null);
        }
    }

    /// <summary>Adds to the record, and a line to the job: whoever looks at it sees at once what it has come to, not only at its end.</summary>
    private static void Keep(HttpCall call, List<HttpExchange> exchanges, HttpExchange exchange)
    {
        exchanges.Add(exchange);
        call.Job?.Log(exchange.Line);
    }

    /// <summary>The record of a request that its host's gate made wait, or did not let out.</summary>
    private static HttpExchange Unsent(HttpRequestBuilder builder, SecretMask mask, List<HttpExchange> exchanges, DateTimeOffset at, TimeSpan waited, string why) => new()
    {
        Id = NextId(exchanges, at),
        Attempt = exchanges.Count + 1,
        StartedAt = at,
        Duration = waited,
        Method = builder.Method.Method,
        Url = mask.Url(builder.ShownUrl),
        RequestHeaders = "{}",
        End = HttpCallEnd.HeldBack,
        Error = why,
        IdempotencyKey = builder.IdempotencyKey is { } key ? mask.Text(key) : null,
    };

    private async Task<HttpRequestEnd> ExchangeAsync(
        HttpRequestBuilder builder, HttpMessageInvoker invoker, HttpCall call, SecretMask mask, List<HttpExchange> exchanges, CancellationTokenSource timeout,
        CancellationToken token, CancellationToken callersToken)
    {
        var startedAt = _clock.GetUtcNow();
        var started = _clock.GetTimestamp();
        var limit = call.MaxResponseBytes ?? _options.MaxResponseBytes;
        using var request = builder.Build();
        HttpResponseMessage? response = null;
        HttpAnswer? answer = null;
        var end = HttpCallEnd.Answered;
        string? error = null;
        try
        {
            response = await invoker.SendAsync(request, token);
            if (response.StatusCode == HttpStatusCode.ProxyAuthenticationRequired && _http.IsProxied(builder.Url))
                throw new HttpRequestException(HttpRequestError.ProxyTunnelError, statusCode: response.StatusCode);
            var body = await ReadAsync(response.Content, limit, token);
            if (body is null)
            {
                end = HttpCallEnd.TooLarge;
                error = string.Create(CultureInfo.InvariantCulture, $"The answer is larger than {limit} bytes, the limit {(call.MaxResponseBytes is null ? "of this server (Automation:Steps:Http:MaxResponseBytes)" : "of this call")}.");
            }
            else
            {
                answer = Answer(response, body);
            }
        }
        catch (Exception e) when (!callersToken.IsCancellationRequested && e is HttpRequestException or IOException or OperationCanceledException or OutgoingRefusedException or InvalidDataException)
        {
            (end, error) = Explain(e, builder.Url, timeout.IsCancellationRequested, call.Timeout ?? _options.Timeout);
            if (end == HttpCallEnd.FailedToConnect && CertificateHint.For(e, builder.HasLeftOrigin ? null : call.ClientCertificate, _clock.GetUtcNow()) is { Length: > 0 } hint)
                error = $"{error.TrimEnd('.')}. {hint}";
            error = mask.Text(error);
        }
        finally
        {
            response?.Dispose();
        }

        Keep(call, exchanges, new HttpExchange
        {
            Id = NextId(exchanges, startedAt),
            Attempt = exchanges.Count + 1,
            StartedAt = startedAt,
            Duration = _clock.GetElapsedTime(started),
            Method = builder.Method.Method,
            Url = mask.Url(builder.ShownUrl),
            RequestHeaders = HttpExcerpt.Headers(AllHeaders(request.Headers, request.Content?.Headers), mask),
            RequestBody = HttpExcerpt.Body(builder.Body, builder.BodyMediaType, _options.ExcerptBytes, mask),
            RequestBytes = builder.Body?.Length ?? 0,
            StatusCode = response is null ? null : (int)response.StatusCode,
            ReasonPhrase = response?.ReasonPhrase is { } reason ? mask.Text(reason) : null,
            ResponseHeaders = response is null ? null : HttpExcerpt.Headers(AllHeaders(response.Headers, response.Content.Headers), mask),
            ResponseBody = answer is null ? null : HttpExcerpt.Body(answer.Body, answer.MediaType, _options.ExcerptBytes, mask),
            ResponseBytes = answer?.Body.Length ?? 0,
            End = end,
            Error = error,
            IdempotencyKey = builder.IdempotencyKey is { } key ? mask.Text(key) : null,
        });
        return new HttpRequestEnd(end, answer, error, response?.Headers.Location);
    }

    /// <summary>A request that was never sent leaves a record too.</summary>
    private HttpRequestEnd Refuse(HttpCall call, SecretMask mask, List<HttpExchange> exchanges, OutgoingRefusedException reason)
    {
        var now = _clock.GetUtcNow();
        var error = mask.Text(reason.Message);
        Keep(call, exchanges, new HttpExchange
        {
            Id = NextId(exchanges, now),
            Attempt = exchanges.Count + 1,
            StartedAt = now,
            Duration = TimeSpan.Zero,
            Method = call.Method,
            Url = mask.Url(Cut(WithoutUserInfo(call.Url))),
            RequestHeaders = "{}",
            End = HttpCallEnd.Refused,
            Error = error,
        });
        return new HttpRequestEnd(HttpCallEnd.Refused, Answer: null, error, Location: null);
    }

    private (HttpCallEnd End, string Error) Explain(Exception exception, Uri url, bool timedOut, TimeSpan timeout)
    {
        for (var e = exception; e is not null; e = e.InnerException)
        {
            if (e is OutgoingRefusedException)
                return (HttpCallEnd.Refused, e.Message);
        }

        if (timedOut)
            return (HttpCallEnd.TimedOut, $"No complete answer from {url.Host} within {timeout}.");
        var target = $"{url.Host} port {url.Port.ToString(CultureInfo.InvariantCulture)}";
        var isProxied = _http.IsProxied(url);
        if (exception is OperationCanceledException)
            return (HttpCallEnd.TimedOut, $"No connection to {(isProxied ? "the proxy" : target)} in time.");
        var kind = (exception as HttpRequestException)?.HttpRequestError ?? (exception as HttpIOException)?.HttpRequestError;
        if (kind == HttpRequestError.ProxyTunnelError)
            return (HttpCallEnd.FailedToConnect, _http.WhyProxyRefused(url, (exception as HttpRequestException)?.StatusCode));
        if (kind == HttpRequestError.ResponseEnded)
            return (HttpCallEnd.FailedToConnect, $"{target} closed the connection before its answer was complete.");

        var inmost = exception;
        while (inmost.InnerException is { } inner)
            inmost = inner;
        var outer = exception.Message.Replace(", see inner exception", "", StringComparison.Ordinal);
        var text = outer.Contains(inmost.Message, StringComparison.Ordinal) ? outer : $"{outer.TrimEnd('.')}: {inmost.Message}";
        return (HttpCallEnd.FailedToConnect, isProxied && kind is (HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError) ? $"The proxy cannot be reached: {text}" : text);
    }

    /// <summary>The body; null where it is larger than the limit.</summary>
    private static async Task<byte[]?> ReadAsync(HttpContent content, long limit, CancellationToken token)
    {
        if (content.Headers.ContentLength is { } announced)
        {
            if (announced > limit)
                return null;
            if (announced == 0)
                return [];
        }

        var stream = await content.ReadAsStreamAsync(token);
        await using (stream)
        {
            var buffer = ArrayPool<byte>.Shared.Rent((int)Math.Min(content.Headers.ContentLength + 1 ?? 16 << 10, 1 << 20));
            try
            {
                var length = 0;
                while (true)
                {
                    var read = await stream.ReadAsync(buffer.AsMemory(length), token);
                    if (read == 0)
                        return buffer.AsSpan(0, length).ToArray();
                    length += read;
                    if (length > limit)
                        return null;
                    if (length == buffer.Length)
                    {
                        var larger = ArrayPool<byte>.Shared.Rent((int)Math.Min(length * 2L, Array.MaxLength));
                        buffer.CopyTo(larger, 0);
                        ArrayPool<byte>.Shared.Return(buffer);
                        buffer = larger;
                    }
                }
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }
    }

    private static HttpAnswer Answer(HttpResponseMessage response, byte[] body)
    {
        var contentType = response.Content.Headers.ContentType;
        return new HttpAnswer(
            (int)response.StatusCode,
            response.ReasonPhrase,
            Values(response.Headers.NonValidated),
            Values(response.Content.Headers.NonValidated),
            body,
            contentType?.MediaType?.ToLowerInvariant(),
            contentType?.CharSet?.Trim('"'));
    }

    private static Dictionary<string, object?> Values(HttpHeadersNonValidated headers)
    {
        var values = new Dictionary<string, object?>(headers.Count, StringComparer.OrdinalIgnoreCase);
        foreach (var (name, texts) in headers)
            values[name] = texts.Select(text => (object?)text).ToList();
        return values;
    }

    private static IEnumerable<KeyValuePair<string, IEnumerable<string>>> AllHeaders(HttpHeaders headers, HttpHeaders? ofContent)
    {
        foreach (var (name, values) in headers.NonValidated)
            yield return KeyValuePair.Create<string, IEnumerable<string>>(name, values);
        if (ofContent is null)
            yield break;
        foreach (var (name, values) in ofContent.NonValidated)
            yield return KeyValuePair.Create<string, IEnumerable<string>>(name, values);
    }

    /// <summary>The wait that an answer asks for; null where it asks for none.</summary>
    internal static TimeSpan? RetryAfter(HttpAnswer? answer, TimeProvider clock)
    {
        if (answer is null || !answer.Headers.TryGetValue("Retry-After", out var header) || header is not List<object?> { Count: > 0 } values
            || !RetryConditionHeaderValue.TryParse(values[0] as string, out var condition))
        {
            return null;
        }

        var wait = condition.Delta ?? (condition.Date - clock.GetUtcNow()) ?? TimeSpan.Zero;
        return wait < TimeSpan.Zero ? TimeSpan.Zero : wait;
    }

    // UUIDv7s of one millisecond come in no order, so the requests of a call are numbered.
    private static string NextId(List<HttpExchange> exchanges, DateTimeOffset now) =>
        string.Create(CultureInfo.InvariantCulture, $"{(exchanges.Count == 0 ? Guid.CreateVersion7(now).ToString() : exchanges[0].Id[..36])}-{exchanges.Count + 1:0000}");

    private static string WithoutUserInfo(string url)
    {
        var at = url.IndexOf('@', StringComparison.Ordinal);
        var authority = url.IndexOf("//", StringComparison.Ordinal);
        return authority >= 0 && at > authority && url.IndexOfAny(['/', '?', '#'], authority + 2) is var slash && (slash < 0 || at < slash)
            ? string.Concat(url.AsSpan(0, authority + 2), SecretMask.Masked, url.AsSpan(at))
            : url;
    }

    private static string Cut(string text) => text.Length <= 2048 ? text : text[..2048];
}
