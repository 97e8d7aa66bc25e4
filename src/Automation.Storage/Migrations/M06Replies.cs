using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Automation.Storage.Migrations;

/// <summary>What events were answered with by workflows, and what workflows wanted to answer too late.</summary>
[DbContext(typeof(AutomationDbContext))]
[Migration("20261121000006_Replies")]
internal sealed class M06Replies : Migration
{
    /// <inheritdoc/>
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        var sqlite = migrationBuilder.ActiveProvider == "Microsoft.EntityFrameworkCore.Sqlite";
        var blob = sqlite ? "BLOB" : "bytea";
        var id = sqlite ? "TEXT" : "text COLLATE \"C\"";
        migrationBuilder.Sql(
            $"""
            CREATE TABLE event_replies (
              event_id {id} NOT NULL,
              id text NOT NULL,
              state integer NOT NULL,
              origin integer NOT NULL,
              status integer NOT NULL,
              content_type text,
              headers text,
              body {blob} NOT NULL,
              instance_id text,
              activity_id text,
              created_at bigint NOT NULL,
              send_to text,
              sent_at bigint,
              detail text,
              PRIMARY KEY (event_id, id)
            ){(sqlite ? " WITHOUT ROWID" : "")}
            """);
        // Those on their way to a sender: found again after a crash.
        migrationBuilder.Sql("CREATE INDEX ix_event_replies_to_send ON event_replies (event_id) WHERE state = 3");
    }

    /// <inheritdoc/>
    protected override void Down(MigrationBuilder migrationBuilder) => migrationBuilder.Sql("DROP TABLE event_replies");
}
