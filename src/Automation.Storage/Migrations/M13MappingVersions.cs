using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Automation.Storage.Migrations;

/// <summary>The mapping rules, as often as they have changed.</summary>
[DbContext(typeof(AutomationDbContext))]
[Migration("20261121000013_MappingVersions")]
internal sealed class M13MappingVersions : Migration
{
    /// <inheritdoc/>
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        var sqlite = migrationBuilder.ActiveProvider == "Microsoft.EntityFrameworkCore.Sqlite";
        migrationBuilder.Sql(
            $"""
            CREATE TABLE mapping_versions (
              number {(sqlite ? "INTEGER" : "bigint")} NOT NULL PRIMARY KEY,
              created_at bigint NOT NULL,
              origin integer NOT NULL,
              made_by text,
              note text,
              hash text NOT NULL,
              content {(sqlite ? "BLOB" : "bytea")} NOT NULL
            )
            """);
    }
}
