using System.Buffers;
using System.Globalization;
using System.Net.Http.Headers;
using Automation.Steps.Outgoing;
using Microsoft.Extensions.Options;

namespace Automation.Steps.Http;

/// <summary>Makes HTTP calls for steps: guarded, bounded, repeated where asked, and recorded. Thread-safe.</summary>
public sealed class HttpCaller
{
    private readonly OutgoingHttp _http;
    private readonly HttpOptions _options;
    private readonly TimeProvider _clock;

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
    }

    /// <summary>
    /// Makes a call, with as many attempts as its strategy allows. Failures are part of the result, so that the record of
    /// what was tried is never lost.
    /// </summary>
    /// <param name="call">The call.</param>
    /// <param name="cancellationToken">Breaks the call off, also in the middle of an answer.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async Task<HttpCallResult> SendAsync(HttpCall call, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(call);
        var mask = call.Secrets.Count == 0 ? SecretMask.NamesOnly : new SecretMask(call.Secrets);
        var exchanges = new List<HttpExchange>(1);
        for (var attempt = 1; ; attempt++)
        {
            var (end, answer, error) = await AttemptAsync(call, mask, exchanges, cancellationToken);
            if (call.Resilience is not { } strategy || attempt > strategy.MaxRetryAttempts || !IsWorthRepeating(strategy, end, answer))
                return new HttpCallResult(end, answer, error, exchanges);

            var delay = RetryAfter(answer, _clock) ?? strategy.DelayAfter(attempt, Random.Shared.NextDouble());
            if (delay > _options.MaxRetryDelay)
                delay = _options.MaxRetryDelay;
            exchanges[^1] = exchanges[^1] with { RetryDelay = delay };
            if (delay > TimeSpan.Zero)
                await Task.Delay(delay, _clock, cancellationToken);
        }
    }

    private static bool IsWorthRepeating(HttpResilienceStrategy strategy, HttpCallEnd end, HttpAnswer? answer) =>
        end is HttpCallEnd.FailedToConnect or HttpCallEnd.TimedOut || (answer is not null && strategy.StatusCodes.Contains(answer.StatusCode));

    /// <summary>One attempt: a request, and those that redirects lead to.</summary>
    private async Task<(HttpCallEnd End, HttpAnswer? Answer, string? Error)> AttemptAsync(
        HttpCall call, SecretMask mask, List<HttpExchange> exchanges, CancellationToken cancellationToken)
    {
        HttpRequestBuilder builder;
        try
        {
            builder = HttpRequestBuilder.From(call);
        }
        catch (OutgoingRefusedException e)
        {
            return Refuse(call, mask, exchanges, e);
        }

        using var timeout = new CancellationTokenSource(call.Timeout ?? _options.Timeout, _clock);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        for (var redirects = 0; ; redirects++)
        {
            var (end, answer, error, location) = await ExchangeAsync(builder, call, mask, exchanges, timeout, linked.Token, cancellationToken);
            if (answer is null || location is null || redirects >= call.MaxRedirects || answer.StatusCode is not (301 or 302 or 303 or 307 or 308))
                return (end, answer, error);
            try
            {
                builder.Follow(location, answer.StatusCode);
            }
            catch (OutgoingRefusedException e)
            {
                return Refuse(call, mask, exchanges, e);
            }
        }
    }

    private async Task<(HttpCallEnd End, HttpAnswer? Answer, string? Error, Uri? Location)> ExchangeAsync(
        HttpRequestBuilder builder, HttpCall call, SecretMask mask, List<HttpExchange> exchanges, CancellationTokenSource timeout,
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
            response = await _http.Invoker.SendAsync(request, token);
            var body = await ReadAsync(response.Content, limit, token);
            if (body is null)
            {
                end = HttpCallEnd.TooLarge;
                error = string.Create(CultureInfo.InvariantCulture, $"The answer is larger than {limit} bytes, the limit for this call (Automation:Steps:Http:MaxResponseBytes).");
            }
            else
            {
                answer = Answer(response, body);
            }
        }
        catch (Exception e) when (!callersToken.IsCancellationRequested && e is HttpRequestException or IOException or OperationCanceledException or OutgoingRefusedException or InvalidDataException)
        {
            (end, error) = Explain(e, builder.Url, timeout.IsCancellationRequested, call.Timeout ?? _options.Timeout);
            error = mask.Text(error);
        }
        finally
        {
            response?.Dispose();
        }

        exchanges.Add(new HttpExchange
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
            ReasonPhrase = response?.ReasonPhrase,
            ResponseHeaders = response is null ? null : HttpExcerpt.Headers(AllHeaders(response.Headers, response.Content.Headers), mask),
            ResponseBody = answer is null ? null : HttpExcerpt.Body(answer.Body, answer.MediaType, _options.ExcerptBytes, mask),
            ResponseBytes = answer?.Body.Length ?? 0,
            End = end,
            Error = error,
            IdempotencyKey = builder.IdempotencyKey is { } key ? mask.Text(key) : null,
        });
        return (end, answer, error, response?.Headers.Location);
    }

    /// <summary>A request that was never sent leaves a record too.</summary>
    private (HttpCallEnd End, HttpAnswer? Answer, string? Error) Refuse(HttpCall call, SecretMask mask, List<HttpExchange> exchanges, OutgoingRefusedException reason)
    {
        var now = _clock.GetUtcNow();
        var error = mask.Text(reason.Message);
        exchanges.Add(new HttpExchange
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
        return (HttpCallEnd.Refused, null, error);
    }

    private static (HttpCallEnd End, string Error) Explain(Exception exception, Uri url, bool timedOut, TimeSpan timeout)
    {
        for (var e = exception; e is not null; e = e.InnerException)
        {
            if (e is OutgoingRefusedException)
                return (HttpCallEnd.Refused, e.Message);
        }

        if (timedOut)
            return (HttpCallEnd.TimedOut, $"No complete answer from {url.Host} within {timeout}.");
        if (exception is OperationCanceledException)
            return (HttpCallEnd.TimedOut, $"No connection to {url.Host} port {url.Port.ToString(CultureInfo.InvariantCulture)} in time.");

        var inmost = exception;
        while (inmost.InnerException is { } inner)
            inmost = inner;
        var text = inmost.Message == exception.Message ? exception.Message : $"{exception.Message.TrimEnd('.')}: {inmost.Message}";
        return (HttpCallEnd.FailedToConnect, text);
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
