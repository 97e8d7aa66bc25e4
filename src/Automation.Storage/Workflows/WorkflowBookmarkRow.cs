using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Automation.Storage.Workflows;

/// <summary>A place where an instance waits to be resumed.</summary>
public sealed class WorkflowBookmarkRow
{
    /// <summary>Id of the bookmark.</summary>
    public required string Id { get; init; }

    /// <summary>The instance that waits.</summary>
    public required string InstanceId { get; init; }

    /// <summary>Name of the stimulus that it waits for, such as <c>Elsa.Event</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The first half of that stimulus's hash.</summary>
    public required string Hash { get; init; }

    /// <summary>Number of the execution that waits, within the instance.</summary>
    public long ActivityOrdinal { get; init; }

    /// <summary>Correlation id of the instance when the bookmark was made.</summary>
    public string? CorrelationId { get; init; }

    /// <summary>The stimulus as JSON.</summary>
    public string? Payload { get; init; }

    /// <summary>What does not take part in matching, as JSON.</summary>
    public string? Options { get; init; }

    /// <summary>The job that will resume it: a timer or a background activity; null where it waits for something outside.</summary>
    public long? JobId { get; init; }

    /// <summary>When it was made, in microseconds since the Unix epoch.</summary>
    public long CreatedAt { get; init; }

    private sealed class Configuration : IEntityTypeConfiguration<WorkflowBookmarkRow>
    {
        public void Configure(EntityTypeBuilder<WorkflowBookmarkRow> builder)
        {
            builder.ToTable("workflow_bookmarks").HasKey(r => r.Id);
            builder.Property(r => r.Id).HasColumnName("id");
            builder.Property(r => r.InstanceId).HasColumnName("instance_id");
            builder.Property(r => r.Name).HasColumnName("name");
            builder.Property(r => r.Hash).HasColumnName("hash");
            builder.Property(r => r.ActivityOrdinal).HasColumnName("activity_ordinal");
            builder.Property(r => r.CorrelationId).HasColumnName("correlation_id");
            builder.Property(r => r.Payload).HasColumnName("payload");
            builder.Property(r => r.Options).HasColumnName("options");
            builder.Property(r => r.JobId).HasColumnName("job_id");
            builder.Property(r => r.CreatedAt).HasColumnName("created_at");
        }
    }
}
