namespace Automation.Steps.Outgoing;

/// <summary>Lets so many through in any stretch of time of a given length, in the order in which they ask. Thread-safe.</summary>
internal sealed class WindowLimit(TimeSpan window)
{
    // The last places that were given, oldest first; never more of them than the limit, so the first tells when the next is free.
    private readonly Queue<DateTimeOffset> _taken = new();

    /// <summary>Takes the next free place, unless that is further away than the asker waits.</summary>
    /// <param name="now">The time.</param>
    /// <param name="limit">Places in a window.</param>
    /// <param name="maxWait">How far away the place may be.</param>
    /// <param name="at">When the place is, or would be.</param>
    public bool TryTake(DateTimeOffset now, int limit, TimeSpan maxWait, out DateTimeOffset at)
    {
        lock (_taken)
        {
            while (_taken.Count > limit)
                _taken.Dequeue();
            at = now;
            if (_taken.Count == limit && _taken.Peek() + window > now)
                at = _taken.Peek() + window;
            if (at - now > maxWait)
                return false;
            if (_taken.Count == limit)
                _taken.Dequeue();
            _taken.Enqueue(at);
            return true;
        }
    }

    /// <summary>Places that were given in the window that ends now, or lie ahead.</summary>
    public int Taken(DateTimeOffset now)
    {
        lock (_taken)
            return _taken.Count(at => at + window > now);
    }

    /// <summary>When the next of the places that are taken is free again; null where none is.</summary>
    public DateTimeOffset? NextFree(DateTimeOffset now)
    {
        lock (_taken)
        {
            foreach (var at in _taken)
            {
                if (at + window > now)
                    return at + window;
            }

            return null;
        }
    }

    /// <summary>Counts a place that was taken before, oldest first.</summary>
    public void Add(DateTimeOffset at)
    {
        lock (_taken)
            _taken.Enqueue(at);
    }
}
