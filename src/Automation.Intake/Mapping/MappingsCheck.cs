namespace Automation.Intake.Mapping;

/// <summary>What a check of a mappings file found.</summary>
/// <param name="Rules">How many rules it has.</param>
/// <param name="Problem">Why it cannot be used, with file and line; null where it can.</param>
public sealed record MappingsCheck(int Rules, string? Problem)
{
    /// <summary>What its rules name that is not there: workflows that are not published, sources that are not known.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];
}
