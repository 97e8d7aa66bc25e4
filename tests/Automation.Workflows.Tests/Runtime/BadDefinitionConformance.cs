using Automation.Storage;
using Automation.Workflows.Definitions;
using Automation.Workflows.Execution;
using Automation.Workflows.Runtime;
using Automation.Workflows.Tests.Runtime.Support;

namespace Automation.Workflows.Tests.Runtime;

public sealed class BadDefinitionsOnSqliteTests() : BadDefinitionConformance(DatabaseProvider.Sqlite);

public sealed class BadDefinitionsOnPostgreSqlTests() : BadDefinitionConformance(DatabaseProvider.PostgreSql);

/// <summary>What can never work may be kept as a draft, but is neither published nor imported, on every database.</summary>
public abstract class BadDefinitionConformance(DatabaseProvider provider) : IAsyncLifetime
{
    private const string Broken = """
        {"definitionId":"bad","name":"bad","root":{"id":"f","type":"Elsa.Flowchart","version":1,"activities":[
          {"id":"js","name":"Greet","type":"Elsa.WriteLine","version":1,"text":{"typeName":"String","expression":{"type":"JavaScript","value":"const a = 1;\nreturn a +* 2"}}},
          {"id":"lq","type":"Elsa.WriteLine","version":1,"text":{"typeName":"String","expression":{"type":"Liquid","value":"{% if Variables.X %}never closed"}}},
          {"id":"run","type":"Elsa.RunJavaScript","version":1,"script":{"typeName":"String","expression":{"type":"Literal","value":"let = ;"}}},
          {"id":"num","type":"Elsa.Delay","version":1,"timeSpan":{"typeName":"TimeSpan","expression":{"type":"Literal","value":"tomorrow"}}},
          {"id":"dec","type":"Elsa.FlowDecision","version":1,"condition":{"typeName":"Boolean","expression":{"type":"JavaScript","value":"variables.X >"}}}],
         "connections":[
          {"source":{"activity":"js","port":"Done"},"target":{"activity":"lq","port":"In"}},
          {"source":{"activity":"lq","port":"Done"},"target":{"activity":"gone","port":"In"}}]}}
        """;

    private RuntimeHost _host = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _host = await RuntimeHost.StartAsync(provider);

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task A_definition_with_errors_is_kept_as_a_draft_and_every_problem_is_listed()
    {
        var draft = await _host.Definitions.SaveAsync(WorkflowDefinition.Parse(Broken), publish: false, cancellationToken: Token);
        Assert.Empty(draft.Problems);

        var result = await _host.Definitions.PublishAsync("bad", Token);

        Assert.False(result.IsPublished);
        Assert.Null(_host.Catalog.FindPublished("bad"));
        var errors = result.Problems.Where(p => p.Severity == ProblemSeverity.Error).ToList();
        Assert.Equal(["dec:condition", "f:connections", "js:text", "lq:text", "run:script"], errors.Select(p => $"{p.ActivityId}:{p.Property}").Order(StringComparer.Ordinal));
        var js = errors.Single(p => p.ActivityId == "js");
        Assert.Equal("Greet", js.ActivityName);
        Assert.Equal((2, 11), (js.Line, js.Column));
        Assert.Contains("line 2, column 11", js.ToString(), StringComparison.Ordinal);
        Assert.Contains(result.Problems, p => p is { Severity: ProblemSeverity.Warning, ActivityId: "num", Property: "timeSpan" } && p.Reason.Contains("tomorrow", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_definition_with_errors_is_not_imported_and_takes_the_others_down_with_it()
    {
        var good = WorkflowDefinition.Parse("""{"definitionId":"good","name":"good","root":{"id":"a","type":"Elsa.WriteLine","version":1}}""");

        var e = await Assert.ThrowsAsync<DefinitionException>(() => _host.Definitions.ImportAsync([good, WorkflowDefinition.Parse(Broken)], Token));

        Assert.Equal(5, e.Problems.Count(p => p.Severity == ProblemSeverity.Error));
        Assert.All(e.Problems, p => Assert.Contains("(workflow 'bad')", p.Reason, StringComparison.Ordinal));
        Assert.Empty(await _host.Definitions.GetVersionsAsync("good", Token));
        Assert.Empty(await _host.Definitions.GetVersionsAsync("bad", Token));
    }

    [Fact]
    public async Task A_draft_with_a_broken_expression_can_be_tried_out_and_faults_where_it_is_reached()
    {
        await _host.Definitions.SaveAsync(
            WorkflowDefinition.Parse("""
                {"definitionId":"draft","name":"draft","root":{"id":"s","type":"Elsa.Sequence","version":1,"activities":[
                  {"id":"a","type":"Elsa.WriteLine","version":1,"text":"before"},
                  {"id":"b","type":"Elsa.WriteLine","version":1,"text":{"typeName":"String","expression":{"type":"JavaScript","value":"1 +"}}}]}}
                """),
            publish: false,
            cancellationToken: Token);

        var started = await _host.Runtime.StartAsync(new StartWorkflowRequest { DefinitionId = "draft", Version = Management.VersionOptions.Latest }, Token);

        Assert.Equal(WorkflowSubStatus.Faulted, started.Instance!.SubStatus);
        Assert.Equal(["before"], _host.Lines);
    }

    [Fact]
    public async Task A_server_told_to_do_as_Elsa_does_publishes_what_faults_later()
    {
        await using var host = await RuntimeHost.StartAsync(
            provider, settings: new(StringComparer.Ordinal) { ["Automation:Workflows:Engine:RefuseBrokenExpressions"] = "false" });

        var result = await host.Definitions.SaveAsync(
            WorkflowDefinition.Parse("""{"definitionId":"d","name":"d","root":{"id":"b","type":"Elsa.WriteLine","version":1,"text":{"typeName":"String","expression":{"type":"JavaScript","value":"1 +"}}}}"""),
            publish: true,
            cancellationToken: Token);

        Assert.True(result.IsPublished);
        Assert.Contains(result.Problems, p => p is { Severity: ProblemSeverity.Warning, ActivityId: "b", Property: "text" });
    }

    [Fact]
    public async Task What_must_pass_every_check_is_refused_when_it_is_huge_or_hostile()
    {
        Assert.Contains("bytes", Assert.Throws<DefinitionException>(() => WorkflowDefinition.Parse(new byte[50 * 1024 * 1024])).Message, StringComparison.Ordinal);
        var deep = string.Concat(Enumerable.Repeat("{\"root\":", 100_000)) + "1" + new string('}', 100_000);
        Assert.Throws<DefinitionException>(() => WorkflowDefinition.Parse(deep));

        var result = await _host.Definitions.SaveAsync(
            WorkflowDefinition.Parse("""
                {"definitionId":"loop","name":"loop","root":{"id":"f","type":"Elsa.Flowchart","version":1,"activities":[
                  {"id":"a","type":"Elsa.WriteLine","version":1},{"id":"b","type":"Elsa.SetName","version":1},{"id":"b","type":"Elsa.SetName","version":1}],
                 "connections":[{"source":{"activity":"a"},"target":{"activity":"b"}},{"source":{"activity":"b"},"target":{"activity":"a"}}]}}
                """),
            publish: true,
            cancellationToken: Token);

        Assert.False(result.IsPublished);
        Assert.Equal(["b:id", "f:connections"], result.Problems.Select(p => $"{p.ActivityId}:{p.Property}").Order(StringComparer.Ordinal));
    }
}
