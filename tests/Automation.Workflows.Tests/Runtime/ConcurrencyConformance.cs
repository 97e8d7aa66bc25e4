using Automation.Storage;
using Automation.Workflows.Execution;
using Automation.Workflows.Runtime;
using Automation.Workflows.Tests.Runtime.Support;
using System.Text.Json.Nodes;

namespace Automation.Workflows.Tests.Runtime;

public sealed class ConcurrencyOnSqliteTests() : ConcurrencyConformance(DatabaseProvider.Sqlite);

public sealed class ConcurrencyOnPostgreSqlTests() : ConcurrencyConformance(DatabaseProvider.PostgreSql)
{
    [Fact]
    public async Task Two_servers_take_turns_on_one_instance_and_lose_nothing()
    {
        await using var other = await Host.StartAnotherAsync();
        await Host.PublishAsync("many", ManyEvents(40));
        var started = await Host.Runtime.StartAsync(new StartWorkflowRequest { DefinitionId = "many" }, Token);
        var id = started.Instance!.Id;

        var results = await Task.WhenAll(Enumerable.Range(0, 40).Select(i =>
            Task.Run(() => (i % 2 == 0 ? Host : other).Runtime.PublishEventAsync($"e{i}", cancellationToken: Token))));

        Assert.All(results, r => Assert.Single(r.Resumed));
        Assert.Equal(WorkflowSubStatus.Finished, (await Host.Runtime.FindAsync(id, Token))!.SubStatus);
        Assert.Equal(40, Host.Lines.Count + other.Lines.Count);
    }

    [Fact]
    public async Task A_workflow_published_on_one_server_is_in_force_on_the_other()
    {
        await using var other = await Host.StartAnotherAsync();
        await Host.PublishAsync("fresh", Json.Sequence(Json.WriteLine("a", "one")));
        Assert.True((await other.Runtime.StartAsync(new StartWorkflowRequest { DefinitionId = "fresh" }, Token)).Started);

        await Host.Definitions.RetractAsync("fresh", Token);
        await other.Catalog.RefreshIfChangedAsync(Token);

        Assert.Equal(CannotStart.DefinitionNotFound, (await other.Runtime.StartAsync(new StartWorkflowRequest { DefinitionId = "fresh" }, Token)).CannotStart);
    }
}

/// <summary>Many callers at once, on every database.</summary>
public abstract class ConcurrencyConformance(DatabaseProvider provider) : IAsyncLifetime
{
    private protected RuntimeHost Host { get; private set; } = null!;

    private protected static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => Host = await RuntimeHost.StartAsync(provider);

    public ValueTask DisposeAsync() => Host.DisposeAsync();

    [Fact]
    public async Task Two_hundred_rapid_resumes_of_one_instance_lose_nothing()
    {
        await Host.PublishAsync("many", ManyEvents(200));
        var started = await Host.Runtime.StartAsync(new StartWorkflowRequest { DefinitionId = "many" }, Token);

        var results = await Task.WhenAll(Enumerable.Range(0, 200).Select(i => Task.Run(() => Host.Runtime.PublishEventAsync($"e{i}", cancellationToken: Token))));

        Assert.All(results, r => Assert.Single(r.Resumed));
        Assert.Equal(WorkflowSubStatus.Finished, (await Host.Runtime.FindAsync(started.Instance!.Id, Token))!.SubStatus);
        Assert.Equal(200, Host.Lines.Distinct().Count());
    }

