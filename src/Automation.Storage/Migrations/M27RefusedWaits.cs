using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Automation.Storage.Migrations;

/// <summary>An event says why instances that waited in its session did not take it, whatever else became of it.</summary>
[DbContext(typeof(AutomationDbContext))]
[Migration("20261121000027_RefusedWaits")]
internal sealed class M27RefusedWaits : Migration
{
    /// <inheritdoc/>
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql("ALTER TABLE events ADD COLUMN refused_waits text");

    /// <inheritdoc/>
    protected override void Down(MigrationBuilder migrationBuilder) => migrationBuilder.Sql("ALTER TABLE events DROP COLUMN refused_waits");
}
