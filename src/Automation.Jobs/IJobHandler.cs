namespace Automation.Jobs;

/// <summary>
/// Runs the jobs of one name; registered with <c>services.AddJobHandler&lt;T&gt;("name")</c>. One instance serves all jobs
/// of the name at the same time, so it keeps no state of a job in fields.
/// </summary>
public interface IJobHandler
{
    /// <summary>
    /// Runs a job. Returning means success (unless <see cref="JobContext.AddSuccessTo"/> has told it already), throwing
    /// means failure and, where attempts are left, another try later. May run again after a crash.
    /// </summary>
    /// <param name="context">The job.</param>
    /// <param name="cancellationToken">Cancelled when the job is deleted, when its lease is lost and when the server stops.</param>
    Task RunAsync(JobContext context, CancellationToken cancellationToken);
}
