using Automation.Storage.Events;

namespace Automation.Intake.Events;

/// <summary>An event about to be stored, and then on its way to what it starts.</summary>
internal sealed record IncomingEvent
{
    /// <summary>Given when it is handed to the database, so that ids rise in the order stored.</summary>
    public string Id { get; set; } = "";

    public required string Source { get; init; }

    public string? Type { get; init; }

    public required EventStatus Status { get; init; }

    public string? CorrelationKey { get; init; }

    public string? DedupeKey { get; init; }

    /// <summary>Given together with the id.</summary>
    public DateTimeOffset ReceivedAt { get; set; }

    public DateTimeOffset? OccurredAt { get; init; }

    public required int Answer { get; init; }

    public string? Verification { get; init; }

    public string? Reason { get; init; }

    public string? DuplicateOf { get; init; }

    public string? ReplayOf { get; init; }

    public string? RemoteIp { get; init; }

    public string? Query { get; init; }

    public string Headers { get; init; } = "{}";

    public required long BodySize { get; init; }

    public required byte[] Body { get; init; }

    public bool IsForm { get; init; }
}
