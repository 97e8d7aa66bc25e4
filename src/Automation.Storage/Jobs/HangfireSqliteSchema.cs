namespace Automation.Storage.Jobs;

/// <summary>
/// The tables of Hangfire.Storage.SQLite. There is no version in that layout: whatever exists is kept, whatever is
/// missing is added. Times are .NET ticks (UTC), where 0 means none.
/// </summary>
internal static class HangfireSqliteSchema
{
    public const string Script =
        """
        CREATE TABLE IF NOT EXISTS "Job" ("Id" integer PRIMARY KEY AUTOINCREMENT NOT NULL, "StateId" integer, "StateName" varchar(20), "InvocationData" varchar(16000), "Arguments" varchar(16000), "CreatedAt" bigint, "ExpireAt" bigint);
        CREATE INDEX IF NOT EXISTS "IX_Job_StateName" ON "Job"("StateName");
        CREATE INDEX IF NOT EXISTS "IX_Job_ExpireAt" ON "Job"("ExpireAt");

        CREATE TABLE IF NOT EXISTS "State" ("Id" integer PRIMARY KEY AUTOINCREMENT NOT NULL, "JobId" integer, "Name" varchar(20), "Reason" varchar(100), "CreatedAt" bigint, "Data" varchar(16000), "ExpireAt" bigint);
        CREATE INDEX IF NOT EXISTS "IX_State_JobId" ON "State"("JobId");
        CREATE INDEX IF NOT EXISTS "IX_State_ExpireAt" ON "State"("ExpireAt");

        CREATE TABLE IF NOT EXISTS "JobParameter" ("Id" integer PRIMARY KEY AUTOINCREMENT NOT NULL, "JobId" integer, "Name" varchar(40), "Value" varchar(16000), "ExpireAt" bigint);
        CREATE INDEX IF NOT EXISTS "IX_JobParameter_JobId" ON "JobParameter"("JobId");
        CREATE INDEX IF NOT EXISTS "IX_JobParameter_Name" ON "JobParameter"("Name");
        CREATE INDEX IF NOT EXISTS "IX_JobParameter_ExpireAt" ON "JobParameter"("ExpireAt");

        CREATE TABLE IF NOT EXISTS "JobQueue" ("Id" integer PRIMARY KEY AUTOINCREMENT NOT NULL, "JobId" integer, "Queue" varchar(50), "FetchedAt" bigint);
        CREATE INDEX IF NOT EXISTS "IX_JobQueue_Queue" ON "JobQueue"("Queue");
        CREATE INDEX IF NOT EXISTS "IX_JobQueue_FetchedAt" ON "JobQueue"("FetchedAt");

        CREATE TABLE IF NOT EXISTS "Server" ("Id" varchar(100) PRIMARY KEY NOT NULL, "Data" varchar(16000), "LastHeartbeat" bigint);

        CREATE TABLE IF NOT EXISTS "Set" ("Id" integer PRIMARY KEY AUTOINCREMENT NOT NULL, "Key" varchar(100), "Score" float, "Value" varchar(256), "ExpireAt" bigint);
        CREATE INDEX IF NOT EXISTS "IX_Set_Key" ON "Set"("Key");
        CREATE INDEX IF NOT EXISTS "IX_Set_Value" ON "Set"("Value");
        CREATE INDEX IF NOT EXISTS "IX_Set_ExpireAt" ON "Set"("ExpireAt");

        -- Ours: the next due job is found without reading all that wait.
        CREATE INDEX IF NOT EXISTS "IX_Set_Key_Score" ON "Set"("Key", "Score");

        CREATE TABLE IF NOT EXISTS "Hash" ("Id" integer PRIMARY KEY AUTOINCREMENT NOT NULL, "Key" varchar(100), "Field" varchar(100), "Value" varchar(16000), "ExpireAt" bigint);
        CREATE INDEX IF NOT EXISTS "IX_Hash_Key" ON "Hash"("Key");
        CREATE INDEX IF NOT EXISTS "IX_Hash_Field" ON "Hash"("Field");
        CREATE INDEX IF NOT EXISTS "IX_Hash_ExpireAt" ON "Hash"("ExpireAt");

        CREATE TABLE IF NOT EXISTS "List" ("Id" integer PRIMARY KEY AUTOINCREMENT NOT NULL, "Key" varchar(100), "Value" varchar(16000), "ExpireAt" bigint);
        CREATE INDEX IF NOT EXISTS "IX_List_Key" ON "List"("Key");
        CREATE INDEX IF NOT EXISTS "IX_List_ExpireAt" ON "List"("ExpireAt");

        CREATE TABLE IF NOT EXISTS "Counter" ("Id" varchar(100) PRIMARY KEY NOT NULL, "Key" varchar(100), "Value" float, "ExpireAt" bigint);
        CREATE INDEX IF NOT EXISTS "IX_Counter_ExpireAt" ON "Counter"("ExpireAt");

        CREATE TABLE IF NOT EXISTS "AggregatedCounter" ("Key" varchar(100) PRIMARY KEY NOT NULL, "Value" float, "ExpireAt" bigint);
        CREATE INDEX IF NOT EXISTS "IX_AggregatedCounter_ExpireAt" ON "AggregatedCounter"("ExpireAt");

        CREATE TABLE IF NOT EXISTS "DistributedLock" ("Id" varchar PRIMARY KEY NOT NULL, "Resource" varchar, "ResourceKey" varchar, "ExpireAt" bigint);
        CREATE UNIQUE INDEX IF NOT EXISTS "DistributedLock_Resource" ON "DistributedLock"("Resource");
        """;
}
