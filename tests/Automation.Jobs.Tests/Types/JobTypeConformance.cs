using Automation.Jobs.Server;
using Automation.Jobs.Tests.Support;
using Automation.Jobs.Types;
using Automation.Storage;
using Automation.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Automation.Jobs.Tests.Types;

public sealed class SqliteJobTypeConformance() : JobTypeConformance(DatabaseProvider.Sqlite);

public sealed class PostgresJobTypeConformance() : JobTypeConformance(DatabaseProvider.PostgreSql);

/// <summary>Counts and durations by type of job.</summary>
public abstract class JobTypeConformance(DatabaseProvider provider) : IAsyncDisposable
{
    private readonly ManualClock _clock = new(new DateTimeOffset(2026, 1, 15, 10, 30, 0, TimeSpan.Zero));
    private readonly Recorder _recorder = new();
    private JobsHost _host = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Figures_of_types_outlive_their_jobs_and_a_restart()
    {
        await CreateAsync();
        var first = await _host.Client.EnqueueAsync(new JobRequest("mail"), Token);
        await _host.StateAsync(first, JobStates.Succeeded);
        _recorder.Do = (context, _) => context.Attempt < 2 ? throw new TimeoutException() : throw new InvalidOperationException();
        var second = await _host.Client.EnqueueAsync(new JobRequest("bill"), Token);
        await _host.StateAsync(second, JobStates.Failed);
        await _host.StopAsync();

        _clock.Advance(TimeSpan.FromDays(2));
        await using var later = await JobsHost.On(_host.Database, Handlers, clock: _clock).StartAsync();
        await later.Get<JobMaintenance>().RunOnceAsync(Token);
        Assert.Null(await later.Get<JobQueries>().FindAsync(first, Token));

        var types = await later.Get<JobQueries>().TypesOfLastWeekAsync(Token);
        Assert.Equal([("bill", 0L, 1L, 1L), ("mail", 1L, 0L, 0L)], types.Select(t => (t.Name, t.Succeeded, t.Failed, t.Retried)));
        Assert.NotNull(types[1].Median);
        Assert.NotNull(types[1].MedianWait);
        Assert.Empty(await later.Get<JobQueries>().TypesOfLastDayAsync(Token));
    }

    [Fact]
    public async Task Nodes_add_to_the_same_figures_and_old_ones_are_forgotten()
    {
        await CreateAsync();
        await using var other = await JobsHost.On(_host.Database, Handlers, clock: _clock).StartAsync();
        for (var i = 0; i < 3; i++)
        {
            foreach (var host in new[] { _host, other })
                await host.StateAsync(await host.Client.EnqueueAsync(new JobRequest("mail"), Token), JobStates.Succeeded);
        }

        await _host.StopAsync();
        await other.StopAsync();
        var queries = _host.Get<JobQueries>();
        Assert.Equal(6, Assert.Single(await queries.TypesOfLastDayAsync(Token)).Succeeded);
        Assert.Equal(6, Assert.Single(await queries.TypesOfLastWeekAsync(Token)).Succeeded);

        _clock.Advance(TimeSpan.FromDays(3));
        await _host.Get<JobTypeStats>().ForgetAsync(Token);
        var left = await _host.SelectAsync("SELECT DISTINCT period FROM job_type_stats");
        Assert.Equal("2026-01-15", Assert.Single(left).Text("period"));
    }

    private async Task CreateAsync()
    {
        _host = await JobsHost.CreateAsync(provider, Handlers, clock: _clock);
        await _host.StartAsync();
    }

    private void Handlers(IServiceCollection services)
    {
        services.AddSingleton(_recorder);
        services.AddJobHandler<RecordingHandler>("mail");
        services.AddJobHandler<RecordingHandler>("bill", r => (r.Attempts, r.Delays) = (1, [TimeSpan.Zero]));
    }
}
