using System.Globalization;
using Automation.Jobs.Tests.Support;
using Automation.Storage;
using Automation.Storage.Writes;
using Automation.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Automation.Jobs.Tests.Conformance;

public sealed class SqliteJobConformance() : JobConformance(DatabaseProvider.Sqlite);

public sealed class PostgresJobConformance() : JobConformance(DatabaseProvider.PostgreSql);

/// <summary>What jobs do and what rows they leave, the same on both databases.</summary>
public abstract class JobConformance(DatabaseProvider provider) : IAsyncDisposable
{
    private readonly Recorder _recorder = new();
    private readonly ManualClock _clock = new();
    private JobsHost? _host;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private JobsHost Host => _host!;

    public async ValueTask DisposeAsync()
    {
        if (_host is not null)
            await _host.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task An_enqueued_job_is_stored_in_the_exact_form()
    {
        await CreateAsync();
        var id = await Host.Client.EnqueueAsync(new JobRequest("greet", "Ada", 7, null) { Queue = "critical" }, Token);

        var job = Assert.Single(await Host.OfAsync("Job"));
        Assert.Equal(id, job.Number("id"));
        Assert.Equal("Enqueued", job.Text("statename"));
        Assert.Null(job.Time("expireat"));
        Assert.Equal(_clock.GetUtcNow().UtcDateTime, job.Time("createdat"));
        Host.IsJson(
            """{"Type":"Automation.Jobs.NamedJob, Automation.Jobs","Method":"Run","ParameterTypes":"[\"System.String\",\"System.Object[], mscorlib\"]","Queue":"critical"}""",
            job.Text("invocationdata"));
        Host.IsJson("""["\"greet\"","[\"Ada\",7,null]"]""", job.Text("arguments"));

        var state = Assert.Single(await Host.OfAsync("State"));
        Assert.Equal(id, state.Number("jobid"));
        Assert.Equal("Enqueued", state.Text("name"));
        Host.IsJson($$"""{"EnqueuedAt":"{{_clock.GetUtcNow().ToUnixTimeMilliseconds()}}","Queue":"critical"}""", state.Text("data"));
        Assert.Equal(provider == DatabaseProvider.Sqlite ? 0 : state.Number("id"), job.Number("stateid"));

        var row = Assert.Single(await Host.OfAsync("JobQueue"));
        Assert.Equal((id, "critical", null), (row.Number("jobid"), row.Text("queue"), row.Time("fetchedat")));
        Assert.Empty(await Host.OfAsync("JobParameter"));
    }

    [Fact]
    public async Task A_job_that_ran_leaves_its_history_its_counters_and_nothing_else()
    {
        await StartAsync();
        _recorder.Do = (context, _) =>
        {
            context.SetResult(new { Answer = 42 });
            return Task.CompletedTask;
        };
        var id = await Host.Client.EnqueueAsync(new JobRequest("greet"), Token);
        await Host.StateAsync(id, JobStates.Succeeded);

        var states = await Host.OfAsync("State");
        Assert.Equal(["Enqueued", "Processing", "Succeeded"], states.Select(s => s.Text("name")));
        Assert.True(states[0].Time("createdat") < states[1].Time("createdat") && states[1].Time("createdat") < states[2].Time("createdat"));
        Assert.Equal(["ServerId", "StartedAt", "WorkerId"], states[1].Data().Keys.Order());
        Assert.True(states[1].Data()["WorkerId"].Length >= 8);
        Assert.Equal(["Latency", "PerformanceDuration", "Result", "SucceededAt"], states[2].Data().Keys.Order());
        Assert.Equal("""{"Answer":42}""", states[2].Data()["Result"]);
        Assert.All(states, s => Assert.All(s.Data().Where(d => d.Key.EndsWith("At", StringComparison.Ordinal)), d => Assert.True(long.Parse(d.Value, CultureInfo.InvariantCulture) > 1_700_000_000_000)));

        var job = Assert.Single(await Host.OfAsync("Job"));
        Assert.Equal("Succeeded", job.Text("statename"));
        Assert.Equal(_clock.GetUtcNow().UtcDateTime.AddDays(1), job.Time("expireat")!.Value, TimeSpan.FromSeconds(1));
        if (provider == DatabaseProvider.Sqlite)
            Assert.All(states, s => Assert.Equal(job.Time("expireat"), s.Time("expireat")));
        else
            Assert.Equal(states[2].Number("id"), job.Number("stateid"));
        Assert.Empty(await Host.OfAsync("JobQueue"));

        var now = _clock.GetUtcNow();
        var counters = await Host.CountersAsync();
        Assert.Equal(1, counters["stats:succeeded"]);
        Assert.Equal(1, counters[$"stats:succeeded:{now:yyyy-MM-dd}"]);
        Assert.Equal(1, counters[$"stats:succeeded:{now:yyyy-MM-dd-HH}"]);
    }

    [Fact]
    public async Task A_failure_is_tried_again_later_and_both_states_are_in_the_history()
    {
        await StartAsync(o => o.Delays = [TimeSpan.FromSeconds(30)]);
        _recorder.Do = (context, _) => context.Attempt == 1 ? throw new InvalidOperationException(new string('x', 60)) : Task.CompletedTask;
        var id = await Host.Client.EnqueueAsync(new JobRequest("greet"), Token);
        await Host.StateAsync(id, JobStates.Scheduled);

        var states = await Host.OfAsync("State");
        Assert.Equal(["Enqueued", "Processing", "Failed", "Scheduled"], states.Select(s => s.Text("name")));
        Assert.Equal("System.InvalidOperationException", states[2].Data()["ExceptionType"]);
        Assert.Equal(["ExceptionDetails", "ExceptionMessage", "ExceptionType", "FailedAt", "ServerId"], states[2].Data().Keys.Order());
        Assert.Equal($"Retry attempt 1 of 10: {new string('x', 49)}…", states[3].Text("reason"));
        var parameter = Assert.Single(await Host.OfAsync("JobParameter"));
        Assert.Equal(("RetryCount", "1"), (parameter.Text("name"), parameter.Text("value")));
        var sets = await Host.OfAsync("Set");
        Assert.Equal(["retries", "schedule"], sets.Select(s => s.Text("key")).Order());
        Assert.All(sets, s => Assert.Equal(id.ToString(CultureInfo.InvariantCulture), s.Text("value")));
        Assert.Empty(await Host.OfAsync("JobQueue"));
        Assert.DoesNotContain("stats:failed:" + _clock.GetUtcNow().ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), (await Host.CountersAsync()).Keys);

        await AdvanceUntilAsync(id, TimeSpan.FromSeconds(31), JobStates.Succeeded);
        Assert.Equal([1, 2], _recorder.Runs.Select(r => r.Attempt));
        Assert.Empty(await Host.OfAsync("Set"));
    }

