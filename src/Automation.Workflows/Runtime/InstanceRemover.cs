using Automation.Jobs;
using Automation.Storage;
using Automation.Storage.Writes;
using Automation.Workflows.Queries.Memory;

namespace Automation.Workflows.Runtime;

/// <summary>Deletes instances with everything that belongs to them, in commits small enough that others are not held up.</summary>
internal sealed class InstanceRemover(Database database, InstanceStore instances, JobClient jobs, InstancesInMemory listed)
{
    /// <summary>Deletes one instance. Its jobs are cancelled first.</summary>
    /// <returns>False where there is none.</returns>
    public async Task<bool> DeleteAsync(string instanceId, CancellationToken cancellationToken)
    {
        using var held = await instances.LockAsync(instanceId, cancellationToken);
        if ((await database.QueryAsync(InstanceSql.Exists, cancellationToken, instanceId)).Count == 0)
            return false;
        foreach (var jobId in await JobsOfAsync(instanceId, cancellationToken))
            await jobs.DeleteAsync(jobId, "The workflow instance was deleted", cancellationToken);
        var unit = new WriteUnit();
        AddDelete(unit, instanceId);
        await database.CommitAsync(unit, cancellationToken: cancellationToken);
        instances.Forget(instanceId);
        listed.Touch(instanceId);
        return true;
    }

    /// <summary>Deletes instances; unknown ids are left out.</summary>
    /// <returns>How many were deleted.</returns>
    public async Task<int> DeleteAsync(IEnumerable<string> instanceIds, CancellationToken cancellationToken)
    {
        var deleted = 0;
        await Parallel.ForEachAsync(
            instanceIds.Distinct(StringComparer.Ordinal),
            new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = cancellationToken },
            async (id, ct) =>
            {
                if (await DeleteAsync(id, ct))
                    Interlocked.Increment(ref deleted);
            });
        return deleted;
    }

    /// <summary>Deletes all instances of a definition.</summary>
    public async Task DeleteOfDefinitionAsync(string definitionId, CancellationToken cancellationToken)
    {
        while (await database.QueryAsync(InstanceSql.IdsOfDefinition, cancellationToken, definitionId) is { Count: > 0 } page)
            await DeleteAsync(page.Rows.Select(r => r[0].AsText!), cancellationToken);
    }

    /// <summary>Adds the deletion of an instance and of what belongs to it.</summary>
    public static void AddDelete(WriteUnit unit, string instanceId) => unit
        .Add(InstanceSql.DeleteBookmarks, instanceId)
        .Add(InstanceSql.DeleteOperations, instanceId)
        .Add(InstanceSql.DeleteJournal, instanceId)
        .Add(InstanceSql.DeleteExchanges, instanceId)
        .Add(InstanceSql.DeleteFiles, instanceId)
        .Add(InstanceSql.DeleteInstance, instanceId);

    private async Task<List<long>> JobsOfAsync(string instanceId, CancellationToken cancellationToken)
    {
        var bookmarks = await database.QueryAsync(InstanceSql.BookmarksOfInstance, cancellationToken, instanceId);
        var operations = await database.QueryAsync(InstanceSql.OperationsOfInstance, cancellationToken, instanceId);
        return [.. bookmarks.Rows.Select(r => r[8]).Concat(operations.Rows.Select(r => r[2])).Where(j => !j.IsNull).Select(j => j.AsInteger)];
    }
}
