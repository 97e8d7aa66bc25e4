using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Automation.Storage.Migrations;

/// <summary>Channels, the notifications that went out by them, and the inbox.</summary>
[DbContext(typeof(AutomationDbContext))]
[Migration("20261121000010_Notifications")]
internal sealed class M10Notifications : Migration
{
    /// <inheritdoc/>
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql("""
        CREATE TABLE channels (
          name text NOT NULL PRIMARY KEY,
          settings text NOT NULL,
          created_at bigint NOT NULL,
          updated_at bigint NOT NULL
        );

        CREATE TABLE notifications (
          id text NOT NULL PRIMARY KEY,
          channel text NOT NULL,
          kind text NOT NULL,
          recipient text NOT NULL,
          message text NOT NULL,
          status text NOT NULL,
          attempts bigint NOT NULL,
          note text,
          instance_id text,
          activity_execution_id text,
          job_id bigint,
          fallback_of text,
          digest_id text,
          for_digest bigint NOT NULL,
          created_at bigint NOT NULL,
          due_at bigint,
          sent_at bigint
        );
        CREATE INDEX ix_notifications_created ON notifications (created_at);
        CREATE INDEX ix_notifications_instance ON notifications (instance_id) WHERE instance_id IS NOT NULL;
        CREATE INDEX ix_notifications_due ON notifications (due_at) WHERE status = 'Held';

        CREATE TABLE inbox (
          id text NOT NULL PRIMARY KEY,
          channel text NOT NULL,
          severity text NOT NULL,
          subject text NOT NULL,
          body text NOT NULL,
          link text,
          instance_id text,
          created_at bigint NOT NULL,
          read_at bigint
        );
        CREATE INDEX ix_inbox_created ON inbox (created_at);
        CREATE INDEX ix_inbox_unread ON inbox (created_at) WHERE read_at IS NULL;
        """);

    /// <inheritdoc/>
    protected override void Down(MigrationBuilder migrationBuilder) => migrationBuilder.Sql("DROP TABLE inbox; DROP TABLE notifications; DROP TABLE channels;");
}
