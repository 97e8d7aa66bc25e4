using Automation.Intake.Mapping;
using Automation.Intake.Routing;
using Automation.Intake.Triggers;
using Automation.Storage.Events;
using Automation.Workflows.Execution;
using Automation.Workflows.Graph;

namespace Automation.Intake.Events;

/// <summary>
/// Prepares a start of one workflow, published or not, with a stored event: as a rule of the mappings would start it, as its
/// own trigger would be met, or with the event as input. Nothing is stored or started here.
/// </summary>
public sealed class EventTrial
{
    private readonly EventProgress _progress;
    private readonly MappingStore _mappings;

    internal EventTrial(EventProgress progress, MappingStore mappings)
    {
        _progress = progress;
        _mappings = mappings;
    }

    /// <summary>Prepares the start.</summary>
    /// <param name="eventId">The stored event.</param>
    /// <param name="workflow">The version to start.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Null where there is no such event, or it was refused and has no payload to go by.</returns>
    /// <exception cref="FormatException">An expression of the rule fails for this event; the message says which.</exception>
    public async Task<WorkflowStart?> PrepareAsync(string eventId, CompiledWorkflow workflow, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(workflow);
        if (await _progress.FindAsync(eventId, cancellationToken) is not { Status: not EventStatus.Rejected } incoming)
            return null;
        var payload = new EventPayload(incoming);
        var rule = _mappings.Current.Rules.FirstOrDefault(r =>
            r.Rule is { Trigger: null } && r.Rule.Workflow == workflow.DefinitionId && r.Judge(payload).Matches);
        var none = new Dictionary<string, object?>(StringComparer.Ordinal);
        if (rule is null && TriggerFor(workflow, incoming) is var (trigger, wantsPayload))
        {
            return new WorkflowStart(workflow.DefinitionId, "", incoming.CorrelationKey, none, eventId)
            {
                Trigger = new EventTrigger(workflow.VersionId, trigger) { WantsPayload = wantsPayload },
                Event = wantsPayload ? payload.Payload : payload.Event,
            };
        }

        try
        {
            return rule is null
                ? new WorkflowStart(workflow.DefinitionId, "", incoming.CorrelationKey, new Dictionary<string, object?>(StringComparer.Ordinal) { ["event"] = payload.Event }, eventId)
                : new WorkflowStart(workflow.DefinitionId, "", rule.Correlation(payload), rule.Inputs(payload), eventId);
        }
        catch (Expressions.ExpressionException e)
        {
            throw new FormatException($"The rule {rule!.Rule.Id} fails for this event: {e.Message}", e);
        }
    }

    /// <summary>The event trigger that fits best: one that names the event's source and type before one that takes any event.</summary>
    private static (string ActivityId, bool WantsPayload)? TriggerFor(CompiledWorkflow workflow, IncomingEvent incoming)
    {
        var triggers = workflow.Triggers.Where(t => t.Name is EventReceived.Stimulus or StimulusNames.Event).ToList();
        if (triggers.Count == 0)
            return null;
        var best = triggers.Find(t => Fits(t, incoming)) ?? triggers[0];
        return (best.ActivityId, best.Name == StimulusNames.Event);
    }

    private static bool Fits(WorkflowTrigger trigger, IncomingEvent incoming)
    {
        var values = trigger.Payload as IReadOnlyDictionary<string, object?>;
        var type = values?.GetValueOrDefault(trigger.Name == StimulusNames.Event ? "eventName" : "type") as string ?? "*";
        return Pattern.Matches(values?.GetValueOrDefault("source") as string ?? "*", incoming.Source) && Pattern.Matches(type, incoming.Type ?? "");
    }
}
