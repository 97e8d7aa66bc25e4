using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Automation.Storage.Workflows;

/// <summary>
/// The shape of a path template that instances wait on for HTTP requests: the template without its literals and names. There are
/// only ever a few, and they lead from a path to the hashes of the bookmarks that it can resume.
/// </summary>
public sealed class WorkflowRouteShapeRow
{
    /// <summary>The shape, such as <c>=/{}/=</c>.</summary>
    public required string Shape { get; init; }

    private sealed class Configuration : IEntityTypeConfiguration<WorkflowRouteShapeRow>
    {
        public void Configure(EntityTypeBuilder<WorkflowRouteShapeRow> builder)
        {
            builder.ToTable("workflow_route_shapes").HasKey(r => r.Shape);
            builder.Property(r => r.Shape).HasColumnName("shape");
        }
    }
}
