using Automation.Jobs.Serialization;
using Automation.Jobs.Server;
using Automation.Jobs.Store;
using Automation.Storage.Writes;

namespace Automation.Jobs;

/// <summary>What becomes of occurrences that passed while no server ran. The values are those of the layout.</summary>
public enum MisfireMode
{
    /// <summary>All missed occurrences become one run.</summary>
    Relaxed = 0,

    /// <summary>Each missed occurrence becomes a run.</summary>
    Strict = 1,

    /// <summary>Missed occurrences are left out, except one that has only just passed.</summary>
    Ignorable = 2,
}

/// <summary>How a recurring job is scheduled.</summary>
public sealed class RecurringJobOptions
{
    /// <summary>The time zone of the cron fields. Default UTC.</summary>
    public TimeZoneInfo TimeZone { get; set; } = TimeZoneInfo.Utc;

    /// <summary>What becomes of missed occurrences. Default: one run for all.</summary>
    public MisfireMode Misfire { get; set; }
}

/// <summary>Adds, changes, removes and triggers recurring jobs; shared with genuine Hangfire servers on the same database. Thread-safe.</summary>
public sealed class RecurringJobManager
{
    private readonly JobStore _store;
    private readonly LocalWorkers _workers;
    private readonly RecurringRuns _runs;
    private readonly TimeProvider _clock;

    internal RecurringJobManager(JobStore store, LocalWorkers workers, RecurringRuns runs, TimeProvider clock)
    {
        _store = store;
        _workers = workers;
        _runs = runs;
        _clock = clock;
    }

    /// <summary>Adds a recurring job, or changes the one with this id; a changed schedule counts from now.</summary>
    /// <param name="id">Its id, 1 to 100 characters.</param>
    /// <param name="job">What it runs; its queue is used, its due time is not.</param>
    /// <param name="cron">When, see <see cref="CronSchedule"/>.</param>
    /// <param name="options">How; null for the defaults.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="CronFormatException">The schedule is no cron expression.</exception>
    public Task AddOrUpdateAsync(string id, JobRequest job, string cron, RecurringJobOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(job);
        var payload = new InvocationData(
            NamedJob.TypeName, "Run", ["System.String", "System.Object[], mscorlib"], [JobJson.Quote(job.Name), job.ArgumentsJson],
            job.Queue == JobQueues.Default ? null : job.Queue);
        return AddOrUpdateAsync(id, payload, job.Queue, cron, options, cancellationToken);
    }

    /// <summary>Removes a recurring job; runs that exist are not affected.</summary>
    public async Task RemoveIfExistsAsync(string id, CancellationToken cancellationToken = default)
    {
        await using var held = await LockAsync(id, cancellationToken);
        var unit = new WriteUnit();
        _store.AddHashRemoval(unit, RecurringRuns.KeyOf(id));
        _store.AddSetRemoval(unit, JobStore.RecurringJobs, id);
        await _store.Database.CommitAsync(unit, cancellationToken: cancellationToken);
    }

    /// <summary>Runs a recurring job now, besides its schedule.</summary>
    /// <returns>The id of the run; null where there is no such recurring job or its job cannot be read.</returns>
    public async Task<long?> TriggerAsync(string id, CancellationToken cancellationToken = default)
    {
        await using var held = await LockAsync(id, cancellationToken);
        var hash = await _store.HashAsync(RecurringRuns.KeyOf(id), cancellationToken);
        if (hash.Count == 0)
            return null;
        var unit = new WriteUnit();
        var run = await _runs.AddTriggeredAsync(unit, id, hash, cancellationToken);
        await _store.Database.CommitAsync(unit, cancellationToken: cancellationToken);
        _workers.Signal();
        _workers.RecurringChanged?.Invoke();
        return run;
    }

    /// <summary>Stops a recurring job's schedule until it is resumed; it can still be triggered.</summary>
    /// <returns>False where there is no such recurring job.</returns>
    public Task<bool> PauseAsync(string id, CancellationToken cancellationToken = default) => RescheduleAsync(id, resume: false, cancellationToken);

