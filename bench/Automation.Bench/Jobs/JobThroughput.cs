using System.Diagnostics;
using Automation.Jobs;
using Automation.Storage;
using Automation.Storage.Writes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Automation.Bench.Jobs;

/// <summary>What a run of jobs took.</summary>
/// <param name="Jobs">How many jobs.</param>
/// <param name="Seconds">From the first enqueue to the last success being stored.</param>
/// <param name="P50">Median of enqueue-call to start, in milliseconds.</param>
/// <param name="P99">99th percentile of the same.</param>
/// <param name="Succeeded">Jobs that the database says have succeeded, each once.</param>
/// <param name="History">Rows of state history.</param>
/// <param name="CpuMicroseconds">Processor time of this process per job, callers included.</param>
public sealed record JobFigures(int Jobs, double Seconds, double P50, double P99, long Succeeded, long History, double CpuMicroseconds)
{
    public double PerSecond => Jobs / Seconds;
}

/// <summary>
/// Measures jobs in this process: callers that each enqueue one job per commit and wait for it, and workers that run
/// them to Succeeded. The database is synced at every commit and is asked afterwards what it holds.
/// </summary>
public static class JobThroughput
{
    public static async Task<JobFigures> RunAsync(Database database, int callers, int jobs, TimeSpan pause = default, bool ownUnit = false)
    {
        var starts = new Starts(jobs);
        var services = new ServiceCollection()
            .AddSingleton(typeof(ILogger<>), typeof(NullLogger<>))
            .AddSingleton(database)
            .AddSingleton(starts)
            .AddAutomationJobs();
        if (ownUnit)
            services.AddJobHandler<CommittingHandler>("bench");
        else
            services.AddJobHandler<NothingHandler>("bench");
        services.AddSingleton(Options.Create(new JobOptions()));
        await using var provider = services.BuildServiceProvider();
        foreach (var service in provider.GetServices<IHostedService>())
            await service.StartAsync(CancellationToken.None);

        var client = provider.GetRequiredService<JobClient>();
        var before = await CountAsync(database, JobStates.Succeeded);
        var historyBefore = await HistoryAsync(database);
        var next = -1;
        var cpu = Process.GetCurrentProcess().TotalProcessorTime;
        var watch = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, callers).Select(_ => Task.Run(async () =>
        {
            while (true)
            {
                var i = Interlocked.Increment(ref next);
                if (i >= jobs)
                    return;
                starts.Enqueued[i] = Stopwatch.GetTimestamp();
                await client.EnqueueAsync(new JobRequest("bench", i));
                if (pause > TimeSpan.Zero)
                    await Task.Delay(pause);
            }
        })));
        await starts.AllRun;
        while (await CountAsync(database, JobStates.Succeeded) - before < jobs)
            await Task.Delay(5);
        watch.Stop();
        cpu = Process.GetCurrentProcess().TotalProcessorTime - cpu;

        foreach (var service in provider.GetServices<IHostedService>())
            await service.StopAsync(CancellationToken.None);
        var waits = starts.Started.Zip(starts.Enqueued, (s, e) => Stopwatch.GetElapsedTime(e, s).TotalMilliseconds).Order().ToArray();
        return new JobFigures(
            jobs, watch.Elapsed.TotalSeconds, waits[jobs / 2], waits[(int)(jobs * 0.99)],
            await CountAsync(database, JobStates.Succeeded) - before, await HistoryAsync(database) - historyBefore, cpu.TotalMicroseconds / jobs);
    }

    /// <summary>Measures how fast a server works through jobs that wait in the queue when it starts.</summary>
    public static async Task<JobFigures> DrainAsync(Database database, int jobs)
    {
        var starts = new Starts(jobs);
        var services = new ServiceCollection()
            .AddSingleton(typeof(ILogger<>), typeof(NullLogger<>))
            .AddSingleton(database)
            .AddSingleton(starts)
            .AddAutomationJobs()
            .AddJobHandler<NothingHandler>("bench")
            .AddSingleton(Options.Create(new JobOptions()));
        await using var provider = services.BuildServiceProvider();
        var client = provider.GetRequiredService<JobClient>();
        for (var i = 0; i < jobs;)
        {
            var unit = new WriteUnit();
            for (var end = Math.Min(i + 500, jobs); i < end; i++)
                await client.EnqueueAsync(unit, new JobRequest("bench", i));
            await database.CommitAsync(unit);
        }

        var before = await CountAsync(database, JobStates.Succeeded);
        var cpu = Process.GetCurrentProcess().TotalProcessorTime;
        var watch = Stopwatch.StartNew();
        Array.Fill(starts.Enqueued, Stopwatch.GetTimestamp());
        foreach (var service in provider.GetServices<IHostedService>())
            await service.StartAsync(CancellationToken.None);
        await starts.AllRun;
        while (await CountAsync(database, JobStates.Succeeded) - before < jobs)
            await Task.Delay(5);
        watch.Stop();
        cpu = Process.GetCurrentProcess().TotalProcessorTime - cpu;
        foreach (var service in provider.GetServices<IHostedService>())
            await service.StopAsync(CancellationToken.None);
        return new JobFigures(
            jobs, watch.Elapsed.TotalSeconds, 0, 0, await CountAsync(database, JobStates.Succeeded) - before, await HistoryAsync(database),
            cpu.TotalMicroseconds / jobs);
    }

    private static readonly SqlStatement CountByState = new(
        """SELECT count(*) FROM "Job" WHERE "StateName" = $1""", "SELECT count(*) FROM hangfire.job WHERE statename = $1");

    private static readonly SqlStatement CountHistory = new("""SELECT count(*) FROM "State" """, "SELECT count(*) FROM hangfire.state");

    private static async Task<long> CountAsync(Database database, string state) =>
        (await database.QueryAsync(CountByState, CancellationToken.None, state)).Rows[0][0].AsInteger;

    private static async Task<long> HistoryAsync(Database database) =>
        (await database.QueryAsync(CountHistory, CancellationToken.None)).Rows[0][0].AsInteger;

    private sealed class Starts(int jobs)
    {
        private readonly TaskCompletionSource _all = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _count;

        public long[] Enqueued { get; } = new long[jobs];

        public long[] Started { get; } = new long[jobs];

        public Task AllRun => _all.Task;

        public void Run(int job)
        {
            if (Interlocked.Exchange(ref Started[job], Stopwatch.GetTimestamp()) != 0)
                throw new InvalidOperationException($"Job {job} ran twice.");
            if (Interlocked.Increment(ref _count) == Started.Length)
                _all.TrySetResult();
        }
    }

    private sealed class NothingHandler(Starts starts) : IJobHandler
    {
        public Task RunAsync(JobContext context, CancellationToken cancellationToken)
        {
            starts.Run(context.GetArgument<int>(0));
            return Task.CompletedTask;
        }
    }

    /// <summary>Ends its job in a unit of its own, as the workflow engine does.</summary>
    private sealed class CommittingHandler(Starts starts, Database database) : IJobHandler
    {
        public async Task RunAsync(JobContext context, CancellationToken cancellationToken)
        {
            starts.Run(context.GetArgument<int>(0));
            var unit = new WriteUnit();
            context.AddSuccessTo(unit);
            await database.CommitAsync(unit, cancellationToken: cancellationToken);
        }
    }
}
