using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Automation.Storage.Migrations;

/// <summary>
/// Bookmarks are found by stimulus in the order of their ids, and those that are correlated by their correlation: however
/// many wait for the same stimulus, a look-up reads only what it gives. And files that workflows have downloaded.
/// </summary>
[DbContext(typeof(AutomationDbContext))]
[Migration("20261121000014_Waiting")]
internal sealed class M14Waiting : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        var blob = migrationBuilder.ActiveProvider == "Microsoft.EntityFrameworkCore.Sqlite" ? "BLOB" : "bytea";
        migrationBuilder.Sql($"""
            DROP INDEX ix_workflow_bookmarks_hash;
            CREATE INDEX ix_workflow_bookmarks_hash ON workflow_bookmarks (hash, id);
            CREATE INDEX ix_workflow_bookmarks_correlation ON workflow_bookmarks (correlation_id, hash, id) WHERE correlation_id IS NOT NULL;

            CREATE TABLE workflow_files (
              instance_id text NOT NULL,
              id text NOT NULL,
              content {blob} NOT NULL,
              PRIMARY KEY (instance_id, id)
            );
            """);
    }

    protected override void Down(MigrationBuilder migrationBuilder) => migrationBuilder.Sql("""
        DROP TABLE workflow_files;
        DROP INDEX ix_workflow_bookmarks_correlation;
        DROP INDEX ix_workflow_bookmarks_hash;
        CREATE INDEX ix_workflow_bookmarks_hash ON workflow_bookmarks (hash, correlation_id);
        """);
}
