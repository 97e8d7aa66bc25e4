using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Automation.Storage.Migrations;

/// <summary>
/// The indexes in which lists of instances are walked hold all three times, so that a condition on one time and the order
/// of another are answered without looking at a row.
/// </summary>
[DbContext(typeof(AutomationDbContext))]
[Migration("20261121000015_InstanceLists")]
internal sealed class M15InstanceLists : Migration
{
    private const string Filtered = "sub_status, is_system, incident_count, definition_id";

    protected override void Up(MigrationBuilder migrationBuilder)
    {
        var sqlite = migrationBuilder.ActiveProvider == "Microsoft.EntityFrameworkCore.Sqlite";
        foreach (var (name, column, others) in ((string, string, string)[])
        [
            ("created", "created_at", "updated_at, finished_at"), ("updated", "updated_at", "created_at, finished_at"), ("finished", "finished_at", "created_at, updated_at"),
        ])
        {
            // NULL sorts first on SQLite; an index serves such a list on PostgreSQL only if it says the same. There the id makes
            // the order complete, and stands in the index so that skipped rows are not looked at.
            var columns = sqlite
                ? $"{column}, {Filtered}, {others}"
                : $"{column}{(name == "finished" ? " NULLS FIRST" : "")}, id) INCLUDE ({Filtered}, {others}";
            migrationBuilder.Sql($"DROP INDEX ix_workflow_instances_{name}; CREATE INDEX ix_workflow_instances_{name} ON workflow_instances ({columns});");
        }

        // A search looks through these two; SQLite's know their row, PostgreSQL's need its id.
        if (!sqlite)
        {
            migrationBuilder.Sql($"""
                DROP INDEX ix_workflow_instances_name;
                CREATE INDEX ix_workflow_instances_name ON workflow_instances (name NULLS FIRST, {Filtered}) INCLUDE (id);
                DROP INDEX ix_workflow_instances_correlation;
                CREATE INDEX ix_workflow_instances_correlation ON workflow_instances (correlation_id) INCLUDE (id) WHERE correlation_id IS NOT NULL;
                """);
        }
    }

    protected override void Down(MigrationBuilder migrationBuilder)
    {
        var sqlite = migrationBuilder.ActiveProvider == "Microsoft.EntityFrameworkCore.Sqlite";
        foreach (var name in (ReadOnlySpan<string>)["created", "updated", "finished"])
        {
            var nulls = !sqlite && name == "finished" ? " NULLS FIRST" : "";
            migrationBuilder.Sql($"DROP INDEX ix_workflow_instances_{name}; CREATE INDEX ix_workflow_instances_{name} ON workflow_instances ({name}_at{nulls}, {Filtered});");
        }

        if (!sqlite)
        {
            migrationBuilder.Sql($"""
                DROP INDEX ix_workflow_instances_name;
                CREATE INDEX ix_workflow_instances_name ON workflow_instances (name NULLS FIRST, {Filtered});
                DROP INDEX ix_workflow_instances_correlation;
                CREATE INDEX ix_workflow_instances_correlation ON workflow_instances (correlation_id) WHERE correlation_id IS NOT NULL;
                """);
        }
    }
}
