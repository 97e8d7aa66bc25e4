using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Automation.Storage.Migrations;

/// <summary>The event log and what its events started.</summary>
[DbContext(typeof(AutomationDbContext))]
[Migration("20261121000001_Events")]
internal sealed class M01Events : Migration
{
    /// <inheritdoc/>
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        var sqlite = migrationBuilder.ActiveProvider == "Microsoft.EntityFrameworkCore.Sqlite";
        var blob = sqlite ? "BLOB" : "bytea";
        // Ids are compared byte by byte on both databases, so that keyset paging and time ranges agree with UUIDv7 order.
        var id = sqlite ? "TEXT" : "text COLLATE \"C\"";

        // The small columns come first and the body last: SQLite then changes a status without rewriting the body's pages.
        migrationBuilder.Sql(
            $"""
            CREATE TABLE events (
              id {id} NOT NULL PRIMARY KEY,
              status integer NOT NULL,
              received_at bigint NOT NULL,
              source text NOT NULL,
              type text,
              correlation_key text,
              dedupe_key text,
              occurred_at bigint,
              answer integer NOT NULL,
              verification text,
              reason text,
              duplicate_of text,
              replay_of text,
              remote_ip text,
              query text,
              headers text NOT NULL,
              body_size bigint NOT NULL,
              body {blob} NOT NULL
            )
            """);
        // Decides which of several deliveries of one event is the first.
        migrationBuilder.Sql("CREATE UNIQUE INDEX ux_events_dedupe ON events (source, dedupe_key) WHERE dedupe_key IS NOT NULL");
        migrationBuilder.Sql("CREATE INDEX ix_events_correlation ON events (correlation_key, id) WHERE correlation_key IS NOT NULL");
        // All but Routed: what recovery looks for, and what a person filters by.
        migrationBuilder.Sql("CREATE INDEX ix_events_status ON events (status, id) WHERE status <> 1");

        migrationBuilder.Sql(
            $"""
            CREATE TABLE event_starts (
              event_id {id} NOT NULL,
              rule_id text NOT NULL,
              definition_id text NOT NULL,
              instance_id {id} NOT NULL,
              started_at bigint NOT NULL,
              PRIMARY KEY (event_id, rule_id)
            ){(sqlite ? " WITHOUT ROWID" : "")}
            """);
        migrationBuilder.Sql("CREATE INDEX ix_event_starts_instance ON event_starts (instance_id)");
    }
}
