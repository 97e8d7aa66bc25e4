using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Automation.Jobs.Server;

/// <summary>
/// Figures about jobs, under the meter <c>Automation.Jobs</c>: how they ended, how long they waited and ran, and how
/// deep and how old the queues are.
/// </summary>
internal sealed class JobMetrics : IDisposable
{
    public const string MeterName = "Automation.Jobs";

    private static readonly InstrumentAdvice<double> Buckets = new()
    {
        HistogramBucketBoundaries = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 3600],
    };

    private readonly Counter<long> _ended;
    private readonly Histogram<double> _run;
    private readonly Histogram<double> _wait;
    private volatile IReadOnlyList<JobQueueView> _queues = [];

    /// <summary>The meter itself.</summary>
    public Meter Meter { get; } = new(MeterName);

    public JobMetrics(TimeProvider clock)
    {
        _ended = Meter.CreateCounter<long>("automation.jobs.ended", "{job}", "Runs of jobs, by name and outcome; a failure also by its exception.");
        _run = Meter.CreateHistogram<double>("automation.jobs.run.duration", "s", "How long jobs ran, by name.", tags: null, Buckets);
        _wait = Meter.CreateHistogram<double>("automation.jobs.wait.duration", "s", "How long jobs waited from their creation to their first start, by queue.", tags: null, Buckets);
        Meter.CreateObservableGauge(
            "automation.jobs.queue.length", () => _queues.Select(q => new Measurement<long>(q.Length, new KeyValuePair<string, object?>("queue", q.Name))), "{job}", "Jobs that wait in a queue.");
        Meter.CreateObservableGauge(
            "automation.jobs.queue.age",
            () => _queues.Select(q => new Measurement<double>(
                q.OldestAt is { } oldest ? Math.Max(0, (clock.GetUtcNow() - oldest).TotalSeconds) : 0, new KeyValuePair<string, object?>("queue", q.Name))),
            "s",
            "How long the oldest job of a queue has waited.");
    }

    /// <summary>Whether anybody looks at the queues' gauges or wants to be told of late ones is not known, so they are kept current.</summary>
    public void SetQueues(IReadOnlyList<JobQueueView> queues) => _queues = queues;

    public void Ended(Completion completion)
    {
        if (!_ended.Enabled && !_run.Enabled && !_wait.Enabled)
            return;
        var tags = new TagList { { "name", completion.Name }, { "outcome", completion.Outcome.ToString().ToLowerInvariant() } };
        if (completion.Exception is { } exception)
            tags.Add("exception", exception.GetType().FullName);
        _ended.Add(1, tags);
        var run = completion.Run;
        _run.Record(run.Elapsed.TotalSeconds, new KeyValuePair<string, object?>("name", completion.Name));
        if (run.RetryCount == 0)
            _wait.Record(Math.Max(0, (run.StartedAtUtc - run.Job.CreatedAt).TotalSeconds), new KeyValuePair<string, object?>("queue", run.Job.Queue));
    }

    public void Dispose() => Meter.Dispose();
}
