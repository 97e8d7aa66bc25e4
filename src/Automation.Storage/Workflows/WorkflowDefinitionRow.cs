using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Automation.Storage.Workflows;

/// <summary>One version of a workflow definition.</summary>
public sealed class WorkflowDefinitionRow
{
    /// <summary>Id of this version.</summary>
    public required string Id { get; init; }

    /// <summary>The logical id that all versions share.</summary>
    public required string DefinitionId { get; init; }

    /// <summary>1 for the first version.</summary>
    public int Version { get; init; }

    /// <summary>What people call it.</summary>
    public string? Name { get; init; }

    /// <summary>What it is for.</summary>
    public string? Description { get; init; }

    /// <summary>The version of the tool that wrote the JSON.</summary>
    public string? ToolVersion { get; init; }

    /// <summary>Where it came from: null for one made through the API, <c>Files</c> for the workflows directory.</summary>
    public string? ProviderName { get; init; }

    /// <summary>The file below the workflows directory that holds it, if any.</summary>
    public string? SourceFile { get; init; }

    /// <summary>True for exactly one version of a definition: the newest.</summary>
    public bool IsLatest { get; init; }

    /// <summary>True for at most one version of a definition: the one in force.</summary>
    public bool IsPublished { get; init; }

    /// <summary>True where people cannot change it through the API.</summary>
    public bool IsReadonly { get; init; }

    /// <summary>True for definitions that belong to the product.</summary>
    public bool IsSystem { get; init; }

    /// <summary>True where other workflows may use it as an activity.</summary>
    public bool UsableAsActivity { get; init; }

    /// <summary>SHA-256 of the content as it was given, in hex: says whether a file changed.</summary>
    public required string ContentHash { get; init; }

    /// <summary>When the version was made, in microseconds since the Unix epoch.</summary>
    public long CreatedAt { get; init; }

    /// <summary>When the row was last written, in microseconds since the Unix epoch.</summary>
    public long UpdatedAt { get; init; }

    /// <summary>Counts the writes of this row: the guard against lost updates.</summary>
    public long Revision { get; init; }

    /// <summary>The whole definition as JSON.</summary>
    public required string Content { get; init; }

    private sealed class Configuration : IEntityTypeConfiguration<WorkflowDefinitionRow>
    {
        public void Configure(EntityTypeBuilder<WorkflowDefinitionRow> builder)
        {
            builder.ToTable("workflow_definitions").HasKey(r => r.Id);
            builder.Property(r => r.Id).HasColumnName("id");
            builder.Property(r => r.DefinitionId).HasColumnName("definition_id");
            builder.Property(r => r.Version).HasColumnName("version");
            builder.Property(r => r.Name).HasColumnName("name");
            builder.Property(r => r.Description).HasColumnName("description");
            builder.Property(r => r.ToolVersion).HasColumnName("tool_version");
            builder.Property(r => r.ProviderName).HasColumnName("provider_name");
            builder.Property(r => r.SourceFile).HasColumnName("source_file");
            builder.Property(r => r.IsLatest).HasColumnName("is_latest");
            builder.Property(r => r.IsPublished).HasColumnName("is_published");
            builder.Property(r => r.IsReadonly).HasColumnName("is_readonly");
            builder.Property(r => r.IsSystem).HasColumnName("is_system");
            builder.Property(r => r.UsableAsActivity).HasColumnName("usable_as_activity");
            builder.Property(r => r.ContentHash).HasColumnName("content_hash");
            builder.Property(r => r.CreatedAt).HasColumnName("created_at");
            builder.Property(r => r.UpdatedAt).HasColumnName("updated_at");
            builder.Property(r => r.Revision).HasColumnName("revision");
            builder.Property(r => r.Content).HasColumnName("content");
        }
    }
}
