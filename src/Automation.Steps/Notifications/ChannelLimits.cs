using System.Collections.Concurrent;

namespace Automation.Steps.Notifications;

/// <summary>Counts what each channel has sent in the last minute.</summary>
internal sealed class ChannelLimits(TimeProvider clock)
{
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, Queue<DateTimeOffset>> _sent = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Takes a place now; otherwise says when there will be one.</summary>
    public DateTimeOffset? Take(string channel, int? limitPerMinute)
    {
        if (limitPerMinute is not { } limit)
            return null;
        var sent = _sent.GetOrAdd(channel, _ => new Queue<DateTimeOffset>());
        lock (sent)
        {
            var now = clock.GetUtcNow();
            while (sent.TryPeek(out var oldest) && oldest + Window <= now)
                sent.Dequeue();
            if (sent.Count >= limit)
                return sent.Peek() + Window;
            sent.Enqueue(now);
            return null;
        }
    }
}
