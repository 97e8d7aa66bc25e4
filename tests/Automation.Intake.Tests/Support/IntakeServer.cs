using System.Net;
using System.Net.Sockets;
using System.Text;
using Automation.Intake.Events;
using Automation.Intake.Routing;
using Automation.Storage;
using Automation.Storage.Events;
using Automation.Storage.Writes;
using Automation.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Automation.Intake.Tests.Support;

/// <summary>The intake behind a real Kestrel on loopback, on a real database, with a recording engine.</summary>
internal sealed class IntakeServer : IAsyncDisposable
{
    private static readonly SqlStatement ByRow = new("SELECT id FROM events WHERE correlation_key = $1 ORDER BY rowid");

    private static readonly SqlStatement RunningPlaces = new(
        "SELECT f.flow_key, f.instance_id FROM flow_items f JOIN workflow_instances i ON i.id = f.instance_id WHERE f.state = 1 AND i.finished_at IS NULL");

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("intake-");
    private readonly Dictionary<string, string?> _settings;
    private Action<Microsoft.AspNetCore.Server.Kestrel.Core.KestrelServerOptions>? _kestrel;
    private WebApplication? _app;
    private bool _hasEngine;

    private IntakeServer(TestDatabase testDatabase, Dictionary<string, string?> settings)
    {
        TestDatabase = testDatabase;
        _settings = settings;
        Starter = new RecordingStarter(testDatabase.Database);
    }

    public TestDatabase TestDatabase { get; }

    public RecordingStarter Starter { get; }

    public HttpClient Client { get; private set; } = new();

    public Uri Address => Client.BaseAddress!;

    public string MappingsFile => Path.Combine(_directory.FullName, "mappings.json");

    public TimeProvider Clock { get; private set; } = TimeProvider.System;

    public IServiceProvider Services => _app!.Services;

    public EventQueries Events => Services.GetRequiredService<EventQueries>();

    public EventActions Actions => Services.GetRequiredService<EventActions>();

    public CollectingLogger Log { get; } = new();

    /// <summary>Starts a server with the five named sources open and a rule that starts "everything" for each event.</summary>
    /// <param name="settings">Settings below <c>Automation:Intake</c>.</param>
    /// <param name="mappings">The mappings file; null for none.</param>
    /// <param name="provider">The kind of database.</param>
    /// <param name="clock">The time.</param>
    /// <param name="storage">How the database is written.</param>
    /// <param name="kestrel">Sets the web server up.</param>
    /// <param name="workflows">Definitions by file name: then the real engine runs them, in place of the recorder.</param>
    public static async Task<IntakeServer> StartAsync(
        Dictionary<string, string?>? settings = null, string? mappings = """{ "rules": [ { "id": "all", "workflow": "everything" } ] }""",
        DatabaseProvider provider = DatabaseProvider.Sqlite, TimeProvider? clock = null, StorageOptions? storage = null,
        Action<Microsoft.AspNetCore.Server.Kestrel.Core.KestrelServerOptions>? kestrel = null, Dictionary<string, string>? workflows = null)
    {
        var all = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        foreach (var source in new[] { "flyflow", "ai-flow", "conversation-messages", "flow-sessions", "flow-ai" })
            all[$"Automation:Intake:Sources:{source}:Open"] = "true";
        foreach (var (key, value) in settings ?? [])
            all["Automation:Intake:" + key] = value;
        var server = new IntakeServer(await TestDatabase.CreateAsync(provider, null, storage), all) { Clock = clock ?? TimeProvider.System, _kestrel = kestrel, _hasEngine = workflows is not null };
        foreach (var (file, definition) in workflows ?? [])
            await File.WriteAllTextAsync(Path.Combine(server._directory.CreateSubdirectory("workflows").FullName, file + ".json"), definition);
        if (mappings is not null)
            await File.WriteAllTextAsync(server.MappingsFile, mappings);
        try
        {
            await server.RunAsync();
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }

        return server;
    }

    /// <summary>Starts another server on the same database and rules, as a second node is.</summary>
    public async Task<IntakeServer> StartSecondAsync()
    {
        var second = new IntakeServer(await TestDatabase.OpenAgainAsync(), _settings) { Clock = Clock, _kestrel = _kestrel };
        File.Copy(MappingsFile, second.MappingsFile);
        second.Starter.KeepsRunning = Starter.KeepsRunning;
        await second.RunAsync();
        return second;
    }

    /// <summary>The instances that take places of flow control, with their keys.</summary>
    public async Task<IReadOnlyList<(string Key, string InstanceId)>> RunningAsync()
    {
        var rows = await TestDatabase.Database.QueryAsync(RunningPlaces, TestContext.Current.CancellationToken);
        return [.. rows.Rows.Select(r => (r[0].AsText!, r[1].AsText!))];
    }

