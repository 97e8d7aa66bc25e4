using System.Collections.Concurrent;
using Automation.Jobs.Store;
using Automation.Storage;
using Automation.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Automation.Jobs.Tests.Support;

/// <summary>The jobs of one process on a database of its own; the server runs once it is started.</summary>
public sealed class JobsHost : IAsyncDisposable
{
    private readonly TestDatabase? _own;
    private readonly ServiceProvider _services;
    private bool _started;

    private JobsHost(TestDatabase? own, Database database, ServiceProvider services)
    {
        _own = own;
        Database = database;
        _services = services;
    }

    public Database Database { get; }

    public TestDatabase TestDatabase => _own!;

    public JobClient Client => _services.GetRequiredService<JobClient>();

    public BackgroundJobClient Calls => _services.GetRequiredService<BackgroundJobClient>();

    public RecurringJobManager Recurring => _services.GetRequiredService<RecurringJobManager>();

    public JobBatches Batches => _services.GetRequiredService<JobBatches>();

    internal JobStore Store => _services.GetRequiredService<JobStore>();

    public T Get<T>()
        where T : notnull => _services.GetRequiredService<T>();

    public static async Task<JobsHost> CreateAsync(
        DatabaseProvider provider, Action<IServiceCollection>? configure = null, Action<JobOptions>? options = null, TimeProvider? clock = null)
    {
        var own = await TestDatabase.CreateAsync(provider, clock);
        return On(own.Database, configure, options, clock, own);
    }

    public static JobsHost On(
        Database database, Action<IServiceCollection>? configure = null, Action<JobOptions>? options = null, TimeProvider? clock = null, TestDatabase? own = null)
    {
        var services = new ServiceCollection();
        services.AddSingleton(typeof(ILogger<>), typeof(NullLogger<>));
        services.AddSingleton(database);
        services.AddSingleton(clock ?? TimeProvider.System);
        configure?.Invoke(services);
        services.AddAutomationJobs();
        var jobOptions = new JobOptions { StopTimeout = TimeSpan.FromMilliseconds(50), ShutdownTimeout = TimeSpan.FromSeconds(5) };
        options?.Invoke(jobOptions);
        services.AddSingleton(Options.Create(jobOptions));
        return new JobsHost(own, database, services.BuildServiceProvider());
    }

    public async Task<JobsHost> StartAsync()
    {
        _started = true;
        foreach (var service in _services.GetServices<IHostedService>())
            await service.StartAsync(CancellationToken.None);
        return this;
    }

    public async Task StopAsync()
    {
        if (!_started)
            return;
        _started = false;
        foreach (var service in _services.GetServices<IHostedService>())
            await service.StopAsync(CancellationToken.None);
    }

    /// <summary>Waits until a job is in a state, woken by the looks of it; fails after half a minute.</summary>
    public async Task<string> StateAsync(long id, params string[] awaited)
    {
        try
        {
            return await Eventually.BecomesAsync(async () => (await Store.FindAsync(id, CancellationToken.None))?.State ?? "gone", awaited);
        }
        catch (Xunit.Sdk.XunitException e)
        {
            // The history says where it went astray.
            var job = await Get<JobQueries>().FindAsync(id);
            throw new InvalidOperationException(
                e.Message + string.Concat(job?.History.Select(h => $"\n{h.At:O} {h.State} {h.Reason} {string.Join(' ', h.Data)}") ?? []), e);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await _services.DisposeAsync();
        if (_own is not null)
            await _own.DisposeAsync();
    }
}

public static class Eventually
{
    /// <summary>Looks again and again until a value is one of those awaited.</summary>
    public static async Task<string> BecomesAsync(Func<Task<string>> look, params string[] awaited)
    {
        var deadline = TimeProvider.System.GetUtcNow().AddSeconds(30);
        while (true)
        {
            var value = await look();
            if (awaited.Contains(value))
                return value;
            Assert.True(TimeProvider.System.GetUtcNow() < deadline, $"Waited for {string.Join(" or ", awaited)}, found {value}.");
            await Task.Delay(5);
        }
    }

    public static Task TrueAsync(Func<Task<bool>> look) => BecomesAsync(async () => await look() ? "true" : "false", "true");
}

/// <summary>Does what the test says, and remembers what it was given.</summary>
public sealed class Recorder
{
    public ConcurrentQueue<(string Name, long Id, int Attempt)> Runs { get; } = new();

    public Func<JobContext, CancellationToken, Task> Do { get; set; } = (_, _) => Task.CompletedTask;
}

public sealed class RecordingHandler(Recorder recorder) : IJobHandler
{
    public Task RunAsync(JobContext context, CancellationToken cancellationToken)
    {
        recorder.Runs.Enqueue((context.Name, context.Id, context.Attempt));
        return recorder.Do(context, cancellationToken);
    }
}
