using Automation.Workflows.Execution;
using Automation.Workflows.Graph;

namespace Automation.Workflows.Journal;

/// <summary>How an execution of an activity stands.</summary>
public enum ActivityStatus
{
    /// <summary>Not begun.</summary>
    Pending,

    /// <summary>Begun, not ended.</summary>
    Running,

    /// <summary>Ended well.</summary>
    Completed,

    /// <summary>Ended by cancellation.</summary>
    Canceled,

    /// <summary>Ended by a fault.</summary>
    Faulted,
}

/// <summary>One execution of an activity, as the instance viewer shows it. Its values obey the log-persistence settings.</summary>
public sealed record ActivityRecord
{
    /// <summary>The node.</summary>
    public required CompiledActivity Activity { get; init; }

    /// <summary>Number of the execution within the instance, from 1.</summary>
    public required long Ordinal { get; init; }

    /// <summary>Number of the execution around it; 0 for none.</summary>
    public required long ParentOrdinal { get; init; }

    /// <summary>How it stands.</summary>
    public required ActivityStatus Status { get; init; }

    /// <summary>When it began.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>When it ended; null while it runs.</summary>
    public DateTimeOffset? CompletedAt { get; init; }

    /// <summary>Whether it waits on a bookmark.</summary>
    public bool HasBookmarks { get; init; }

    /// <summary>Faults of it and of everything below it.</summary>
    public int AggregateFaultCount { get; init; }

    /// <summary>Evaluated inputs by name; plain values.</summary>
    public IReadOnlyDictionary<string, object?> State { get; init; } = Empty;

    /// <summary>Whether an earlier record of the same execution holds this <see cref="State"/>.</summary>
    internal bool StateIsRecorded { get; init; }

    /// <summary>Outputs by name; plain values.</summary>
    public IReadOnlyDictionary<string, object?> Outputs { get; init; } = Empty;

    /// <summary>Journal data such as the outcomes; plain values.</summary>
    public IReadOnlyDictionary<string, object?> Payload { get; init; } = Empty;

    /// <summary>Internal state; plain values.</summary>
    public IReadOnlyDictionary<string, object?> Properties { get; init; } = Empty;

    /// <summary>Marks such as retries; plain values.</summary>
    public IReadOnlyDictionary<string, object?> Metadata { get; init; } = Empty;

    /// <summary>What went wrong; null if nothing did.</summary>
    public ExceptionInfo? Exception { get; init; }

    internal static IReadOnlyDictionary<string, object?> Empty { get; } = new Dictionary<string, object?>(StringComparer.Ordinal);
}
