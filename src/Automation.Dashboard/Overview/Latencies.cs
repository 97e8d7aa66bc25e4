using System.Globalization;
using System.Text;

namespace Automation.Dashboard.Overview;

/// <summary>
/// How long things took, counted in classes of 1, 2 and 5 of each power of ten: small enough to store for each minute, and
/// two of them add up to a third, so that a day's percentiles come from its minutes.
/// </summary>
internal sealed class Latencies
{
    /// <summary>Upper ends of the classes in microseconds; beyond the last is one more class.</summary>
    public static readonly long[] Bounds =
    [
        200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000, 1_000_000, 2_000_000, 5_000_000, 10_000_000, 20_000_000,
        60_000_000, 300_000_000, 900_000_000, 3_600_000_000, 86_400_000_000,
    ];

    private readonly long[] _counts = new long[Bounds.Length + 1];

    public long Count => _counts.Sum();

    /// <summary>SQL that gives the class of a number of microseconds.</summary>
    public static string ClassOf(string sql)
    {
        var text = new StringBuilder("CASE");
        for (var i = 0; i < Bounds.Length; i++)
            text.Append(CultureInfo.InvariantCulture, $" WHEN {sql} <= {Bounds[i]} THEN {i}");
        return text.Append(CultureInfo.InvariantCulture, $" ELSE {Bounds.Length} END").ToString();
    }

    public void Add(int @class, long count) => _counts[Math.Clamp(@class, 0, Bounds.Length)] += count;

    public void Add(Latencies other)
    {
        for (var i = 0; i < _counts.Length; i++)
            _counts[i] += other._counts[i];
    }

    /// <summary>The time within which a part of them was done, taken evenly within its class; null where nothing was counted.</summary>
    /// <param name="part">The part, 0 to 1.</param>
    public TimeSpan? Percentile(double part)
    {
        var wanted = Count * part;
        if (wanted <= 0)
            return null;
        var before = 0L;
        for (var i = 0; i < _counts.Length; i++)
        {
            if (_counts[i] > 0 && before + _counts[i] >= wanted)
            {
                var from = i == 0 ? 0 : Bounds[i - 1];
                var to = i < Bounds.Length ? Bounds[i] : Bounds[^1];
                return TimeSpan.FromMicroseconds(from + (to - from) * (wanted - before) / _counts[i]);
            }

            before += _counts[i];
        }

        return null;
    }

    /// <summary>The classes that are not empty, as <c>class:count</c>.</summary>
    public override string ToString() =>
        string.Join(' ', _counts.Select((count, i) => (count, i)).Where(c => c.count > 0).Select(c => string.Create(CultureInfo.InvariantCulture, $"{c.i}:{c.count}")));

    public static Latencies Parse(string text)
    {
        var latencies = new Latencies();
        foreach (var pair in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            var colon = pair.IndexOf(':', StringComparison.Ordinal);
            latencies.Add(int.Parse(pair.AsSpan(0, colon), CultureInfo.InvariantCulture), long.Parse(pair.AsSpan(colon + 1), CultureInfo.InvariantCulture));
        }

        return latencies;
    }
}
