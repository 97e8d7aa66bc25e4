using System.Text.Json;
using System.Text.Json.Nodes;
using Automation.Workflows.Activities;
using Automation.Workflows.Definitions;
using Automation.Workflows.Graph;
using Automation.Workflows.Tests.Engine.Conformance;

namespace Automation.Workflows.Tests.Engine;

public sealed class DefinitionTests
{
    private static readonly WorkflowCompiler Compiler = new(new ActivityCatalog());

    [Fact]
    public void Every_problem_is_listed_with_activity_property_and_reason()
    {
        var definition = WorkflowDefinition.Parse("""
            {"name":"bad","root":{"id":"f","type":"Elsa.Flowchart","activities":[
              {"id":"a","name":"First","type":"Elsa.WriteLine","text":{"typeName":"String","expression":null}},
              {"id":"a","type":"Elsa.WriteLine"},
              {"id":"x","type":"Acme.Nope"},
              {"id":"m","type":"Elsa.StateMachine","initialState":"Z","states":[{"name":"A"}],"transitions":[{"from":"A","to":"B"}]}],
             "connections":[{"source":{"activity":"a"},"target":{"activity":"gone"}}]}}
            """);

        var problems = Compiler.Validate(definition);

        Assert.Contains(problems, p => p is { Severity: ProblemSeverity.Error, ActivityId: "a", ActivityName: "First", Property: "text" });
        Assert.Contains(problems, p => p is { Severity: ProblemSeverity.Error, ActivityId: "a", Property: "id" });
        Assert.Contains(problems, p => p is { Severity: ProblemSeverity.Warning, ActivityId: "x", Property: "type" });
        Assert.Contains(problems, p => p is { Severity: ProblemSeverity.Error, ActivityId: "f", Property: "connections" } && p.Reason.Contains("'gone'", StringComparison.Ordinal));
        Assert.Contains(problems, p => p is { ActivityId: "m", Property: "transitions[0].to" });
        Assert.Contains(problems, p => p is { ActivityId: "m", Property: "initialState" });
        Assert.Throws<DefinitionException>(() => Compiler.Compile(definition));
    }

    [Theory]
    [InlineData("""{"root":"Elsa.WriteLine"}""", "root")]
    [InlineData("""{"variables":[{"name":"X","value":"1"}]}""", "variables[0].id")]
    [InlineData("""{"variables":[{"id":"v","name":"X","isArray":"yes"}]}""", "variables[0].isArray")]
    [InlineData("""{"version":"one"}""", "version")]
    [InlineData("""{"inputs":{}}""", "inputs")]
    [InlineData("""[1]""", null)]
    [InlineData("""{"a":1,"a":2}""", null)]
    [InlineData("""{"a":""", null)]
    public void A_definition_of_the_wrong_shape_is_refused(string json, string? property)
    {
        var e = Assert.Throws<DefinitionException>(() => WorkflowDefinition.Parse(json));
        Assert.Contains(e.Problems, p => p.Property == property);
    }

