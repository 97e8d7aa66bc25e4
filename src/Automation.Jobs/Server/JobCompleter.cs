using System.Threading.Channels;
using Automation.Jobs.Serialization;
using Automation.Jobs.Store;
using Automation.Jobs.Types;
using Automation.Storage;
using Automation.Storage.Writes;
using Microsoft.Extensions.Logging;

namespace Automation.Jobs.Server;

/// <summary>The end of a run, to be stored.</summary>
internal sealed class Completion(JobRun run, string name, JobOutcome outcome, Exception? exception)
{
    public JobRun Run { get; } = run;

    public string Name { get; } = name;

    public JobOutcome Outcome { get; set; } = outcome;

    public Exception? Exception { get; set; } = exception;

    /// <summary>Its notes in the unit that is being committed.</summary>
    public UnstoredNotes? Notes { get; set; }

    /// <summary>It cannot be run here, however often it is tried.</summary>
    public bool IsParked { get; init; }
}

/// <summary>
/// Stores how jobs ended. While one commit runs the next batch gathers, so the busier the server, the more ends share
/// a unit and its counters.
/// </summary>
internal sealed partial class JobCompleter(
    JobStore store, LocalWorkers workers, JobTransitions transitions, JobMetrics metrics, JobTypeStats types, TimeProvider clock, ILogger<JobCompleter> logger)
{
    private const int MostAtOnce = 256;
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(500);

    private readonly Channel<Completion> _ended = Channel.CreateBounded<Completion>(new BoundedChannelOptions(4 * MostAtOnce));
    private readonly Random _random = new();

    /// <summary>Takes the end of a run; waits where the database does not keep up. What the handler's own unit has stored needs no turn.</summary>
    public ValueTask AddAsync(Completion completion) =>
        IsStored(completion) ? FinishAsync(completion) : _ended.Writer.WriteAsync(completion);

    /// <summary>No more ends come.</summary>
    public void Complete() => _ended.Writer.TryComplete();

    public async Task RunAsync()
    {
        var batch = new List<Completion>(MostAtOnce);
        while (await _ended.Reader.WaitToReadAsync())
        {
            while (batch.Count < MostAtOnce && _ended.Reader.TryRead(out var completion))
                batch.Add(completion);
            await StoreAsync(batch);
            batch.Clear();
        }
    }

    private async Task StoreAsync(List<Completion> batch)
    {
        var remaining = batch.Where(c => !IsStored(c)).ToList();
        if (remaining.Count > 0 && await TryCommitAsync(remaining) is not null)
        {
            // One of them lost its job, or holds something the database refuses: each on its own then.
            foreach (var completion in remaining)
                await StoreOneAsync(completion);
        }

        foreach (var completion in batch)
            await FinishAsync(completion);
    }

    private async Task StoreOneAsync(Completion completion)
    {
        var refusal = await TryCommitAsync([completion]);
        if (refusal is null)
            return;
        if (refusal is WriteConflictException conflict && store.IsJobGuard(conflict.Statement))
        {
            completion.Outcome = JobOutcome.Discarded;
        }
        else
        {
            completion.Outcome = JobOutcome.Failed;
            completion.Exception = refusal;
        }

        if (await TryCommitAsync([completion]) is { } again)
            LogNotStored(completion.Run.Job.Id, again);
    }

    // The handler's own unit held it.
    private static bool IsStored(Completion completion) => completion.Run.SuccessCommitted && completion.Outcome == JobOutcome.Succeeded && !completion.Run.HasNotes;

    /// <summary>Commits ends together, trying for as long as the database is away.</summary>
    /// <returns>Null, or why one of them cannot be stored as it is.</returns>
    private async Task<Exception?> TryCommitAsync(List<Completion> completions)
    {
        while (true)
        {
            try
            {
                var unit = await BuildAsync(completions);
                if (unit.Count > 0)
                    await store.Database.CommitAsync(unit);
                return null;
            }
            catch (StorageUnavailableException)
            {
                PutNotesBack(completions);
                await Task.Delay(RetryDelay, clock);
            }
            catch (Exception e)
            {
                PutNotesBack(completions);
                return e;
            }
        }
    }

    private static void PutNotesBack(List<Completion> completions)
    {
        foreach (var completion in completions)
        {
            if (completion.Notes is { } notes)
                completion.Run.PutBack(notes);
            completion.Notes = null;
        }
    }

    private async ValueTask<WriteUnit> BuildAsync(List<Completion> completions)
    {
        var unit = new WriteUnit();
        var succeeded = new List<JobRun>(completions.Count);
        int failed = 0, deleted = 0;
        foreach (var completion in completions)
        {
            var (run, job) = (completion.Run, completion.Run.Job);
            completion.Notes = run.AddNotes(unit);
            if (run.SuccessCommitted)
                continue;
            switch (completion.Outcome)
            {
                case JobOutcome.Succeeded:
                    succeeded.Add(run);
                    break;
                case JobOutcome.Failed or JobOutcome.Retried or JobOutcome.Deleted:
                    completion.Outcome = await AddFailureAsync(unit, completion);
                    failed += completion.Outcome == JobOutcome.Failed ? 1 : 0;
                    deleted += completion.Outcome == JobOutcome.Deleted ? 1 : 0;
                    break;
                case JobOutcome.Released:
                    store.AddRelease(unit, job.QueueRowId, job.FetchedAt);
                    break;
                default:
                    store.AddGivenUp(unit, job);
                    break;
            }
        }

        var now = store.Now();
        if (succeeded.Count > 0)
        {
            store.AddSuccesses(unit, succeeded);
            store.AddStatistics(unit, "succeeded", now, succeeded.Count);
        }

        if (failed > 0)
            store.AddStatistics(unit, "failed", now, failed);
        if (deleted > 0)
            store.AddStatistics(unit, "deleted", now, deleted);
        return unit;
    }

    private async ValueTask<JobOutcome> AddFailureAsync(WriteUnit unit, Completion completion)
    {
        var (run, job, retry) = (completion.Run, completion.Run.Job, completion.Run.Retry);
        var exception = completion.Exception!;
        var now = store.NowAfter(job.Version);
        var failed = StateRow.Failed(now, exception, job.Identity.ServerId, completion.IsParked ? exception.Message : null);
        store.AddAcknowledge(unit, job.QueueRowId);
        if (completion.IsParked || !retry.Covers(exception))
        {
            store.AddTransition(unit, job.Id, job.Version, failed, job.HasParameters);
            if (completion.IsParked && exception.Message.StartsWith(JobMaintenance.NoHandler, StringComparison.Ordinal))
                store.AddSetMember(unit, JobStore.Parked, job.Id, job.Id.ToString(System.Globalization.CultureInfo.InvariantCulture));
            return JobOutcome.Failed;
        }

        var attempt = run.RetryCount + 1;
        if (attempt > retry.Attempts)
        {
            if (retry.OnAttemptsExceeded == AttemptsExceeded.Fail)
            {
                store.AddTransition(unit, job.Id, job.Version, failed, job.HasParameters);
                return JobOutcome.Failed;
            }

            store.AddTransition(
                unit, job.Id, job.Version, StateRow.Deleted(now.AddMicroseconds(1), "All attempts have failed.", exception), job.HasParameters, before: failed);
            unit.Add(JobBatches.FinishMember, job.Id);
            return JobOutcome.Deleted;
        }

        var delay = retry.DelayBefore(attempt, _random);
        var reason = $"Retry attempt {attempt} of {retry.Attempts}: {Shorten(exception.Message)}";
        store.AddParameter(unit, job.Id, JobParameters.RetryCount, attempt.ToString(System.Globalization.CultureInfo.InvariantCulture));
        if (delay <= TimeSpan.Zero)
        {
            var rowId = await transitions.QueueRowIds.NextAsync(CancellationToken.None);
            store.AddTransition(unit, job.Id, job.Version, StateRow.Enqueued(now.AddMicroseconds(1), job.Queue, reason), job.HasParameters, before: failed);
            store.AddQueueRow(unit, rowId, job.Id, job.Queue);
            unit.OnCommitted(workers.Signal);
            return JobOutcome.Retried;
        }

        var due = now + delay;
        var id = job.Id.ToString(System.Globalization.CultureInfo.InvariantCulture);
        store.AddTransition(unit, job.Id, job.Version, StateRow.Scheduled(now.AddMicroseconds(1), due, reason), job.HasParameters, before: failed);
        store.AddSetMember(unit, JobStore.Schedule, JobTime.Score(due), JobTransitions.ScheduleMember(job.Id, JobQueueOf(job)));
        store.AddSetMember(unit, JobStore.Retries, 0, id);
        unit.OnCommitted(() => workers.Scheduled?.Invoke(due));
        return JobOutcome.Retried;
    }

    private async ValueTask FinishAsync(Completion completion)
    {
        var run = completion.Run;
        workers.LetGo(run.Job);
        metrics.Ended(completion);
        types.Ended(completion);
        Log(completion);
        try
        {
            var state = completion.Outcome switch
            {
                JobOutcome.Succeeded => JobStates.Succeeded,
                JobOutcome.Deleted => JobStates.Deleted,
                _ => null,
            };
            if (state == JobStates.Deleted)
            {
                await transitions.AfterEndAsync(run.Job.Id, state, CancellationToken.None);
            }
            else if (state is not null)
            {
                if (run.Continuations?.Rows.FirstOrDefault(r => r[0].AsInteger == run.Job.Id) is { } continuations)
                    await transitions.ContinueAsync(state, Continuation.ReadAll(continuations[1].AsText), CancellationToken.None);
                if (run.Job.HasParameters && JobParameters.Text(run.Job.Parameters, JobParameters.BatchId) is { } batch)
                    await transitions.FinishBatchAsync(batch, CancellationToken.None);
            }
        }
        catch (Exception e)
        {
            LogAfterEnd(run.Job.Id, e);
        }

        run.Dispose();
    }

    private static string? JobQueueOf(ClaimedJob job)
    {
        if (job.Request is { } request)
            return request.Queue == JobQueues.Default ? null : request.Queue;
        try
        {
            return InvocationData.ReadJob(job.Invocation, job.Arguments).Queue;
        }
        catch (JobLoadException)
        {
            return null;
        }
    }

    private static string Shorten(string message) => message.Length > 50 ? message[..49] + "…" : message;

    private void Log(Completion completion)
    {
        var run = completion.Run;
        switch (completion.Outcome)
        {
            case JobOutcome.Succeeded when logger.IsEnabled(LogLevel.Information):
                LogEnd(run.Job.Id, completion.Name, "succeeded", (long)run.Elapsed.TotalMilliseconds, run.RetryCount + 1);
                break;
            case JobOutcome.Retried:
                LogRetry(run.Job.Id, completion.Name, (long)run.Elapsed.TotalMilliseconds, run.RetryCount + 1, completion.Exception!.Message);
                break;
            case JobOutcome.Failed or JobOutcome.Deleted:
                LogFailure(run.Job.Id, completion.Name, (long)run.Elapsed.TotalMilliseconds, run.RetryCount + 1, completion.Exception);
                break;
            case JobOutcome.Released:
                LogEnd(run.Job.Id, completion.Name, "put back", (long)run.Elapsed.TotalMilliseconds, run.RetryCount + 1);
                break;
            case JobOutcome.Discarded:
                LogEnd(run.Job.Id, completion.Name, "discarded", (long)run.Elapsed.TotalMilliseconds, run.RetryCount + 1);
                break;
        }
    }

    [LoggerMessage(LogLevel.Information, "Job {JobId} {JobName} {Outcome} after {ElapsedMs} ms (attempt {Attempt})")]
    private partial void LogEnd(long jobId, string jobName, string outcome, long elapsedMs, int attempt);

    [LoggerMessage(LogLevel.Information, "Job {JobId} {JobName} failed after {ElapsedMs} ms (attempt {Attempt}) and will be tried again: {Error}")]
    private partial void LogRetry(long jobId, string jobName, long elapsedMs, int attempt, string error);

    [LoggerMessage(LogLevel.Warning, "Job {JobId} {JobName} failed after {ElapsedMs} ms (attempt {Attempt}) and gives up")]
    private partial void LogFailure(long jobId, string jobName, long elapsedMs, int attempt, Exception? exception);

    [LoggerMessage(LogLevel.Error, "The end of job {JobId} could not be stored")]
    private partial void LogNotStored(long jobId, Exception exception);

    [LoggerMessage(LogLevel.Warning, "What follows job {JobId} could not be started; trying again later")]
    private partial void LogAfterEnd(long jobId, Exception exception);
}
