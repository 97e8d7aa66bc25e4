namespace Automation.Jobs;

/// <summary>Which jobs to list; what is null does not restrict.</summary>
public sealed class JobFilter
{
    /// <summary>One of <see cref="JobStates"/>.</summary>
    public string? State { get; init; }

    /// <summary>The queue the job was put into.</summary>
    public string? Queue { get; init; }

    /// <summary>The registered name, or the beginning of <c>Type</c> of a typed job.</summary>
    public string? Name { get; init; }

    /// <summary>A piece of the arguments.</summary>
    public string? ArgumentText { get; init; }

    /// <summary>A piece of the exception of a failure in the job's history: type, message or stack.</summary>
    public string? ExceptionText { get; init; }

    /// <summary>Created at or after.</summary>
    public DateTimeOffset? CreatedFrom { get; init; }

    /// <summary>Created before.</summary>
    public DateTimeOffset? CreatedTo { get; init; }

    /// <summary>Only failed jobs that wait for another attempt.</summary>
    public bool IsRetry { get; init; }

    /// <summary>Only jobs that servers hold; <see cref="Queue"/> is then where they were taken from.</summary>
    public bool IsFetched { get; init; }

    // Servers hold few jobs, and those are found by the places they were taken from.
    internal bool SearchesText => !IsFetched && (ArgumentText is not null || Name is not null || IsRetry || SearchesHistory);

    internal bool SearchesHistory => ExceptionText is not null || (Queue is not null && !IsFetched);
}

/// <summary>A job in a list.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Name">The registered name, or <c>Type.Method</c>.</param>
/// <param name="Arguments">The arguments as JSON text, cut after 500 characters.</param>
/// <param name="State">Its state; null for one that is not fully stored yet.</param>
/// <param name="StateSince">When it came into that state.</param>
/// <param name="Reason">Why.</param>
/// <param name="StateData">What the state tells, by key.</param>
/// <param name="CreatedAt">When it was created.</param>
/// <param name="ExpireAt">When it vanishes.</param>
public sealed record JobSummary(
    long Id, string Name, string Arguments, string? State, DateTimeOffset? StateSince, string? Reason,
    IReadOnlyDictionary<string, string?> StateData, DateTimeOffset CreatedAt, DateTimeOffset? ExpireAt);

/// <summary>A page of jobs, newest first.</summary>
/// <param name="Jobs">The jobs.</param>
/// <param name="Before">What to pass for the next page; null at the end. A search through texts may give a page that is not full and still has a next one.</param>
public sealed record JobPage(IReadOnlyList<JobSummary> Jobs, long? Before);

/// <summary>A page of jobs that wait for a time.</summary>
/// <param name="Jobs">The jobs.</param>
/// <param name="Next">What to pass for the next page; null at the end.</param>
public sealed record WaitingJobs(IReadOnlyList<JobSummary> Jobs, string? Next);

/// <summary>One entry of a job's history.</summary>
/// <param name="State">The state it came into.</param>
/// <param name="Reason">Why.</param>
/// <param name="At">When.</param>
/// <param name="Data">What the state tells, by key.</param>
public sealed record JobHistoryEntry(string State, string? Reason, DateTimeOffset At, IReadOnlyDictionary<string, string?> Data);

/// <summary>Everything about one job.</summary>
/// <param name="Job">As in a list.</param>
/// <param name="Call">The stored call, as JSON text.</param>
/// <param name="Arguments">The arguments, each as JSON text.</param>
/// <param name="Parameters">The parameters, each as JSON text.</param>
/// <param name="History">Its states, newest first.</param>
/// <param name="Continuations">The jobs that wait for it.</param>
/// <param name="Log">The lines it has written, oldest first, at most the last 1,000.</param>
/// <param name="Progress">How far it is.</param>
public sealed record JobDetails(
    JobSummary Job, string Call, IReadOnlyList<string?> Arguments, IReadOnlyDictionary<string, string?> Parameters, IReadOnlyList<JobHistoryEntry> History,
    IReadOnlyList<long> Continuations, IReadOnlyList<JobLogLine> Log, JobProgress? Progress);

/// <summary>
/// How many jobs are in each state. Counting stops at <see cref="Most"/>; beyond, the number is one that was counted in
/// the background a while ago, or exactly <see cref="Most"/> until that is done.
/// </summary>
/// <param name="ByState">By state; a value of <see cref="Most"/> means that many or more.</param>
/// <param name="Succeeded">Jobs that have ever succeeded.</param>
/// <param name="Deleted">Jobs that were ever deleted.</param>
/// <param name="Recurring">Recurring jobs.</param>
/// <param name="Retries">Failed jobs that wait for another attempt.</param>
/// <param name="Servers">Servers on the list.</param>
/// <param name="Queues">Queues that have rows.</param>
public sealed record JobCounts(IReadOnlyDictionary<string, long> ByState, long Succeeded, long Deleted, long Recurring, long Retries, long Servers, long Queues)
{
    /// <summary>Where counting stops, so that a page over millions of jobs stays quick.</summary>
    public const long Most = 10_000;
}

