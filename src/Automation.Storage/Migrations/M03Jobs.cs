using Automation.Storage.Jobs;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Automation.Storage.Migrations;

/// <summary>Durable jobs: Hangfire's tables, created where they are absent, and our own beside them.</summary>
[DbContext(typeof(AutomationDbContext))]
[Migration("20261121000003_Jobs")]
internal sealed class M03Jobs : Migration
{
    /// <inheritdoc/>
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        var isSqlite = string.Equals(migrationBuilder.ActiveProvider, "Microsoft.EntityFrameworkCore.Sqlite", StringComparison.Ordinal);
        migrationBuilder.Sql(isSqlite ? HangfireSqliteSchema.Script : HangfirePostgresSchema.Script);
        migrationBuilder.Sql(JobTables.Script);
    }
}
