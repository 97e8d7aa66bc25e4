using Automation.Storage;
using Automation.Workflows.Execution;
using Automation.Workflows.Journal;
using Automation.Workflows.Management;
using Automation.Workflows.Runtime;
using Automation.Workflows.Tests.Runtime.Support;

namespace Automation.Workflows.Tests.Runtime;

public sealed class RepairOnSqliteTests() : RepairConformance(DatabaseProvider.Sqlite);

public sealed class RepairOnPostgreSqlTests() : RepairConformance(DatabaseProvider.PostgreSql);

/// <summary>Moving instances between versions, going on from a failed activity, running once more, on every database.</summary>
public abstract class RepairConformance(DatabaseProvider provider) : IAsyncLifetime
{
    private const string Variables = "\"variables\":[{\"id\":\"v\",\"name\":\"X\",\"typeName\":\"Int32\",\"value\":\"1\",\"storageDriverTypeName\":\"WorkflowInstanceStorageDriver\"}]";

    private const string ShowX = """{"type":"Elsa.WriteLine","id":"show","version":1,"text":{"typeName":"String","expression":{"type":"JavaScript","value":"`x is ${variables.X}, who is ${getWho()}`"}}}""";

    // Fails until X is above 1.
    private const string Check = """{"type":"Elsa.RunJavaScript","id":"check","version":1,"script":{"typeName":"String","expression":{"type":"Literal","value":"if (variables.X < 2) throw new Error('too small')"}}}""";

    private RuntimeHost _host = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _host = await RuntimeHost.StartAsync(provider);

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task A_waiting_instance_moves_to_a_version_that_fits_and_goes_on_there()
    {
        await _host.PublishAsync("d", Json.Sequence(Json.Event("ev", "go"), Json.WriteLine("w", "old")));
        var id = await StartAsync("d");
        await _host.PublishAsync("d", Json.Sequence(Json.Event("ev", "go"), Json.WriteLine("w", "new"), Json.WriteLine("more", "and more")));

        var told = await _host.Runtime.MoveAsync(id, VersionOptions.Published, dryRun: true, Token);
        Assert.Equal((false, 1, 2, 0), (told!.Moved, told.FromVersion, told.ToVersion, told.Misfits.Count));
        var moved = await _host.Runtime.MoveAsync(id, VersionOptions.Published, cancellationToken: Token);
        await _host.RestartAsync();
        await _host.Runtime.PublishEventAsync("go", cancellationToken: Token);

        Assert.True(moved!.Moved);
        var over = await _host.Runtime.FindAsync(id, Token);
        Assert.Equal((WorkflowSubStatus.Finished, moved.ToVersionId), (over!.SubStatus, over.DefinitionVersionId));
        Assert.Equal(["new", "and more"], _host.Lines);
        var journal = await _host.Journal.ListJournalAsync(id, cancellationToken: Token);
        Assert.Equal("From version 1 to version 2", Assert.Single(journal!.Items, e => e.EventName == JournalEvents.Migrated).Message);
        Assert.Equal(Enumerable.Range(0, journal.Items.Count).Select(i => (long)i), journal.Items.Select(e => e.Sequence));
    }

    [Fact]
    public async Task An_instance_that_does_not_fit_stays_where_it_is_and_the_reasons_are_told()
    {
        await _host.PublishAsync("d", Json.Sequence(Json.Event("ev", "go"), Json.WriteLine("w", "old")), Variables);
        var id = await StartAsync("d");
        await _host.PublishAsync("d", Json.Sequence(Json.WriteLine("w", "new")));

        var result = await _host.Runtime.MoveAsync(id, VersionOptions.Published, cancellationToken: Token);

        Assert.False(result!.Moved);
        Assert.Equal(2, result.Misfits.Count);
        Assert.Contains("Workflow1:Sequence1:ev", result.Misfits[0], StringComparison.Ordinal);
        Assert.Contains("'X'", result.Misfits[1], StringComparison.Ordinal);
        await Assert.ThrowsAsync<DefinitionNotFoundException>(() => _host.Runtime.MoveAsync(id, VersionOptions.Specific(9), cancellationToken: Token));
        Assert.Null(await _host.Runtime.MoveAsync("nobody", VersionOptions.Published, cancellationToken: Token));
        await _host.Runtime.PublishEventAsync("go", cancellationToken: Token);
        Assert.Equal(["old"], _host.Lines);
        Assert.Equal("The instance has ended (Finished).", Assert.Single((await _host.Runtime.MoveAsync(id, VersionOptions.Published, cancellationToken: Token))!.Misfits));
    }

    [Fact]
    public async Task A_failed_instance_is_moved_to_the_version_that_is_right_and_goes_on_from_where_it_failed()
    {
        await _host.PublishAsync("d", Json.Sequence(Json.WriteLine("a", "once"), Json.Fault("f", "not yet"), Json.WriteLine("z", "after")));
        var id = await StartAsync("d");
        Assert.Equal(WorkflowSubStatus.Faulted, (await _host.Runtime.FindAsync(id, Token))!.SubStatus);
        await _host.PublishAsync("d", Json.Sequence(Json.WriteLine("a", "once"), Json.Fault("f", "not yet"), Json.WriteLine("z", "later")).Replace("Elsa.Fault", "Elsa.WriteLine", StringComparison.Ordinal));

        var misfit = await _host.Runtime.MoveAsync(id, VersionOptions.Published, cancellationToken: Token);
        Assert.Contains("Elsa.WriteLine", Assert.Single(misfit!.Misfits), StringComparison.Ordinal);

        await _host.PublishAsync("d", Json.Sequence(Json.WriteLine("a", "once"), Json.Fault("f", "now it says this"), Json.WriteLine("z", "later")));
        Assert.True((await _host.Runtime.MoveAsync(id, VersionOptions.Published, cancellationToken: Token))!.Moved);
        await _host.Runtime.RetryAsync(id, cancellationToken: Token);

        Assert.Equal(["once"], _host.Lines);
        var journal = await _host.Journal.ListJournalAsync(id, cancellationToken: Token);
        Assert.Equal(["not yet", "now it says this"], journal!.Items.Where(e => e.EventName == JournalEvents.Faulted).Select(e => e.Message));
    }

