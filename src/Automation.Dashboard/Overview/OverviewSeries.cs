namespace Automation.Dashboard.Overview;

/// <summary>The last hour, day or month as a chart shows it.</summary>
/// <param name="Period">hour, day or month.</param>
/// <param name="StepSeconds">Time between two points.</param>
/// <param name="At">The points, in seconds since the Unix epoch.</param>
/// <param name="Events">Events that were taken.</param>
/// <param name="Rejected">Refused requests.</param>
/// <param name="Started">Instances that started.</param>
/// <param name="Finished">Instances that ended well or were cancelled.</param>
/// <param name="Jobs">Jobs that succeeded.</param>
/// <param name="Failures">Events, instances and jobs that failed.</param>
/// <param name="Median">Milliseconds from an event to the start of a workflow: half took at most this; null where there was none.</param>
/// <param name="P95">95 of 100.</param>
/// <param name="P99">99 of 100.</param>
internal sealed record OverviewSeries(
    string Period, int StepSeconds, IReadOnlyList<long> At, IReadOnlyList<long> Events, IReadOnlyList<long> Rejected, IReadOnlyList<long> Started, IReadOnlyList<long> Finished,
    IReadOnlyList<long> Jobs, IReadOnlyList<long> Failures, IReadOnlyList<double?> Median, IReadOnlyList<double?> P95, IReadOnlyList<double?> P99)
{
    /// <summary>What can be asked for: how long, the distance of the points, and the rows that are added up.</summary>
    private static readonly Dictionary<string, (TimeSpan Length, int Step, int Span)> Periods = new(StringComparer.Ordinal)
    {
        ["hour"] = (TimeSpan.FromHours(1), 60, RollupStore.Minute),
        ["day"] = (TimeSpan.FromDays(1), 900, RollupStore.Minute),
        ["month"] = (TimeSpan.FromDays(30), 4 * 3600, RollupStore.Hour),
    };

    public static IReadOnlyCollection<string> Names => Periods.Keys;

    /// <summary>Reads a period; the last hour where it is none that there is.</summary>
    public static async Task<OverviewSeries> ReadAsync(RollupStore store, string? period, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var name = period is not null && Periods.ContainsKey(period) ? period : "hour";
        var (length, step, span) = Periods[name];
        var last = now.ToUnixTimeSeconds() / step * step;
        var first = last - (long)length.TotalSeconds + step;
        var points = new Rollup[(last - first) / step + 1];
        for (var i = 0; i < points.Length; i++)
            points[i] = new Rollup { At = first + i * step };
        foreach (var row in await store.ReadAsync(span, DateTimeOffset.FromUnixTimeSeconds(first), DateTimeOffset.FromUnixTimeSeconds(last + step), cancellationToken))
            points[(row.At - first) / step].Add(row);
        return new OverviewSeries(
            name, step, [.. points.Select(p => p.At)], [.. points.Select(p => p.Events)], [.. points.Select(p => p.Rejected)], [.. points.Select(p => p.Started)],
            [.. points.Select(p => p.Finished)], [.. points.Select(p => p.JobsSucceeded)], [.. points.Select(p => p.Failures)],
            Milliseconds(points, 0.5), Milliseconds(points, 0.95), Milliseconds(points, 0.99));
    }

    private static double?[] Milliseconds(Rollup[] points, double part) =>
        [.. points.Select(p => p.StartLatency.Percentile(part) is { } time ? Math.Round(time.TotalMilliseconds, 2) : (double?)null)];
}