    [Fact]
    public async Task When_the_attempts_are_used_up_the_job_stays_failed()
    {
        await StartAsync(o => o.Delays = [TimeSpan.Zero]);
        _recorder.Do = (_, _) => throw new InvalidOperationException("no");
        var id = await Host.Client.EnqueueAsync(new JobRequest("greet") { MaxAttempts = 3 }, Token);
        await Host.StateAsync(id, JobStates.Failed);
        Assert.Equal(3, _recorder.Runs.Count);
        var job = Assert.Single(await Host.OfAsync("Job"));
        Assert.Null(job.Time("expireat"));
        Assert.Empty(await Host.OfAsync("JobQueue"));
        Assert.Equal(1, (await Host.CountersAsync())[$"stats:failed:{_clock.GetUtcNow():yyyy-MM-dd}"]);
    }

    [Fact]
    public async Task When_the_attempts_are_used_up_the_job_is_deleted_where_it_is_told_so()
    {
        await StartAsync(o =>
        {
            o.Attempts = 0;
            o.OnAttemptsExceeded = AttemptsExceeded.Delete;
        });
        _recorder.Do = (_, _) => throw new InvalidOperationException("no", new TimeoutException("inner"));
        var id = await Host.Client.EnqueueAsync(new JobRequest("greet"), Token);
        await Host.StateAsync(id, JobStates.Deleted);
        var states = await Host.OfAsync("State");
        Assert.Equal(["Enqueued", "Processing", "Failed", "Deleted"], states.Select(s => s.Text("name")));
        Assert.Equal(
            """{"e":"System.InvalidOperationException","m":"no","i":{"e":"System.TimeoutException","m":"inner"}}""", states[3].Data()["Exception"]);
        Assert.Equal(1, (await Host.CountersAsync())["stats:deleted"]);
    }

