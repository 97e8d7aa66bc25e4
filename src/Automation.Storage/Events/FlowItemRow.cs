using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Automation.Storage.Events;

/// <summary>What flow control has done with an event. The numbers are what the database holds; they never change.</summary>
public enum FlowState
{
    /// <summary>Held back: in the queue of its key, or until a debounce or a batch is over.</summary>
    Waiting = 0,

    /// <summary>Its workflow was started and takes one of the places of its key.</summary>
    Running = 1,

    /// <summary>Its workflow was started; it takes no place (any more).</summary>
    Done = 2,

    /// <summary>It started nothing, because a limit was reached.</summary>
    Skipped = 3,

    /// <summary>It started nothing, because a later event took its place.</summary>
    Replaced = 4,

    /// <summary>Its workflow could not be started.</summary>
    Failed = 5,

    /// <summary>Its workflow was started, and cancelled for a later event.</summary>
    Stopped = 6,
}

/// <summary>One event at one rule with flow control.</summary>
public sealed record FlowItemRow
{
    /// <summary>The event.</summary>
    public string EventId { get; init; } = "";

    /// <summary>The rule.</summary>
    public string RuleId { get; init; } = "";

    /// <summary>What the rule's limits are counted by.</summary>
    public string Key { get; init; } = "";

    /// <summary>How it stands.</summary>
    public FlowState State { get; init; }

    /// <summary>Waiting events of higher priority go first.</summary>
    public long Priority { get; init; }

    /// <summary>Since when it, or the first of those that it took the place of, waits; microseconds since the Unix epoch.</summary>
    public long Since { get; init; }

    /// <summary>Until when it is held back at most, where that is known.</summary>
    public long? DueAt { get; init; }

    /// <summary>When a rate limit let it in.</summary>
    public long? AdmittedAt { get; init; }

    /// <summary>When its workflow was started; of a batch only with the last event.</summary>
    public long? ReleasedAt { get; init; }

    /// <summary>When it waited no longer.</summary>
    public long? SettledAt { get; init; }

    /// <summary>The instance that was started.</summary>
    public string? InstanceId { get; init; }

    /// <summary>The event that took its place, or that stands for its batch.</summary>
    public string? ByEvent { get; init; }

    /// <summary>Why it had to wait, for people.</summary>
    public string? Waits { get; init; }

    /// <summary>What came of it, for people.</summary>
    public string? Outcome { get; init; }
}

internal sealed class FlowItemRowConfiguration : IEntityTypeConfiguration<FlowItemRow>
{
    public void Configure(EntityTypeBuilder<FlowItemRow> builder)
    {
        builder.ToTable("flow_items");
        builder.HasKey(i => new { i.EventId, i.RuleId });
        builder.Property(i => i.EventId).HasColumnName("event_id");
        builder.Property(i => i.RuleId).HasColumnName("rule_id");
        builder.Property(i => i.Key).HasColumnName("flow_key");
        builder.Property(i => i.State).HasColumnName("state").HasConversion<int>();
        builder.Property(i => i.Priority).HasColumnName("priority");
        builder.Property(i => i.Since).HasColumnName("since");
        builder.Property(i => i.DueAt).HasColumnName("due_at");
        builder.Property(i => i.AdmittedAt).HasColumnName("admitted_at");
        builder.Property(i => i.ReleasedAt).HasColumnName("released_at");
        builder.Property(i => i.SettledAt).HasColumnName("settled_at");
        builder.Property(i => i.InstanceId).HasColumnName("instance_id");
        builder.Property(i => i.ByEvent).HasColumnName("by_event");
        builder.Property(i => i.Waits).HasColumnName("waits");
        builder.Property(i => i.Outcome).HasColumnName("outcome");
    }
}