    public async Task StopAsync()
    {
        Client.Dispose();
        await _app!.StopAsync();
        await _app.DisposeAsync();
        _app = null;
    }

    public Task<HttpResponseMessage> PostAsync(string path, string body, params (string Name, string Value)[] headers) =>
        PostAsync(path, Encoding.UTF8.GetBytes(body), headers);

    public async Task<HttpResponseMessage> PostAsync(string path, byte[] body, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/webhooks/" + path) { Content = new ByteArrayContent(body) };
        request.Content.Headers.TryAddWithoutValidation("Content-Type", "application/json");
        foreach (var (name, value) in headers)
        {
            if (name == "Content-Type")
            {
                request.Content.Headers.Remove(name);
                if (value.Length == 0)
                    continue;
            }

            if (!request.Headers.TryAddWithoutValidation(name, value))
                request.Content.Headers.TryAddWithoutValidation(name, value);
        }

        return await Client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    /// <summary>All events with a status, oldest first.</summary>
    public async Task<IReadOnlyList<EventSummary>> ListAsync(EventStatus? status = null)
    {
        var page = await Events.ListAsync(new EventFilter { Status = status }, null, EventQueries.MaxLimit, TestContext.Current.CancellationToken);
        return [.. page.Items.Reverse()];
    }

    /// <summary>Starts again after a stop, on whatever database is open now.</summary>
    public Task StartAgainAsync()
    {
        Starter.Use(TestDatabase.Database);
        return RunAsync();
    }

    /// <summary>The ids of a key's events in the order in which their rows were committed.</summary>
    public async Task<IReadOnlyList<string>> CommittedOrderAsync(string correlationKey)
    {
        var rows = await TestDatabase.Database.QueryAsync(ByRow, TestContext.Current.CancellationToken, correlationKey);
        return [.. rows.Rows.Select(r => r[0].AsText!)];
    }

    /// <summary>Waits until so many rules are in force.</summary>
    public async Task RulesBecomeAsync(int count)
    {
        var mappings = Services.GetRequiredService<Automation.Intake.Mapping.MappingStore>();
        while (mappings.Rules.Count != count)
            await Task.Delay(5, TestContext.Current.CancellationToken);
    }

    /// <summary>Removes what is due for removal.</summary>
    public Task<int> RetentionAsync() => Services.GetRequiredService<EventRetention>().RunOnceAsync(TestContext.Current.CancellationToken);

    /// <summary>Waits until nothing is being routed.</summary>
    public async Task DrainAsync()
    {
        var backlog = Services.GetRequiredService<EventBacklog>();
        var end = TimeProvider.System.GetTimestamp();
        while (backlog.Waiting > 0 || (await ListAsync(EventStatus.Received)).Count > 0)
        {
            Assert.True(TimeProvider.System.GetElapsedTime(end) < TimeSpan.FromSeconds(30), "routing did not come to an end");
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>A bare connection, for what no HTTP client would send.</summary>
    public async Task<RawConnection> ConnectAsync()
    {
        var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, Address.Port, TestContext.Current.CancellationToken);
        return new RawConnection(client);
    }

    public async ValueTask DisposeAsync()
    {
        if (_app is not null)
            await StopAsync();
        await TestDatabase.DisposeAsync();
        _directory.Delete(recursive: true);
    }

    private async Task RunAsync()
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = _directory.FullName });
        builder.WebHost.UseKestrelCore().ConfigureKestrel(k => _kestrel?.Invoke(k));
        builder.WebHost.UseUrls(_settings.GetValueOrDefault("Automation:Intake:TestUrl") ?? "http://127.0.0.1:0");
        builder.Logging.ClearProviders().AddProvider(Log).AddFilter("Microsoft", LogLevel.Warning);
        builder.Configuration.AddInMemoryCollection(_settings.Where(s => !s.Key.EndsWith(":TestUrl", StringComparison.Ordinal)));
        builder.Configuration["Automation:Intake:MappingsFile"] = MappingsFile;
        builder.Services.AddSingleton(TestDatabase.Database);
        builder.Services.AddSingleton(Clock);
        if (_hasEngine)
        {
            builder.Services.AddAutomationJobs();
            builder.Services.AddAutomationWorkflows();
            builder.Services.AddSingleton<IWorkflowStarter, EngineStarter>();
        }
        else
        {
            builder.Services.AddSingleton<IWorkflowStarter>(Starter);
        }

        builder.Services.AddAutomationIntake();
        // The server begins to listen last, as in the real one.
        _app = builder.Build();
        _app.UseAutomationWebhooks();
        await _app.StartAsync();
        var address = _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        Client = new HttpClient { BaseAddress = new Uri(address.Replace("0.0.0.0", "127.0.0.1", StringComparison.Ordinal)) };
    }
}
