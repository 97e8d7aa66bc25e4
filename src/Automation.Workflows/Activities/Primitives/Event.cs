using Automation.Workflows.Execution;
using Automation.Workflows.Graph;

namespace Automation.Workflows.Activities.Primitives;

[Activity("Elsa.Event", Category = "Primitives", Kind = ActivityKind.Trigger, Description = "Wait for an event to be published.")]
internal sealed class Event : Activity
{
    [Input(Description = "The name of the event to listen for.")]
    public Input<string?> EventName { get; } = new();

    [Output]
    public Output<object?> Result { get; } = new();

    protected internal override IEnumerable<TriggerStimulus> GetTriggers(ActivityContext context)
    {
        if (EventName.Get(context) is { Length: > 0 } name)
            yield return new TriggerStimulus(StimulusNames.Event, Payload(name));
    }

    protected internal override void Execute(ActivityContext context)
    {
        if (context.IsTrigger)
        {
            Result.Set(context, context.TriggerPayload ?? Empty());
            context.Complete();
            return;
        }

        context.CreateBookmark(StimulusNames.Event, Payload(EventName.Get(context) ?? ""));
    }

    protected internal override void Resume(ActivityContext context, Bookmark bookmark, object? payload)
    {
        Result.Set(context, payload ?? Empty());
        context.Complete();
    }

    private static Dictionary<string, object?> Payload(string name) => new(StringComparer.Ordinal) { ["eventName"] = name };

    private static Dictionary<string, object?> Empty() => new(StringComparer.Ordinal);
}

[Activity("Elsa.PublishEvent", Category = "Primitives", Description = "Publishes an event.")]
internal sealed class PublishEvent : Activity
{
    [Input(Description = "The name of the event to publish.")]
    public Input<string?> EventName { get; } = new();

    [Input(Description = "The correlation ID to scope the event to.")]
    public Input<string?> CorrelationId { get; } = new();

    [Input(DisplayName = "Local event", Description = "Whether the event is local to the workflow. When checked, the event will be delivered to this workflow instance only.")]
    public Input<bool?> IsLocalEvent { get; } = new();

    [Input(Description = "The payload to send as the event body.")]
    public Input<object?> Payload { get; } = new();

    protected internal override void Compile(ActivityCompilation context)
    {
        if (!Node.Inputs[EventName.Slot].IsGiven)
            context.Warning("eventName", "is missing.");
    }

    protected internal override void Execute(ActivityContext context)
    {
        context.Request(new PublishEventEffect(
            EventName.Get(context) ?? "",
            Payload.Get(context),
            CorrelationId.Get(context) is { Length: > 0 } correlation ? correlation : null,
            IsLocalEvent.Get(context) is true ? context.InstanceId : null));
        context.Complete();
    }
}
