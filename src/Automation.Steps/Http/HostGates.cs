using System.Collections.Concurrent;
using Automation.Steps.Outgoing;

namespace Automation.Steps.Http;

/// <summary>The gates of all hosts that were called lately.</summary>
internal sealed class HostGates(IList<HttpHostOptions> hosts, TimeProvider clock)
{
    private const int Many = 1000;

    private static readonly TimeSpan Forgotten = TimeSpan.FromMinutes(10);
    private static readonly HttpHostOptions Default = new();

    private readonly ConcurrentDictionary<string, HostGate> _gates = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The gate of a host; null for this server, which needs none.</summary>
    public HostGate? Of(Uri url)
    {
        if (url.Authority == OwnServer.Host)
            return null;
        var key = $"{url.IdnHost.TrimEnd('.')}:{url.Port}";
        if (_gates.TryGetValue(key, out var gate))
            return gate;
        if (_gates.Count >= Many)
        {
            foreach (var (name, old) in _gates)
            {
                // A window that is longer than this may begin anew: the price for not keeping every host ever called.
                if (!old.IsBusy && clock.GetElapsedTime(old.LastUsed) > Forgotten)
                    _gates.TryRemove(name, out _);
            }
        }

        return _gates.GetOrAdd(key, name => new HostGate(name, hosts.FirstOrDefault(h => h.Covers(url)) ?? Default, clock));
    }
}
