namespace Automation.Workflows.Runtime;

/// <summary>Those who are told when something happens. Thread-safe; telling allocates nothing.</summary>
internal sealed class Listeners<T>
{
    private readonly Lock _lock = new();
    private volatile Action<T>[] _listeners = [];

    public bool IsEmpty => _listeners.Length == 0;

    /// <summary>Adds a listener; dispose what is returned to remove it.</summary>
    public IDisposable Add(Action<T> listener)
    {
        lock (_lock)
            _listeners = [.. _listeners, listener];
        return new Subscription(this, listener);
    }

    /// <summary>Tells all; each exception goes to <paramref name="failed"/>, so that one listener does not silence the next.</summary>
    public void Tell(T what, Action<Exception> failed)
    {
        foreach (var listener in _listeners)
        {
            try
            {
                listener(what);
            }
            catch (Exception e)
            {
                failed(e);
            }
        }
    }

    private void Remove(Action<T> listener)
    {
        lock (_lock)
        {
            var at = Array.IndexOf(_listeners, listener);
            if (at >= 0)
                _listeners = [.. _listeners[..at], .. _listeners[(at + 1)..]];
        }
    }

    private sealed class Subscription(Listeners<T> owner, Action<T> listener) : IDisposable
    {
        public void Dispose() => owner.Remove(listener);
    }
}
