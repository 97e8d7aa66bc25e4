using Automation.Storage;
using Automation.Storage.Writes;
using Automation.Workflows.Execution;
using Automation.Workflows.Journal;
using Automation.Workflows.Queries;
using Automation.Workflows.Retention;
using Automation.Workflows.Runtime;
using Automation.Workflows.Tests.Runtime.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Automation.Workflows.Tests.Runtime;

public sealed class JournalOnSqliteTests() : JournalConformance(DatabaseProvider.Sqlite);

public sealed class JournalOnPostgreSqlTests() : JournalConformance(DatabaseProvider.PostgreSql);

/// <summary>What instances leave behind, and for how long, on every database.</summary>
public abstract class JournalConformance(DatabaseProvider provider) : IAsyncLifetime
{
    private readonly KeepingHandler _handler = new();
    private RuntimeHost _host = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _host = await RuntimeHost.StartAsync(
        provider,
        configure: services => services.AddSingleton<IWorkflowEffectHandler>(_handler),
        settings: new() { ["Automation:Workflows:Retention:Count"] = "3", ["Automation:Workflows:Retention:BatchSize"] = "2" });

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task A_journal_of_many_bursts_is_paged_like_one_of_few()
    {
        // A commit after every activity makes a chunk of each: more than are read at once.
        await _host.PublishAsync("long", Json.Sequence(Enumerable.Range(0, 30).Select(i => Json.WriteLine($"w{i}", "x"))), "\"options\":{\"commitStrategyName\":\"ActivityExecuted\"}");
        var started = await _host.Runtime.StartAsync(new StartWorkflowRequest { DefinitionId = "long" }, Token);
        var id = started.Instance!.Id;

        var all = await _host.Journal.ListJournalAsync(id, new JournalFilter { ExcludedActivityTypes = [] }, cancellationToken: Token);
        Assert.Equal(64, all!.TotalCount);
        for (var skip = 0; skip < 70; skip += 9)
        {
            var page = await _host.Journal.ListJournalAsync(id, skip: skip, take: 9, cancellationToken: Token);
            Assert.Equal(all.Items.Skip(skip).Take(9), page!.Items);
            Assert.Equal(64, page.TotalCount);
        }
    }

    [Fact]
    public async Task A_loop_writes_its_items_once_and_shows_them_in_its_record()
    {
        // A commit after every activity: the loop's record is in the chunk of every round.
        var body = System.Text.Json.Nodes.JsonNode.Parse(Json.WriteLine("line", "x"))!;
        var items = Json.Expression("Object", "JavaScript", "['one', 'two', 'three', 'four']");
        await _host.PublishAsync("loop", Json.Text(Json.Activity("Elsa.ForEach", "Loop", ("items", items), ("body", body))), "\"options\":{\"commitStrategyName\":\"ActivityExecuted\"}");
        var id = (await _host.Runtime.StartAsync(new StartWorkflowRequest { DefinitionId = "loop" }, Token)).Instance!.Id;

        var chunks = (await _host.Get<Database>().QueryAsync(InstanceSql.Journal, Token, id)).Rows.Select(r => r[0].AsText!).ToList();
        var loop = Assert.Single(await _host.Journal.ListExecutionsAsync(id, cancellationToken: Token), e => e.ActivityId == "Loop");

        Assert.True(chunks.Count(c => c.Contains("CurrentIndex", StringComparison.Ordinal)) > 3, "The loop's record is not in several chunks.");
        Assert.Single(chunks, c => c.Contains("\"three\",\"four\"", StringComparison.Ordinal));
        Assert.Equal(ActivityStatus.Completed, loop.Status);
        Assert.Equal("""{"Items":["one","two","three","four"]}""", loop.ActivityState!.Value.GetRawText());
    }