    [Fact]
    public async Task Only_the_exceptions_that_are_named_are_tried_again()
    {
        await StartAsync(o =>
        {
            o.OnlyOn = [typeof(IOException)];
            o.Delays = [TimeSpan.Zero];
        });
        _recorder.Do = (context, _) => throw (context.Attempt == 1 ? new FileNotFoundException("gone") : new InvalidOperationException("other"));
        var id = await Host.Client.EnqueueAsync(new JobRequest("greet"), Token);
        await Host.StateAsync(id, JobStates.Failed);
        Assert.Equal(2, _recorder.Runs.Count);
    }

    [Fact]
    public async Task Rows_that_cannot_be_run_are_parked_with_a_reason_and_stop_nobody()
    {
        await CreateAsync();
        var unknown = await Host.Client.EnqueueAsync(new JobRequest("nobody"), Token);
        var broken = await Host.Client.EnqueueAsync(new JobRequest("greet"), Token);
        var foreign = await Host.Client.EnqueueAsync(new JobRequest("greet"), Token);
        var wrongKind = await Host.Client.EnqueueAsync(new JobRequest("greet"), Token);
        var good = await Host.Client.EnqueueAsync(new JobRequest("greet"), Token);
        await SetInvocationAsync(broken, provider == DatabaseProvider.Sqlite ? "{\"Type\":" : "\"text\"");
        await SetInvocationAsync(foreign, """{"Type":"Other.Mailer, Other","Method":"Send","ParameterTypes":"[]"}""");
        await SetInvocationAsync(wrongKind, """{"Type":"Other.Mailer, Other","Method":"Send","ParameterTypes":[]}""");
        await Host.StartAsync();
        await Host.StateAsync(good, JobStates.Succeeded);
        foreach (var id in new[] { unknown, broken, foreign, wrongKind })
            await Host.StateAsync(id, JobStates.Failed);
        var reasons = (await Host.OfAsync("State")).Where(s => s.Text("name") == "Failed").ToDictionary(s => s.Number("jobid"), s => s.Text("reason"));
        Assert.Contains("\"nobody\"", reasons[unknown], StringComparison.Ordinal);
        Assert.Contains("Other.Mailer", reasons[foreign], StringComparison.Ordinal);
        Assert.Contains("ParameterTypes", reasons[wrongKind], StringComparison.Ordinal);
        Assert.Empty(await Host.OfAsync("JobQueue"));
        Assert.Single(_recorder.Runs);
    }

    [Fact]
    public async Task A_scheduled_job_is_listed_with_its_time_and_runs_when_it_is_due()
    {
        await StartAsync(options: o => o.Queues = ["default", "slow"]);
        var due = _clock.GetUtcNow().AddHours(3);
        var plain = await Host.Client.EnqueueAsync(new JobRequest("greet") { DueAt = due }, Token);
        var queued = await Host.Client.EnqueueAsync(new JobRequest("greet") { DueAt = due, Queue = "slow" }, Token);
        var sets = await Host.OfAsync("Set", provider == DatabaseProvider.Sqlite ? "\"Key\" = 'schedule'" : "key = 'schedule'");
        Assert.Equal([$"{plain}", $"slow:{queued}"], sets.Select(s => s.Text("value")));
        Assert.All(sets, s => Assert.Equal(due.ToUnixTimeSeconds(), Convert.ToDouble(s["score"], CultureInfo.InvariantCulture)));
        var state = (await Host.OfAsync("State"))[0];
        Assert.Equal($"{due.ToUnixTimeMilliseconds()}", state.Data()["EnqueueAt"]);
        Assert.Equal(["EnqueueAt", "ScheduledAt"], state.Data().Keys.Order());

        _clock.Advance(TimeSpan.FromHours(2.9));
        Assert.Empty(_recorder.Runs);
        await AdvanceUntilAsync(plain, TimeSpan.FromHours(0.2), JobStates.Succeeded);
        await Host.StateAsync(queued, JobStates.Succeeded);
        Assert.Empty(await Host.OfAsync("Set"));
        Assert.Contains("slow", (await Host.OfAsync("State")).Where(s => s.Number("jobid") == queued && s.Text("name") == "Enqueued").Select(s => s.Data()["Queue"]));
    }

