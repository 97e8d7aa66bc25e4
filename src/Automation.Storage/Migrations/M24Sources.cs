using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Automation.Storage.Migrations;

/// <summary>Sources that people made in the console, their settings encrypted: secrets are among them.</summary>
[DbContext(typeof(AutomationDbContext))]
[Migration("20261121000024_Sources")]
internal sealed class M24Sources : Migration
{
    /// <inheritdoc/>
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        var sqlite = migrationBuilder.ActiveProvider == "Microsoft.EntityFrameworkCore.Sqlite";
        migrationBuilder.Sql(
            $"""
            CREATE TABLE sources (
              slug text NOT NULL PRIMARY KEY,
              version bigint NOT NULL,
              settings {(sqlite ? "BLOB" : "bytea")} NOT NULL,
              updated_at bigint NOT NULL,
              updated_by text
            )
            """);
    }
}
