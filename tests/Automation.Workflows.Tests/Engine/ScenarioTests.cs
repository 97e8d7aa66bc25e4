using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Automation.Testing;
using Automation.Workflows.Definitions;
using Automation.Workflows.Execution;
using Automation.Workflows.Tests.Engine.Support;

namespace Automation.Workflows.Tests.Engine;

/// <summary>
/// Each file under Scenarios is a definition that Elsa Studio can open; the <c>.expected.json</c> beside it says what is done to it and
/// what must come out, however often its state is stored and read back on the way.
/// </summary>
public sealed class ScenarioTests
{
    private static readonly string Folder = FindFolder();

    public static TheoryData<string> Scenarios =>
        [.. Directory.EnumerateFiles(Folder, "*.json", SearchOption.AllDirectories)
            .Where(f => !f.EndsWith(".expected.json", StringComparison.Ordinal))
            .Select(f => Path.GetRelativePath(Folder, f)[..^5].Replace('\\', '/'))
            .Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Scenarios))]
    public void A_scenario_runs_as_expected(string name) => Run(name, restart: false, commitAlways: false);

    [Theory]
    [MemberData(nameof(Scenarios))]
    public void A_scenario_runs_as_expected_when_stored_after_every_burst(string name) => Run(name, restart: true, commitAlways: false);

    [Theory]
    [MemberData(nameof(Scenarios))]
    public void A_scenario_runs_as_expected_when_stored_after_every_activity(string name) => Run(name, restart: true, commitAlways: true);

    private static void Run(string name, bool restart, bool commitAlways)
    {
        var definition = WorkflowDefinition.Parse(File.ReadAllBytes(Path.Combine(Folder, name + ".json")));
        var expected = JsonNode.Parse(File.ReadAllText(Path.Combine(Folder, name + ".expected.json")))!.AsObject();
        if (commitAlways)
            definition.Json["options"]!["commitStrategyName"] = "ActivityExecuted";
        var clock = new ManualClock();
        var host = new InMemoryHost(clock) { Restart = restart, Execute = LocalHttp.Run };
        host.Publish(definition);
        var start = expected["start"];
        var instance = host.Start(
            definition.DefinitionId!,
            new NewInstance { Input = JsonValues.FromNode(start?["input"]) as Dictionary<string, object?> },
            new Stimulus.Start((string?)start?["trigger"]))!;
        foreach (var step in (expected["steps"] as JsonArray ?? []).Select(s => (string)s!))
            Do(host, clock, instance, step);

        Assert.Equal((string)expected["status"]!, instance.State.SubStatus.ToString());
        if (expected["lines"] is JsonArray lines)
            Assert.Equal(lines.Select(l => (string)l!), instance.Lines);
        if (expected["journal"] is JsonArray journal)
            Assert.Equal(journal.Select(l => (string)l!), instance.JournalLines);
        if (expected["incidents"] is JsonArray incidents)
            Assert.Equal(incidents.Select(i => (string)i!), instance.State.Incidents.Select(i => i.ActivityId));
        if (expected["output"] is { } output)
            Assert.Equal(output.ToJsonString(), JsonValues.ToText(instance.State.Output));
        foreach (var (variable, value) in expected["variables"] as JsonObject ?? [])
            Assert.Equal(value!.ToJsonString(), JsonValues.ToText(instance.State.GetVariables(instance.Workflow).Single(v => v.Name == variable).Value));
        Assert.Equal(Enumerable.Range(0, instance.Journal.Count).Select(i => (long)i), instance.Journal.Select(j => j.Sequence));
    }

    private static void Do(InMemoryHost host, ManualClock clock, HostedInstance instance, string step)
    {
        var words = step.Split(' ');
        switch (words[0])
        {
            case "event":
                host.PublishEvent(words[1]);
                break;
            case "set":
                Assert.True(instance.State.SetVariable(instance.Workflow, words[1], words[2]));
                break;
            case "pass":
                clock.Advance(TimeSpan.FromSeconds(int.Parse(words[1], System.Globalization.CultureInfo.InvariantCulture)));
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
            default:
                throw new InvalidOperationException($"Unknown step '{step}'.");
        }
    }

    private static string FindFolder([CallerFilePath] string source = "") => Path.Combine(Path.GetDirectoryName(source)!, "Scenarios");
}
