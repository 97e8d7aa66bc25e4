using System.Text.Json;

namespace Automation.Intake.Flow;

/// <summary>
/// The <c>flow</c> of a mapping rule: how many instances it may start at a time or in a time, and what becomes of events
/// beyond that. Limits are counted for each key; durations are texts such as <c>10s</c>, <c>5m</c>, <c>1h</c>.
/// </summary>
public sealed record FlowRule
{
    /// <summary>
    /// What limits are counted by: a template (<c>"{data.customer}"</c>) or <c>{"javascript": "…"}</c>. Default: all
    /// events of the rule together.
    /// </summary>
    public JsonElement? Key { get; set; }

    /// <summary>
    /// A number, a template or <c>{"javascript": "…"}</c>: of the events that wait for a key those of higher priority go
    /// first, equal ones in the order stored. Default 0.
    /// </summary>
    public JsonElement? Priority { get; set; }

    /// <summary>How many instances run at the same time.</summary>
    public FlowConcurrency? Concurrency { get; set; }

    /// <summary><c>queue</c>, <c>skip</c> or <c>replace</c>: short for a concurrency of 1.</summary>
    public string? Singleton { get; set; }

    /// <summary>How many instances start in a period; events beyond that wait.</summary>
    public FlowLimit? Throttle { get; set; }

    /// <summary>How many events are let in in a period; events beyond that are skipped.</summary>
    public FlowLimit? RateLimit { get; set; }

    /// <summary>Starts once no event has come for a while, with the last one.</summary>
    public FlowDebounce? Debounce { get; set; }

    /// <summary>Starts once for several events.</summary>
    public FlowBatch? Batch { get; set; }
}

/// <summary>A number of instances that run at the same time.</summary>
public sealed record FlowConcurrency
{
    /// <summary>How many, 1 to 1,000.</summary>
    public required int Limit { get; init; }

    /// <summary>What an event does that comes when all run: <c>queue</c> (wait), <c>skip</c>, or <c>replace</c> (cancel the oldest). Default <c>queue</c>.</summary>
    public string WhenFull { get; set; } = "queue";
}

/// <summary>A number in a period: in no stretch of time as long as the period there are more.</summary>
public sealed record FlowLimit
{
    /// <summary>How many, 1 to 10,000.</summary>
    public required int Limit { get; init; }

    /// <summary>The period, 100 ms to 1 day.</summary>
    public required string Period { get; init; }
}

/// <summary>Waiting for quiet.</summary>
public sealed record FlowDebounce
{
    /// <summary>How long no event must have come, 10 ms to 1 day.</summary>
    public required string Period { get; init; }

    /// <summary>When it starts although events go on coming, counted from the first one. Default: never.</summary>
    public string? Timeout { get; set; }
}

/// <summary>Several events for one start.</summary>
public sealed record FlowBatch
{
    /// <summary>Most events of a start, 2 to 1,000.</summary>
    public required int Size { get; init; }

    /// <summary>When it starts with fewer, counted from the first one; 10 ms to 1 day.</summary>
    public required string Timeout { get; init; }
}
