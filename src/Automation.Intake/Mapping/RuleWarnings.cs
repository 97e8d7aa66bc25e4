using Automation.Intake.Sources;
using Automation.Workflows.Management;

namespace Automation.Intake.Mapping;

/// <summary>
/// What rules name that is not there. It is no reason to refuse them: a workflow may be published, and a source made, after
/// the rule.
/// </summary>
internal sealed class RuleWarnings(WorkflowCatalog? workflows, SourceCatalog? sources)
{
    /// <summary>A sentence for each.</summary>
    public List<string> Of(IEnumerable<CompiledRule> rules)
    {
        var warnings = new List<string>();
        foreach (var rule in rules.Select(r => r.Rule).Where(r => r is { Enabled: true, Trigger: null }))
        {
            if (workflows is not null && workflows.FindPublished(rule.Workflow) is null)
                warnings.Add($"Rule \"{rule.Id}\": there is no published workflow \"{rule.Workflow}\"; its events fail until there is.");
            if (sources is not null && !sources.All.Any(s => rule.IsFor(s.Slug)))
                warnings.Add($"Rule \"{rule.Id}\": there is no source \"{rule.Source}\", so no event comes to it.");
        }

        return warnings;
    }
}