    /// <summary>Lets a recurring job's schedule go on from now.</summary>
    /// <returns>False where there is no such recurring job, or its schedule cannot be read.</returns>
    public Task<bool> ResumeAsync(string id, CancellationToken cancellationToken = default) => RescheduleAsync(id, resume: true, cancellationToken);

    internal async Task AddOrUpdateAsync(
        string id, InvocationData payload, string queue, string cron, RecurringJobOptions? options, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(id);
        if (id.Length > 100)
            throw new ArgumentException($"The id of a recurring job has {id.Length} characters; allowed are 1 to 100.", nameof(id));
        options ??= new RecurringJobOptions();
        var schedule = CronSchedule.Parse(cron);
        await using var held = await LockAsync(id, cancellationToken);
        var key = RecurringRuns.KeyOf(id);
        var hash = await _store.HashAsync(key, cancellationToken);
        var now = _store.Now();
        var unit = new WriteUnit();
        void Set(string field, string value)
        {
            if (!hash.TryGetValue(field, out var old) || old != value)
                _store.AddHashField(unit, key, field, value);
        }

        var isChanged = hash.GetValueOrDefault("Cron") != cron
            || hash.GetValueOrDefault("TimeZoneId") != options.TimeZone.Id
            || !string.IsNullOrEmpty(hash.GetValueOrDefault("Error"))
            || !hash.ContainsKey("NextExecution");
        Set("Queue", queue);
        Set("Cron", cron);
        Set("TimeZoneId", options.TimeZone.Id);
        Set("Job", payload.ShortText());
        if (!hash.ContainsKey("CreatedAt"))
            Set("CreatedAt", JobTime.Format(now));
        if (options.Misfire != MisfireMode.Relaxed || hash.ContainsKey("Misfire"))
            Set("Misfire", ((int)options.Misfire).ToString(System.Globalization.CultureInfo.InvariantCulture));
        Set("V", "2");
        if (hash.ContainsKey("RetryAttempt"))
            Set("RetryAttempt", "0");
        if (hash.ContainsKey("Error"))
            Set("Error", "");
        if (isChanged)
        {
            var next = schedule.Next(_clock.GetUtcNow(), options.TimeZone)?.UtcDateTime;
            Set("NextExecution", next is { } n ? JobTime.Format(n) : "");
            _store.AddSetMember(unit, JobStore.RecurringJobs, next is { } s ? JobTime.Score(s) : -1, id);
        }

        await _store.Database.CommitAsync(unit, cancellationToken: cancellationToken);
        _workers.RecurringChanged?.Invoke();
    }

    private async Task<bool> RescheduleAsync(string id, bool resume, CancellationToken cancellationToken)
    {
        await using var held = await LockAsync(id, cancellationToken);
        var key = RecurringRuns.KeyOf(id);
        var hash = await _store.HashAsync(key, cancellationToken);
        if (hash.Count == 0)
            return false;
        DateTime? next = null;
        if (resume)
        {
            if (!CronSchedule.TryParse(hash.GetValueOrDefault("Cron"), out var schedule, out _)
                || !TimeZoneInfo.TryFindSystemTimeZoneById(RecurringRuns.ZoneIdOf(hash), out var zone))
            {
                return false;
            }

            next = schedule.Next(_clock.GetUtcNow(), zone)?.UtcDateTime;
        }

        var unit = new WriteUnit();
        _store.AddHashField(unit, key, "NextExecution", next is { } n ? JobTime.Format(n) : "");
        // What was missed while it was paused is not made up for.
        if (resume)
            _store.AddHashField(unit, key, "LastExecution", JobTime.Format(_store.Now()));
        _store.AddSetMember(unit, JobStore.RecurringJobs, next is { } s ? JobTime.Score(s) : -1, id);
        await _store.Database.CommitAsync(unit, cancellationToken: cancellationToken);
        _workers.RecurringChanged?.Invoke();
        return true;
    }

    private Task<JobLocks> LockAsync(string id, CancellationToken cancellationToken) =>
        JobLocks.AcquireAsync(_store, _clock, "lock:recurring-job:" + id, TimeSpan.FromSeconds(15), cancellationToken);
}
