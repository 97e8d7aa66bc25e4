using Automation.Jobs.Serialization;
using Automation.Jobs.Server;
using Automation.Storage;
using Automation.Storage.Writes;

namespace Automation.Jobs.Store;

/// <summary>
/// Reads and writes Hangfire's tables. Writes are rows added to a unit; those that change a job are guarded by its
/// version, the time of its current state, so that whoever comes second conflicts.
/// </summary>
internal abstract class JobStore(Database database, TimeProvider clock)
{
    public const string Schedule = "schedule";
    public const string Retries = "retries";
    public const string AwaitingSet = "awaiting";

    /// <summary>Failed jobs for which no server had a handler, by id; ours alone, so that a start finds them among millions.</summary>
    public const string Parked = "parked";

    public const string RecurringJobs = "recurring-jobs";

    /// <summary>How long a finished job stays.</summary>
    public TimeSpan Retention { get; set; } = TimeSpan.FromDays(1);

    /// <summary>The server in whose name locks are held; empty for a process that runs no jobs.</summary>
    public string ServerId { get; set; } = "";

    public Database Database { get; } = database;

    protected TimeProvider Clock { get; } = clock;

    public static JobStore For(Database database, TimeProvider clock) =>
        database.Provider == DatabaseProvider.Sqlite ? new SqliteJobStore(database, clock) : new PostgresJobStore(database, clock);

    public DateTime Now() => JobTime.Now(Clock);

    /// <summary>The time for a new state of a job: now, but always later than its current state, whatever the clock does.</summary>
    public DateTime NowAfter(DateTime version)
    {
        var now = Now();
        return now > version ? now : version.AddMicroseconds(1);
    }

    /// <summary>True for the guards of a job: a conflict on one means that somebody else has changed it.</summary>
    public abstract bool IsJobGuard(SqlStatement statement);

    /// <summary>Adds the rows of a new job.</summary>
    public abstract void AddJob(WriteUnit unit, NewJob job);

    /// <summary>Moves a job on; conflicts where its current state is not the one of this version.</summary>
    /// <param name="unit">Takes the rows.</param>
    /// <param name="jobId">The job.</param>
    /// <param name="version">When it came into the state it must be in.</param>
    /// <param name="state">The state it comes into.</param>
    /// <param name="hasParameters">Whether its parameters may have to expire or to stay with it.</param>
    /// <param name="wasFinal">Whether it was about to expire.</param>
    /// <param name="before">A state that goes into the history before it, as a failure does that is tried again.</param>
    public abstract void AddTransition(
        WriteUnit unit, long jobId, DateTime version, StateRow state, bool hasParameters = true, bool wasFinal = false, StateRow? before = null);

    /// <summary>Adds the ends of runs that have succeeded; conflicts where one of them has lost its job.</summary>
    public virtual void AddSuccesses(WriteUnit unit, IReadOnlyList<JobRun> runs)
    {
        foreach (var run in runs)
            run.AddSuccessRows(unit, run.ResultJson);
    }

    /// <summary>Reads, in the commit of a job's end, what is to go on after it: rows of job and list.</summary>
    public abstract RowSet AddContinuationsQuery(WriteUnit unit, long jobId);

    /// <summary>Adds a row to a job's history without making it its state.</summary>
    public abstract void AddHistory(WriteUnit unit, long jobId, StateRow state);

    /// <summary>Puts a job into a queue and, on PostgreSQL, tells all servers.</summary>
    public abstract void AddQueueRow(WriteUnit unit, long rowId, long jobId, string queue);

    /// <summary>Takes a job's queue row away; goes with a guarded transition, which fails for whoever lost the job.</summary>
    public abstract void AddAcknowledge(WriteUnit unit, long rowId);

    /// <summary>Takes a queue row away, whoever holds it.</summary>
    public abstract void AddDropQueueRow(WriteUnit unit, long rowId, DateTime? fetchedAt);

    /// <summary>Lets go of a job whose run does not count: somebody else has moved it; where nobody has, it goes back into its queue.</summary>
    public void AddGivenUp(WriteUnit unit, ClaimedJob job)
    {
        AddDropQueueRowOfMoved(unit, job);
        AddRelease(unit, job.QueueRowId, job.FetchedAt);
    }

