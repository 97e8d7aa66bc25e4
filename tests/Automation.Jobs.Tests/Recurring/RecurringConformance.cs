using System.Globalization;
using Automation.Jobs.Server;
using Automation.Jobs.Tests.Support;
using Automation.Storage;
using Automation.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Automation.Jobs.Tests.Recurring;

public sealed class SqliteRecurringConformance() : RecurringConformance(DatabaseProvider.Sqlite);

public sealed class PostgresRecurringConformance() : RecurringConformance(DatabaseProvider.PostgreSql);

public abstract class RecurringConformance(DatabaseProvider provider) : IAsyncLifetime
{
    // 2026-01-15 12:00 UTC.
    private readonly ManualClock _clock = new();
    private JobsHost _host = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private RecurringJobManager Manager => _host.Recurring;

    public async ValueTask InitializeAsync() =>
        _host = await JobsHost.CreateAsync(provider, s => s.AddSingleton(new Recorder()).AddJobHandler<RecordingHandler>("tick"), clock: _clock);

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task A_recurring_job_is_stored_in_the_exact_form()
    {
        await Manager.AddOrUpdateAsync(
            "nightly", new JobRequest("tick", 1) { Queue = "slow" }, "30 2 * * *",
            new RecurringJobOptions { TimeZone = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin"), Misfire = MisfireMode.Strict }, Token);
        var hash = await HashAsync("nightly");
        var next = new DateTimeOffset(2026, 1, 16, 1, 30, 0, TimeSpan.Zero);
        Assert.Equal(
            ["CreatedAt", "Cron", "Job", "Misfire", "NextExecution", "Queue", "TimeZoneId", "V"],
            hash.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(("slow", "30 2 * * *", "Europe/Berlin", "1", "2"), (hash["Queue"], hash["Cron"], hash["TimeZoneId"], hash["Misfire"], hash["V"]));
        Assert.Equal((Ms(_clock.GetUtcNow()), Ms(next)), (hash["CreatedAt"], hash["NextExecution"]));
        Assert.Equal(
            """{"t":"Automation.Jobs.NamedJob, Automation.Jobs","m":"Run","p":["System.String","System.Object[], mscorlib"],"a":["\"tick\"","[1]"],"q":"slow"}""",
            hash["Job"]);
        var member = Assert.Single(await _host.OfAsync("Set"));
        Assert.Equal(("recurring-jobs", "nightly", next.ToUnixTimeSeconds()), (member.Text("key"), member.Text("value"), member.Number("score")));

        await Manager.RemoveIfExistsAsync("nightly", Token);
        Assert.Empty(await _host.OfAsync("Set"));
        Assert.Empty(await _host.OfAsync("Hash"));
        Assert.Empty(await _host.OfAsync(provider == DatabaseProvider.Sqlite ? "DistributedLock" : "Lock"));
    }

    [Fact]
    public async Task A_run_knows_what_it_is_a_run_of()
    {
        await Manager.AddOrUpdateAsync("hourly", new JobRequest("tick"), "0 * * * *", cancellationToken: Token);
        _clock.Advance(TimeSpan.FromMinutes(60));
        Assert.Equal(1, await RunDueAsync());
        Assert.Equal(0, await RunDueAsync());
        var job = Assert.Single(await _host.OfAsync("Job"));
        var parameters = (await _host.OfAsync("JobParameter")).ToDictionary(p => p.Text("name"), p => p.Text("value"));
        Assert.Equal(("\"hourly\"", _clock.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture)), (parameters["RecurringJobId"], parameters["Time"]));
        var hash = await HashAsync("hourly");
        Assert.Equal(
            (job.Text("id"), Ms(_clock.GetUtcNow()), Ms(_clock.GetUtcNow().AddHours(1))), (hash["LastJobId"], hash["LastExecution"], hash["NextExecution"]));
        Assert.Single(await _host.OfAsync("JobQueue"));
    }

    [Theory]
    [InlineData(MisfireMode.Relaxed, 1)]
    [InlineData(MisfireMode.Strict, 10)]
    [InlineData(MisfireMode.Ignorable, 0)]
    public async Task Missed_occurrences_are_made_up_for_as_the_mode_says(MisfireMode mode, int runs)
    {
        // Not on the hour: an occurrence within a second of its making counts as missed.
        _clock.Jump(TimeSpan.FromMinutes(1));
        await Manager.AddOrUpdateAsync("hourly", new JobRequest("tick"), "0 * * * *", new RecurringJobOptions { Misfire = mode }, Token);
        _clock.Jump(TimeSpan.FromHours(10.5));
        Assert.Equal(runs, await RunDueAsync());
        Assert.Equal(runs, (await _host.OfAsync("Job")).Count);
        Assert.Equal(Ms(new DateTimeOffset(2026, 1, 15, 23, 0, 0, TimeSpan.Zero)), (await HashAsync("hourly"))["NextExecution"]);
        Assert.Equal(0, await RunDueAsync());
        if (mode == MisfireMode.Strict)
        {
            var times = (await _host.OfAsync("JobParameter")).Where(p => p.Text("name") == "Time").Select(p => p.Text("value"));
            Assert.Equal(Enumerable.Range(13, 10).Select(h => new DateTimeOffset(2026, 1, 15, h, 0, 0, TimeSpan.Zero).ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture)), times);
        }
    }

    [Theory]
    [InlineData("30 2 * * *", "2026-03-28T12:00Z", "2026-03-29T01:00Z 2026-03-30T00:30Z", "2026-03-31T00:30Z")]
    [InlineData("30 2 * * *", "2026-10-24T12:00Z", "2026-10-25T00:30Z 2026-10-26T01:30Z", "2026-10-27T01:30Z")]
    [InlineData("*/30 2 * * *", "2026-10-24T12:00Z", "2026-10-25T00:00Z 2026-10-25T00:30Z 2026-10-25T01:00Z 2026-10-25T01:30Z 2026-10-26T01:00Z 2026-10-26T01:30Z", "2026-10-27T01:00Z")]
    public async Task What_was_missed_while_the_clocks_changed_is_made_up_for_once(string cron, string asleep, string missed, string next)
    {
        var start = DateTimeOffset.Parse(asleep, CultureInfo.InvariantCulture);
        var times = missed.Split(' ').Select(t => DateTimeOffset.Parse(t, CultureInfo.InvariantCulture).ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture)).ToList();
        _clock.Jump(start - _clock.GetUtcNow());
        foreach (var mode in Enum.GetValues<MisfireMode>())
            await Manager.AddOrUpdateAsync(mode.ToString(), new JobRequest("tick"), cron, new RecurringJobOptions { Misfire = mode, TimeZone = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin") }, Token);
        _clock.Jump(TimeSpan.FromHours(48));
        await RunDueAsync();

        var parameters = (await _host.OfAsync("JobParameter")).ToLookup(p => p.Text("jobid"));
        var runs = parameters.ToLookup(p => p.Single(x => x.Text("name") == "RecurringJobId").Text("value").Trim('"'), p => p.Single(x => x.Text("name") == "Time").Text("value"));
        Assert.Equal(times, runs[nameof(MisfireMode.Strict)].Order(StringComparer.Ordinal));
        Assert.Single(runs[nameof(MisfireMode.Relaxed)]);
        Assert.Empty(runs[nameof(MisfireMode.Ignorable)]);
        foreach (var mode in Enum.GetValues<MisfireMode>())
            Assert.Equal((mode, Ms(DateTimeOffset.Parse(next, CultureInfo.InvariantCulture))), (mode, (await HashAsync(mode.ToString()))["NextExecution"]));
    }

    [Fact]
    public async Task An_unchanged_schedule_keeps_its_next_time_and_a_changed_one_counts_from_now()
    {
        await Manager.AddOrUpdateAsync("job", new JobRequest("tick"), "0 * * * *", cancellationToken: Token);
        _clock.Jump(TimeSpan.FromHours(2));
        await Manager.AddOrUpdateAsync("job", new JobRequest("tick", 2), "0 * * * *", cancellationToken: Token);
        Assert.Equal(Ms(new DateTimeOffset(2026, 1, 15, 13, 0, 0, TimeSpan.Zero)), (await HashAsync("job"))["NextExecution"]);
        await Manager.AddOrUpdateAsync("job", new JobRequest("tick", 2), "15 * * * *", cancellationToken: Token);
        Assert.Equal(Ms(new DateTimeOffset(2026, 1, 15, 14, 15, 0, TimeSpan.Zero)), (await HashAsync("job"))["NextExecution"]);
        await Assert.ThrowsAsync<CronFormatException>(() => Manager.AddOrUpdateAsync("job", new JobRequest("tick"), "60 * * * *", cancellationToken: Token));
    }

    [Fact]
    public async Task A_paused_one_rests_can_be_triggered_and_does_not_make_up_for_it()
    {
        await Manager.AddOrUpdateAsync("job", new JobRequest("tick"), "0 * * * *", new RecurringJobOptions { Misfire = MisfireMode.Strict }, Token);
        Assert.True(await Manager.PauseAsync("job", Token));
        Assert.Equal(-1, Assert.Single(await _host.OfAsync("Set")).Number("score"));
        _clock.Jump(TimeSpan.FromHours(5));
        Assert.Equal(0, await RunDueAsync());
        Assert.NotNull(await Manager.TriggerAsync("job", Token));
        Assert.Equal(-1, Assert.Single(await _host.OfAsync("Set")).Number("score"));
        Assert.True(await Manager.ResumeAsync("job", Token));
        Assert.Equal(0, await RunDueAsync());
        _clock.Jump(TimeSpan.FromHours(1));
        Assert.Equal(1, await RunDueAsync());
        Assert.False(await Manager.PauseAsync("none", Token));
        Assert.Null(await Manager.TriggerAsync("none", Token));
    }

    [Fact]
    public async Task What_cannot_run_says_why_and_rests_after_five_tries()
    {
        await Manager.AddOrUpdateAsync("job", new JobRequest("tick"), "0 * * * *", cancellationToken: Token);
        await _host.ExecuteAsync(provider == DatabaseProvider.Sqlite
            ? "UPDATE \"Hash\" SET \"Value\" = 'nonsense' WHERE \"Field\" = 'Cron'"
            : "UPDATE hangfire.hash SET value = 'nonsense' WHERE field = 'Cron'");
        _clock.Jump(TimeSpan.FromHours(1));
        for (var attempt = 1; attempt <= 5; attempt++)
        {
            Assert.Equal(0, await RunDueAsync());
            Assert.Equal(attempt.ToString(CultureInfo.InvariantCulture), (await HashAsync("job"))["RetryAttempt"]);
            _clock.Jump(TimeSpan.FromSeconds(16));
        }

        await RunDueAsync();
        var hash = await HashAsync("job");
        Assert.Equal("", hash["NextExecution"]);
        Assert.Contains("5 fields", hash["Error"], StringComparison.Ordinal);
        Assert.Equal(-1, Assert.Single(await _host.OfAsync("Set")).Number("score"));

        await Manager.AddOrUpdateAsync("job", new JobRequest("tick"), "0 * * * *", cancellationToken: Token);
        hash = await HashAsync("job");
        Assert.Equal(("0", ""), (hash["RetryAttempt"], hash["Error"]));
        Assert.NotEqual("", hash["NextExecution"]);
    }

    [Fact]
    public async Task The_least_that_a_genuine_client_writes_is_enough()
    {
        await _host.ExecuteAsync(provider == DatabaseProvider.Sqlite
            ? """
              INSERT INTO "Hash" ("Key", "Field", "Value", "ExpireAt") VALUES ('recurring-job:old', 'Cron', '*/5 * * * *', 0),
                  ('recurring-job:old', 'Job', '{"Type":"Automation.Jobs.NamedJob, Automation.Jobs","Method":"Run","ParameterTypes":"[\"System.String\",\"System.Object[], mscorlib\"]","Arguments":"[\"\\\"tick\\\"\",\"[]\"]"}', 0);
              INSERT INTO "Set" ("Key", "Score", "Value", "ExpireAt") VALUES ('recurring-jobs', 0.0, 'old', 0), ('recurring-jobs', 0.0, 'ghost', 0)
              """
            : """
              INSERT INTO hangfire.hash (key, field, value) VALUES ('recurring-job:old', 'Cron', '*/5 * * * *'),
                  ('recurring-job:old', 'Job', '{"Type":"Automation.Jobs.NamedJob, Automation.Jobs","Method":"Run","ParameterTypes":"[\"System.String\",\"System.Object[], mscorlib\"]","Arguments":"[\"\\\"tick\\\"\",\"[]\"]"}');
              INSERT INTO hangfire.set (key, score, value) VALUES ('recurring-jobs', 0, 'old'), ('recurring-jobs', 0, 'ghost')
              """);
        Assert.Equal(1, await RunDueAsync());
        var hash = await HashAsync("old");
        Assert.Equal(("UTC", "default", "2"), (hash["TimeZoneId"], hash["Queue"], hash["V"]));
        Assert.Equal(Ms(_clock.GetUtcNow().AddMinutes(5)), hash["NextExecution"]);
        Assert.Equal("old", Assert.Single(await _host.OfAsync("Set")).Text("value"));
        var view = Assert.Single(await _host.Get<JobQueries>().RecurringAsync(cancellationToken: Token));
        Assert.Equal(("old", "tick", "*/5 * * * *"), (view.Id, view.Name, view.Cron));
        await _host.StartAsync();
        await _host.StateAsync(view.LastJobId!.Value, JobStates.Succeeded);
    }

    [Fact]
    public async Task Many_that_are_not_due_cost_nothing_at_the_start_and_those_due_run_once()
    {
        await _host.ExecuteAsync(provider == DatabaseProvider.Sqlite
            ? $$"""
              WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50000)
              INSERT INTO "Set" ("Key", "Score", "Value", "ExpireAt") SELECT 'recurring-jobs', {{_clock.GetUtcNow().AddHours(-1).ToUnixTimeSeconds()}}.0 + (i % 500 <> 0) * 100000, 'r' || i, 0 FROM n;
              WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50000)
              INSERT INTO "Hash" ("Key", "Field", "Value", "ExpireAt") SELECT 'recurring-job:r' || i, 'Cron', '0 0 * * *', 0 FROM n;
              INSERT INTO "Hash" ("Key", "Field", "Value", "ExpireAt") SELECT 'recurring-job:' || "Value", 'Job', '{"t":"Automation.Jobs.NamedJob, Automation.Jobs","m":"Run","a":["\"tick\"","[]"],"p":["System.String","System.Object[], mscorlib"]}', 0 FROM "Set";
              INSERT INTO "Hash" ("Key", "Field", "Value", "ExpireAt") SELECT 'recurring-job:' || "Value", 'LastExecution', '{{Ms(_clock.GetUtcNow().AddDays(-3))}}', 0 FROM "Set"
              """
            : $$"""
              INSERT INTO hangfire.set (key, score, value) SELECT 'recurring-jobs', {{_clock.GetUtcNow().AddHours(-1).ToUnixTimeSeconds()}} + CASE WHEN i % 500 <> 0 THEN 100000 ELSE 0 END, 'r' || i FROM generate_series(1, 50000) i;
              INSERT INTO hangfire.hash (key, field, value) SELECT 'recurring-job:' || value, 'Cron', '0 0 * * *' FROM hangfire.set;
              INSERT INTO hangfire.hash (key, field, value) SELECT 'recurring-job:' || value, 'Job', '{"t":"Automation.Jobs.NamedJob, Automation.Jobs","m":"Run","a":["\"tick\"","[]"],"p":["System.String","System.Object[], mscorlib"]}' FROM hangfire.set;
              INSERT INTO hangfire.hash (key, field, value) SELECT 'recurring-job:' || value, 'LastExecution', '{{Ms(_clock.GetUtcNow().AddDays(-3))}}' FROM hangfire.set
              """);
        await _host.StartAsync();
        await Eventually.TrueAsync(async () => (await _host.OfAsync("State")).Count(s => s.Text("name") == "Succeeded") == 100);
        Assert.Equal(100, (await _host.OfAsync("Job")).Count);
    }

    private Task<int> RunDueAsync() => _host.Get<RecurringScheduler>().RunDueAsync(Token);

    private async Task<Dictionary<string, string>> HashAsync(string id) =>
        (await _host.OfAsync("Hash")).Where(h => h.Text("key") == "recurring-job:" + id).ToDictionary(h => h.Text("field"), h => h.Text("value"));

    private static string Ms(DateTimeOffset time) => time.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture);
}
