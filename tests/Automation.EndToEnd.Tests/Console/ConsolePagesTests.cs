using System.Text.RegularExpressions;
using Microsoft.Playwright;

namespace Automation.EndToEnd.Tests.Console;

/// <summary>The pages around events, each with what it is for, in a real browser.</summary>
public sealed class ConsolePagesTests
{
    private static readonly string[] Pages =
    [
        "/", "/events", "/sources", "/sources/flyflow", "/mappings", "/mappings/new", "/mappings/preview", "/instances", "/hangfire",
        "/secrets", "/users", "/audit", "/settings", "/account", "/search?text=flyflow",
    ];

    [Fact]
    public async Task A_test_event_is_sent_a_rule_changed_and_previewed_and_everything_found_again()
    {
        await using var server = await ServerUnderTest.StartAsync();
        await using var browser = await ConsoleBrowser.SignedInAsync(server);
        var page = browser.Page;

        // A sample of a sender, the whole way in.
        await page.GotoAsync(server.Address + "/sources/flyflow");
        await page.Locator("form", new PageLocatorOptions { HasText = "call_ended" }).GetByRole(AriaRole.Button).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Status)).ToContainTextAsync("sent call_ended: 200");

        // A filter that is not JavaScript, one that lets nothing through, and one that does; each is told while it is typed.
        await page.GotoAsync(server.Address + "/mappings/edit?rule=calls");
        await page.FillAsync("textarea[name=filter]", "event.payload.data.duration_seconds >");
        await Assertions.Expect(page.Locator("#check .note.bad")).ToBeVisibleAsync();
        await page.FillAsync("textarea[name=filter]", "event.payload.data.duration_seconds > 100000");
        await Assertions.Expect(page.Locator("#check")).ToContainTextAsync("0 of the latest 1");
        await page.ClickAsync("button:has-text('Save rule')");
        await Assertions.Expect(page.Locator("tr", new PageLocatorOptions { HasText = "call_ended" })).ToContainTextAsync("100000");

        // From the event: what would happen now.
        await page.GotoAsync(server.Address + "/events?type=call_ended");
        await page.Locator("#events tbody a").First.ClickAsync();
        await page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "What would happen?" }).ClickAsync();
        await Assertions.Expect(page.Locator("main")).ToContainTextAsync("It starts nothing.");
        await page.ClickAsync("button:has-text('Preview')");
        await Assertions.Expect(page.Locator("main")).ToContainTextAsync("It starts nothing.");

        // Switched off, it is off; the file says so, and the log by whom.
        await page.GotoAsync(server.Address + "/mappings");
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Switch off calls" }).ClickAsync();
        await Assertions.Expect(page.Locator("tr", new PageLocatorOptions { HasText = "call_ended" })).ToContainTextAsync("Off");
        Assert.Contains("\"enabled\":false", await File.ReadAllTextAsync(Path.Combine(server.WorkflowsDirectory, "mappings.json"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
        await page.GotoAsync(server.Address + "/audit?kind=mapping");
        await Assertions.Expect(page.Locator("main")).ToContainTextAsync("calls");

        // Found from anywhere with the keyboard alone.
        await page.Keyboard.PressAsync("Control+k");
        await page.RunAndWaitForResponseAsync(() => page.Keyboard.TypeAsync("call-ended"), answer => answer.Url.EndsWith("text=call-ended", StringComparison.Ordinal));
        await Assertions.Expect(page.Locator("#found")).ToContainTextAsync("Workflows");
        await page.Keyboard.PressAsync("ArrowDown");
        // What comes late takes nobody's place away.
        await page.EvaluateAsync(
            """
            () => new Promise(settled => {
              document.addEventListener('htmx:afterSettle', e => e.detail.xhr.responseURL.endsWith('text=call-ende') && settled());
              const field = document.querySelector('#find input');
              field.value = 'call-ende';
              field.dispatchEvent(new Event('input', { bubbles: true }));
            })
            """);
        await Assertions.Expect(page.Locator("#found a:focus")).ToHaveAttributeAsync("href", new Regex("^/(events|instances|studio)/"));
        await page.Keyboard.PressAsync("Enter");
        await page.WaitForURLAsync(new Regex("/(events|instances|studio)/"));

        // Every page in every size and theme: nothing wider than the screen, nothing to complain of.
        foreach (var path in Pages)
        {
            await page.GotoAsync(server.Address + path);
            foreach (var (width, height, scheme) in new[] { (1280, 800, ColorScheme.Light), (1920, 1080, ColorScheme.Dark), (390, 844, ColorScheme.Light) })
            {
                await page.SetViewportSizeAsync(width, height);
                await page.EmulateMediaAsync(new PageEmulateMediaOptions { ColorScheme = scheme });
                Assert.True(await page.EvaluateAsync<int>("document.documentElement.scrollWidth") <= width, $"{path} is wider than {width}.");
                await browser.ShotAsync($"{path.Split('?')[0].Trim('/').Replace('/', '-')}-{width}");
            }
        }

        Assert.Empty(browser.Errors);
    }
}
