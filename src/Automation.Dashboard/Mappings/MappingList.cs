using Automation.Intake.Mapping;

namespace Automation.Dashboard.Mappings;

/// <summary>The rules and triggers in force as their page and its export list them.</summary>
internal static class MappingList
{
    /// <summary>Those whose source, type and workflow have these texts in them, by source and type.</summary>
    public static IEnumerable<MappingRule> Of(MappingStore store, string? source, string? type, string? workflow) =>
        store.Rules.Where(r => Fits(r.Source, source) && Fits(r.Type, type) && Fits(r.Workflow, workflow)).OrderBy(r => r.Source, StringComparer.Ordinal).ThenBy(r => r.Type, StringComparer.Ordinal);

    private static bool Fits(string value, string? wanted) => string.IsNullOrWhiteSpace(wanted) || value.Contains(wanted.Trim(), StringComparison.OrdinalIgnoreCase);
}