    /// <summary>Takes away the queue row of a run whose job has moved on since.</summary>
    protected abstract void AddDropQueueRowOfMoved(WriteUnit unit, ClaimedJob job);

    /// <summary>Puts a taken job back into its queue; nothing happens where somebody else has taken it.</summary>
    public abstract void AddRelease(WriteUnit unit, long rowId, DateTime? fetchedAt);

    /// <summary>Tells genuine servers that a job still runs.</summary>
    public abstract void AddRenewal(WriteUnit unit, long rowId, DateTime fetchedAt, DateTime renewedAt);

    public abstract void AddSetMember(WriteUnit unit, string key, double score, string value);

    public abstract void AddSetRemoval(WriteUnit unit, string key, string value);

    public abstract void AddHashField(WriteUnit unit, string key, string field, string value);

    /// <summary>Changes a hash field that must have a value; conflicts where it has another.</summary>
    public abstract void AddHashFieldChange(WriteUnit unit, string key, string field, string from, string to);

    public abstract void AddHashRemoval(WriteUnit unit, string key);

    public abstract void AddParameter(WriteUnit unit, long jobId, string name, string value);

    /// <summary>Counts jobs that ended: the total (for succeeded and deleted), the day and the hour.</summary>
    public abstract void AddStatistics(WriteUnit unit, string kind, DateTime at, long count);

    /// <summary>Adds to the total of a kind alone: a job that leaves a final state is taken off again.</summary>
    public abstract void AddTotal(WriteUnit unit, string kind, long count);

    /// <summary>Takes jobs out of a queue into Processing, as many as there are up to a number.</summary>
    public abstract Task<ClaimResult> ClaimAsync(string queue, int most, ServerIdentity identity, string workerId, CancellationToken cancellationToken);

    public abstract Task<long[]> ReserveIdsAsync(IdTable table, int count, CancellationToken cancellationToken);

    public abstract Task<JobRecord?> FindAsync(long jobId, CancellationToken cancellationToken);

    public abstract Task<Dictionary<string, string?>> ParametersAsync(long jobId, CancellationToken cancellationToken);

    /// <summary>Members of a sorted set with a score in a range, lowest first.</summary>
    public abstract Task<List<(string Value, double Score)>> RangeAsync(string key, double from, double to, int most, CancellationToken cancellationToken);

    public abstract Task<Dictionary<string, string>> HashAsync(string key, CancellationToken cancellationToken);

    /// <summary>Changes to a job's state that follow from which state it leaves and enters: totals, sets, continuations' rows.</summary>
    public void AddLeaving(WriteUnit unit, JobRecord job, string? queueOfSchedule = null)
    {
        var id = job.Id.ToString(System.Globalization.CultureInfo.InvariantCulture);
        switch (job.State)
        {
            case JobStates.Scheduled:
                AddSetRemoval(unit, Schedule, id);
                if (queueOfSchedule is not null)
                    AddSetRemoval(unit, Schedule, $"{queueOfSchedule}:{id}");
                AddSetRemoval(unit, Retries, id);
                break;
            case JobStates.Failed:
                AddSetRemoval(unit, Retries, id);
                AddSetRemoval(unit, Parked, id);
                break;
            case JobStates.Awaiting:
                AddSetRemoval(unit, AwaitingSet, id);
                break;
            case JobStates.Succeeded:
                AddTotal(unit, "succeeded", -1);
                break;
            case JobStates.Deleted:
                AddTotal(unit, "deleted", -1);
                break;
        }
    }

    /// <summary>A genuine scheduler puts a job that has a queue into it and leaves it Scheduled until it starts.</summary>
    protected void AddUnscheduled(WriteUnit unit, long jobId)
    {
        var id = jobId.ToString(System.Globalization.CultureInfo.InvariantCulture);
        AddSetRemoval(unit, Schedule, id);
        AddSetRemoval(unit, Retries, id);
    }

    protected static string StatisticsKey(string kind, DateTime at, bool hour) =>
        $"stats:{kind}:{at.ToString(hour ? "yyyy-MM-dd-HH" : "yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture)}";
}

/// <summary>The tables whose ids are reserved in blocks, so that all rows of a job are known before its commit.</summary>
internal enum IdTable
{
    Job,
    JobQueue,
}
