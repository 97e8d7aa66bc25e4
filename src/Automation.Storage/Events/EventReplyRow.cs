using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Automation.Storage.Events;

/// <summary>How a reply stands; stored as a number.</summary>
public enum ReplyState
{
    /// <summary>Made while another server may still be waiting with the sender's request; late if none takes it.</summary>
    Offered = 0,

    /// <summary>The answer that the sender got.</summary>
    Given = 1,

    /// <summary>Made when the sender had its answer, or nobody waited any more. Kept, not sent.</summary>
    Late = 2,

    /// <summary>On its way to the sender's reply URL, by a job.</summary>
    ToSend = 3,

    /// <summary>Sent to the sender's reply URL.</summary>
    Sent = 4,

    /// <summary>The sender's reply URL did not take it.</summary>
    SendFailed = 5,
}

/// <summary>Where a reply comes from; stored as a number.</summary>
public enum ReplyOrigin
{
    /// <summary>A reply activity of a workflow.</summary>
    Workflow = 0,

    /// <summary>The source's fallback, because the deadline passed.</summary>
    Deadline = 1,

    /// <summary>The source's fallback, because the workflow or a rule failed.</summary>
    Failure = 2,

    /// <summary>The source's fallback, because no workflow was started or resumed.</summary>
    Unmatched = 3,

    /// <summary>The source's fallback, because the workflows went on or ended without a reply.</summary>
    Silence = 4,

    /// <summary>None: the sender hung up before there was an answer.</summary>
    HungUp = 5,
}

/// <summary>A reply to an event: the one that was given, or one that came too late.</summary>
public sealed class EventReplyRow
{
    /// <summary>The event.</summary>
    public string EventId { get; init; } = "";

    /// <summary>The execution of the activity that made it; <c>fallback</c> where none did.</summary>
    public string Id { get; init; } = "";

    /// <summary>How it stands.</summary>
    public ReplyState State { get; init; }

    /// <summary>Where it comes from.</summary>
    public ReplyOrigin Origin { get; init; }

    /// <summary>HTTP status.</summary>
    public int Status { get; init; }

    /// <summary>Content type; null where there is no body.</summary>
    public string? ContentType { get; init; }

    /// <summary>JSON object of further headers; null for none.</summary>
    public string? Headers { get; init; }

    /// <summary>The body.</summary>
    public byte[] Body { get; init; } = [];

    /// <summary>The workflow instance that made it.</summary>
    public string? InstanceId { get; init; }

    /// <summary>The activity that made it.</summary>
    public string? ActivityId { get; init; }

    /// <summary>When it was made, in microseconds since the Unix epoch.</summary>
    public long CreatedAt { get; init; }

    /// <summary>The sender's reply URL, where it goes there.</summary>
    public string? SendTo { get; init; }

    /// <summary>When the reply URL took it, in microseconds since the Unix epoch.</summary>
    public long? SentAt { get; init; }

    /// <summary>Why it is as it is, in one sentence.</summary>
    public string? Detail { get; init; }
}

internal sealed class EventReplyRowConfiguration : IEntityTypeConfiguration<EventReplyRow>
{
    public void Configure(EntityTypeBuilder<EventReplyRow> builder)
    {
        builder.ToTable("event_replies");
        builder.HasKey(r => new { r.EventId, r.Id });
        builder.Property(r => r.EventId).HasColumnName("event_id");
        builder.Property(r => r.Id).HasColumnName("id");
        builder.Property(r => r.State).HasColumnName("state").HasConversion<int>();
        builder.Property(r => r.Origin).HasColumnName("origin").HasConversion<int>();
        builder.Property(r => r.Status).HasColumnName("status");
        builder.Property(r => r.ContentType).HasColumnName("content_type");
        builder.Property(r => r.Headers).HasColumnName("headers");
        builder.Property(r => r.Body).HasColumnName("body");
        builder.Property(r => r.InstanceId).HasColumnName("instance_id");
        builder.Property(r => r.ActivityId).HasColumnName("activity_id");
        builder.Property(r => r.CreatedAt).HasColumnName("created_at");
        builder.Property(r => r.SendTo).HasColumnName("send_to");
        builder.Property(r => r.SentAt).HasColumnName("sent_at");
        builder.Property(r => r.Detail).HasColumnName("detail");
    }
}
