using Automation.Steps.Activities;
using Automation.Steps.Values;
using Automation.Workflows.Execution;
using Automation.Workflows.Runtime;

namespace Automation.Steps.Deliveries;

/// <summary>Does the work of <see cref="Deliver"/>: the deliveries are stored with the end of the step, all or none.</summary>
internal sealed class DeliverStep(DeliveryPublisher publisher) : IBackgroundActivity
{
    public async Task<OperationResult> RunAsync(BackgroundOperation operation, CancellationToken cancellationToken)
    {
        var inputs = new StepInputs(operation.Inputs);
        try
        {
            var payload = inputs["Payload"];
            if (payload is string text && text.AsSpan().TrimStart() is ['{' or '[', ..])
                payload = StepInputs.Parsed(text, "Payload");
            var named = PlainJson.Elements(inputs["Endpoints"]) is { } list ? list.Select(PlainJson.AsText) : inputs.Text("Endpoints").Split([',', '\n'], StringSplitOptions.TrimEntries);
            var deliveries = await publisher.PrepareAsync(
                inputs.Text("EventType"), payload, [.. named.Where(e => e.Length > 0)], inputs.Text("OrderingKey"), operation.InstanceId, operation.ActivityInstanceId, cancellationToken);
            operation.CommitWith(unit => publisher.AddTo(unit, deliveries));
            return new OperationResult
            {
                Outputs = new Dictionary<string, object?>(StringComparer.Ordinal) { ["DeliveryIds"] = deliveries.Select(object? (d) => d.Id).ToList() },
                Outcomes = [deliveries.Count == 0 ? "No endpoint" : "Queued", "Done"],
            };
        }
        catch (Exception e) when (e is DeliveryException or FormatException)
        {
            return new OperationResult { Error = new OperationError(OperationErrorKind.Failed, e.Message, e.GetType().Name) };
        }
    }
}
