namespace Automation.Workflows.Execution;

/// <summary>What an activity tells the containers around it.</summary>
internal enum Signal
{
    /// <summary>Leave the nearest loop.</summary>
    Break,

    /// <summary>Complete the enclosing composite.</summary>
    Complete,
}
