using Automation.Jobs.Tests.Support;
using Automation.Storage;
using Automation.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Automation.Jobs.Tests.Schema;

public sealed class HangfireSchemaTests
{
    [Fact]
    public async Task A_new_PostgreSQL_database_has_the_schema_of_version_23()
    {
        await using var host = await JobsHost.CreateAsync(DatabaseProvider.PostgreSql);
        Assert.Equal(23L, Assert.Single(await host.OfAsync("schema")).Number("version"));
        var columns = await host.SelectAsync("SELECT table_name || '.' || column_name || ' ' || data_type || CASE is_nullable WHEN 'YES' THEN '?' ELSE '' END AS c FROM information_schema.columns WHERE table_schema = 'hangfire'");
        var expected = """
            aggregatedcounter.expireat timestamp with time zone?|aggregatedcounter.id bigint|aggregatedcounter.key text|aggregatedcounter.value bigint
            counter.expireat timestamp with time zone?|counter.id bigint|counter.key text|counter.value bigint
            hash.expireat timestamp with time zone?|hash.field text|hash.id bigint|hash.key text|hash.updatecount integer|hash.value text?
            job.arguments jsonb|job.createdat timestamp with time zone|job.expireat timestamp with time zone?|job.id bigint|job.invocationdata jsonb|job.stateid bigint?|job.statename text?|job.updatecount integer
            jobparameter.id bigint|jobparameter.jobid bigint|jobparameter.name text|jobparameter.updatecount integer|jobparameter.value text?
            jobqueue.fetchedat timestamp with time zone?|jobqueue.id bigint|jobqueue.jobid bigint|jobqueue.queue text|jobqueue.updatecount integer
            list.expireat timestamp with time zone?|list.id bigint|list.key text|list.updatecount integer|list.value text?
            lock.acquired timestamp with time zone?|lock.resource text|lock.updatecount integer
            schema.version integer
            server.data jsonb?|server.id text|server.lastheartbeat timestamp with time zone|server.updatecount integer
            set.expireat timestamp with time zone?|set.id bigint|set.key text|set.score double precision|set.updatecount integer|set.value text
            state.createdat timestamp with time zone|state.data jsonb?|state.id bigint|state.jobid bigint|state.name text|state.reason text?|state.updatecount integer
            """.Split(['|', '\n'], StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(expected.Order(StringComparer.Ordinal), columns.Select(c => c.Text("c")).Order(StringComparer.Ordinal));

        var indexes = (await host.SelectAsync("SELECT indexname FROM pg_indexes WHERE schemaname = 'hangfire' AND indexname LIKE 'ix_%' OR indexname LIKE '%_key'")).Select(r => r.Text("indexname")).ToHashSet();
        foreach (var index in new[]
        {
            "ix_hangfire_job_statename", "ix_hangfire_job_expireat", "ix_hangfire_job_statename_is_not_null", "ix_hangfire_state_jobid", "ix_hangfire_jobparameter_jobidandname",
            "ix_hangfire_jobqueue_queueandfetchedat", "ix_hangfire_jobqueue_jobidandqueue", "ix_hangfire_jobqueue_fetchedat_queue_jobid", "ix_hangfire_set_key_score",
            "ix_hangfire_set_expireat", "ix_hangfire_hash_expireat", "ix_hangfire_list_expireat", "ix_hangfire_counter_key", "ix_hangfire_counter_expireat",
            "set_key_value_key", "hash_key_field_key", "lock_resource_key",
        })
        {
            Assert.Contains(index, indexes);
        }

        Assert.Equal("i", Assert.Single(await host.SelectAsync("SELECT relreplident::text AS r FROM pg_class WHERE oid = 'hangfire.lock'::regclass")).Text("r"));
    }

    [Theory]
    [InlineData(25, "text", 25)]
    [InlineData(19, "text", 23)]
    [InlineData(22, "jsonb", 23)]
    public async Task An_existing_PostgreSQL_schema_is_kept_or_brought_to_version_23(int version, string json, int expected)
    {
        var (connectionString, drop) = await PostgresServer.CreateDatabaseAsync();
        await ExecuteAsync(connectionString, $"""
            CREATE SCHEMA hangfire;
            CREATE TABLE hangfire.schema (version int NOT NULL PRIMARY KEY);
            INSERT INTO hangfire.schema VALUES ({version});
            CREATE TABLE hangfire.job (id bigserial PRIMARY KEY, stateid bigint, statename text, invocationdata {json} NOT NULL, arguments {json} NOT NULL,
                createdat timestamptz NOT NULL, expireat timestamptz, updatecount int NOT NULL DEFAULT 0);
            INSERT INTO hangfire.job (invocationdata, arguments, createdat) VALUES ('{"{}"}', '[]', now());
            """);
        try
        {
            await using var database = new Database(DatabaseLocation.From(connectionString, ""), new StorageOptions(), TimeProvider.System, NullLogger<Database>.Instance);
            await database.OpenAsync(TestContext.Current.CancellationToken);
            await using var host = JobsHost.On(database);
            Assert.Equal(expected, Assert.Single(await host.OfAsync("schema")).Number("version"));
            Assert.Single(await host.OfAsync("Job"));
            var type = Assert.Single(await host.SelectAsync("SELECT data_type FROM information_schema.columns WHERE table_schema = 'hangfire' AND table_name = 'job' AND column_name = 'arguments'"));
            Assert.Equal(version >= 23 ? json : "jsonb", type.Text("data_type"));
        }
        finally
        {
            await drop();
        }
    }

    [Fact]
    public async Task A_PostgreSQL_schema_that_is_too_old_is_refused_and_not_touched()
    {
        var (connectionString, drop) = await PostgresServer.CreateDatabaseAsync();
        await ExecuteAsync(connectionString, "CREATE SCHEMA hangfire; CREATE TABLE hangfire.schema (version int NOT NULL PRIMARY KEY); INSERT INTO hangfire.schema VALUES (18)");
        try
        {
            await using var database = new Database(DatabaseLocation.From(connectionString, ""), new StorageOptions(), TimeProvider.System, NullLogger<Database>.Instance);
            var refusal = await Assert.ThrowsAnyAsync<Exception>(() => database.OpenAsync(TestContext.Current.CancellationToken));
            Assert.Contains("version 18", refusal.ToString(), StringComparison.Ordinal);
            await using var host = JobsHost.On(database);
            Assert.Single(await host.SelectAsync("SELECT table_name FROM information_schema.tables WHERE table_schema = 'hangfire'"));
        }
        finally
        {
            await drop();
        }
    }

    [Fact]
    public async Task A_new_SQLite_database_has_the_tables_of_the_layout()
    {
        await using var host = await JobsHost.CreateAsync(DatabaseProvider.Sqlite);
        var expected = new Dictionary<string, string>
        {
            ["Job"] = "Id,StateId,StateName,InvocationData,Arguments,CreatedAt,ExpireAt",
            ["State"] = "Id,JobId,Name,Reason,CreatedAt,Data,ExpireAt",
            ["JobParameter"] = "Id,JobId,Name,Value,ExpireAt",
            ["JobQueue"] = "Id,JobId,Queue,FetchedAt",
            ["Server"] = "Id,Data,LastHeartbeat",
            ["Set"] = "Id,Key,Score,Value,ExpireAt",
            ["Hash"] = "Id,Key,Field,Value,ExpireAt",
            ["List"] = "Id,Key,Value,ExpireAt",
            ["Counter"] = "Id,Key,Value,ExpireAt",
            ["AggregatedCounter"] = "Key,Value,ExpireAt",
            ["DistributedLock"] = "Id,Resource,ResourceKey,ExpireAt",
        };
        foreach (var (table, columns) in expected)
        {
            var found = await host.SelectAsync($"SELECT name FROM pragma_table_info('{table}') ORDER BY cid");
            Assert.Equal(columns, string.Join(',', found.Select(c => c.Text("name"))));
        }

        var indexes = (await host.SelectAsync("SELECT name FROM sqlite_master WHERE type = 'index' AND name LIKE 'IX\\__%' ESCAPE '\\'")).Select(r => r.Text("name")).ToHashSet();
        Assert.Superset(
            new HashSet<string>(["IX_Job_StateName", "IX_Job_ExpireAt", "IX_State_JobId", "IX_State_ExpireAt", "IX_JobParameter_JobId", "IX_JobParameter_Name", "IX_JobParameter_ExpireAt",
                "IX_JobQueue_Queue", "IX_JobQueue_FetchedAt", "IX_Set_Key", "IX_Set_Value", "IX_Set_ExpireAt", "IX_Hash_Key", "IX_Hash_Field", "IX_Hash_ExpireAt",
                "IX_List_Key", "IX_List_ExpireAt", "IX_Counter_ExpireAt", "IX_AggregatedCounter_ExpireAt"]),
            indexes);
    }

    private static async Task ExecuteAsync(string connectionString, string sql)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
