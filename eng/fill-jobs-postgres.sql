-- Fills a fresh database of ours with :jobs jobs, by sets and not one by one, as eng/fill-jobs-sqlite.sql does:
--   psql -v jobs=10000000 -f eng/fill-jobs-postgres.sql CONNECTION
-- Nothing may use the database meanwhile.
SET synchronous_commit = off;
SET maintenance_work_mem = '512MB';
BEGIN;
DROP INDEX hangfire.ix_hangfire_job_statename, hangfire.ix_hangfire_job_expireat, hangfire.ix_hangfire_job_statename_is_not_null, hangfire.ix_hangfire_state_jobid,
    hangfire.ix_hangfire_job_statename_id;
ALTER TABLE hangfire.state DISABLE TRIGGER ALL;

CREATE TEMP VIEW job_to_be AS
SELECT i,
    CASE WHEN i % 100 < 16 THEN 'Enqueued' WHEN i % 100 = 16 THEN 'Failed' WHEN i % 100 = 17 THEN 'Deleted' WHEN i % 100 = 18 THEN 'Scheduled'
        WHEN i % 1000 = 19 THEN 'Awaiting' ELSE 'Succeeded' END AS state,
    CASE i % 7 WHEN 0 THEN 'crm.sync' WHEN 1 THEN 'report.daily' WHEN 2 THEN 'mail.send' WHEN 3 THEN 'invoice.make' ELSE 'workflow.activity' END AS name,
    now() - interval '1 day' * ((:jobs - i)::float8 / :jobs) AS at,
    (extract(epoch FROM now() - interval '1 day' * ((:jobs - i)::float8 / :jobs)) * 1000)::bigint AS ms
FROM generate_series(1, :jobs) i;

-- A job's last state has the id of the job; those before it come from the sequence above all of them.
SELECT setval('hangfire.job_id_seq', :jobs), setval('hangfire.state_id_seq', :jobs);
INSERT INTO hangfire.job (id, stateid, statename, invocationdata, arguments, createdat, expireat)
SELECT i, i, state,
    jsonb_strip_nulls(jsonb_build_object('Type', 'Automation.Jobs.NamedJob, Automation.Jobs', 'Method', 'Run', 'ParameterTypes', '["System.String","System.Object[], mscorlib"]',
        'Queue', CASE state WHEN 'Enqueued' THEN 'bulk' END)),
    jsonb_build_array('"' || name || '"', '["person-' || i % 100000 || '@example.org",' || i || ']'),
    at, CASE WHEN state IN ('Succeeded', 'Deleted') THEN at + interval '7 days' END
FROM job_to_be;

INSERT INTO hangfire.state (jobid, name, createdat, data)
SELECT i, 'Enqueued', at, jsonb_build_object('EnqueuedAt', ms::text, 'Queue', 'default') FROM job_to_be WHERE state IN ('Succeeded', 'Failed')
UNION ALL
SELECT i, 'Processing', at + interval '1 ms', jsonb_build_object('StartedAt', (ms + 1)::text, 'ServerId', 'worker-1:4711:0b6f0f6e-2d4b-4f0c-9d6e-0d4f5b0c7a11', 'WorkerId', 'b0a5d9f2-6a3c-4c56-8d54-2e3b7a9a1c22')
FROM job_to_be WHERE state IN ('Succeeded', 'Failed');

INSERT INTO hangfire.state (id, jobid, name, reason, createdat, data)
SELECT i, i, state, CASE WHEN i % 1000 = 18 THEN 'Retry attempt 1 of 10: The other side did not answer' END,
    CASE WHEN state IN ('Succeeded', 'Failed') THEN at + interval '2 ms' ELSE at END,
    CASE state
        WHEN 'Enqueued' THEN jsonb_build_object('EnqueuedAt', ms::text, 'Queue', 'bulk')
        WHEN 'Succeeded' THEN jsonb_build_object('SucceededAt', (ms + 2)::text, 'PerformanceDuration', (i % 250)::text, 'Latency', (i % 40)::text)
        WHEN 'Failed' THEN jsonb_build_object('FailedAt', (ms + 2)::text,
            'ExceptionType', (ARRAY['System.TimeoutException', 'System.InvalidOperationException', 'System.Net.Http.HttpRequestException'])[i / 100 % 3 + 1],
            'ExceptionMessage', 'The other side did not take call ' || i,
            'ExceptionDetails', 'The other side did not take call ' || i || repeat(E'\n   at Some.Library.Layer.CallAsync(Request request, CancellationToken token)', 12))
        WHEN 'Deleted' THEN jsonb_build_object('DeletedAt', ms::text)
        WHEN 'Scheduled' THEN jsonb_build_object('EnqueueAt', (ms + 604800000)::text, 'ScheduledAt', ms::text)
        ELSE jsonb_build_object('ParentId', (i - 1)::text, 'NextState', '{"$type":"Hangfire.States.EnqueuedState, Hangfire.Core","Queue":"default"}', 'Options', '1')
    END
FROM job_to_be;

INSERT INTO hangfire.jobqueue (jobid, queue) SELECT i, 'bulk' FROM job_to_be WHERE state = 'Enqueued';
INSERT INTO hangfire.set (key, score, value)
SELECT 'schedule', ms / 1000 + 604800, i::text FROM job_to_be WHERE state = 'Scheduled'
UNION ALL SELECT 'retries', 0, i::text FROM job_to_be WHERE i % 1000 = 18
UNION ALL SELECT 'awaiting', ms / 1000, i::text FROM job_to_be WHERE state = 'Awaiting';
INSERT INTO hangfire.aggregatedcounter (key, value)
SELECT 'stats:succeeded', count(*) FROM hangfire.job WHERE statename = 'Succeeded' UNION ALL SELECT 'stats:deleted', count(*) FROM hangfire.job WHERE statename = 'Deleted';

ALTER TABLE hangfire.state ENABLE TRIGGER ALL;
CREATE INDEX ix_hangfire_job_statename ON hangfire.job (statename);
CREATE INDEX ix_hangfire_job_expireat ON hangfire.job (expireat);
CREATE INDEX ix_hangfire_job_statename_is_not_null ON hangfire.job (statename) INCLUDE (id) WHERE statename IS NOT NULL;
CREATE INDEX ix_hangfire_job_statename_id ON hangfire.job (statename, id);
CREATE INDEX ix_hangfire_state_jobid ON hangfire.state (jobid);
DROP VIEW job_to_be;
COMMIT;
VACUUM ANALYZE;