    [Fact]
    public async Task A_continuation_starts_after_its_parent_or_is_deleted()
    {
        await StartAsync();
        var gate = new TaskCompletionSource();
        _recorder.Do = (context, _) => context.Name == "wait" ? gate.Task : Task.CompletedTask;
        var parent = await Host.Client.EnqueueAsync(new JobRequest("wait"), Token);
        var after = await Host.Client.ContinueWithAsync(parent, new JobRequest("greet"), cancellationToken: Token);
        var onDelete = await Host.Client.ContinueWithAsync(parent, new JobRequest("greet"), ContinuationOptions.OnlyOnDeletedState, Token);

        var awaiting = (await Host.OfAsync("State")).Single(s => s.Number("jobid") == after);
        Assert.Equal(["NextState", "Options", "ParentId"], awaiting.Data().Keys.Order());
        Assert.Equal("""{"$type":"Hangfire.States.EnqueuedState, Hangfire.Core","Queue":"default"}""", awaiting.Data()["NextState"]);
        Assert.Equal((parent.ToString(CultureInfo.InvariantCulture), "1"), (awaiting.Data()["ParentId"], awaiting.Data()["Options"]));
        Assert.Equal(2, (await Host.OfAsync("Set")).Count(s => s.Text("key") == "awaiting"));
        var list = (await Host.OfAsync("JobParameter")).Single(p => p.Text("name") == "Continuations");
        Assert.Equal($$"""[{"JobId":"{{after}}","Options":1},{"JobId":"{{onDelete}}","Options":2}]""", list.Text("value"));

        gate.SetResult();
        await Host.StateAsync(after, JobStates.Succeeded);
        await Host.StateAsync(onDelete, JobStates.Deleted);
        Assert.Empty(await Host.OfAsync("Set"));
        Assert.Empty((await Host.OfAsync(provider == DatabaseProvider.Sqlite ? "DistributedLock" : "Lock")));

        var late = await Host.Client.ContinueWithAsync(parent, new JobRequest("greet"), cancellationToken: Token);
        await Host.StateAsync(late, JobStates.Succeeded);
        await Assert.ThrowsAsync<KeyNotFoundException>(() => Host.Client.ContinueWithAsync(999_999, new JobRequest("greet"), cancellationToken: Token));
    }

    [Fact]
    public async Task A_continuation_that_a_crash_left_waiting_is_found_again()
    {
        await CreateAsync();
        var parent = await Host.Client.EnqueueAsync(new JobRequest("greet"), Token);
        var child = await Host.Client.ContinueWithAsync(parent, new JobRequest("greet"), cancellationToken: Token);
        await Host.ExecuteAsync(provider == DatabaseProvider.Sqlite ? "DELETE FROM \"JobParameter\"" : "DELETE FROM hangfire.jobparameter");
        await Host.StartAsync();
        await Host.StateAsync(parent, JobStates.Succeeded);
        await AdvanceUntilAsync(child, TimeSpan.FromMinutes(1), JobStates.Succeeded);
    }

    [Fact]
    public async Task Cancelling_a_running_job_says_when_it_has_stopped_and_its_result_is_discarded()
    {
        await StartAsync(clock: false);
        var running = new TaskCompletionSource();
        var stopped = new TaskCompletionSource();
        _recorder.Do = async (_, cancellation) =>
        {
            running.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await stopped.Task;
        };
        var id = await Host.Client.EnqueueAsync(new JobRequest("greet"), Token);
        await running.Task;
        Assert.False(await Host.Client.CancelAsync(id, TimeSpan.FromMilliseconds(100), Token));
        stopped.SetResult();
        Assert.True(await Host.Client.CancelAsync(id, TimeSpan.FromSeconds(30), Token));
        Assert.Equal(["Enqueued", "Processing", "Deleted"], (await Host.OfAsync("State")).Select(s => s.Text("name")));
        Assert.Empty(await Host.OfAsync("JobQueue"));
    }

