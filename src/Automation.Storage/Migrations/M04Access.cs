using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Automation.Storage.Migrations;

/// <summary>Who may come in, who is in, and who changed what.</summary>
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
                scopes text NOT NULL DEFAULT '',
                created_at bigint NOT NULL,
                created_by text,
                expires_at bigint,
                used_at bigint)
            """);
        migrationBuilder.Sql(
            """
            CREATE TABLE users (
                id text NOT NULL PRIMARY KEY,
                name text NOT NULL,
                name_key text NOT NULL UNIQUE,
                password_hash text NOT NULL,
                role text NOT NULL,
                disabled boolean NOT NULL DEFAULT FALSE,
                failures bigint NOT NULL DEFAULT 0,
                locked_until bigint,
                created_at bigint NOT NULL,
                signed_in_at bigint)
            """);
        migrationBuilder.Sql(
            """
            CREATE TABLE sessions (
                id text NOT NULL PRIMARY KEY,
                owner text NOT NULL,
                created_at bigint NOT NULL,
                seen_at bigint NOT NULL,
                expires_at bigint NOT NULL,
                remote_ip text,
                agent text)
            """);
        migrationBuilder.Sql("CREATE INDEX ix_sessions_owner ON sessions (owner)");
        migrationBuilder.Sql(
            """
            CREATE TABLE audit_log (
                id text NOT NULL PRIMARY KEY,
                at bigint NOT NULL,
                actor text NOT NULL,
                action text NOT NULL,
                kind text NOT NULL,
                subject text NOT NULL,
                outcome bigint NOT NULL,
                before_change text,
                after_change text,
                remote_ip text)
            """);
        migrationBuilder.Sql("CREATE INDEX ix_audit_log_subject ON audit_log (kind, subject, id)");
    }
}
