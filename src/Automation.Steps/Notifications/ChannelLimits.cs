using System.Collections.Concurrent;
using Automation.Steps.Outgoing;

namespace Automation.Steps.Notifications;

/// <summary>Counts what each channel has sent in the last minute.</summary>
internal sealed class ChannelLimits(TimeProvider clock)
{
    private readonly ConcurrentDictionary<string, WindowLimit> _channels = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Takes a place now; otherwise says when there will be one.</summary>
    public DateTimeOffset? Take(string channel, int? limitPerMinute) =>
        limitPerMinute is not { } limit || _channels.GetOrAdd(channel, _ => new WindowLimit(TimeSpan.FromMinutes(1))).TryTake(clock.GetUtcNow(), limit, TimeSpan.Zero, out var free)
            ? null
            : free;
}
