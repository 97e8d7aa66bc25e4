-- Fills a fresh database of ours with :jobs jobs (10000000 when nothing else is said), by sets and not one by one:
--   sqlite3 automation.db -cmd '.parameter init' -cmd '.parameter set :jobs 10000000' < eng/fill-jobs-sqlite.sql
-- Of 100 jobs 80 have succeeded (three states each), 16 wait in the queue "bulk", and one each has failed, was
-- deleted, waits for a time, and waits for another job (one in ten) or has succeeded. The file must not be in use.
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA cache_size = -500000;

DROP INDEX IF EXISTS "IX_Job_StateName";
DROP INDEX IF EXISTS "IX_Job_ExpireAt";
DROP INDEX IF EXISTS "IX_State_JobId";
DROP INDEX IF EXISTS "IX_State_ExpireAt";

CREATE TEMP TABLE how_many AS SELECT CAST(coalesce(:jobs, 10000000) AS INTEGER) AS jobs;

-- id, state, name, ticks of its creation: spread over the last 24 hours.
CREATE TEMP VIEW job_to_be AS
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < (SELECT jobs FROM how_many))
    SELECT i,
        CASE WHEN i % 100 < 16 THEN 'Enqueued' WHEN i % 100 = 16 THEN 'Failed' WHEN i % 100 = 17 THEN 'Deleted' WHEN i % 100 = 18 THEN 'Scheduled'
            WHEN i % 1000 = 19 THEN 'Awaiting' ELSE 'Succeeded' END AS state,
        CASE i % 7 WHEN 0 THEN 'crm.sync' WHEN 1 THEN 'report.daily' WHEN 2 THEN 'mail.send' WHEN 3 THEN 'invoice.make' ELSE 'workflow.activity' END AS name,
        CAST((strftime('%s', 'now') + 62135596800 - 86400.0 * ((SELECT jobs FROM how_many) - i) / (SELECT jobs FROM how_many)) * 10000000 AS INTEGER) AS ticks
    FROM n;

INSERT INTO "Job" ("Id", "StateId", "StateName", "InvocationData", "Arguments", "CreatedAt", "ExpireAt")
SELECT i, 0, state,
    '{"Type":"Automation.Jobs.NamedJob, Automation.Jobs","Method":"Run","ParameterTypes":"[\"System.String\",\"System.Object[], mscorlib\"]"'
        || CASE state WHEN 'Enqueued' THEN ',"Queue":"bulk"}' ELSE '}' END,
    '["\"' || name || '\"","[\"person-' || (i % 100000) || '@example.org\",' || i || ']"]',
    ticks, CASE WHEN state IN ('Succeeded', 'Deleted') THEN ticks + 6048000000000 ELSE 0 END
FROM job_to_be;

INSERT INTO "State" ("JobId", "Name", "Reason", "CreatedAt", "Data", "ExpireAt")
SELECT i, 'Enqueued', NULL, ticks, '{"EnqueuedAt":"' || (ticks / 10000 - 62135596800000) || '","Queue":"' || CASE state WHEN 'Enqueued' THEN 'bulk' ELSE 'default' END || '"}',
    CASE WHEN state = 'Succeeded' THEN ticks + 6048000000000 ELSE 0 END
FROM job_to_be WHERE state IN ('Enqueued', 'Succeeded', 'Failed')
UNION ALL
SELECT i, 'Processing', NULL, ticks + 10000, '{"StartedAt":"' || (ticks / 10000 - 62135596799999) || '","ServerId":"worker-1:4711:0b6f0f6e-2d4b-4f0c-9d6e-0d4f5b0c7a11","WorkerId":"b0a5d9f2-6a3c-4c56-8d54-2e3b7a9a1c22"}',
    CASE WHEN state = 'Succeeded' THEN ticks + 6048000000000 ELSE 0 END
FROM job_to_be WHERE state IN ('Succeeded', 'Failed')
UNION ALL
SELECT i, 'Succeeded', NULL, ticks + 20000, '{"SucceededAt":"' || (ticks / 10000 - 62135596799998) || '","PerformanceDuration":"' || (i % 250) || '","Latency":"' || (i % 40) || '"}', ticks + 6048000000000
FROM job_to_be WHERE state = 'Succeeded'
UNION ALL
SELECT i, 'Failed', NULL, ticks + 20000,
    '{"FailedAt":"' || (ticks / 10000 - 62135596799998) || '","ExceptionType":"'
        || CASE i / 100 % 3 WHEN 0 THEN 'System.TimeoutException' WHEN 1 THEN 'System.InvalidOperationException' ELSE 'System.Net.Http.HttpRequestException' END
        || '","ExceptionMessage":"The other side did not take call ' || i || '","ExceptionDetails":"The other side did not take call ' || i || replace(printf('%012d', 0), '0', '\n   at Some.Library.Layer.CallAsync(Request request, CancellationToken token)') || '"}', 0
FROM job_to_be WHERE state = 'Failed'
UNION ALL
SELECT i, 'Deleted', 'Not wanted', ticks, '{"DeletedAt":"' || (ticks / 10000 - 62135596800000) || '"}', ticks + 6048000000000 FROM job_to_be WHERE state = 'Deleted'
UNION ALL
SELECT i, 'Scheduled', CASE WHEN i % 1000 = 18 THEN 'Retry attempt 1 of 10: The other side did not answer' END, ticks,
    '{"EnqueueAt":"' || (ticks / 10000 - 62135596800000 + 604800000) || '","ScheduledAt":"' || (ticks / 10000 - 62135596800000) || '"}', 0 FROM job_to_be WHERE state = 'Scheduled'
UNION ALL
SELECT i, 'Awaiting', NULL, ticks, '{"ParentId":"' || (i - 1) || '","NextState":"{\"$type\":\"Hangfire.States.EnqueuedState, Hangfire.Core\",\"Queue\":\"default\"}","Options":"1"}', 0 FROM job_to_be WHERE state = 'Awaiting';

INSERT INTO "JobQueue" ("JobId", "Queue", "FetchedAt") SELECT i, 'bulk', 0 FROM job_to_be WHERE state = 'Enqueued';
INSERT INTO "Set" ("Key", "Score", "Value", "ExpireAt")
SELECT 'schedule', CAST(ticks / 10000000 - 62135596800 + 604800 AS REAL), CAST(i AS TEXT), 0 FROM job_to_be WHERE state = 'Scheduled'
UNION ALL SELECT 'retries', 0.0, CAST(i AS TEXT), 0 FROM job_to_be WHERE i % 1000 = 18
UNION ALL SELECT 'awaiting', CAST(ticks / 10000000 - 62135596800 AS REAL), CAST(i AS TEXT), 0 FROM job_to_be WHERE state = 'Awaiting';
INSERT INTO "AggregatedCounter" ("Key", "Value", "ExpireAt")
SELECT 'stats:succeeded', CAST(count(*) AS REAL), 0 FROM "Job" WHERE "StateName" = 'Succeeded'
UNION ALL SELECT 'stats:deleted', CAST(count(*) AS REAL), 0 FROM "Job" WHERE "StateName" = 'Deleted';

CREATE INDEX "IX_Job_StateName" ON "Job"("StateName");
CREATE INDEX "IX_Job_ExpireAt" ON "Job"("ExpireAt");
CREATE INDEX "IX_State_JobId" ON "State"("JobId");
CREATE INDEX "IX_State_ExpireAt" ON "State"("ExpireAt");
DROP VIEW job_to_be;
DROP TABLE how_many;
PRAGMA journal_mode = WAL;
