using System.Globalization;
using Automation.Jobs.Server;
using Automation.Jobs.Store;
using Automation.Jobs.Tests.Support;
using Automation.Storage;

namespace Automation.Jobs.Tests.Conformance;

public sealed class SqliteGenuineRowsConformance() : GenuineRowsConformance(DatabaseProvider.Sqlite);

public sealed class PostgresGenuineRowsConformance() : GenuineRowsConformance(DatabaseProvider.PostgreSql);

/// <summary>
/// Rows as a genuine Hangfire 1.8 client or server writes them, step by step as it commits them: what our server makes of
/// them, and what it leaves for the other side to read.
/// </summary>
public abstract class GenuineRowsConformance(DatabaseProvider provider) : JobTests(provider)
{
    private const string Call =
        """{"Type":"Automation.Jobs.NamedJob, Automation.Jobs, Version=1.0.0.0, Culture=neutral, PublicKeyToken=null","Method":"Run","ParameterTypes":"[\"System.String, mscorlib\",\"System.Object[], System.Private.CoreLib\"]","Arguments":"[\"\\\"greet\\\"\",\"[7]\"]"}""";

    private const string Arguments = """["\"greet\"","[7]"]""";

    private long Ms => Clock.GetUtcNow().ToUnixTimeMilliseconds();

    [Fact]
    public async Task A_job_enqueued_by_a_genuine_client_runs_and_leaves_what_that_side_expects()
    {
        await StartAsync();
        await InsertJobAsync(501);
        await InsertParameterAsync(501, "CurrentCulture", "\"de-DE\"");
        await InsertParameterAsync(501, "Mine", "\"kept\"");
        await ApplyStateAsync(501, "Enqueued", $$"""{"EnqueuedAt":"{{Ms}}","Queue":"default"}""");
        await InsertQueueRowAsync(501, "default");
        Host.Get<LocalWorkers>().Signal();

        await Host.StateAsync(501, JobStates.Succeeded);
        Assert.Equal(["Enqueued", "Processing", "Succeeded"], (await Host.OfAsync("State")).Select(s => s.Text("name")));
        var end = (await Host.OfAsync("State"))[2];
        Assert.Equal(["Latency", "PerformanceDuration", "SucceededAt"], end.Data().Keys.Order(StringComparer.Ordinal));
        var job = Assert.Single(await Host.OfAsync("Job"));
        Assert.Equal(IsSqlite ? 0 : end.Number("id"), job.Number("stateid"));
        Assert.Equal(end.Time("createdat")!.Value.AddDays(1), job.Time("expireat"));
        Assert.Equal(["\"de-DE\"", "\"kept\""], (await Host.OfAsync("JobParameter")).Select(p => p.Text("value")));
        Assert.Empty(await Host.OfAsync("JobQueue"));
        Assert.Equal(1, (await Host.CountersAsync())["stats:succeeded"]);
    }

    [Fact]
    public async Task A_job_whose_queue_row_is_seen_before_its_state_waits_for_it()
    {
        // A genuine client commits the job and its state apart, and on SQLite every row by itself.
        await StartAsync();
        await InsertJobAsync(502);
        await InsertQueueRowAsync(502, "default");
        var good = await Host.Client.EnqueueAsync(new JobRequest("greet"), Token);
        await Host.StateAsync(good, JobStates.Succeeded);
        Assert.Equal(502, Assert.Single(await Host.OfAsync("JobQueue")).Number("jobid"));

        await ApplyStateAsync(502, "Enqueued", $$"""{"EnqueuedAt":"{{Ms}}","Queue":"default"}""");
        Host.Get<LocalWorkers>().Signal();
        await Host.StateAsync(502, JobStates.Succeeded);
    }

