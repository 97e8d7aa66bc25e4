using System.Globalization;
using Automation.Jobs.Serialization;
using Automation.Jobs.Store;
using Automation.Storage.Writes;
using Microsoft.Extensions.Logging;

namespace Automation.Jobs.Server;

/// <summary>Runs one job and says how it ended; never throws.</summary>
internal sealed partial class JobRunner(
    JobHandlers handlers, TypedJobs typedJobs, JobStore store, JobOptions options, TimeProvider clock, ILogger<JobRunner> logger)
{
    public async Task<Completion> RunAsync(ClaimedJob job)
    {
        var retryCount = JobParameters.Int(job.Parameters, JobParameters.RetryCount) ?? 0;
        var call = Resolve(job, out var failure);
        var run = new JobRun(job, store, RetryOf(job, call), retryCount, clock.GetTimestamp(), clock);
        job.Run = run;
        var name = call?.Name ?? NameOf(job);
        if (call is null)
            return new Completion(run, name, JobOutcome.Failed, failure) { IsParked = true };
        if (job.IsRevoked)
            return new Completion(run, name, JobOutcome.Discarded, null);

        var (culture, uiCulture) = (CultureInfo.CurrentCulture, CultureInfo.CurrentUICulture);
        try
        {
            RestoreCulture(job);
            await call.RunAsync(run);
            return new Completion(run, name, JobOutcome.Succeeded, null);
        }
        catch (Exception) when (run.SuccessCommitted)
        {
            // The job's end is stored; what the handler does after that cannot change it.
            return new Completion(run, name, JobOutcome.Succeeded, null);
        }
        catch (WriteConflictException e) when (run.SuccessAdded && store.IsJobGuard(e.Statement))
        {
            // The handler's unit held the job's end, and the job is not ours any more.
            return new Completion(run, name, JobOutcome.Discarded, e);
        }
        catch (JobLoadException e)
        {
            return new Completion(run, name, JobOutcome.Failed, e) { IsParked = true };
        }
        catch (Exception e)
        {
            return run.Cause switch
            {
                CancelCause.Stopping when e is OperationCanceledException => new Completion(run, name, JobOutcome.Released, null),
                CancelCause.Revoked or CancelCause.LeaseLost => new Completion(run, name, JobOutcome.Discarded, e),
                _ => new Completion(run, name, JobOutcome.Failed, e),
            };
        }
        finally
        {
            CultureInfo.CurrentCulture = culture;
            CultureInfo.CurrentUICulture = uiCulture;
        }
    }

    private JobCall? Resolve(ClaimedJob job, out Exception? failure)
    {
        failure = null;
        try
        {
            if (job.Request is { } request)
                return Named(request.Name, () => InvocationData.ReadNamedArguments(request.ArgumentsJson));
            var data = InvocationData.ReadJob(job.Invocation, job.Arguments);
            if (!data.IsNamed)
                return typedJobs.Resolve(data);
            var (name, arguments) = data.Named();
            return Named(name, () => arguments);
        }
        catch (Exception e)
        {
            // Whatever is wrong with one stored job, it is this job's failure and nobody else's.
            LogUnreadable(job.Id, e.Message);
            failure = e as JobLoadException ?? new JobLoadException(e.Message, e);
            return null;
        }
    }

    /// <summary>What a job is called that cannot be run here.</summary>
    private static string NameOf(ClaimedJob job)
    {
        try
        {
            return job.Request?.Name ?? InvocationData.ReadJob(job.Invocation, job.Arguments).DisplayName;
        }
        catch (JobLoadException)
        {
            return "(unreadable)";
        }
    }

    private NamedCall Named(string name, Func<IReadOnlyList<string>> arguments) =>
        handlers.Find(name) is { } entry
            ? new NamedCall(name, entry, arguments())
            : throw new JobLoadException($"{JobMaintenance.NoHandler} \"{name}\". The job runs when a server starts that has one.");

    private JobRetryOptions RetryOf(ClaimedJob job, JobCall? call)
    {
        var retry = call?.Retry ?? new JobRetryOptions { Attempts = options.RetryAttempts };
        return JobParameters.Int(job.Parameters, JobParameters.MaxAttempts) is { } attempts ? retry.With(Math.Max(0, attempts - 1)) : retry;
    }

    private static void RestoreCulture(ClaimedJob job)
    {
        if (!job.HasParameters)
            return;
        try
        {
            if (JobParameters.Text(job.Parameters, JobParameters.CurrentCulture) is { } culture)
            {
                CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo(culture);
                CultureInfo.CurrentUICulture = CultureInfo.GetCultureInfo(JobParameters.Text(job.Parameters, JobParameters.CurrentUICulture) ?? culture);
            }
        }
        catch (CultureNotFoundException)
        {
            // A culture of the machine that created the job; here it runs in the server's.
        }
    }

    [LoggerMessage(LogLevel.Warning, "Job {JobId} cannot be read and is parked as failed: {Reason}")]
    private partial void LogUnreadable(long jobId, string reason);

    private sealed class NamedCall(string name, JobHandlers.Entry entry, IReadOnlyList<string> arguments) : JobCall(name, entry.Retry)
    {
        public override Task RunAsync(JobRun run) => entry.Handler.RunAsync(new JobContext(run, Name, arguments), run.Cancellation);
    }
}

/// <summary>What a job calls.</summary>
internal abstract class JobCall(string name, JobRetryOptions retry)
{
    public string Name { get; } = name;

    public JobRetryOptions Retry { get; } = retry;

    public abstract Task RunAsync(JobRun run);
}
