using System.Text.Json;
using Automation.Intake.Mapping;
using Automation.Workflows.Activities;
using Automation.Workflows.Definitions;
using Automation.Workflows.Execution;

namespace Automation.Intake.Replies.Activities;

/// <summary>Results of Vapi's tool calls. Those of one burst go out together.</summary>
internal sealed record VapiResultsReply(string EventId, string Id, string ActivityId) : ReplyEffect(EventId, Id, ActivityId, ReplyWhen.Now)
{
    /// <summary>Each result with the call that it is for; null for every call of the event.</summary>
    public List<(string? Call, string Member, string Text)> Results { get; } = [];

    public override ReplyContent Content(EventPayload payload, bool toUrl)
    {
        var results = new List<object?>();
        foreach (var (call, member, text) in Results)
        {
            foreach (var id in call is null ? CallsOf(payload) : [call])
                results.Add(new Dictionary<string, object?>(StringComparer.Ordinal) { ["toolCallId"] = id, [member] = text });
        }

        return new ReplyContent(200, ReplyContent.Json, null, PlainValues.ToJson(new Dictionary<string, object?>(StringComparer.Ordinal) { ["results"] = results }));
    }

    private static IEnumerable<string> CallsOf(EventPayload payload)
    {
        foreach (var path in new[] { "message.toolCallList", "message.toolCalls" })
        {
            if (payload.At(path) is JsonElement { ValueKind: JsonValueKind.Array } list)
            {
                return list.EnumerateArray()
                    .Select(c => c.ValueKind == JsonValueKind.Object && c.TryGetProperty("id", out var id) && id.ValueKind == JsonValueKind.String ? id.GetString() : null)
                    .OfType<string>();
            }
        }

        return [];
    }
}

[Activity("Vapi.ToolResult", Category = "Vapi", DisplayName = "Tool result", Description = "Answers tool calls of the assistant.")]
internal sealed class VapiToolResult : ReplyActivity
{
    [Input(Order = 0, UIHint = "multiline", Description = "What the tool gave; anything but text is sent as JSON text.")]
    public Input<object?> Result { get; } = new();

    [Input(Order = 1, Description = "Why the tool failed, in place of a result.")]
    public Input<string?> Error { get; } = new();

    [Input(Order = 2, Description = "Id of the tool call. Default: every call of the event.")]
    public Input<string?> ToolCallId { get; } = new();

    protected override void Reply(ActivityContext context, string eventId)
    {
        var error = Given(Error.Get(context));
        var text = error ?? (Result.Get(context) switch
        {
            null => "",
            string given => given,
            var value => PlainValues.ToJsonText(value),
        });
        RequireSize(text.Length);
        var result = (Given(ToolCallId.Get(context)), error is null ? "result" : "error", text);
        if (context.Requested.OfType<VapiResultsReply>().FirstOrDefault(r => r.EventId == eventId) is { } before)
        {
            before.Results.Add(result);
            return;
        }

        var reply = new VapiResultsReply(eventId, context.Id, context.Activity.Id);
        reply.Results.Add(result);
        context.Request(reply);
    }
}

[Activity("Vapi.Assistant", Category = "Vapi", DisplayName = "Choose assistant", Description = "Answers an assistant request: a stored assistant, one described here, or a message for the caller.")]
internal sealed class VapiAssistant : ReplyActivity
{
    [Input(Order = 0, Description = "Id of a stored assistant.")]
    public Input<string?> AssistantId { get; } = new();

    [Input(Order = 1, UIHint = "json-editor", Description = "An assistant as Vapi has it, in place of the id.")]
    public Input<object?> Assistant { get; } = new();

    [Input(Order = 2, UIHint = "json-editor", Description = "Settings that change the stored assistant for this call.")]
    public Input<object?> Overrides { get; } = new();

    [Input(Order = 3, Description = "What is said to the caller instead, before the call ends.")]
    public Input<string?> Error { get; } = new();

    protected override void Reply(ActivityContext context, string eventId)
    {
        var body = new Dictionary<string, object?>(StringComparer.Ordinal);
        Set(body, "assistantId", Given(AssistantId.Get(context)));
        Set(body, "assistant", Map(Assistant.Get(context), "Assistant"));
        Set(body, "error", Given(Error.Get(context)));
        if (body.Count != 1)
            throw new WorkflowFaultException("One of AssistantId, Assistant and Error is wanted.");
        Set(body, "assistantOverrides", Map(Overrides.Get(context), "Overrides"));
        ReplyJson(context, eventId, body);
    }
}

[Activity("Vapi.TransferDestination", Category = "Vapi", DisplayName = "Transfer destination", Description = "Answers a transfer request with the number or assistant to connect to.")]
internal sealed class VapiTransferDestination : ReplyActivity
{
    [Input(Order = 0, Description = "Number to call, such as +4915100000000.")]
    public Input<string?> Number { get; } = new();

    [Input(Order = 1, DisplayName = "SIP URI", Description = "SIP address to call, in place of a number.")]
    public Input<string?> SipUri { get; } = new();

    [Input(Order = 2, Description = "Name of an assistant of the squad, in place of a number.")]
    public Input<string?> AssistantName { get; } = new();

    [Input(Order = 3, Description = "What is said to the caller before.")]
    public Input<string?> Message { get; } = new();

    protected override void Reply(ActivityContext context, string eventId)
    {
        var given = new (string Type, string Member, string? Value)[]
        {
            ("number", "number", Given(Number.Get(context))), ("sip", "sipUri", Given(SipUri.Get(context))), ("assistant", "assistantName", Given(AssistantName.Get(context))),
        }.Where(g => g.Value is not null).ToArray();
        if (given is not [var (type, member, value)])
            throw new WorkflowFaultException("One of Number, SipUri and AssistantName is wanted.");
        var destination = new Dictionary<string, object?>(StringComparer.Ordinal) { ["type"] = type, [member] = value };
        Set(destination, "message", Given(Message.Get(context)));
        ReplyJson(context, eventId, new Dictionary<string, object?>(StringComparer.Ordinal) { ["destination"] = destination });
    }
}
