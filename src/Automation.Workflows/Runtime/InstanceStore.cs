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
internal sealed class InstanceStore(Database database, WorkflowCatalog catalog, IOptions<WorkflowOptions> options, TimeProvider clock)
{
    /// <summary>How many more are kept of those that have jobs under way: they come back in the order in which they went.</summary>
    private const int BusyForEachHot = 10;

    /// <summary>Characters of stored states; in memory they take a few times as much.</summary>
    private const long MostBusyLength = 16 << 20;

    /// <summary>Longer than a turn of all that are kept takes; what waits longer for its jobs makes way.</summary>
    private static readonly TimeSpan BusyStays = TimeSpan.FromMinutes(1);

    private readonly BoundedCache<LoadedInstance> _hot = new(options.Value.HotInstances);
    private readonly BoundedCache<LoadedInstance> _busy = new(options.Value.HotInstances * BusyForEachHot, MostBusyLength, i => i.StateLength, clock, BusyStays);
    private readonly KeyedLock _locks = new();

    // Where several servers share the database, another one may have cancelled the operation.
    private readonly bool _isAlone = database.Provider == DatabaseProvider.Sqlite;

    public ValueTask<KeyedLock.Holder> LockAsync(string instanceId, CancellationToken cancellationToken) => _locks.AcquireAsync(instanceId, cancellationToken);

    /// <summary>Takes an instance; null where there is none. Needs the lock.</summary>
    /// <exception cref="InstanceStateException">The stored state cannot be read.</exception>
    public async ValueTask<LoadedInstance?> TakeAsync(string instanceId, CancellationToken cancellationToken)
    {
        if (_busy.TryTake(instanceId, out var hot) || _hot.TryTake(instanceId, out hot))
            return hot;
        var rows = await database.QueryAsync(InstanceSql.Find, cancellationToken, instanceId);
        return rows.Count == 0 ? null : await ReadAsync(rows.Rows[0], cancellationToken);
    }

    /// <summary>Gives an instance back that is as the database has it.</summary>
    public void GiveBack(LoadedInstance instance)
    {
        if (instance.State.Status != WorkflowStatus.Running)
            return;
        instance.ForgetEndedRequests();
        (instance.State.Operations.Count > 0 ? _busy : _hot).Set(instance.Id, instance);
    }

    public void Forget(string instanceId)
    {
        _busy.Remove(instanceId);
        _hot.Remove(instanceId);
    }

    /// <summary>What a background operation is to do, without the instance's lock; null where there is no such operation any more.</summary>
    public async ValueTask<string?> FindRequestAsync(string instanceId, string operationId, CancellationToken cancellationToken)
    {
        if (_isAlone && _busy.TryGet(instanceId, out var instance) && instance.FindRequest(operationId) is { } request)
            return request;
        var rows = await database.QueryAsync(InstanceSql.FindOperation, cancellationToken, operationId);
        return rows.Count == 0 ? null : rows.Rows[0][3].AsText;
    }

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
            StateLength = row[15].AsText!.Length,
            ParentId = row[9].AsText,
            Notify = ParentNotice.Parse(row[10].AsText),
        };
    }
}
