using Automation.Storage;
using Automation.Workflows.Activities;
using Automation.Workflows.Execution;
using Automation.Workflows.Runtime;
using Automation.Workflows.Tests.Runtime.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Automation.Workflows.Tests.Runtime;

public sealed class TimeoutsOnSqliteTests() : TimeoutConformance(DatabaseProvider.Sqlite);

public sealed class TimeoutsOnPostgreSqlTests() : TimeoutConformance(DatabaseProvider.PostgreSql);

/// <summary>Activities and workflows that may only take so long, on every database.</summary>
public abstract class TimeoutConformance(DatabaseProvider provider) : IAsyncLifetime
{
    private readonly Worker _worker = new();
    private RuntimeHost _host = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _host = await RuntimeHost.StartAsync(
        provider,
        configure: services =>
        {
            services.AddWorkflowActivity<Work>();
            services.AddSingleton(_worker);
            services.AddBackgroundActivity<Worker>("Test.Work");
        });

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task An_event_that_does_not_come_in_time_is_an_incident_and_can_be_waited_for_again()
    {
        await _host.PublishAsync("d", Json.Sequence(Limited(Json.Event("ev", "go"), "00:00:00.050"), Json.WriteLine("w", "came")));
        var id = (await _host.Runtime.StartAsync(new StartWorkflowRequest { DefinitionId = "d" }, Token)).Instance!.Id;

        var over = await _host.UntilOverAsync(id);

        Assert.Equal((WorkflowSubStatus.Faulted, 1), (over.SubStatus, over.IncidentCount));
        var journal = await _host.Journal.ListJournalAsync(id, cancellationToken: Token);
        Assert.Contains(journal!.Items, e => e.ActivityId == "ev" && e.EventName == "Faulted" && e.Message!.Contains("longer than the 00:00:00.05", StringComparison.Ordinal));
        Assert.False((await _host.Runtime.PublishEventAsync("go", cancellationToken: Token)).Matched);
    }

    [Fact]
    public async Task Work_that_takes_too_long_is_stopped()
    {
        var stopped = new TaskCompletionSource();
        _worker.Do = async (_, ct) =>
        {
            await using var registration = ct.Register(() => stopped.TrySetResult());
            await Task.Delay(Timeout.Infinite, ct);
            return new OperationResult();
        };
        await _host.PublishAsync("d", Json.Sequence(Limited(Json.Text(Json.Activity("Test.Work", "work")), "00:00:00.200"), Json.WriteLine("w", "done")));
        var id = (await _host.Runtime.StartAsync(new StartWorkflowRequest { DefinitionId = "d" }, Token)).Instance!.Id;

        Assert.Equal(WorkflowSubStatus.Faulted, (await _host.UntilOverAsync(id)).SubStatus);
        await stopped.Task.WaitAsync(TimeSpan.FromSeconds(30), Token);
        Assert.Empty(_host.Lines);
    }

    [Fact]
    public async Task A_workflow_that_takes_too_long_faults_at_what_it_is_at_and_has_the_whole_time_again_when_it_is_retried()
    {
        await _host.PublishAsync(
            "d", Json.Sequence(Json.Event("one", "first"), Json.Event("two", "second"), Json.WriteLine("w", "done")), "\"customProperties\":{\"timeout\":\"00:00:01\"}");
        var id = (await _host.Runtime.StartAsync(new StartWorkflowRequest { DefinitionId = "d" }, Token)).Instance!.Id;
        await _host.Runtime.PublishEventAsync("first", cancellationToken: Token);

        Assert.Equal(WorkflowSubStatus.Faulted, (await _host.UntilOverAsync(id)).SubStatus);
        Assert.Equal(WorkflowSubStatus.Suspended, (await _host.Runtime.RetryAsync(id, cancellationToken: Token))!.SubStatus);
        Assert.Single((await _host.Runtime.PublishEventAsync("second", cancellationToken: Token)).Resumed);

        Assert.Equal(WorkflowSubStatus.Finished, (await _host.Runtime.FindAsync(id, Token))!.SubStatus);
        Assert.Equal(["done"], _host.Lines);
    }

    [Fact]
    public async Task What_ends_in_time_leaves_no_timer_behind()
    {
        await _host.PublishAsync(
            "d", Json.Sequence(Limited(Json.Event("ev", "go"), "01:00:00"), Json.WriteLine("w", "done")), "\"customProperties\":{\"timeout\":\"1.00:00:00\"}");
        var id = (await _host.Runtime.StartAsync(new StartWorkflowRequest { DefinitionId = "d" }, Token)).Instance!.Id;
        Assert.Equal(3, await CountAsync("SELECT count(*) FROM workflow_bookmarks"));

        await _host.RestartAsync();
        await _host.Runtime.PublishEventAsync("go", cancellationToken: Token);

        Assert.Equal(WorkflowSubStatus.Finished, (await _host.Runtime.FindAsync(id, Token))!.SubStatus);
        Assert.Equal(0, await CountAsync("SELECT count(*) FROM workflow_bookmarks"));
    }

    [Fact]
    public async Task A_time_that_is_none_stops_publishing()
    {
        var result = await _host.Definitions.SaveAsync(
            Definitions.WorkflowDefinition.Parse("{\"definitionId\":\"d\",\"name\":\"d\",\"root\":" + Limited(Json.Event("ev", "go"), "soon") + "}"), publish: true, cancellationToken: Token);

        Assert.False(result.IsPublished);
        Assert.Contains(result.Problems, p => p is { ActivityId: "ev", Property: "customProperties.timeout" });
    }

    private static string Limited(string activity, string timeout)
    {
        var json = System.Text.Json.Nodes.JsonNode.Parse(activity)!.AsObject();
        json["customProperties"] = new System.Text.Json.Nodes.JsonObject { ["timeout"] = timeout };
        return json.ToJsonString();
    }

    private async Task<long> CountAsync(string sql) => (await _host.Database.QueryAsync(new Storage.Writes.SqlStatement(sql), Token)).Rows[0][0].AsInteger;
}