    [Fact]
    public async Task What_is_left_of_a_job_that_was_never_finished_is_dropped_after_a_while()
    {
        await CreateAsync();
        await InsertJobAsync(503);
        await InsertQueueRowAsync(503, "default");
        Clock.Advance(TimeSpan.FromMinutes(2));
        await Host.StartAsync();
        await Eventually.TrueAsync(async () => (await Host.OfAsync("JobQueue")).Count == 0);
        Assert.Empty(Recorder.Runs);
        Assert.Empty(await Host.OfAsync("State"));
    }

    [Fact]
    public async Task A_retry_that_a_genuine_server_has_planned_is_run_when_it_is_due()
    {
        await CreateAsync();
        var due = Clock.GetUtcNow().AddSeconds(40);
        await InsertJobAsync(504);
        await InsertParameterAsync(504, "RetryCount", "1");
        await ApplyStateAsync(504, "Failed", $$"""{"FailedAt":"{{Ms}}","ExceptionType":"System.Exception","ExceptionMessage":"no","ExceptionDetails":"no"}""");
        await ApplyStateAsync(504, "Scheduled", $$"""{"EnqueueAt":"{{due.ToUnixTimeMilliseconds()}}","ScheduledAt":"{{Ms}}"}""", "Retry attempt 1 of 10: no");
        await InsertSetAsync("schedule", due.ToUnixTimeSeconds(), "504");
        await InsertSetAsync("retries", 0, "504");
        await Host.StartAsync();

        await AdvanceUntilAsync(504, TimeSpan.FromSeconds(15), JobStates.Succeeded);
        Assert.Equal(2, Assert.Single(Recorder.Runs).Attempt);
        Assert.Empty(await Host.OfAsync("Set"));
    }

    [Fact]
    public async Task A_continuation_that_a_genuine_client_made_starts_after_our_run()
    {
        await CreateAsync();
        await InsertJobAsync(505);
        await InsertJobAsync(506);
        await InsertParameterAsync(505, "Continuations", """[{"JobId":"506"}]""");
        await ApplyStateAsync(506, "Awaiting", $$$"""{"ParentId":"505","NextState":"{\"$type\":\"Hangfire.States.EnqueuedState, Hangfire.Core, Version=1.8.24.0, Culture=neutral, PublicKeyToken=null\",\"Queue\":\"default\",\"Reason\":null}","Options":"OnAnyFinishedState","Expiration":"365.00:00:00"}""");
        await InsertSetAsync("awaiting", Clock.GetUtcNow().ToUnixTimeSeconds(), "506");
        await ApplyStateAsync(505, "Enqueued", $$"""{"EnqueuedAt":"{{Clock.GetUtcNow():O}}","Queue":"default"}""");
        await InsertQueueRowAsync(505, "default");
        await Host.StartAsync();

        await Host.StateAsync(506, JobStates.Succeeded);
        Assert.Equal([505L, 506L], Recorder.Runs.Select(r => r.Id));
        Assert.Empty(await Host.OfAsync("Set"));
    }

    [Fact]
    public async Task A_genuine_server_stays_on_the_list_while_it_is_heard_of_and_what_it_held_comes_back_after()
    {
        await CreateAsync();
        await InsertServerAsync("alive:1:a", Clock.GetUtcNow().AddMinutes(-4));
        await InsertServerAsync("dead:2:b", Clock.GetUtcNow().AddMinutes(-6));
        foreach (var (id, server) in new[] { (507, "alive:1:a"), (508, "dead:2:b") })
        {
            await InsertJobAsync(id);
            await ApplyStateAsync(id, "Processing", $$"""{"StartedAt":"{{Ms}}","ServerId":"{{server}}","WorkerId":"5f0c2c7e-8a5e-4d3b-9a39-0d7f3f0e2b11"}""");
            await InsertQueueRowAsync(id, "default", Clock.GetUtcNow().AddMinutes(-5));
        }

        var registry = Host.Get<ServerRegistry>();
        await registry.AnnounceAsync(Token);
        for (var beat = 0; beat < 15; beat++)
            await registry.BeatAsync(Token);

        var servers = (await Host.Get<JobQueries>().ServersAsync(Token)).Select(s => s.Id).ToList();
        Assert.Contains("alive:1:a", servers);
        Assert.DoesNotContain("dead:2:b", servers);
        Assert.Equal(2, servers.Count);
        var rows = (await Host.OfAsync("JobQueue")).ToDictionary(r => r.Number("jobid"), r => r.Time("fetchedat"));
        Assert.NotNull(rows[507]);
        Assert.Null(rows[508]);
    }

