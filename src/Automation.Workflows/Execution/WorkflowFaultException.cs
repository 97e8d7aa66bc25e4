namespace Automation.Workflows.Execution;

/// <summary>An activity cannot go on. Thrown from an activity it becomes an incident.</summary>
/// <param name="message">One sentence for the person who runs the workflow.</param>
/// <param name="inner">The cause, where there is one.</param>
public sealed class WorkflowFaultException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>Code that categorises the fault; null for none.</summary>
    public string? Code { get; init; }

    /// <summary>Category, such as <c>HTTP</c>; null for none.</summary>
    public string? Category { get; init; }

    /// <summary>Kind of fault, such as <c>System</c> or <c>Business</c>; null for none.</summary>
    public string? FaultType { get; init; }

    /// <summary>The exception type name that records show; null for this class.</summary>
    public string? TypeName { get; init; }
}