    [Fact]
    public void A_definition_that_is_too_large_is_refused_before_it_is_read()
    {
        var e = Assert.Throws<DefinitionException>(() => WorkflowDefinition.Parse(new byte[WorkflowDefinition.MaxJsonBytes + 1]));
        Assert.Contains("bytes", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_loop_that_can_neither_be_left_nor_wait_is_refused()
    {
        var definition = WorkflowDefinition.Parse("""
            {"root":{"id":"f","type":"Elsa.Flowchart","activities":[{"id":"a","type":"Elsa.WriteLine"},{"id":"b","type":"Elsa.WriteLine"}],
             "connections":[{"source":{"activity":"a"},"target":{"activity":"b"}},{"source":{"activity":"b"},"target":{"activity":"a"}}]}}
            """);
        var problem = Assert.Single(Compiler.Validate(definition));
        Assert.Contains("'a' → 'b'", problem.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Node_ids_are_made_from_the_ids_of_all_ancestors()
    {
        var definition = WorkflowDefinition.Parse("""
            {"root":{"id":"s","type":"Elsa.Sequence","activities":[{"id":"i","nodeId":"stale","type":"Elsa.If","then":{"id":"t","type":"Elsa.WriteLine"}},
             {"id":"w","type":"Elsa.Switch","cases":[{"label":"A","activity":{"id":"c","type":"Elsa.WriteLine"}}]}]}}
            """);
        definition.UpdateNodeIds();
        var root = definition.Root!;
        Assert.Equal("Workflow1:s", (string?)root["nodeId"]);
        Assert.Equal("Workflow1:s:i:t", (string?)root["activities"]![0]!["then"]!["nodeId"]);
        Assert.Equal("Workflow1:s:w:c", (string?)root["activities"]![1]!["cases"]![0]!["activity"]!["nodeId"]);
    }

    [Fact]
    public void Unknown_activities_are_shown_as_placeholders_and_turned_back()
    {
        const string json = """
            {"root":{"id":"s","type":"Elsa.Sequence","activities":[{"id":"x","type":"Acme.Nope","version":3,"deep":{"list":[1,2.50,null]},"metadata":{"a":1}}]}}
            """;
        var catalog = new ActivityCatalog();

        var shown = MissingActivities.ToPlaceholders(WorkflowDefinition.Parse(json), t => catalog.Find(t) is not null);
        var placeholder = shown.Root!["activities"]![0]!;
        Assert.Equal("Elsa.NotFoundActivity", (string?)placeholder["type"]);
        Assert.Equal("Acme.Nope", (string?)placeholder["missingTypeName"]);

        MissingActivities.FromPlaceholders(shown);
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(json), shown.Json));
    }

    [Fact]
    public void Every_recorded_definition_is_written_as_it_was_read()
    {
        Assert.SkipWhen(ConformanceCases.Folder is null, "The recorded cases do not stand beside the repository.");
        foreach (var file in Directory.EnumerateFiles(Path.Combine(ConformanceCases.Folder, "..", "..", "captures", "definitions-export"), "*.json"))
        {
            var definition = WorkflowDefinition.Parse(File.ReadAllBytes(file));
            Assert.True(JsonNode.DeepEquals(JsonNode.Parse(File.ReadAllText(file)), JsonNode.Parse(definition.ToJson())), file);
            var before = definition.ToJson();
            definition.UpdateNodeIds();
            Assert.Equal(before, definition.ToJson());
            Assert.DoesNotContain(Compiler.Validate(definition), p => p.Severity == ProblemSeverity.Error);
        }
    }

    [Fact]
    public void Of_the_recorded_definitions_only_those_that_were_recorded_for_their_errors_stop_publishing()
    {
        Assert.SkipWhen(ConformanceCases.Folder is null, "The recorded cases do not stand beside the repository.");
        var refused = new List<string>();
        foreach (var file in Directory.EnumerateFiles(ConformanceCases.Folder, "*.json").Order(StringComparer.Ordinal))
        {
            foreach (var json in ConformanceCases.Load(Path.GetFileNameWithoutExtension(file))["definitions"]!.AsArray().OfType<JsonObject>())
            {
                if (json["autoPublish"]?.GetValue<bool>() is not false)
                    refused.AddRange(Compiler.Validate(new WorkflowDefinition(json.DeepClone().AsObject())).Where(p => p.StopsPublishing).Select(p => $"{Path.GetFileNameWithoutExtension(file)} {p}"));
            }
        }

        Assert.Equal(["flowchart-059", "js-019", "scheduling-010"], refused.Select(r => r.Split(' ')[0]));
    }

    [Fact]
    public void Descriptors_say_at_least_what_a_genuine_server_says()
    {
        Assert.SkipWhen(ConformanceCases.Folder is null, "The recorded answers do not stand beside the repository.");
        var file = Path.Combine(ConformanceCases.Folder, "..", "..", "captures", "descriptors", "descriptors-activities.json");
        var ours = new ActivityCatalog().Descriptors.ToDictionary(d => d.TypeName, Json);
        var missing = new List<string>();
        foreach (var genuine in JsonNode.Parse(File.ReadAllText(file))!["items"]!.AsArray())
        {
            var type = (string)genuine!["typeName"]!;
            if (!ours.TryGetValue(type, out var own))
                missing.Add($"{type}: not there");
            else
                Compare(genuine, own, type);
        }

        Assert.True(missing.Count == 0, string.Join(Environment.NewLine, missing));

        void Compare(JsonNode genuine, JsonNode own, string type)
        {
            foreach (var name in (string[])["version", "category", "displayName", "kind", "runAsynchronously", "isContainer", "isBrowsable", "isStart", "isTerminal", "namespace", "name"])
                Same(genuine[name], own[name], $"{type}.{name}");
            foreach (var list in (string[])["inputs", "outputs", "ports"])
            {
                foreach (var item in genuine[list]!.AsArray())
                {
                    var match = own[list]!.AsArray().FirstOrDefault(o => (string?)o!["name"] == (string?)item!["name"]);
                    if (match is null)
                    {
                        missing.Add($"{type}.{list}: no {item!["name"]}");
                        continue;
                    }

                    foreach (var name in (string[])["typeName", "isWrapped", "category", "defaultValue", "defaultSyntax", "autoEvaluate", "isBrowsable", "type", "order"])
                    {
                        // A leaked .NET name where an alias exists.
                        if (item![name] is { } said && !said.ToJsonString().Contains("System.Byte", StringComparison.Ordinal))
                            Same(item[name], match[name], $"{type}.{list}.{item["name"]}.{name}");
                    }
                }
            }
        }

        void Same(JsonNode? genuine, JsonNode? own, string path)
        {
            if (!JsonNode.DeepEquals(genuine, own) && genuine?.ToJsonString() != own?.ToJsonString())
                missing.Add($"{path}: genuine {genuine?.ToJsonString()}, ours {own?.ToJsonString()}");
        }

        static JsonNode Json(ActivityDescriptor descriptor)
        {
            using var stream = new MemoryStream();
            using (var writer = new Utf8JsonWriter(stream))
                descriptor.Write(writer);
            return JsonNode.Parse(stream.ToArray())!;
        }
    }

    [Fact]
    public void A_workflow_of_five_thousand_activities_compiles_and_runs()
    {
        var activities = new JsonArray([.. Enumerable.Range(0, 5000).Select(i => (JsonNode)new JsonObject { ["id"] = $"a{i}", ["type"] = "Elsa.SetName", ["version"] = 1, ["value"] = $"{i}" })]);
        var connections = new JsonArray([.. Enumerable.Range(1, 4999).Select(i => (JsonNode)new JsonObject
        {
            ["source"] = new JsonObject { ["activity"] = $"a{i - 1}" },
            ["target"] = new JsonObject { ["activity"] = $"a{i}" },
        })]);
        var host = new Support.InMemoryHost();
        host.Publish(new WorkflowDefinition(new JsonObject
        {
            ["definitionId"] = "big",
            ["name"] = "big",
            ["root"] = new JsonObject { ["id"] = "f", ["type"] = "Elsa.Flowchart", ["version"] = 1, ["activities"] = activities, ["connections"] = connections },
        }));
        Assert.Equal("4999", host.Start("big")!.State.Name);
    }
}
