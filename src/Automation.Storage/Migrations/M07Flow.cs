using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Automation.Storage.Migrations;

/// <summary>What flow control of mapping rules holds back, has let go, and has decided.</summary>
[DbContext(typeof(AutomationDbContext))]
[Migration("20261121000007_Flow")]
internal sealed class M07Flow : Migration
{
    /// <inheritdoc/>
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        var sqlite = migrationBuilder.ActiveProvider == "Microsoft.EntityFrameworkCore.Sqlite";
        var id = sqlite ? "TEXT" : "text COLLATE \"C\"";
        var noRowId = sqlite ? " WITHOUT ROWID" : "";
        migrationBuilder.Sql(
            $"""
            CREATE TABLE flow_keys (
              rule_id text NOT NULL,
              flow_key text NOT NULL,
              version bigint NOT NULL,
              next_at bigint,
              updated_at bigint NOT NULL,
              PRIMARY KEY (rule_id, flow_key)
            ){noRowId}
            """);
        migrationBuilder.Sql("CREATE INDEX ix_flow_keys_next ON flow_keys (next_at) WHERE next_at IS NOT NULL");
        migrationBuilder.Sql(
            $"""
            CREATE TABLE flow_items (
              event_id {id} NOT NULL,
              rule_id text NOT NULL,
              flow_key text NOT NULL,
              state integer NOT NULL,
              priority bigint NOT NULL,
              since bigint NOT NULL,
              due_at bigint,
              admitted_at bigint,
              released_at bigint,
              settled_at bigint,
              instance_id {id},
              by_event text,
              waits text,
              outcome text,
              PRIMARY KEY (event_id, rule_id)
            ){noRowId}
            """);
        // The queue of a key, in the order in which it is let go.
        migrationBuilder.Sql("CREATE INDEX ix_flow_items_waiting ON flow_items (rule_id, flow_key, priority DESC, event_id) WHERE state = 0");
        migrationBuilder.Sql("CREATE INDEX ix_flow_items_running ON flow_items (rule_id, flow_key, event_id) WHERE state = 1");
        // What limits over time count.
        migrationBuilder.Sql("CREATE INDEX ix_flow_items_released ON flow_items (rule_id, flow_key, released_at) WHERE released_at IS NOT NULL");
        migrationBuilder.Sql("CREATE INDEX ix_flow_items_admitted ON flow_items (rule_id, flow_key, admitted_at) WHERE admitted_at IS NOT NULL");
    }
}
