using System.Diagnostics.CodeAnalysis;

namespace Automation.Workflows.Runtime;

/// <summary>Keeps the values used most recently, up to a number of them and, where they are weighed, up to a weight. Thread-safe.</summary>
/// <param name="capacity">Most values; 0 keeps none.</param>
/// <param name="mostWeight">Most weight of all; one alone may weigh more.</param>
/// <param name="weigh">What a value weighs.</param>
/// <param name="clock">Where given, nothing used within <paramref name="stays"/> makes way for another value, which is not kept then.</param>
/// <param name="stays">How long what is used stays; for values that come back in the order in which they went, of which the oldest is the next.</param>
internal sealed class BoundedCache<TValue>(
    int capacity, long mostWeight = long.MaxValue, Func<TValue, int>? weigh = null, TimeProvider? clock = null, TimeSpan stays = default)
    where TValue : class
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, LinkedListNode<Entry>> _nodes = new(StringComparer.Ordinal);
    private readonly LinkedList<Entry> _byUse = new();
    private long _weight;

    public int Count
    {
        get
        {
            lock (_lock)
                return _nodes.Count;
        }
    }

    public bool TryGet(string key, [NotNullWhen(true)] out TValue? value)
    {
        lock (_lock)
        {
            if (!_nodes.TryGetValue(key, out var node))
            {
                value = null;
                return false;
            }

            _byUse.Remove(node);
            node.Value = node.Value with { UsedAt = Now };
            _byUse.AddFirst(node);
            value = node.Value.Value;
            return true;
        }
    }

    /// <summary>Takes a value out, so that one caller owns it.</summary>
    public bool TryTake(string key, [NotNullWhen(true)] out TValue? value)
    {
        lock (_lock)
        {
            if (!_nodes.TryGetValue(key, out var node))
            {
                value = null;
                return false;
            }

            Remove(node);
            value = node.Value.Value;
            return true;
        }
    }

    public void Set(string key, TValue value)
    {
        if (capacity == 0)
            return;
        lock (_lock)
        {
            if (_nodes.TryGetValue(key, out var present))
                Remove(present);
            var entry = new Entry(key, value, weigh?.Invoke(value) ?? 0, Now);
            while (_nodes.Count == capacity || (_weight + entry.Weight > mostWeight && _nodes.Count > 0))
            {
                var oldest = _byUse.Last!;
                if (clock?.GetElapsedTime(oldest.Value.UsedAt, entry.UsedAt) < stays)
                    return;
                Remove(oldest);
            }

            _nodes.Add(key, _byUse.AddFirst(entry));
            _weight += entry.Weight;
        }
    }

    public void Clear()
    {
        lock (_lock)
        {
            _nodes.Clear();
            _byUse.Clear();
            _weight = 0;
        }
    }

    public void Remove(string key) => TryTake(key, out _);

    private long Now => clock?.GetTimestamp() ?? 0;

    private void Remove(LinkedListNode<Entry> node)
    {
        _nodes.Remove(node.Value.Key);
        _byUse.Remove(node);
        _weight -= node.Value.Weight;
    }

    private readonly record struct Entry(string Key, TValue Value, int Weight, long UsedAt);
}
