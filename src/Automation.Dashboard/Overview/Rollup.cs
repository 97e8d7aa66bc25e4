namespace Automation.Dashboard.Overview;

/// <summary>What happened in a span of time: events of one source, or everything that belongs to none.</summary>
internal sealed class Rollup
{
    /// <summary>Begin of the span, in seconds since the Unix epoch.</summary>
    public required long At { get; init; }

    /// <summary>The source; empty for instances, jobs and latencies.</summary>
    public string Source { get; init; } = "";

    /// <summary>Events that were taken, repeated deliveries apart.</summary>
    public long Events { get; set; }

    public long Rejected { get; set; }

    public long Failed { get; set; }

    public long Unmatched { get; set; }

    public long Duplicates { get; set; }

    /// <summary>Sum of the times between happening at the sender and arriving, in microseconds.</summary>
    public long LagSum { get; set; }

    public long LagCount { get; set; }

    /// <summary>Id of the newest event; ids sort by time.</summary>
    public string? LastEvent { get; set; }

    public string? LastRefused { get; set; }

    public long Started { get; set; }

    public long Finished { get; set; }

    public long Faulted { get; set; }

    public long JobsSucceeded { get; set; }

    public long JobsFailed { get; set; }

    /// <summary>From the event's arrival to the start of a workflow.</summary>
    public Latencies StartLatency { get; init; } = new();

    /// <summary>From the start of an instance to its end.</summary>
    public Latencies RunLatency { get; init; } = new();

    /// <summary>How long jobs that succeeded ran.</summary>
    public Latencies JobLatency { get; init; } = new();

    /// <summary>Whatever failed: events that could not be routed, instances, jobs.</summary>
    public long Failures => Failed + Faulted + JobsFailed;

    public void Add(Rollup other)
    {
        Events += other.Events;
        Rejected += other.Rejected;
        Failed += other.Failed;
        Unmatched += other.Unmatched;
        Duplicates += other.Duplicates;
        LagSum += other.LagSum;
        LagCount += other.LagCount;
        LastEvent = Later(LastEvent, other.LastEvent);
        LastRefused = Later(LastRefused, other.LastRefused);
        Started += other.Started;
        Finished += other.Finished;
        Faulted += other.Faulted;
        JobsSucceeded += other.JobsSucceeded;
        JobsFailed += other.JobsFailed;
        StartLatency.Add(other.StartLatency);
        RunLatency.Add(other.RunLatency);
        JobLatency.Add(other.JobLatency);
    }

    public static string? Later(string? a, string? b) => string.CompareOrdinal(a, b) >= 0 ? a : b;
}
