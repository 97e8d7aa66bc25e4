using Automation.Workflows.Definitions;

namespace Automation.Workflows.Activities.Http;

/// <summary>An HTTP request as it is handed to an <c>HttpEndpoint</c>: <see cref="ToPlain"/> is the payload of the stimulus.</summary>
public sealed record HttpRequestPayload
{
    /// <summary>The method, such as <c>POST</c>.</summary>
    public string Method { get; init; } = "GET";

    /// <summary>The path as requested.</summary>
    public string Path { get; init; } = "";

    /// <summary>Values of the route parameters; plain.</summary>
    public IReadOnlyDictionary<string, object?> RouteData { get; init; } = Empty;

    /// <summary>The query: text, or a list of text where a name came more than once; plain.</summary>
    public IReadOnlyDictionary<string, object?> Query { get; init; } = Empty;

    /// <summary>The headers: text, or a list of text; plain.</summary>
    public IReadOnlyDictionary<string, object?> Headers { get; init; } = Empty;

    /// <summary>The body, parsed by its content type; a plain value.</summary>
    public object? Content { get; init; }

    /// <summary>Uploaded files: objects with <c>fileName</c>, <c>contentType</c> and <c>content</c> (bytes).</summary>
    public IReadOnlyList<object?> Files { get; init; } = [];

    /// <summary>Why the request is not taken; null if it is.</summary>
    public HttpRejection? Rejection { get; init; }

    private static Dictionary<string, object?> Empty => new(StringComparer.Ordinal);

    /// <summary>As a plain value.</summary>
    public Dictionary<string, object?> ToPlain()
    {
        var map = new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["method"] = Method,
            ["path"] = Path,
            ["routeData"] = RouteData,
            ["query"] = Query,
            ["headers"] = Headers,
            ["content"] = Content,
        };
        if (Files.Count > 0)
            map["files"] = Files;
        if (Rejection is { } r)
        {
            map["rejection"] = new Dictionary<string, object?>(StringComparer.Ordinal)
            {
                ["statusCode"] = (long)r.StatusCode,
                ["message"] = r.Message,
                ["outcome"] = r.Outcome,
            };
        }

        return map;
    }

    /// <summary>What the endpoint gives as the request: everything but the body, which has outputs of its own.</summary>
    internal Dictionary<string, object?> ToResult() => new(StringComparer.Ordinal)
    {
        ["method"] = Method,
        ["path"] = Path,
        ["routeData"] = RouteData,
        ["query"] = Query,
        ["headers"] = Headers,
    };

    /// <summary>Reads what <see cref="ToPlain"/> made; anything else is taken for the content.</summary>
    /// <param name="payload">A plain value.</param>
    public static HttpRequestPayload FromPlain(object? payload)
    {
        if (payload is not IReadOnlyDictionary<string, object?> map || !map.ContainsKey("routeData"))
            return new HttpRequestPayload { Content = payload };
        var rejection = map.GetValueOrDefault("rejection") as IReadOnlyDictionary<string, object?>;
        return new HttpRequestPayload
        {
            Method = map.GetValueOrDefault("method") as string ?? "GET",
            Path = map.GetValueOrDefault("path") as string ?? "",
            RouteData = Map("routeData"),
            Query = Map("query"),
            Headers = Map("headers"),
            Content = map.GetValueOrDefault("content"),
            Files = map.GetValueOrDefault("files") as IReadOnlyList<object?> ?? [],
            Rejection = rejection is null ? null : new HttpRejection(
                (int)(rejection.GetValueOrDefault("statusCode") as long? ?? 400),
                rejection.GetValueOrDefault("message") is { } m ? ValueConverter.ToText(m) : "The request was refused.",
                rejection.GetValueOrDefault("outcome") as string),
        };

        IReadOnlyDictionary<string, object?> Map(string name) => map.GetValueOrDefault(name) as IReadOnlyDictionary<string, object?> ?? Empty;
    }
}

/// <summary>Why a request is not taken.</summary>
/// <param name="StatusCode">Status to answer, such as 413.</param>
/// <param name="Message">One sentence for the caller.</param>
/// <param name="Outcome">The endpoint's outcome for it (<see cref="RequestTooLarge"/>…); null if it has none.</param>
public sealed record HttpRejection(int StatusCode, string Message, string? Outcome = null)
{
    /// <summary>Outcome for a body beyond the limit.</summary>
    public const string RequestTooLarge = "Request too large";

    /// <summary>Outcome for an uploaded file beyond the limit.</summary>
    public const string FileTooLarge = "File too large";

    /// <summary>Outcome for an uploaded file whose extension is not allowed.</summary>
    public const string InvalidFileExtension = "Invalid file extension";

    /// <summary>Outcome for an uploaded file whose MIME type is not allowed.</summary>
    public const string InvalidFileMimeType = "Invalid file MIME type";
}
