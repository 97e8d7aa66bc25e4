using Automation.Steps.Activities;
using Automation.Workflows.Activities;
using Automation.Workflows.Execution;

namespace Automation.Steps.Deliveries;

/// <summary>Sends an event to the subscribers of its type.</summary>
[Activity(Type, Category = "Deliveries", DisplayName = "Deliver event", Kind = ActivityKind.Task,
    Description = "Sends an event to the endpoints that subscribe to its type: signed, repeated, in the background, each endpoint by itself.")]
[Outcome("Queued"), Outcome("No endpoint"), Outcome("Done")]
internal sealed class Deliver : OutsideActivity
{
    public const string Type = "Automation.Deliver";

    [Input(Order = 0, OptionsFrom = ChoiceLists.DeliveryEventTypes, Description = "The event's type; types are kept under /api/event-types. Others may be entered as an expression.")]
    public Input<string> EventType { get; } = new();

    [Input(Order = 1, UIHint = "multiline", DefaultSyntax = "JavaScript", Description = "The body: JSON.")]
    public Input<object?> Payload { get; } = new();

    [Input(Order = 30, Category = "Advanced", UIHint = "multitext", Description = "Ids of endpoints; all that subscribe to the type if empty.")]
    public Input<object?> Endpoints { get; } = new();

    [Input(Order = 31, Category = "Advanced", Description = "Events with the same key reach an endpoint that asks for order one after another, such as a customer's number.")]
    public Input<string?> OrderingKey { get; } = new();

    [Output(Description = "Ids of the deliveries, one for each endpoint.")]
    public Output<object?> DeliveryIds { get; } = new();

    protected override void Accept(ActivityContext context, IReadOnlyDictionary<string, object?> outputs) => Set(context, DeliveryIds, outputs, nameof(DeliveryIds));
}
