using System.Globalization;
using System.Text.Json.Nodes;
using Automation.EndToEnd.Tests.Jobs;
using Automation.Jobs;
using Automation.Storage;
using Automation.Storage.Writes;
using Automation.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Playwright;

[assembly: AssemblyFixture(typeof(SqliteJobSite))]
[assembly: AssemblyFixture(typeof(PostgresJobSite))]

namespace Automation.EndToEnd.Tests.Jobs;

/// <summary>A server in this process on SQLite: the file belongs to one process, so jobs come in through the server's own client.</summary>
public sealed class SqliteJobSite : JobSite
{
    protected override async Task<(ServerUnderTest Server, IServiceProvider Jobs)> OpenAsync(params (string Name, string Value)[] settings)
    {
        var server = await ServerUnderTest.StartHereAsync(settings);
        return (server, server.Services);
    }
}

/// <summary>A server on PostgreSQL in a process of its own, and a second client of the same database.</summary>
public sealed class PostgresJobSite : JobSite
{
    private TestDatabase? _database;
    private ServiceProvider? _services;

    protected override async Task<(ServerUnderTest Server, IServiceProvider Jobs)> OpenAsync(params (string Name, string Value)[] settings)
    {
        _database = await TestDatabase.CreateAsync(DatabaseProvider.PostgreSql);
        var server = await ServerUnderTest.StartAsync([("ConnectionStrings__Automation", _database.Location.ConnectionString), .. settings]);
        var services = new ServiceCollection();
        services.AddSingleton(typeof(ILogger<>), typeof(NullLogger<>));
        services.AddSingleton(_database.Database);
        services.AddAutomationJobs();
        services.AddSingleton(Options.Create(new JobOptions()));
        _services = services.BuildServiceProvider();
        return (server, _services);
    }

    public override async ValueTask DisposeAsync()
    {
        if (_services is not null)
            await _services.DisposeAsync();
        await base.DisposeAsync();
        if (_database is not null)
            await _database.DisposeAsync();
    }
}

/// <summary>
/// A server, a browser, and a client of the same database, which is how jobs come in that no workflow makes. Started once
/// for all tests of the job pages, when the first one asks.
/// </summary>
public abstract class JobSite : IAsyncDisposable
{
    private static readonly SqlStatement AddRetry = new(
        """INSERT INTO "Set" ("Key", "Score", "Value", "ExpireAt") VALUES ('retries', 0, $1, 0)""", "INSERT INTO hangfire.set (key, score, value) VALUES ('retries', 0, $1)");

    private static readonly SqlStatement Hold = new(
        """UPDATE "JobQueue" SET "FetchedAt" = $2 WHERE "JobId" = $1""", "UPDATE hangfire.jobqueue SET fetchedat = $2 WHERE jobid = $1");

    private readonly SemaphoreSlim _starting = new(1, 1);
    private IServiceProvider? _services;
    private Browsers.Borrowed? _borrowed;

    public ServerUnderTest Server { get; private set; } = null!;

    public JobClient Jobs => _services!.GetRequiredService<JobClient>();

    public RecurringJobManager Recurring => _services!.GetRequiredService<RecurringJobManager>();

    public JobQueries Queries => _services!.GetRequiredService<JobQueries>();

    public Database Database => _services!.GetRequiredService<Database>();

    internal StalledReceiver Receiver { get; } = new();

