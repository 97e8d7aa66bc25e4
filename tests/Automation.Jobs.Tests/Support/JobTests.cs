using Automation.Storage;
using Automation.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Automation.Jobs.Tests.Support;

/// <summary>A test's own host on one of the databases, with handlers that do what the test says.</summary>
public abstract class JobTests(DatabaseProvider provider) : IAsyncDisposable
{
    private JobsHost? _host;

    protected static CancellationToken Token => TestContext.Current.CancellationToken;

    protected DatabaseProvider Provider => provider;

    protected bool IsSqlite => provider == DatabaseProvider.Sqlite;

    protected Recorder Recorder { get; } = new();

    protected ManualClock Clock { get; } = new();

    protected JobsHost Host => _host!;

    public async ValueTask DisposeAsync()
    {
        if (_host is not null)
            await _host.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    protected Task SetInvocationAsync(long id, string json) => Host.ExecuteAsync(IsSqlite
        ? $"UPDATE \"Job\" SET \"InvocationData\" = '{json}' WHERE \"Id\" = {id}"
        : $"UPDATE hangfire.job SET invocationdata = '{json}' WHERE id = {id}");

    protected void Configure(IServiceCollection services, Action<JobRetryOptions>? retry)
    {
        services.AddSingleton(Recorder);
        foreach (var name in new[] { "greet", "wait", "done" })
            services.AddJobHandler<RecordingHandler>(name, retry);
    }

    protected async Task CreateAsync(Action<JobRetryOptions>? retry = null, Action<JobOptions>? options = null, bool clock = true) =>
        _host = await JobsHost.CreateAsync(provider, s => Configure(s, retry), options, clock ? Clock : null);

    protected async Task StartAsync(Action<JobRetryOptions>? retry = null, Action<JobOptions>? options = null, bool clock = true)
    {
        await CreateAsync(retry, options, clock);
        await Host.StartAsync();
    }

    /// <summary>Moves the clock until a job is where it should be: a loop may be between two waits when it is moved.</summary>
    protected Task AdvanceUntilAsync(long id, TimeSpan by, string state) => Eventually.BecomesAsync(
        async () =>
        {
            Clock.Advance(by);
            return (await Host.Store.FindAsync(id, Token))?.State ?? "gone";
        },
        state);
}
