namespace Automation.Dashboard.Shared;

/// <summary>What fields and queries bring.</summary>
internal static class Texts
{
    /// <summary>The text without blanks around it; null where nothing is left.</summary>
    public static string? Given(string? value) => string.IsNullOrWhiteSpace(value) ? null : value.Trim();
}
