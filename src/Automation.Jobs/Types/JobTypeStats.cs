using System.Globalization;
using Automation.Jobs.Server;
using Automation.Storage;
using Automation.Storage.Writes;
using Microsoft.Extensions.Logging;

namespace Automation.Jobs.Types;

/// <summary>
/// Counts how runs ended and how long they took, by type of job, and adds it to the database once a second, so that it
/// costs the jobs nothing. These figures outlive the jobs; a process that is killed loses those of its last second.
/// </summary>
internal sealed partial class JobTypeStats(Database database, TimeProvider clock, ILogger<JobTypeStats> logger)
{
    public const string HourFormat = "yyyy-MM-dd-HH";
    public const string DayFormat = "yyyy-MM-dd";

    private const int LongestName = 200;

    // Names come from callers; an endless stream of new ones must fill neither the memory nor the table.
    private const int MostAtOnce = 5000;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan KeepHours = TimeSpan.FromDays(2);
    private static readonly TimeSpan KeepDays = TimeSpan.FromDays(92);

    private static readonly SqlStatement Add = new("""
        INSERT INTO job_type_stats (period, name, kind, bucket, jobs) VALUES ($1, $3, $4, $5, $6), ($2, $3, $4, $5, $6)
        ON CONFLICT (period, name, kind, bucket) DO UPDATE SET jobs = job_type_stats.jobs + excluded.jobs
        """);

    private static readonly SqlStatement Forget = new("DELETE FROM job_type_stats WHERE period < $1 AND length(period) = $2");

    private readonly Lock _lock = new();
    private Dictionary<(string Name, string Kind, int Bucket), long> _counts = [];

    /// <summary>Counts the end of a run.</summary>
    public void Ended(Completion completion)
    {
        var kind = completion.Outcome switch
        {
            JobOutcome.Succeeded => JobTypeKind.Succeeded,
            JobOutcome.Failed => JobTypeKind.Failed,
            JobOutcome.Retried => JobTypeKind.Retried,
            JobOutcome.Deleted => JobTypeKind.Deleted,
            _ => null,
        };
        if (kind is null)
            return;
        var run = completion.Run;
        var name = completion.Name.Length > LongestName ? completion.Name[..LongestName] : completion.Name;
        lock (_lock)
        {
            Count(name, kind, DurationBuckets.Of(run.Elapsed));
            if (run.RetryCount == 0)
                Count(name, JobTypeKind.Waited, DurationBuckets.Of(run.StartedAtUtc - run.Job.CreatedAt));
        }
    }

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Interval, clock);
        for (var ticks = 0; await timer.WaitForNextTickAsync(cancellationToken); ticks++)
        {
            await StoreAsync(cancellationToken);
            if (ticks % 3600 == 0)
                await ForgetAsync(cancellationToken);
        }
    }

    /// <summary>Adds what was counted since the last time.</summary>
    public async Task StoreAsync(CancellationToken cancellationToken)
    {
        Dictionary<(string Name, string Kind, int Bucket), long> counts;
        lock (_lock)
        {
            if (_counts.Count == 0)
                return;
            (counts, _counts) = (_counts, []);
        }

        var now = clock.GetUtcNow();
        var (hour, day) = (now.ToString(HourFormat, CultureInfo.InvariantCulture), now.ToString(DayFormat, CultureInfo.InvariantCulture));
        var unit = new WriteUnit();
        // In one order on all nodes, so that two of them never wait for each other's rows.
        foreach (var ((name, kind, bucket), jobs) in counts.OrderBy(c => c.Key.Name, StringComparer.Ordinal).ThenBy(c => c.Key.Kind, StringComparer.Ordinal).ThenBy(c => c.Key.Bucket))
            unit.Add(Add, hour, day, name.Replace('\0', '\uFFFD'), kind, bucket, jobs);
        try
        {
            await database.CommitAsync(unit, cancellationToken: cancellationToken);
        }
        catch (StorageUnavailableException e)
        {
            LogNotStored(e);
            lock (_lock)
            {
                foreach (var ((name, kind, bucket), jobs) in counts)
                    Count(name, kind, bucket, jobs);
            }
        }
    }

    /// <summary>Removes hours and days that are too long ago.</summary>
    public Task ForgetAsync(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        return database.CommitAsync(
            new WriteUnit()
                .Add(Forget, (now - KeepHours).ToString(HourFormat, CultureInfo.InvariantCulture), HourFormat.Length)
                .Add(Forget, (now - KeepDays).ToString(DayFormat, CultureInfo.InvariantCulture), DayFormat.Length),
            cancellationToken: cancellationToken);
    }

    private void Count(string name, string kind, int bucket, long jobs = 1)
    {
        if (_counts.Count >= MostAtOnce && !_counts.ContainsKey((name, kind, bucket)))
            name = "(others)";
        _counts[(name, kind, bucket)] = _counts.GetValueOrDefault((name, kind, bucket)) + jobs;
    }

    [LoggerMessage(LogLevel.Debug, "The figures of job types could not be stored; they are added later")]
    private partial void LogNotStored(Exception exception);
}

/// <summary>What is counted of a type of job, as it is stored.</summary>
internal static class JobTypeKind
{
    public const string Succeeded = "succeeded";
    public const string Failed = "failed";
    public const string Retried = "retried";
    public const string Deleted = "deleted";

    /// <summary>First starts, by how long the job had waited.</summary>
    public const string Waited = "waited";
}
