using Automation.Workflows.Execution;

namespace Automation.Workflows.Queries.Memory;

/// <summary>What lists filter, sort and search instances by; times in microseconds since the Unix epoch.</summary>
internal readonly record struct ListedInstance(
    string Id, string DefinitionId, WorkflowSubStatus SubStatus, bool IsSystem, bool HasIncidents, string? CorrelationId, string? Name, long CreatedAt, long UpdatedAt, long? FinishedAt)
{
    /// <summary>The columns, in the order of the members.</summary>
    public const string Columns = "id, definition_id, sub_status, is_system, incident_count, correlation_id, name, created_at, updated_at, finished_at";
}