/// <summary>A queue.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Length">Jobs that wait in it, counted up to <see cref="JobCounts.Most"/>.</param>
/// <param name="Fetched">Jobs of it that servers hold.</param>
/// <param name="IsPaused">Whether servers leave it alone.</param>
/// <param name="OldestAt">When the job was created that has waited longest.</param>
public sealed record JobQueueView(string Name, long Length, long Fetched, bool IsPaused, DateTimeOffset? OldestAt);

/// <summary>A server, of ours or a genuine one.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Workers">How many jobs it runs at the same time.</param>
/// <param name="Queues">The queues it serves.</param>
/// <param name="StartedAt">When it started.</param>
/// <param name="Heartbeat">When it last said that it lives.</param>
public sealed record JobServerView(string Id, int Workers, IReadOnlyList<string> Queues, DateTimeOffset? StartedAt, DateTimeOffset Heartbeat);

/// <summary>A recurring job.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Name">The registered name, or <c>Type.Method</c>.</param>
/// <param name="Cron">Its schedule.</param>
/// <param name="TimeZone">The time zone of the schedule.</param>
/// <param name="Queue">Where its runs go.</param>
/// <param name="Next">When it runs next; null while it is paused or never runs again.</param>
/// <param name="Last">When it last ran.</param>
/// <param name="LastJobId">Its last run.</param>
/// <param name="CreatedAt">When it was added.</param>
/// <param name="Misfire">What becomes of missed occurrences.</param>
/// <param name="Error">Why it could not run.</param>
/// <param name="RetryAttempt">How often it could not run in a row.</param>
public sealed record RecurringJobView(
    string Id, string Name, string Cron, string TimeZone, string Queue, DateTimeOffset? Next, DateTimeOffset? Last, long? LastJobId,
    DateTimeOffset? CreatedAt, MisfireMode Misfire, string? Error, int RetryAttempt);

/// <summary>How many jobs ended in an hour or a day.</summary>
/// <param name="From">Its beginning, UTC.</param>
/// <param name="Succeeded">Jobs that succeeded in it.</param>
/// <param name="Failed">Jobs that failed for good in it.</param>
/// <param name="Deleted">Jobs that were deleted in it.</param>
public sealed record JobStatistic(DateTimeOffset From, long Succeeded, long Failed, long Deleted);

/// <summary>How the runs of one type of job ended, and how long they took; durations are exact to a fifth.</summary>
/// <param name="Name">The registered name, or <c>Type.Method</c>.</param>
/// <param name="Succeeded">Runs that succeeded.</param>
/// <param name="Failed">Runs that failed for good.</param>
/// <param name="Retried">Runs that failed and were tried again.</param>
/// <param name="Deleted">Runs after whose failure the job was deleted.</param>
/// <param name="Median">The median duration of those that succeeded.</param>
/// <param name="High">What 95 % of them did not exceed.</param>
/// <param name="MedianWait">The median time from a job's creation to its first start.</param>
/// <param name="HighWait">What 95 % of them did not exceed.</param>
public sealed record JobTypeStatistic(
    string Name, long Succeeded, long Failed, long Retried, long Deleted, TimeSpan? Median, TimeSpan? High, TimeSpan? MedianWait, TimeSpan? HighWait);

/// <summary>Failed jobs with the same exception.</summary>
/// <param name="ExceptionType">The exception's type.</param>
/// <param name="Message">Its message, of the latest.</param>
/// <param name="Jobs">How many jobs.</param>
/// <param name="LatestJobId">The one that failed last.</param>
/// <param name="LatestAt">When that was.</param>
public sealed record JobFailureGroup(string ExceptionType, string Message, long Jobs, long LatestJobId, DateTimeOffset LatestAt);

/// <summary>Ids of jobs, newest first.</summary>
/// <param name="Ids">The ids.</param>
/// <param name="Before">What to pass for the next ones; null at the end.</param>
public sealed record JobIds(IReadOnlyList<long> Ids, long? Before);

/// <summary>How many jobs a filter matches.</summary>
/// <param name="Count">How many were found.</param>
/// <param name="IsComplete">False where there may be more.</param>
/// <param name="Through">The newest id at the time: later jobs were not looked at.</param>
public sealed record JobMatches(long Count, bool IsComplete, long Through);
