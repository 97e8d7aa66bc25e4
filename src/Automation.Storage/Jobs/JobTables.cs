namespace Automation.Storage.Jobs;

/// <summary>What our job server keeps beside Hangfire's tables, which themselves have no column of ours.</summary>
internal static class JobTables
{
    public const string Script =
        """
        -- Our servers: the beat is counted up while one lives, so that others see it stop without comparing clocks.
        CREATE TABLE job_servers (id text NOT NULL PRIMARY KEY, beat bigint NOT NULL);

        -- Which of Hangfire's locks our servers hold, so that those of a dead one do not outlive it.
        CREATE TABLE job_locks (resource text NOT NULL PRIMARY KEY, server_id text NOT NULL);

        CREATE TABLE job_queues (name text NOT NULL PRIMARY KEY, paused_at bigint NOT NULL);

        -- A key is taken while its job is unfinished; a finished job's row is simply taken over.
        CREATE TABLE job_unique_keys (key text NOT NULL PRIMARY KEY, job_id bigint NOT NULL);

        CREATE TABLE job_batches (
            id text NOT NULL PRIMARY KEY, name text NOT NULL, created_at bigint NOT NULL, total bigint NOT NULL,
            continuation_id bigint, finished_at bigint);
        CREATE INDEX ix_job_batches_created_at ON job_batches (created_at);

        CREATE TABLE job_batch_jobs (job_id bigint NOT NULL PRIMARY KEY, batch_id text NOT NULL, finished boolean NOT NULL);
        CREATE INDEX ix_job_batch_jobs_batch_id ON job_batch_jobs (batch_id, finished);

        CREATE TABLE job_log (job_id bigint NOT NULL, line bigint NOT NULL, at bigint NOT NULL, text text NOT NULL, PRIMARY KEY (job_id, line));

        CREATE TABLE job_progress (job_id bigint NOT NULL PRIMARY KEY, percent double precision NOT NULL, message text, at bigint NOT NULL);
        """;
}
