using System.Globalization;
using System.Net;
using Automation.Jobs;
using Microsoft.Playwright;

namespace Automation.EndToEnd.Tests.Jobs;

public sealed class SqliteJobPagesTests(SqliteJobSite site) : JobPagesTests(site, "sqlite");

public sealed class PostgresJobPagesTests(PostgresJobSite site) : JobPagesTests(site, "postgres");

/// <summary>What somebody sees and does on the job pages, in a real browser.</summary>
public abstract partial class JobPagesTests(JobSite site, string database)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_page_shows_its_jobs_without_errors_and_within_every_window()
    {
        await site.StartAsync();
        var failed = await site.FailAsync("crm.sync", "contact-1");
        var waiting = await site.WaitingAsync("post", "ada@example.org");
        var later = await site.ScheduledAsync("report.daily", "2026-11-21");
        var deleted = await site.ScheduledAsync("report.weekly");
        await site.Jobs.DeleteAsync(deleted, "Not wanted", Token);
        var next = await site.Jobs.ContinueWithAsync(later, new JobRequest("report.send"), cancellationToken: Token);
        await site.Recurring.AddOrUpdateAsync("nightly", new JobRequest("report.daily"), "0 3 * * *", cancellationToken: Token);
        var page = await site.SignInAsync();
        var errors = new List<string>();
        page.Console += (_, m) => errors.AddRange(m.Type == "error" ? [$"{m.Text} {m.Location}"] : []);
        page.PageError += (_, m) => errors.Add(m);

        foreach (var (name, path, heading, shows) in new (string, string, string, string?)[]
        {
            ("overview", "/hangfire", "Jobs", "wait for a worker"),
            ("overview-week", "/hangfire?period=week", "Jobs", "The last 7 days."),
            ("queues", "/hangfire/jobs/enqueued", "Queues", "post"),
            ("queue", "/hangfire/jobs/enqueued/post", "Waiting: post", $"#{waiting}"),
            ("fetched", "/hangfire/jobs/enqueued/fetched/post", "With servers: post", "No server holds a job of this queue."),
            ("scheduled", "/hangfire/jobs/scheduled?count=500", "Scheduled jobs", $"#{later}"),
            ("processing", "/hangfire/jobs/processing", "Processing jobs", null),
            ("succeeded", "/hangfire/jobs/succeeded", "Succeeded jobs", null),
            ("failed", "/hangfire/jobs/failed", "Failed jobs", $"#{failed}"),
            ("failures", "/hangfire/failures", "Failures by exception", "Exception"),
            ("deleted", "/hangfire/jobs/deleted", "Deleted jobs", $"#{deleted}"),
            ("awaiting", "/hangfire/jobs/awaiting", "Awaiting jobs", $"#{next}"),
            ("search", "/hangfire/jobs", "Search jobs", $"#{next}"),
            ("retries", "/hangfire/retries", "Retries", null),
            ("recurring", "/hangfire/recurring", "Recurring jobs", "nightly"),
            ("servers", "/hangfire/servers", "Servers", "Alive"),
            ("matching", "/hangfire/matching/failed?name=crm.sync", "All failed jobs that match", "Requeue: "),
            ("details-failed", $"/hangfire/jobs/details/{failed}", "crm.sync", "Stack"),
            ("details-scheduled", $"/hangfire/jobs/details/{later}", "report.daily", $"#{next}"),
            ("details-awaiting", $"/hangfire/jobs/details/{next}", "report.send", "if it succeeds"),
        })
        {
            var answer = await page.GotoAsync(path);
            Assert.Equal((name, 200), (name, answer!.Status));
            Assert.Equal(heading, await page.InnerTextAsync("h1"));
            if (shows is not null)
                await Assertions.Expect(page.Locator("main")).ToContainTextAsync(shows);
            foreach (var (width, height, dark) in new[] { (1920, 1080, true), (1280, 800, false), (390, 844, false), (390, 844, true) })
            {
                await page.SetViewportSizeAsync(width, height);
                await page.EmulateMediaAsync(new() { ColorScheme = dark ? ColorScheme.Dark : ColorScheme.Light });
                Assert.False(await page.EvaluateAsync<bool>("document.documentElement.scrollWidth > innerWidth"), $"{path} is wider than a window of {width}.");
                await ShootAsync(page, $"{name}-{width}{(dark ? "-dark" : "")}");
            }
        }

        Assert.True(errors.Count == 0, string.Join('\n', errors));
        await page.Context.CloseAsync();
    }

    [Fact]
    public async Task Jobs_that_are_picked_are_deleted_together_and_the_page_says_so()
    {
        await site.StartAsync();
        var ids = new List<long>();
        for (var i = 0; i < 3; i++)
            ids.Add(await site.WaitingAsync("bulk-delete", i));
        var page = await site.SignInAsync();
        await page.GotoAsync("/hangfire/jobs/enqueued/bulk-delete");

        // By keyboard: a box is ticked with the space bar, a button is pressed with Enter.
        await page.GetByLabel($"Select job {ids[0]}").FocusAsync();
        await page.Keyboard.PressAsync("Space");
        await page.GetByLabel($"Select job {ids[1]}").CheckAsync();
        await Assertions.Expect(page.GetByText("2 selected")).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Delete" }).FocusAsync();
        await page.Keyboard.PressAsync("Enter");

        await Assertions.Expect(page.GetByRole(AriaRole.Status)).ToHaveTextAsync("2 jobs were deleted.");
        Assert.Equal(JobStates.Deleted, await StateAsync(ids[0]));
        Assert.Equal(JobStates.Deleted, await StateAsync(ids[1]));
        Assert.Equal(JobStates.Enqueued, await StateAsync(ids[2]));
        await page.Context.CloseAsync();
    }

    [Fact]
    public async Task A_picked_job_that_has_moved_on_is_left_alone_also_without_scripts()
    {
        await site.StartAsync();
        var (stays, moves) = (await site.ScheduledAsync("bulk.guard", 1), await site.ScheduledAsync("bulk.guard", 2));
        var page = await site.SignInAsync(scripts: false);
        await page.GotoAsync("/hangfire/jobs/scheduled?name=bulk.guard");
        await page.GetByLabel($"Select job {stays}").CheckAsync();
        await page.GetByLabel($"Select job {moves}").CheckAsync();
        await site.Jobs.DeleteAsync(moves, "Somebody else was first", Token);

        await page.GetByRole(AriaRole.Button, new() { Name = "Delete" }).ClickAsync();

        await Assertions.Expect(page.GetByRole(AriaRole.Status)).ToHaveTextAsync("1 job was deleted. 1 was no longer as shown here and left alone.");
        var history = await site.Server.GetJsonAsync($"/api/jobs/{moves}");
        Assert.Equal("Somebody else was first", history.GetProperty("history")[0].GetProperty("reason").GetString());
        await page.Context.CloseAsync();
    }

    [Fact]
    public async Task A_list_follows_changes_and_keeps_what_is_picked()
    {
        await site.StartAsync();
        var (goes, stays) = (await site.ScheduledAsync("live.change", 1), await site.ScheduledAsync("live.change", 2));
        var page = await site.SignInAsync();
        await page.GotoAsync("/hangfire/jobs/scheduled?name=live.change");
        await page.GetByLabel($"Select job {stays}").CheckAsync();

        using (await site.Server.Api.PostAsync(new Uri($"/api/jobs/{goes}/delete", UriKind.Relative), content: null, Token))
        {
        }

        await Assertions.Expect(page.Locator($"#job-{goes}")).ToHaveCountAsync(0, new() { Timeout = 15_000 });
        await Assertions.Expect(page.GetByLabel($"Select job {stays}")).ToBeCheckedAsync();
        await page.Context.CloseAsync();
    }

    [Fact]
    public async Task Jobs_are_found_by_name_argument_exception_queue_state_time_and_id()
    {
        await site.StartAsync();
        var failed = await site.FailAsync("find.me", "needle-in-arguments");
        var queued = await site.WaitingAsync("find-queue", "other");
        var page = await site.SignInAsync();

        foreach (var (query, found, hidden) in new[]
        {
            ("name=find.me", failed, queued),
            ("argument=needle-in", failed, queued),
            ("exception=find.me&state=Failed", failed, queued),
            ("queue=find-queue", queued, failed),
            ("state=Enqueued&count=500", queued, failed),
        })
        {
            await page.GotoAsync("/hangfire/jobs?" + query);
            await Assertions.Expect(page.Locator($"#job-{found}")).ToBeVisibleAsync();
            await Assertions.Expect(page.Locator($"#job-{hidden}")).ToHaveCountAsync(0);
        }

        await page.GotoAsync("/hangfire/jobs?from=2100-01-01T00:00");
        await Assertions.Expect(page.GetByText("No job is like this.")).ToBeVisibleAsync();
        await page.FillAsync("input[name=id]", failed.ToString(CultureInfo.InvariantCulture));
        await page.Keyboard.PressAsync("Enter");
        await page.WaitForURLAsync($"**/hangfire/jobs/details/{failed}");
        await page.Context.CloseAsync();
    }

    [Fact]
    public async Task A_failed_job_is_run_again_from_its_page_and_by_its_exception()
    {
        await site.StartAsync();
        var id = await site.FailAsync("again.please");
        var page = await site.SignInAsync();
        await page.GotoAsync($"/hangfire/jobs/details/{id}");

        await page.GetByRole(AriaRole.Button, new() { Name = "Requeue" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Status)).ToHaveTextAsync("1 job was put into the queue again.");
        await site.Server.WaitForAsync($"/api/jobs/{id}", j => Failures(j) == 2);

        await page.GotoAsync("/hangfire/failures");
        await page.GetByRole(AriaRole.Button, new() { NameRegex = new("^Requeue all with .*") }).First.ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Status)).ToContainTextAsync("put into the queue again.");
        await site.Server.WaitForAsync($"/api/jobs/{id}", j => Failures(j) == 3);
        await page.Context.CloseAsync();

        static int Failures(System.Text.Json.JsonElement job) =>
            job.GetProperty("history").EnumerateArray().Count(h => h.GetProperty("state").GetString() == JobStates.Failed);
    }

    [Fact]
    public async Task A_queue_is_paused_and_resumed()
    {
        await site.StartAsync();
        await site.WaitingAsync("pausable");
        var page = await site.SignInAsync();
        await page.GotoAsync("/hangfire/jobs/enqueued");

        await page.GetByRole(AriaRole.Button, new() { Name = "Pause queue pausable" }).ClickAsync();
        await Assertions.Expect(page.Locator("#queue-pausable")).ToContainTextAsync("Paused");
        Assert.True((await site.Queries.QueuesAsync(Token)).Single(q => q.Name == "pausable").IsPaused);

        await page.GetByRole(AriaRole.Button, new() { Name = "Resume queue pausable" }).ClickAsync();
        await Assertions.Expect(page.Locator("#queue-pausable")).Not.ToContainTextAsync("Paused");
        Assert.False((await site.Queries.QueuesAsync(Token)).Single(q => q.Name == "pausable").IsPaused);
        await page.Context.CloseAsync();
    }

    [Fact]
    public async Task A_recurring_job_is_triggered_paused_resumed_and_removed()
    {
        await site.StartAsync();
        await site.Recurring.AddOrUpdateAsync("by-hand", new JobRequest("report.hand"), "0 0 1 1 *", cancellationToken: Token);
        var page = await site.SignInAsync();
        await page.GotoAsync("/hangfire/recurring?text=by-hand");

        await PressAsync("Run now", "1 recurring job was started.");
        Assert.NotNull((await FindAsync())!.LastJobId);
        await PressAsync("Pause", "1 recurring job was paused.");
        Assert.Null((await FindAsync())!.Next);
        await PressAsync("Resume", "1 recurring job was resumed.");
        Assert.NotNull((await FindAsync())!.Next);
        await PressAsync("Remove", "1 recurring job was removed.");
        Assert.Null(await FindAsync());
        await page.Context.CloseAsync();

        async Task PressAsync(string button, string says)
        {
            await page.GetByLabel("Select by-hand").CheckAsync();
            await page.GetByRole(AriaRole.Button, new() { Name = button, Exact = true }).ClickAsync();
            await Assertions.Expect(page.GetByRole(AriaRole.Status)).ToHaveTextAsync(says);
        }

        async Task<RecurringJobView?> FindAsync() => (await site.Queries.RecurringAsync(cancellationToken: Token)).SingleOrDefault(r => r.Id == "by-hand");
    }

    [Fact]
    public async Task A_running_job_leads_to_its_event_and_workflow_and_is_stopped_by_cancel()
    {
        await site.StartAsync();
        await site.MapToStalledCallAsync();
        System.Net.Sockets.TcpClient? call = null;
        for (var i = 0; call is null; i++)
        {
            // The changed rules are in force a moment after they are saved; until then the event starts another workflow.
            using var answer = await site.Server.PostAsync("flyflow", $$$"""{"event_type":"tool_call","call_id":"stall-{{{i}}}","timestamp":"2026-01-01T00:00:00Z","data":{"tool_name":"x"} }""");
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(Token);
            patience.CancelAfter(TimeSpan.FromSeconds(2));
            try
            {
                call = await site.Receiver.TakeAsync(patience.Token);
            }
            catch (OperationCanceledException) when (!Token.IsCancellationRequested && i < 20)
            {
                // Not yet.
            }
        }

        var running = await site.Server.WaitForAsync("/api/jobs?state=Processing&name=workflow.activity", p => p.GetProperty("jobs").GetArrayLength() > 0);
        var id = running.GetProperty("jobs")[0].GetProperty("id").GetInt64();
        var page = await site.SignInAsync();
        await page.GotoAsync($"/hangfire/jobs/details/{id}");
        await ShootAsync(page, "details-processing");
        await Assertions.Expect(page.GetByRole(AriaRole.Link, new() { Name = "Stalled call" }).Or(page.GetByRole(AriaRole.Link, new() { Name = "stalled-call" }))).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Link, new() { Name = "tool_call" })).ToHaveAttributeAsync("href", new System.Text.RegularExpressions.Regex("^/events/"));

        await page.GetByRole(AriaRole.Button, new() { Name = "Cancel" }).ClickAsync();

        await Assertions.Expect(page.GetByRole(AriaRole.Status)).ToHaveTextAsync("The job was cancelled and has stopped.", new() { Timeout = 15_000 });
        await StalledReceiver.WaitForHangUpAsync(call, Token);
        call.Dispose();
        Assert.Equal(JobStates.Deleted, await StateAsync(id));
        await page.Context.CloseAsync();
    }

    [Fact]
    public async Task An_unknown_job_is_told_so_and_a_form_without_its_token_does_nothing()
    {
        await site.StartAsync();
        var id = await site.ScheduledAsync("token.check");
        var token = TestContext.Current.CancellationToken;

        using var unknown = await site.Server.Api.GetAsync(new Uri("/hangfire/jobs/details/999999999", UriKind.Relative), token);
        using var forged = await site.Server.Api.PostAsync(new Uri($"/hangfire/jobs/actions/delete/{id}", UriKind.Relative), content: null, token);

        Assert.Equal(HttpStatusCode.OK, unknown.StatusCode);
        Assert.Contains("does not exist or has expired", await unknown.Content.ReadAsStringAsync(token), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.BadRequest, forged.StatusCode);
        Assert.Equal(JobStates.Scheduled, await StateAsync(id));
    }

    private async Task<string?> StateAsync(long id) => (await site.Server.GetJsonAsync($"/api/jobs/{id}")).GetProperty("job").GetProperty("state").GetString();

    private Task ShootAsync(IPage page, string name) => Pictures.TakeAsync(page, "screenshots", $"jobs-{database}-{name}");
}
