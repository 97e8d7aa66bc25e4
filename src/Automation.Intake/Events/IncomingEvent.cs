using Automation.Storage.Events;

namespace Automation.Intake.Events;

/// <summary>An event about to be stored, and then on its way to what it starts.</summary>
internal sealed record IncomingEvent
{
    public required string Id { get; init; }

    public required string Source { get; init; }

    public string? Type { get; init; }

    public required EventStatus Status { get; init; }

    public string? CorrelationKey { get; init; }

    public string? DedupeKey { get; init; }

    public required DateTimeOffset ReceivedAt { get; init; }

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