    [Fact]
    public async Task A_job_deleted_by_another_program_is_cancelled_within_the_check_interval()
    {
        await StartAsync(options: o => o.CancellationCheckInterval = TimeSpan.FromMilliseconds(100), clock: false);
        var running = new TaskCompletionSource();
        var cancelled = new TaskCompletionSource();
        _recorder.Do = async (_, cancellation) =>
        {
            running.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancelled.SetResult();
        };
        var id = await Host.Client.EnqueueAsync(new JobRequest("greet"), Token);
        await running.Task;
        await using (var other = JobsHost.On(Host.Database, s => s.AddSingleton(new Recorder())))
            Assert.True(await other.Client.DeleteAsync(id, "by hand", Token));
        await cancelled.Task.WaitAsync(TimeSpan.FromSeconds(30), Token);
        await Eventually.TrueAsync(async () => (await Host.OfAsync("JobQueue")).Count == 0);
        Assert.Equal(JobStates.Deleted, (await Host.Store.FindAsync(id, Token))!.State);
    }

    [Fact]
    public async Task A_deleted_job_does_not_run_and_can_be_requeued()
    {
        await CreateAsync();
        var id = await Host.Client.EnqueueAsync(new JobRequest("greet"), Token);
        Assert.True(await Host.Client.DeleteAsync(id, cancellationToken: Token));
        Assert.False(await Host.Client.DeleteAsync(id, cancellationToken: Token));
        await Host.StartAsync();
        await Eventually.TrueAsync(async () => (await Host.OfAsync("JobQueue")).Count == 0);
        Assert.Empty(_recorder.Runs);

        Assert.True(await Host.Client.RequeueAsync(id, cancellationToken: Token));
        await Host.StateAsync(id, JobStates.Succeeded);
        var counters = await Host.CountersAsync();
        Assert.Equal((0, 1), (counters["stats:deleted"], counters["stats:succeeded"]));
        Assert.False(await Host.Client.RequeueAsync(999_999, cancellationToken: Token));
    }

    [Fact]
    public async Task A_requeued_job_does_not_expire_with_its_old_end()
    {
        await StartAsync();
        var id = await Host.Client.EnqueueAsync(new JobRequest("greet") { MaxAttempts = 2 }, Token);
        await Host.StateAsync(id, JobStates.Succeeded);
        await Host.StopAsync();
        Assert.True(await Host.Client.RequeueAsync(id, cancellationToken: Token));
        Assert.Null(Assert.Single(await Host.OfAsync("Job")).Time("expireat"));
        if (provider == DatabaseProvider.Sqlite)
        {
            Assert.All(await Host.OfAsync("State"), s => Assert.Null(s.Time("expireat")));
            Assert.All(await Host.OfAsync("JobParameter"), s => Assert.Null(s.Time("expireat")));
        }
    }

    [Fact]
    public async Task A_unique_key_holds_while_its_job_is_unfinished()
    {
        await CreateAsync();
        var first = await Host.Client.EnqueueAsync(new JobRequest("greet") { UniqueKey = "call-7" }, Token);
        Assert.Equal(first, await Host.Client.EnqueueAsync(new JobRequest("greet") { UniqueKey = "call-7" }, Token));
        var unit = new WriteUnit();
        await Host.Client.EnqueueAsync(unit, new JobRequest("greet") { UniqueKey = "call-7" }, Token);
        await Assert.ThrowsAsync<WriteConflictException>(() => Host.Database.CommitAsync(unit, cancellationToken: Token));
        Assert.Single(await Host.OfAsync("Job"));

        await Host.StartAsync();
        await Host.StateAsync(first, JobStates.Succeeded);
        var second = await Host.Client.EnqueueAsync(new JobRequest("greet") { UniqueKey = "call-7" }, Token);
        Assert.NotEqual(first, second);
        await Host.StateAsync(second, JobStates.Succeeded);
    }

