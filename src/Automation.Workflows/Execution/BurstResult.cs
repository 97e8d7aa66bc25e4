using Automation.Workflows.Journal;

namespace Automation.Workflows.Execution;

/// <summary>Why a burst ended.</summary>
public enum BurstEnd
{
    /// <summary>Nothing can go on now.</summary>
    Idle,

    /// <summary>There is more to do: commit, then run <see cref="Stimulus.Continue"/>.</summary>
    CommitPoint,

    /// <summary>The rest waits for an operation among the effects, see <see cref="RunInBackground.IsInline"/>.</summary>
    AwaitingOperation,

    /// <summary>The stimulus found nothing to act on (a bookmark that is gone, an ended instance); nothing changed.</summary>
    Nothing,
}

/// <summary>What one burst did, as data. The runtime turns it into one commit.</summary>
public sealed class BurstResult
{
    private readonly List<ActivityContext> _touched;
    private IReadOnlyList<ActivityRecord>? _records;

    internal BurstResult(InstanceState state, BurstEnd end, List<JournalEntry> journal, List<ActivityContext> touched)
    {
        State = state;
        End = end;
        Journal = journal;
        _touched = touched;
    }

    /// <summary>The instance after the burst.</summary>
    public InstanceState State { get; }

    /// <summary>Why it ended.</summary>
    public BurstEnd End { get; }

    /// <summary>New journal entries in order.</summary>
    public IReadOnlyList<JournalEntry> Journal { get; }

    /// <summary>Bookmarks to add. One with a due time is also to be resumed by the clock.</summary>
    public IReadOnlyList<Bookmark> BookmarksAdded { get; internal init; } = [];

    /// <summary>Bookmarks to remove, with their timers. Contains none that was added in the same burst.</summary>
    public IReadOnlyList<Bookmark> BookmarksRemoved { get; internal init; } = [];

    /// <summary>New incidents.</summary>
    public IReadOnlyList<Incident> Incidents { get; internal init; } = [];

    /// <summary>What is to be done outside.</summary>
    public IReadOnlyList<WorkflowEffect> Effects { get; internal init; } = [];

    /// <summary>Records of all executions that began, ended or changed; each replaces an earlier one with the same number. Made on first use.</summary>
    public IReadOnlyList<ActivityRecord> Records => _records ??= [.. _touched.OrderBy(c => c.Ordinal).Select(c => c.ToRecord())];

    /// <summary>The records are on disk: what later bursts do not change need not be written with them again.</summary>
    internal void MarkRecorded()
    {
        foreach (var context in _touched)
            context.MarkRecorded();
    }

    /// <summary>Activities that were started.</summary>
    public int ActivitiesRun { get; internal init; }
}
