using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Automation.Storage;
using Automation.Testing;
using Automation.Workflows.Definitions;
using Automation.Workflows.Execution;
using Automation.Workflows.Management;
using Automation.Workflows.Queries;
using Automation.Workflows.Runtime;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Automation.Workflows.Tests.Runtime.Support;

/// <summary>The real runtime with real jobs on a real database.</summary>
public sealed class RuntimeHost : IAsyncDisposable
{
    private readonly TestDatabase _database;
    private readonly Action<IServiceCollection>? _configure;
    private readonly Dictionary<string, string?> _settings;
    private readonly bool _ownsDatabase;
    private readonly SemaphoreSlim _written = new(0);
    private IHost _host = null!;

    private RuntimeHost(TestDatabase database, bool ownsDatabase, TimeProvider clock, Action<IServiceCollection>? configure, Dictionary<string, string?> settings)
    {
        _database = database;
        _ownsDatabase = ownsDatabase;
        Clock = clock;
        _configure = configure;
        _settings = settings;
        Root = Directory.CreateTempSubdirectory("automation-workflows-").FullName;
    }

    public TimeProvider Clock { get; }

    /// <summary>The content root: the workflows directory is below it.</summary>
    public string Root { get; }

    public string WorkflowsDirectory => Path.Combine(Root, "workflows");

    public Database Database => _database.Database;

    public DatabaseLocation Location => _database.Location;

    public IServiceProvider Services => _host.Services;

    public WorkflowRuntime Runtime => Get<WorkflowRuntime>();

    public WorkflowDefinitionManager Definitions => Get<WorkflowDefinitionManager>();

    public WorkflowCatalog Catalog => Get<WorkflowCatalog>();

    public JournalQueries Journal => Get<JournalQueries>();

    public InstanceQueries Instances => Get<InstanceQueries>();

    /// <summary>Lines that workflows wrote.</summary>
    public ConcurrentQueue<string> Lines { get; } = new();

    public static async Task<RuntimeHost> StartAsync(
        DatabaseProvider provider, TimeProvider? clock = null, Action<IServiceCollection>? configure = null, Dictionary<string, string?>? settings = null, Action<string>? prepare = null)
    {
        var host = new RuntimeHost(await TestDatabase.CreateAsync(provider, clock), ownsDatabase: true, clock ?? TimeProvider.System, configure, settings ?? []);
        Directory.CreateDirectory(host.WorkflowsDirectory);
        prepare?.Invoke(host.WorkflowsDirectory);
        await host.BuildAsync();
        return host;
    }

    /// <summary>A second server on the same database.</summary>
    public async Task<RuntimeHost> StartAnotherAsync()
    {
        var other = new RuntimeHost(_database, ownsDatabase: false, Clock, _configure, _settings);
        await other.BuildAsync();
        return other;
    }

    public T Get<T>()
        where T : notnull => Services.GetRequiredService<T>();

    /// <summary>Stops the server and starts it again on the same database.</summary>
    public async Task RestartAsync()
    {
        await CloseAsync();
        await OpenAsync();
    }

    /// <summary>Stops the server and closes the database, so that another process may have it.</summary>
    public async Task CloseAsync()
    {
        await _host.StopAsync();
        await ((IAsyncDisposable)_host).DisposeAsync();
        await _database.Database.DisposeAsync();
    }

    /// <summary>Opens the database again and starts the server on it.</summary>
    public async Task OpenAsync()
    {
        await _database.ReopenAsync(Clock);
        await BuildAsync();
    }

    public async Task<StoredDefinition> PublishAsync(string definitionId, string root, string? extra = null)
    {
        var json = $$"""{"definitionId":"{{definitionId}}","name":"{{definitionId}}"{{(extra is null ? "" : "," + extra)}},"root":{{root}}}""";
        var result = await Definitions.SaveAsync(WorkflowDefinition.Parse(json), publish: true);
        Assert.DoesNotContain(result.Problems, p => p.Severity == ProblemSeverity.Error);
        return result.Definition;
    }

    /// <summary>Waits for a commit of an instance after which a condition holds; also where it holds already.</summary>
    public async Task<InstanceSnapshot> UntilAsync(string instanceId, Func<InstanceSnapshot, bool> condition)
    {
        var reached = new TaskCompletionSource<InstanceSnapshot>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var listening = Get<WorkflowEvents>().OnCommitted(c =>
        {
            if (c.Instance.Id == instanceId && condition(c.Instance))
                reached.TrySetResult(c.Instance);
        });
        if (await Runtime.FindAsync(instanceId) is { } now && condition(now))
            return now;
        return await reached.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
    }

    /// <summary>Goes on with what was interrupted, now: by itself PostgreSQL waits until it is sure that no other server works on it.</summary>
    public Task<int> RecoverAsync() =>
        Services.GetServices<IHostedService>().OfType<WorkflowRecovery>().Single().RecoverAsync(DateTimeOffset.MaxValue, TestContext.Current.CancellationToken);

    /// <summary>Waits until a line has been written: those of a step are told after the commit by which everybody knows of it.</summary>
    public async Task UntilWrittenAsync(string line)
    {
        while (!Lines.Contains(line))
            Assert.True(await _written.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken), $"\"{line}\" has not been written.");
    }

    public Task<InstanceSnapshot> UntilOverAsync(string instanceId) => UntilAsync(instanceId, i => i.Status == WorkflowStatus.Finished);

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        await ((IAsyncDisposable)_host).DisposeAsync();
        if (_ownsDatabase)
            await _database.DisposeAsync();
        Directory.Delete(Root, recursive: true);
        _written.Dispose();
    }

    private async Task BuildAsync()
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { ContentRootPath = Root });
        builder.Configuration.AddInMemoryCollection(_settings);
        builder.Services.AddSingleton(Clock);
        builder.Services.AddSingleton(_ => _database.Database);
        builder.Services.AddAutomationJobs();
        builder.Services.AddAutomationWorkflows();
        // What workflows write is collected instead of mixed into the test run's own output.
        builder.Services.Remove(builder.Services.Single(s => s.ImplementationType == typeof(WorkflowConsole)));
        _configure?.Invoke(builder.Services);
        _host = builder.Build();
        Get<WorkflowEvents>().OnLineWritten(line =>
        {
            Lines.Enqueue(line);
            _written.Release();
        });
        await _host.StartAsync();
    }
}
