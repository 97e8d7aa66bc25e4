using Automation.Workflows.Graph;

namespace Automation.Workflows.Journal;

/// <summary>Event names of the journal, as Elsa Studio knows them.</summary>
public static class JournalEvents
{
    /// <summary>An execution began.</summary>
    public const string Started = "Started";

    /// <summary>An execution waits.</summary>
    public const string Suspended = "Suspended";

    /// <summary>A waiting execution goes on.</summary>
    public const string Resumed = "Resumed";

    /// <summary>An execution completed.</summary>
    public const string Completed = "Completed";

    /// <summary>An execution faulted.</summary>
    public const string Faulted = "Faulted";

    /// <summary>An execution was cancelled.</summary>
    public const string Canceled = "Canceled";

    /// <summary>The instance was cancelled.</summary>
    public const string WorkflowCanceled = "Workflow cancelled";

    /// <summary>The instance was moved to another version of its definition.</summary>
    public const string Migrated = "Migrated";

    /// <summary>A script wrote to its console.</summary>
    public const string Console = "Console";
}

/// <summary>One line of an instance's journal.</summary>
/// <param name="Sequence">Position in the instance's journal, from 0.</param>
/// <param name="Activity">The node concerned.</param>
/// <param name="ActivityOrdinal">Number of the execution within the instance.</param>
/// <param name="ParentOrdinal">Number of the execution around it; 0 for none.</param>
/// <param name="Event">One of <see cref="JournalEvents"/>, or a text of the activity.</param>
/// <param name="Timestamp">When it happened.</param>
/// <param name="Message">Text for people; null for none.</param>
/// <param name="Payload">More data, a plain value; null for none.</param>
public readonly record struct JournalEntry(
    long Sequence, CompiledActivity Activity, long ActivityOrdinal, long ParentOrdinal, string Event, DateTimeOffset Timestamp, string? Message, object? Payload);
