using System.Runtime.CompilerServices;
using Automation.Workflows.Tests.Engine.Support;

namespace Automation.Workflows.Tests.Engine;

/// <summary>
/// Each file under Scenarios is a definition that Elsa Studio can open; the <c>.expected.json</c> beside it says what is done to it and
/// what must come out, however often its state is stored and read back on the way. A <c>.part.json</c> is a definition that
/// scenarios of the same folder use.
/// </summary>
public sealed class ScenarioTests
{
    private static readonly string Folder = FindFolder();

    public static TheoryData<string> Scenarios =>
        [.. Directory.EnumerateFiles(Folder, "*.expected.json", SearchOption.AllDirectories)
            .Select(f => Path.GetRelativePath(Folder, f)[..^".expected.json".Length].Replace('\\', '/'))
            .Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Scenarios))]
    public void A_scenario_runs_as_expected(string name) => new ScenarioRunner(Folder, name).Run(restart: false, commitAlways: false);

    [Theory]
    [MemberData(nameof(Scenarios))]
    public void A_scenario_runs_as_expected_when_stored_after_every_burst(string name) => new ScenarioRunner(Folder, name).Run(restart: true, commitAlways: false);

    [Theory]
    [MemberData(nameof(Scenarios))]
    public void A_scenario_runs_as_expected_when_stored_after_every_activity(string name) => new ScenarioRunner(Folder, name).Run(restart: true, commitAlways: true);

    [Fact]
    public void Every_definition_has_its_expectations_and_is_the_only_one_of_its_kind()
    {
        var definitions = Directory.EnumerateFiles(Folder, "*.json", SearchOption.AllDirectories)
            .Where(f => !f.EndsWith(".expected.json", StringComparison.Ordinal) && !f.EndsWith(".part.json", StringComparison.Ordinal))
            .ToList();

        Assert.All(definitions, f => Assert.True(File.Exists(f[..^5] + ".expected.json"), f));
        // Without this Elsa Studio takes no file.
        Assert.All(definitions, f => Assert.Contains("\"$schema\": \"https://elsaworkflows.io/schemas/workflow-definition/", File.ReadAllText(f), StringComparison.Ordinal));
        Assert.True(definitions.Count >= 250, $"{definitions.Count} scenarios");
        Assert.Equal(definitions.Count, definitions.Select(ScenarioRunner.WithoutNames).Distinct(StringComparer.Ordinal).Count());
    }

    private static string FindFolder([CallerFilePath] string source = "") => Path.Combine(Path.GetDirectoryName(source)!, "Scenarios");
}
