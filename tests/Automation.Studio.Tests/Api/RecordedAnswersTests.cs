using System.Text.Json.Nodes;
using Automation.Studio.Tests.Support;

namespace Automation.Studio.Tests.Api;

/// <summary>Our answers have everything that a genuine server's have.</summary>
public sealed class RecordedAnswersTests(StudioServer server) : IClassFixture<StudioServer>
{
    [Theory]
    [InlineData("expression-descriptors", "type")]
    [InlineData("variables", "typeName")]
    [InlineData("storage-drivers", "typeName")]
    [InlineData("incident-strategies", "typeName")]
    [InlineData("log-persistence-strategies", "typeName")]
    [InlineData("workflow-activation-strategies", "typeName")]
    [InlineData("commit-strategies/workflows", "name")]
    [InlineData("commit-strategies/activities", "name")]
    public async Task Descriptors_of_the_engine_are_those_of_the_genuine_server(string path, string key)
    {
        var recorded = Recordings.Read($"captures/descriptors/descriptors-{path.Replace('/', '-')}.json");
        var ours = (await server.GetAsync("/descriptors/" + path)).Json;

        var byKey = ours["items"]!.AsArray().ToDictionary(i => i![key]!.GetValue<string>(), StringComparer.Ordinal);
        foreach (var item in recorded["items"]!.AsArray())
        {
            var name = item![key]!.GetValue<string>();
            Assert.True(byKey.TryGetValue(name, out var mine), $"{name} is missing");
            Assert.Empty(Recordings.Missing(item, mine));
        }

        Assert.Equal(recorded["count"] is null, ours["count"] is null);
    }

    [Fact]
    public async Task Activities_have_the_inputs_outputs_and_ports_of_the_genuine_ones()
    {
        var recorded = Recordings.Read("captures/descriptors/descriptors-activities.json")["items"]!.AsArray();
        var ours = (await server.GetAsync("/descriptors/activities?Refresh=True")).Json["items"]!.AsArray();
        var byType = ours.ToDictionary(d => d!["typeName"]!.GetValue<string>(), StringComparer.Ordinal);

        var differences = new List<string>();
        foreach (var genuine in recorded.Where(d => d!["isBrowsable"]!.GetValue<bool>() && byType.ContainsKey(d["typeName"]!.GetValue<string>())))
        {
            var mine = byType[genuine!["typeName"]!.GetValue<string>()]!;
            foreach (var member in (ReadOnlySpan<string>)["inputs", "outputs", "ports"])
            {
                var missing = Names(genuine[member]).Except(Names(mine[member]), StringComparer.Ordinal).ToList();
                if (missing.Count > 0)
                    differences.Add($"{genuine["typeName"]}: {member} {string.Join(", ", missing)}");
            }

            if (genuine["kind"]!.GetValue<string>() != mine["kind"]!.GetValue<string>())
                differences.Add($"{genuine["typeName"]}: kind {mine["kind"]}");
        }

        Assert.Empty(differences);
        Assert.All((string[])["Elsa.Flowchart", "Elsa.Sequence", "Elsa.Workflow", "Elsa.NotFoundActivity"], type => Assert.Contains(type, byType.Keys));
    }

    [Fact]
    public async Task No_input_or_output_hides_what_every_activity_has()
    {
        // They are members of the same JSON object; the Studio does not survive a number where an output is meant.
        string[] taken = ["id", "nodeId", "name", "type", "version", "customProperties", "metadata"];

        var hiding = from activity in (await server.GetAsync("/descriptors/activities")).Json["items"]!.AsArray()
                     from property in activity!["inputs"]!.AsArray().Concat(activity["outputs"]!.AsArray())
                     where taken.Contains(property!["name"]!.GetValue<string>(), StringComparer.OrdinalIgnoreCase)
                     select $"{activity["typeName"]}.{property["name"]}";

        Assert.Empty(hiding);
    }

