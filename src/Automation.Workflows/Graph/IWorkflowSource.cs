using Automation.Workflows.Definitions;

namespace Automation.Workflows.Graph;

/// <summary>Finds workflows that other workflows use as activities. Implemented by the store of definitions and by folders of files.</summary>
public interface IWorkflowSource
{
    /// <summary>The workflow behind an activity type, with the version that the node asks for.</summary>
    /// <param name="activityType">The PascalCased name of the workflow, as the node's <c>type</c> has it; case counts.</param>
    /// <param name="definitionId">The node's <c>workflowDefinitionId</c>; null if it has none.</param>
    /// <param name="versionId">The node's <c>workflowDefinitionVersionId</c>; null for the published version.</param>
    /// <param name="version">The node's <c>version</c>, which counts where it names no version by id; 0 if it has none.</param>
    /// <returns>The version by its id; else the one with that number, if there is one; else the published one. Null if there is none, or if it may not be used as an activity.</returns>
    WorkflowDefinition? FindActivity(string activityType, string? definitionId, string? versionId, int version = 0);
}
