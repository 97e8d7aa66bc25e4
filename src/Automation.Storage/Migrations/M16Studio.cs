using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Automation.Storage.Migrations;

/// <summary>Labels of definitions, and plans by which many instances are altered.</summary>
[DbContext(typeof(AutomationDbContext))]
[Migration("20261121000016_Studio")]
internal sealed class M16Studio : Migration
{
    /// <inheritdoc/>
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql("""
        CREATE TABLE labels (
          id text NOT NULL PRIMARY KEY,
          name text NOT NULL,
          normalized_name text NOT NULL,
          description text,
          color text
        );
        CREATE UNIQUE INDEX ux_labels_name ON labels (normalized_name);

        CREATE TABLE definition_labels (
          definition_id text NOT NULL,
          label_id text NOT NULL,
          PRIMARY KEY (definition_id, label_id)
        );
        CREATE INDEX ix_definition_labels_label ON definition_labels (label_id);

        CREATE TABLE alteration_plans (
          id text NOT NULL PRIMARY KEY,
          request text NOT NULL,
          status text NOT NULL,
          created_at bigint NOT NULL,
          started_at bigint,
          completed_at bigint
        );

        CREATE TABLE alteration_jobs (
          plan_id text NOT NULL,
          instance_id text NOT NULL,
          status text NOT NULL,
          log text NOT NULL,
          created_at bigint NOT NULL,
          completed_at bigint,
          PRIMARY KEY (plan_id, instance_id)
        );
        """);

    /// <inheritdoc/>
    protected override void Down(MigrationBuilder migrationBuilder) =>
        migrationBuilder.Sql("DROP TABLE alteration_jobs; DROP TABLE alteration_plans; DROP TABLE definition_labels; DROP TABLE labels;");
}
