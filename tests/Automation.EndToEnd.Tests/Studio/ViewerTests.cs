using System.Net;
using System.Net.Http.Json;
using System.Text.RegularExpressions;
using Microsoft.Playwright;

namespace Automation.EndToEnd.Tests.Studio;

/// <summary>Who may only look sees everything in the genuine Studio and changes nothing.</summary>
public sealed class ViewerTests(StudioSession session) : IClassFixture<StudioSession>
{
    private const string Password = "correct horse battery staple";

    private readonly ServerUnderTest _server = session.Server;
    private readonly StudioBrowser _browser = session.Browser;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_viewer_looks_at_workflows_and_instances_and_is_offered_no_change()
    {
        using (var created = await _server.Api.PostAsJsonAsync("/api/users", new { name = "vera", role = "viewer", password = Password }, Token))
            Assert.Equal(HttpStatusCode.Created, created.StatusCode);
        using (var saved = await _server.Api.PostAsJsonAsync(new Uri("/elsa/api/workflow-definitions", UriKind.Relative), Definition(), Token))
            saved.EnsureSuccessStatusCode();
        using var dispatched = await _server.Api.PostAsJsonAsync(new Uri("/elsa/api/workflow-definitions/looked-at/dispatch", UriKind.Relative), new { }, Token);
        var instance = (await dispatched.Content.ReadFromJsonAsync<System.Text.Json.JsonElement>(Token)).GetProperty("workflowInstanceId").GetString();
        await _server.WaitForAsync($"/elsa/api/workflow-instances?searchTerm={instance}", p => p.GetProperty("totalCount").GetInt32() == 1);

        var page = await _browser.OpenAsUserAsync("vera", Password, "/studio/workflows");
        await page.Locator("#studio tbody tr", new PageLocatorOptions { HasText = "Looked at" }).WaitForAsync();
        await page.WaitForURLAsync(new Regex("pageSize=10"));
        await _browser.ShotAsync("20-viewer-list", page);
        var create = page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { NameRegex = new Regex("create workflow", RegexOptions.IgnoreCase) });
        Assert.True(await create.CountAsync() == 0 || await create.First.IsDisabledAsync());

        Assert.Equal(["View", "Export"], await OfferedAsync(page, "Looked at"));

        await page.GotoAsync(_server.Address + "/studio/workflows/looked-at");
        await page.Locator(".x6-node").First.WaitForAsync();
        await page.GetByText("read-only mode").First.WaitForAsync();
        await _browser.ShotAsync("21-viewer-editor", page);
        Assert.Equal(0, await page.Locator("elsa-workflow-definition-editor button:visible:has(path[d^=\"M19.35 10.04\"])").CountAsync());

        await page.GotoAsync(_server.Address + "/studio/instances/" + instance);
        await page.Locator("elsa-workflow-instance-viewer .x6-node").First.WaitForAsync();
        await _browser.ShotAsync("22-viewer-instance", page);

        await page.GotoAsync(_server.Address + "/studio/instances");
        await page.Locator("#studio tbody tr", new PageLocatorOptions { HasText = instance! }).WaitForAsync();
        await _browser.ShotAsync("23-viewer-instances", page);
        Assert.Equal(["View"], await OfferedAsync(page, instance!));
        Assert.Empty(_browser.Errors);

        // What the Studio does not offer, the API refuses.
        foreach (var (method, path) in ((string, string)[])
        [
            ("POST", "/workflow-definitions"), ("POST", "/workflow-definitions/looked-at/publish"), ("DELETE", "/workflow-definitions/looked-at"), ("POST", "/workflow-definitions/looked-at/execute"),
            ("POST", $"/cancel/workflow-instances/{instance}"), ("DELETE", $"/workflow-instances/{instance}"), ("POST", "/workflow-definitions/import"),
        ])
        {
            var answer = await page.APIRequest.FetchAsync(_server.Address + "/elsa/api" + path, new APIRequestContextOptions { Method = method, DataObject = new { } });
            Assert.Equal(403, answer.Status);
        }

        var after = await _server.GetJsonAsync("/elsa/api/workflow-instances/" + instance);
        Assert.Equal("Suspended", after.GetProperty("subStatus").GetString());
        Assert.True((await _server.GetJsonAsync("/elsa/api/workflow-definitions/by-definition-id/looked-at")).GetProperty("isPublished").GetBoolean());
        await page.Context.CloseAsync();
    }

    /// <summary>What the menu of a row lets one do.</summary>
    private static async Task<IReadOnlyList<string>> OfferedAsync(IPage page, string row)
    {
        await page.Locator("#studio tbody tr", new PageLocatorOptions { HasText = row }).Locator("button").Last.ClickAsync();
        var items = page.Locator(".mud-popover-open .mud-menu-item:visible, .mud-popover-open .mud-list-item:visible");
        await page.Locator(".mud-popover-open").GetByText("View", new LocatorGetByTextOptions { Exact = true }).WaitForAsync();
        return [.. (await items.AllInnerTextsAsync()).Select(t => t.Trim())];
    }

    [Theory]
    [InlineData("/studio/workflows/no-such-workflow", "There is no workflow “no-such-workflow”", "All workflows")]
    [InlineData("/studio/instances/no-such-instance", "There is no instance “no-such-instance”", "All instances")]
    public async Task What_is_not_there_is_said_with_a_way_on(string path, string said, string wayOn)
    {
        var page = await _browser.OpenTabAsync();
        await page.GotoAsync(_server.Address + path);
        await page.GetByText(said).WaitForAsync();
        await _browser.ShotAsync(wayOn == "All workflows" ? "24-no-workflow" : "25-no-instance", page);
        await page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = wayOn, Exact = true }).ClickAsync();
        await page.Locator("#studio .mud-table").First.WaitForAsync();
        Assert.True(await page.GetByText(said).IsHiddenAsync());

        // The browser itself notes that the answer was 404; there is nothing else.
        while (_browser.Errors.TryDequeue(out var error))
            Assert.Contains("the server responded with a status of 404", error, StringComparison.Ordinal);
        await page.CloseAsync();
    }

    private static object Definition() => new
    {
        model = new
        {
            definitionId = "looked-at",
            name = "Looked at",
            root = new
            {
                id = "flow", type = "Elsa.Flowchart", version = 1,
                activities = new[]
                {
                    new { id = "e", name = "Wait1", type = "Elsa.Event", version = 1, eventName = new { typeName = "String", expression = new { type = "Literal", value = "looked-at" } } },
                },
            },
        },
        publish = true,
    };
}
