using System.Text.Json.Nodes;
using Automation.Storage;
using Automation.Workflows.Definitions;
using Automation.Workflows.Management;
using Automation.Workflows.Queries;
using Automation.Workflows.Runtime;
using Automation.Workflows.Tests.Runtime.Support;

namespace Automation.Workflows.Tests.Runtime;

public sealed class DefinitionsOnSqliteTests() : DefinitionConformance(DatabaseProvider.Sqlite);

public sealed class DefinitionsOnPostgreSqlTests() : DefinitionConformance(DatabaseProvider.PostgreSql);

/// <summary>Drafts, versions and publication, on every database.</summary>
public abstract class DefinitionConformance(DatabaseProvider provider) : IAsyncLifetime
{
    private RuntimeHost _host = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private WorkflowDefinitionManager Definitions => _host.Definitions;

    public async ValueTask InitializeAsync() => _host = await RuntimeHost.StartAsync(provider);

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task A_new_definition_becomes_a_draft_of_version_1_with_ids_of_its_own()
    {
        var result = await Definitions.SaveAsync(Model(null, "My flow", "one"), publish: false, cancellationToken: Token);

        var summary = result.Definition.Summary;
        Assert.Equal(1, summary.Version);
        Assert.True(summary.IsLatest);
        Assert.False(summary.IsPublished);
        Assert.NotEmpty(summary.DefinitionId);
        Assert.NotEqual(summary.Id, summary.DefinitionId);
        Assert.Equal(summary, (await Definitions.FindAsync(summary.DefinitionId, VersionOptions.Latest, Token))!.Summary);
    }

    [Fact]
    public async Task A_draft_is_saved_over_and_a_published_version_is_followed_by_a_draft()
    {
        var first = await Definitions.SaveAsync(Model("d", "A", "one"), publish: false, cancellationToken: Token);
        var second = await Definitions.SaveAsync(Model("d", "B", "two"), publish: true, cancellationToken: Token);
        var third = await Definitions.SaveAsync(Model("d", "C", "three"), publish: false, cancellationToken: Token);
        var fourth = await Definitions.SaveAsync(Model("d", "D", "four"), publish: false, cancellationToken: Token);

        Assert.Equal(first.Definition.Summary.Id, second.Definition.Summary.Id);
        Assert.Equal((1, true, true), Of(second));
        Assert.Equal((2, true, false), Of(third));
        Assert.NotEqual(second.Definition.Summary.Id, third.Definition.Summary.Id);
        Assert.Equal(third.Definition.Summary.Id, fourth.Definition.Summary.Id);
        var versions = await Definitions.GetVersionsAsync("d", Token);
        Assert.Equal([(2, true, false), (1, false, true)], versions.Select(v => (v.Summary.Version, v.Summary.IsLatest, v.Summary.IsPublished)));
        Assert.Equal("D", (await Definitions.FindAsync("d", VersionOptions.Latest, Token))!.Summary.Name);
        Assert.Equal("B", (await Definitions.FindAsync("d", VersionOptions.Published, Token))!.Summary.Name);
        Assert.Equal("B", (await Definitions.FindAsync("d", VersionOptions.Specific(1), Token))!.Summary.Name);
        Assert.Null(await Definitions.FindAsync("d", new VersionOptions(VersionSelection.LatestAndPublished), Token));

        static (int, bool, bool) Of(SaveDefinitionResult r) => (r.Definition.Summary.Version, r.Definition.Summary.IsLatest, r.Definition.Summary.IsPublished);
    }

    [Fact]
    public async Task Publishing_twice_changes_nothing_and_says_so()
    {
        await Definitions.SaveAsync(Model("d", "A", "one"), publish: false, cancellationToken: Token);
        var first = await Definitions.PublishAsync("d", Token);
        var second = await Definitions.PublishAsync("d", Token);

        Assert.False(first.AlreadyPublished);
        Assert.True(second.AlreadyPublished);
        Assert.Equal(first.Definition.Summary, second.Definition.Summary);
        await Assert.ThrowsAsync<DefinitionNotFoundException>(() => Definitions.PublishAsync("nosuch", Token));
    }

    [Fact]
    public async Task A_running_instance_stays_on_the_version_it_started_with()
    {
        await _host.PublishAsync("d", Json.Sequence(Json.Event("ev", "go"), Json.WriteLine("w", "old")));
        var started = await _host.Runtime.StartAsync(new StartWorkflowRequest { DefinitionId = "d" }, Token);
        await _host.PublishAsync("d", Json.Sequence(Json.Event("ev", "go"), Json.WriteLine("w", "new")));

        await _host.Runtime.PublishEventAsync("go", cancellationToken: Token);
        await _host.Runtime.StartAsync(new StartWorkflowRequest { DefinitionId = "d" }, Token);
        await _host.Runtime.PublishEventAsync("go", cancellationToken: Token);

        Assert.Equal(["old", "new"], _host.Lines);
        Assert.NotEqual(started.Instance!.DefinitionVersionId, _host.Catalog.FindPublished("d")!.Id);
    }

