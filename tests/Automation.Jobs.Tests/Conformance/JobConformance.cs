using System.Globalization;
using Automation.Jobs.Tests.Support;
using Automation.Storage;
using Automation.Storage.Writes;
using Microsoft.Extensions.DependencyInjection;

namespace Automation.Jobs.Tests.Conformance;

public sealed class SqliteJobConformance() : JobConformance(DatabaseProvider.Sqlite);

public sealed class PostgresJobConformance() : JobConformance(DatabaseProvider.PostgreSql);

/// <summary>What jobs do and what rows they leave, the same on both databases.</summary>
public abstract class JobConformance(DatabaseProvider provider) : JobTests(provider)
{
    [Fact]
    public async Task An_enqueued_job_is_stored_in_the_exact_form()
    {
        await CreateAsync();
        var id = await Host.Client.EnqueueAsync(new JobRequest("greet", "Ada", 7, null) { Queue = "critical" }, Token);

        var job = Assert.Single(await Host.OfAsync("Job"));
        Assert.Equal(id, job.Number("id"));
        Assert.Equal("Enqueued", job.Text("statename"));
        Assert.Null(job.Time("expireat"));
        Assert.Equal(Clock.GetUtcNow().UtcDateTime, job.Time("createdat"));
        Host.IsJson(
            """{"Type":"Automation.Jobs.NamedJob, Automation.Jobs","Method":"Run","ParameterTypes":"[\"System.String\",\"System.Object[], mscorlib\"]","Queue":"critical"}""",
            job.Text("invocationdata"));
        Host.IsJson("""["\"greet\"","[\"Ada\",7,null]"]""", job.Text("arguments"));

        var state = Assert.Single(await Host.OfAsync("State"));
        Assert.Equal(id, state.Number("jobid"));
        Assert.Equal("Enqueued", state.Text("name"));
        Host.IsJson($$"""{"EnqueuedAt":"{{Clock.GetUtcNow().ToUnixTimeMilliseconds()}}","Queue":"critical"}""", state.Text("data"));
        Assert.Equal(IsSqlite ? 0 : state.Number("id"), job.Number("stateid"));

        var row = Assert.Single(await Host.OfAsync("JobQueue"));
        Assert.Equal((id, "critical", null), (row.Number("jobid"), row.Text("queue"), row.Time("fetchedat")));
        Assert.Empty(await Host.OfAsync("JobParameter"));
    }

    [Fact]
    public async Task A_job_that_ran_leaves_its_history_its_counters_and_nothing_else()
    {
        await StartAsync();
        Recorder.Do = (context, _) =>
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
        Assert.Equal(Clock.GetUtcNow().UtcDateTime.AddDays(1), job.Time("expireat")!.Value, TimeSpan.FromSeconds(1));
        if (IsSqlite)
            Assert.All(states, s => Assert.Equal(job.Time("expireat"), s.Time("expireat")));
        else
            Assert.Equal(states[2].Number("id"), job.Number("stateid"));
        Assert.Empty(await Host.OfAsync("JobQueue"));

        var now = Clock.GetUtcNow();
        var counters = await Host.CountersAsync();
        Assert.Equal(1, counters["stats:succeeded"]);
        Assert.Equal(1, counters[$"stats:succeeded:{now:yyyy-MM-dd}"]);
        Assert.Equal(1, counters[$"stats:succeeded:{now:yyyy-MM-dd-HH}"]);
    }

    [Fact]
    public async Task A_failure_is_tried_again_later_and_both_states_are_in_the_history()
    {
        await StartAsync(o => o.Delays = [TimeSpan.FromSeconds(30)]);
        Recorder.Do = (context, _) => context.Attempt == 1 ? throw new InvalidOperationException(new string('x', 60)) : Task.CompletedTask;
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
        Assert.DoesNotContain("stats:failed:" + Clock.GetUtcNow().ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), (await Host.CountersAsync()).Keys);

