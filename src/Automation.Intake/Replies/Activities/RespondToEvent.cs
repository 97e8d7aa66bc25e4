using System.Text;
using Automation.Workflows.Activities;
using Automation.Workflows.Definitions;
using Automation.Workflows.Execution;

namespace Automation.Intake.Replies.Activities;

[Activity(Type, Category = "Events", DisplayName = "Respond to event", Description = "Answers the sender of the event while its request waits: status, headers, and a JSON or text body.")]
internal sealed class RespondToEvent : ReplyActivity
{
    public const string Type = "Automation.RespondToEvent";

    /// <summary>Headers that say how the answer is carried; the server sets them.</summary>
    private static readonly HashSet<string> OwnHeaders = new(StringComparer.OrdinalIgnoreCase)
    {
        "Connection", "Content-Length", "Content-Type", "Date", "Keep-Alive", "Server", "TE", "Trailer", "Transfer-Encoding", "Upgrade", "Automation-Event-Id",
    };

    [Input(Order = 0, DefaultValue = 200, Description = "HTTP status, 200 to 599. 204 has no body.")]
    public Input<int?> StatusCode { get; } = new();

    [Input(Order = 1, UIHint = "multiline", Description = "What is sent: text as it is, anything else as JSON.")]
    public Input<object?> Body { get; } = new();

    [Input(Order = 2, UIHint = "dropdown", Options = ["", "application/json", "text/plain", "text/html", "application/xml"], Description = "By default application/json for JSON and text/plain for other text.")]
    public Input<string?> ContentType { get; } = new();

    [Input(Order = 3, UIHint = "json-editor", Description = "Headers to add: {\"X-Request-Id\":\"42\"}. A list gives the header several times.")]
    public Input<object?> Headers { get; } = new();

    protected override void Reply(ActivityContext context, string eventId)
    {
        var status = StatusCode.Get(context) ?? 200;
        if (status is < 200 or > 599)
            throw new WorkflowFaultException($"StatusCode is {status}; allowed: 200 to 599.");
        var (body, type) = status is 204 or 304 ? ([], null) : Write(Body.Get(context));
        if (body.Length > 0 && Given(ContentType.Get(context)) is { } given)
            type = given.Any(c => c is < ' ' or > '~') ? throw new WorkflowFaultException("ContentType must be printable ASCII.") : given;
        RequireSize(body.Length);
        context.Request(new FixedReply(eventId, context.Id, context.Activity.Id, new ReplyContent(status, type, WriteHeaders(Map(Headers.Get(context), "Headers")), body)));
    }

    private static (byte[] Body, string? Type) Write(object? value) => value switch
    {
        null or "" => ([], null),
        byte[] bytes => (bytes, "application/octet-stream"),
        string text => (Encoding.UTF8.GetBytes(text), Value(text) is string ? "text/plain; charset=utf-8" : ReplyContent.Json),
        _ => (PlainValues.ToJson(value), ReplyContent.Json),
    };

    private static string? WriteHeaders(IReadOnlyDictionary<string, object?>? headers)
    {
        if (headers is null || headers.Count == 0)
            return null;
        if (headers.Count > 50)
            throw new WorkflowFaultException("Headers has more than 50 entries.");
        var written = new Dictionary<string, object?>(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, value) in headers)
        {
            if (name.Length == 0 || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_'))
                throw new WorkflowFaultException($"\"{name}\" is no header name.");
            if (OwnHeaders.Contains(name))
                throw new WorkflowFaultException($"The header {name} is set by the server.");
            var values = List(value).Select(v => v is null ? "" : PlainValues.ToText(v)).ToArray();
            if (values.Any(v => v.Length > 8192 || v.Any(c => c is < ' ' or > '~')))
                throw new WorkflowFaultException($"The value of the header {name} must be printable ASCII, at most 8192 characters.");
            written[name] = values.Length == 1 ? values[0] : values.Cast<object?>().ToList();
        }

        return PlainValues.ToJsonText(new Dictionary<string, object?>(written, StringComparer.Ordinal));
    }
}
