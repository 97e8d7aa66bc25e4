using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using Automation.Steps.Http;
using Automation.Storage;
using Automation.Testing;
using Automation.Workflows.Definitions;
using Automation.Workflows.Execution;
using Automation.Workflows.Management;
using Automation.Workflows.Runtime;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Automation.Steps.Tests.Support;

/// <summary>Steps in the real runtime, with real jobs on a real database.</summary>
public sealed class StepsHost : IAsyncDisposable
{
    private readonly TestDatabase _database;
    private readonly IHost _host;

    private StepsHost(TestDatabase database, IHost host)
    {
        _database = database;
        _host = host;
    }

    public Database Database => _database.Database;

    public ConcurrentQueue<string> Lines { get; } = new();

    public HttpExchangeLog Exchanges => Get<HttpExchangeLog>();

    public static async Task<StepsHost> StartAsync(DatabaseProvider provider = DatabaseProvider.Sqlite, params (string Key, string Value)[] settings)
    {
        return await StartAsync(await TestDatabase.CreateAsync(provider), settings);
    }

    /// <summary>A server with services of its own.</summary>
    public static async Task<StepsHost> StartWithAsync(Action<IServiceCollection> services, params (string Key, string Value)[] settings) =>
        await StartAsync(await TestDatabase.CreateAsync(DatabaseProvider.Sqlite), settings, services);

    /// <summary>A second server on the database of a first, which must be ended before it. PostgreSQL only.</summary>
    public static async Task<StepsHost> StartBesideAsync(StepsHost first, params (string Key, string Value)[] settings) =>
        await StartAsync(await first._database.OpenAgainAsync(), settings);

    private static async Task<StepsHost> StartAsync(TestDatabase database, (string Key, string Value)[] settings, Action<IServiceCollection>? services = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Automation:Workflows:Directory"] = "",
            ["Automation:Steps:Outgoing:AllowedHosts:0"] = "127.0.0.1",
            // What steps give is compared as JSON text, without the escapes of Elsa's filter.
            ["Automation:Workflows:Engine:ElsaQuirks"] = "false",
        });
        builder.Configuration.AddInMemoryCollection(settings.Select(s => KeyValuePair.Create<string, string?>(s.Key, s.Value)));
        builder.Services.AddSingleton(_ => database.Database);
        builder.Services.AddAutomationJobs();
        builder.Services.AddAutomationWorkflows();
        builder.Services.AddAutomationSteps();
        builder.Services.AddDataProtection().UseEphemeralDataProtectionProvider();
        services?.Invoke(builder.Services);
        var host = new StepsHost(database, builder.Build());
        host.Get<WorkflowEvents>().OnLineWritten(host.Lines.Enqueue);
        await host._host.StartAsync(Some.Token);
        return host;
    }

    public T Get<T>()
        where T : notnull => _host.Services.GetRequiredService<T>();

    /// <summary>Publishes a workflow and runs it until it is over.</summary>
    public async Task<InstanceSnapshot> RunAsync(params IEnumerable<JsonObject> activities)
    {
        var id = await PublishAsync(activities);
        return await RunPublishedAsync(id);
    }

    public async Task<string> PublishAsync(params IEnumerable<JsonObject> activities)
    {
        var id = "w" + Guid.CreateVersion7().ToString("N");
        var root = Step("Elsa.Sequence", "Sequence1");
        root["activities"] = new JsonArray([.. activities]);
        var definition = new JsonObject
        {
            ["definitionId"] = id,
            ["name"] = id,
            ["variables"] = new JsonArray([.. new[] { "A", "B", "C" }.Select(name => new JsonObject
            {
                ["id"] = "v-" + name, ["name"] = name, ["typeName"] = "Object",
                ["storageDriverTypeName"] = "Elsa.Workflows.WorkflowInstanceStorageDriver, Elsa.Workflows.Core",
            })]),
            ["root"] = root,
        };
        var saved = await Get<WorkflowDefinitionManager>().SaveAsync(WorkflowDefinition.Parse(definition.ToJsonString()), publish: true, cancellationToken: Some.Token);
        Assert.DoesNotContain(saved.Problems, p => p.Severity == ProblemSeverity.Error);
        return id;
    }

    public async Task<InstanceSnapshot> RunPublishedAsync(string definitionId)
    {
        var id = Guid.CreateVersion7().ToString("N");
        var over = new TaskCompletionSource<InstanceSnapshot>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var listening = Get<WorkflowEvents>().OnCommitted(c =>
        {
            if (c.Instance.Id == id && c.Instance.Status == WorkflowStatus.Finished)
                over.TrySetResult(c.Instance);
        });
        var started = await Get<WorkflowRuntime>().StartAsync(new StartWorkflowRequest { DefinitionId = definitionId, InstanceId = id }, Some.Token);
        Assert.True(started.Started, started.Reason);
        return await over.Task.WaitAsync(TimeSpan.FromSeconds(60), Some.Token);
    }

    /// <summary>The stored state, with its incidents.</summary>
    public async Task<string> StateAsync(string instanceId) =>
        (await Database.QueryAsync(new Storage.Writes.SqlStatement("SELECT state FROM workflow_instances WHERE id = $1"), Some.Token, instanceId)).Rows[0][0].AsText!;

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync(CancellationToken.None);
        await ((IAsyncDisposable)_host).DisposeAsync();
        await _database.DisposeAsync();
    }

    /// <summary>An activity; a text with {{ in it is Liquid, other text is a literal, any other value is JSON.</summary>
    public static JsonObject Step(string type, string id, params (string Name, object Value)[] inputs)
    {
        var activity = new JsonObject { ["type"] = type, ["id"] = id, ["name"] = id, ["version"] = 1 };
        foreach (var (name, value) in inputs)
        {
            activity[name] = value switch
            {
                JsonNode node => node,
                string text when text.Contains("{{", StringComparison.Ordinal) => Expression("Liquid", text),
                string text => Expression("Literal", text),
                _ => Expression("Object", JsonSerializer.Serialize(value)),
            };
        }

        return activity;
    }

    public static JsonObject WriteLine(string id, string text) => Step("Elsa.WriteLine", id, ("text", text));

    public static JsonObject Into(string variable) => new() { ["typeName"] = "Object", ["memoryReference"] = new JsonObject { ["id"] = "v-" + variable } };

    private static JsonObject Expression(string syntax, string value) =>
        new() { ["typeName"] = "Object", ["expression"] = new JsonObject { ["type"] = syntax, ["value"] = value } };
}
