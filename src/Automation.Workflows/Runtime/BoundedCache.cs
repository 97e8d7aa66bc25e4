using System.Diagnostics.CodeAnalysis;

namespace Automation.Workflows.Runtime;

/// <summary>Keeps the values used most recently, up to a number of them. Thread-safe.</summary>
internal sealed class BoundedCache<TValue>(int capacity)
    where TValue : class
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, LinkedListNode<(string Key, TValue Value)>> _nodes = new(StringComparer.Ordinal);
    private readonly LinkedList<(string Key, TValue Value)> _byUse = new();

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
            if (!_nodes.Remove(key, out var node))
            {
                value = null;
                return false;
            }

            _byUse.Remove(node);
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
            if (_nodes.TryGetValue(key, out var node))
            {
                node.Value = (key, value);
                _byUse.Remove(node);
                _byUse.AddFirst(node);
                return;
            }

            if (_nodes.Count >= capacity)
            {
                _nodes.Remove(_byUse.Last!.Value.Key);
                _byUse.RemoveLast();
            }

            _nodes.Add(key, _byUse.AddFirst((key, value)));
        }
    }

    public void Clear()
    {
        lock (_lock)
        {
            _nodes.Clear();
            _byUse.Clear();
        }
    }

    public void Remove(string key) => TryTake(key, out _);
}
