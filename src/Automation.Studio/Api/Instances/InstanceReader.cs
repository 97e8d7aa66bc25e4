using System.Text;
using Automation.Storage;
using Automation.Storage.Writes;
using Automation.Workflows.Definitions;
using Automation.Workflows.Execution;
using Automation.Workflows.Graph;
using Automation.Workflows.Management;
using Automation.Workflows.Queries;
using Automation.Workflows.Runtime;

namespace Automation.Studio.Api.Instances;

/// <summary>An instance as it is stored. The state is missing where its version no longer compiles.</summary>
internal sealed record StoredInstance(InstanceSummary Summary, InstanceState? State, CompiledWorkflow? Graph);

/// <summary>Reads instances with their states, without holding them up.</summary>
internal sealed class InstanceReader(Database database, WorkflowCatalog catalog)
{
    /// <summary>An instance; null where there is none.</summary>
    public async Task<StoredInstance?> FindAsync(string id, CancellationToken cancellationToken)
    {
        var rows = await database.QueryAsync(InstanceSql.Find, cancellationToken, id);
        if (rows.Count == 0)
            return null;
        var row = rows.Rows[0];
        var summary = new InstanceSummary
        {
            Id = row[0].AsText!,
            DefinitionId = row[1].AsText!,
            DefinitionVersionId = row[2].AsText!,
            Version = (int)row[3].AsInteger,
            SubStatus = (WorkflowSubStatus)row[4].AsInteger,
            IsSystem = row[5].AsBoolean,
            IncidentCount = (int)row[6].AsInteger,
            CorrelationId = row[7].AsText,
            Name = row[8].AsText,
            ParentInstanceId = row[9].AsText,
            CreatedAt = SqlValue.FromMicros(row[11].AsInteger),
            UpdatedAt = SqlValue.FromMicros(row[12].AsInteger),
            FinishedAt = row[13].AsMicrosTime,
        };
        try
        {
            if (await catalog.FindGraphAsync(summary.DefinitionVersionId, cancellationToken) is { } graph)
                return new StoredInstance(summary, InstanceState.Deserialize(Encoding.UTF8.GetBytes(row[15].AsText!), graph), graph);
        }
        catch (DefinitionException)
        {
            // Something that the version uses is gone. What the row says is shown all the same.
        }

        return new StoredInstance(summary, null, null);
    }
}