    [Fact]
    public async Task What_has_errors_is_kept_as_a_draft_and_not_published()
    {
        await _host.PublishAsync("d", Json.Sequence(Json.WriteLine("w", "good")));
        var bad = Json.Sequence(Json.WriteLine("w", "x"), Json.WriteLine("w", "same id"));

        var result = await Definitions.SaveAsync(WorkflowDefinition.Parse($$"""{"definitionId":"d","name":"d","root":{{bad}}}"""), publish: true, cancellationToken: Token);

        Assert.False(result.IsPublished);
        Assert.Contains(result.Problems, p => p.Severity == ProblemSeverity.Error && p.ActivityId == "w");
        Assert.Equal(2, result.Definition.Summary.Version);
        Assert.Equal(1, _host.Catalog.FindPublished("d")!.Version);
    }

    [Fact]
    public async Task Of_two_who_save_over_the_same_revision_the_second_is_told()
    {
        var first = await Definitions.SaveAsync(Model("d", "A", "one"), publish: false, cancellationToken: Token);
        await Definitions.SaveAsync(Model("d", "B", "two"), publish: false, first.Definition.Summary.Revision, Token);

        await Assert.ThrowsAsync<DefinitionConflictException>(() => Definitions.SaveAsync(Model("d", "C", "three"), publish: false, first.Definition.Summary.Revision, Token));

        Assert.Equal("B", (await Definitions.FindAsync("d", VersionOptions.Latest, Token))!.Summary.Name);
    }

    [Fact]
    public async Task Reverting_makes_a_draft_of_an_old_version()
    {
        await Definitions.SaveAsync(Model("d", "A", "one"), publish: true, cancellationToken: Token);
        await Definitions.SaveAsync(Model("d", "B", "two"), publish: true, cancellationToken: Token);

        var draft = await Definitions.RevertAsync("d", 1, Token);

        Assert.Equal((3, "A", true, false), (draft.Version, draft.Name, draft.IsLatest, draft.IsPublished));
        Assert.Equal("B", _host.Catalog.FindPublished("d")!.Name);
        await Assert.ThrowsAsync<DefinitionNotFoundException>(() => Definitions.RevertAsync("d", 9, Token));
    }

    [Fact]
    public async Task Deleting_the_latest_version_makes_the_one_before_it_the_latest()
    {
        await Definitions.SaveAsync(Model("d", "A", "one"), publish: true, cancellationToken: Token);
        var draft = await Definitions.SaveAsync(Model("d", "B", "two"), publish: false, cancellationToken: Token);

        Assert.True(await Definitions.DeleteVersionAsync(draft.Definition.Summary.Id, Token));

        Assert.Equal((1, true, true), ((await Definitions.FindAsync("d", VersionOptions.Latest, Token))!.Summary) is var s ? (s.Version, s.IsLatest, s.IsPublished) : default);
        Assert.False(await Definitions.DeleteVersionAsync(draft.Definition.Summary.Id, Token));
    }

    [Fact]
    public async Task Deleting_a_definition_takes_its_instances_and_triggers_along()
    {
        await _host.PublishAsync("d", Json.Sequence(Json.Event("t", "start", starts: true), Json.Event("ev", "go")));
        await _host.Runtime.PublishEventAsync("start", cancellationToken: Token);
        Assert.Equal(1, await _host.Instances.CountAsync(new InstanceFilter(), Token));

        Assert.True(await Definitions.DeleteAsync("d", Token));

        Assert.Empty(await Definitions.GetVersionsAsync("d", Token));
        Assert.Equal(0, await _host.Instances.CountAsync(new InstanceFilter(), Token));
        Assert.False((await _host.Runtime.PublishEventAsync("go", cancellationToken: Token)).Matched);
        Assert.False((await _host.Runtime.PublishEventAsync("start", cancellationToken: Token)).Matched);
        Assert.False(await Definitions.DeleteAsync("d", Token));
    }

    [Fact]
    public async Task A_definition_comes_back_from_export_and_import_with_everything_it_had()
    {
        const string json = """
            {"definitionId":"x","name":"Exported","unknown":{"kept":[1,2.50,"é"]},"variables":[{"id":"v","name":"V","typeName":"Object","value":null}],
             "root":{"type":"Acme.Unheard","id":"u","version":3,"mystery":{"a":null}}}
            """;
        await Definitions.SaveAsync(WorkflowDefinition.Parse(json), publish: false, cancellationToken: Token);
        var file = await Definitions.ExportAsync("x", VersionOptions.Latest, cancellationToken: Token);

        await Definitions.DeleteAsync("x", Token);
        var imported = await Definitions.ImportAsync(WorkflowDefinitionManager.ReadFile(file!.FileName, file.Content), Token);
        var again = await Definitions.ExportAsync("x", VersionOptions.Latest, cancellationToken: Token);

        Assert.True(Assert.Single(imported).IsNew);
        Assert.True(JsonNode.DeepEquals(Comparable(file.Content), Comparable(again!.Content)));
        Assert.Equal("2.50", Comparable(again.Content)["unknown"]!["kept"]![1]!.ToJsonString());

        static JsonObject Comparable(byte[] content)
        {
            var node = JsonNode.Parse(content)!.AsObject();
            node.Remove("id");
            node.Remove("createdAt");
            return node;
        }
    }

