using Automation.Workflows.Activities;
using Automation.Workflows.Execution;

namespace Automation.Intake.Replies.Activities;

[Activity("DialogflowCx.Fulfill", Category = "Dialogflow CX", DisplayName = "Fulfill", Description = "Answers a webhook of Dialogflow CX: messages, session parameters, and where the conversation goes on.")]
internal sealed class DialogflowFulfillment : ReplyActivity
{
    [Input(Order = 0, UIHint = "multiline", Description = "A text message.")]
    public Input<string?> Text { get; } = new();

    [Input(Order = 1, UIHint = "json-editor", Description = "Further messages: texts, or messages as Dialogflow has them.")]
    public Input<object?> Messages { get; } = new();

    [Input(Order = 2, UIHint = "json-editor", Description = "Session parameters to set: {\"status\": \"shipped\"}. null removes one.")]
    public Input<object?> Parameters { get; } = new();

    [Input(Order = 30, Category = "Advanced", UIHint = "dropdown", Options = ["", "APPEND", "REPLACE"], Description = "What becomes of the messages that the agent has already.")]
    public Input<string?> MergeBehavior { get; } = new();

    [Input(Order = 31, Category = "Advanced", Description = "Page to go to, as projects/…/pages/….")]
    public Input<string?> TargetPage { get; } = new();

    [Input(Order = 32, Category = "Advanced", Description = "Flow to go to, as projects/…/flows/….")]
    public Input<string?> TargetFlow { get; } = new();

    [Input(Order = 33, Category = "Advanced", UIHint = "json-editor", Description = "Payload to add to the query result.")]
    public Input<object?> Payload { get; } = new();

    protected override void Reply(ActivityContext context, string eventId)
    {
        var messages = new List<object?>();
        if (Given(Text.Get(context)) is { } text)
            messages.Add(Message(text));
        messages.AddRange(List(Messages.Get(context)).Select(m => m switch
        {
            string line => Message(line),
            IReadOnlyDictionary<string, object?> => m,
            _ => throw new WorkflowFaultException("Messages must be texts or objects."),
        }));
        var merge = Given(MergeBehavior.Get(context));
        if (merge is not (null or "APPEND" or "REPLACE"))
            throw new WorkflowFaultException($"MergeBehavior is \"{merge}\"; allowed: APPEND, REPLACE.");
        var (page, flow) = (Given(TargetPage.Get(context)), Given(TargetFlow.Get(context)));
        if (page is not null && flow is not null)
            throw new WorkflowFaultException("TargetPage and TargetFlow are both given; the conversation goes on at one place.");

        var body = new Dictionary<string, object?>(StringComparer.Ordinal);
        if (messages.Count > 0 || merge is not null)
        {
            var fulfillment = new Dictionary<string, object?>(StringComparer.Ordinal) { ["messages"] = messages };
            Set(fulfillment, "mergeBehavior", merge);
            body["fulfillmentResponse"] = fulfillment;
        }

        if (Map(Parameters.Get(context), "Parameters") is { } parameters)
            body["sessionInfo"] = new Dictionary<string, object?>(StringComparer.Ordinal) { ["parameters"] = parameters };
        Set(body, "targetPage", page);
        Set(body, "targetFlow", flow);
        Set(body, "payload", Map(Payload.Get(context), "Payload"));
        ReplyJson(context, eventId, body);
    }

    private static Dictionary<string, object?> Message(string text) => new(StringComparer.Ordinal)
    {
        ["text"] = new Dictionary<string, object?>(StringComparer.Ordinal) { ["text"] = new List<object?> { text } },
    };
}