    [Fact]
    public async Task Of_many_who_start_a_singleton_at_once_exactly_one_succeeds()
    {
        await Host.PublishAsync(
            "one",
            Json.Sequence(Json.Event("ev", "end")),
            "\"options\":{\"activationStrategyType\":\"Elsa.Workflows.Runtime.ActivationValidators.SingletonStrategy, Elsa.Workflows.Runtime\"}");

        var results = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Task.Run(() => Host.Runtime.StartAsync(new StartWorkflowRequest { DefinitionId = "one" }, Token))));
        var first = Assert.Single(results, r => r.Started);
        Assert.All(results.Where(r => !r.Started), r => Assert.Equal(CannotStart.RefusedByActivationStrategy, r.CannotStart));
        await Host.Runtime.PublishEventAsync("end", cancellationToken: Token);

        Assert.Equal(WorkflowSubStatus.Finished, (await Host.Runtime.FindAsync(first.Instance!.Id, Token))!.SubStatus);
        Assert.True((await Host.Runtime.StartAsync(new StartWorkflowRequest { DefinitionId = "one" }, Token)).Started);
    }

    [Fact]
    public async Task An_event_published_before_anybody_waits_reaches_the_bookmark_made_later()
    {
        await Host.PublishAsync("wait", Json.Sequence(Json.Event("ev", "early"), Json.WriteLine("b", "got it")));

        var sent = await Host.Runtime.PublishEventAsync("early", cancellationToken: Token);
        var started = await Host.Runtime.StartAsync(new StartWorkflowRequest { DefinitionId = "wait" }, Token);
        await Host.UntilOverAsync(started.Instance!.Id);
        var second = await Host.Runtime.StartAsync(new StartWorkflowRequest { DefinitionId = "wait" }, Token);

        Assert.True(sent.Kept);
        Assert.Equal(["got it"], Host.Lines);
        Assert.Equal(WorkflowSubStatus.Suspended, second.Instance!.SubStatus);
    }

    [Fact]
    public async Task An_event_with_a_correlation_id_resumes_only_instances_that_have_it()
    {
        await Host.PublishAsync("wait", Json.Sequence(Json.Event("ev", "paid")));
        var one = await Host.Runtime.StartAsync(new StartWorkflowRequest { DefinitionId = "wait", CorrelationId = "one" }, Token);
        await Host.Runtime.StartAsync(new StartWorkflowRequest { DefinitionId = "wait", CorrelationId = "two" }, Token);

        var result = await Host.Runtime.PublishEventAsync("paid", correlationId: "one", cancellationToken: Token);

        Assert.Equal(one.Instance!.Id, Assert.Single(result.Resumed).Id);
    }

    [Fact]
    public async Task An_instance_cut_off_between_two_commits_goes_on_after_the_restart()
    {
        var activities = Enumerable.Range(0, 6).Select(i => Json.WriteLine($"w{i}", $"line {i}"));
        await Host.PublishAsync("steps", Json.Sequence(activities), "\"options\":{\"commitStrategyName\":\"ActivityExecuted\"}");
        for (var commits = 1; commits < 6; commits++)
        {
            Host.Lines.Clear();
            using var cut = new CancellationTokenSource();
            var left = commits;
            string? id = null;
            using (Host.Get<WorkflowEvents>().OnCommitted(c =>
            {
                id ??= c.Instance.Id;
                if (--left == 0)
                    cut.Cancel();
            }))
            {
                await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Host.Runtime.StartAsync(new StartWorkflowRequest { DefinitionId = "steps" }, cut.Token));
            }

            Assert.Equal(WorkflowSubStatus.Executing, (await Host.Runtime.FindAsync(id!, Token))!.SubStatus);
            await Host.RestartAsync();
            await Host.RecoverAsync();

            Assert.Equal(WorkflowSubStatus.Finished, (await Host.UntilOverAsync(id!)).SubStatus);
            await Host.UntilWrittenAsync("line 5");
            Assert.Equal(Enumerable.Range(0, 6).Select(i => $"line {i}"), Host.Lines);
            var journal = await Host.Journal.ListJournalAsync(id!, cancellationToken: Token);
            Assert.Equal(journal!.Items.Select(e => e.Sequence), Enumerable.Range(0, 16).Select(i => (long)i));
        }
    }

    /// <summary>A flowchart that waits for many events at once and writes a line for each.</summary>
    private protected static string ManyEvents(int count)
    {
        var activities = new JsonArray();
        activities.Add((JsonNode)Json.Activity("Elsa.FlowFork", "fork", ("branches", Json.Expression("String[]", "Object", new JsonArray([.. Enumerable.Range(0, count).Select(i => (JsonNode)$"b{i}")]).ToJsonString()))));
        var connections = new JsonArray();
        for (var i = 0; i < count; i++)
        {
            activities.Add(JsonNode.Parse(Json.Event($"ev{i}", $"e{i}")));
            activities.Add(JsonNode.Parse(Json.WriteLine($"w{i}", $"line {i}")));
            connections.Add((JsonNode)Connection("fork", $"b{i}", $"ev{i}"));
            connections.Add((JsonNode)Connection($"ev{i}", "Done", $"w{i}"));
        }

        return Json.Text(Json.Activity("Elsa.Flowchart", "Flowchart1", ("activities", activities), ("connections", connections)));
    }

    private static JsonObject Connection(string from, string port, string to) => new()
    {
        ["source"] = new JsonObject { ["activity"] = from, ["port"] = port },
        ["target"] = new JsonObject { ["activity"] = to, ["port"] = "In" },
    };
}
