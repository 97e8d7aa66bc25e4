using System.Text.RegularExpressions;
using Automation.Jobs;

namespace Automation.EndToEnd.Tests.Jobs;

/// <summary>The job pages as somebody knows them who has a keyboard and hears what is on the screen.</summary>
public sealed partial class JobPagesByKeyboardTests(SqliteJobSite site)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_control_of_every_page_is_reached_by_Tab_in_order_and_has_a_name()
    {
        await site.StartAsync();
        var failed = await site.FailAsync("keyboard.sync", "contact-1");
        await site.WaitingAsync("keyboard", "ada@example.org");
        await site.HeldAsync("keyboard", 1);
        var later = await site.ScheduledAsync("keyboard.daily");
        var next = await site.Jobs.ContinueWithAsync(later, new JobRequest("keyboard.send"), cancellationToken: Token);
        var deleted = await site.ScheduledAsync("keyboard.weekly");
        await site.Jobs.DeleteAsync(deleted, "Not wanted", Token);
        await site.RetryAsync("keyboard.retry");
        await site.Recurring.AddOrUpdateAsync("keyboard", new JobRequest("keyboard.daily"), "0 3 * * *", cancellationToken: Token);
        var page = await site.SignInAsync();

        var faults = new List<string>();
        foreach (var path in new[]
        {
            "/hangfire", "/hangfire?period=week", "/hangfire/jobs/enqueued", "/hangfire/jobs/enqueued/keyboard", "/hangfire/jobs/enqueued/fetched/keyboard", "/hangfire/jobs/scheduled?name=keyboard",
            "/hangfire/jobs/processing", "/hangfire/jobs/succeeded?count=10", "/hangfire/jobs/failed?name=keyboard", "/hangfire/failures", "/hangfire/jobs/deleted?name=keyboard",
            "/hangfire/jobs/awaiting?name=keyboard", "/hangfire/jobs?name=keyboard", "/hangfire/retries?name=keyboard", "/hangfire/recurring?text=keyboard", "/hangfire/servers",
            "/hangfire/matching/failed?name=keyboard", $"/hangfire/jobs/details/{failed}", $"/hangfire/jobs/details/{later}", $"/hangfire/jobs/details/{next}", "/hangfire/jobs/details/999999999",
        })
        {
            await page.GotoAsync(path);
            // As it is read aloud: a role without a name behind it is a control of which nobody hears what it does.
            var heard = await page.Locator("body").AriaSnapshotAsync();
            faults.AddRange(Nameless().Matches(heard).Select(m => $"{path}: no name: {m.Value.Trim()}"));
            if (await page.Locator("[data-job-news][aria-live=polite]").CountAsync() != 1)
                faults.Add($"{path}: changes are not announced.");
            if (await page.Locator("h1").CountAsync() != 1 || await page.Locator("main").CountAsync() != 1)
                faults.Add($"{path}: not one heading in one main part.");

            var stops = await page.EvaluateAsync<int>(
                """
                () => {
                  window.stops = [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex="0"]')]
                    .filter(e => !e.disabled && e.tabIndex >= 0 && e.checkVisibility({ visibilityProperty: true }));
                  window.reached = [];
                  document.addEventListener('focusin', () => {
                    const at = window.stops.indexOf(document.activeElement);
                    if (at >= 0 && window.reached.at(-1) !== at)
                      window.reached.push(at);
                  });
                  return window.stops.length;
                }
                """);
            int[] reached = [];
            // A field for a time has a stop for each of its parts, so there may be more than one for each control.
            for (var pressed = 0; pressed < stops * 8 && !reached.Contains(stops - 1); reached = await page.EvaluateAsync<int[]>("window.reached"))
            {
                for (var i = 0; i < stops; i++, pressed++)
                    await page.Keyboard.PressAsync("Tab");
            }

            // After the last one it begins anew.
            reached = [.. reached.Take(Array.IndexOf(reached, stops - 1) is >= 0 and var last ? last + 1 : reached.Length)];

            if (!reached.SequenceEqual(Enumerable.Range(0, stops)))
                faults.Add($"{path}: Tab goes {string.Join(' ', reached)} through {stops} controls.");
        }

        Assert.True(faults.Count == 0, string.Join('\n', faults));
        await page.Context.CloseAsync();
    }

    [GeneratedRegex(@"^\s*- (button|link|textbox|searchbox|checkbox|combobox|spinbutton|table|navigation|region|form|search)(:|\s\[|$).*$", RegexOptions.Multiline, 1000)]
    private static partial Regex Nameless();
}
