using System.Collections.Concurrent;
using Automation.Jobs.Store;
using Automation.Storage.Writes;

namespace Automation.Jobs.Server;

/// <summary>How a run ended.</summary>
internal enum JobOutcome
{
    Succeeded,
    Retried,
    Failed,
    Deleted,

    /// <summary>Put back, to be run by whoever comes first.</summary>
    Released,

    /// <summary>Deleted or taken over while it ran; its result does not count.</summary>
    Discarded,
}

/// <summary>Why a run was cancelled.</summary>
internal enum CancelCause
{
    None,
    Revoked,
    Stopping,
    LeaseLost,
}

/// <summary>One run of a job in this process.</summary>
internal sealed class JobRun(ClaimedJob job, JobStore store, JobRetryOptions retry, int retryCount, long startedAt, TimeProvider clock) : IDisposable
{
    private const int MostLines = 1000;

    private readonly CancellationTokenSource _cancel = new();
    private ConcurrentQueue<JobLogLine>? _lines;

    // Notes that went into the handler's own unit, as long as it has not committed.
    private UnstoredNotes? _inUnit;
    private int _lineCount;
    private int _cause;

    public ClaimedJob Job { get; } = job;

    public JobRetryOptions Retry { get; } = retry;

    public int RetryCount { get; } = retryCount;

    /// <summary>When it started, for durations.</summary>
    public long StartedAt { get; } = startedAt;

    /// <summary>When it started, for latencies.</summary>
    public DateTime StartedAtUtc { get; } = store.Now();

    public CancellationToken Cancellation => _cancel.Token;

    public CancelCause Cause => (CancelCause)Volatile.Read(ref _cause);

    public string? ResultJson { get; set; }

    /// <summary>How long its worker has run jobs that followed one another, from the first to now.</summary>
    public TimeSpan ChainLasts => clock.GetElapsedTime(ChainStartedAt);

    /// <summary>When the first of them started.</summary>
    public long ChainStartedAt { get; } = job.ChainStartedAt ?? startedAt;

    /// <summary>Another job was promised its worker.</summary>
    public bool HasFollower { get; set; }

    /// <summary>The handler's own unit holds the job's end.</summary>
    public bool SuccessAdded { get; private set; }

    /// <summary>That unit has committed.</summary>
    public bool SuccessCommitted { get; private set; }

    /// <summary>Jobs and the parameter that lists what goes on after them, read in the commit of this run's end.</summary>
    public RowSet? Continuations { get; set; }

    public (double Percent, string? Message)? Progress { get; private set; }

    public TimeSpan Elapsed => clock.GetElapsedTime(StartedAt);

    public void AddSuccessTo(WriteUnit unit, string? resultJson)
    {
        AddSuccessRows(unit, resultJson);
        store.AddStatistics(unit, "succeeded", store.Now(), 1);
        _inUnit = AddNotes(unit);
        SuccessAdded = true;
        unit.OnCommitted(() =>
        {
            _inUnit = null;
            SuccessCommitted = true;
        });
    }

    /// <summary>The transition and the acknowledgement, without the counters.</summary>
    public void AddSuccessRows(WriteUnit unit, string? resultJson)
    {
        store.AddTransition(unit, Job.Id, Job.Version, SuccessState(resultJson), Job.HasParameters);
        store.AddAcknowledge(unit, Job.QueueRowId);
        JobBatches.AddFinished(unit, Job);
        Continuations = store.AddContinuationsQuery(unit, Job.Id);
    }

    public StateRow SuccessState(string? resultJson) =>
        StateRow.Succeeded(store.NowAfter(Job.Version), Elapsed, StartedAtUtc - Job.CreatedAt, resultJson);

    public void Cancel(CancelCause cause)
    {
        if (Interlocked.CompareExchange(ref _cause, (int)cause, (int)CancelCause.None) != (int)CancelCause.None)
            return;
        try
        {
            _cancel.Cancel();
        }
        catch (Exception e) when (e is AggregateException or ObjectDisposedException)
        {
            // A callback of the handler threw, or it has just ended: either way it has been told.
        }
    }

    public void Log(string line)
    {
        if (Interlocked.Increment(ref _lineCount) > MostLines)
            return;
        LazyInitializer.EnsureInitialized(ref _lines, static () => new ConcurrentQueue<JobLogLine>())
            .Enqueue(new JobLogLine(clock.GetUtcNow(), line));
    }

    public void ReportProgress(double percent, string? message) => Progress = (percent, message);

    /// <summary>Adds the lines and the progress that are not stored yet.</summary>
    /// <returns>What was added, to be put back where the unit does not commit; null where there was nothing.</returns>
    public UnstoredNotes? AddNotes(WriteUnit unit)
    {
        if (_inUnit is { } lost)
        {
            // The unit that they were in did not commit: these come before what has been written since.
            _inUnit = null;
            var since = new UnstoredNotes([.. _lines ?? []], Progress);
            _lines?.Clear();
            PutBack(lost);
            PutBack(since);
        }

        if (!HasNotes)
            return null;
        var notes = new UnstoredNotes([], Progress);
        while (_lines is not null && _lines.TryDequeue(out var line))
        {
            notes.Lines.Add(line);
            JobNotes.AddLine(unit, Job.Id, line);
        }

        if (Progress is var (percent, message))
        {
            Progress = null;
            JobNotes.AddProgress(unit, Job.Id, percent, message, clock.GetUtcNow());
        }

        return notes;
    }

    /// <summary>Takes notes back that were not stored.</summary>
    public void PutBack(UnstoredNotes notes)
    {
        foreach (var line in notes.Lines)
            _lines!.Enqueue(line);
        Progress ??= notes.Progress;
    }

    public bool HasNotes => Progress is not null || _inUnit is not null || _lines is { IsEmpty: false };

    public void Dispose() => _cancel.Dispose();
}

/// <summary>Lines and progress of a run on their way into the database.</summary>
internal sealed record UnstoredNotes(List<JobLogLine> Lines, (double Percent, string? Message)? Progress);
