using System.Globalization;
using System.Text.Json.Nodes;
using Automation.Workflows.Execution;
using Automation.Workflows.Graph;

namespace Automation.Workflows.Activities.Http;

/// <summary>
/// What the activities that send HTTP requests have in common. The call itself is a background operation; its executor gives the
/// outputs by name (<c>StatusCode</c>, <c>ParsedContent</c>, <c>ResponseHeaders</c>…) or an error of kind connection or timeout.
/// </summary>
internal abstract class HttpRequestActivity : Activity
{
    public const string FailedToConnect = "Failed to connect";
    public const string TimedOut = "Timeout";
    public const string Unmatched = "Unmatched status code";

    protected internal override void Execute(ActivityContext context) => context.RunInBackground();

    protected internal override void OperationEnded(ActivityContext context, OperationResult result)
    {
        if (result.Error is { Kind: OperationErrorKind.Connection or OperationErrorKind.Timeout } error)
        {
            context.AddJournalEntry("Error", error.Message);
            Failed(context, error.Kind == OperationErrorKind.Timeout);
            return;
        }

        result.ThrowIfFailed();
        context.SetOutputs(result.Outputs);
        var status = result.Outputs.GetValueOrDefault("StatusCode");
        Answered(context, status is null ? 0 : ClrTypes.As<int>(status));
    }

    protected abstract void Answered(ActivityContext context, int statusCode);

    protected abstract void Failed(ActivityContext context, bool timedOut);

    /// <summary>Completes with the outcome that a flowchart branches by.</summary>
    protected static void CompleteByStatus(ActivityContext context, IReadOnlyList<object?>? expected, int statusCode)
    {
        if (expected is not { Count: > 0 })
        {
            context.Complete();
            return;
        }

        var matches = expected.Any(e => e is not null && ClrTypes.As<int>(e) == statusCode);
        context.Complete(matches ? statusCode.ToString(CultureInfo.InvariantCulture) : Unmatched, "Done");
    }
}

/// <summary>What the activities that send a request and parse the answer have in common.</summary>
internal abstract class SendingActivity : HttpRequestActivity
{
    [Input(Order = 0, TypeName = "System.Uri, System.Private.Uri")]
    public Input<string?> Url { get; } = new();

