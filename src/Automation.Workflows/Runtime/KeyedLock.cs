namespace Automation.Workflows.Runtime;

/// <summary>One asynchronous lock per key; a key that nobody holds costs nothing. First come, first served.</summary>
public sealed class KeyedLock
{
    private readonly Dictionary<string, Gate> _gates = new(StringComparer.Ordinal);

    /// <summary>How many keys are held or waited for now.</summary>
    public int Count
    {
        get
        {
            lock (_gates)
                return _gates.Count;
        }
    }

    /// <summary>Waits for the key; dispose what is returned to let go of it.</summary>
    public async ValueTask<Holder> AcquireAsync(string key, CancellationToken cancellationToken)
    {
        Gate gate;
        lock (_gates)
        {
            if (!_gates.TryGetValue(key, out gate!))
            {
                gate = new Gate();
                _gates.Add(key, gate);
                gate.Users = 1;
                return new Holder(this, key, gate);
            }

            gate.Users++;
        }

        try
        {
            await gate.Signal.WaitAsync(cancellationToken);
        }
        catch
        {
            Leave(key, gate);
            throw;
        }

        return new Holder(this, key, gate);
    }

    private void Leave(string key, Gate gate)
    {
        lock (_gates)
        {
            if (--gate.Users == 0)
                _gates.Remove(key);
        }
    }

    /// <summary>The right to a key.</summary>
    public readonly struct Holder : IDisposable
    {
        private readonly KeyedLock _owner;
        private readonly string _key;
        private readonly Gate _gate;

        internal Holder(KeyedLock owner, string key, Gate gate)
        {
            _owner = owner;
            _key = key;
            _gate = gate;
        }

        /// <inheritdoc/>
        public void Dispose()
        {
            bool someoneWaits;
            lock (_owner._gates)
            {
                someoneWaits = --_gate.Users > 0;
                if (!someoneWaits)
                    _owner._gates.Remove(_key);
            }

            if (someoneWaits)
                _gate.Signal.Release();
        }
    }

    internal sealed class Gate
    {
        public int Users { get; set; }

        // The first user never waits, so the signal starts at zero: each release hands the key to the next in line.
        public SemaphoreSlim Signal { get; } = new(0);
    }
}
