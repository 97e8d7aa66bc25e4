using System.Net.Http.Headers;
using System.Text;
using Automation.Steps.Outgoing;
using Automation.Steps.Values;

namespace Automation.Steps.Http;

/// <summary>A call made ready: everything about it is checked once, then each attempt gets a request of its own.</summary>
internal sealed class HttpRequestBuilder
{
    // These frame the message; a wrong one would let one request pass for two.
    private static readonly HashSet<string> Forbidden = new(StringComparer.OrdinalIgnoreCase)
    {
        "Connection", "Content-Length", "Expect", "Keep-Alive", "Proxy-Authorization", "Proxy-Connection", "TE", "Trailer", "Transfer-Encoding", "Upgrade",
    };

    private readonly List<(string Name, string Value, bool OfContent)> _headers = [];
    private readonly IReadOnlyCollection<string> _secrets;

    private HttpRequestBuilder(Uri url, HttpMethod method, byte[]? body, IReadOnlyCollection<string> secrets)
    {
        _secrets = secrets;
        Url = url;
        Method = method;
        Body = body;
    }

    public Uri Url { get; private set; }

    public HttpMethod Method { get; private set; }

    public byte[]? Body { get; private set; }

    public string? BodyMediaType { get; private set; }

    /// <summary>The URL for people: a call to this server shows only its path.</summary>
    public string ShownUrl => Url.Authority == OwnServer.Host ? Url.PathAndQuery : Url.AbsoluteUri;

    public string? IdempotencyKey { get; private set; }

    /// <summary>Whether a redirect has led to another scheme, host or port; credentials have stayed behind then.</summary>
    public bool HasLeftOrigin { get; private set; }

    /// <exception cref="OutgoingRefusedException">The call is not valid or not allowed.</exception>
    public static HttpRequestBuilder From(HttpCall call)
    {
        var url = OutgoingGuard.Check(call.Url);
        HttpMethod method;
        try
        {
            method = HttpMethod.Parse(string.IsNullOrWhiteSpace(call.Method) ? "GET" : call.Method.Trim().ToUpperInvariant());
        }
        catch (FormatException)
        {
            throw new OutgoingRefusedException($"The method \"{call.Method}\" is not valid. Use GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS or another token.");
        }

        if (method == HttpMethod.Connect)
            throw new OutgoingRefusedException("The method CONNECT is not allowed.");

        HttpBody? body;
        try
        {
            body = HttpContentWriter.Write(call.Content, call.ContentType);
        }
        catch (FormatException e)
        {
            throw new OutgoingRefusedException(e.Message);
        }

        var builder = new HttpRequestBuilder(url, method, body?.Bytes, call.Secrets);
        if (body is not null)
        {
            if (!MediaTypeHeaderValue.TryParse(body.ContentType, out var mediaType))
                throw new OutgoingRefusedException($"The content type \"{body.ContentType}\" is not valid. Give a media type such as application/json.");
            builder.BodyMediaType = mediaType.MediaType?.ToLowerInvariant();
            builder._headers.Add(("Content-Type", body.ContentType, OfContent: true));
        }

        foreach (var (name, value) in call.Headers ?? [])
        {
            foreach (var one in PlainJson.Elements(value) ?? [value])
                builder.Add(name, PlainJson.AsText(one));
        }

        if (!string.IsNullOrWhiteSpace(call.Authorization))
            builder.Add("Authorization", call.Authorization.Trim());
        builder.IdempotencyKey = builder._headers.FirstOrDefault(h => h.Name.Equals("Idempotency-Key", StringComparison.OrdinalIgnoreCase)).Value;
        if (builder.IdempotencyKey is null && call.IdempotencyKey is not null)
        {
            builder.Add("Idempotency-Key", call.IdempotencyKey);
            builder.IdempotencyKey = call.IdempotencyKey;
        }

        return builder;
    }

    public HttpRequestMessage Build()
    {
        var request = new HttpRequestMessage(Method, Url);
        if (Url.Authority == OwnServer.Host)
            request.Headers.Host = "localhost";
        if (Body is not null)
            request.Content = new ByteArrayContent(Body);
        foreach (var (name, value, ofContent) in _headers)
        {
            if (ofContent)
                request.Content?.Headers.TryAddWithoutValidation(name, value);
            else
                request.Headers.TryAddWithoutValidation(name, value);
        }

        return request;
    }

    /// <summary>The request that follows a redirect: credentials stay with the origin that they were meant for.</summary>
    /// <exception cref="OutgoingRefusedException">The new target is not allowed.</exception>
    public void Follow(Uri location, int statusCode)
    {
        if (!Uri.TryCreate(Url, location, out var target))
            throw new OutgoingRefusedException("The redirect is not followed: its Location is no valid URL.");
        if (target.Authority != OwnServer.Host || Url.Authority != OwnServer.Host)
            OutgoingGuard.Check(target);
        if (Url.Scheme == Uri.UriSchemeHttps && target.Scheme == Uri.UriSchemeHttp)
            throw new OutgoingRefusedException($"The redirect from https to \"{target.Host}\" over http is not followed.");
        if (Url.IdnHost != target.IdnHost || Url.Port != target.Port || Url.Scheme != target.Scheme)
        {
            HasLeftOrigin = true;
            _headers.RemoveAll(h => SecretMask.IsSecretName(h.Name) || h.Name.Equals("Host", StringComparison.OrdinalIgnoreCase) || _secrets.Any(secret => h.Value.Contains(secret, StringComparison.Ordinal)));
        }

        if (statusCode == 303 || (statusCode is 301 or 302 && Method == HttpMethod.Post))
        {
            Method = Method == HttpMethod.Head ? Method : HttpMethod.Get;
            Body = null;
            BodyMediaType = null;
        }

        if (HasLeftOrigin && Body is not null && new SecretMask(_secrets).Bytes(Body) != Body)
            throw new OutgoingRefusedException($"The redirect to \"{target.Authority}\" is not followed: the body holds a secret that is meant for \"{Url.Authority}\".");

        Url = target;
    }

    private void Add(string name, string value)
    {
        name = name.Trim();
        if (name.Length == 0 || !name.All(c => char.IsAsciiLetterOrDigit(c) || "!#$%&'*+-.^_`|~".Contains(c, StringComparison.Ordinal)))
            throw new OutgoingRefusedException($"The header name \"{name}\" is not valid. Allowed are letters, digits and !#$%&'*+-.^_`|~.");
        if (Forbidden.Contains(name))
            throw new OutgoingRefusedException($"The header \"{name}\" cannot be set: it belongs to the connection.");
        if (value.AsSpan().IndexOfAny('\r', '\n', '\0') >= 0)
            throw new OutgoingRefusedException($"The header \"{name}\" has a line break in its value.");
        if (name.Equals("Content-Type", StringComparison.OrdinalIgnoreCase))
        {
            // The header wins over the input: it is the more deliberate of the two.
            _headers.RemoveAll(h => h.OfContent && h.Name == "Content-Type");
            _headers.Add(("Content-Type", value, OfContent: true));
            return;
        }

        var ofContent = name.StartsWith("Content-", StringComparison.OrdinalIgnoreCase) || name.Equals("Expires", StringComparison.OrdinalIgnoreCase) || name.Equals("Last-Modified", StringComparison.OrdinalIgnoreCase) || name.Equals("Allow", StringComparison.OrdinalIgnoreCase);
        _headers.Add((name, Encoding.ASCII.GetByteCount(value) == value.Length && value.All(char.IsAscii) ? value : Uri.EscapeDataString(value), ofContent));
    }
}
