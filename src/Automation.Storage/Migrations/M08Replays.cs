using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Automation.Storage.Migrations;

/// <summary>Bulk replays of events, as far as they have come.</summary>
[DbContext(typeof(AutomationDbContext))]
[Migration("20261121000008_Replays")]
internal sealed class M08Replays : Migration
{
    /// <inheritdoc/>
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        var id = migrationBuilder.ActiveProvider == "Microsoft.EntityFrameworkCore.Sqlite" ? "TEXT" : "text COLLATE \"C\"";
        migrationBuilder.Sql(
            $"""
            CREATE TABLE event_replays (
              id {id} NOT NULL PRIMARY KEY,
              state integer NOT NULL,
              dry_run integer NOT NULL,
              filter text NOT NULL,
              after_id {id} NOT NULL,
              end_id {id} NOT NULL,
              total bigint NOT NULL,
              done bigint NOT NULL,
              replayed bigint NOT NULL,
              starts text NOT NULL,
              examples text NOT NULL,
              problem text,
              created_at bigint NOT NULL,
              updated_at bigint NOT NULL
            )
            """);
        migrationBuilder.Sql("CREATE INDEX ix_event_replays_running ON event_replays (id) WHERE state = 0");
    }
}
