using System.Globalization;
using Automation.Jobs.Tests.Support;
using Automation.Storage;
using Automation.Storage.Writes;
using Automation.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Automation.Jobs.Tests.Conformance;

public sealed class SqliteServerConformance() : ServerConformance(DatabaseProvider.Sqlite);

public sealed class PostgresServerConformance() : ServerConformance(DatabaseProvider.PostgreSql);

/// <summary>How a server takes, keeps, gives back and cleans up jobs, the same on both databases.</summary>
public abstract class ServerConformance(DatabaseProvider provider) : JobTests(provider)
{
    [Fact]
    public async Task The_handlers_own_unit_commits_with_the_jobs_end_or_not_at_all()
    {
        await StartAsync();
        var deleteMeanwhile = false;
        Recorder.Do = async (context, _) =>
        {
            var unit = new WriteUnit().Add(new SqlStatement("INSERT INTO job_queues (name, paused_at) VALUES ($1, 0)"), $"made-by-{context.Id}");
            context.Log("made");
            context.AddSuccessTo(unit, "1");
            if (deleteMeanwhile)
                await Host.Client.DeleteAsync(context.Id, cancellationToken: CancellationToken.None);
            await Host.Database.CommitAsync(unit);
        };
        var kept = await Host.Client.EnqueueAsync(new JobRequest("greet"), Token);
        await Host.StateAsync(kept, JobStates.Succeeded);
        // The line went with the unit; that of the other job, whose unit does not commit, must not be lost with it.
        Assert.Equal(["made"], await LinesAsync(kept));
        deleteMeanwhile = true;
        var lost = await Host.Client.EnqueueAsync(new JobRequest("greet"), Token);
        await Host.StateAsync(lost, JobStates.Deleted);
        await Eventually.TrueAsync(async () => (await Host.OfAsync("JobQueue")).Count == 0);
        Assert.Equal([$"made-by-{kept}"], (await Host.SelectAsync("SELECT name FROM job_queues")).Select(r => r.Text("name")));
        Assert.Equal(["made"], await LinesAsync(lost));
        Assert.Equal(1, (await Host.CountersAsync())["stats:succeeded"]);
        Assert.Equal(2, Recorder.Runs.Count);

        async Task<IEnumerable<string>> LinesAsync(long id) => (await Host.Get<JobQueries>().FindAsync(id, Token))!.Log.Select(l => l.Text);
    }

    [Fact]
    public async Task A_stop_puts_running_jobs_back_and_another_server_runs_them()
    {
        await StartAsync(clock: false);
        var running = new TaskCompletionSource();
        Recorder.Do = (context, cancellation) =>
        {
            running.TrySetResult();
            return Recorder.Runs.Count == 1 ? Task.Delay(Timeout.InfiniteTimeSpan, cancellation) : Task.CompletedTask;
        };
        var id = await Host.Client.EnqueueAsync(new JobRequest("greet"), Token);
        await running.Task;
        await Host.StopAsync();
        Assert.Null(Assert.Single(await Host.OfAsync("JobQueue")).Time("fetchedat"));
        Assert.Equal(JobStates.Processing, (await Host.Store.FindAsync(id, Token))!.State);
        Assert.Empty(await Host.OfAsync("Server"));

        await using var next = JobsHost.On(Host.Database, s => Configure(s, null));
        await next.StartAsync();
        await next.StateAsync(id, JobStates.Succeeded);
        Assert.Equal(["Enqueued", "Processing", "Processing", "Succeeded"], (await Host.OfAsync("State")).Select(s => s.Text("name")));
    }

    [Fact]
    public async Task A_job_that_waits_aside_leaves_its_worker_to_others_and_gets_one_back_before_it_goes_on()
    {
        await StartAsync(options: o => (o.WorkerCount, o.AsideCount) = (1, 2), clock: false);
        var (turn, others, wentOn) = (new TaskCompletionSource(), new TaskCompletionSource(), new List<long>());
        var (running, most) = (0, 0);
        Recorder.Do = async (context, _) =>
        {
            if (context.Name == "wait")
                await context.WaitAsideAsync(() => turn.Task);
            lock (wentOn)
            {
                wentOn.Add(context.Id);
                most = Math.Max(most, ++running);
            }

            if (context.Name == "done")
                await others.Task;
            lock (wentOn)
                running--;
        };
        var first = await Host.Client.EnqueueAsync(new JobRequest("wait"), Token);
        var second = await Host.Client.EnqueueAsync(new JobRequest("wait"), Token);
        var greeting = await Host.Client.EnqueueAsync(new JobRequest("greet"), Token);
        await Host.StateAsync(greeting, JobStates.Succeeded);
        var busy = await Host.Client.EnqueueAsync(new JobRequest("done"), Token);
        await Eventually.TrueAsync(() => Task.FromResult(Recorder.Runs.Any(r => r.Id == busy)));

        // Their turn has come, but the only worker is busy.
        turn.SetResult();
        others.SetResult();
        await Host.StateAsync(first, JobStates.Succeeded);
        await Host.StateAsync(second, JobStates.Succeeded);

        Assert.Equal([greeting, busy], wentOn.Take(2));
        Assert.Equal(1, most);
        Assert.Equal(4, Recorder.Runs.Count);
    }

