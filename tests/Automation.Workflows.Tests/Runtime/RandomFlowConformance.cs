using Automation.Storage;
using Automation.Storage.Writes;
using Automation.Workflows.Definitions;
using Automation.Workflows.Execution;
using Automation.Workflows.Management;
using Automation.Workflows.Runtime;
using Automation.Workflows.Tests.Engine;
using Automation.Workflows.Tests.Engine.Support;
using Automation.Workflows.Tests.Runtime.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Automation.Workflows.Tests.Runtime;

public sealed class RandomFlowsOnSqliteTests() : RandomFlowConformance(DatabaseProvider.Sqlite);

public sealed class RandomFlowsOnPostgreSqlTests() : RandomFlowConformance(DatabaseProvider.PostgreSql);

/// <summary>
/// Whatever the flow, it ends the same in one burst in memory as on a real database with a commit after every activity,
/// where each next activity is run by a new job that knows only what is stored.
/// </summary>
public abstract class RandomFlowConformance(DatabaseProvider provider) : IAsyncLifetime
{
    private RuntimeHost _host = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _host = await RuntimeHost.StartAsync(
        provider,
        configure: services =>
        {
            services.AddSingleton<RecordedCalls>();
            services.AddBackgroundActivity<RecordedCalls>("Elsa.FlowSendHttpRequest");
        },
        settings: new(StringComparer.Ordinal) { ["Automation:Workflows:MaxBursts"] = "1", ["Automation:Workflows:HotInstances"] = "0" });

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task A_random_flow_ends_the_same_when_every_activity_is_read_back_from_the_database()
    {
        for (var seed = 1001; seed <= 1012; seed++)
        {
            var definition = new RandomFlowTests.RandomFlow(seed).Make();
            var whole = PlayWhole(definition.Clone());
            _host.Lines.Clear();

            var (status, journal) = await PlayStoredAsync(definition);

            Assert.Equal((seed, whole.State.SubStatus), (seed, status));
            Assert.Equal(whole.Lines, _host.Lines);
            Assert.Equal(whole.JournalLines, journal);
        }
    }

    private static HostedInstance PlayWhole(WorkflowDefinition definition)
    {
        var host = new InMemoryHost { Execute = LocalHttp.Run };
        host.Publish(definition);
        var instance = host.Start(definition.DefinitionId!)!;
        for (var round = 0; round < 200 && instance.State.Bookmarks.Count > 0; round++)
            host.Resume(instance, instance.State.Bookmarks.OrderBy(b => b.ActivityOrdinal).First().Id, $"payload {round}");
        return instance;
    }

    private async Task<(WorkflowSubStatus Status, IEnumerable<string> Journal)> PlayStoredAsync(WorkflowDefinition definition)
    {
        definition.Json["options"] = new System.Text.Json.Nodes.JsonObject { ["commitStrategyName"] = "ActivityExecuted" };
        Assert.True((await _host.Definitions.SaveAsync(definition, publish: true, cancellationToken: Token)).IsPublished);
        var id = (await _host.Runtime.StartAsync(new StartWorkflowRequest { DefinitionId = definition.DefinitionId }, Token)).Instance!.Id;
        for (var round = 0; ; round++)
        {
            var rested = await _host.UntilAsync(id, i => i.SubStatus is not (WorkflowSubStatus.Pending or WorkflowSubStatus.Executing) && !i.HasPendingOperations);
            var bookmarks = await _host.Database.QueryAsync(new SqlStatement("SELECT id FROM workflow_bookmarks WHERE instance_id = $1 ORDER BY activity_ordinal"), Token, id);
            if (round == 200 || bookmarks.Count == 0)
            {
                var journal = await _host.Journal.ListJournalAsync(id, take: 100_000, cancellationToken: Token);
                return (rested.SubStatus, journal!.Items.Select(e => $"{e.ActivityId}:{e.EventName}"));
            }

            Assert.True((await _host.Runtime.ResumeAsync(bookmarks.Rows[0][0].AsText!, $"payload {round}", cancellationToken: Token)).Resumed);
        }
    }

    /// <summary>The small HTTP server of the recording, as a background activity.</summary>
    private sealed class RecordedCalls(WorkflowCatalog catalog) : IBackgroundActivity
    {
        public async Task<OperationResult> RunAsync(BackgroundOperation operation, CancellationToken cancellationToken)
        {
            var graphs = await Task.WhenAll(catalog.Published.Select(p => catalog.FindGraphAsync(p.Id, cancellationToken).AsTask()));
            var node = graphs.Select(g => g!.FindByNodeId(operation.ActivityNodeId)).First(n => n is not null)!;
            return LocalHttp.Run(new RunInBackground(operation.OperationId, node, 1, operation.Inputs, IsInline: true));
        }
    }
}
