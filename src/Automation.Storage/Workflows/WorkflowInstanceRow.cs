using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Automation.Storage.Workflows;

/// <summary>One run of a workflow definition.</summary>
public sealed class WorkflowInstanceRow
{
    /// <summary>Id of the instance.</summary>
    public required string Id { get; init; }

    /// <summary>Which definition runs.</summary>
    public required string DefinitionId { get; init; }

    /// <summary>Which version of it, by id.</summary>
    public required string DefinitionVersionId { get; init; }

    /// <summary>Which version of it, by number.</summary>
    public int DefinitionVersion { get; init; }

    /// <summary>
    /// 0 pending, 1 executing, 2 suspended, 6 interrupted; or the instance is over: 3 finished, 4 cancelled, 5 faulted.
    /// </summary>
    public int SubStatus { get; init; }

    /// <summary>True for instances of the product's own workflows.</summary>
    public bool IsSystem { get; init; }

    /// <summary>How many activities faulted.</summary>
    public int IncidentCount { get; init; }

    /// <summary>What the instance belongs to: a call, an order.</summary>
    public string? CorrelationId { get; init; }

    /// <summary>What people call it.</summary>
    public string? Name { get; init; }

    /// <summary>The instance that started it.</summary>
    public string? ParentId { get; init; }

    /// <summary>What of its parent is to be told: the operation that its first rest ends, the stimulus that its end sends.</summary>
    public string? Notify { get; init; }

    /// <summary>When it was made, in microseconds since the Unix epoch.</summary>
    public long CreatedAt { get; init; }

    /// <summary>When its last burst ended, in microseconds since the Unix epoch.</summary>
    public long UpdatedAt { get; init; }

    /// <summary>When it ended, in microseconds since the Unix epoch; null while it has not.</summary>
    public long? FinishedAt { get; init; }

    /// <summary>Counts the commits: the guard against stale writes, and the number of the last journal chunk.</summary>
    public long Revision { get; init; }

    /// <summary>What the engine needs to go on, as JSON.</summary>
    public required string State { get; init; }

    private sealed class Configuration : IEntityTypeConfiguration<WorkflowInstanceRow>
    {
        public void Configure(EntityTypeBuilder<WorkflowInstanceRow> builder)
        {
            builder.ToTable("workflow_instances").HasKey(r => r.Id);
            builder.Property(r => r.Id).HasColumnName("id");
            builder.Property(r => r.DefinitionId).HasColumnName("definition_id");
            builder.Property(r => r.DefinitionVersionId).HasColumnName("definition_version_id");
            builder.Property(r => r.DefinitionVersion).HasColumnName("definition_version");
            builder.Property(r => r.SubStatus).HasColumnName("sub_status");
            builder.Property(r => r.IsSystem).HasColumnName("is_system");
            builder.Property(r => r.IncidentCount).HasColumnName("incident_count");
            builder.Property(r => r.CorrelationId).HasColumnName("correlation_id");
            builder.Property(r => r.Name).HasColumnName("name");
            builder.Property(r => r.ParentId).HasColumnName("parent_id");
            builder.Property(r => r.Notify).HasColumnName("notify");
            builder.Property(r => r.CreatedAt).HasColumnName("created_at");
            builder.Property(r => r.UpdatedAt).HasColumnName("updated_at");
            builder.Property(r => r.FinishedAt).HasColumnName("finished_at");
            builder.Property(r => r.Revision).HasColumnName("revision");
            builder.Property(r => r.State).HasColumnName("state");
        }
    }
}
