using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Automation.Storage.Access;

/// <summary>A key that a machine signs in with. Only its hash is kept.</summary>
public sealed class ApiKeyRow
{
    /// <summary>UUIDv7, text.</summary>
    public required string Id { get; init; }

    /// <summary>What people call it.</summary>
    public required string Name { get; init; }

    /// <summary>SHA-256 of the key, upper-case hex. Keys are 256 random bits, so a plain hash cannot be searched.</summary>
    public required string Hash { get; init; }

    /// <summary>viewer, operator, designer or administrator.</summary>
    public required string Role { get; init; }

    /// <summary>When it was made: microseconds since the Unix epoch.</summary>
    public required long CreatedAt { get; init; }

    /// <summary>What part of the API it opens, separated by blanks; empty for all that the role may do.</summary>
    public required string Scopes { get; init; }

    /// <summary>Who made it; null for the first one.</summary>
    public required string? CreatedBy { get; init; }

    /// <summary>When it stops to work; null for never.</summary>
    public required long? ExpiresAt { get; init; }

    /// <summary>When it was last used, to the minute.</summary>
    public required long? UsedAt { get; init; }

    internal sealed class Configuration : IEntityTypeConfiguration<ApiKeyRow>
    {
        public void Configure(EntityTypeBuilder<ApiKeyRow> builder)
        {
            builder.ToTable("api_keys");
            builder.HasKey(k => k.Id);
            builder.Property(k => k.Id).HasColumnName("id");
            builder.Property(k => k.Name).HasColumnName("name");
            builder.Property(k => k.Hash).HasColumnName("hash");
            builder.Property(k => k.Role).HasColumnName("role");
            builder.Property(k => k.CreatedAt).HasColumnName("created_at");
            builder.Property(k => k.Scopes).HasColumnName("scopes");
            builder.Property(k => k.CreatedBy).HasColumnName("created_by");
            builder.Property(k => k.ExpiresAt).HasColumnName("expires_at");
            builder.Property(k => k.UsedAt).HasColumnName("used_at");
        }
    }
}
