namespace Automation.Workflows.Tests.Engine.Conformance;

/// <summary>Definitions that ran on a genuine Elsa server leave the same journal, records, variables and outputs here.</summary>
public sealed class ConformanceTests
{
    public static TheoryData<string> Cases => [.. ConformanceCases.Folder is null ? ["none"] : ConformanceCases.Engine()];

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_recorded_case_has_the_recorded_outcome(string id) => Check(id, restart: false);

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_recorded_case_has_the_recorded_outcome_when_its_state_is_stored_after_every_burst(string id) => Check(id, restart: true);

    private static void Check(string id, bool restart)
    {
        Assert.SkipWhen(ConformanceCases.Folder is null, "The recorded cases do not stand beside the repository.");
        var json = ConformanceCases.Load(id);
        var differences = new CaseRunner(json, restart).Run();
        Assert.SkipWhen(differences.Count > 0 && json["genuineDefect"] is not null, $"Differs on purpose: {json["genuineDefect"]}");
        Assert.True(differences.Count == 0, $"{json["title"]}\n{string.Join('\n', differences)}");
    }
}
