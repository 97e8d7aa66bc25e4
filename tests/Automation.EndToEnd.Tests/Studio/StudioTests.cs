using System.Net.Http.Json;
using System.Text.RegularExpressions;
using Microsoft.Playwright;

namespace Automation.EndToEnd.Tests.Studio;

/// <summary>What a designer does, in the genuine Studio, in a real browser, against the real server.</summary>
public sealed class StudioTests
{
    [Fact]
    public async Task A_workflow_is_drawn_published_triggered_and_its_run_is_seen()
    {
        await using var server = await ServerUnderTest.StartAsync();
        await using var browser = await StudioBrowser.OpenAsync(server);
        var page = browser.Page;
        await browser.SignInAsync("/studio/workflows");
        await page.WaitForURLAsync(new Regex("pageSize=10"));
        await page.Locator("tbody tr").First.WaitForAsync();
        await browser.ShotAsync("01-list");

        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { NameRegex = new Regex("create workflow", RegexOptions.IgnoreCase) }).First.ClickAsync();
        await page.Locator(".mud-dialog input").First.FillAsync("Order calls");
        await page.Locator(".mud-dialog").GetByRole(AriaRole.Button, new LocatorGetByRoleOptions { Name = "OK" }).ClickAsync();
        await page.WaitForURLAsync(new Regex("/studio/workflows/[0-9a-z-]+$"));
        await page.Locator(".x6-graph-svg").WaitForAsync();
        var definitionId = page.Url[(page.Url.LastIndexOf('/') + 1)..];

        await browser.DropAsync("Event", 40, 150);
        await browser.DropAsync("Decision", 250, 150);
        await browser.DropAsync("Write Line", 490, 60);
        await browser.DropAsync("HTTP Request (flow)", 490, 240);
        await browser.ConnectAsync("Event1", "Done", "FlowDecision1");
        await browser.ConnectAsync("FlowDecision1", "True", "WriteLine1");
        await browser.ConnectAsync("FlowDecision1", "False", "FlowSendHttpRequest1");

        await browser.SelectAsync("Event1", "Event Name");
        await browser.Field("Event Name").FillAsync("order-called");
        await page.Keyboard.PressAsync("Tab");
        await browser.Editor.GetByRole(AriaRole.Tab, new LocatorGetByRoleOptions { Name = "Common", Exact = true }).ClickAsync();
        await browser.Editor.Locator(".mud-checkbox", new LocatorLocatorOptions { HasText = "Trigger workflow" }).Locator("input").CheckAsync(new LocatorCheckOptions { Force = true });
        await browser.Editor.GetByRole(AriaRole.Tab, new LocatorGetByRoleOptions { Name = "Input", Exact = true }).ClickAsync();
        await browser.SelectAsync("FlowDecision1", "Condition");
        await browser.WriteAsync("Condition", "JavaScript", "2 * 2 === 4");
        await SavedAsync("2 * 2 === 4");
        await browser.SelectAsync("WriteLine1", "Text");
        await browser.WriteAsync("Text", "Liquid", "Hello from {{ WorkflowDefinitionId }}");
        await SavedAsync("Hello from {{ WorkflowDefinitionId }}");
        await browser.ShotAsync("02-editor");

        await browser.Editor.Locator("button.mud-icon-button.mud-primary-text:visible").First.ClickAsync();
        var published = await server.WaitForAsync(Latest(definitionId), d => d.GetProperty("isPublished").GetBoolean());
        Assert.Equal(4, published.GetProperty("root").GetProperty("activities").GetArrayLength());
        Assert.Equal(3, published.GetProperty("root").GetProperty("connections").GetArrayLength());

        using var triggered = await server.Api.PostAsJsonAsync(new Uri("/elsa/api/events/order-called/trigger", UriKind.Relative), new { }, TestContext.Current.CancellationToken);
        triggered.EnsureSuccessStatusCode();
        var runs = await server.WaitForAsync($"/elsa/api/workflow-instances?definitionId={definitionId}", r => r.GetProperty("totalCount").GetInt32() == 1);
        Assert.Equal("Finished", runs.GetProperty("items")[0].GetProperty("subStatus").GetString());

        await page.Locator(".studio-bar a", new PageLocatorOptions { HasText = "Instances" }).ClickAsync();
        await page.Locator("elsa-workflow-instance-list tbody").GetByText("Finished").First.WaitForAsync();
        await browser.ShotAsync("03-instances");
        await page.GotoAsync($"{server.Address}/studio/instances/{runs.GetProperty("items")[0].GetProperty("id").GetString()}");
        await page.Locator("elsa-workflow-instance-viewer").GetByText("WriteLine1").First.WaitForAsync();
        await page.Locator("elsa-workflow-instance-viewer").GetByText("Completed").First.WaitForAsync();
        await browser.ShotAsync("04-instance");

        var executions = await server.GetJsonAsync($"/elsa/api/activity-executions/list?workflowInstanceId={runs.GetProperty("items")[0].GetProperty("id").GetString()}");
        Assert.Contains("Hello from " + definitionId, executions.GetRawText(), StringComparison.Ordinal);
        Assert.Empty(browser.Errors);

        // The editor saves a moment after the last key, and another node must not be selected before.
        Task SavedAsync(string text) => server.WaitForAsync(Latest(definitionId), d => d.GetRawText().Contains(text, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_workflow_of_the_folder_opens_from_the_link_that_the_Studio_writes()
    {
        await using var server = await ServerUnderTest.StartAsync();
        await using var browser = await StudioBrowser.OpenAsync(server);

        await browser.SignInAsync("/workflows/definitions/call-ended/edit");
        await browser.Page.Locator(".x6-node").First.WaitForAsync();
        await browser.ShotAsync("05-from-folder");

        Assert.EndsWith("/studio/workflows/call-ended", browser.Page.Url, StringComparison.Ordinal);
        Assert.Equal("Call ended · Automation", await browser.Page.TitleAsync());
        Assert.False(await browser.Page.EvaluateAsync<bool>("document.documentElement.scrollWidth > innerWidth"));
        Assert.Empty(browser.Errors);
    }

    private static string Latest(string definitionId) => $"/elsa/api/workflow-definitions/by-definition-id/{definitionId}?versionOptions=Latest";
}
