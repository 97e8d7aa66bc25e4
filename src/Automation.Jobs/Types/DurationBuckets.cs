namespace Automation.Jobs.Types;

/// <summary>
/// Classes of durations, each a fifth longer than the one before (four to a doubling), from a millisecond on. Counting
/// by class keeps medians and percentiles of any number of runs in a few rows.
/// </summary>
internal static class DurationBuckets
{
    private const int PerDoubling = 4;

    // About 50 days.
    private const int Last = 32 * PerDoubling;

    /// <summary>The class of a duration; 0 for all up to a millisecond.</summary>
    public static int Of(TimeSpan duration)
    {
        var milliseconds = duration.TotalMilliseconds;
        return milliseconds <= 1 ? 0 : Math.Min(Last, (int)Math.Ceiling(Math.Log2(milliseconds) * PerDoubling));
    }

    /// <summary>The longest duration of a class.</summary>
    public static TimeSpan Top(int bucket) => TimeSpan.FromMilliseconds(Math.Pow(2, (double)Math.Clamp(bucket, 0, Last) / PerDoubling));

    /// <summary>The duration that a part of those counted does not exceed; null where none was counted.</summary>
    /// <param name="counts">How many of each class.</param>
    /// <param name="part">0 to 1; 0.5 for the median.</param>
    public static TimeSpan? Percentile(IEnumerable<KeyValuePair<int, long>> counts, double part)
    {
        var sorted = counts.OrderBy(c => c.Key).ToList();
        var rank = (long)Math.Ceiling(sorted.Sum(c => c.Value) * part);
        foreach (var (bucket, count) in sorted)
        {
            rank -= count;
            if (rank <= 0)
                return Top(bucket);
        }

        return null;
    }
}
