using Automation.Intake.Mapping;
using Automation.Workflows.Activities;
using Automation.Workflows.Definitions;
using Automation.Workflows.Execution;

namespace Automation.Intake.Replies.Activities;

[Activity("FlowAi.Reply", Category = "Flow.ai", DisplayName = "Reply", Description = "Sends messages, events and params to the thread: in the answer to the webhook, or later by its reply URL.")]
internal sealed class FlowAiReply : ReplyActivity
{
    [Input(Order = 0, UIHint = "multiline", Description = "A text message.")]
    public Input<string?> Text { get; } = new();

    [Input(Order = 1, UIHint = "json-editor", Description = "Further messages: texts, or messages as Flow.ai has them ({\"fallback\": …, \"responses\": […]}).")]
    public Input<object?> Messages { get; } = new();

    [Input(Order = 2, UIHint = "multitext", Description = "Names of events to trigger.")]
    public Input<object?> Events { get; } = new();

    [Input(Order = 3, UIHint = "json-editor", Description = "Params to set: {\"city\": \"Toronto\"}. A list gives a param several values.")]
    public Input<object?> Params { get; } = new();

    [Input(Order = 4, UIHint = "dropdown", DefaultValue = "Now", Options = ["Now", "Later"], Description = "Now: in the answer to the webhook, or by the reply URL where that is gone. Later: by the reply URL.")]
    public Input<string?> When { get; } = new();

    protected override void Reply(ActivityContext context, string eventId)
    {
        var messages = new List<object?>();
        if (Given(Text.Get(context)) is { } text)
            messages.Add(Message(text));
        messages.AddRange(List(Messages.Get(context)).Select(m => m switch
        {
            string line => Message(line),
            IReadOnlyDictionary<string, object?> => m,
            _ => throw new WorkflowFaultException("Messages must be texts, or objects with \"fallback\" and \"responses\"."),
        }));
        var events = List(Events.Get(context)).Select(e => e switch
        {
            string { Length: > 0 } name => new Dictionary<string, object?>(StringComparer.Ordinal) { ["name"] = name },
            IReadOnlyDictionary<string, object?> map when map.GetValueOrDefault("name") is string { Length: > 0 } => e,
            _ => throw new WorkflowFaultException("Events must be names."),
        }).ToList();
        var parameters = Map(Params.Get(context), "Params")?.ToDictionary(p => p.Key, p => (object?)Values(p.Value), StringComparer.Ordinal);
        var when = Given(When.Get(context)) switch
        {
            null or "Now" => ReplyWhen.Now,
            "Later" => ReplyWhen.Later,
            var other => throw new WorkflowFaultException($"When is \"{other}\"; allowed: Now, Later."),
        };

        var body = new Dictionary<string, object?>(StringComparer.Ordinal);
        if (messages.Count > 0)
            body["messages"] = messages;
        if (events.Count > 0)
            body["events"] = events;
        if (parameters is { Count: > 0 })
            body["params"] = parameters;
        if (body.Count == 0 && when == ReplyWhen.Later)
            throw new WorkflowFaultException("There is nothing to send later: give Text, Messages, Events or Params.");
        ReplyJson(context, eventId, body, when, WithToken);
    }

    /// <summary>What goes to the reply URL proves itself by the token that the event brought.</summary>
    private static Dictionary<string, object?> WithToken(Dictionary<string, object?> body, EventPayload payload, bool toUrl)
    {
        if (!toUrl || payload.At("verifyToken") is not string token)
            return body;
        var whole = new Dictionary<string, object?>(StringComparer.Ordinal) { ["verifyToken"] = token };
        foreach (var (name, value) in body)
            whole[name] = value;
        return whole;
    }

    private static Dictionary<string, object?> Message(string text) => new(StringComparer.Ordinal)
    {
        ["fallback"] = text,
        ["responses"] = new List<object?>
        {
            new Dictionary<string, object?>(StringComparer.Ordinal)
            {
                ["type"] = "text",
                ["payload"] = new Dictionary<string, object?>(StringComparer.Ordinal) { ["text"] = text },
                ["delay"] = 0L,
            },
        },
    };

    /// <summary>A param is always a list of objects with a value.</summary>
    private static List<object?> Values(object? value)
    {
        var list = value is System.Collections.IEnumerable and not string and not IReadOnlyDictionary<string, object?> ? List(value) : [value];
        return [.. list.Select(v => v is IReadOnlyDictionary<string, object?> map && map.ContainsKey("value")
            ? v
            : new Dictionary<string, object?>(StringComparer.Ordinal) { ["value"] = v })];
    }
}
