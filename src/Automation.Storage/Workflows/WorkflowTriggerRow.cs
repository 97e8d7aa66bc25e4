using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Automation.Storage.Workflows;

/// <summary>What starts an instance of a published definition.</summary>
public sealed class WorkflowTriggerRow
{
    /// <summary>Id of the trigger.</summary>
    public required string Id { get; init; }

    /// <summary>The definition that it starts.</summary>
    public required string DefinitionId { get; init; }

    /// <summary>The published version that it starts.</summary>
    public required string DefinitionVersionId { get; init; }

    /// <summary>Name of the stimulus, such as <c>Elsa.Event</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The activity that the instance starts with.</summary>
    public required string ActivityId { get; init; }

    /// <summary>Hash of the stimulus.</summary>
    public required string Hash { get; init; }

    /// <summary>The stimulus as JSON.</summary>
    public string? Payload { get; init; }

    /// <summary>What does not take part in matching, as JSON.</summary>
    public string? Options { get; init; }

    /// <summary>For triggers by the clock: the next time, in microseconds since the Unix epoch; otherwise null.</summary>
    public long? NextAt { get; init; }

    /// <summary>For triggers by the clock: the job that waits for <see cref="NextAt"/>.</summary>
    public long? JobId { get; init; }

    private sealed class Configuration : IEntityTypeConfiguration<WorkflowTriggerRow>
    {
        public void Configure(EntityTypeBuilder<WorkflowTriggerRow> builder)
        {
            builder.ToTable("workflow_triggers").HasKey(r => r.Id);
            builder.Property(r => r.Id).HasColumnName("id");
            builder.Property(r => r.DefinitionId).HasColumnName("definition_id");
            builder.Property(r => r.DefinitionVersionId).HasColumnName("definition_version_id");
            builder.Property(r => r.Name).HasColumnName("name");
            builder.Property(r => r.ActivityId).HasColumnName("activity_id");
            builder.Property(r => r.Hash).HasColumnName("hash");
            builder.Property(r => r.Payload).HasColumnName("payload");
            builder.Property(r => r.Options).HasColumnName("options");
            builder.Property(r => r.NextAt).HasColumnName("next_at");
            builder.Property(r => r.JobId).HasColumnName("job_id");
        }
    }
}
