using Automation.Jobs;
using Automation.Workflows.Runtime;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Automation.Workflows.Retention;

/// <summary>Runs the sweep as a recurring job.</summary>
internal sealed class RetentionJob(RetentionSweep sweep) : IJobHandler
{
    public async Task RunAsync(JobContext context, CancellationToken cancellationToken)
    {
        var deleted = await sweep.RunAsync(cancellationToken);
        if (deleted > 0)
            context.Log($"Deleted {deleted} ended workflow instances; the longest commit took {sweep.LongestCommit.TotalMilliseconds:0} ms");
    }
}

/// <summary>Keeps the recurring job as the options say.</summary>
internal sealed class RetentionSchedule(RecurringJobManager recurring, IOptions<RetentionOptions> options) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken) =>
        options.Value is { Age.Ticks: 0, Count: 0, MaxBytes: 0 }
            ? recurring.RemoveIfExistsAsync(WorkflowJobs.Retention, cancellationToken)
            : recurring.AddOrUpdateAsync(WorkflowJobs.Retention, new JobRequest(WorkflowJobs.Retention), options.Value.Cron, cancellationToken: cancellationToken);

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}

/// <summary>Says at the start what is wrong with the options.</summary>
internal sealed class RetentionOptionsValidator : IValidateOptions<RetentionOptions>
{
    public ValidateOptionsResult Validate(string? name, RetentionOptions options) =>
        CronSchedule.TryParse(options.Cron, out _, out var error)
            ? ValidateOptionsResult.Success
            : ValidateOptionsResult.Fail($"Automation:Workflows:Retention:Cron is \"{options.Cron}\", which is no cron expression: {error}");
}