    /// <summary>Starts everything, once; skips the test where there is no browser.</summary>
    public async Task StartAsync()
    {
        await _starting.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            if (_borrowed is not null)
                return;
            var borrowed = await Browsers.BorrowAsync();
            (Server, _services) = await OpenAsync(("Automation__Steps__Outgoing__AllowedHosts__1", Receiver.Authority), ("Logging__LogLevel__Default", "Warning"));
            _borrowed = borrowed;
        }
        finally
        {
            _starting.Release();
        }
    }

    /// <summary>A page of somebody who has signed in.</summary>
    /// <param name="width">Of the window, in pixels.</param>
    /// <param name="height">Of the window, in pixels.</param>
    /// <param name="dark">Whether the system is set to dark.</param>
    /// <param name="scripts">Whether scripts run.</param>
    /// <param name="key">The key to sign in with; the administrator's unless told.</param>
    public async Task<IPage> SignInAsync(bool scripts = true, string? key = null)
    {
        var context = await _borrowed!.OpenAsync(new BrowserNewContextOptions
        {
            BaseURL = Server.Address,
            ViewportSize = new ViewportSize { Width = 1280, Height = 800 },
            JavaScriptEnabled = scripts,
        });
        var page = await context.NewPageAsync();
        await page.GotoAsync("/sign-in");
        await page.FillAsync("input[name=key]", key ?? ServerUnderTest.AdminKey);
        await page.ClickAsync("main button[type=submit]");
        await page.WaitForURLAsync("**/");
        return page;
    }

    /// <summary>A job whose name nobody has registered, which therefore fails at once; returns when it has.</summary>
    public async Task<long> FailAsync(string name, params object?[] arguments)
    {
        var id = await Jobs.EnqueueAsync(new JobRequest(name, arguments), TestContext.Current.CancellationToken);
        await Server.WaitForAsync($"/api/jobs/{id}", j => j.GetProperty("job").GetProperty("state").GetString() == JobStates.Failed);
        return id;
    }

    /// <summary>A job that waits in a queue that no server serves.</summary>
    public Task<long> WaitingAsync(string queue, params object?[] arguments) =>
        Jobs.EnqueueAsync(new JobRequest("mail.send", arguments) { Queue = queue }, TestContext.Current.CancellationToken);

    /// <summary>A job that is due in a day.</summary>
    public Task<long> ScheduledAsync(string name, params object?[] arguments) =>
        Jobs.EnqueueAsync(new JobRequest(name, arguments) { DueAt = DateTimeOffset.UtcNow.AddDays(1) }, TestContext.Current.CancellationToken);

    /// <summary>A job that failed and waits for another attempt, as a genuine server leaves it.</summary>
    public async Task<long> RetryAsync(string name, params object?[] arguments)
    {
        var id = await ScheduledAsync(name, arguments);
        await Database.CommitAsync(new WriteUnit().Add(AddRetry, id.ToString(CultureInfo.InvariantCulture)), cancellationToken: TestContext.Current.CancellationToken);
        return id;
    }

    /// <summary>A job of a queue that a server which nobody knows here has taken.</summary>
    public async Task<long> HeldAsync(string queue, params object?[] arguments)
    {
        var id = await WaitingAsync(queue, arguments);
        await Database.CommitAsync(new WriteUnit().Add(Hold, id, SqlValue.Timestamp(DateTime.UtcNow)), cancellationToken: TestContext.Current.CancellationToken);
        return id;
    }

    /// <summary>Lets every tool call start a workflow whose only step calls a receiver that does not answer.</summary>
    public async Task MapToStalledCallAsync()
    {
        var definition = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(Server.WorkflowsDirectory, "tool-call.json")))!;
        definition["definitionId"] = "stalled-call";
        definition["name"] = "Stalled call";
        var root = definition["root"]!;
        var activities = root["activities"]!.AsArray();
        foreach (var other in activities.Where(a => a!["id"]!.GetValue<string>() is not ("Start1" or "Forward")).ToList())
            activities.Remove(other);
        var call = activities.Single(a => a!["id"]!.GetValue<string>() == "Forward")!;
        call["url"]!["expression"]!["value"] = $"http://{Receiver.Authority}/slow";
        call["content"]!["expression"] = new JsonObject { ["type"] = "Literal", ["value"] = "{}" };
        root["connections"] = new JsonArray(JsonNode.Parse("""{"source":{"activity":"Start1","port":"Done"},"target":{"activity":"Forward","port":"In"}}"""));
        await File.WriteAllTextAsync(Path.Combine(Server.WorkflowsDirectory, "stalled-call.json"), definition.ToJsonString());
        await Server.WaitForAsync("/elsa/api/workflow-definitions?versionOptions=Published", d => d.ToString().Contains("stalled-call", StringComparison.Ordinal));
        await File.WriteAllTextAsync(
            Path.Combine(Server.WorkflowsDirectory, "mappings.json"),
            """{ "rules": [ { "id": "stalled", "source": "flyflow", "type": "tool_call", "workflow": "stalled-call", "inputs": { "Event": "{$payload}" } } ] }""");
    }

    public virtual async ValueTask DisposeAsync()
    {
        Receiver.Dispose();
        if (_borrowed is not null)
            await _borrowed.DisposeAsync();
        if (Server is not null)
            await Server.DisposeAsync();
        _starting.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Starts the server and gives the services whose job client stores into its database.</summary>
    protected abstract Task<(ServerUnderTest Server, IServiceProvider Jobs)> OpenAsync(params (string Name, string Value)[] settings);
}
