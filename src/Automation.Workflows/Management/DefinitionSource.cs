using Automation.Storage;
using Automation.Storage.Writes;
using Automation.Workflows.Definitions;
using Automation.Workflows.Graph;

namespace Automation.Workflows.Management;

/// <summary>Finds stored workflows that are used as activities, for the compiler.</summary>
internal sealed class DefinitionSource(Database database) : IWorkflowSource
{
    public WorkflowDefinition? FindActivity(string activityType, string? definitionId, string? versionId)
    {
        if (versionId is not null && Query(DefinitionSql.ById, versionId).FirstOrDefault() is { } version)
            return version.ToDefinition();
        if (definitionId is not null)
            return Query(DefinitionSql.Published, definitionId).FirstOrDefault() is { Summary.UsableAsActivity: true } published ? published.ToDefinition() : null;
        return Query(DefinitionSql.UsableAsActivity).FirstOrDefault(d => WorkflowActivities.TypeName(d.Summary.Name ?? d.Summary.DefinitionId) == activityType)?.ToDefinition();
    }

    // Compiling happens once per version; on PostgreSQL its look-ups block a thread for that moment.
    private IEnumerable<StoredDefinition> Query(SqlStatement statement, params ReadOnlySpan<SqlValue> values) =>
        database.QueryAsync(statement, CancellationToken.None, values).AsTask().GetAwaiter().GetResult().Rows
            .Select(r => new StoredDefinition(StoredDefinition.ReadSummary(r, filesAreReadonly: false), r[17].AsText!));
}