    [Fact]
    public async Task Every_input_of_a_step_is_explained_and_every_choice_of_its_lists_has_a_text()
    {
        var steps = (await server.GetAsync("/descriptors/activities")).Json["items"]!.AsArray().Where(a => a!["typeName"]!.GetValue<string>().StartsWith("Automation.", StringComparison.Ordinal)).ToList();
        var inputs = (from activity in steps from input in activity!["inputs"]!.AsArray() select (Name: $"{activity["typeName"]}.{input!["name"]}", Input: input)).ToList();

        Assert.NotEmpty(inputs);
        Assert.Empty(inputs.Where(i => string.IsNullOrWhiteSpace(i.Input["description"]?.GetValue<string>())).Select(i => i.Name));
        Assert.Empty(
            from input in inputs
            from choice in input.Input["uiSpecifications"]?["dropdown"]?["selectList"]?["items"]?.AsArray() ?? []
            where choice!["text"]!.GetValue<string>().Length == 0
            select input.Name);
    }

    [Fact]
    public async Task No_activity_is_listed_twice()
    {
        await server.SaveAsync(Usable("twice"), publish: true);
        await server.SaveAsync(Usable("Twice"), publish: true);

        var items = (await server.GetAsync("/descriptors/activities")).Json["items"]!.AsArray();

        var keys = items.Select(d => (d!["typeName"]!.GetValue<string>(), d["version"]!.GetValue<int>())).ToList();
        Assert.Equal(keys.Count, keys.Distinct().Count());

        static JsonObject Usable(string id)
        {
            var workflow = Some.Workflow(id);
            workflow["options"] = new JsonObject { ["usableAsActivity"] = true };
            return workflow;
        }
    }

    [Fact]
    public async Task Activities_are_not_sent_again_while_nothing_has_changed()
    {
        using var first = await server.Client.GetAsync(new Uri("/elsa/api/descriptors/activities?Refresh=True", UriKind.Relative), TestContext.Current.CancellationToken);
        using var again = new HttpRequestMessage(HttpMethod.Get, "/elsa/api/descriptors/activities?Refresh=True");
        again.Headers.IfNoneMatch.Add(first.Headers.ETag!);
        using var second = await server.Client.SendAsync(again, TestContext.Current.CancellationToken);

        Assert.Equal(System.Net.HttpStatusCode.NotModified, second.StatusCode);
    }

    [Theory]
    [InlineData("writeline")]
    [InlineData("sequence")]
    [InlineData("setvariable-flowdecision")]
    [InlineData("if")]
    [InlineData("flowswitch")]
    [InlineData("switch")]
    [InlineData("event")]
    [InlineData("foreach")]
    [InlineData("inputs-outputs")]
    [InlineData("http-echo")]
    [InlineData("runjavascript")]
    [InlineData("singleton")]
    public async Task What_was_exported_there_is_imported_and_exported_here_without_loss(string name)
    {
        var recorded = Recordings.Read($"captures/definitions-export/{name}.json");
        var id = recorded["definitionId"]!.GetValue<string>();

        var saved = await server.PostAsync("/workflow-definitions/import", recorded.DeepClone());
        Assert.True(saved.Status is 200 or 201, saved.Text);
        var exported = await server.GetAsync($"/workflow-definitions/{id}/export?versionOptions=Latest");

        Assert.Empty(Recordings.Missing(recorded, exported.Json));
        Assert.Null(exported.At("customProperties.automationRevision"));
        Assert.Equal(recorded["root"]!["type"]!.GetValue<string>(), exported.At("root.type")!.GetValue<string>());
    }

    [Fact]
    public async Task Saved_published_and_retracted_definitions_look_as_there()
    {
        var saved = await server.SaveAsync(Recordings.Read("captures/definitions-export/writeline.json"), publish: false);
        var published = await server.PostAsync("/workflow-definitions/s-writeline/publish", new JsonObject());
        var again = await server.PostAsync("/workflow-definitions/s-writeline/publish", new JsonObject());
        var retracted = await server.PostAsync("/workflow-definitions/s-writeline/retract", new JsonObject());

        Assert.Equal(200, saved.Status);
        Assert.Empty(Recordings.Missing(Recordings.Read("captures/api/publish.json"), published.Json));
        Assert.Empty(Recordings.Missing(Recordings.Read("captures/api/publish-again.json"), again.Json));
        Assert.True(again.At("alreadyPublished")!.GetValue<bool>());
        Assert.Empty(Recordings.Missing(Recordings.Read("captures/api/retract.json"), retracted.Json));
    }