    [Fact]
    public async Task No_more_jobs_wait_aside_than_may_and_a_stop_puts_them_back()
    {
        await StartAsync(options: o => (o.WorkerCount, o.AsideCount) = (1, 1), clock: false);
        var waiting = new SemaphoreSlim(0);
        Recorder.Do = (context, cancellation) => context.WaitAsideAsync(() =>
        {
            waiting.Release();
            return Task.Delay(Timeout.InfiniteTimeSpan, cancellation);
        });
        var ids = new List<long>();
        for (var i = 0; i < 3; i++)
            ids.Add(await Host.Client.EnqueueAsync(new JobRequest("wait"), Token));
        await waiting.WaitAsync(Token);
        await waiting.WaitAsync(Token);
        await Host.StopAsync();

        // One waited aside, one kept the worker, one never began; all are for the next server.
        Assert.Equal(2, Recorder.Runs.Count);
        Assert.Equal(3, (await Host.OfAsync("JobQueue")).Count(r => r.Time("fetchedat") is null));
        Recorder.Do = (_, _) => Task.CompletedTask;
        await using var next = JobsHost.On(Host.Database, s => Configure(s, null));
        await next.StartAsync();
        foreach (var id in ids)
            await next.StateAsync(id, JobStates.Succeeded);
    }

    [Fact]
    public async Task A_job_that_ignores_cancellation_neither_holds_up_a_stop_nor_counts_twice()
    {
        await StartAsync(options: o => o.ShutdownTimeout = TimeSpan.FromMilliseconds(100), clock: false);
        var running = new TaskCompletionSource();
        var gate = new TaskCompletionSource();
        var ended = new TaskCompletionSource();
        Recorder.Do = async (_, _) =>
        {
            if (!running.TrySetResult())
                return;
            await gate.Task;
            ended.SetResult();
        };
        var id = await Host.Client.EnqueueAsync(new JobRequest("greet"), Token);
        await running.Task;
        await Host.StopAsync();
        Assert.Null(Assert.Single(await Host.OfAsync("JobQueue")).Time("fetchedat"));

        await using var next = JobsHost.On(Host.Database, s => Configure(s, null));
        await next.StartAsync();
        await next.StateAsync(id, JobStates.Succeeded);
        gate.SetResult();
        await ended.Task;
        await next.StopAsync();
        Assert.Equal(["Enqueued", "Processing", "Processing", "Succeeded"], (await Host.OfAsync("State")).Select(s => s.Text("name")));
        Assert.Equal(1, (await Host.CountersAsync())["stats:succeeded"]);
        Assert.Empty(await Host.OfAsync("JobQueue"));
    }

    [Fact]
    public async Task Urgent_queues_come_first_limits_hold_and_a_paused_queue_waits()
    {
        await CreateAsync(options: o =>
        {
            o.WorkerCount = 4;
            o.Queues = ["urgent", "default", "narrow"];
            o.QueueConcurrency["narrow"] = 1;
            o.HeartbeatInterval = TimeSpan.FromMilliseconds(100);
        }, clock: false);
        var (now, most) = (0, 0);
        Recorder.Do = async (context, _) =>
        {
            if (context.Queue != "narrow")
                return;
            var count = Interlocked.Increment(ref now);
            most = Math.Max(most, count);
            await Task.Yield();
            Interlocked.Decrement(ref now);
        };
        var queries = Host.Get<JobQueries>();
        await queries.PauseQueueAsync("default", Token);
        var paused = await Host.Client.EnqueueAsync(new JobRequest("greet"), Token);
        var ids = new List<long>();
        for (var i = 0; i < 20; i++)
            ids.Add(await Host.Client.EnqueueAsync(new JobRequest("greet") { Queue = "narrow" }, Token));
        var urgent = await Host.Client.EnqueueAsync(new JobRequest("greet") { Queue = "urgent" }, Token);
        await Host.StartAsync();
        foreach (var id in ids.Append(urgent))
            await Host.StateAsync(id, JobStates.Succeeded);
        Assert.Equal(urgent, Recorder.Runs.First().Id);
        Assert.Equal(1, most);
        Assert.Equal(JobStates.Enqueued, (await Host.Store.FindAsync(paused, Token))!.State);
        Assert.True((await queries.QueuesAsync(Token)).Single(q => q.Name == "default").IsPaused);
        await queries.ResumeQueueAsync("default", Token);
        await Host.StateAsync(paused, JobStates.Succeeded);
    }

