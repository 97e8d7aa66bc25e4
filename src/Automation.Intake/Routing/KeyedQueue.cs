using System.Threading.Channels;

namespace Automation.Intake.Routing;

/// <summary>
/// Items in order for each of their keys: one that has a key is out at a time, the next comes when it is given back. An
/// item with several keys waits for its turn in all of them. Keys do not wait for one another.
/// </summary>
internal sealed class KeyedQueue<T>
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Queue<Entry>?> _keys = new(StringComparer.Ordinal);
    private readonly Channel<Entry> _ready = Channel.CreateUnbounded<Entry>();

    /// <summary>Items whose turn it is.</summary>
    public ChannelReader<Entry> Ready => _ready.Reader;

    /// <summary>Adds an item behind those that have one of its keys, which must differ from each other.</summary>
    public void Add(T item, params string[] keys)
    {
        var entry = new Entry(item, keys);
        lock (_lock)
        {
            foreach (var key in keys)
            {
                if (!_keys.TryGetValue(key, out var behind))
                {
                    // No queue is made until a second item comes: most keys never have one.
                    _keys.Add(key, null);
                    continue;
                }

                if (behind is null)
                    _keys[key] = behind = new Queue<Entry>();
                behind.Enqueue(entry);
                entry.Behind++;
            }

            if (entry.Behind > 0)
                return;
        }

        _ready.Writer.TryWrite(entry);
    }

    /// <summary>Says that an item that was out is done with.</summary>
    public void Done(Entry entry)
    {
        lock (_lock)
        {
            foreach (var key in entry.Keys)
            {
                if (_keys[key] is not { } behind || !behind.TryDequeue(out var next))
                    _keys.Remove(key);
                else if (--next.Behind == 0)
                    _ready.Writer.TryWrite(next);
            }
        }
    }

    /// <summary>An item with its keys.</summary>
    internal sealed class Entry(T item, string[] keys)
    {
        public T Item { get; } = item;

        public string[] Keys { get; } = keys;

        /// <summary>Keys in which another item is out or goes first. Guarded by the queue's lock.</summary>
        public int Behind { get; set; }
    }
}
