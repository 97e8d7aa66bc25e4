using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Automation.Jobs;
using Microsoft.Playwright;

namespace Automation.EndToEnd.Tests.Jobs;

/// <content>What is done to all that match, what viewers may do, and what programs read.</content>
public abstract partial class JobPagesTests
{
    [Fact]
    public async Task All_jobs_that_match_a_filter_are_deleted_after_they_were_counted_and_no_others()
    {
        await site.StartAsync();
        var ids = new List<long>();
        for (var i = 0; i < 60; i++)
            ids.Add(await site.ScheduledAsync("match.all", i));
        var other = await site.ScheduledAsync("match.other");
        var page = await site.SignInAsync();
        await page.GotoAsync("/hangfire/jobs/scheduled?name=match.all");

        await page.GetByRole(AriaRole.Link, new() { Name = "All that match…" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Status)).ToContainTextAsync("60 jobs");
        // One comes after the count was shown: nobody meant it.
        var later = await site.ScheduledAsync("match.all", 60);
        await page.GetByRole(AriaRole.Button, new() { Name = "Delete: 60 jobs" }).ClickAsync();

        await Assertions.Expect(page.GetByRole(AriaRole.Status)).ToHaveTextAsync("60 jobs were deleted.", new() { Timeout = 30_000 });
        foreach (var id in ids)
            Assert.Equal(JobStates.Deleted, await StateAsync(id));
        Assert.Equal(JobStates.Scheduled, await StateAsync(other));
        Assert.Equal(JobStates.Scheduled, await StateAsync(later));
        await page.Context.CloseAsync();
    }