    [Fact]
    public async Task The_journal_is_filtered_by_node_type_and_event()
    {
        await _host.PublishAsync("f", Json.Sequence(Json.WriteLine("a", "x"), Json.Fault("b", "Boom")));
        var started = await _host.Runtime.StartAsync(new StartWorkflowRequest { DefinitionId = "f" }, Token);
        var id = started.Instance!.Id;
        Assert.Equal(WorkflowSubStatus.Faulted, started.Instance.SubStatus);

        var inView = await _host.Journal.ListJournalAsync(id, new JournalFilter { ActivityNodeIds = ["Workflow1:Sequence1:a"], ExcludedActivityTypes = ["Elsa.Workflow"] }, cancellationToken: Token);
        var incidents = await _host.Journal.ListJournalAsync(id, new JournalFilter { EventNames = [JournalEvents.Faulted] }, cancellationToken: Token);
        var last = await _host.Journal.FindLastEntryAsync(id, "a", Token);

        Assert.Equal(["Started", "Completed"], inView!.Items.Select(e => e.EventName));
        Assert.Equal("b", Assert.Single(incidents!.Items).ActivityId);
        Assert.Equal("Completed", last!.EventName);
        Assert.Null(await _host.Journal.ListJournalAsync("nosuch", cancellationToken: Token));
        var report = await _host.Journal.ReportAsync(id, ["Workflow1:Sequence1:a", "Workflow1:Sequence1:b"], Token);
        Assert.Equal([("a", 1, 1, false), ("b", 1, 0, true)], report.Select(s => (s.ActivityId, s.StartedCount, s.CompletedCount, s.IsFaulted)));
        var faulted = (await _host.Journal.ListExecutionsAsync(id, cancellationToken: Token)).Single(e => e.ActivityId == "b");
        Assert.Equal("Boom", faulted.Exception!.Value.GetProperty("message").GetString());
        var stack = await _host.Journal.GetCallStackAsync(faulted.Id, cancellationToken: Token);
        Assert.Equal(["Workflow1", "Sequence1", "b"], stack!.Select(e => e.ActivityId));
        var found = await _host.Journal.FindExecutionAsync(faulted.Id, Token);
        Assert.Equal((faulted.Id, ActivityStatus.Faulted, 2), (found!.Id, found.Status, found.CallStackDepth));
    }

    [Fact]
    public async Task An_effect_of_someone_elses_commits_with_the_burst()
    {
        _handler.Handles = true;
        await _host.PublishAsync("http", Json.Sequence(Json.Text(Json.Activity("Elsa.WriteHttpResponse", "r", ("content", Json.Literal("Object", "hi"))))));

        var handled = await _host.Runtime.StartAsync(new StartWorkflowRequest { DefinitionId = "http" }, Token);
        _handler.Handles = false;
        var left = await _host.Runtime.StartAsync(new StartWorkflowRequest { DefinitionId = "http" }, Token);

        Assert.Empty(handled.Responses);
        Assert.Equal(handled.Instance!.Id, Assert.Single(_handler.Sources).InstanceId);
        var response = Assert.IsType<HttpResponseEffect>(Assert.Single(left.Responses));
        Assert.Equal("hi", response.Content);
    }

    [Fact]
    public async Task Ended_instances_beyond_the_limit_are_deleted_with_all_that_belongs_to_them()
    {
        await _host.PublishAsync("hello", Json.Sequence(Json.WriteLine("a", "one")));
        await _host.PublishAsync("wait", Json.Sequence(Json.Event("ev", "go")));
        var waiting = await _host.Runtime.StartAsync(new StartWorkflowRequest { DefinitionId = "wait" }, Token);
        var ids = new List<string>();
        for (var i = 0; i < 8; i++)
            ids.Add((await _host.Runtime.StartAsync(new StartWorkflowRequest { DefinitionId = "hello" }, Token)).Instance!.Id);

        var deleted = await _host.Get<RetentionSweep>().RunAsync(Token);

        Assert.Equal(5, deleted);
        Assert.NotNull(await _host.Runtime.FindAsync(waiting.Instance!.Id, Token));
        Assert.Equal(3, await _host.Instances.CountAsync(new InstanceFilter { Statuses = [WorkflowStatus.Finished] }, Token));
        Assert.NotNull(await _host.Runtime.FindAsync(ids[^1], Token));
        var chunks = await _host.Database.QueryAsync(new SqlStatement("SELECT count(*) FROM workflow_journal"), Token);
        Assert.Equal(4, chunks.Rows[0][0].AsInteger);
        Assert.Equal(0, await _host.Get<RetentionSweep>().RunAsync(Token));
    }

    private sealed class KeepingHandler : IWorkflowEffectHandler
    {
        public bool Handles { get; set; }

        public List<EffectSource> Sources { get; } = [];

        public ValueTask<bool> TryAddAsync(WorkflowEffect effect, EffectSource source, WriteUnit unit, CancellationToken cancellationToken)
        {
            if (Handles)
                Sources.Add(source);
            return ValueTask.FromResult(Handles);
        }
    }
}
