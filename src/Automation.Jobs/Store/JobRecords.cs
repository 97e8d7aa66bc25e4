namespace Automation.Jobs.Store;

/// <summary>A job that is about to be stored.</summary>
internal sealed class NewJob
{
    public required long Id { get; init; }

    public required string Invocation { get; init; }

    public required string Arguments { get; init; }

    public required DateTime CreatedAt { get; init; }

    /// <summary>The first state.</summary>
    public required StateRow State { get; init; }

    /// <summary>The second state, for a job that is stored as already taken.</summary>
    public StateRow? Taken { get; init; }

    /// <summary>The queue it is put into; null for one that waits.</summary>
    public string? Queue { get; init; }

    public long QueueRowId { get; init; }

    /// <summary>When the job was taken out of the queue, where it was stored so.</summary>
    public DateTime? FetchedAt { get; init; }

    public IReadOnlyList<KeyValuePair<string, string>> Parameters { get; init; } = [];
}

/// <summary>A job as it is stored now.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Invocation">Its call.</param>
/// <param name="Arguments">Its arguments.</param>
/// <param name="CreatedAt">When it was created.</param>
/// <param name="ExpireAt">When it vanishes.</param>
/// <param name="State">Its state; null for one that is not fully stored yet.</param>
/// <param name="Version">When it came into that state, which no two states of a job share.</param>
/// <param name="StateData">The data of that state.</param>
internal sealed record JobRecord(
    long Id, string? Invocation, string? Arguments, DateTime CreatedAt, DateTime? ExpireAt, string? State, DateTime Version, string? StateData);

/// <summary>A job that this server holds.</summary>
internal sealed class ClaimedJob
{
    public required long Id { get; init; }

    public required string Queue { get; init; }

    public required long QueueRowId { get; init; }

    /// <summary>The guard of the queue row; renewed while the job runs.</summary>
    public required DateTime FetchedAt { get; set; }

    /// <summary>When the Processing state was written: the guard of the job.</summary>
    public required DateTime Version { get; init; }

    public required DateTime CreatedAt { get; init; }

    public required string? Invocation { get; init; }

    public required string? Arguments { get; init; }

    /// <summary>Under which id it was taken.</summary>
    public required Server.ServerIdentity Identity { get; init; }

    /// <summary>The call, where it is known without reading the columns.</summary>
    public JobRequest? Request { get; init; }

    /// <summary>The parameters as JSON texts; the last of a name counts.</summary>
    public Dictionary<string, string?> Parameters { get; init; } = NoParameters;

    /// <summary>When the first of the jobs started whose worker it goes on with; null where it came another way.</summary>
    public long? ChainStartedAt { get; init; }

    /// <summary>Its run in this process, once it has started.</summary>
    public Server.JobRun? Run { get; set; }

    /// <summary>Its place at a worker, once it has started.</summary>
    public Server.WorkerSeat? Seat { get; set; }

    /// <summary>It was deleted or requeued before it started.</summary>
    public volatile bool IsRevoked;

    public bool HasParameters => Parameters.Count > 0;

    public static Dictionary<string, string?> NoParameters { get; } = [];
}

/// <summary>A queue row that was found with a job that must not run: it is dropped, or put back where the job is not fully stored.</summary>
internal readonly record struct StaleQueueRow(long Id, long JobId, DateTime? FetchedAt, bool IsIncomplete);

/// <summary>What a claim gave.</summary>
internal sealed record ClaimResult(List<ClaimedJob> Jobs, int Found);
