namespace Automation.Workflows.Expressions;

/// <summary>The script languages and what scripts may see of a workflow.</summary>
internal static class ScriptHost
{
    public static ScriptLanguages CreateLanguages() => new();
}
