using System.Collections.Concurrent;
using System.Threading.Channels;
using Automation.Workflows.Execution;

namespace Automation.Workflows.Runtime;

/// <summary>Callers that wait for what an instance does next in this process.</summary>
internal sealed class InstanceWaiters
{
    private readonly ConcurrentDictionary<string, Waiter[]> _waiters = new(StringComparer.Ordinal);

    public bool IsEmpty => _waiters.IsEmpty;

    public bool IsAwaited(string instanceId) => _waiters.ContainsKey(instanceId);

    /// <summary>Begins to listen; dispose the waiter to stop.</summary>
    public Waiter Listen(string instanceId)
    {
        var waiter = new Waiter(this, instanceId);
        _waiters.AddOrUpdate(instanceId, _ => [waiter], (_, all) => [.. all, waiter]);
        return waiter;
    }

    public void Tell(InstanceSnapshot snapshot, IReadOnlyList<WorkflowEffect> responses)
    {
        if (!_waiters.TryGetValue(snapshot.Id, out var waiters))
            return;
        foreach (var waiter in waiters)
            waiter.Tell((snapshot, responses));
    }

    private void Remove(Waiter waiter)
    {
        while (_waiters.TryGetValue(waiter.InstanceId, out var all))
        {
            Waiter[] left = [.. all.Where(w => w != waiter)];
            if (left.Length == 0
                ? _waiters.TryRemove(KeyValuePair.Create(waiter.InstanceId, all))
                : _waiters.TryUpdate(waiter.InstanceId, left, all))
            {
                return;
            }
        }
    }

    /// <summary>One caller's view of an instance's commits, in order.</summary>
    internal sealed class Waiter(InstanceWaiters owner, string instanceId) : IDisposable
    {
        private readonly Channel<(InstanceSnapshot Snapshot, IReadOnlyList<WorkflowEffect> Responses)> _told =
            Channel.CreateUnbounded<(InstanceSnapshot, IReadOnlyList<WorkflowEffect>)>(new UnboundedChannelOptions { SingleReader = true });

        public string InstanceId => instanceId;

        public ChannelReader<(InstanceSnapshot Snapshot, IReadOnlyList<WorkflowEffect> Responses)> Told => _told.Reader;

        public void Tell((InstanceSnapshot, IReadOnlyList<WorkflowEffect>) commit) => _told.Writer.TryWrite(commit);

        public void Dispose() => owner.Remove(this);
    }
}
