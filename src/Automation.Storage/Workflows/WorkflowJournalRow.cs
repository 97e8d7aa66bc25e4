using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Automation.Storage.Workflows;

/// <summary>What one burst of an instance did: its journal entries and its activity execution records.</summary>
public sealed class WorkflowJournalRow
{
    /// <summary>The instance.</summary>
    public required string InstanceId { get; init; }

    /// <summary>The revision of the instance that the burst made.</summary>
    public long Revision { get; init; }

    /// <summary>When the burst was committed, in microseconds since the Unix epoch.</summary>
    public long CreatedAt { get; init; }

    /// <summary>Position of the chunk's first entry in the instance's journal.</summary>
    public long FirstSequence { get; init; }

    /// <summary>Entries and records, as compact JSON.</summary>
    public required string Chunk { get; init; }

    private sealed class Configuration : IEntityTypeConfiguration<WorkflowJournalRow>
    {
        public void Configure(EntityTypeBuilder<WorkflowJournalRow> builder)
        {
            builder.ToTable("workflow_journal").HasKey(r => new { r.InstanceId, r.Revision });
            builder.Property(r => r.InstanceId).HasColumnName("instance_id");
            builder.Property(r => r.Revision).HasColumnName("revision");
            builder.Property(r => r.CreatedAt).HasColumnName("created_at");
            builder.Property(r => r.FirstSequence).HasColumnName("first_sequence");
            builder.Property(r => r.Chunk).HasColumnName("chunk");
        }
    }
}