        await AdvanceUntilAsync(id, TimeSpan.FromSeconds(31), JobStates.Succeeded);
        Assert.Equal([1, 2], Recorder.Runs.Select(r => r.Attempt));
        Assert.Empty(await Host.OfAsync("Set"));
    }

    [Fact]
    public async Task When_the_attempts_are_used_up_the_job_stays_failed()
    {
        await StartAsync(o => o.Delays = [TimeSpan.Zero]);
        Recorder.Do = (_, _) => throw new InvalidOperationException("no");
        var id = await Host.Client.EnqueueAsync(new JobRequest("greet") { MaxAttempts = 3 }, Token);
        await Host.StateAsync(id, JobStates.Failed);
        Assert.Equal(3, Recorder.Runs.Count);
        var job = Assert.Single(await Host.OfAsync("Job"));
        Assert.Null(job.Time("expireat"));
        Assert.Empty(await Host.OfAsync("JobQueue"));
        Assert.Equal(1, (await Host.CountersAsync())[$"stats:failed:{Clock.GetUtcNow():yyyy-MM-dd}"]);
    }

    [Fact]
    public async Task When_the_attempts_are_used_up_the_job_is_deleted_where_it_is_told_so()
    {
        await StartAsync(o =>
        {
            o.Attempts = 0;
            o.OnAttemptsExceeded = AttemptsExceeded.Delete;
        });
        Recorder.Do = (_, _) => throw new InvalidOperationException("no", new TimeoutException("inner"));
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
        Recorder.Do = (context, _) => throw (context.Attempt == 1 ? new FileNotFoundException("gone") : new InvalidOperationException("other"));
        var id = await Host.Client.EnqueueAsync(new JobRequest("greet"), Token);
        await Host.StateAsync(id, JobStates.Failed);
        Assert.Equal(2, Recorder.Runs.Count);
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
        await SetInvocationAsync(broken, IsSqlite ? "{\"Type\":" : "\"text\"");
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
        Assert.Single(Recorder.Runs);
    }

    [Fact]
    public async Task A_scheduled_job_is_listed_with_its_time_and_runs_when_it_is_due()
    {
        await StartAsync(options: o => o.Queues = ["default", "slow"]);
        var due = Clock.GetUtcNow().AddHours(3);
        var plain = await Host.Client.EnqueueAsync(new JobRequest("greet") { DueAt = due }, Token);
        var queued = await Host.Client.EnqueueAsync(new JobRequest("greet") { DueAt = due, Queue = "slow" }, Token);
        var sets = await Host.OfAsync("Set", IsSqlite ? "\"Key\" = 'schedule'" : "key = 'schedule'");
        Assert.Equal([$"{plain}", $"slow:{queued}"], sets.Select(s => s.Text("value")));
        Assert.All(sets, s => Assert.Equal(due.ToUnixTimeSeconds(), Convert.ToDouble(s["score"], CultureInfo.InvariantCulture)));
        var state = (await Host.OfAsync("State"))[0];
        Assert.Equal($"{due.ToUnixTimeMilliseconds()}", state.Data()["EnqueueAt"]);
        Assert.Equal(["EnqueueAt", "ScheduledAt"], state.Data().Keys.Order());

        Clock.Advance(TimeSpan.FromHours(2.9));
        Assert.Empty(Recorder.Runs);
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
        Recorder.Do = (context, _) => context.Name == "wait" ? gate.Task : Task.CompletedTask;
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
        Assert.Empty((await Host.OfAsync(IsSqlite ? "DistributedLock" : "Lock")));

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
        await Host.ExecuteAsync(IsSqlite ? "DELETE FROM \"JobParameter\"" : "DELETE FROM hangfire.jobparameter");
        await Host.StartAsync();
        await Host.StateAsync(parent, JobStates.Succeeded);
        await AdvanceUntilAsync(child, TimeSpan.FromMinutes(1), JobStates.Succeeded);
    }

    [Fact]
    public async Task Of_very_many_that_wait_none_that_a_crash_left_is_overlooked()
    {
        await CreateAsync();
        var running = await Host.Client.EnqueueAsync(new JobRequest("wait"), Token);
        await Host.ExecuteAsync(IsSqlite
            ? $$"""
              WITH RECURSIVE n(i) AS (SELECT 5001 UNION ALL SELECT i + 1 FROM n WHERE i < 6200)
              INSERT INTO "Job" ("Id", "StateName", "CreatedAt", "ExpireAt") SELECT i, 'Awaiting', 1, 0 FROM n;
              INSERT INTO "State" ("JobId", "Name", "CreatedAt", "Data", "ExpireAt") SELECT "Id", 'Awaiting', 1, '{"ParentId":"{{running}}","NextState":"{}","Options":"1"}', 0 FROM "Job" WHERE "Id" > 5000;
              INSERT INTO "Set" ("Key", "Score", "Value", "ExpireAt") SELECT 'awaiting', 1.0, CAST("Id" AS TEXT), 0 FROM "Job" WHERE "Id" > 5000
              """
            : $$"""
              INSERT INTO hangfire.job (id, stateid, statename, invocationdata, arguments, createdat) SELECT i, 100000 + i, 'Awaiting', '{}', '[]', now() FROM generate_series(5001, 6200) i;
              INSERT INTO hangfire.state (id, jobid, name, createdat, data) SELECT 100000 + i, i, 'Awaiting', now(), '{"ParentId":"{{running}}","NextState":"{}","Options":"1"}' FROM generate_series(5001, 6200) i;
              INSERT INTO hangfire.set (key, score, value) SELECT 'awaiting', 1, i::text FROM generate_series(5001, 6200) i
              """);
        // The last of them waits for a job that is long gone: it is deleted when the sweep comes to it.
        await Host.ExecuteAsync(IsSqlite
            ? "UPDATE \"State\" SET \"Data\" = replace(\"Data\", '\"ParentId\":\"', '\"ParentId\":\"99') WHERE \"JobId\" = 6200"
            : "UPDATE hangfire.state SET data = jsonb_set(data, '{ParentId}', '\"99999\"') WHERE jobid = 6200");
        var maintenance = Host.Get<Server.JobMaintenance>();
        await maintenance.RunOnceAsync(Token);
        Assert.Equal(JobStates.Awaiting, (await Host.Store.FindAsync(6200, Token))!.State);
        await maintenance.RunOnceAsync(Token);
        Assert.Equal(JobStates.Deleted, (await Host.Store.FindAsync(6200, Token))!.State);
        Assert.Equal(JobStates.Awaiting, (await Host.Store.FindAsync(6199, Token))!.State);
    }

    [Fact]
    public async Task Cancelling_a_running_job_says_when_it_has_stopped_and_its_result_is_discarded()
    {
        await StartAsync(clock: false);
        var running = new TaskCompletionSource();
        var stopped = new TaskCompletionSource();
        Recorder.Do = async (_, cancellation) =>
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
        Recorder.Do = async (_, cancellation) =>
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
        Assert.Empty(Recorder.Runs);

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
        if (IsSqlite)
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
        Recorder.Do = (context, _) => context.Name == "wait" ? gate.Task : Task.CompletedTask;
        var id = await Host.Batches.EnqueueAsync(
            "import", [.. Enumerable.Range(0, 20).Select(_ => new JobRequest("greet")), new JobRequest("wait")], new JobRequest("done"), Token);
        await Eventually.TrueAsync(async () => (await Host.Batches.FindAsync(id, Token))!.Finished == 20);
        var batch = (await Host.Batches.FindAsync(id, Token))!;
        Assert.Equal((21, null, "import"), (batch.Total, batch.FinishedAt, batch.Name));
        gate.SetResult();
        await Host.StateAsync(batch.ContinuationId!.Value, JobStates.Succeeded);
        Assert.Equal(1, Recorder.Runs.Count(r => r.Name == "done"));
        Assert.NotNull((await Host.Batches.FindAsync(id, Token))!.FinishedAt);
        Assert.Single(await Host.Batches.ListAsync(null, 10, Token));
    }

    [Fact]
    public async Task What_waits_for_a_batch_starts_when_that_has_finished_also_after_a_crash_and_never_before()
    {
        await CreateAsync();
        var maintenance = Host.Get<Server.JobMaintenance>();
        var (first, second) = (await EnqueueBatchAsync("first"), await EnqueueBatchAsync("second"));
        await maintenance.RunOnceAsync(Token);
        Assert.Equal((JobStates.Awaiting, JobStates.Awaiting), (await StateOfAsync(first), await StateOfAsync(second)));

        // Killed between the end of the last job and that of the batch, and between that and the start of what waits for it.
        await Host.ExecuteAsync($"UPDATE job_batch_jobs SET finished = TRUE WHERE batch_id = '{first.Id}'");
        await Host.ExecuteAsync($"UPDATE job_batch_jobs SET finished = TRUE WHERE batch_id = '{second.Id}'");
        await Host.ExecuteAsync($"UPDATE job_batches SET finished_at = 1 WHERE id = '{second.Id}'");
        await maintenance.RunOnceAsync(Token);
        await maintenance.RunOnceAsync(Token);
        Assert.Equal((JobStates.Enqueued, JobStates.Enqueued), (await StateOfAsync(first), await StateOfAsync(second)));
        Assert.NotNull((await Host.Batches.FindAsync(first.Id, Token))!.FinishedAt);
        Assert.Equal(2 + 2, (await Host.OfAsync("JobQueue")).Count);

        async Task<JobBatch> EnqueueBatchAsync(string name) =>
            (await Host.Batches.FindAsync(await Host.Batches.EnqueueAsync(name, [new JobRequest("greet")], new JobRequest("done"), Token), Token))!;

        async Task<string?> StateOfAsync(JobBatch batch) => (await Host.Store.FindAsync(batch.ContinuationId!.Value, Token))!.State;
    }
}
