using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Automation.Storage.Migrations;

/// <summary>What steps keep: the record of their HTTP calls, documents, secrets, and notes of what was done already.</summary>
[DbContext(typeof(AutomationDbContext))]
[Migration("20261121000005_Steps")]
internal sealed class M05Steps : Migration
{
    private const string Tables = """
        CREATE TABLE http_exchanges (
          instance_id text NOT NULL,
          id text NOT NULL,
          activity_execution_id text NOT NULL,
          job_id bigint,
          attempt integer NOT NULL,
          started_at bigint NOT NULL,
          duration bigint NOT NULL,
          method text NOT NULL,
          url text NOT NULL,
          request_headers text NOT NULL,
          request_body text,
          request_bytes bigint NOT NULL,
          status_code integer,
          reason_phrase text,
          response_headers text,
          response_body text,
          response_bytes bigint NOT NULL,
          outcome text NOT NULL,
          error text,
          idempotency_key text,
          retry_delay bigint,
          PRIMARY KEY (instance_id, id)
        );
        CREATE INDEX ix_http_exchanges_activity ON http_exchanges (activity_execution_id, id);
        CREATE INDEX ix_http_exchanges_job ON http_exchanges (job_id, id) WHERE job_id IS NOT NULL;

        CREATE TABLE documents (
          collection text NOT NULL,
          key text NOT NULL,
          version bigint NOT NULL,
          body text NOT NULL,
          created_at bigint NOT NULL,
          updated_at bigint NOT NULL,
          expires_at bigint,
          PRIMARY KEY (collection, key)
        );
        CREATE INDEX ix_documents_expires ON documents (expires_at) WHERE expires_at IS NOT NULL;

        CREATE TABLE step_ledger (
          operation_id text NOT NULL PRIMARY KEY,
          result text NOT NULL,
          created_at bigint NOT NULL
        );
        """;

    /// <inheritdoc/>
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.Sql(Tables);
        var bytes = migrationBuilder.ActiveProvider?.Contains("Npgsql", StringComparison.Ordinal) == true ? "bytea" : "blob";
        migrationBuilder.Sql($"""
            CREATE TABLE secrets (
              name text NOT NULL PRIMARY KEY,
              protected_value {bytes} NOT NULL,
              created_at bigint NOT NULL,
              updated_at bigint NOT NULL
            );
            """);
    }

    /// <inheritdoc/>
    protected override void Down(MigrationBuilder migrationBuilder) => migrationBuilder.Sql("DROP TABLE secrets; DROP TABLE step_ledger; DROP TABLE documents; DROP TABLE http_exchanges;");
}
