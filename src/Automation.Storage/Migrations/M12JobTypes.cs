using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Automation.Storage.Migrations;

/// <summary>
/// How many runs of each type of job ended how, and how long they took, by hour and by day; and, in the SQLite layout, the
/// index by which a member of a set is found among many (the PostgreSQL layout has it).
/// </summary>
[DbContext(typeof(AutomationDbContext))]
[Migration("20261121000012_JobTypes")]
internal sealed class M12JobTypes : Migration
{
    /// <inheritdoc/>
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        if (string.Equals(migrationBuilder.ActiveProvider, "Microsoft.EntityFrameworkCore.Sqlite", StringComparison.Ordinal))
            migrationBuilder.Sql("CREATE INDEX IF NOT EXISTS \"IX_Set_Key_Value\" ON \"Set\"(\"Key\", \"Value\");");
        migrationBuilder.Sql("""
            -- period: yyyy-MM-dd or yyyy-MM-dd-HH, UTC; kind: how runs ended, or 'waited'; bucket: a class of durations.
            CREATE TABLE job_type_stats (
              period text NOT NULL,
              name text NOT NULL,
              kind text NOT NULL,
              bucket bigint NOT NULL,
              jobs bigint NOT NULL,
              PRIMARY KEY (period, name, kind, bucket)
            );
            """);
    }

    /// <inheritdoc/>
    protected override void Down(MigrationBuilder migrationBuilder) => migrationBuilder.Sql("DROP TABLE job_type_stats;");
}
