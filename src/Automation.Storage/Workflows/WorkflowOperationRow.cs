using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Automation.Storage.Workflows;

/// <summary>Work of an activity that runs as a job beside its instance and has not ended yet.</summary>
public sealed class WorkflowOperationRow
{
    /// <summary>Id of the operation, the same on every attempt.</summary>
    public required string Id { get; init; }

    /// <summary>The instance that it works for.</summary>
    public required string InstanceId { get; init; }

    /// <summary>The job; null where a child workflow ends the operation.</summary>
    public long? JobId { get; init; }

    /// <summary>What is to be done, as JSON: the activity and its evaluated inputs.</summary>
    public required string Request { get; init; }

    /// <summary>When it was asked for, in microseconds since the Unix epoch.</summary>
    public long CreatedAt { get; init; }

    private sealed class Configuration : IEntityTypeConfiguration<WorkflowOperationRow>
    {
        public void Configure(EntityTypeBuilder<WorkflowOperationRow> builder)
        {
            builder.ToTable("workflow_operations").HasKey(r => r.Id);
            builder.Property(r => r.Id).HasColumnName("id");
            builder.Property(r => r.InstanceId).HasColumnName("instance_id");
            builder.Property(r => r.JobId).HasColumnName("job_id");
            builder.Property(r => r.Request).HasColumnName("request");
            builder.Property(r => r.CreatedAt).HasColumnName("created_at");
        }
    }
}