    [Fact]
    public async Task A_batch_tells_its_progress_and_starts_its_continuation_once()
    {
        await StartAsync();
        var gate = new TaskCompletionSource();
        _recorder.Do = (context, _) => context.Name == "wait" ? gate.Task : Task.CompletedTask;
        var id = await Host.Batches.EnqueueAsync(
            "import", [.. Enumerable.Range(0, 20).Select(_ => new JobRequest("greet")), new JobRequest("wait")], new JobRequest("done"), Token);
        await Eventually.TrueAsync(async () => (await Host.Batches.FindAsync(id, Token))!.Finished == 20);
        var batch = (await Host.Batches.FindAsync(id, Token))!;
        Assert.Equal((21, null, "import"), (batch.Total, batch.FinishedAt, batch.Name));
        gate.SetResult();
        await Host.StateAsync(batch.ContinuationId!.Value, JobStates.Succeeded);
        Assert.Equal(1, _recorder.Runs.Count(r => r.Name == "done"));
        Assert.NotNull((await Host.Batches.FindAsync(id, Token))!.FinishedAt);
        Assert.Single(await Host.Batches.ListAsync(null, 10, Token));
    }

    [Fact]
    public async Task The_handlers_own_unit_commits_with_the_jobs_end_or_not_at_all()
    {
        await StartAsync();
        var deleteMeanwhile = false;
        _recorder.Do = async (context, _) =>
        {
            var unit = new WriteUnit().Add(new SqlStatement("INSERT INTO job_queues (name, paused_at) VALUES ($1, 0)"), $"made-by-{context.Id}");
            context.AddSuccessTo(unit, "1");
            if (deleteMeanwhile)
                await Host.Client.DeleteAsync(context.Id, cancellationToken: CancellationToken.None);
            await Host.Database.CommitAsync(unit);
        };
        var kept = await Host.Client.EnqueueAsync(new JobRequest("greet"), Token);
        await Host.StateAsync(kept, JobStates.Succeeded);
        deleteMeanwhile = true;
        var lost = await Host.Client.EnqueueAsync(new JobRequest("greet"), Token);
        await Host.StateAsync(lost, JobStates.Deleted);
        await Eventually.TrueAsync(async () => (await Host.OfAsync("JobQueue")).Count == 0);
        Assert.Equal([$"made-by-{kept}"], (await Host.SelectAsync("SELECT name FROM job_queues")).Select(r => r.Text("name")));
        Assert.Equal(1, (await Host.CountersAsync())["stats:succeeded"]);
        Assert.Equal(2, _recorder.Runs.Count);
    }

