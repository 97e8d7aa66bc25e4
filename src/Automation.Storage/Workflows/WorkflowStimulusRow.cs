using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Automation.Storage.Workflows;

/// <summary>A stimulus that nothing waited for yet: kept for a while, because the bookmark may be about to be made.</summary>
public sealed class WorkflowStimulusRow
{
    /// <summary>Id of the stimulus.</summary>
    public required string Id { get; init; }

    /// <summary>Hash that a bookmark must have.</summary>
    public required string Hash { get; init; }

    /// <summary>Name of the stimulus.</summary>
    public required string Name { get; init; }

    /// <summary>Everything else that delivering it takes, as JSON.</summary>
    public required string Request { get; init; }

    /// <summary>When it was sent, in microseconds since the Unix epoch.</summary>
    public long CreatedAt { get; init; }

    /// <summary>When it is given up, in microseconds since the Unix epoch.</summary>
    public long ExpiresAt { get; init; }

    private sealed class Configuration : IEntityTypeConfiguration<WorkflowStimulusRow>
    {
        public void Configure(EntityTypeBuilder<WorkflowStimulusRow> builder)
        {
            builder.ToTable("workflow_stimuli").HasKey(r => r.Id);
            builder.Property(r => r.Id).HasColumnName("id");
            builder.Property(r => r.Hash).HasColumnName("hash");
            builder.Property(r => r.Name).HasColumnName("name");
            builder.Property(r => r.Request).HasColumnName("request");
            builder.Property(r => r.CreatedAt).HasColumnName("created_at");
            builder.Property(r => r.ExpiresAt).HasColumnName("expires_at");
        }
    }
}
