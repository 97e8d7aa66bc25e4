using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Automation.Storage.Events;

/// <summary>One request that reached the intake: an event, a repeated delivery of one, or a refused request.</summary>
public sealed class EventRow
{
    /// <summary>UUIDv7 as text; ids sort in the order stored.</summary>
    public string Id { get; init; } = "";

    /// <summary>Slug of the source; of a refused request, what stood in the path.</summary>
    public string Source { get; init; } = "";

    /// <summary>Event type; null where the request was refused before it was known.</summary>
    public string? Type { get; init; }

    /// <summary>Where the event stands.</summary>
    public EventStatus Status { get; init; }

    /// <summary>What events of one call, session or thread have in common.</summary>
    public string? CorrelationKey { get; init; }

    /// <summary>Same for each delivery of one event; unique per source while the window lasts, then null.</summary>
    public string? DedupeKey { get; init; }

    /// <summary>When it was stored, in microseconds since the Unix epoch.</summary>
    public long ReceivedAt { get; init; }

    /// <summary>When it happened at the sender, in microseconds since the Unix epoch.</summary>
    public long? OccurredAt { get; init; }

    /// <summary>HTTP status of the answer.</summary>
    public int Answer { get; init; }

    /// <summary>By what the sender was verified (<c>open</c> where by nothing); of a refused request what verification looked at, a line each.</summary>
    public string? Verification { get; init; }

    /// <summary>Why it was refused or failed.</summary>
    public string? Reason { get; init; }

    /// <summary>Why instances that waited in its session did not take it, a line each; null where there were none.</summary>
    public string? RefusedWaits { get; init; }

    /// <summary>The event that this one repeats.</summary>
    public string? DuplicateOf { get; init; }

    /// <summary>The event that this one replays.</summary>
    public string? ReplayOf { get; init; }

    /// <summary>Address of the sender.</summary>
    public string? RemoteIp { get; init; }

    /// <summary>Query string with its question mark, secrets masked.</summary>
    public string? Query { get; init; }

    /// <summary>JSON object of the request's headers, secrets masked.</summary>
    public string Headers { get; init; } = "{}";

    /// <summary>Size of the body as sent, in bytes.</summary>
    public long BodySize { get; init; }

    /// <summary>The body as sent; of a refused request the first 4 KiB.</summary>
    public byte[] Body { get; init; } = [];
}

/// <summary>What an event started: one row for each rule and event.</summary>
public sealed class EventStartRow
{
    /// <summary>The event.</summary>
    public string EventId { get; init; } = "";

    /// <summary>The mapping rule or trigger that asked for it.</summary>
    public string RuleId { get; init; } = "";

    /// <summary>The workflow definition.</summary>
    public string DefinitionId { get; init; } = "";

    /// <summary>The workflow instance that was started or resumed.</summary>
    public string InstanceId { get; init; } = "";

    /// <summary>When, in microseconds since the Unix epoch.</summary>
    public long StartedAt { get; init; }
}

internal sealed class EventRowConfiguration : IEntityTypeConfiguration<EventRow>
{
    public void Configure(EntityTypeBuilder<EventRow> builder)
    {
        builder.ToTable("events");
        builder.HasKey(e => e.Id);
        builder.Property(e => e.Id).HasColumnName("id");
        builder.Property(e => e.Source).HasColumnName("source");
        builder.Property(e => e.Type).HasColumnName("type");
        builder.Property(e => e.Status).HasColumnName("status").HasConversion<int>();
        builder.Property(e => e.CorrelationKey).HasColumnName("correlation_key");
        builder.Property(e => e.DedupeKey).HasColumnName("dedupe_key");
        builder.Property(e => e.ReceivedAt).HasColumnName("received_at");
        builder.Property(e => e.OccurredAt).HasColumnName("occurred_at");
        builder.Property(e => e.Answer).HasColumnName("answer");
        builder.Property(e => e.Verification).HasColumnName("verification");
        builder.Property(e => e.Reason).HasColumnName("reason");
        builder.Property(e => e.RefusedWaits).HasColumnName("refused_waits");
        builder.Property(e => e.DuplicateOf).HasColumnName("duplicate_of");
        builder.Property(e => e.ReplayOf).HasColumnName("replay_of");
        builder.Property(e => e.RemoteIp).HasColumnName("remote_ip");
        builder.Property(e => e.Query).HasColumnName("query");
        builder.Property(e => e.Headers).HasColumnName("headers");
        builder.Property(e => e.BodySize).HasColumnName("body_size");
        builder.Property(e => e.Body).HasColumnName("body");
    }
}

internal sealed class EventStartRowConfiguration : IEntityTypeConfiguration<EventStartRow>
{
    public void Configure(EntityTypeBuilder<EventStartRow> builder)
    {
        builder.ToTable("event_starts");
        builder.HasKey(s => new { s.EventId, s.RuleId });
        builder.Property(s => s.EventId).HasColumnName("event_id");
        builder.Property(s => s.RuleId).HasColumnName("rule_id");
        builder.Property(s => s.DefinitionId).HasColumnName("definition_id");
        builder.Property(s => s.InstanceId).HasColumnName("instance_id");
        builder.Property(s => s.StartedAt).HasColumnName("started_at");
    }
}
