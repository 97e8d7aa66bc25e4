using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Automation.Storage.Migrations;

/// <summary>The batch of a job that waits for it is found among many.</summary>
[DbContext(typeof(AutomationDbContext))]
[Migration("20261122000028_BatchContinuations")]
internal sealed class M28BatchContinuations : Migration
{
    /// <inheritdoc/>
    protected override void Up(MigrationBuilder migrationBuilder) =>
        migrationBuilder.Sql("CREATE INDEX ix_job_batches_continuation_id ON job_batches (continuation_id) WHERE continuation_id IS NOT NULL");

    /// <inheritdoc/>
    protected override void Down(MigrationBuilder migrationBuilder) => migrationBuilder.Sql("DROP INDEX ix_job_batches_continuation_id");
}
