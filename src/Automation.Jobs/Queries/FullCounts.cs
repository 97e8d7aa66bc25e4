using System.Collections.Concurrent;

namespace Automation.Jobs;

/// <summary>
/// Counts of millions of rows, which are too slow for a page: each is taken in the background when somebody asks, and
/// again when it is old and still asked for. Thread-safe.
/// </summary>
internal sealed class FullCounts(TimeProvider clock)
{
    private const int ShareOfTime = 50;
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Shown = TimeSpan.FromMinutes(5);

    private readonly ConcurrentDictionary<string, Entry> _entries = new(StringComparer.Ordinal);

    /// <summary>The last count, without asking for another; null where there is none of the last five minutes.</summary>
    public long? Known(string key) => _entries.TryGetValue(key, out var entry) && clock.GetUtcNow() - entry.At < Shown ? entry.Value : null;

    /// <summary>The last count, not older than five minutes; null where there is none yet.</summary>
    public long? Latest(string key, Func<Task<long>> countAsync)
    {
        var entry = _entries.GetOrAdd(key, static _ => new Entry());
        var now = clock.GetUtcNow();
        var age = now - entry.At;
        // A count that takes long is taken seldom, so that it never costs more than a small part of the time.
        if ((age > Fresh && age > entry.Took * ShareOfTime) && Interlocked.Exchange(ref entry.IsCounting, 1) == 0)
            _ = Task.Run(() => CountAsync(entry, countAsync));
        return age < Shown ? entry.Value : null;
    }

    private async Task CountAsync(Entry entry, Func<Task<long>> countAsync)
    {
        var started = clock.GetTimestamp();
        try
        {
            entry.Value = await countAsync();
            entry.Took = clock.GetElapsedTime(started);
            entry.At = clock.GetUtcNow();
        }
        catch (Exception)
        {
            // The database is away or closed: the page shows that there are many, and asks again.
        }
        finally
        {
            Interlocked.Exchange(ref entry.IsCounting, 0);
        }
    }

    private sealed class Entry
    {
        public int IsCounting;

        public long Value { get; set; }

        public DateTimeOffset At { get; set; }

        public TimeSpan Took { get; set; }
    }
}
