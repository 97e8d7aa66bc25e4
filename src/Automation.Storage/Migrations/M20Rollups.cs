using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Automation.Storage.Migrations;

/// <summary>What happened in each minute and hour, for the overview's rates and charts.</summary>
[DbContext(typeof(AutomationDbContext))]
[Migration("20261121000020_Rollups")]
internal sealed class M20Rollups : Migration
{
    /// <inheritdoc/>
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        // One row for each span of time and source; the source is empty where a figure belongs to none.
        migrationBuilder.Sql("""
            CREATE TABLE rollups (
              span integer NOT NULL,
              at bigint NOT NULL,
              source text NOT NULL,
              events bigint NOT NULL,
              rejected bigint NOT NULL,
              failed bigint NOT NULL,
              unmatched bigint NOT NULL,
              duplicates bigint NOT NULL,
              lag_sum bigint NOT NULL,
              lag_count bigint NOT NULL,
              last_event text,
              last_refused text,
              started bigint NOT NULL,
              finished bigint NOT NULL,
              faulted bigint NOT NULL,
              jobs_succeeded bigint NOT NULL,
              jobs_failed bigint NOT NULL,
              start_latency text NOT NULL,
              run_latency text NOT NULL,
              job_latency text NOT NULL,
              updated_at bigint NOT NULL,
              PRIMARY KEY (span, at, source)
            )
            """);
        // States are written in the order of their times, so a few pages of index find a minute among millions.
        if (migrationBuilder.ActiveProvider != "Microsoft.EntityFrameworkCore.Sqlite")
        {
            // The tables may be a genuine Hangfire's: another version's, or another role's. Then counting is slower, and that is all.
            migrationBuilder.Sql("""
                DO $$ BEGIN
                  IF to_regclass('hangfire.state') IS NOT NULL THEN
                    CREATE INDEX IF NOT EXISTS ix_hangfire_state_created ON hangfire.state USING brin (createdat) WITH (pages_per_range = 16, autosummarize = on);
                  END IF;
                EXCEPTION WHEN insufficient_privilege OR undefined_column THEN NULL;
                END $$
                """);
        }
    }

    /// <inheritdoc/>
    protected override void Down(MigrationBuilder migrationBuilder)
    {
        if (migrationBuilder.ActiveProvider != "Microsoft.EntityFrameworkCore.Sqlite")
            migrationBuilder.Sql("DROP INDEX IF EXISTS hangfire.ix_hangfire_state_created");
        migrationBuilder.Sql("DROP TABLE rollups");
    }
}
