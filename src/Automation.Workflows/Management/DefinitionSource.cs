using Automation.Storage;
using Automation.Storage.Writes;
using Automation.Workflows.Definitions;
using Automation.Workflows.Graph;

namespace Automation.Workflows.Management;

/// <summary>Finds stored workflows that are used as activities, for the compiler.</summary>
internal sealed class DefinitionSource(Database database) : IWorkflowSource
{
    public WorkflowDefinition? FindActivity(string activityType, string? definitionId, string? versionId, int version = 0)
    {
        if (versionId is not null && Query(DefinitionSql.ById, versionId).FirstOrDefault() is { } exact)
            return exact.ToDefinition();
        var published = definitionId is not null
            ? Query(DefinitionSql.Published, definitionId).FirstOrDefault(d => d.Summary.UsableAsActivity)
            : Query(DefinitionSql.UsableAsActivity).FirstOrDefault(d => WorkflowActivities.TypeName(d.Summary.Name ?? d.Summary.DefinitionId) == activityType);
        if (published is null || version <= 0 || version == published.Summary.Version)
            return published?.ToDefinition();
        // Whoever uses a version keeps it until he is moved: a later one may have other inputs.
        return (Query(DefinitionSql.Specific, published.Summary.DefinitionId, version).FirstOrDefault(d => d.Summary.UsableAsActivity) ?? published).ToDefinition();
    }

    /// <summary>Whether a definition has a published version; asked where this process does not know of one, because another server may have published it just now.</summary>
    public bool IsPublished(string definitionId) => Query(DefinitionSql.Published, definitionId).Any();

    // Compiling happens once per version; on PostgreSQL its look-ups block a thread for that moment.
    private IEnumerable<StoredDefinition> Query(SqlStatement statement, params ReadOnlySpan<SqlValue> values) =>
        database.QueryAsync(statement, CancellationToken.None, values).AsTask().GetAwaiter().GetResult().Rows
            .Select(r => new StoredDefinition(StoredDefinition.ReadSummary(r, filesAreReadonly: false), r[17].AsText!));
}
