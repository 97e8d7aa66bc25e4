using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Automation.Storage.Migrations;

/// <summary>Definitions, triggers, instances, bookmarks, shapes of waiting routes, journal, and kept responses and stimuli.</summary>
[DbContext(typeof(AutomationDbContext))]
[Migration("20261121000002_Workflows")]
internal sealed class M02Workflows : Migration
{
    private const string Tables = """
        CREATE TABLE workflow_definitions (
          id text NOT NULL PRIMARY KEY,
          definition_id text NOT NULL,
          version integer NOT NULL,
          name text,
          description text,
          tool_version text,
          provider_name text,
          source_file text,
          is_latest boolean NOT NULL,
          is_published boolean NOT NULL,
          is_readonly boolean NOT NULL,
          is_system boolean NOT NULL,
          usable_as_activity boolean NOT NULL,
          content_hash text NOT NULL,
          created_at bigint NOT NULL,
          updated_at bigint NOT NULL,
          revision bigint NOT NULL,
          content text NOT NULL
        );
        CREATE UNIQUE INDEX ux_workflow_definitions_version ON workflow_definitions (definition_id, version);
        CREATE UNIQUE INDEX ux_workflow_definitions_latest ON workflow_definitions (definition_id) WHERE is_latest;
        CREATE UNIQUE INDEX ux_workflow_definitions_published ON workflow_definitions (definition_id) WHERE is_published;
        CREATE INDEX ix_workflow_definitions_name ON workflow_definitions (name, id, is_latest, is_published, is_system);
        CREATE INDEX ix_workflow_definitions_created ON workflow_definitions (created_at, id, is_latest, is_published, is_system);
        CREATE INDEX ix_workflow_definitions_number ON workflow_definitions (version, id, is_latest, is_published, is_system);

        CREATE TABLE workflow_triggers (
          id text NOT NULL PRIMARY KEY,
          definition_id text NOT NULL,
          definition_version_id text NOT NULL,
          name text NOT NULL,
          activity_id text NOT NULL,
          hash text NOT NULL,
          payload text,
          options text,
          next_at bigint,
          job_id bigint
        );
        CREATE INDEX ix_workflow_triggers_definition ON workflow_triggers (definition_id);
        CREATE INDEX ix_workflow_triggers_hash ON workflow_triggers (hash);

        CREATE TABLE workflow_instances (
          id text NOT NULL PRIMARY KEY,
          definition_id text NOT NULL,
          definition_version_id text NOT NULL,
          definition_version integer NOT NULL,
          sub_status integer NOT NULL,
          is_system boolean NOT NULL,
          incident_count integer NOT NULL,
          correlation_id text,
          name text,
          parent_id text,
          notify text,
          created_at bigint NOT NULL,
          updated_at bigint NOT NULL,
          finished_at bigint,
          revision bigint NOT NULL,
          state text NOT NULL
        );
        CREATE INDEX ix_workflow_instances_created ON workflow_instances (created_at, sub_status, is_system, incident_count, definition_id);
        CREATE INDEX ix_workflow_instances_updated ON workflow_instances (updated_at, sub_status, is_system, incident_count, definition_id);
        CREATE INDEX ix_workflow_instances_finished ON workflow_instances (finished_at, sub_status, is_system, incident_count, definition_id);
        CREATE INDEX ix_workflow_instances_name ON workflow_instances (name, sub_status, is_system, incident_count, definition_id);
        CREATE INDEX ix_workflow_instances_definition ON workflow_instances (definition_id, sub_status, is_system, incident_count);
        CREATE INDEX ix_workflow_instances_status ON workflow_instances (sub_status, is_system, incident_count);
        CREATE INDEX ix_workflow_instances_correlation ON workflow_instances (correlation_id) WHERE correlation_id IS NOT NULL;
        CREATE INDEX ix_workflow_instances_parent ON workflow_instances (parent_id) WHERE parent_id IS NOT NULL;

        CREATE TABLE workflow_bookmarks (
          id text NOT NULL PRIMARY KEY,
          instance_id text NOT NULL,
          name text NOT NULL,
          hash text NOT NULL,
          activity_ordinal bigint NOT NULL,
          correlation_id text,
          payload text,
          options text,
          job_id bigint,
          created_at bigint NOT NULL
        );
        CREATE INDEX ix_workflow_bookmarks_instance ON workflow_bookmarks (instance_id);
        CREATE INDEX ix_workflow_bookmarks_hash ON workflow_bookmarks (hash, correlation_id);

        CREATE TABLE workflow_route_shapes (
          shape text NOT NULL PRIMARY KEY
        );

        CREATE TABLE workflow_operations (
          id text NOT NULL PRIMARY KEY,
          instance_id text NOT NULL,
          job_id bigint,
          request text NOT NULL,
          created_at bigint NOT NULL
        );
        CREATE INDEX ix_workflow_operations_instance ON workflow_operations (instance_id);

        CREATE TABLE workflow_journal (
          instance_id text NOT NULL,
          revision bigint NOT NULL,
          created_at bigint NOT NULL,
          first_sequence bigint NOT NULL,
          chunk text NOT NULL,
          PRIMARY KEY (instance_id, revision)
        );

        CREATE TABLE workflow_responses (
          instance_id text NOT NULL PRIMARY KEY,
          response text NOT NULL,
          expires_at bigint NOT NULL
        );

        CREATE TABLE workflow_stimuli (
          id text NOT NULL PRIMARY KEY,
          hash text NOT NULL,
          name text NOT NULL,
          request text NOT NULL,
          created_at bigint NOT NULL,
          expires_at bigint NOT NULL
        );
        CREATE INDEX ix_workflow_stimuli_hash ON workflow_stimuli (hash);
        CREATE INDEX ix_workflow_stimuli_expires ON workflow_stimuli (expires_at);
        """;

    protected override void Up(MigrationBuilder migrationBuilder)
    {
        // NULL sorts first on SQLite; an index serves such a list on PostgreSQL only if it says the same.
        var sql = migrationBuilder.ActiveProvider == "Microsoft.EntityFrameworkCore.Sqlite"
            ? Tables
            : Tables
                .Replace("workflow_instances (finished_at,", "workflow_instances (finished_at NULLS FIRST,", StringComparison.Ordinal)
                .Replace("workflow_instances (name,", "workflow_instances (name NULLS FIRST,", StringComparison.Ordinal);
        migrationBuilder.Sql(sql);
    }

    protected override void Down(MigrationBuilder migrationBuilder) => migrationBuilder.Sql("""
        DROP TABLE workflow_stimuli;
        DROP TABLE workflow_responses;
        DROP TABLE workflow_journal;
        DROP TABLE workflow_operations;
        DROP TABLE workflow_route_shapes;
        DROP TABLE workflow_bookmarks;
        DROP TABLE workflow_instances;
        DROP TABLE workflow_triggers;
        DROP TABLE workflow_definitions;
        """);
}
