using Automation.Workflows.Graph;

namespace Automation.Workflows.Execution;

/// <summary>One entry of the work list.</summary>
internal readonly struct WorkItem
{
    /// <summary>The node to start; the node of <see cref="Context"/> when an execution goes on.</summary>
    public required CompiledActivity Node { get; init; }

    /// <summary>The execution that scheduled it; null for the first.</summary>
    public ActivityContext? Owner { get; init; }

    /// <summary>What the owner wants to be told when it completes.</summary>
    public string? Tag { get; init; }

    /// <summary>Variables that the new execution brings along.</summary>
    public List<LocalVariable>? Locals { get; init; }

    /// <summary>The execution that goes on; null to start one.</summary>
    public ActivityContext? Context { get; init; }

    /// <summary>The bookmark that was resumed; null when an execution starts.</summary>
    public Bookmark? Bookmark { get; init; }

    /// <summary>What the resumer brought.</summary>
    public object? Payload { get; init; }
}

/// <summary>A variable that is not declared: a loop's current value, or one that a script made.</summary>
internal sealed class LocalVariable(string name, object? value)
{
    public string Name { get; } = name;

    public object? Value { get; set; } = value;
}
