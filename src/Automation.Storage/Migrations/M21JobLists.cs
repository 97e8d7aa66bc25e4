using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Automation.Storage.Migrations;

/// <summary>
/// Jobs that were parked for want of a handler are on a list from now on, so that a start need not look through all that
/// have failed; those that are parked already are put on it. On PostgreSQL the jobs of a state are found in the order of
/// their ids, as SQLite's index has them anyway.
/// </summary>
[DbContext(typeof(AutomationDbContext))]
[Migration("20261121000021_JobLists")]
internal sealed class M21JobLists : Migration
{
    /// <inheritdoc/>
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        if (migrationBuilder.ActiveProvider == "Microsoft.EntityFrameworkCore.Sqlite")
        {
            migrationBuilder.Sql("""
                INSERT INTO "Set" ("Key", "Score", "Value", "ExpireAt")
                SELECT 'parked', j."Id", CAST(j."Id" AS TEXT), 0 FROM "Job" j
                JOIN "State" s ON s."Id" = (SELECT x."Id" FROM "State" x WHERE x."JobId" = j."Id" ORDER BY x."CreatedAt" DESC, x."Id" DESC LIMIT 1)
                WHERE j."StateName" = 'Failed' AND s."Reason" LIKE 'No handler is registered for jobs named%'
                """);
            return;
        }

        // The tables may be a genuine Hangfire's: another version's, or another role's. Then none of ours are parked there, and lists are slower.
        migrationBuilder.Sql("""
            DO $$ BEGIN
              IF to_regclass('hangfire.set') IS NOT NULL THEN
                INSERT INTO hangfire.set (key, score, value)
                SELECT 'parked', j.id, j.id::text FROM hangfire.job j JOIN hangfire.state s ON s.id = j.stateid
                WHERE j.statename = 'Failed' AND s.reason LIKE 'No handler is registered for jobs named%'
                ON CONFLICT (key, value) DO NOTHING;
                CREATE INDEX IF NOT EXISTS ix_hangfire_job_statename_id ON hangfire.job (statename, id);
              END IF;
            EXCEPTION WHEN insufficient_privilege OR undefined_column OR undefined_table THEN NULL;
            END $$
            """);
    }

    /// <inheritdoc/>
    protected override void Down(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(
        migrationBuilder.ActiveProvider == "Microsoft.EntityFrameworkCore.Sqlite"
            ? """DELETE FROM "Set" WHERE "Key" = 'parked'"""
            : "DELETE FROM hangfire.set WHERE key = 'parked'; DROP INDEX IF EXISTS hangfire.ix_hangfire_job_statename_id");
}
