using System.Text;
using Automation.Storage;
using Automation.Storage.Writes;
using Automation.Workflows.Execution;
using Automation.Workflows.Management;
using Microsoft.Extensions.Options;

namespace Automation.Workflows.Runtime;

/// <summary>
/// Instances, one holder at a time: an instance is used under its lock, and its state is either in the cache or with
/// the holder, never both. A state that a failed commit has left half-way is thrown away and read again.
/// </summary>
internal sealed class InstanceStore(Database database, WorkflowCatalog catalog, IOptions<WorkflowOptions> options)
{
    private readonly BoundedCache<LoadedInstance> _hot = new(options.Value.HotInstances);
    private readonly KeyedLock _locks = new();

    public ValueTask<KeyedLock.Holder> LockAsync(string instanceId, CancellationToken cancellationToken) => _locks.AcquireAsync(instanceId, cancellationToken);

    /// <summary>Takes an instance; null where there is none. Needs the lock.</summary>
    /// <exception cref="InstanceStateException">The stored state cannot be read.</exception>
    public async ValueTask<LoadedInstance?> TakeAsync(string instanceId, CancellationToken cancellationToken)
    {
        if (_hot.TryTake(instanceId, out var hot))
            return hot;
        var rows = await database.QueryAsync(InstanceSql.Find, cancellationToken, instanceId);
        return rows.Count == 0 ? null : await ReadAsync(rows.Rows[0], cancellationToken);
    }

    /// <summary>Gives an instance back that is as the database has it.</summary>
    public void GiveBack(LoadedInstance instance)
    {
        if (instance.State.Status == WorkflowStatus.Running)
            _hot.Set(instance.Id, instance);
    }

    public void Forget(string instanceId) => _hot.Remove(instanceId);

    /// <summary>How an instance stands, without its lock; null where there is none.</summary>
    public async ValueTask<InstanceSnapshot?> PeekAsync(string instanceId, CancellationToken cancellationToken) =>
        (await LookAsync(instanceId, cancellationToken))?.ToSnapshot();

    /// <summary>An instance to look at, without its lock; null where there is none.</summary>
    public async ValueTask<LoadedInstance?> LookAsync(string instanceId, CancellationToken cancellationToken)
    {
        var rows = await database.QueryAsync(InstanceSql.Find, cancellationToken, instanceId);
        return rows.Count == 0 ? null : await ReadAsync(rows.Rows[0], cancellationToken);
    }

    private async ValueTask<LoadedInstance> ReadAsync(SqlValue[] row, CancellationToken cancellationToken)
    {
        var graph = await catalog.FindGraphAsync(row[2].AsText!, cancellationToken)
            ?? throw new InstanceStateException($"The instance '{row[0].AsText}' runs the version '{row[2].AsText}' of '{row[1].AsText}', which does not exist any more.");
        return new LoadedInstance
        {
            Graph = graph,
            State = InstanceState.Deserialize(Encoding.UTF8.GetBytes(row[15].AsText!), graph),
            Revision = row[14].AsInteger,
            CreatedAt = SqlValue.FromMicros(row[11].AsInteger),
            ParentId = row[9].AsText,
            Notify = ParentNotice.Parse(row[10].AsText),
        };
    }
}
