using System.ComponentModel.DataAnnotations;

namespace Automation.Jobs;

/// <summary>How this process runs jobs; bound from <c>Automation:Jobs</c>.</summary>
public sealed class JobOptions : IValidatableObject
{
    /// <summary>Whether this process runs jobs at all; one that does not can still enqueue them. Default true.</summary>
    public bool RunJobs { get; set; } = true;

    /// <summary>
    /// Jobs this process runs at the same time. They wait for the network and for commits more than they compute, and the
    /// more of them share a commit, the less each costs: the default is 100 per core, at least 200 and at most 400.
    /// </summary>
    [Range(1, 1000)]
    public int WorkerCount { get; set; } = Math.Clamp(100 * Environment.ProcessorCount, 200, 400);

    /// <summary>
    /// Jobs that have begun and wait without a worker for their turn, such as at a host that takes few calls at a time, or
    /// for their next attempt. Further ones keep their workers while they wait. Default 1,000.
    /// </summary>
    [Range(0, 100_000)]
    public int AsideCount { get; set; } = 1000;

    /// <summary>The queues this process serves, the most urgent first. Empty means only <c>default</c>.</summary>
    public IList<string> Queues { get; set; } = [];

    /// <summary>Jobs of one queue that this process runs at the same time, 1 to 1000, by queue; others are bounded by <see cref="WorkerCount"/>.</summary>
    public IDictionary<string, int> QueueConcurrency { get; set; } = new Dictionary<string, int>(StringComparer.Ordinal);

    /// <summary>
    /// How often the queues are looked at without being told of a job, for jobs that another program has stored.
    /// Default 5 seconds.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:10:00")]
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How often this process says that it lives. One that has missed four beats is taken for dead and its jobs return
    /// to their queues. Default 2 seconds.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:01:00")]
    public TimeSpan HeartbeatInterval { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How often running jobs are checked for having been deleted by another process. Default 5 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:10:00")]
    public TimeSpan CancellationCheckInterval { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a stop waits for running jobs before they are put back. Default 500 milliseconds; their tokens are cancelled then.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan StopTimeout { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>How long a stop waits for cancelled jobs to end. Default 15 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan ShutdownTimeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How long succeeded and deleted jobs are kept. Default 1 day.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "3650.00:00:00")]
    public TimeSpan Retention { get; set; } = TimeSpan.FromDays(1);

    /// <summary>How often expired jobs are removed and counters are summed. Default 1 minute.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan MaintenanceInterval { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How often a failed job is tried again unless its registration, attribute or request says otherwise. Default 10.</summary>
    [Range(0, 1000)]
    public int RetryAttempts { get; set; } = 10;

    /// <summary>
    /// A queue whose oldest job was created longer ago is told in the log and to <see cref="OnQueueLate"/>, once until
    /// it has caught up. Null, the default, means never.
    /// </summary>
    public TimeSpan? QueueAgeLimit { get; set; }

    /// <summary>
    /// Where to post, as JSON, that a queue has passed <see cref="QueueAgeLimit"/>; posted again at the next look (every
    /// 10 seconds) while it is not answered with 2xx. Null, the default, means nowhere.
    /// </summary>
    public Uri? QueueAgeUrl { get; set; }

    /// <summary>Called with a queue that has passed <see cref="QueueAgeLimit"/>; must return soon. Set in code, not by configuration.</summary>
    public Action<JobQueueView>? OnQueueLate { get; set; }

    internal IReadOnlyList<string> ServedQueues => Queues.Count == 0 ? [JobQueues.Default] : [.. Queues.Distinct(StringComparer.Ordinal)];

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var queue in Queues.Concat(QueueConcurrency.Keys))
        {
            string? error = null;
            try
            {
                JobQueues.Validate(queue);
            }
            catch (ArgumentException e)
            {
                error = e.Message;
            }

            if (error is not null)
                yield return new ValidationResult(error, [nameof(Queues)]);
        }

        if (QueueAgeUrl is { } url && !(url.IsAbsoluteUri && (url.Scheme is "http" or "https")))
            yield return new ValidationResult($"QueueAgeUrl is \"{url}\"; it must be a complete address that begins with http:// or https://.", [nameof(QueueAgeUrl)]);

        foreach (var (queue, limit) in QueueConcurrency)
        {
            if (limit is < 1 or > 1000)
                yield return new ValidationResult($"The concurrency of queue \"{queue}\" is {limit}; allowed are 1 to 1000.", [nameof(QueueConcurrency)]);
        }
    }
}