    [Fact]
    public async Task All_retries_and_all_jobs_with_servers_are_moved_and_no_others()
    {
        await site.StartAsync();
        var retries = new[] { await site.RetryAsync("retry.all", "one"), await site.RetryAsync("retry.all", "two") };
        var (other, planned) = (await site.RetryAsync("retry.other"), await site.ScheduledAsync("retry.all", "was never tried"));
        var page = await site.SignInAsync();

        await page.GotoAsync("/hangfire/retries?name=retry.all");
        await Assertions.Expect(page.Locator("#list tbody tr")).ToHaveCountAsync(2);
        await page.GetByRole(AriaRole.Link, new() { Name = "All that match…" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Delete: 2 jobs" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Status)).ToHaveTextAsync("2 jobs were deleted.", new() { Timeout = 30_000 });
        await Assertions.Expect(page.GetByText("No job that waits for another attempt is like this.")).ToBeVisibleAsync();
        Assert.Equal(
            [JobStates.Deleted, JobStates.Deleted, JobStates.Scheduled, JobStates.Scheduled],
            await Task.WhenAll(retries.Append(other).Append(planned).Select(async id => await StateAsync(id) ?? "")));

        var (held, waits) = (await site.HeldAsync("held-queue", 1), await site.WaitingAsync("held-queue", 2));
        await page.GotoAsync("/hangfire/jobs/enqueued/fetched/held-queue");
        await page.GetByRole(AriaRole.Link, new() { Name = "All that match…" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Cancel and delete: 1 job" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Status)).ToHaveTextAsync("1 job was deleted.", new() { Timeout = 30_000 });
        Assert.Equal((JobStates.Deleted, JobStates.Enqueued), (await StateAsync(held), await StateAsync(waits)));
        await page.Context.CloseAsync();
    }

    [Fact]
    public async Task A_move_of_very_many_jobs_goes_on_from_where_the_page_says()
    {
        await site.StartAsync();
        var ids = new List<long>();
        for (var i = 0; i < 4; i++)
            ids.Add(await site.WaitingAsync("long-move", i));
        var page = await site.SignInAsync();

        // As if the first stretch had got to the second newest; the page sends the next one by itself.
        await page.GotoAsync($"/hangfire/matching/enqueued?queue=long-move&move=delete&through={ids[3]}&before={ids[2]}&done=2&left=0");

        await Assertions.Expect(page.GetByRole(AriaRole.Status)).ToHaveTextAsync("4 jobs were deleted.", new() { Timeout = 30_000 });
        Assert.Equal([JobStates.Deleted, JobStates.Deleted, JobStates.Enqueued, JobStates.Enqueued], await Task.WhenAll(ids.Select(async id => await StateAsync(id) ?? "")));
        await page.Context.CloseAsync();
    }

    [Fact]
    public async Task A_filter_that_cannot_be_read_never_widens_to_all_jobs()
    {
        await site.StartAsync();
        var id = await site.ScheduledAsync("match.guard");
        var page = await site.SignInAsync();

        await page.GotoAsync("/hangfire/matching/scheduled?name=match.guard&from=last+week");

        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("nothing can be done");
        await Assertions.Expect(page.Locator("main form[method=post]")).ToHaveCountAsync(0);
        Assert.Equal(JobStates.Scheduled, await StateAsync(id));
        await page.Context.CloseAsync();
    }

    [Fact]
    public async Task A_viewer_sees_every_page_and_can_change_nothing()
    {
        await site.StartAsync();
        var id = await site.ScheduledAsync("viewer.only");
        var failed = await site.FailAsync("viewer.failed");
        await site.Recurring.AddOrUpdateAsync("viewers", new JobRequest("report.daily"), "0 3 * * *", cancellationToken: Token);
        using var made = await site.Server.Api.PostAsJsonAsync("/api/keys", new { name = $"viewer-{Guid.NewGuid():N}", role = "viewer" }, Token);
        var key = (await made.Content.ReadFromJsonAsync<JsonElement>(Token)).GetProperty("secret").GetString()!;
        var page = await site.SignInAsync(key: key);

        foreach (var path in new[]
        {
            "/hangfire", "/hangfire/jobs/enqueued", "/hangfire/jobs/scheduled", "/hangfire/jobs/failed", "/hangfire/failures", "/hangfire/retries", "/hangfire/recurring",
            "/hangfire/servers", $"/hangfire/jobs/details/{id}", $"/hangfire/jobs/details/{failed}", "/hangfire/matching/scheduled?name=viewer.only",
        })
        {
            Assert.Equal(200, (await page.GotoAsync(path))!.Status);
            await Assertions.Expect(page.Locator("main form[method=post] button, main input[name='jobs[]']")).ToHaveCountAsync(0);
        }

        using var client = new HttpClient { BaseAddress = new Uri(site.Server.Address) };
        client.DefaultRequestHeaders.Authorization = new("ApiKey", key);
        foreach (var path in new[]
        {
            $"/hangfire/jobs/actions/delete/{id}", $"/hangfire/jobs/actions/requeue/{id}", "/hangfire/jobs/scheduled/delete", "/hangfire/matching/scheduled/delete", "/hangfire/recurring/remove",
            "/hangfire/queues/default/pause", $"/api/jobs/{id}/delete", "/api/jobs/queues/default/pause",
        })
        {
            using var refused = await client.PostAsync(new Uri(path, UriKind.Relative), content: null, Token);
            Assert.Equal((path, HttpStatusCode.Forbidden), (path, refused.StatusCode));
        }

        Assert.Equal(JobStates.Scheduled, await StateAsync(id));
        await page.Context.CloseAsync();
    }

    [Fact]
    public async Task The_live_graph_counts_what_ends_while_it_is_looked_at()
    {
        await site.StartAsync();
        var page = await site.SignInAsync();
        await page.GotoAsync("/hangfire");
        var text = page.Locator("[data-live-text]");
        await Assertions.Expect(text).ToHaveTextAsync("0 succeeded, 0 failed, 0 deleted in the last minute", new() { Timeout = 15_000 });

        var id = await site.ScheduledAsync("graph.me");
        await site.Jobs.DeleteAsync(id, "Counted", Token);

        await Assertions.Expect(text).ToContainTextAsync("1 deleted in the last minute", new() { Timeout = 15_000 });
        await page.Context.CloseAsync();
    }

    [Fact]
    public async Task Figures_are_told_by_name_as_Hangfires_dashboard_asks_for_them()
    {
        await site.StartAsync();
        await site.ScheduledAsync("stats.me");
        using var form = new FormUrlEncodedContent(
            [new("metrics[]", "scheduled:count"), new("metrics[]", "servers:count"), new("metrics[]", "enqueued-queues:count"), new("metrics[]", "no-such:count")]);
        using var answer = await site.Server.Api.PostAsync(new Uri("/hangfire/stats", UriKind.Relative), form, Token);
        var stats = await answer.Content.ReadFromJsonAsync<JsonElement>(Token);

        Assert.Equal(["scheduled:count", "servers:count", "enqueued-queues:count"], stats.EnumerateObject().Select(p => p.Name));
        Assert.True(stats.GetProperty("scheduled:count").GetProperty("intValue").GetInt64() > 0);
        Assert.Equal("info", stats.GetProperty("scheduled:count").GetProperty("style").GetString());
        Assert.Equal("1", stats.GetProperty("servers:count").GetProperty("value").GetString());
        Assert.Contains(" / ", stats.GetProperty("enqueued-queues:count").GetProperty("value").GetString(), StringComparison.Ordinal);

        using var noForm = await site.Server.Api.PostAsync(new Uri("/hangfire/stats", UriKind.Relative), content: null, Token);
        Assert.Equal(HttpStatusCode.BadRequest, noForm.StatusCode);
    }

    [Fact]
    public async Task The_meter_is_told_as_text_that_Prometheus_reads()
    {
        await site.StartAsync();
        await site.FailAsync("metrics \"me\"\\");
        const string ended = """automation_jobs_ended_total{exception="Automation.Jobs.Serialization.JobLoadException",name="metrics \"me\"\\",outcome="failed"} 1""";
        string[] lines = [];
        // An end is counted a moment after it is stored.
        for (var look = 0; look < 100 && !lines.Contains(ended); look++)
        {
            using var answer = await site.Server.Api.GetAsync(new Uri("/metrics", UriKind.Relative), Token);
            Assert.Equal("text/plain; version=0.0.4; charset=utf-8", answer.Content.Headers.ContentType!.ToString());
            lines = (await answer.Content.ReadAsStringAsync(Token)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
            await Task.Delay(20, Token);
        }

        Assert.Contains(ended, lines);
        Assert.All(lines, line => Assert.Matches("""^(# (HELP|TYPE) [a-z_][a-z0-9_]* .+|[a-zA-Z_][a-zA-Z0-9_]*(\{([a-zA-Z_]+="([^"\\]|\\.)*",?)+\})? ([-0-9.E+]+|NaN))$""", line));
        Assert.Contains("# TYPE automation_jobs_run_duration_seconds histogram", lines);
        Assert.Contains("""automation_jobs_run_duration_seconds_bucket{name="metrics \"me\"\\",le="+Inf"} 1""", lines);
        Assert.Contains(lines, l => l.StartsWith("automation_jobs_wait_duration_seconds_count{queue=\"default\"} ", StringComparison.Ordinal));
        Assert.Contains(lines, l => l.StartsWith("dotnet_gc_collections_total{", StringComparison.Ordinal));

        using var stranger = new HttpClient { BaseAddress = new Uri(site.Server.Address) };
        using var refused = await stranger.GetAsync(new Uri("/metrics", UriKind.Relative), Token);
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
    }

    [Fact]
    public async Task Every_page_has_its_JSON()
    {
        await site.StartAsync();
        var waiting = await site.WaitingAsync("json-queue", 1);
        var later = await site.ScheduledAsync("json.later");
        var page = await site.SignInAsync();
        foreach (var (path, has) in new (string, string?)[]
        {
            ("/hangfire", "\"counts\""), ("/hangfire?period=week", "\"history\""), ("/hangfire/jobs/enqueued", "json-queue"), ("/hangfire/jobs/enqueued/json-queue", $"{waiting}"),
            ("/hangfire/jobs/enqueued/fetched/json-queue", "\"jobs\":[]"), ("/hangfire/jobs/scheduled?count=500", $"{later}"), ("/hangfire/jobs/processing", "\"jobs\""),
            ("/hangfire/jobs/succeeded", "\"jobs\""), ("/hangfire/jobs/failed", "\"jobs\""), ("/hangfire/jobs/deleted", "\"jobs\""), ("/hangfire/jobs/awaiting", "\"jobs\""),
            ("/hangfire/retries", null), ("/hangfire/recurring", null), ("/hangfire/servers", "\"heartbeat\""), ("/hangfire/failures", null), ("/hangfire/jobs?name=json.later", $"{later}"),
            ($"/hangfire/jobs/details/{later}", "\"history\""),
        })
        {
            await page.GotoAsync(path);
            var link = await page.GetByRole(AriaRole.Link, new() { Name = "JSON", Exact = true }).GetAttributeAsync("href");
            using var answer = await site.Server.Api.GetAsync(new Uri(link!, UriKind.Relative), Token);
            Assert.Equal((path, HttpStatusCode.OK), (path, answer.StatusCode));
            var text = await answer.Content.ReadAsStringAsync(Token);
            using (JsonDocument.Parse(text))
                Assert.Contains(has ?? "", text, StringComparison.Ordinal);
        }

        await page.Context.CloseAsync();
    }
}