    [Fact]
    public async Task Counters_of_both_sides_are_summed_and_keep_their_end()
    {
        await CreateAsync();
        var end = Clock.GetUtcNow().AddDays(1);
        for (var i = 0; i < 3; i++)
        {
            await InsertCounterAsync("stats:succeeded", 1, null);
            await InsertCounterAsync("stats:succeeded:2026-01-15-12", 1, end);
        }

        await InsertCounterAsync("stats:deleted", -1, null);
        await Host.Get<JobMaintenance>().RunOnceAsync(Token);
        await InsertCounterAsync("stats:succeeded", 1, null);
        await Host.Get<JobMaintenance>().RunOnceAsync(Token);

        Assert.Empty(await Host.OfAsync("Counter"));
        var sums = (await Host.OfAsync("AggregatedCounter")).ToDictionary(c => c.Text("key"));
        Assert.Equal((4, 3, -1), (sums["stats:succeeded"].Number("value"), sums["stats:succeeded:2026-01-15-12"].Number("value"), sums["stats:deleted"].Number("value")));
        Assert.Null(sums["stats:succeeded"].Time("expireat"));
        Assert.Equal(end.UtcDateTime, sums["stats:succeeded:2026-01-15-12"].Time("expireat"));
        Assert.Equal(3, (await Host.Get<JobQueries>().LastDayAsync(Token))[^1].Succeeded);
    }

    [Fact]
    public async Task A_lock_that_the_other_side_holds_is_respected_until_it_is_stale()
    {
        await CreateAsync();
        var row = IsSqlite ? "HangFire:recurring-jobs:lock" : "hangfire:recurring-jobs:lock";
        await Host.ExecuteAsync(IsSqlite
            ? $"INSERT INTO \"DistributedLock\" (\"Id\", \"Resource\", \"ResourceKey\", \"ExpireAt\") VALUES ('x', '{row}', 'x', {Ticks(Clock.GetUtcNow().AddSeconds(30))})"
            : $"INSERT INTO hangfire.lock (resource, acquired) VALUES ('{row}', '{Clock.GetUtcNow():O}')");
        Assert.Null(await JobLocks.TryAcquireAsync(Host.Store, Clock, "recurring-jobs:lock", Token));

        Clock.Advance(TimeSpan.FromMinutes(11));
        await using var mine = await JobLocks.TryAcquireAsync(Host.Store, Clock, "recurring-jobs:lock", Token);
        Assert.NotNull(mine);
        Assert.Equal(row, Assert.Single(await Host.OfAsync(IsSqlite ? "DistributedLock" : "Lock")).Text("resource"));
    }

    private static long Ticks(DateTimeOffset? time) => time?.UtcTicks ?? 0;

    private static string Text(DateTimeOffset? time) => time is { } t ? $"'{t:O}'" : "NULL";

    // A genuine client's first transaction: the job is to vanish in 30 days unless a state follows.
    private Task InsertJobAsync(long id) => Host.ExecuteAsync(IsSqlite
        ? $"INSERT INTO \"Job\" (\"Id\", \"StateId\", \"InvocationData\", \"Arguments\", \"CreatedAt\", \"ExpireAt\") VALUES ({id}, 0, '{Call}', '{Arguments}', {Ticks(Clock.GetUtcNow())}, {Ticks(Clock.GetUtcNow().AddDays(30))})"
        : $"INSERT INTO hangfire.job (id, invocationdata, arguments, createdat, expireat) VALUES ({id}, '{Call}', '{Arguments}', '{Clock.GetUtcNow():O}', '{Clock.GetUtcNow().AddDays(30):O}')");

