using Automation.Storage;
using Automation.Workflows.Execution;
using Automation.Workflows.Runtime;
using Automation.Workflows.Tests.Runtime.Support;

namespace Automation.Workflows.Tests.Runtime;

public sealed class RuntimeOnSqliteTests() : RuntimeConformance(DatabaseProvider.Sqlite);

public sealed class RuntimeOnPostgreSqlTests() : RuntimeConformance(DatabaseProvider.PostgreSql);

/// <summary>What the runtime does, on every database.</summary>
public abstract class RuntimeConformance(DatabaseProvider provider) : IAsyncLifetime
{
    private RuntimeHost _host = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _host = await RuntimeHost.StartAsync(provider);

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task A_workflow_runs_to_its_end_and_leaves_state_and_journal()
    {
        await _host.PublishAsync("hello", Json.Sequence(Json.WriteLine("a", "one"), Json.WriteLine("b", "two")));

        var result = await _host.Runtime.StartAsync(new StartWorkflowRequest { DefinitionId = "hello", CorrelationId = "c1" }, Token);

        Assert.True(result.Started, result.Reason);
        Assert.Equal(WorkflowSubStatus.Finished, result.Instance!.SubStatus);
        Assert.Equal(["one", "two"], _host.Lines);
        var journal = await _host.Journal.ListJournalAsync(result.Instance.Id, cancellationToken: Token);
        Assert.Equal(
            ["Workflow1:Started", "Sequence1:Started", "a:Started", "a:Completed", "b:Started", "b:Completed", "Sequence1:Completed", "Workflow1:Completed"],
            journal!.Items.Select(e => $"{e.ActivityId}:{e.EventName}"));
        Assert.Equal(Enumerable.Range(0, 8).Select(i => (long)i), journal.Items.Select(e => e.Sequence));
        var executions = await _host.Journal.ListExecutionsAsync(result.Instance.Id, cancellationToken: Token);
        Assert.Equal(["Workflow1", "Sequence1", "a", "b"], executions.Select(e => e.ActivityId));
        Assert.All(executions, e => Assert.NotNull(e.CompletedAt));
        Assert.Equal("one", executions[2].ActivityState!.Value.GetProperty("Text").GetString());
    }

    [Fact]
    public async Task An_event_resumes_the_instance_that_waits_for_it()
    {
        await _host.PublishAsync("wait", Json.Sequence(Json.Event("ev", "paid"), Json.WriteLine("b", "after")));
        var started = await _host.Runtime.StartAsync(new StartWorkflowRequest { DefinitionId = "wait" }, Token);
        Assert.Equal(WorkflowSubStatus.Suspended, started.Instance!.SubStatus);

        var other = await _host.Runtime.PublishEventAsync("unpaid", cancellationToken: Token);
        var result = await _host.Runtime.PublishEventAsync("paid", cancellationToken: Token);

        Assert.False(other.Matched);
        Assert.Equal(started.Instance.Id, Assert.Single(result.Resumed).Id);
        Assert.Equal(WorkflowSubStatus.Finished, result.Resumed[0].SubStatus);
        Assert.Equal(["after"], _host.Lines);
    }

    [Fact]
    public async Task An_event_starts_a_workflow_that_begins_with_it_and_not_after_it_is_retracted()
    {
        await _host.PublishAsync("trigger", Json.Sequence(Json.Event("ev", "order", starts: true), Json.WriteLine("b", "got it")));

        var first = await _host.Runtime.PublishEventAsync("order", cancellationToken: Token);
        await _host.Definitions.RetractAsync("trigger", Token);
        var second = await _host.Runtime.PublishEventAsync("order", cancellationToken: Token);

        Assert.Equal(WorkflowSubStatus.Finished, Assert.Single(first.Started).SubStatus);
        Assert.False(second.Matched);
        Assert.Equal(["got it"], _host.Lines);
    }

