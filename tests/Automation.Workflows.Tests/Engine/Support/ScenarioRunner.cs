using System.Globalization;
using System.Text.Json.Nodes;
using Automation.Testing;
using Automation.Workflows.Activities.Http;
using Automation.Workflows.Definitions;
using Automation.Workflows.Execution;

namespace Automation.Workflows.Tests.Engine.Support;

/// <summary>Runs one scenario and compares what came out. Expectations that a file does not name are not compared.</summary>
internal sealed class ScenarioRunner
{
    private readonly string _folder;
    private readonly string _name;
    private readonly JsonObject _expected;
    private readonly ManualClock _clock = new();

    public ScenarioRunner(string folder, string name)
    {
        _folder = Path.GetDirectoryName(Path.Combine(folder, name))!;
        _name = name;
        _expected = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, name + ".expected.json")))!.AsObject();
        Definition = Read(Path.Combine(folder, name + ".json"));
    }

    private WorkflowDefinition Definition { get; }

    public void Run(bool restart, bool commitAlways)
    {
        if (commitAlways)
            Definition.Json["options"]!["commitStrategyName"] = "ActivityExecuted";
        var host = new InMemoryHost(_clock) { Restart = restart, Execute = LocalHttp.Run };
        foreach (var part in Texts("with"))
            host.Publish(Read(Path.Combine(_folder, part + ".part.json")));
        if (_expected["problems"] is not null)
        {
            var problems = host.Compiler.Validate(Definition).Where(p => p.Severity == ProblemSeverity.Error || p.StopsPublishing);
            Assert.Equal(Texts("problems"), problems.Select(p => $"{p.ActivityId}:{p.Property}").Order(StringComparer.Ordinal));
            return;
        }

        host.Publish(Definition);
        if (_expected["refused"] is { } missing)
        {
            var refused = Assert.Throws<WorkflowInputException>(() => Start(host, Definition.DefinitionId!, _expected["start"]));
            Assert.Contains((string)missing!, refused.Message, StringComparison.Ordinal);
            Assert.Empty(host.Instances);
            return;
        }

        var instance = Start(host, Definition.DefinitionId!, _expected["start"])!;
        foreach (var step in _expected["steps"] as JsonArray ?? [])
            Do(host, instance, step!);

        Compare(instance, _expected);
        foreach (var (definition, expected) in _expected["instances"] as JsonObject ?? [])
        {
            var others = host.Instances.Where(i => i.Workflow.DefinitionId == definition && i != instance).ToList();
            Assert.True(others.Count == expected!.AsArray().Count, $"{others.Count} instances of {definition}");
            foreach (var (other, one) in others.Zip(expected.AsArray()))
                Compare(other, one!.AsObject());
        }
    }

    /// <summary>A definition's text without what only tells it from others.</summary>
    public static string WithoutNames(string file)
    {
        var json = JsonNode.Parse(File.ReadAllText(file))!.AsObject();
        json.Remove("definitionId");
        json.Remove("name");
        return json.ToJsonString() + File.ReadAllText(file[..^5] + ".expected.json");
    }

    private static WorkflowDefinition Read(string file) => WorkflowDefinition.Parse(File.ReadAllBytes(file));

    private IEnumerable<string> Texts(string member) => (_expected[member] as JsonArray ?? []).Select(t => (string)t!);

    private static HostedInstance? Start(InMemoryHost host, string definitionId, JsonNode? start)
    {
        var http = start?["http"];
        return host.Start(
            definitionId,
            new NewInstance { Input = Map(start?["input"]), CorrelationId = (string?)start?["correlation"] },
            new Stimulus.Start((string?)start?["trigger"], http is null ? JsonValues.FromNode(start?["payload"]) : Request(http))
            {
                IsTriggered = http is not null || start?["payload"] is not null,
                Variables = Map(start?["variables"]),
            });
    }

    private void Do(InMemoryHost host, HostedInstance instance, JsonNode step)
    {
        if (step is JsonObject full)
        {
            Do(host, instance, full);
            return;
        }

        var words = ((string)step!).Split(' ');
        switch (words[0])
        {
            case "event":
                host.PublishEvent(words[1]);
                break;
            case "set":
                Assert.True(instance.State.SetVariable(instance.Workflow, words[1], words[2]));
                break;
            case "pass":
                _clock.Advance(TimeSpan.FromSeconds(int.Parse(words[1], CultureInfo.InvariantCulture)));
                host.RunDue();
                break;
            case "task":
                host.CompleteTask(instance.Effects.OfType<RequestTask>().Last().TaskId, words[1]);
                break;
            case "cancel" when words.Length > 1:
                host.Send(instance, new Stimulus.CancelActivity(words[1]));
                break;
            case "cancel":
                host.Send(instance, new Stimulus.Cancel());
                break;
            case "retry":
                host.Send(instance, new Stimulus.Retry(words.Length > 1 ? [words[1]] : null));
                break;
            case "schedule":
                host.Send(instance, new Stimulus.ScheduleActivity(words[1]));
                break;
            default:
                throw new InvalidOperationException($"Unknown step '{step}'.");
        }
    }

    private void Do(InMemoryHost host, HostedInstance instance, JsonObject step)
    {
        var payload = JsonValues.FromNode(step["payload"]);
        if ((string?)step["event"] is { } name)
            host.PublishEvent(name, payload, (string?)step["correlation"]);
        else if ((string?)step["start"] is { } definition)
            Assert.Equal((bool?)step["refused"] ?? false, Start(host, definition.Length == 0 ? Definition.DefinitionId! : definition, step) is null);
        else if ((string?)step["http"] is { } activity)
            Assert.True(host.Resume(instance, instance.State.Bookmarks.First(b => b.ActivityId == activity).Id, Request(step["request"]!)));
        else if ((string?)step["task"] is { } task)
            host.CompleteTask(instance.Effects.OfType<RequestTask>().Single(t => t.TaskName == task).TaskId, JsonValues.FromNode(step["result"]));
        else if (step["retry"] is JsonArray ids)
            host.Send(instance, new Stimulus.Retry(ids.Count == 0 ? null : [.. ids.Select(i => (string)i!)]) { Variables = Map(step["variables"]), Input = Map(step["input"]) });
        else
            throw new InvalidOperationException($"Unknown step '{step.ToJsonString()}'.");
    }

    private static void Compare(HostedInstance instance, JsonObject expected)
    {
        Assert.Equal((string)expected["status"]!, instance.State.SubStatus.ToString());
        if (expected["lines"] is JsonArray lines)
            Assert.Equal(lines.Select(l => (string)l!), instance.Lines);
        if (expected["logs"] is JsonArray logs)
            Assert.Equal(logs.Select(l => (string)l!), instance.Effects.OfType<LogEntry>().Select(l => $"{l.Level} {l.Category}: {l.Message}"));
        if (expected["journal"] is JsonArray journal)
            Assert.Equal(journal.Select(l => (string)l!), instance.JournalLines);
        if (expected["incidents"] is JsonArray incidents)
            Assert.Equal(incidents.Select(i => (string)i!), instance.State.Incidents.Select(i => i.ActivityId));
        if (expected["message"] is { } message)
            Assert.Contains((string)message!, instance.State.Incidents[0].Message, StringComparison.Ordinal);
        if (expected["output"] is { } output)
            Assert.Equal(output.ToJsonString(), JsonNode.Parse(JsonValues.ToText(instance.State.Output))!.ToJsonString());
        if (expected["name"] is { } name)
            Assert.Equal((string)name!, instance.State.Name);
        if (expected["correlation"] is { } correlation)
            Assert.Equal((string)correlation!, instance.State.CorrelationId);
        if (expected["bookmarks"] is JsonArray bookmarks)
            Assert.Equal(bookmarks.Select(b => (string)b!), instance.State.Bookmarks.Select(b => $"{b.ActivityId}:{b.Name}").Order(StringComparer.Ordinal));
        if (expected["responses"] is JsonArray responses)
            Assert.Equal(responses.Select(r => r!.ToJsonString()), instance.Effects.OfType<HttpResponseEffect>().Select(r => Describe(r).ToJsonString()));
        foreach (var (variable, value) in expected["variables"] as JsonObject ?? [])
        {
            var found = JsonValues.ToText(instance.State.GetVariables(instance.Workflow).Single(v => v.Name == variable).Value);
            Assert.Equal(value?.ToJsonString() ?? "null", JsonNode.Parse(found)?.ToJsonString() ?? "null");
        }

        foreach (var (activity, statuses) in expected["executions"] as JsonObject ?? [])
            Assert.Equal(statuses!.AsArray().Select(s => (string)s!), instance.Records.Values.Where(r => r.Activity.Id == activity).Select(r => r.Status.ToString()));
        foreach (var (activity, outputs) in expected["outputs"] as JsonObject ?? [])
        {
            var record = instance.Records.Values.Last(r => r.Activity.Id == activity);
            foreach (var (output1, value) in outputs!.AsObject())
                Assert.Equal(value?.ToJsonString(), JsonNode.Parse(JsonValues.ToText(record.Outputs.GetValueOrDefault(output1)))?.ToJsonString());
        }

        Assert.Equal(Enumerable.Range(0, instance.Journal.Count).Select(i => (long)i), instance.Journal.Select(j => j.Sequence));
    }

    private static JsonObject Describe(HttpResponseEffect response)
    {
        var described = new JsonObject { ["status"] = response.StatusCode, ["content"] = JsonNode.Parse(JsonValues.ToText(response.Content)) };
        if (response.ContentType is not null)
            described["contentType"] = response.ContentType;
        foreach (var (name, values) in response.Headers)
            described[name] = string.Join(", ", values);
        return described;
    }

    private static Dictionary<string, object?> Request(JsonNode request) => new HttpRequestPayload
    {
        Method = (string?)request["method"] ?? "GET",
        Path = (string?)request["path"] ?? "",
        RouteData = Map(request["route"]) ?? [],
        Query = Map(request["query"]) ?? [],
        Headers = Map(request["headers"]) ?? [],
        Content = JsonValues.FromNode(request["content"]),
        Files = JsonValues.FromNode(request["files"]) as IReadOnlyList<object?> ?? [],
        Rejection = request["rejection"] is { } rejection ? new HttpRejection((int)rejection["status"]!, "no", (string?)rejection["outcome"]) : null,
    }.ToPlain();

    private static Dictionary<string, object?>? Map(JsonNode? node) => node is null ? null : JsonValues.FromNode(node) as Dictionary<string, object?>;
}
