using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Automation.Storage.Workflows;

/// <summary>An HTTP response that a workflow wrote on one server while its caller waits at another.</summary>
public sealed class WorkflowResponseRow
{
    /// <summary>The instance that wrote it.</summary>
    public required string InstanceId { get; init; }

    /// <summary>The response as JSON.</summary>
    public required string Response { get; init; }

    /// <summary>When nobody can be waiting for it any more, in microseconds since the Unix epoch.</summary>
    public long ExpiresAt { get; init; }

    private sealed class Configuration : IEntityTypeConfiguration<WorkflowResponseRow>
    {
        public void Configure(EntityTypeBuilder<WorkflowResponseRow> builder)
        {
            builder.ToTable("workflow_responses").HasKey(r => r.InstanceId);
            builder.Property(r => r.InstanceId).HasColumnName("instance_id");
            builder.Property(r => r.Response).HasColumnName("response");
            builder.Property(r => r.ExpiresAt).HasColumnName("expires_at");
        }
    }
}