    private Task InsertParameterAsync(long id, string name, string value) => Host.ExecuteAsync(IsSqlite
        ? $"INSERT INTO \"JobParameter\" (\"JobId\", \"Name\", \"Value\", \"ExpireAt\") VALUES ({id}, '{name}', '{value}', 0)"
        : $"INSERT INTO hangfire.jobparameter (jobid, name, value) VALUES ({id}, '{name}', '{value}')");

    private async Task ApplyStateAsync(long id, string name, string data, string? reason = null)
    {
        var why = reason is null ? "NULL" : $"'{reason}'";
        // The latest state counts on SQLite, so no two of a job have the same time.
        var at = Clock.GetUtcNow().AddMicroseconds((await Host.OfAsync("State")).Count);
        await Host.ExecuteAsync(IsSqlite
            ? $"""
               INSERT INTO "State" ("JobId", "Name", "Reason", "CreatedAt", "Data", "ExpireAt") VALUES ({id}, '{name}', {why}, {Ticks(at)}, '{data}', 0);
               UPDATE "Job" SET "StateName" = '{name}', "ExpireAt" = 0 WHERE "Id" = {id}
               """
            : $"""
               WITH s AS (INSERT INTO hangfire.state (jobid, name, reason, createdat, data) VALUES ({id}, '{name}', {why}, '{at:O}', '{data}') RETURNING id)
               UPDATE hangfire.job SET stateid = s.id, statename = '{name}', expireat = NULL FROM s WHERE job.id = {id}
               """);
    }

    private Task InsertQueueRowAsync(long id, string queue, DateTimeOffset? fetchedAt = null) => Host.ExecuteAsync(IsSqlite
        ? $"INSERT INTO \"JobQueue\" (\"JobId\", \"Queue\", \"FetchedAt\") VALUES ({id}, '{queue}', {Ticks(fetchedAt)})"
        : $"INSERT INTO hangfire.jobqueue (jobid, queue, fetchedat) VALUES ({id}, '{queue}', {Text(fetchedAt)})");

    private Task InsertSetAsync(string key, long score, string value) => Host.ExecuteAsync(IsSqlite
        ? $"INSERT INTO \"Set\" (\"Key\", \"Score\", \"Value\", \"ExpireAt\") VALUES ('{key}', {score.ToString(CultureInfo.InvariantCulture)}.0, '{value}', 0)"
        : $"INSERT INTO hangfire.set (key, score, value) VALUES ('{key}', {score}, '{value}')");

    private Task InsertServerAsync(string id, DateTimeOffset heartbeat) => Host.ExecuteAsync(IsSqlite
        ? $$"""INSERT INTO "Server" ("Id", "Data", "LastHeartbeat") VALUES ('{{id}}', '{"WorkerCount":3,"Queues":{"$type":"System.String[], mscorlib","$values":["default"]},"StartedAt":"2026-01-15T11:00:00Z"}', {{Ticks(heartbeat)}})"""
        : $$"""INSERT INTO hangfire.server (id, data, lastheartbeat) VALUES ('{{id}}', '{"Queues":["default"],"StartedAt":"2026-01-15T11:00:00Z","WorkerCount":3}', '{{heartbeat:O}}')""");

    private Task InsertCounterAsync(string key, int value, DateTimeOffset? expireAt) => Host.ExecuteAsync(IsSqlite
        ? $"INSERT INTO \"Counter\" (\"Id\", \"Key\", \"Value\", \"ExpireAt\") VALUES ('{Guid.NewGuid()}', '{key}', {value}.0, {Ticks(expireAt)})"
        : $"INSERT INTO hangfire.counter (key, value, expireat) VALUES ('{key}', {value}, {Text(expireAt)})");
}
