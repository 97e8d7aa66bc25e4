using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;

namespace Automation.Intake.Routing;

/// <summary>
/// Items in order for each key: one of a key is out at a time, its next comes when it is given back. Keys do not wait
/// for one another.
/// </summary>
internal sealed class KeyedQueue<T>
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Queue<T>?> _keys = new(StringComparer.Ordinal);
    private readonly Channel<(string Key, T Item)> _ready = Channel.CreateUnbounded<(string, T)>();
    private int _count;

    /// <summary>Items that wait or are out.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Items whose turn it is.</summary>
    public ChannelReader<(string Key, T Item)> Ready => _ready.Reader;

    public void Add(string key, T item)
    {
        Interlocked.Increment(ref _count);
        lock (_lock)
        {
            if (_keys.TryGetValue(key, out var behind))
            {
                if (behind is null)
                    _keys[key] = behind = new Queue<T>();
                behind.Enqueue(item);
                return;
            }

            // No queue is made until a second item comes: most keys never have one.
            _keys.Add(key, null);
        }

        _ready.Writer.TryWrite((key, item));
    }

    /// <summary>Says that the item of this key that was out is done with.</summary>
    public void Done(string key)
    {
        Interlocked.Decrement(ref _count);
        T? next;
        lock (_lock)
        {
            if (!TryNext(key, out next))
            {
                _keys.Remove(key);
                return;
            }
        }

        _ready.Writer.TryWrite((key, next));
    }

    private bool TryNext(string key, [MaybeNullWhen(false)] out T next)
    {
        next = default;
        return _keys[key] is { } behind && behind.TryDequeue(out next);
    }
}
