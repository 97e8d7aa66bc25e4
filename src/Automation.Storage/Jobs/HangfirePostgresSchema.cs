namespace Automation.Storage.Jobs;

/// <summary>
/// The tables of Hangfire.PostgreSql, schema version 23. A genuine schema of version 23 or later is taken as it is, one
/// of version 19 to 22 is brought to 23, an older one is refused.
/// </summary>
internal static class HangfirePostgresSchema
{
    public const string Script =
        """
        CREATE SCHEMA IF NOT EXISTS hangfire;
        DO $jobs$
        DECLARE
            found int;
            target record;
        BEGIN
            CREATE TABLE IF NOT EXISTS hangfire.schema (version int NOT NULL, PRIMARY KEY (version));
            LOCK TABLE hangfire.schema IN ACCESS EXCLUSIVE MODE;
            SELECT max(version) INTO found FROM hangfire.schema;
            IF found >= 23 THEN
                RETURN;
            END IF;
            IF found < 19 THEN
                RAISE EXCEPTION 'The Hangfire schema in this database has version %; version 19 or later is needed. Start the current Hangfire.PostgreSql once, which upgrades it.', found;
            END IF;

            CREATE TABLE IF NOT EXISTS hangfire.job (
                id bigserial NOT NULL, stateid bigint, statename text, invocationdata jsonb NOT NULL, arguments jsonb NOT NULL,
                createdat timestamp with time zone NOT NULL, expireat timestamp with time zone, updatecount int NOT NULL DEFAULT 0, PRIMARY KEY (id));
            CREATE TABLE IF NOT EXISTS hangfire.state (
                id bigserial NOT NULL, jobid bigint NOT NULL, name text NOT NULL, reason text, createdat timestamp with time zone NOT NULL,
                data jsonb, updatecount int NOT NULL DEFAULT 0, PRIMARY KEY (id),
                FOREIGN KEY (jobid) REFERENCES hangfire.job (id) ON UPDATE CASCADE ON DELETE CASCADE);
            CREATE TABLE IF NOT EXISTS hangfire.jobparameter (
                id bigserial NOT NULL, jobid bigint NOT NULL, name text NOT NULL, value text, updatecount int NOT NULL DEFAULT 0, PRIMARY KEY (id),
                FOREIGN KEY (jobid) REFERENCES hangfire.job (id) ON UPDATE CASCADE ON DELETE CASCADE);
            CREATE TABLE IF NOT EXISTS hangfire.jobqueue (
                id bigserial NOT NULL, jobid bigint NOT NULL, queue text NOT NULL, fetchedat timestamp with time zone, updatecount int NOT NULL DEFAULT 0, PRIMARY KEY (id));
            CREATE TABLE IF NOT EXISTS hangfire.server (
                id text NOT NULL, data jsonb, lastheartbeat timestamp with time zone NOT NULL, updatecount int NOT NULL DEFAULT 0, PRIMARY KEY (id));
            CREATE TABLE IF NOT EXISTS hangfire.set (
                id bigserial NOT NULL, key text NOT NULL, score double precision NOT NULL, value text NOT NULL,
                expireat timestamp with time zone, updatecount int NOT NULL DEFAULT 0, PRIMARY KEY (id), CONSTRAINT set_key_value_key UNIQUE (key, value));
            CREATE TABLE IF NOT EXISTS hangfire.hash (
                id bigserial NOT NULL, key text NOT NULL, field text NOT NULL, value text, expireat timestamp with time zone,
                updatecount int NOT NULL DEFAULT 0, PRIMARY KEY (id), CONSTRAINT hash_key_field_key UNIQUE (key, field));
            CREATE TABLE IF NOT EXISTS hangfire.list (
                id bigserial NOT NULL, key text NOT NULL, value text, expireat timestamp with time zone, updatecount int NOT NULL DEFAULT 0, PRIMARY KEY (id));
            CREATE TABLE IF NOT EXISTS hangfire.counter (
                id bigserial NOT NULL, key text NOT NULL, value bigint NOT NULL, expireat timestamp with time zone, PRIMARY KEY (id));
            CREATE TABLE IF NOT EXISTS hangfire.aggregatedcounter (
                id bigserial NOT NULL, key text NOT NULL, value bigint NOT NULL, expireat timestamp with time zone, PRIMARY KEY (id), UNIQUE (key));
            CREATE TABLE IF NOT EXISTS hangfire.lock (
                resource text NOT NULL, updatecount int NOT NULL DEFAULT 0, acquired timestamp with time zone, CONSTRAINT lock_resource_key UNIQUE (resource));

            -- Before version 20 these were text.
            FOR target IN
                SELECT table_name, column_name FROM information_schema.columns
                WHERE table_schema = 'hangfire' AND data_type <> 'jsonb'
                    AND (table_name, column_name) IN (('job', 'invocationdata'), ('job', 'arguments'), ('state', 'data'), ('server', 'data'))
            LOOP
                EXECUTE format('ALTER TABLE hangfire.%I ALTER COLUMN %I TYPE jsonb USING %I::jsonb', target.table_name, target.column_name, target.column_name);
            END LOOP;

            CREATE INDEX IF NOT EXISTS ix_hangfire_job_statename ON hangfire.job (statename);
            CREATE INDEX IF NOT EXISTS ix_hangfire_job_expireat ON hangfire.job (expireat);
            CREATE INDEX IF NOT EXISTS ix_hangfire_job_statename_is_not_null ON hangfire.job (statename) INCLUDE (id) WHERE statename IS NOT NULL;
            CREATE INDEX IF NOT EXISTS ix_hangfire_state_jobid ON hangfire.state (jobid);
            CREATE INDEX IF NOT EXISTS ix_hangfire_jobparameter_jobidandname ON hangfire.jobparameter (jobid, name);
            CREATE INDEX IF NOT EXISTS ix_hangfire_jobqueue_queueandfetchedat ON hangfire.jobqueue (queue, fetchedat);
            CREATE INDEX IF NOT EXISTS ix_hangfire_jobqueue_jobidandqueue ON hangfire.jobqueue (jobid, queue);
            CREATE INDEX IF NOT EXISTS ix_hangfire_jobqueue_fetchedat_queue_jobid ON hangfire.jobqueue (fetchedat NULLS FIRST, queue, jobid);
            CREATE INDEX IF NOT EXISTS ix_hangfire_set_key_score ON hangfire.set (key, score);
            CREATE INDEX IF NOT EXISTS ix_hangfire_set_expireat ON hangfire.set (expireat);
            CREATE INDEX IF NOT EXISTS ix_hangfire_hash_expireat ON hangfire.hash (expireat);
            CREATE INDEX IF NOT EXISTS ix_hangfire_list_expireat ON hangfire.list (expireat);
            CREATE INDEX IF NOT EXISTS ix_hangfire_counter_key ON hangfire.counter (key);
            CREATE INDEX IF NOT EXISTS ix_hangfire_counter_expireat ON hangfire.counter (expireat);
            ALTER TABLE hangfire.lock REPLICA IDENTITY USING INDEX lock_resource_key;

            DELETE FROM hangfire.schema;
            INSERT INTO hangfire.schema (version) VALUES (23);
        END
        $jobs$;
        """;
}