    [Fact]
    public async Task A_failed_activity_runs_again_with_other_variables_and_inputs()
    {
        await _host.PublishAsync("d", Json.Sequence(Json.WriteLine("a", "once"), Check, ShowX), Variables + ",\"inputs\":[{\"name\":\"Who\",\"type\":\"String\"}]");
        var id = (await _host.Runtime.StartAsync(new StartWorkflowRequest { DefinitionId = "d", Input = new Dictionary<string, object?> { ["Who"] = "Ann" } }, Token)).Instance!.Id;

        Assert.Equal(WorkflowSubStatus.Faulted, (await _host.Runtime.RetryAsync(id, cancellationToken: Token))!.SubStatus);
        var refused = await Assert.ThrowsAsync<WorkflowInputException>(() => _host.Runtime.RetryAsync(
            id, variables: new Dictionary<string, object?> { ["X"] = "many", ["Y"] = 1L }, cancellationToken: Token));
        Assert.Equal(2, refused.Problems.Count);
        var after = await _host.Runtime.RetryAsync(
            id, variables: new Dictionary<string, object?> { ["X"] = 2L }, input: new Dictionary<string, object?> { ["Who"] = "Bob" }, cancellationToken: Token);

        Assert.Equal(WorkflowSubStatus.Finished, after!.SubStatus);
        Assert.Equal(["once", "x is 2, who is Bob"], _host.Lines);
        Assert.Null(await _host.Runtime.RetryAsync(id, cancellationToken: Token));
    }

    [Fact]
    public async Task A_workflow_runs_once_more_with_the_inputs_it_had_or_others()
    {
        await _host.PublishAsync("d", Json.Sequence(ShowX), Variables + ",\"inputs\":[{\"name\":\"Who\",\"type\":\"String\",\"isRequired\":true}]");
        var id = (await _host.Runtime.StartAsync(new StartWorkflowRequest { DefinitionId = "d", CorrelationId = "c", Input = new Dictionary<string, object?> { ["Who"] = "Ann" } }, Token)).Instance!.Id;
        await _host.PublishAsync("d", Json.Sequence(Json.WriteLine("n", "version two")));

        var same = await _host.Runtime.RerunAsync(id, cancellationToken: Token);
        var other = await _host.Runtime.RerunAsync(id, input: new Dictionary<string, object?> { ["who"] = "Bob" }, variables: new Dictionary<string, object?> { ["X"] = 7L }, cancellationToken: Token);
        var newest = await _host.Runtime.RerunAsync(id, VersionOptions.Published, cancellationToken: Token);

        Assert.Equal("c", same!.Instance!.CorrelationId);
        Assert.NotEqual(id, same.Instance.Id);
        Assert.All([same, other!, newest!], r => Assert.Equal(WorkflowSubStatus.Finished, r.Instance!.SubStatus));
        Assert.Equal(["x is 1, who is Ann", "x is 1, who is Ann", "x is 7, who is Bob", "version two"], _host.Lines);
        Assert.Null(await _host.Runtime.RerunAsync("nobody", cancellationToken: Token));
    }

    [Fact]
    public async Task What_an_event_started_is_not_run_again_without_the_event()
    {
        await _host.PublishAsync("d", Json.Sequence(Json.Event("ev", "go", starts: true), Json.WriteLine("w", "went")));
        var started = await _host.Runtime.PublishEventAsync("go", cancellationToken: Token);

        await Assert.ThrowsAsync<WorkflowStartException>(() => _host.Runtime.RerunAsync(started.Started[0].Id, cancellationToken: Token));
    }

    [Fact]
    public async Task An_activity_is_scheduled_again_in_an_instance_that_failed_elsewhere()
    {
        var fork = """{"id":"p","type":"Elsa.Parallel","version":1,"activities":[""" + Json.Event("ev", "go") + "," + Json.Fault("f", "no") + "," + Json.WriteLine("w", "side") + "]}";
        await _host.PublishAsync("d", fork);
        var id = await StartAsync("d");
        Assert.Equal(WorkflowSubStatus.Faulted, (await _host.Runtime.FindAsync(id, Token))!.SubStatus);

        Assert.NotNull(await _host.Runtime.ApplyAsync(id, new Stimulus.ScheduleActivity("w"), Token));
        Assert.Null(await _host.Runtime.ApplyAsync(id, new Stimulus.ScheduleActivity("nobody"), Token));

        Assert.Equal(["side", "side"], _host.Lines);
        Assert.Single((await _host.Runtime.PublishEventAsync("go", cancellationToken: Token)).Resumed);
    }

    private async Task<string> StartAsync(string definitionId) => (await _host.Runtime.StartAsync(new StartWorkflowRequest { DefinitionId = definitionId }, Token)).Instance!.Id;
}
