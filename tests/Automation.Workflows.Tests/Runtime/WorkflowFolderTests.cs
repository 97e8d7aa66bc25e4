using Automation.Storage;
using Automation.Workflows.Definitions;
using Automation.Workflows.Management;
using Automation.Workflows.Runtime;
using Automation.Workflows.Tests.Runtime.Support;

namespace Automation.Workflows.Tests.Runtime;

public sealed class WorkflowFolderTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static readonly Dictionary<string, string?> Quick = new() { ["Automation:Workflows:ReloadDelay"] = "00:00:00.020" };

    [Fact]
    public async Task Files_are_published_at_the_start_and_make_new_versions_only_when_they_change()
    {
        await using var host = await RuntimeHost.StartAsync(DatabaseProvider.Sqlite, prepare: d =>
        {
            Write(d, "hello.json", Definition("hello", "one"));
            Write(d, "unnamed.json", $$"""{"root":{{Json.Sequence(Json.WriteLine("w", "x"))}}}""");
            Write(d, "mappings.json", "[]");
        });
        Assert.Equal(["hello", "unnamed"], host.Catalog.Published.Select(p => p.DefinitionId).Order());
        Assert.True(host.Catalog.FindPublished("hello")!.Version == 1);

        await host.RestartAsync();
        Assert.Equal(1, host.Catalog.FindPublished("hello")!.Version);

        Write(host.WorkflowsDirectory, "hello.json", Definition("hello", "two"));
        await host.RestartAsync();
        Assert.Equal(2, host.Catalog.FindPublished("hello")!.Version);
        await host.Runtime.StartAsync(new StartWorkflowRequest { DefinitionId = "hello" }, Token);
        Assert.Equal(["two"], host.Lines);
    }

    [Fact]
    public async Task A_file_saved_the_way_editors_do_is_taken_over_while_the_server_runs()
    {
        await using var host = await RuntimeHost.StartAsync(DatabaseProvider.Sqlite, settings: Quick, prepare: d => Write(d, "hello.json", Definition("hello", "one")));

        await ScanAfterAsync(host, s => s.Published.Contains("hello"), () =>
        {
            // Many editors write beside the file and then put the new one in its place.
            Write(host.WorkflowsDirectory, "hello.json~tmp", Definition("hello", "two"));
            File.Move(Path.Combine(host.WorkflowsDirectory, "hello.json~tmp"), Path.Combine(host.WorkflowsDirectory, "hello.json"), overwrite: true);
        });

        Assert.Equal(2, host.Catalog.FindPublished("hello")!.Version);
    }

    [Fact]
    public async Task A_broken_file_is_told_with_its_line_and_the_last_good_version_stays()
    {
        await using var host = await RuntimeHost.StartAsync(DatabaseProvider.Sqlite, settings: Quick, prepare: d => Write(d, "hello.json", Definition("hello", "one")));

        var scan = await ScanAfterAsync(host, s => s.Problems.Count > 0, () => Write(host.WorkflowsDirectory, "hello.json", "{\n  \"definitionId\": \"hello\",\n  oops\n}"));

        var problem = Assert.Single(scan.Problems);
        Assert.Equal(("hello.json", 3), (problem.File, problem.Line));
        Assert.Contains("JSON", problem.Reason, StringComparison.Ordinal);
        Assert.Equal(1, host.Catalog.FindPublished("hello")!.Version);

        var sameId = "{\"definitionId\":\"hello\",\"root\":{\"type\":\"Elsa.Sequence\",\"id\":\"s\",\"activities\":[\n{\"type\":\"Elsa.WriteLine\",\n\"id\":\"w\"},\n{\"type\":\"Elsa.WriteLine\",\"id\":\"w\"}]}}";
        scan = await ScanAfterAsync(host, s => s.Problems.Any(p => p.Line == 3 && s.Problems.Count > 0), () => Write(host.WorkflowsDirectory, "hello.json", sameId));
        Assert.Contains("'w'", scan.Problems[0].Reason, StringComparison.Ordinal);

        await ScanAfterAsync(host, s => s.Problems.Count == 0, () => Write(host.WorkflowsDirectory, "hello.json", Definition("hello", "two")));
        Assert.Equal(2, host.Catalog.FindPublished("hello")!.Version);
        Assert.Empty(host.Get<WorkflowFolder>().Problems);
    }

    [Fact]
    public async Task A_file_that_goes_away_takes_its_workflow_out_of_force()
    {
        await using var host = await RuntimeHost.StartAsync(DatabaseProvider.Sqlite, settings: Quick, prepare: d => Write(d, "hello.json", Definition("hello", "one")));

        await ScanAfterAsync(host, s => s.Retracted.Contains("hello"), () => File.Delete(Path.Combine(host.WorkflowsDirectory, "hello.json")));

        Assert.Null(host.Catalog.FindPublished("hello"));
        Assert.NotNull(await host.Definitions.FindAsync("hello", VersionOptions.Latest, Token));
        await ScanAfterAsync(host, s => s.Published.Contains("hello"), () => Write(host.WorkflowsDirectory, "hello.json", Definition("hello", "one")));
        Assert.NotNull(host.Catalog.FindPublished("hello"));
    }

    [Fact]
    public async Task Definitions_from_files_are_read_only()
    {
        await using var host = await RuntimeHost.StartAsync(DatabaseProvider.Sqlite, prepare: d => Write(d, "hello.json", Definition("hello", "one")));

        Assert.True(host.Catalog.FindPublished("hello") is not null);
        Assert.True((await host.Definitions.FindAsync("hello", VersionOptions.Latest, Token))!.Summary.IsReadonly);
        await Assert.ThrowsAsync<DefinitionReadonlyException>(() => host.Definitions.SaveAsync(WorkflowDefinition.Parse(Definition("hello", "mine")), publish: true, cancellationToken: Token));
        await Assert.ThrowsAsync<DefinitionReadonlyException>(() => host.Definitions.RetractAsync("hello", Token));
        await Assert.ThrowsAsync<DefinitionReadonlyException>(() => host.Definitions.DeleteAsync("hello", Token));
        var retracted = await host.Definitions.RetractManyAsync(["hello", "nosuch"], Token);
        Assert.Equal((0, 0, "nosuch"), (retracted.Retracted.Count, retracted.AlreadyRetracted.Count, Assert.Single(retracted.NotFound)));
    }

    [Fact]
    public async Task With_editing_allowed_publishing_writes_the_file()
    {
        await using var host = await RuntimeHost.StartAsync(
            DatabaseProvider.Sqlite,
            settings: new() { ["Automation:Workflows:AllowEditing"] = "true" },
            prepare: d => Write(d, "hello.json", Definition("hello", "one")));

        await host.Definitions.SaveAsync(WorkflowDefinition.Parse(Definition("hello", "two")), publish: false, cancellationToken: Token);
        Assert.Contains("one", await File.ReadAllTextAsync(Path.Combine(host.WorkflowsDirectory, "hello.json"), Token), StringComparison.Ordinal);
        await host.Definitions.PublishAsync("hello", Token);

        Assert.Contains("two", await File.ReadAllTextAsync(Path.Combine(host.WorkflowsDirectory, "hello.json"), Token), StringComparison.Ordinal);
        await host.RestartAsync();
        Assert.Equal(2, host.Catalog.FindPublished("hello")!.Version);
        await host.Runtime.StartAsync(new StartWorkflowRequest { DefinitionId = "hello" }, Token);
        Assert.Equal(["two"], host.Lines);
    }

    private static async Task<FolderScan> ScanAfterAsync(RuntimeHost host, Func<FolderScan, bool> wanted, Action change)
    {
        var seen = new TaskCompletionSource<FolderScan>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var listening = host.Get<WorkflowFolder>().OnScanned(s =>
        {
            if (wanted(s))
                seen.TrySetResult(s);
        });
        change();
        return await seen.Task.WaitAsync(TimeSpan.FromSeconds(30), Token);
    }

    private static void Write(string directory, string file, string text) => File.WriteAllText(Path.Combine(directory, file), text);

    private static string Definition(string id, string line) => $$"""{"definitionId":"{{id}}","name":"{{id}}","root":{{Json.Sequence(Json.WriteLine("w", line))}}}""";
}
