using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Automation.Storage.Migrations;

/// <summary>When channels with a limit sent last, so that all servers keep the limit together.</summary>
[DbContext(typeof(AutomationDbContext))]
[Migration("20261121000022_ChannelSends")]
internal sealed class M22ChannelSends : Migration
{
    /// <inheritdoc/>
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql("""
        CREATE TABLE channel_sends (
          channel text NOT NULL,
          place bigint NOT NULL,
          at bigint NOT NULL,
          PRIMARY KEY (channel, place)
        );
        """);

    /// <inheritdoc/>
    protected override void Down(MigrationBuilder migrationBuilder) => migrationBuilder.Sql("DROP TABLE channel_sends;");
}
