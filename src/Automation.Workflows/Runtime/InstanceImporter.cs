using System.Text;
using System.Text.Json;
using Automation.Jobs;
using Automation.Storage;
using Automation.Storage.Writes;
using Automation.Workflows.Definitions;
using Automation.Workflows.Execution;
using Automation.Workflows.Management;
using Automation.Workflows.Queries.Memory;

namespace Automation.Workflows.Runtime;

/// <summary>An instance cannot be taken out or brought in; the message says why.</summary>
internal sealed class InstanceImportException(string message) : Exception(message);

/// <summary>
/// Takes instances out and brings them in with all that the engine knows of them: state and journal as they are stored.
/// What one waits for goes on waiting where it is brought in; timers are set anew.
/// </summary>
internal sealed class InstanceImporter(Database database, WorkflowCatalog catalog, InstanceStore instances, JobClient jobs, InstancesInMemory listed)
{
    private const int Format = 1;

    private static readonly SqlStatement Journal = new("SELECT revision, created_at, first_sequence, chunk FROM workflow_journal WHERE instance_id = $1 ORDER BY revision");

    private static readonly WorkflowSubStatus[] Resting = [WorkflowSubStatus.Suspended, WorkflowSubStatus.Finished, WorkflowSubStatus.Cancelled, WorkflowSubStatus.Faulted];

    /// <summary>Writes an instance for <see cref="ImportAsync"/>; null where there is none.</summary>
    public async Task<byte[]?> ExportAsync(string instanceId, CancellationToken cancellationToken)
    {
        if ((await database.QueryAsync(InstanceSql.Find, cancellationToken, instanceId)).Rows is not [var row, ..])
            return null;
        var journal = await database.QueryAsync(Journal, cancellationToken, instanceId);
        var hasWork = (await database.QueryAsync(InstanceSql.OperationsOfInstance, cancellationToken, instanceId)).Count > 0;
        var buffer = new MemoryStream();
        using (var w = new Utf8JsonWriter(buffer, JsonValues.WriterOptions))
        {
            w.WriteStartObject();
            w.WriteNumber("format", Format);
            w.WriteBoolean("hasWorkUnderWay", hasWork);
            w.WriteString("id", row[0].AsText);
            w.WriteString("definitionId", row[1].AsText);
            w.WriteString("definitionVersionId", row[2].AsText);
            w.WriteNumber("definitionVersion", row[3].AsInteger);
            w.WriteNumber("subStatus", row[4].AsInteger);
            w.WriteBoolean("isSystem", row[5].AsBoolean);
            w.WriteNumber("incidentCount", row[6].AsInteger);
            w.WriteString("correlationId", row[7].AsText);
            w.WriteString("name", row[8].AsText);
            w.WriteString("parentId", row[9].AsText);
            w.WriteNumber("createdAt", row[11].AsInteger);
            w.WriteNumber("updatedAt", row[12].AsInteger);
            if (!row[13].IsNull)
                w.WriteNumber("finishedAt", row[13].AsInteger);
            w.WriteNumber("revision", row[14].AsInteger);
            w.WriteString("state", row[15].AsText);
            w.WriteStartArray("journal");
            foreach (var chunk in journal.Rows)
            {
                w.WriteStartObject();
                w.WriteNumber("revision", chunk[0].AsInteger);
                w.WriteNumber("createdAt", chunk[1].AsInteger);
                w.WriteNumber("firstSequence", chunk[2].AsInteger);
                w.WriteString("chunk", chunk[3].AsText);
                w.WriteEndObject();
            }

            w.WriteEndArray();
            w.WriteEndObject();
        }

        return buffer.ToArray();
    }

    /// <summary>Brings in an instance, all of it or nothing.</summary>
    /// <param name="exported">What <see cref="ExportAsync"/> wrote.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>False where there is an instance of this id already, which is left as it is.</returns>
    /// <exception cref="InstanceImportException">It is not acceptable.</exception>
    public async Task<bool> ImportAsync(JsonElement exported, CancellationToken cancellationToken)
    {
        try
        {
            return await ImportCheckedAsync(exported, cancellationToken);
        }
        catch (Exception e) when (e is KeyNotFoundException or InvalidOperationException or FormatException or JsonException or InstanceStateException or DefinitionException)
        {
            throw new InstanceImportException("The instance cannot be read: " + e.Message);
        }
    }

    private async Task<bool> ImportCheckedAsync(JsonElement exported, CancellationToken cancellationToken)
    {
        if (exported.GetProperty("format").GetInt32() != Format)
            throw new InstanceImportException("The instance was written by another version of Automation.");
        var id = Text("id") ?? throw new InstanceImportException("The instance has no id.");
        var subStatus = (WorkflowSubStatus)exported.GetProperty("subStatus").GetInt32();
        if (!Resting.Contains(subStatus) || exported.GetProperty("hasWorkUnderWay").GetBoolean())
            throw new InstanceImportException($"The instance '{id}' was in the middle of something when it was exported; its work is not in the file. Export it again once it rests.");
        var versionId = Text("definitionVersionId")!;
        var graph = await catalog.FindGraphAsync(versionId, cancellationToken)
            ?? throw new InstanceImportException($"The instance '{id}' runs the version '{versionId}' of '{Text("definitionId")}', which is not here. Bring in the definition first.");
        using var held = await instances.LockAsync(id, cancellationToken);
        if ((await database.QueryAsync(InstanceSql.Exists, cancellationToken, id)).Count > 0)
            return false;

        var stateText = Text("state")!;
        var state = InstanceState.Deserialize(Encoding.UTF8.GetBytes(stateText), graph);
        if (state.Id != id || state.SubStatus != subStatus)
            throw new InstanceImportException($"The instance '{id}' and the state that comes with it are not the same.");
        var unit = new WriteUnit().Add(
            InstanceSql.Insert, id, graph.DefinitionId, versionId, exported.GetProperty("definitionVersion").GetInt64(), (int)subStatus,
            exported.GetProperty("isSystem").GetBoolean(), exported.GetProperty("incidentCount").GetInt64(), state.CorrelationId, Text("name"), Text("parentId"),
            SqlValue.Null, exported.GetProperty("createdAt").GetInt64(), exported.GetProperty("updatedAt").GetInt64(),
            exported.TryGetProperty("finishedAt", out var finished) ? finished.GetInt64() : SqlValue.Null, exported.GetProperty("revision").GetInt64(), stateText);
        foreach (var chunk in exported.GetProperty("journal").EnumerateArray())
        {
            unit.Add(
                InstanceSql.AddJournal, id, chunk.GetProperty("revision").GetInt64(), chunk.GetProperty("createdAt").GetInt64(),
                chunk.GetProperty("firstSequence").GetInt64(), chunk.GetProperty("chunk").GetString());
        }

        if (subStatus == WorkflowSubStatus.Suspended)
        {
            foreach (var bookmark in state.Bookmarks)
                await BurstPlanner.AddBookmarkAsync(unit, jobs, state, bookmark, SqlValue.Micros(bookmark.CreatedAt), cancellationToken);
        }

        await database.CommitAsync(unit, cancellationToken: cancellationToken);
        // It keeps the times that it had.
        listed.Touch(id);
        return true;

        string? Text(string name) => exported.TryGetProperty(name, out var value) ? value.GetString() : null;
    }
}
