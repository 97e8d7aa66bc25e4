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
    public static async Task<JobFigures> RunAsync(Database database, int callers, int jobs, TimeSpan pause = default, bool ownUnit = false, TimeSpan settle = default)
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
        // A server looks through what it finds stored when it starts; that is no part of running jobs.
        await Task.Delay(settle);

        var client = provider.GetRequiredService<JobClient>();
        var before = await LastAsync(database);
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
        while (await SucceededAsync(database, before.Job) < jobs)
            await Task.Delay(5);
        watch.Stop();
        cpu = Process.GetCurrentProcess().TotalProcessorTime - cpu;

        foreach (var service in provider.GetServices<IHostedService>())
            await service.StopAsync(CancellationToken.None);
        var waits = starts.Started.Zip(starts.Enqueued, (s, e) => Stopwatch.GetElapsedTime(e, s).TotalMilliseconds).Order().ToArray();
        return new JobFigures(
            jobs, watch.Elapsed.TotalSeconds, waits[jobs / 2], waits[(int)(jobs * 0.99)],
            await SucceededAsync(database, before.Job), (await LastAsync(database)).State - before.State, cpu.TotalMicroseconds / jobs);
    }

    /// <summary>Measures how fast a server works through jobs that wait in the queue when it starts.</summary>
    public static async Task<JobFigures> DrainAsync(Database database, int jobs, string queue = "default")
    {
        var starts = new Starts(jobs);
        var services = new ServiceCollection()
            .AddSingleton(typeof(ILogger<>), typeof(NullLogger<>))
            .AddSingleton(database)
            .AddSingleton(starts)
            .AddAutomationJobs()
            .AddSingleton(Options.Create(new JobOptions { Queues = [queue] }));
        // Those that wait already have the names that the filling gave them.
        foreach (var name in new[] { "bench", "crm.sync", "report.daily", "mail.send", "invoice.make", "workflow.activity" })
            services.AddJobHandler<CountingHandler>(name);
        await using var provider = services.BuildServiceProvider();
        var client = provider.GetRequiredService<JobClient>();
        for (var i = 0; i < jobs;)
        {
            var unit = new WriteUnit();
            for (var end = Math.Min(i + 500, jobs); i < end; i++)
                await client.EnqueueAsync(unit, new JobRequest("bench", i) { Queue = queue });
            await database.CommitAsync(unit);
        }

        var before = await LastAsync(database);
        var cpu = Process.GetCurrentProcess().TotalProcessorTime;
        var watch = Stopwatch.StartNew();
        Array.Fill(starts.Enqueued, Stopwatch.GetTimestamp());
        foreach (var service in provider.GetServices<IHostedService>())
            await service.StartAsync(CancellationToken.None);
        await starts.AllRun;
        watch.Stop();
        cpu = Process.GetCurrentProcess().TotalProcessorTime - cpu;
        foreach (var service in provider.GetServices<IHostedService>())
            await service.StopAsync(CancellationToken.None);
        return new JobFigures(
            jobs, watch.Elapsed.TotalSeconds, 0, 0, starts.Count, (await LastAsync(database)).State - before.State,
            cpu.TotalMicroseconds / jobs);
    }

    // Only what is new: the database may hold millions of others.
    private static readonly SqlStatement CountSucceeded = new(
        """SELECT count(*) FROM "Job" WHERE "StateName" = 'Succeeded' AND "Id" > $1""", "SELECT count(*) FROM hangfire.job WHERE statename = 'Succeeded' AND id > $1");

    private static readonly SqlStatement SelectLast = new(
        """SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'Job'), 0), coalesce((SELECT max("Id") FROM "State"), 0)""",
        "SELECT coalesce((SELECT max(id) FROM hangfire.job), 0), coalesce((SELECT max(id) FROM hangfire.state), 0)");

    private static async Task<long> SucceededAsync(Database database, long after) =>
        (await database.QueryAsync(CountSucceeded, CancellationToken.None, after)).Rows[0][0].AsInteger;

    private static async Task<(long Job, long State)> LastAsync(Database database)
    {
        var row = (await database.QueryAsync(SelectLast, CancellationToken.None)).Rows[0];
        return (row[0].AsInteger, row[1].AsInteger);
    }

    private sealed class Starts(int jobs)
    {
        private readonly TaskCompletionSource _all = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _count;

        public long[] Enqueued { get; } = new long[jobs];

        public long[] Started { get; } = new long[jobs];

        public Task AllRun => _all.Task;

        public long Count => Volatile.Read(ref _count);

        public void Run(int job)
        {
            if (Interlocked.Exchange(ref Started[job], Stopwatch.GetTimestamp()) != 0)
                throw new InvalidOperationException($"Job {job} ran twice.");
            CountOne();
        }

        public void CountOne()
        {
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

    /// <summary>Counts, whichever job it is.</summary>
    private sealed class CountingHandler(Starts starts) : IJobHandler
    {
        public Task RunAsync(JobContext context, CancellationToken cancellationToken)
        {
            starts.CountOne();
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
