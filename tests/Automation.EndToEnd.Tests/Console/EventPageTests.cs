using Microsoft.Playwright;

namespace Automation.EndToEnd.Tests.Console;

/// <summary>The page of an event: its trail, and what can be made of it.</summary>
public sealed class EventPageTests
{
    private const string Call = """{"event_type":"call_ended","call_id":"c-1","timestamp":"2026-01-01T00:00:00Z","data":{"duration_seconds":60,"outcome":"it's @done"}}""";

    [Fact]
    public async Task From_an_event_its_trail_opens_in_place_a_test_runs_beside_it_and_a_workflow_begins()
    {
        await using var server = await ServerUnderTest.StartAsync();
        await using var browser = await ConsoleBrowser.SignedInAsync(server);
        var page = browser.Page;
        using (await server.PostAsync("flyflow", Call))
        {
        }

        var id = (await server.WaitForAsync("/api/events?type=call_ended", a => a.GetProperty("items").EnumerateArray().Any(e => e.GetProperty("status").GetString() == "Routed")))
            .GetProperty("items")[0].GetProperty("id").GetString();
        await browser.GoAsync("/events/" + id);
        await Assertions.Expect(page.Locator("#trail")).ToContainTextAsync("POST 200");

        // From the request to the bytes of the HTTP exchange and the job that made it, without leaving the page.
        await page.Locator("#trail summary", new PageLocatorOptions { HasText = "Received" }).ClickAsync();
        await Assertions.Expect(page.GetByLabel("Headers")).ToBeVisibleAsync();
        await page.Locator("#trail summary", new PageLocatorOptions { HasText = "1 of" }).ClickAsync();
        await Assertions.Expect(page.Locator(".verdicts")).ToContainTextAsync("started");
        var step = page.Locator("#trail .steps > li:has(> details > summary > b:text-is('PostSummary'))");
        await step.Locator("summary").First.ClickAsync();
        await step.Locator("summary", new LocatorLocatorOptions { HasText = "Job #" }).ClickAsync();
        await Assertions.Expect(step.Locator(".log").First).ToContainTextAsync("Succeeded");
        await step.Locator("summary", new LocatorLocatorOptions { HasText = "HTTP attempt 1" }).ClickAsync();
        await Assertions.Expect(step.GetByText("Idempotency key")).ToBeVisibleAsync();
        await browser.ShotAsync("event-open");

        // The job shows what it sent, too.
        await browser.GoAsync((await step.GetByRole(AriaRole.Link, new LocatorGetByRoleOptions { Name = "The job with its arguments and log" }).First.GetAttributeAsync("href"))!);
        var attempts = page.GetByRole(AriaRole.Region, new PageGetByRoleOptions { Name = "HTTP attempts" });
        await attempts.Locator("summary", new LocatorLocatorOptions { HasText = "HTTP attempt 1" }).ClickAsync();
        await Assertions.Expect(attempts.GetByText("Request body")).ToBeVisibleAsync();
        await browser.GoAsync("/events/" + id);

        Assert.Equal(
            $"curl -i '{server.Address}/webhooks/flyflow' -H 'Content-Type: application/json; charset=utf-8' --data-raw '{Call.Replace("'", "'\\''", StringComparison.Ordinal)}'",
            await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Copy as curl" }).GetAttributeAsync("data-copy"));

        // A test is an instance of its own; what the event started stays as it was.
        await page.GetByLabel("Workflow to test").SelectOptionAsync("call-ended");
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Test", Exact = true }).ClickAsync();
        await page.WaitForURLAsync("**/instances/*");
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new PageGetByRoleOptions { Name = "Test with event " + id })).ToBeVisibleAsync();
        await Assertions.Expect(page.Locator("#steps")).ToContainTextAsync("SetCall");
        Assert.Equal(1, (await server.GetJsonAsync("/api/events/" + id)).GetProperty("starts").GetArrayLength());

        // A new workflow begins with the event's source and type, as a draft, in the Studio.
        await browser.GoAsync("/events/" + id);
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "New workflow" }).ClickAsync();
        await page.WaitForURLAsync("**/studio/workflows/*");
        var draft = new Uri(page.Url).AbsolutePath.Split('/')[^1];
        var definition = await server.GetJsonAsync("/elsa/api/workflow-definitions/by-definition-id/" + draft + "?versionOptions=Latest");
        Assert.False(definition.GetProperty("isPublished").GetBoolean());
        var trigger = definition.GetProperty("root").GetProperty("activities")[0];
        Assert.Equal("Automation.EventReceived", trigger.GetProperty("type").GetString());
        Assert.Equal("flyflow", trigger.GetProperty("source").GetProperty("expression").GetProperty("value").GetString());
        Assert.Equal("call_ended", trigger.GetProperty("eventType").GetProperty("expression").GetProperty("value").GetString());
        await Assertions.Expect(page.Locator(".x6-node")).ToContainTextAsync("flyflow call_ended");
        await browser.ShotAsync("event-new-workflow");

        // The draft runs with the event before it is published.
        await browser.GoAsync("/events/" + id);
        await page.GetByLabel("Workflow to test").SelectOptionAsync(draft);
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Test", Exact = true }).ClickAsync();
        await page.WaitForURLAsync("**/instances/*");
        await page.Locator("#steps summary", new PageLocatorOptions { HasText = "EventReceived1" }).ClickAsync();
        await Assertions.Expect(page.Locator("#steps")).ToContainTextAsync("it's @done");
        Assert.Empty(browser.Errors);
    }
}
