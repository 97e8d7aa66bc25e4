using Microsoft.EntityFrameworkCore;

namespace Automation.Storage;

/// <summary>
/// The model of the whole database. Each concept's tables are described beside its rows, in a folder of its own.
/// For reading and for migrations; writes are <see cref="Writes.WriteUnit"/>s.
/// </summary>
public sealed class AutomationDbContext(DbContextOptions<AutomationDbContext> options) : DbContext(options)
{
    /// <inheritdoc/>
    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.ApplyConfigurationsFromAssembly(typeof(AutomationDbContext).Assembly);
    }
}