    [Fact]
    public async Task One_activity_alone_runs_without_what_is_around_it_and_may_wait()
    {
        await _host.PublishAsync("alone", Json.Sequence(Json.WriteLine("a", "before"), Json.Event("ev", "go"), Json.WriteLine("b", "after")));

        var started = await _host.Runtime.StartAsync(new StartWorkflowRequest { DefinitionId = "alone", OnlyActivity = "ev" }, Token);
        await _host.RestartAsync();
        var result = await _host.Runtime.PublishEventAsync("go", cancellationToken: Token);
        var unknown = await _host.Runtime.StartAsync(new StartWorkflowRequest { DefinitionId = "alone", OnlyActivity = "nosuch" }, Token);

        Assert.Equal(WorkflowSubStatus.Suspended, started.Instance!.SubStatus);
        Assert.Equal(WorkflowSubStatus.Finished, Assert.Single(result.Resumed).SubStatus);
        var journal = await _host.Journal.ListJournalAsync(started.Instance.Id, cancellationToken: Token);
        Assert.Equal(["ev:Started", "ev:Suspended", "ev:Resumed", "ev:Completed"], journal!.Items.Select(e => $"{e.ActivityId}:{e.EventName}"));
        Assert.Equal((CannotStart.InvalidInput, true), (unknown.CannotStart, unknown.Reason!.Contains("nosuch", StringComparison.Ordinal)));
        Assert.Empty(_host.Lines);
    }

    [Fact]
    public async Task A_delay_resumes_by_itself()
    {
        await _host.PublishAsync("delay", Json.Sequence(Json.Delay("d", "00:00:00.050"), Json.WriteLine("b", "later")));
        var started = await _host.Runtime.StartAsync(new StartWorkflowRequest { DefinitionId = "delay" }, Token);

        var over = await _host.UntilOverAsync(started.Instance!.Id);

        Assert.Equal(WorkflowSubStatus.Finished, over.SubStatus);
        Assert.Equal(["later"], _host.Lines);
    }

    [Fact]
    public async Task Of_two_who_resume_one_bookmark_exactly_one_wins()
    {
        await _host.PublishAsync("wait", Json.Sequence(Json.Event("ev", "paid"), Json.Event("ev2", "never")));
        for (var round = 0; round < 10; round++)
        {
            var started = await _host.Runtime.StartAsync(new StartWorkflowRequest { DefinitionId = "wait" }, Token);
            var bookmark = $"{started.Instance!.Id}-b1";

            var results = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => _host.Runtime.ResumeAsync(bookmark, cancellationToken: Token))));

            Assert.Single(results, r => r.Resumed);
            Assert.Equal(7, results.Count(r => r.Outcome == ResumeOutcome.NotFound));
        }
    }

    [Fact]
    public async Task A_waiting_instance_goes_on_after_a_restart()
    {
        await _host.PublishAsync("wait", Json.Sequence(Json.Event("ev", "paid"), Json.WriteLine("b", "after")));
        var started = await _host.Runtime.StartAsync(new StartWorkflowRequest { DefinitionId = "wait" }, Token);

        await _host.RestartAsync();
        var result = await _host.Runtime.PublishEventAsync("paid", cancellationToken: Token);

        Assert.Equal(started.Instance!.Id, Assert.Single(result.Resumed).Id);
        Assert.Equal(["after"], _host.Lines);
    }

    [Fact]
    public async Task Rows_of_the_caller_commit_with_the_instance()
    {
        await _host.PublishAsync("hello", Json.Sequence(Json.WriteLine("a", "one")));
        var request = new StartWorkflowRequest
        {
            DefinitionId = "hello",
            InstanceId = "mine",
            Companion = unit => unit.AddExpectingOne(new("INSERT INTO workflow_stimuli (id, hash, name, request, created_at, expires_at) VALUES ('x', 'h', 'n', '{}', 0, 0)")),
        };

        var first = await _host.Runtime.StartAsync(request, Token);
        var again = await _host.Runtime.StartAsync(request, Token);

        Assert.True(first.Started);
        Assert.Equal(CannotStart.InstanceExists, again.CannotStart);
        Assert.Equal("mine", again.Instance!.Id);
    }
}
