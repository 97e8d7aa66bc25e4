namespace Automation.Intake.Events;

/// <summary>How a bulk replay stands. The numbers are what the database holds; they never change.</summary>
public enum ReplayState
{
    /// <summary>It goes on.</summary>
    Running = 0,

    /// <summary>It came to its end.</summary>
    Finished = 1,

    /// <summary>It was cancelled; what was replayed until then stays replayed.</summary>
    Cancelled = 2,

    /// <summary>It failed; see <see cref="ReplayProgress.Problem"/>.</summary>
    Failed = 3,
}

/// <summary>An event that a bulk replay replays, or would.</summary>
/// <param name="EventId">The event.</param>
/// <param name="Workflows">What it starts, or would start.</param>
public sealed record ReplayExample(string EventId, IReadOnlyList<string> Workflows);

/// <summary>A bulk replay, as far as it has come.</summary>
public sealed record ReplayProgress
{
    /// <summary>Its id.</summary>
    public required string Id { get; init; }

    /// <summary>Whether it only looks.</summary>
    public required bool DryRun { get; init; }

    /// <summary>How it stands.</summary>
    public required ReplayState State { get; init; }

    /// <summary>Which events it was asked for.</summary>
    public required EventFilter Filter { get; init; }

    /// <summary>Events that the filter finds; null until they have been counted.</summary>
    public required long? Total { get; init; }

    /// <summary>Events looked at so far.</summary>
    public required long Done { get; init; }

    /// <summary>Events replayed, or that would be; those that no rule wants are passed over.</summary>
    public required long Replayed { get; init; }

    /// <summary>How often each workflow is started, or would be.</summary>
    public required IReadOnlyDictionary<string, long> Starts { get; init; }

    /// <summary>The first events that are replayed, or would be, with what they start.</summary>
    public required IReadOnlyList<ReplayExample> Examples { get; init; }

    /// <summary>Why it failed.</summary>
    public required string? Problem { get; init; }

    /// <summary>When it was asked for.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it last came on.</summary>
    public required DateTimeOffset UpdatedAt { get; init; }
}
