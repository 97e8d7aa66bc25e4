using Automation.Storage;
using Automation.Workflows.Definitions;
using Automation.Workflows.Execution;
using Automation.Workflows.Management;
using Automation.Workflows.Runtime;
using Automation.Workflows.Tests.Runtime.Support;

namespace Automation.Workflows.Tests.Runtime;

public sealed class CompositesOnSqliteTests() : CompositeConformance(DatabaseProvider.Sqlite);

public sealed class CompositesOnPostgreSqlTests() : CompositeConformance(DatabaseProvider.PostgreSql);

/// <summary>Workflows used as activities: who uses them keeps the version, unless they ask to be updated, on every database.</summary>
public abstract class CompositeConformance(DatabaseProvider provider) : IAsyncLifetime
{
    private RuntimeHost _host = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _host = await RuntimeHost.StartAsync(provider);

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_consumer_is_published_again_with_the_new_version_where_the_child_asks_for_it(bool namesIds)
    {
        var child = await PublishChildAsync("one", autoUpdate: true);
        await PublishConsumerAsync(namesIds ? child : null);

        var second = await SaveChildAsync("two", autoUpdate: true);

        Assert.Equal(1, second.ConsumingWorkflowCount);
        Assert.Equal(["consumer"], second.UpdatedConsumers);
        var versions = await _host.Definitions.GetVersionsAsync("consumer", Token);
        Assert.Equal([2, 1], versions.Select(v => v.Summary.Version));
        Assert.Equal([true, false], versions.Select(v => v.Summary.IsPublished));
        var use = versions[0].ToDefinition().Root!["activities"]![0]!;
        Assert.Equal(second.Definition.Summary.Id, (string?)use["workflowDefinitionVersionId"]);
        Assert.Equal(2, (int)use["version"]!);
        await _host.Runtime.StartAsync(new StartWorkflowRequest { DefinitionId = "consumer" }, Token);
        Assert.Equal(["two", "after"], _host.Lines);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_consumer_keeps_its_version_where_nobody_asks_until_its_references_are_updated(bool namesIds)
    {
        var child = await PublishChildAsync("one", autoUpdate: false);
        await PublishConsumerAsync(namesIds ? child : null);

        var second = await SaveChildAsync("two", autoUpdate: false);

        Assert.Equal(1, second.ConsumingWorkflowCount);
        Assert.Empty(second.UpdatedConsumers);
        await _host.Runtime.StartAsync(new StartWorkflowRequest { DefinitionId = "consumer" }, Token);
        Assert.Equal(["one", "after"], _host.Lines);

        Assert.Equal(["consumer"], await _host.Definitions.UpdateReferencesAsync("child", Token));
        _host.Lines.Clear();
        await _host.Runtime.StartAsync(new StartWorkflowRequest { DefinitionId = "consumer" }, Token);
        Assert.Equal(["two", "after"], _host.Lines);
    }

    [Fact]
    public async Task An_instance_that_waits_inside_a_child_goes_on_in_the_version_it_began()
    {
        await PublishChildAsync("one", autoUpdate: true, waitFor: "go");
        await PublishConsumerAsync(null);
        var started = await _host.Runtime.StartAsync(new StartWorkflowRequest { DefinitionId = "consumer" }, Token);
        Assert.Equal(WorkflowSubStatus.Suspended, started.Instance!.SubStatus);

        await SaveChildAsync("two", autoUpdate: true);
        await _host.RestartAsync();
        await _host.Runtime.PublishEventAsync("go", cancellationToken: Token);

        Assert.Equal(WorkflowSubStatus.Finished, (await _host.Runtime.FindAsync(started.Instance.Id, Token))!.SubStatus);
        Assert.Equal(["one", "after"], _host.Lines);
    }

    [Fact]
    public async Task A_workflow_that_uses_itself_is_refused()
    {
        await PublishChildAsync("one", autoUpdate: false);

        var result = await _host.Definitions.SaveAsync(
            WorkflowDefinition.Parse("""{"definitionId":"child","name":"Child","options":{"usableAsActivity":true},"root":{"id":"c","type":"Child","version":2}}"""), publish: true, cancellationToken: Token);

        Assert.False(result.IsPublished);
        Assert.Contains(result.Problems, p => p.Reason.Contains("circle", StringComparison.Ordinal));
    }

    private async Task<StoredDefinition> PublishChildAsync(string says, bool autoUpdate, string? waitFor = null) => (await SaveChildAsync(says, autoUpdate, waitFor)).Definition;

    private async Task<SaveDefinitionResult> SaveChildAsync(string says, bool autoUpdate, string? waitFor = null)
    {
        var root = waitFor is null ? Json.WriteLine("w", says) : Json.Sequence(Json.Event("e", waitFor), Json.WriteLine("w", says));
        var json = $$$"""{"definitionId":"child","name":"Child","options":{"usableAsActivity":true,"autoUpdateConsumingWorkflows":{{{(autoUpdate ? "true" : "false")}}}},"root":{{{root}}}}""";
        var result = await _host.Definitions.SaveAsync(WorkflowDefinition.Parse(json), publish: true, cancellationToken: Token);
        Assert.True(result.IsPublished);
        return result;
    }

    private Task<StoredDefinition> PublishConsumerAsync(StoredDefinition? child)
    {
        var ids = child is null ? "" : $",\"workflowDefinitionId\":\"child\",\"workflowDefinitionVersionId\":\"{child.Summary.Id}\"";
        return _host.PublishAsync("consumer", Json.Sequence($"{{\"id\":\"c\",\"type\":\"Child\",\"version\":1{ids}}}", Json.WriteLine("after", "after")));
    }
}
