namespace Automation.Workflows.Execution;

/// <summary>Whether an instance may still go on.</summary>
public enum WorkflowStatus
{
    /// <summary>It may.</summary>
    Running,

    /// <summary>It has ended.</summary>
    Finished,
}

/// <summary>How an instance stands. Numbers are Elsa's, which results of <c>ExecuteWorkflow</c> show.</summary>
public enum WorkflowSubStatus
{
    /// <summary>Not begun.</summary>
    Pending = 0,

    /// <summary>In a burst, or waiting for an operation that belongs to one.</summary>
    Executing = 1,

    /// <summary>Waits for a stimulus.</summary>
    Suspended = 2,

    /// <summary>Ended well.</summary>
    Finished = 3,

    /// <summary>Ended by cancellation.</summary>
    Cancelled = 4,

    /// <summary>Ended by a fault.</summary>
    Faulted = 5,

    /// <summary>Stopped in the middle by the host; goes on after its start.</summary>
    Interrupted = 6,
}
