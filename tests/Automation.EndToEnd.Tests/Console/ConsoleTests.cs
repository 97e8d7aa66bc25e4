using Microsoft.Playwright;

namespace Automation.EndToEnd.Tests.Console;

/// <summary>The console in a real browser.</summary>
public sealed class ConsoleTests
{
    [Fact]
    public async Task From_an_event_its_whole_story_is_seen_and_lists_update_by_themselves()
    {
        await using var server = await ServerUnderTest.StartAsync();
        await using var browser = await ConsoleBrowser.OpenAsync(server);
        var page = browser.Page;

        // Whoever is not signed in is led to the form, and afterwards to where they wanted to go.
        await page.GotoAsync(server.Address + "/events");
        await page.FillAsync("input[name=key]", "not-the-key-at-all");
        await page.ClickAsync("button[type=submit]");
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("not known");
        await page.FillAsync("input[name=key]", ServerUnderTest.AdminKey);
        await page.ClickAsync("button[type=submit]");
        await page.WaitForURLAsync("**/events");
        await Assertions.Expect(page.Locator("#events")).ToContainTextAsync("No event has arrived yet");

        // The list shows an event that arrives while it is open.
        using (await server.PostAsync("flyflow", """{"event_type":"call_ended","call_id":"<b>bold</b>","timestamp":"2026-01-01T00:00:00Z","data":{"duration_seconds":60,"outcome":"<img src=x onerror=alert(1)>"}}"""))
        {
        }

        await Assertions.Expect(page.Locator("#events tbody")).ToContainTextAsync("call_ended");
        // What a sender wrote is text, not markup.
        await Assertions.Expect(page.Locator("#events tbody")).ToContainTextAsync("<b>bold</b>");
        // The workflow's own call to the inbox is an event too and moves the rows, so the link is read before it is followed.
        var link = await page.GetByRole(AriaRole.Row).Filter(new LocatorFilterOptions { HasText = "call_ended" }).Locator("a").First.GetAttributeAsync("href");
        await page.GotoAsync(server.Address + link);

        await Assertions.Expect(page.Locator("#trail")).ToContainTextAsync("PostSummary");
        await Assertions.Expect(page.Locator("#trail")).ToContainTextAsync("POST 200");
        await Assertions.Expect(page.Locator("#trail")).ToContainTextAsync("Finished");
        await page.Locator("#trail summary", new PageLocatorOptions { HasText = "PostSummary" }).ClickAsync();
        await Assertions.Expect(page.Locator("#trail")).ToContainTextAsync("Idempotency key");
        await browser.ShotAsync("event");

        await page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "call-ended" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new PageGetByRoleOptions { Name = "What happened" })).ToBeVisibleAsync();
        await browser.ShotAsync("instance");

        await page.GotoAsync(server.Address + "/");
        await Assertions.Expect(page.Locator("#overview")).ToContainTextAsync("call_ended");
        await browser.ShotAsync("overview");
        Assert.Equal(1280, await page.EvaluateAsync<int>("document.documentElement.scrollWidth"));
        // A refused sign-in answers 302 to the form; nothing else went wrong.
        Assert.Empty(browser.Errors);
    }
}
