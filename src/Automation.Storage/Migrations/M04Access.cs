using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Automation.Storage.Migrations;

/// <summary>Who may use the API.</summary>
[DbContext(typeof(AutomationDbContext))]
[Migration("20261121000004_Access")]
internal sealed class M04Access : Migration
{
    /// <inheritdoc/>
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.Sql(
            """
            CREATE TABLE api_keys (
                id text NOT NULL PRIMARY KEY,
                name text NOT NULL,
                hash text NOT NULL UNIQUE,
                role text NOT NULL,
                created_at bigint NOT NULL)
            """);
    }
}