    [Fact]
    public async Task Several_definitions_travel_as_an_archive_and_all_or_none_arrive()
    {
        var a = await Definitions.SaveAsync(Model("a", "Same name", "one"), publish: false, cancellationToken: Token);
        var b = await Definitions.SaveAsync(Model("b", "Same name", "two"), publish: false, cancellationToken: Token);
        var file = await Definitions.ExportVersionsAsync([a.Definition.Summary.Id, b.Definition.Summary.Id], cancellationToken: Token);
        var models = WorkflowDefinitionManager.ReadFile(file!.FileName, file.Content);
        Assert.Equal(["a", "b"], models.Select(m => m.DefinitionId).Order());

        await Definitions.DeleteManyAsync(["a", "b"], Token);
        var bad = WorkflowDefinition.Parse($$"""{"definitionId":"c","root":{{Json.Sequence(Json.WriteLine("w", "x"), Json.WriteLine("w", "x"))}}}""");
        await Assert.ThrowsAsync<DefinitionException>(() => Definitions.ImportAsync([.. models, bad], Token));
        Assert.Null(await Definitions.FindAsync("a", VersionOptions.Latest, Token));

        await Definitions.ImportAsync(models, Token);
        Assert.NotNull(await Definitions.FindAsync("a", VersionOptions.Latest, Token));
        Assert.NotNull(await Definitions.FindAsync("b", VersionOptions.Latest, Token));
    }

    [Fact]
    public async Task Bulk_operations_say_what_became_of_each()
    {
        await Definitions.SaveAsync(Model("new", "n", "one"), publish: false, cancellationToken: Token);
        await Definitions.SaveAsync(Model("done", "d", "one"), publish: true, cancellationToken: Token);

        var published = await Definitions.PublishManyAsync(["new", "done", "nosuch"], Token);
        var retracted = await Definitions.RetractManyAsync(["new", "nosuch"], Token);
        var again = await Definitions.RetractManyAsync(["new", "done"], Token);

        Assert.Equal(["new"], published.Published);
        Assert.Equal(["done"], published.AlreadyPublished);
        Assert.Equal(["nosuch"], published.NotFound);
        Assert.Equal(["new"], retracted.Retracted);
        Assert.Equal(["nosuch"], retracted.NotFound);
        Assert.Equal(["done"], again.Retracted);
        Assert.Equal(["new"], again.AlreadyRetracted);
    }

    [Fact]
    public async Task A_name_is_unique_unless_another_definition_has_it()
    {
        await Definitions.SaveAsync(Model("a", "Orders", "one"), publish: false, cancellationToken: Token);

        Assert.False(await Definitions.IsNameUniqueAsync("Orders", null, Token));
        Assert.True(await Definitions.IsNameUniqueAsync("Orders", "a", Token));
        Assert.True(await Definitions.IsNameUniqueAsync("Other", null, Token));
    }

    [Fact]
    public async Task Lists_filter_search_sort_and_page()
    {
        foreach (var name in (string[])["Beta", "alpha", "Gamma", "delta"])
            await Definitions.SaveAsync(Model(name.ToLowerInvariant(), name, "one"), publish: name != "delta", cancellationToken: Token);
        await Definitions.SaveAsync(Model("beta", "Beta", "two"), publish: false, cancellationToken: Token);
        var queries = _host.Get<DefinitionQueries>();

        var latest = await queries.ListAsync(new DefinitionFilter { Version = VersionOptions.Latest, Take = 3 }, Token);
        var published = await queries.ListAsync(new DefinitionFilter { Version = VersionOptions.Published, OrderBy = DefinitionOrder.Created, Descending = true }, Token);
        var found = await queries.ListAsync(new DefinitionFilter { Version = VersionOptions.Latest, SearchTerm = "ALPH" }, Token);
        var either = await queries.ListAsync(new DefinitionFilter { Version = new VersionOptions(VersionSelection.LatestOrPublished) }, Token);

        Assert.Equal(4, latest.TotalCount);
        Assert.Equal(3, latest.Items.Count);
        Assert.Equal(["gamma", "alpha", "beta"], published.Items.Select(d => d.DefinitionId));
        Assert.Equal("alpha", Assert.Single(found.Items).DefinitionId);
        Assert.Equal(5, either.TotalCount);
        Assert.Equal(2, await queries.CountAsync(new DefinitionFilter { DefinitionIds = ["beta"] }, Token));
    }

    private static WorkflowDefinition Model(string? id, string name, string line)
    {
        var model = WorkflowDefinition.Parse($$"""{"definitionId":null,"name":"{{name}}","root":{{Json.Sequence(Json.WriteLine("w", line))}}}""");
        model.DefinitionId = id;
        return model;
    }
}
