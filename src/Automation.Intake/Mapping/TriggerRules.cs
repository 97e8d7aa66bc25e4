using Automation.Intake.Routing;
using Automation.Intake.Triggers;
using Automation.Workflows.Execution;
using Automation.Workflows.Management;

namespace Automation.Intake.Mapping;

/// <summary>Published workflows that begin with an event trigger, as rules beside those of the file: one place says what an event starts.</summary>
internal static class TriggerRules
{
    public static IEnumerable<CompiledRule> From(WorkflowCatalog workflows, ExpressionCompiler expressions)
    {
        foreach (var trigger in workflows.FindTriggersNamed(EventReceived.Stimulus).Concat(workflows.FindTriggersNamed(StimulusNames.Event)))
        {
            // Elsa's own Event is met by the event's type, and given the payload alone.
            var isElsas = trigger.Name == StimulusNames.Event;
            var rule = new MappingRule
            {
                Id = $"{trigger.DefinitionId}/{trigger.ActivityId}",
                Source = Text(trigger, "source") ?? "*",
                Type = Text(trigger, isElsas ? "eventName" : "type") ?? "*",
                Filter = Text(trigger, "filter"),
                Workflow = trigger.DefinitionId,
                Trigger = new EventTrigger(trigger.DefinitionVersionId, trigger.ActivityId) { WantsPayload = isElsas },
            };
            // What is published has been compiled, filter included, so this does not fail; were it to, no event may suffer.
            CompiledRule? compiled = null;
            try
            {
                compiled = new CompiledRule(rule, expressions);
            }
            catch (FormatException)
            {
                // Published by a version of the program that understood more.
            }

            if (compiled is not null)
                yield return compiled;
        }
    }

    private static string? Text(IndexedTrigger trigger, string name) =>
        (trigger.Payload as IReadOnlyDictionary<string, object?>)?.GetValueOrDefault(name) as string;
}