    [Fact]
    public async Task A_stop_puts_running_jobs_back_and_another_server_runs_them()
    {
        await StartAsync(clock: false);
        var running = new TaskCompletionSource();
        _recorder.Do = (context, cancellation) =>
        {
            running.TrySetResult();
            return _recorder.Runs.Count == 1 ? Task.Delay(Timeout.InfiniteTimeSpan, cancellation) : Task.CompletedTask;
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
        _recorder.Do = async (context, _) =>
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
        Assert.Equal(urgent, _recorder.Runs.First().Id);
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
        Assert.Equal(_clock.GetUtcNow().UtcDateTime, server.Time("lastheartbeat"));
        var view = Assert.Single(await Host.Get<JobQueries>().ServersAsync(Token));
        Assert.Equal(["default"], view.Queues);
        Assert.Equal(_clock.GetUtcNow(), view.StartedAt);
        Assert.Contains("\"StartedAt\": \"2026-01-15T12:00:00.0000000Z\"", server.Text("data").Replace("\":\"", "\": \"", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Expired_jobs_go_with_everything_they_had()
    {
        await StartAsync();
        _recorder.Do = (context, _) =>
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
        _clock.Advance(TimeSpan.FromHours(25));
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
        _recorder.Do = (context, cancellation) =>
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
    public async Task A_clock_set_back_changes_neither_order_nor_outcome()
    {
        await StartAsync();
        var gate = new TaskCompletionSource();
        var running = new TaskCompletionSource();
        _recorder.Do = (_, _) =>
        {
            running.SetResult();
            return gate.Task;
        };
        var id = await Host.Client.EnqueueAsync(new JobRequest("greet"), Token);
        await running.Task;
        _clock.Jump(TimeSpan.FromHours(-5));
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
        _recorder.Do = (_, _) =>
        {
            running.TrySetResult();
            return gate.Task;
        };
        var id = await Host.Client.EnqueueAsync(new JobRequest("greet"), Token);
        await running.Task;
        var first = Assert.Single(await Host.OfAsync("JobQueue")).Time("fetchedat");
        for (var minute = 0; minute < 40; minute++)
        {
            _clock.Jump(TimeSpan.FromMinutes(1));
            await Host.Get<Server.ServerRegistry>().BeatAsync(Token);
        }

        Assert.True(Assert.Single(await Host.OfAsync("JobQueue")).Time("fetchedat") > first + TimeSpan.FromMinutes(30));
        gate.SetResult();
        await Host.StateAsync(id, JobStates.Succeeded);
        Assert.Single(_recorder.Runs);
        Assert.Empty(await Host.OfAsync("JobQueue"));
    }

    [Fact]
    public async Task A_job_parked_for_want_of_a_handler_runs_when_a_server_has_one()
    {
        await CreateAsync(clock: false);
        var id = await Host.Client.EnqueueAsync(new JobRequest("greet", 1), Token);
        await using (var without = JobsHost.On(Host.Database))
        {
            await without.StartAsync();
            await Host.StateAsync(id, JobStates.Failed);
            await without.StopAsync();
        }

        Assert.Empty(_recorder.Runs);
        await Host.StartAsync();
        await Host.StateAsync(id, JobStates.Succeeded);
    }

    [Fact]
    public async Task A_megabyte_of_argument_comes_back_whole()
    {
        await StartAsync();
        var text = string.Concat(Enumerable.Repeat("\u00e4\"\\\n\u0000z", 150_000));
        string? got = null;
        _recorder.Do = (context, _) =>
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
        var held = await Store.JobLocks.TryAcquireAsync(Host.Store, _clock, "locks:schedulepoller", Token);
        Assert.NotNull(held);
        Assert.Null(await Store.JobLocks.TryAcquireAsync(Host.Store, _clock, "locks:schedulepoller", Token));
        var registry = Host.Get<Server.ServerRegistry>();
        await registry.AnnounceAsync(Token);
        // On PostgreSQL it may be alive: that takes four looks at a beat that stands still.
        for (var look = 0; look < 5; look++)
            await registry.BeatAsync(Token);
        Assert.Empty(await Host.OfAsync(provider == DatabaseProvider.Sqlite ? "DistributedLock" : "Lock"));
        Assert.Single(await Host.SelectAsync("SELECT id FROM job_servers"));
        await using var mine = await Store.JobLocks.TryAcquireAsync(Host.Store, _clock, "locks:schedulepoller", Token);
        Assert.NotNull(mine);
    }

    [Fact]
    public async Task A_scheduled_job_that_a_genuine_scheduler_put_into_its_queue_runs()
    {
        await CreateAsync();
        var id = await Host.Client.EnqueueAsync(new JobRequest("greet") { DueAt = _clock.GetUtcNow().AddDays(1) }, Token);
        await Host.ExecuteAsync(provider == DatabaseProvider.Sqlite
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
        _clock.Advance(TimeSpan.FromMinutes(6));
        await watch.LookAsync(Token);
        await watch.LookAsync(Token);
        Assert.Equal(["default"], told);
    }

    private Task SetInvocationAsync(long id, string json) => Host.ExecuteAsync(provider == DatabaseProvider.Sqlite
        ? $"UPDATE \"Job\" SET \"InvocationData\" = '{json}' WHERE \"Id\" = {id}"
        : $"UPDATE hangfire.job SET invocationdata = '{json}' WHERE id = {id}");

    private void Configure(IServiceCollection services, Action<JobRetryOptions>? retry)
    {
        services.AddSingleton(_recorder);
        foreach (var name in new[] { "greet", "wait", "done" })
            services.AddJobHandler<RecordingHandler>(name, retry);
    }

    private async Task CreateAsync(Action<JobRetryOptions>? retry = null, Action<JobOptions>? options = null, bool clock = true) =>
        _host = await JobsHost.CreateAsync(provider, s => Configure(s, retry), options, clock ? _clock : null);

    private async Task StartAsync(Action<JobRetryOptions>? retry = null, Action<JobOptions>? options = null, bool clock = true)
    {
        await CreateAsync(retry, options, clock);
        await Host.StartAsync();
    }

    /// <summary>Moves the clock until a job is where it should be: a loop may be between two waits when it is moved.</summary>
    private Task AdvanceUntilAsync(long id, TimeSpan by, string state) => Eventually.BecomesAsync(
        async () =>
        {
            _clock.Advance(by);
            return (await Host.Store.FindAsync(id, Token))?.State ?? "gone";
        },
        state);
}
