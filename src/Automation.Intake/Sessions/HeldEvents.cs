using Automation.Intake.Events;

namespace Automation.Intake.Sessions;

/// <summary>
/// Events that wait for an instance of their session to wait for them, in the order in which they came. They are in the
/// event log as received, so a server that starts again holds them again. Thread-safe.
/// </summary>
internal sealed class HeldEvents
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, List<IncomingEvent>> _byKey = new(StringComparer.Ordinal);
    private readonly Dictionary<string, HashSet<string>> _keysOfCorrelation = new(StringComparer.Ordinal);
    private volatile int _count;

    /// <summary>How many are held.</summary>
    public int Count => _count;

    public void Add(string key, IncomingEvent incoming)
    {
        lock (_lock)
        {
            if (!_byKey.TryGetValue(key, out var held))
            {
                _byKey[key] = held = [];
                if (!_keysOfCorrelation.TryGetValue(incoming.CorrelationKey!, out var keys))
                    _keysOfCorrelation[incoming.CorrelationKey!] = keys = new HashSet<string>(StringComparer.Ordinal);
                keys.Add(key);
            }

            held.Add(incoming);
            _count++;
        }
    }

    /// <summary>Whether an event is held.</summary>
    public bool Contains(string eventId)
    {
        if (_count == 0)
            return false;
        lock (_lock)
            return _byKey.Values.Any(held => held.Exists(e => e.Id == eventId));
    }

    public void Remove(string key, IncomingEvent incoming)
    {
        lock (_lock)
        {
            if (!_byKey.TryGetValue(key, out var held) || !held.Remove(incoming))
                return;
            _count--;
            if (held.Count > 0)
                return;
            _byKey.Remove(key);
            var keys = _keysOfCorrelation[incoming.CorrelationKey!];
            keys.Remove(key);
            if (keys.Count == 0)
                _keysOfCorrelation.Remove(incoming.CorrelationKey!);
        }
    }

    /// <summary>Those of a key, oldest first.</summary>
    public IncomingEvent[] Of(string key)
    {
        if (_count == 0)
            return [];
        lock (_lock)
            return _byKey.TryGetValue(key, out var held) ? [.. held] : [];
    }

    /// <summary>The keys that an instance with a correlation id may concern.</summary>
    public string[] KeysOf(string correlationId)
    {
        if (_count == 0)
            return [];
        lock (_lock)
            return _keysOfCorrelation.TryGetValue(correlationId, out var keys) ? [.. keys] : [];
    }

    /// <summary>The keys whose oldest event came before a time.</summary>
    public string[] KeysBefore(DateTimeOffset time)
    {
        if (_count == 0)
            return [];
        lock (_lock)
            return [.. _byKey.Where(h => h.Value[0].ReceivedAt <= time).Select(h => h.Key)];
    }
}
