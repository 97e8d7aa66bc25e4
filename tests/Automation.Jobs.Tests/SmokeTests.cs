using Automation.Jobs.Tests.Support;
using Automation.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace Automation.Jobs.Tests;

public sealed class SmokeTests
{
    [Theory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task A_job_runs_and_succeeds(DatabaseProvider provider)
    {
        var recorder = new Recorder();
        await using var host = await JobsHost.CreateAsync(provider, s => s.AddSingleton(recorder).AddJobHandler<RecordingHandler>("greet"));
        var before = await host.Client.EnqueueAsync(new JobRequest("greet", "early"));
        await host.StartAsync();
        await host.StateAsync(before, JobStates.Succeeded);
        var after = await host.Client.EnqueueAsync(new JobRequest("greet", "late", 2));
        await host.StateAsync(after, JobStates.Succeeded);
        var unknown = await host.Client.EnqueueAsync(new JobRequest("nobody"));
        await host.StateAsync(unknown, JobStates.Failed);
        var later = await host.Client.EnqueueAsync(new JobRequest("greet") { DueAt = DateTimeOffset.UtcNow.AddMilliseconds(100) });
        await host.StateAsync(later, JobStates.Succeeded);
        Assert.Equal(3, recorder.Runs.Count);
    }
}