    [Input(Order = 1, UIHint = "dropdown", DefaultValue = "GET", Options = ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"], Description = "The HTTP method to use when sending the request.")]
    public Input<string?> Method { get; } = new();

    [Input(Order = 2, Description = "The content to send with the request. Can be a string, an object, a byte array or a stream.")]
    public Input<object?> Content { get; } = new();

    [Input(Order = 3, UIHint = "dropdown", Options = ["", "application/json", "application/soap+xml", "application/x-www-form-urlencoded", "application/xml", "application/octet-stream", "text/plain", "text/html", "text/json", "text/xml"],
        Description = "The content type to use when sending the request.")]
    public Input<string?> ContentType { get; } = new();

    [Input(Order = 4, Category = "Security", IsSensitive = true, Description = "The Authorization header value to send with the request. For example: Bearer {some-access-token}")]
    public Input<string?> Authorization { get; } = new();

    [Input(Order = 5, Category = "Security", Description = "A value that allows to add the Authorization header without validation.")]
    public Input<bool?> DisableAuthorizationHeaderValidation { get; } = new();

    [Input(Order = 6, Category = "Advanced", UIHint = "json-editor", TypeName = "HttpHeaders", DefaultValue = "{}", Description = "The headers to send along with the request.")]
    public Input<IReadOnlyDictionary<string, object?>?> RequestHeaders { get; } = new();

    [Input(Description = "Obsolete. Use the common Resilience Strategy setting instead.")]
    public Input<bool?> EnableResiliency { get; } = new();

    [Output(Description = "The HTTP response status code")]
    public Output<int> StatusCode { get; } = new();

    [Output(Description = "The parsed content, if any.")]
    public Output<object?> ParsedContent { get; } = new();

    [Output(TypeName = "HttpHeaders", Description = "The response headers that were received.")]
    public Output<object?> ResponseHeaders { get; } = new();

    [Output(TypeName = "HttpResponseMessage")]
    public Output<object?> Result { get; } = new();
}

[Activity("Elsa.FlowSendHttpRequest", Category = "HTTP", DisplayName = "HTTP Request (flow)", Kind = ActivityKind.Task, ResilienceCategory = "HTTP", Description = "Send an HTTP request.")]
internal sealed class FlowSendHttpRequest : SendingActivity
{
    [Input(Order = 5.1f, UIHint = "multitext", DefaultValue = "[200]", TypeName = "List<Int32>", Description = "A list of expected status codes to handle.")]
    public Input<IReadOnlyList<object?>> ExpectedStatusCodes { get; } = new();

    protected override void Answered(ActivityContext context, int statusCode) => CompleteByStatus(context, ExpectedStatusCodes.Get(context), statusCode);

    protected override void Failed(ActivityContext context, bool timedOut) => context.Complete(timedOut ? TimedOut : FailedToConnect);
}

[Activity("Elsa.SendHttpRequest", Category = "HTTP", DisplayName = "HTTP Request", Kind = ActivityKind.Task, ResilienceCategory = "HTTP", Description = "Send an HTTP request.")]
internal sealed class SendHttpRequest : SendingActivity
{
    private readonly Dictionary<int, CompiledActivity?> _cases = [];

    [Input(UIHint = "http-status-codes", TypeName = "System.Collections.Generic.ICollection`1[[Elsa.Http.HttpStatusCodeCase, Elsa.Http]], System.Private.CoreLib",
        Description = "A list of expected status codes to handle and the corresponding activity to execute when the status code matches.")]
    public JsonNode? ExpectedStatusCodes { get; set; }

    [Child]
    public CompiledActivity? UnmatchedStatusCode { get; set; }

    [Child(Name = "FailedToConnect")]
    public CompiledActivity? NotConnected { get; set; }

    [Child]
    public CompiledActivity? Timeout { get; set; }

    protected internal override void Compile(ActivityCompilation context)
    {
        var entries = context.List("expectedStatusCodes");
        for (var i = 0; i < entries.Count; i++)
        {
            if (entries[i]["statusCode"] is JsonValue v && v.TryGetValue(out int code))
                _cases[code] = context.Child("expectedStatusCodes.activity", i);
            else
                context.Error($"expectedStatusCodes[{i}].statusCode", "must be a number.");
        }
    }

    protected override void Answered(ActivityContext context, int statusCode)
    {
        var isExpected = _cases.TryGetValue(statusCode, out var branch);
        Go(context, isExpected ? branch : _cases.Count > 0 || UnmatchedStatusCode is not null ? UnmatchedStatusCode : null);
    }

    protected override void Failed(ActivityContext context, bool timedOut) => Go(context, timedOut ? Timeout : NotConnected);

    private static void Go(ActivityContext context, CompiledActivity? branch)
    {
        if (branch is null)
            context.Complete();
        else
            context.Schedule(branch);
    }
}

[Activity("Elsa.DownloadHttpFile", Category = "HTTP", DisplayName = "Download File", Kind = ActivityKind.Task, ResilienceCategory = "HTTP", Description = "Downloads a file from a given URL.")]
internal sealed class DownloadHttpFile : HttpRequestActivity
{
    [Input(UIHint = "multitext", DefaultValue = "[200]", TypeName = "List<Int32>", Description = "A list of expected status codes to handle.")]
    public Input<IReadOnlyList<object?>> ExpectedStatusCodes { get; } = new();

    [Input(TypeName = "System.Uri, System.Private.Uri", Description = "The URL to download the file from.")]
    public Input<string?> Url { get; } = new();

    [Input(UIHint = "dropdown", DefaultValue = "GET", Options = ["GET", "POST", "PUT"], Description = "The HTTP method to use when sending the request.")]
    public Input<string?> Method { get; } = new();

    [Input(Description = "The content to send with the request. Can be a string, an object, a byte array or a stream.")]
    public Input<object?> Content { get; } = new();

    [Input(UIHint = "dropdown", Options = ["", "application/json", "application/soap+xml", "application/x-www-form-urlencoded", "application/xml", "application/octet-stream", "text/plain", "text/html", "text/json", "text/xml"],
        Description = "The content type to use when sending the request.")]
    public Input<string?> RequestContentType { get; } = new();

    [Input(Category = "Security", IsSensitive = true, Description = "The Authorization header value to send with the request. For example: Bearer {some-access-token}")]
    public Input<string?> Authorization { get; } = new();

    [Input(Category = "Security", Description = "A value that allows to add the Authorization header without validation.")]
    public Input<bool?> DisableAuthorizationHeaderValidation { get; } = new();

    [Input(Category = "Advanced", UIHint = "json-editor", TypeName = "HttpHeaders", DefaultValue = "{}", Description = "The headers to send along with the request.")]
    public Input<IReadOnlyDictionary<string, object?>?> RequestHeaders { get; } = new();

    [Output(TypeName = "HttpResponseMessage")]
    public Output<object?> Response { get; } = new();

    [Output(Description = "The HTTP response status code")]
    public Output<int> StatusCode { get; } = new();

    [Output(TypeName = "Stream", Description = "The downloaded content stream, if any.")]
    public Output<object?> ResponseContentStream { get; } = new();

    [Output(TypeName = "ByteArray", Description = "The downloaded content bytes, if any.")]
    public Output<byte[]?> ResponseContentBytes { get; } = new();

    [Output(TypeName = "HttpHeaders", Description = "The response headers that were received.")]
    public Output<object?> ResponseHeaders { get; } = new();

    [Output(TypeName = "HttpHeaders", Description = "The response content headers that were received.")]
    public Output<object?> ResponseContentHeaders { get; } = new();

    [Output(TypeName = "HttpFile")]
    public Output<object?> Result { get; } = new();

    protected override void Answered(ActivityContext context, int statusCode) => CompleteByStatus(context, ExpectedStatusCodes.Get(context), statusCode);

    protected override void Failed(ActivityContext context, bool timedOut) => context.Complete(timedOut ? TimedOut : FailedToConnect);
}