    [Fact]
    public async Task Lists_look_as_there()
    {
        await server.SaveAsync(Some.Workflow("listed"), publish: true);
        await server.PostAsync("/workflow-definitions/listed/execute", new JsonObject());

        var definitions = (await server.GetAsync("/workflow-definitions?page=0&pageSize=1&versionOptions=Latest&orderBy=Name&orderDirection=Ascending")).Json;
        var instances = (await server.GetAsync("/workflow-instances?page=0&pageSize=1&orderBy=Created&orderDirection=Descending")).Json;

        Assert.Empty(Recordings.Missing(FirstOnly("captures/api/workflow-definitions-list.json", "description"), definitions));
        Assert.Empty(Recordings.Missing(FirstOnly("captures/api/workflow-instances-list.json"), instances));

        static JsonNode FirstOnly(string path, params ReadOnlySpan<string> without)
        {
            var recorded = Recordings.Read(path);
            var first = recorded["items"]![0]!.DeepClone();
            foreach (var member in without)
                first.AsObject().Remove(member);
            recorded["items"] = new JsonArray(first);
            return recorded;
        }
    }

    [Fact]
    public async Task An_instance_that_waits_and_is_resumed_looks_as_there()
    {
        await server.SaveAsync(Recordings.Read("captures/definitions-export/event.json"), publish: true);
        var executed = await server.PostAsync("/workflow-definitions/s-event/execute", new JsonObject());
        var id = executed.Headers["x-elsa-workflow-instance-id"];
        var recordedExecution = Recordings.Read("captures/instances/event/execute-response.json");
        // What a flowchart keeps for itself is not part of the contract.
        foreach (var context in recordedExecution["workflowState"]!["activityExecutionContexts"]!.AsArray())
            context!["properties"] = new JsonObject();

        Assert.Equal(200, executed.Status);
        Assert.Empty(Recordings.Missing(recordedExecution, executed.Json));

        var triggered = await server.PostAsync("/events/sample-event/trigger", new JsonObject { ["input"] = new JsonObject { ["x"] = 1 } });
        Assert.Equal(200, triggered.Status);

        foreach (var (file, path) in ((string, string)[])
        [
            ("journal", $"/workflow-instances/{id}/journal?skip=0&take=100"), ("execution-state", $"/workflow-instances/{id}/execution-state"),
            ("variables", $"/workflow-instances/{id}/variables"), ("activity-execution-summaries", $"/activity-execution-summaries/list?WorkflowInstanceId={id}"),
        ])
        {
            var ours = await server.GetAsync(path);
            Assert.Equal(200, ours.Status);
            Assert.Empty(Recordings.Missing(Recordings.Read($"captures/instances/event/{file}.json"), ours.Json));
        }
    }

    [Theory]
    [InlineData("GET", "/workflow-definitions/by-definition-id/nope", 404)]
    [InlineData("GET", "/workflow-instances/nope", 404)]
    [InlineData("POST", "/workflow-definitions/nope/execute", 404)]
    [InlineData("POST", "/workflow-definitions/nope/dispatch", 404)]
    [InlineData("POST", "/cancel/workflow-instances/nope", 200)]
    public async Task What_is_not_there_is_answered_without_a_body(string method, string path, int status)
    {
        var answer = await server.CallAsync(new HttpMethod(method), path, method == "POST" ? new JsonObject() : null);

        Assert.Equal((status, ""), (answer.Status, answer.Text));
    }

    private static IEnumerable<string> Names(JsonNode? list) => list!.AsArray().Select(i => i!["name"]!.GetValue<string>());
}