    [Fact]
    public async Task The_server_is_on_the_list_as_a_genuine_one_would_be()
    {
        await StartAsync();
        var server = Assert.Single(await Host.OfAsync("Server"));
        Assert.Matches($"^{Environment.MachineName.ToLowerInvariant()}:{Environment.ProcessId}:[0-9a-f-]{{36}}$", server.Text("id"));
        Assert.Equal(Clock.GetUtcNow().UtcDateTime, server.Time("lastheartbeat"));
        var view = Assert.Single(await Host.Get<JobQueries>().ServersAsync(Token));
        Assert.Equal(["default"], view.Queues);
        Assert.Equal(Clock.GetUtcNow(), view.StartedAt);
        Assert.Contains("\"StartedAt\": \"2026-01-15T12:00:00.0000000Z\"", server.Text("data").Replace("\":\"", "\": \"", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Expired_jobs_go_with_everything_they_had()
    {
        await StartAsync();
        Recorder.Do = (context, _) =>
        {
            context.Log("a line");
            context.ReportProgress(50, "half");
            return Task.CompletedTask;
        };
        var id = await Host.Client.EnqueueAsync(new JobRequest("greet") { MaxAttempts = 2, UniqueKey = "k" }, Token);
        await Host.StateAsync(id, JobStates.Succeeded);
        var details = (await Host.Get<JobQueries>().FindAsync(id, Token))!;
        Assert.Equal("a line", Assert.Single(details.Log).Text);
        Assert.Equal((50, "half"), (details.Progress!.Percent, details.Progress.Message));
        await Host.StopAsync();
        Clock.Advance(TimeSpan.FromHours(25));
        Assert.Equal(1, await Host.Get<Server.JobMaintenance>().RunOnceAsync(Token));
        foreach (var table in new[] { "Job", "State", "JobParameter", "JobQueue", "Counter" })
            Assert.Empty(await Host.OfAsync(table));
        Assert.Empty(await Host.SelectAsync("SELECT job_id FROM job_log UNION ALL SELECT job_id FROM job_progress UNION ALL SELECT job_id FROM job_unique_keys"));
        Assert.Equal(1, (await Host.CountersAsync())["stats:succeeded"]);
        Assert.DoesNotContain((await Host.CountersAsync()).Keys, k => k.EndsWith("-12", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_run_that_is_given_up_while_its_job_is_still_its_own_puts_it_back()
    {
        // As when a server was taken for dead by others, and they had not seen this job.
        await StartAsync();
        var tries = 0;
        Recorder.Do = (context, cancellation) =>
        {
            context.Log($"try {++tries}");
            if (tries > 1)
                return Task.CompletedTask;
            Assert.Single(Host.Get<Server.LocalWorkers>().Held).Run!.Cancel(Server.CancelCause.LeaseLost);
            return Task.FromCanceled(cancellation);
        };
        var id = await Host.Client.EnqueueAsync(new JobRequest("greet"), Token);
        await Eventually.TrueAsync(() =>
        {
            Host.Get<Server.LocalWorkers>().Signal();
            return Task.FromResult(tries > 1);
        });
        await Host.StateAsync(id, JobStates.Succeeded);
        Assert.Empty(await Host.OfAsync("JobQueue"));
        Assert.Equal(["try 1", "try 2"], (await Host.Get<JobQueries>().FindAsync(id, Token))!.Log.Select(l => l.Text));
    }

    [Fact]
    public async Task AClock_set_back_changes_neither_order_nor_outcome()
    {
        await StartAsync();
        var gate = new TaskCompletionSource();
        var running = new TaskCompletionSource();
        Recorder.Do = (_, _) =>
        {
            running.SetResult();
            return gate.Task;
        };
        var id = await Host.Client.EnqueueAsync(new JobRequest("greet"), Token);
        await running.Task;
        Clock.Jump(TimeSpan.FromHours(-5));
        gate.SetResult();
        await Host.StateAsync(id, JobStates.Succeeded);
        var times = (await Host.OfAsync("State")).Select(s => s.Time("createdat")).ToList();
        Assert.Equal(times.Order(), times);
        Assert.Equal(times.Distinct().Count(), times.Count);
    }

    [Fact]
    public async Task A_long_job_is_renewed_for_genuine_servers_and_runs_once()
    {
        await StartAsync();
        var gate = new TaskCompletionSource();
        var running = new TaskCompletionSource();
        Recorder.Do = (_, _) =>
        {
            running.TrySetResult();
            return gate.Task;
        };
        var id = await Host.Client.EnqueueAsync(new JobRequest("greet"), Token);
        await running.Task;
        var first = Assert.Single(await Host.OfAsync("JobQueue")).Time("fetchedat");
        for (var minute = 0; minute < 40; minute++)
        {
            Clock.Jump(TimeSpan.FromMinutes(1));
            await Host.Get<Server.ServerRegistry>().BeatAsync(Token);
        }

        Assert.True(Assert.Single(await Host.OfAsync("JobQueue")).Time("fetchedat") > first + TimeSpan.FromMinutes(30));
        gate.SetResult();
        await Host.StateAsync(id, JobStates.Succeeded);
        Assert.Single(Recorder.Runs);
        Assert.Empty(await Host.OfAsync("JobQueue"));
    }

    [Fact]
    public async Task A_job_parked_for_want_of_a_handler_runs_when_a_server_has_one()
    {
        await CreateAsync(clock: false);
        var id = await Host.Client.EnqueueAsync(new JobRequest("greet", 1), Token);
        var nobodys = await Host.Client.EnqueueAsync(new JobRequest("no-such", 1), Token);
        await using (var without = JobsHost.On(Host.Database))
        {
            await without.StartAsync();
            await Host.StateAsync(id, JobStates.Failed);
            await Host.StateAsync(nobodys, JobStates.Failed);
            await without.StopAsync();
        }

        Assert.Empty(Recorder.Runs);
        Assert.Equal([$"{id}", $"{nobodys}"], await ParkedAsync());
        await Host.StartAsync();
        await Host.StateAsync(id, JobStates.Succeeded);
        Assert.Equal([$"{nobodys}"], await ParkedAsync());
        Assert.Equal(JobStates.Failed, (await Host.Store.FindAsync(nobodys, Token))!.State);
    }

    [Fact]
    public async Task A_job_that_was_parked_before_there_was_a_list_of_them_is_put_on_it_and_one_that_failed_since_is_taken_off()
    {
        await using var test = await TestDatabase.CreateAsync(Provider);
        long parked, failed;
        await using (var without = JobsHost.On(test.Database, s => s.AddSingleton(Recorder).AddJobHandler<RecordingHandler>("wait", r => r.Attempts = 0)))
        {
            Recorder.Do = (_, _) => throw new InvalidOperationException("as asked");
            parked = await without.Client.EnqueueAsync(new JobRequest("greet"), Token);
            failed = await without.Client.EnqueueAsync(new JobRequest("wait"), Token);
            await without.StartAsync();
            await without.StateAsync(parked, JobStates.Failed);
            await without.StateAsync(failed, JobStates.Failed);
            await without.StopAsync();
            await without.ExecuteAsync("DELETE FROM \"__EFMigrationsHistory\" WHERE \"MigrationId\" = '20261121000021_JobLists'");
            await without.ExecuteAsync(IsSqlite ? "DELETE FROM \"Set\"" : "DELETE FROM hangfire.set");
        }

        await test.ReopenAsync();
        await using var host = JobsHost.On(test.Database, s => s.AddSingleton(Recorder).AddJobHandler<RecordingHandler>("greet").AddJobHandler<RecordingHandler>("wait"));
        await host.ExecuteAsync(IsSqlite
            ? $"INSERT INTO \"Set\" (\"Key\", \"Score\", \"Value\", \"ExpireAt\") VALUES ('parked', {failed}, '{failed}', 0)"
            : $"INSERT INTO hangfire.set (key, score, value) VALUES ('parked', {failed}, '{failed}')");
        Recorder.Do = (_, _) => Task.CompletedTask;
        await host.StartAsync();
        await host.StateAsync(parked, JobStates.Succeeded);
        await Eventually.TrueAsync(async () => (await host.Store.RangeAsync("parked", 0, double.MaxValue, 10, Token)).Count == 0);
        Assert.Equal(JobStates.Failed, (await host.Store.FindAsync(failed, Token))!.State);
    }

    [Fact]
    public async Task A_megabyte_of_argument_comes_back_whole()
    {
        await StartAsync();
        var text = string.Concat(Enumerable.Repeat("\u00e4\"\\\n\u0000z", 150_000));
        string? got = null;
        Recorder.Do = (context, _) =>
        {
            got = context.GetArgument<string>(0);
            context.SetResult(text[..10]);
            return Task.CompletedTask;
        };
        var direct = await Host.Client.EnqueueAsync(new JobRequest("greet", text), Token);
        await Host.StateAsync(direct, JobStates.Succeeded);
        Assert.Equal(text, got);
        got = null;
        await Host.StopAsync();
        var stored = await Host.Client.EnqueueAsync(new JobRequest("greet", text), Token);
        await using var next = JobsHost.On(Host.Database, s => Configure(s, null));
        await next.StartAsync();
        await next.StateAsync(stored, JobStates.Succeeded);
        Assert.Equal(text, got);
    }

    [Fact]
    public async Task The_locks_of_a_dead_server_do_not_outlive_it()
    {
        await CreateAsync();
        Host.Store.ServerId = "gone";
        await Host.Database.CommitAsync(new WriteUnit().Add(new SqlStatement("INSERT INTO job_servers (id, beat) VALUES ('gone', 7)")), cancellationToken: Token);
        var held = await Store.JobLocks.TryAcquireAsync(Host.Store, Clock, "locks:schedulepoller", Token);
        Assert.NotNull(held);
        Assert.Null(await Store.JobLocks.TryAcquireAsync(Host.Store, Clock, "locks:schedulepoller", Token));
        var registry = Host.Get<Server.ServerRegistry>();
        await registry.AnnounceAsync(Token);
        // On PostgreSQL it may be alive: that takes four looks at a beat that stands still.
        for (var look = 0; look < 5; look++)
            await registry.BeatAsync(Token);
        Assert.Empty(await Host.OfAsync(IsSqlite ? "DistributedLock" : "Lock"));
        Assert.Single(await Host.SelectAsync("SELECT id FROM job_servers"));
        await using var mine = await Store.JobLocks.TryAcquireAsync(Host.Store, Clock, "locks:schedulepoller", Token);
        Assert.NotNull(mine);
    }

    [Fact]
    public async Task What_a_dead_server_held_is_back_in_its_queue_within_ten_seconds()
    {
        await CreateAsync();
        var id = await Host.Client.EnqueueAsync(new JobRequest("greet"), Token);
        await Host.Database.CommitAsync(new WriteUnit().Add(new SqlStatement("INSERT INTO job_servers (id, beat) VALUES ('gone', 7)")), cancellationToken: Token);
        var now = Clock.GetUtcNow().UtcDateTime;
        await Host.ExecuteAsync(IsSqlite
            ? $$"""
                UPDATE "JobQueue" SET "FetchedAt" = {{now.Ticks}}; UPDATE "Job" SET "StateName" = 'Processing';
                INSERT INTO "State" ("JobId", "Name", "CreatedAt", "Data", "ExpireAt") VALUES ({{id}}, 'Processing', {{now.Ticks + 1}}, '{"ServerId":"gone","WorkerId":"w"}', 0);
                INSERT INTO "Server" ("Id", "Data", "LastHeartbeat") VALUES ('gone', '{}', {{now.Ticks}})
                """
            : $$"""
                UPDATE hangfire.jobqueue SET fetchedat = '{{now:O}}'; INSERT INTO hangfire.server (id, data, lastheartbeat) VALUES ('gone', '{}', '{{now:O}}');
                WITH s AS (INSERT INTO hangfire.state (jobid, name, createdat, data) VALUES ({{id}}, 'Processing', '{{now:O}}', '{"ServerId":"gone","WorkerId":"w"}') RETURNING id)
                UPDATE hangfire.job SET statename = 'Processing', stateid = (SELECT id FROM s)
                """);
        var registry = Host.Get<Server.ServerRegistry>();
        await registry.AnnounceAsync(Token);

        // Its last beat came just after the look before the first of these.
        var (interval, looks) = (new JobOptions().HeartbeatInterval, 0);
        while (await IsHeldAsync() && looks < 100)
        {
            looks++;
            Clock.Advance(interval);
            await registry.BeatAsync(Token);
        }

        Assert.True(looks * interval <= TimeSpan.FromSeconds(10), $"It took {looks} looks, one every {interval}.");
        Assert.True(IsSqlite || looks > 1, "A server that may only be slow was taken for dead at once.");

        async Task<bool> IsHeldAsync() => (await Host.SelectAsync(IsSqlite
            ? "SELECT count(*) AS n FROM \"JobQueue\" WHERE \"FetchedAt\" > 0" : "SELECT count(*) AS n FROM hangfire.jobqueue WHERE fetchedat IS NOT NULL"))[0].Number("n") > 0;
    }

    [Fact]
    public async Task A_scheduled_job_that_a_genuine_scheduler_put_into_its_queue_runs()
    {
        await CreateAsync();
        var id = await Host.Client.EnqueueAsync(new JobRequest("greet") { DueAt = Clock.GetUtcNow().AddDays(1) }, Token);
        await Host.ExecuteAsync(IsSqlite
            ? $"DELETE FROM \"Set\"; INSERT INTO \"JobQueue\" (\"JobId\", \"Queue\", \"FetchedAt\") VALUES ({id}, 'default', 0)"
            : $"DELETE FROM hangfire.set; INSERT INTO hangfire.jobqueue (jobid, queue) VALUES ({id}, 'default')");
        await Host.StartAsync();
        await Host.StateAsync(id, JobStates.Succeeded);
        Assert.Equal(["Scheduled", "Processing", "Succeeded"], (await Host.OfAsync("State")).Select(s => s.Text("name")));
    }

    [Fact]
    public async Task A_queue_that_falls_behind_is_told_once()
    {
        var told = new List<string>();
        await CreateAsync(options: o =>
        {
            o.QueueAgeLimit = TimeSpan.FromMinutes(5);
            o.OnQueueLate = q => told.Add(q.Name);
        });
        await Host.Client.EnqueueAsync(new JobRequest("greet"), Token);
        var watch = Host.Get<Server.QueueWatch>();
        await watch.LookAsync(Token);
        Assert.Empty(told);
        Clock.Advance(TimeSpan.FromMinutes(6));
        await watch.LookAsync(Token);
        await watch.LookAsync(Token);
        Assert.Equal(["default"], told);
    }

    [Fact]
    public async Task A_queue_that_falls_behind_is_posted_until_somebody_has_heard_it()
    {
        using var receiver = new System.Net.HttpListener();
        using var port = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        port.Start();
        var address = $"http://127.0.0.1:{((System.Net.IPEndPoint)port.LocalEndpoint).Port}/";
        port.Stop();
        receiver.Prefixes.Add(address);
        receiver.Start();
        await CreateAsync(options: o => (o.QueueAgeLimit, o.QueueAgeUrl) = (TimeSpan.FromMinutes(5), new Uri(address + "alarm")));
        await Host.Client.EnqueueAsync(new JobRequest("greet"), Token);
        Clock.Advance(TimeSpan.FromMinutes(6));
        var watch = Host.Get<Server.QueueWatch>();

        await AnswerAsync(503);
        var told = await AnswerAsync(204);
        await watch.LookAsync(Token);

        Assert.Equal(("queue.late", "default", 1L, 360.0), (
            told.GetProperty("type").GetString(), told.GetProperty("queue").GetString(), told.GetProperty("jobs").GetInt64(), told.GetProperty("ageSeconds").GetDouble()));

        async Task<System.Text.Json.JsonElement> AnswerAsync(int status)
        {
            var looking = watch.LookAsync(Token);
            var call = await receiver.GetContextAsync().WaitAsync(TimeSpan.FromSeconds(30), Token);
            var body = await System.Text.Json.JsonSerializer.DeserializeAsync<System.Text.Json.JsonElement>(call.Request.InputStream, cancellationToken: Token);
            call.Response.StatusCode = status;
            call.Response.Close();
            await looking;
            return body;
        }
    }

    private async Task<IEnumerable<string>> ParkedAsync() =>
        (await Host.Store.RangeAsync("parked", 0, double.MaxValue, 10, Token)).Select(m => m.Value);
}
