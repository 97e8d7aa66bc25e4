using System.Text.Json.Nodes;
using Automation.Storage;
using Automation.Workflows.Execution;
using Automation.Workflows.Queries;
using Automation.Workflows.Runtime;
using Automation.Workflows.Tests.Runtime.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Automation.Workflows.Tests.Runtime;

public sealed class TimersAndChildrenOnSqliteTests() : TimerAndChildConformance(DatabaseProvider.Sqlite);

public sealed class TimersAndChildrenOnPostgreSqlTests() : TimerAndChildConformance(DatabaseProvider.PostgreSql);

/// <summary>Workflows that start by the clock, and workflows that start others, on every database.</summary>
public abstract class TimerAndChildConformance(DatabaseProvider provider) : IAsyncLifetime
{
    private RuntimeHost _host = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _host = await RuntimeHost.StartAsync(provider);

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task A_timer_starts_an_instance_each_interval_until_it_is_retracted()
    {
        var three = CountdownOf(3, "ticking");
        await _host.PublishAsync("ticking", Json.Sequence(Trigger("Elsa.Timer", "interval", Json.Literal("TimeSpan", "00:00:00.050")), Json.WriteLine("w", "tick")));
        await three.WaitAsync(TimeSpan.FromSeconds(30), Token);

        await _host.RestartAsync();
        var more = CountdownOf(2, "ticking");
        await more.WaitAsync(TimeSpan.FromSeconds(30), Token);
        await _host.Definitions.RetractAsync("ticking", Token);

        var ids = await _host.Instances.ListAsync(new InstanceFilter { DefinitionIds = ["ticking"], Take = 1000 }, Token);
        Assert.True(ids.TotalCount >= 5);
        Assert.Empty(_host.Catalog.Triggers);
    }

    [Fact]
    public async Task A_start_time_that_has_passed_when_it_is_published_starts_nothing_and_says_so()
    {
        await _host.PublishAsync("past", Json.Sequence(Trigger("Elsa.StartAt", "dateTime", Json.Literal("DateTimeOffset", "2020-01-01T00:00:00Z"))));
        var result = await _host.Definitions.SaveAsync(
            Definitions.WorkflowDefinition.Parse($$"""{"definitionId":"past","root":{{Json.Sequence(Trigger("Elsa.StartAt", "dateTime", Json.Literal("DateTimeOffset", "2020-01-02T00:00:00Z")))}}}"""), publish: true, cancellationToken: Token);

        Assert.True(result.IsPublished);
        Assert.Contains(result.Problems, p => p.Reason.Contains("has passed", StringComparison.Ordinal));
        Assert.Equal(["Elsa.StartAt"], _host.Catalog.Triggers.Select(t => t.Name));
        Assert.All(_host.Catalog.Triggers, t => Assert.Null(t.JobId));
    }

    [Fact]
    public async Task A_start_time_that_was_to_come_starts_once_although_the_server_restarts_around_it()
    {
        var at = DateTimeOffset.UtcNow.AddSeconds(3);
        await _host.PublishAsync("soon", Json.Sequence(Trigger("Elsa.StartAt", "dateTime", Json.Literal("DateTimeOffset", at.ToString("O"))), Json.WriteLine("w", "started")));
        await _host.RestartAsync();

        var one = CountdownOf(1, "soon");
        var started = new InstanceFilter { DefinitionIds = ["soon"] };
        if (await _host.Instances.CountAsync(started, Token) == 0)
            await one.WaitAsync(TimeSpan.FromSeconds(30), Token);

        Assert.Equal(1, await _host.Instances.CountAsync(started, Token));
    }

    [Fact]
    public async Task Without_Elsas_quirks_a_start_time_that_has_passed_starts_at_once_and_once()
    {
        _host.Services.GetRequiredService<IOptions<WorkflowEngineOptions>>().Value.ElsaQuirks = false;
        var one = CountdownOf(1, "past");
        await _host.PublishAsync("past", Json.Sequence(Trigger("Elsa.StartAt", "dateTime", Json.Literal("DateTimeOffset", "2020-01-01T00:00:00Z")), Json.WriteLine("w", "started")));

        await one.WaitAsync(TimeSpan.FromSeconds(30), Token);
        await _host.RestartAsync();

        Assert.Equal(1, await _host.Instances.CountAsync(new InstanceFilter { DefinitionIds = ["past"] }, Token));
    }

