using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Automation.Workflows.Definitions;
using Automation.Workflows.Execution;
using Automation.Workflows.Graph;

namespace Automation.Workflows.Activities.Http;

[Activity("Elsa.WriteHttpResponse", Category = "HTTP", DisplayName = "HTTP Response", Description = "Write a response to the current HTTP response object.")]
internal sealed class WriteHttpResponse : Activity
{
    [Input(UIHint = "dropdown", DefaultValue = "OK", TypeName = "System.Net.HttpStatusCode, System.Net.Primitives", Description = "The status code to return.",
        Options = ["Continue", "SwitchingProtocols", "Processing", "EarlyHints", "OK", "Created", "Accepted", "NonAuthoritativeInformation", "NoContent", "ResetContent", "PartialContent", "MultiStatus", "AlreadyReported", "IMUsed", "Ambiguous", "Moved", "Redirect", "RedirectMethod", "NotModified", "UseProxy", "Unused", "TemporaryRedirect", "PermanentRedirect", "BadRequest", "Unauthorized", "PaymentRequired", "Forbidden", "NotFound", "MethodNotAllowed", "NotAcceptable", "ProxyAuthenticationRequired", "RequestTimeout", "Conflict", "Gone", "LengthRequired", "PreconditionFailed", "RequestEntityTooLarge", "RequestUriTooLong", "UnsupportedMediaType", "RequestedRangeNotSatisfiable", "ExpectationFailed", "MisdirectedRequest", "UnprocessableEntity", "Locked", "FailedDependency", "UpgradeRequired", "PreconditionRequired", "TooManyRequests", "RequestHeaderFieldsTooLarge", "UnavailableForLegalReasons", "InternalServerError", "NotImplemented", "BadGateway", "ServiceUnavailable", "GatewayTimeout", "HttpVersionNotSupported", "VariantAlsoNegotiates", "InsufficientStorage", "LoopDetected", "NotExtended", "NetworkAuthenticationRequired"])]
    public Input<string?> StatusCode { get; } = new();

    [Input(Description = "The content to write back. String values will be sent as-is, while objects will be serialized to a JSON string. Byte arrays and streams will be sent as files.")]
    public Input<object?> Content { get; } = new();

    [Input(UIHint = "dropdown", Description = "The content type to write when sending the response.",
        Options = ["", "application/json", "application/soap+xml", "application/x-www-form-urlencoded", "application/xml", "application/octet-stream", "text/plain", "text/html", "text/json", "text/xml"])]
    public Input<string?> ContentType { get; } = new();

    [Input(Category = "Advanced", UIHint = "json-editor", TypeName = "HttpHeaders", DefaultValue = "{}", Description = "The headers to send along with the response.")]
    public Input<IReadOnlyDictionary<string, object?>?> ResponseHeaders { get; } = new();

    private const string BareNumber = "a literal number is not understood as a status code; write it as text (\"202\" or \"Accepted\").";

    private bool _statusIsBareNumber;

    protected internal override void Compile(ActivityCompilation context)
    {
        // Studio writes names; a server of Elsa's reads a number only from text or from a script.
        _statusIsBareNumber = context.Json["statusCode"]?["expression"] is JsonObject expression
            && string.Equals(expression["type"]?.ToString(), "Literal", StringComparison.Ordinal)
            && expression["value"]?.GetValueKind() == JsonValueKind.Number;
        if (_statusIsBareNumber)
            context.Warning("statusCode", BareNumber);
    }

    protected internal override void Execute(ActivityContext context)
    {
        if (_statusIsBareNumber)
            throw new WorkflowFaultException($"Failed to evaluate the input StatusCode: {BareNumber}");
        HttpResponses.Respond(context, new HttpResponseEffect(
            HttpResponses.Status(StatusCode.Get(context)),
            Content.Get(context),
            ContentType.Get(context) is { Length: > 0 } type ? type : null,
            HttpResponses.Headers(ResponseHeaders.Get(context))));
        context.Complete();
    }
}

[Activity("Elsa.WriteFileHttpResponse", Category = "HTTP", DisplayName = "HTTP File Response", Description = "Send one ore more files (zipped) to the HTTP response.")]
internal sealed class WriteFileHttpResponse : Activity
{
    [Input(Description = "The content type of the file to serve. Leave empty to let the system determine the content type.")]
    public Input<string?> ContentType { get; } = new();

    [Input(Description = "The name of the file to serve. Leave empty to let the system determine the file name.")]
    public Input<string?> Filename { get; } = new();

    [Input(Description = "The Entity Tag of the file to serve. Leave empty to let the system determine the Entity Tag.")]
    public Input<string?> EntityTag { get; } = new();

    [Input(Description = "The file content to serve. Supports various types, such as byte array, stream, string, Uri, Downloadable and a (mixed) array of the aforementioned types.")]
    public Input<object?> Content { get; } = new();

    [Input(Description = "Whether to enable resumable downloads. When enabled, the client can resume a download if the connection is lost.")]
    public Input<bool?> EnableResumableDownloads { get; } = new();

    [Input(Description = "The correlation ID of the download used to resume a download. If left empty, the x-download-id header will be used.")]
    public Input<string?> DownloadCorrelationId { get; } = new();

    protected internal override void Execute(ActivityContext context)
    {
        HttpResponses.Respond(context, new FileResponseEffect(
            Content.Get(context),
            ContentType.Get(context),
            Filename.Get(context),
            EntityTag.Get(context),
            EnableResumableDownloads.Get(context) is true,
            DownloadCorrelationId.Get(context)));
        context.Complete();
    }
}

/// <summary>What the response activities have in common.</summary>
internal static class HttpResponses
{
    /// <summary>Hands the response to whoever waits for it. A second one, or one that nobody waits for, is an incident.</summary>
    public static void Respond(ActivityContext context, WorkflowEffect response)
    {
        var burst = context.Burst;
        if (burst.HasResponded)
            throw new WorkflowFaultException("The HTTP request has been answered already.");
        if (!burst.CanRespond)
            throw new WorkflowFaultException("There is no HTTP request to answer: the workflow was not started or resumed by one, or its caller has stopped waiting.");
        burst.HasResponded = true;
        burst.State.RespondUntil = null;
        context.Request(response);
    }

    public static int Status(string? name) => Enum.TryParse<HttpStatusCode>(name, out var code) ? (int)code : 200;

    public static IReadOnlyDictionary<string, IReadOnlyList<string>> Headers(IReadOnlyDictionary<string, object?>? headers)
    {
        var result = new Dictionary<string, IReadOnlyList<string>>(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, value) in headers ?? new Dictionary<string, object?>(StringComparer.Ordinal))
        {
            result[name] = value is IReadOnlyList<object?> list
                ? [.. list.Where(v => v is not null).Select(v => ValueConverter.ToText(v!))]
                : [value is null ? "" : ValueConverter.ToText(value)];
        }

        return result;
    }
}
