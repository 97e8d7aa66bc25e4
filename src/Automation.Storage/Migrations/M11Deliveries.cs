using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Automation.Storage.Migrations;

/// <summary>Webhooks that go out: subscribers' endpoints, event types, deliveries and their attempts.</summary>
[DbContext(typeof(AutomationDbContext))]
[Migration("20261121000011_Deliveries")]
internal sealed class M11Deliveries : Migration
{
    /// <inheritdoc/>
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql("""
        CREATE TABLE delivery_endpoints (
          id text NOT NULL PRIMARY KEY,
          settings text NOT NULL,
          signing_keys text NOT NULL,
          disabled_reason text,
          failing_since bigint,
          created_at bigint NOT NULL,
          lease_owner text,
          lease_until bigint
        );

        CREATE TABLE delivery_event_types (
          name text NOT NULL PRIMARY KEY,
          description text,
          schema text
        );

        CREATE TABLE deliveries (
          id text NOT NULL PRIMARY KEY,
          endpoint_id text NOT NULL,
          event_type text NOT NULL,
          payload text NOT NULL,
          ordering_key text,
          status text NOT NULL,
          attempts bigint NOT NULL,
          next_at bigint,
          status_code bigint,
          error text,
          instance_id text,
          activity_execution_id text,
          created_at bigint NOT NULL,
          ended_at bigint
        );
        CREATE INDEX ix_deliveries_endpoint ON deliveries (endpoint_id, id);
        CREATE INDEX ix_deliveries_waiting ON deliveries (endpoint_id, next_at, id) WHERE status = 'Pending';
        CREATE INDEX ix_deliveries_order ON deliveries (endpoint_id, ordering_key, id) WHERE status = 'Pending' AND ordering_key IS NOT NULL;
        CREATE INDEX ix_deliveries_instance ON deliveries (instance_id) WHERE instance_id IS NOT NULL;
        CREATE INDEX ix_deliveries_ended ON deliveries (ended_at) WHERE ended_at IS NOT NULL;

        CREATE TABLE delivery_attempts (
          delivery_id text NOT NULL,
          number bigint NOT NULL,
          endpoint_id text NOT NULL,
          started_at bigint NOT NULL,
          duration bigint NOT NULL,
          status_code bigint,
          error text,
          response text,
          PRIMARY KEY (delivery_id, number)
        );
        CREATE INDEX ix_delivery_attempts_endpoint ON delivery_attempts (endpoint_id, started_at);
        """);

    /// <inheritdoc/>
    protected override void Down(MigrationBuilder migrationBuilder) =>
        migrationBuilder.Sql("DROP TABLE delivery_attempts; DROP TABLE deliveries; DROP TABLE delivery_event_types; DROP TABLE delivery_endpoints;");
}