    [Fact]
    public async Task A_cron_expression_that_is_none_is_refused_when_published()
    {
        var result = await _host.Definitions.SaveAsync(
            Definitions.WorkflowDefinition.Parse($$"""{"definitionId":"c","root":{{Json.Sequence(Trigger("Elsa.Cron", "cronExpression", Json.Literal("String", "every noon")))}}}"""), publish: true, cancellationToken: Token);

        Assert.False(result.IsPublished);
        Assert.Contains(result.Problems, p => p.Property == "cronExpression" && p.Reason.Contains("every noon", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_parent_waits_for_the_child_that_it_dispatched()
    {
        await _host.PublishAsync("child", Json.Sequence(Json.Event("ev", "go"), Json.WriteLine("w", "child")));
        await _host.PublishAsync("parent", Json.Sequence(Child("Elsa.DispatchWorkflow", "child"), Json.WriteLine("w", "parent")));
        var parent = await _host.Runtime.StartAsync(new StartWorkflowRequest { DefinitionId = "parent" }, Token);
        Assert.Equal(WorkflowSubStatus.Suspended, parent.Instance!.SubStatus);

        await _host.Runtime.PublishEventAsync("go", cancellationToken: Token);

        Assert.Equal(WorkflowSubStatus.Finished, (await _host.UntilOverAsync(parent.Instance.Id)).SubStatus);
        await _host.UntilWrittenAsync("parent");
        Assert.Equal(["child", "parent"], _host.Lines);
    }

    [Fact]
    public async Task Whoever_runs_a_parent_waits_for_the_child_that_it_executes()
    {
        await _host.PublishAsync("child", Json.Sequence(Json.WriteLine("w", "child")));
        await _host.PublishAsync("parent", Json.Sequence(Child("Elsa.ExecuteWorkflow", "child"), Json.WriteLine("w", "parent")));

        var result = await _host.Runtime.RunAsync(new StartWorkflowRequest { DefinitionId = "parent" }, cancellationToken: Token);

        Assert.Equal(WorkflowSubStatus.Finished, result.Instance!.SubStatus);
        await _host.UntilWrittenAsync("parent");
        Assert.Equal(["child", "parent"], _host.Lines);
        var child = Assert.Single((await _host.Instances.ListAsync(new InstanceFilter { ParentInstanceId = result.Instance.Id }, Token)).Items);
        Assert.Equal("child", child.DefinitionId);
    }

    [Fact]
    public async Task An_executed_child_that_waits_keeps_its_parent_waiting()
    {
        await _host.PublishAsync("child", Json.Sequence(Json.Event("ev", "go"), Json.WriteLine("w", "child")));
        await _host.PublishAsync("parent", Json.Sequence(Child("Elsa.ExecuteWorkflow", "child"), Json.WriteLine("w", "parent")));
        var parent = await _host.Runtime.RunAsync(new StartWorkflowRequest { DefinitionId = "parent" }, cancellationToken: Token);
        Assert.Equal(WorkflowSubStatus.Suspended, parent.Instance!.SubStatus);

        await _host.Runtime.PublishEventAsync("go", cancellationToken: Token);

        Assert.Equal(WorkflowSubStatus.Finished, (await _host.UntilOverAsync(parent.Instance.Id)).SubStatus);
        await _host.UntilWrittenAsync("parent");
        Assert.Equal(["child", "parent"], _host.Lines);
    }

    [Fact]
    public async Task Cancelling_a_parent_cancels_the_child_that_it_waits_for()
    {
        await _host.PublishAsync("child", Json.Sequence(Json.Event("ev", "go")));
        await _host.PublishAsync("parent", Json.Sequence(Child("Elsa.ExecuteWorkflow", "child")));
        var parent = await _host.Runtime.RunAsync(new StartWorkflowRequest { DefinitionId = "parent" }, cancellationToken: Token);
        var child = Assert.Single((await _host.Instances.ListAsync(new InstanceFilter { DefinitionIds = ["child"] }, Token)).Items);

        var result = await _host.Runtime.CancelAsync(parent.Instance!.Id, cancellationToken: Token);

        Assert.Equal([parent.Instance.Id, child.Id], result.Cancelled);
        Assert.Equal(WorkflowSubStatus.Cancelled, (await _host.Runtime.FindAsync(child.Id, Token))!.SubStatus);
    }

    [Fact]
    public async Task A_parent_learns_that_its_child_was_cancelled()
    {
        await _host.PublishAsync("child", Json.Sequence(Json.Event("ev", "go")));
        await _host.PublishAsync("parent", Json.Sequence(Child("Elsa.DispatchWorkflow", "child"), Json.WriteLine("w", "parent")));
        var parent = await _host.Runtime.StartAsync(new StartWorkflowRequest { DefinitionId = "parent" }, Token);
        var children = new InstanceFilter { DefinitionIds = ["child"], SubStatuses = [WorkflowSubStatus.Suspended] };
        while ((await _host.Instances.CountAsync(children, Token)) == 0)
            await Task.Yield();
        var child = Assert.Single((await _host.Instances.ListAsync(children, Token)).Items);

        await _host.Runtime.CancelAsync(child.Id, cancellationToken: Token);

        Assert.Equal(WorkflowStatus.Finished, (await _host.UntilOverAsync(parent.Instance!.Id)).Status);
    }

    [Fact]
    public async Task A_child_that_does_not_exist_becomes_an_incident_of_its_parent()
    {
        await _host.PublishAsync("parent", Json.Sequence(Child("Elsa.ExecuteWorkflow", "nosuch")));

        var result = await _host.Runtime.RunAsync(new StartWorkflowRequest { DefinitionId = "parent" }, cancellationToken: Token);

        Assert.Equal(WorkflowSubStatus.Faulted, result.Instance!.SubStatus);
        Assert.Equal(1, result.Instance.IncidentCount);
    }

    [Fact]
    public async Task A_published_event_reaches_others_after_the_commit()
    {
        var one = CountdownOf(1, "listener");
        await _host.PublishAsync("listener", Json.Sequence(Json.Event("ev", "news", starts: true), Json.WriteLine("w", "heard")));
        await _host.PublishAsync("speaker", Json.Sequence(Json.Text(Json.Activity("Elsa.PublishEvent", "p", ("eventName", Json.Literal("String", "news"))))));

        await _host.Runtime.StartAsync(new StartWorkflowRequest { DefinitionId = "speaker" }, Token);

        await one.WaitAsync(TimeSpan.FromSeconds(30), Token);
        await _host.UntilWrittenAsync("heard");
        Assert.Equal(["heard"], _host.Lines);
    }

    [Fact]
    public async Task A_task_is_asked_for_and_completed_by_its_id()
    {
        var asked = new TaskCompletionSource<TaskRequested>(TaskCreationOptions.RunContinuationsAsynchronously);
        _host.Get<WorkflowEvents>().OnTaskRequested(t => asked.TrySetResult(t));
        await _host.PublishAsync("task", Json.Sequence(Json.Text(Json.Activity("Elsa.RunTask", "t", ("taskName", Json.Literal("String", "ask a person")))), Json.WriteLine("w", "done")));
        var started = await _host.Runtime.StartAsync(new StartWorkflowRequest { DefinitionId = "task" }, Token);

        var task = await asked.Task.WaitAsync(Token);
        Assert.Equal("ask a person", task.Task.TaskName);
        Assert.True(await _host.Runtime.CompleteTaskAsync(task.Task.TaskId, "yes", Token));
        Assert.False(await _host.Runtime.CompleteTaskAsync(task.Task.TaskId, "yes", Token));

        Assert.Equal(WorkflowSubStatus.Finished, (await _host.Runtime.FindAsync(started.Instance!.Id, Token))!.SubStatus);
    }

    /// <summary>Ends when so many instances of a definition have ended from now on.</summary>
    private Task CountdownOf(int count, string definitionId)
    {
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _host.Get<WorkflowEvents>().OnCommitted(c =>
        {
            if (c.Instance.DefinitionId == definitionId && c.Instance.Status == WorkflowStatus.Finished && Interlocked.Decrement(ref count) == 0)
                reached.SetResult();
        });
        return reached.Task;
    }

    private static string Trigger(string type, string input, JsonObject value) =>
        Json.Text(Json.Activity(type, "trigger", (input, value), ("customProperties", new JsonObject { ["canStartWorkflow"] = true })));

    private static string Child(string type, string definitionId) => Json.Text(Json.Activity(
        type, "child", ("workflowDefinitionId", Json.Literal("String", definitionId)), ("waitForCompletion", Json.Literal("Boolean", true))));
}
