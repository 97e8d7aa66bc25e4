using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Automation.Storage.Migrations;

/// <summary>
/// A list in the order of names is filtered by times within its index, too; and ids that this server did not make, which are
/// few, have an index of their own, in which a part of them is looked for.
/// </summary>
[DbContext(typeof(AutomationDbContext))]
[Migration("20261121000026_InstanceSearch")]
internal sealed class M26InstanceSearch : Migration
{
    private const string Filtered = "sub_status, is_system, incident_count, definition_id";
    private const string Times = "created_at, updated_at, finished_at";

    // Ours are UUIDs of version 7, with dashes or without.
    private const string NotOurs = "(length(id) <> 36 OR substr(id, 15, 1) <> '7') AND (length(id) <> 32 OR substr(id, 13, 1) <> '7')";

    protected override void Up(MigrationBuilder migrationBuilder)
    {
        // On PostgreSQL the id makes the order complete: half of all instances may have no name, and would be sorted for each page.
        var columns = Sqlite(migrationBuilder) ? $"name, {Filtered}, {Times}" : $"name NULLS FIRST, id) INCLUDE ({Filtered}, {Times}";
        migrationBuilder.Sql($"""
            DROP INDEX ix_workflow_instances_name;
            CREATE INDEX ix_workflow_instances_name ON workflow_instances ({columns});
            CREATE INDEX ix_workflow_instances_foreign ON workflow_instances (id) WHERE {NotOurs};
            """);
    }

    protected override void Down(MigrationBuilder migrationBuilder)
    {
        var columns = Sqlite(migrationBuilder) ? $"name, {Filtered}" : $"name NULLS FIRST, {Filtered}) INCLUDE (id";
        migrationBuilder.Sql($"""
            DROP INDEX ix_workflow_instances_foreign;
            DROP INDEX ix_workflow_instances_name;
            CREATE INDEX ix_workflow_instances_name ON workflow_instances ({columns});
            """);
    }

    private static bool Sqlite(MigrationBuilder migrationBuilder) => migrationBuilder.ActiveProvider == "Microsoft.EntityFrameworkCore.Sqlite";
}
