using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Automation.Storage.Access;

/// <summary>Somebody changed something.</summary>
public sealed class AuditRow
{
    /// <summary>UUIDv7, text: ids are in the order of time.</summary>
    public required string Id { get; init; }

    /// <summary>When: microseconds since the Unix epoch.</summary>
    public required long At { get; init; }

    /// <summary>Who, as the pages name them.</summary>
    public required string Actor { get; init; }

    /// <summary>What was asked for, for example <c>PUT /api/secrets/{name}</c>.</summary>
    public required string Action { get; init; }

    /// <summary>What kind of thing was changed: definition, mapping, secret, user, key, job, …</summary>
    public required string Kind { get; init; }

    /// <summary>Which one.</summary>
    public required string Subject { get; init; }

    /// <summary>HTTP status of the answer.</summary>
    public required long Outcome { get; init; }

    /// <summary>What it was before, where that can be said.</summary>
    public required string? Before { get; init; }

    /// <summary>What it is since.</summary>
    public required string? After { get; init; }

    /// <summary>Address that the request came from.</summary>
    public required string? RemoteIp { get; init; }

    internal sealed class Configuration : IEntityTypeConfiguration<AuditRow>
    {
        public void Configure(EntityTypeBuilder<AuditRow> builder)
        {
            builder.ToTable("audit_log");
            builder.HasKey(a => a.Id);
            builder.Property(a => a.Id).HasColumnName("id");
            builder.Property(a => a.At).HasColumnName("at");
            builder.Property(a => a.Actor).HasColumnName("actor");
            builder.Property(a => a.Action).HasColumnName("action");
            builder.Property(a => a.Kind).HasColumnName("kind");
            builder.Property(a => a.Subject).HasColumnName("subject");
            builder.Property(a => a.Outcome).HasColumnName("outcome");
            builder.Property(a => a.Before).HasColumnName("before_change");
            builder.Property(a => a.After).HasColumnName("after_change");
            builder.Property(a => a.RemoteIp).HasColumnName("remote_ip");
        }
    }
}
