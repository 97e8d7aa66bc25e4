using Automation.Storage;
using Automation.Workflows.Execution;
using Automation.Workflows.Runtime;
using Automation.Workflows.Tests.Runtime.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Automation.Workflows.Tests.Runtime;

public sealed class BackgroundOnSqliteTests() : BackgroundConformance(DatabaseProvider.Sqlite);

public sealed class BackgroundOnPostgreSqlTests() : BackgroundConformance(DatabaseProvider.PostgreSql);

/// <summary>Activities whose work runs as jobs, on every database.</summary>
public abstract class BackgroundConformance(DatabaseProvider provider) : IAsyncLifetime
{
    private readonly Worker _worker = new();
    private RuntimeHost _host = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _host = await RuntimeHost.StartAsync(
            provider,
            configure: services =>
            {
                services.AddWorkflowActivity<Work>();
                services.AddSingleton(_worker);
                services.AddBackgroundActivity<Worker>("Test.Work");
            },
            settings: new() { ["Automation:Workflows:ActivityAttempts"] = "1" });
        await _host.PublishAsync("work", Json.Sequence(Json.Text(Json.Activity("Test.Work", "work", ("text", Json.Literal("String", "do it")))), Json.WriteLine("b", "done")));
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task Whoever_runs_a_workflow_waits_across_its_background_work()
    {
        _worker.Do = (_, _) => Task.FromResult(new OperationResult { Outputs = new Dictionary<string, object?> { ["Result"] = 42L } });

        var result = await _host.Runtime.RunAsync(new StartWorkflowRequest { DefinitionId = "work" }, cancellationToken: Token);

        Assert.Equal(WorkflowSubStatus.Finished, result.Instance!.SubStatus);
        await _host.UntilWrittenAsync("done");
        Assert.Equal(["done"], _host.Lines);
        var seen = Assert.Single(_worker.Seen);
        Assert.Equal("do it", seen.Inputs["Text"]);
        Assert.Equal($"{result.Instance.Id}/{result.Instance.Id}-3/1", seen.IdempotencyKey());
        var executions = await _host.Journal.ListExecutionsAsync(result.Instance.Id, "Workflow1:Sequence1:work", cancellationToken: Token);
        Assert.Equal(42, Assert.Single(executions).Outputs!.Value.GetProperty("Result").GetInt32());
    }

    [Fact]
    public async Task Whoever_waits_comes_back_at_the_deadline_and_the_work_goes_on()
    {
        var goOn = new TaskCompletionSource();
        _worker.Do = async (_, ct) =>
        {
            await goOn.Task.WaitAsync(ct);
            return new OperationResult();
        };

        var result = await _host.Runtime.RunAsync(new StartWorkflowRequest { DefinitionId = "work" }, new WaitOptions(TimeSpan.FromMilliseconds(50)), Token);
        goOn.SetResult();

        Assert.Equal(WorkflowStatus.Running, result.Instance!.Status);
        Assert.True(result.Instance.HasPendingOperations);
        Assert.Equal(WorkflowSubStatus.Finished, (await _host.UntilOverAsync(result.Instance.Id)).SubStatus);
    }

    [Fact]
    public async Task Work_that_throws_becomes_an_incident_and_can_be_tried_again()
    {
        _worker.Do = (_, _) => throw new InvalidOperationException("the other side is away");
        var failed = await _host.Runtime.RunAsync(new StartWorkflowRequest { DefinitionId = "work" }, cancellationToken: Token);
        Assert.Equal(WorkflowSubStatus.Faulted, failed.Instance!.SubStatus);
        Assert.Equal(1, failed.Instance.IncidentCount);

        _worker.Do = (_, _) => Task.FromResult(new OperationResult());
        await _host.Runtime.RetryAsync(failed.Instance.Id, cancellationToken: Token);

        var over = await _host.UntilAsync(failed.Instance.Id, i => i.SubStatus == WorkflowSubStatus.Finished);
        Assert.Equal(0, over.IncidentCount);
        await _host.UntilWrittenAsync("done");
        Assert.Equal(["done"], _host.Lines);
    }

    [Fact]
    public async Task Cancelling_stops_the_work_and_says_so()
    {
        var began = new TaskCompletionSource();
        var stopped = new TaskCompletionSource();
        _worker.Do = async (_, ct) =>
        {
            began.SetResult();
            try
            {
                await Task.Delay(Timeout.Infinite, ct);
            }
            finally
            {
                stopped.SetResult();
            }

            return new OperationResult();
        };
        var started = await _host.Runtime.StartAsync(new StartWorkflowRequest { DefinitionId = "work" }, Token);
        await began.Task.WaitAsync(Token);

        var result = await _host.Runtime.CancelAsync(started.Instance!.Id, "enough", Token);

        await stopped.Task.WaitAsync(Token);
        Assert.Equal([started.Instance.Id], result.Cancelled);
        Assert.Single(result.CancelledJobs);
        Assert.Empty(result.StillRunning);
        Assert.Equal(WorkflowSubStatus.Cancelled, (await _host.Runtime.FindAsync(started.Instance.Id, Token))!.SubStatus);
        var again = await _host.Runtime.CancelAsync(started.Instance.Id, cancellationToken: Token);
        Assert.True(again.Found);
        Assert.Empty(again.Cancelled);
        Assert.False((await _host.Runtime.CancelAsync("nosuch", cancellationToken: Token)).Found);
    }

    [Fact]
    public async Task Work_that_was_under_way_when_the_server_stopped_is_done_after_the_restart()
    {
        var began = new TaskCompletionSource();
        _worker.Do = async (_, ct) =>
        {
            began.TrySetResult();
            await Task.Delay(Timeout.Infinite, ct);
            return new OperationResult();
        };
        var started = await _host.Runtime.StartAsync(new StartWorkflowRequest { DefinitionId = "work" }, Token);
        await began.Task.WaitAsync(Token);
        _worker.Do = (_, _) => Task.FromResult(new OperationResult());

        await _host.RestartAsync();

        Assert.Equal(WorkflowSubStatus.Finished, (await _host.UntilOverAsync(started.Instance!.Id)).SubStatus);
        await _host.UntilWrittenAsync("done");
        Assert.Equal(["done"], _host.Lines);
        Assert.Single(_worker.Seen.Select(o => o.OperationId).Distinct());
    }

    [Fact]
    public async Task A_dispatched_workflow_starts_once_by_a_job()
    {
        var id = await _host.Runtime.DispatchAsync(new StartWorkflowRequest { DefinitionId = "work", Input = new Dictionary<string, object?> { ["a"] = 1L }, CorrelationId = "c7" }, Token);

        var over = await _host.UntilOverAsync(id!);

        Assert.Equal(WorkflowSubStatus.Finished, over.SubStatus);
        Assert.Equal("c7", over.CorrelationId);
        Assert.Null(await _host.Runtime.DispatchAsync(new StartWorkflowRequest { DefinitionId = "nosuch" }, Token));
    }
}
