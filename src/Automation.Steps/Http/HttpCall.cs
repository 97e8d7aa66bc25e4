using System.Text;
using Automation.Jobs;

namespace Automation.Steps.Http;

/// <summary>One call as a step wants it: values, not yet bytes.</summary>
public sealed record HttpCall
{
    /// <summary>Absolute http or https URL.</summary>
    public required string Url { get; init; }

    /// <summary>The method. Default GET.</summary>
    public string Method { get; init; } = "GET";

    /// <summary>
    /// The body: text and bytes are sent as they are, other values in the form that <see cref="ContentType"/> asks for.
    /// Null sends none.
    /// </summary>
    public object? Content { get; init; }

    /// <summary>Media type of the body. Without one no body is sent.</summary>
    public string? ContentType { get; init; }

    /// <summary>Value of the <c>Authorization</c> header, such as <c>Bearer …</c>.</summary>
    public string? Authorization { get; init; }

    /// <summary>Further headers: each value is a text or a list of texts.</summary>
    public IEnumerable<KeyValuePair<string, object?>>? Headers { get; init; }

    /// <summary>
    /// The same on every attempt of the same step, so that the other side can tell a repetition: sent as
    /// <c>Idempotency-Key</c> unless <see cref="Headers"/> has one.
    /// </summary>
    public string? IdempotencyKey { get; init; }

    /// <summary>When and how the call is repeated. Null: it is not.</summary>
    public HttpResilienceStrategy? Resilience { get; init; }

    /// <summary>How long one attempt may take. Null: <see cref="HttpOptions.Timeout"/>.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>Largest answer in bytes. Null: <see cref="HttpOptions.MaxResponseBytes"/>.</summary>
    public long? MaxResponseBytes { get; init; }

    /// <summary>Redirects that are followed, 0 to 20. Each is checked like a call of its own. Default 0: the redirect is the answer.</summary>
    public int MaxRedirects { get; init; }

    /// <summary>Secret values that may stand anywhere in the call or the answer, and are masked in its record.</summary>
    public IReadOnlyCollection<string> Secrets { get; init; } = [];

    /// <summary>
    /// Whether the limits and the circuit of the host count (<see cref="HttpOptions.Hosts"/>). Senders with limits and
    /// schedules of their own leave it out.
    /// </summary>
    public bool KeepsHostLimits { get; init; }

    /// <summary>The job that makes the call: while the call waits for its turn or its next attempt, the job's worker runs others.</summary>
    public JobContext? Job { get; init; }

    /// <summary>The certificate and private key, in PEM, that this side shows to the origin of <see cref="Url"/>.</summary>
    public string? ClientCertificate { get; init; }

    /// <summary>Without anything that may be secret.</summary>
    public override string ToString() => Method;
}

/// <summary>How a call ended.</summary>
public enum HttpCallEnd
{
    /// <summary>There is an answer, whatever its status.</summary>
    Answered,

    /// <summary>No connection, or it broke before the answer was complete.</summary>
    FailedToConnect,

    /// <summary>The answer was not complete in time.</summary>
    TimedOut,

    /// <summary>The target or the request is not allowed or not valid. Nothing was sent.</summary>
    Refused,

    /// <summary>The answer is larger than the limit.</summary>
    TooLarge,

    /// <summary>The limits of the host, or its open circuit, held the request back. Nothing was sent then.</summary>
    HeldBack,
}

/// <summary>The ends of calls as people read them.</summary>
public static class HttpCallEnds
{
    /// <summary>The end in a word or three, such as <c>held back</c>.</summary>
    /// <param name="end">The end.</param>
    public static string InWords(this HttpCallEnd end) => end switch
    {
        HttpCallEnd.FailedToConnect => "failed to connect",
        HttpCallEnd.TimedOut => "timed out",
        HttpCallEnd.TooLarge => "too large",
        HttpCallEnd.HeldBack => "held back",
        HttpCallEnd.Refused => "refused",
        _ => "answered",
    };
}

/// <summary>What came of a call, with the record of each attempt.</summary>
public sealed class HttpCallResult
{
    internal HttpCallResult(HttpCallEnd end, HttpAnswer? answer, string? error, IReadOnlyList<HttpExchange> exchanges, int attempts)
    {
        Attempts = attempts;
        End = end;
        Answer = answer;
        Error = error;
        Exchanges = exchanges;
    }

    /// <summary>How it ended.</summary>
    public HttpCallEnd End { get; }

    /// <summary>The last answer, where <see cref="End"/> is <see cref="HttpCallEnd.Answered"/>.</summary>
    public HttpAnswer? Answer { get; }

    /// <summary>Why there is no answer, for people, without secrets.</summary>
    public string? Error { get; }

    /// <summary>How often the call was tried.</summary>
    public int Attempts { get; }

    /// <summary>One record for each request that was sent, tried or held back, oldest first.</summary>
    public IReadOnlyList<HttpExchange> Exchanges { get; }
}

/// <summary>A complete answer.</summary>
public sealed class HttpAnswer
{
    internal HttpAnswer(int statusCode, string? reasonPhrase, Dictionary<string, object?> headers, Dictionary<string, object?> contentHeaders, byte[] body, string? mediaType, string? charset)
    {
        StatusCode = statusCode;
        ReasonPhrase = reasonPhrase;
        Headers = headers;
        ContentHeaders = contentHeaders;
        Body = body;
        MediaType = mediaType;
        Charset = charset;
    }

    /// <summary>The status.</summary>
    public int StatusCode { get; }

    /// <summary>The status in words, where the server gave them.</summary>
    public string? ReasonPhrase { get; }

    /// <summary>The headers about the answer: each value is a list of texts.</summary>
    public IReadOnlyDictionary<string, object?> Headers { get; }

    /// <summary>The headers about the body, such as <c>Content-Type</c>: each value is a list of texts.</summary>
    public IReadOnlyDictionary<string, object?> ContentHeaders { get; }

    /// <summary>The body, decompressed.</summary>
    public byte[] Body { get; }

    /// <summary>Media type of the body, lower case, without parameters.</summary>
    public string? MediaType { get; }

    /// <summary>The body's charset, where it is named.</summary>
    public string? Charset { get; }

    /// <summary>The same answer, with every place masked at which it repeats one of the secrets.</summary>
    /// <param name="secrets">Secrets.</param>
    internal HttpAnswer Without(IReadOnlyCollection<string> secrets)
    {
        var mask = new SecretMask(secrets);
        if (mask.IsEmpty)
            return this;
        var (body, charset) = (mask.Bytes(Body), Charset);
        if (charset is not null && !charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase) && HttpContentParser.IsText(MediaType))
        {
            var read = HttpContentParser.Text(Body, charset);
            if (mask.Text(read) is var masked && masked != read)
                (body, charset) = (Encoding.UTF8.GetBytes(masked), "utf-8");
        }

        return new HttpAnswer(StatusCode, ReasonPhrase is { } reason ? mask.Text(reason) : null, Masked(Headers), Masked(ContentHeaders), body, MediaType, charset);

        Dictionary<string, object?> Masked(IReadOnlyDictionary<string, object?> headers) => headers.ToDictionary(
            h => h.Key, object? (h) => ((IEnumerable<object?>)h.Value!).Select(object? (v) => mask.Text((string)v!)).ToList(), StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>
    /// The body as a plain value: JSON and XML as a document, a form as a dictionary, text as text, anything else as bytes;
    /// null where it is empty. A body that is not what it claims to be is text.
    /// </summary>
    public object? ParseContent() => HttpContentParser.Parse(Body, MediaType, Charset);
}
