using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.Playwright;

namespace Automation.EndToEnd.Tests.Studio;

/// <summary>What a designer does, in the genuine Studio, in a real browser, against the real server.</summary>
public sealed partial class StudioTests(StudioSession session) : IClassFixture<StudioSession>
{
    private readonly ServerUnderTest _server = session.Server;
    private readonly StudioBrowser _browser = session.Browser;
    private readonly IPage _page = session.Browser.Page;

    private ILocator Viewer => _page.Locator("elsa-workflow-instance-viewer");

    [Fact]
    public async Task A_workflow_is_drawn_published_triggered_by_a_webhook_and_its_run_is_seen()
    {
        await OpenAsync("/studio/workflows", "tbody tr");
        // A list writes its page into the address, which would close a dialog.
        await _page.WaitForURLAsync(new Regex("pageSize=10"));
        await _browser.ShotAsync("01-list");
        await _page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { NameRegex = new Regex("create workflow", RegexOptions.IgnoreCase) }).First.ClickAsync();
        await _page.Locator(".mud-dialog input").First.FillAsync("Greet callers");
        // The name is taken, and asked for whether it is free, when the field is left.
        await _page.RunAndWaitForResponseAsync(() => _page.Keyboard.PressAsync("Tab"), new Regex("is-name-unique.*Greet"));
        await _browser.ConfirmAsync();
        await _page.WaitForURLAsync(new Regex("/studio/workflows/[0-9a-z-]+$"));
        await _page.Locator(".x6-graph-svg").WaitForAsync();
        var definitionId = _page.Url[(_page.Url.LastIndexOf('/') + 1)..];

        await _browser.DropAsync("call_started", 20, 100);
        await _browser.DropAsync("Decision", 260, 100);
        await _browser.DropAsync("HTTP Request (flow)", 20, 220);
        await _browser.DropAsync("Write Line", 500, 330);
        await _browser.DropAsync("Notify", 20, 400);
        await _browser.ConnectAsync("CallStarted1", "Done", "FlowDecision1");
        await _browser.ConnectAsync("FlowDecision1", "True", "FlowSendHttpRequest1");
        await _browser.ConnectAsync("FlowSendHttpRequest1", "Done", "WriteLine1");
        await _browser.ConnectAsync("WriteLine1", "Done", "Notify1");

        await _browser.SelectAsync("FlowDecision1", "Condition");
        await _browser.WriteAsync("Condition", "JavaScript", "getOutputFrom(\"CallStarted1\", \"Result\").data.vip === true");
        await SavedAsync(definitionId, "data.vip === true");
        await _browser.SelectAsync("FlowSendHttpRequest1", "Url");
        await _browser.Field("Url").FillAsync("/healthz/live");
        await _page.Keyboard.PressAsync("Tab");
        await SavedAsync(definitionId, "/healthz/live");
        await _browser.SelectAsync("WriteLine1", "Text");
        await _browser.WriteAsync("Text", "Liquid", "Hello {{ Input.event.payload.data.name }}");
        await SavedAsync(definitionId, "Hello {{ Input.event.payload.data.name }}");
        await _browser.SelectAsync("Notify1", "Subject");
        await _browser.ChooseAsync("Channel", "people");
        await SavedAsync(definitionId, "people");
        await _browser.WriteAsync("Subject", "JavaScript", "'Call of ' + getInput('event').payload.data.name");
        await SavedAsync(definitionId, "Call of ");
        await _browser.ShotAsync("02-editor");

        await _browser.Tool("M19.35 10.04").ClickAsync();
        var published = await _server.WaitForAsync(Latest(definitionId), d => d.GetProperty("isPublished").GetBoolean());
        Assert.Equal(5, published.GetProperty("root").GetProperty("activities").GetArrayLength());
        Assert.Equal(4, published.GetProperty("root").GetProperty("connections").GetArrayLength());

        using (var sent = await _server.PostAsync("flyflow", """{"event_type":"call_started","call_id":"vip-1","timestamp":"2026-01-01T00:00:00Z","data":{"vip":true,"name":"Ada"}}"""))
            sent.EnsureSuccessStatusCode();
        var instances = await _server.WaitForAsync(
            $"/elsa/api/workflow-instances?definitionId={definitionId}", r => r.GetProperty("items") is var items && items.GetArrayLength() == 1 && items[0].GetProperty("status").GetString() == "Finished");
        var instance = instances.GetProperty("items")[0];
        Assert.Equal(("Finished", "vip-1"), (instance.GetProperty("subStatus").GetString(), instance.GetProperty("correlationId").GetString()));

        var told = (await _server.GetJsonAsync("/api/inbox")).GetProperty("items")[0];
        Assert.Equal("Call of Ada", told.GetProperty("subject").GetString());

        await _page.Locator(".studio-bar a", new PageLocatorOptions { HasText = "Instances" }).ClickAsync();
        await _browser.Row("Greet callers").GetByText("Finished").First.WaitForAsync();
        await _browser.ShotAsync("03-instances");
        await _browser.Row("Greet callers").Locator("td").Nth(4).ClickAsync();
        await Viewer.GetByText("WriteLine1").First.WaitForAsync();
        await Viewer.GetByText("Completed").First.WaitForAsync();
        await Viewer.GetByText("WriteLine1").First.ClickAsync();
        await Viewer.GetByText("Hello Ada").First.WaitForAsync(new LocatorWaitForOptions { State = WaitForSelectorState.Attached });
        await Viewer.GetByText("Hello Ada").First.ScrollIntoViewIfNeededAsync();
        await _browser.ShotAsync("04-instance");

        // A published workflow is changed: what is in force stays until the change is published too.
        await Viewer.Locator($"a[href='/workflows/definitions/{definitionId}/edit']").First.ClickAsync();
        await _page.WaitForURLAsync(new Regex($"/studio/workflows/{definitionId}$"));
        await _browser.Editor.GetByLabel("Description").First.FillAsync("Says hello to those who matter");
        await _page.Keyboard.PressAsync("Tab");
        await _server.WaitForAsync(Latest(definitionId), d => d.GetProperty("version").GetInt32() == 2 && !d.GetProperty("isPublished").GetBoolean());
        await _browser.Tool("M19.35 10.04").ClickAsync();
        await _server.WaitForAsync(Latest(definitionId), d => d.GetProperty("isPublished").GetBoolean());
        await _browser.TabAsync("Version history");
        await Assertions.Expect(_browser.Editor.Locator("tbody tr:visible")).ToHaveCountAsync(2);
        await _browser.ShotAsync("05-versions");
        Assert.Empty(_browser.Errors);
    }

    [Fact]
    public async Task From_the_lists_workflows_are_imported_exported_run_with_inputs_cancelled_and_deleted()
    {
        await SaveAsync("waiter", "Waiter", """
            { "id": "e", "name": "Wait1", "type": "Elsa.Event", "version": 1, "eventName": { "typeName": "String", "expression": { "type": "Literal", "value": "go-on" } } }
            """);
        await OpenAsync("/studio/workflows", "tbody tr");
        // A list writes its page into the address, which would close a dialog.
        await _page.WaitForURLAsync(new Regex("pageSize=10"));
        var file = Path.Combine(Directory.CreateTempSubdirectory("studio-import-").FullName, "greeter.json");
        await File.WriteAllTextAsync(file, """
            { "$schema": "https://elsaworkflows.io/schemas/workflow-definition/v3.0.0/schema.json", "definitionId": "a-greeting", "name": "A greeting",
              "inputs": [ { "type": "String", "name": "Name", "isArray": false, "uiHint": "singleline" }, { "type": "Int32", "name": "Times", "isArray": false, "uiHint": "singleline" } ],
              "root": { "id": "w", "name": "Write1", "type": "Elsa.WriteLine", "version": 1, "text": { "typeName": "String", "expression": { "type": "JavaScript", "value": "'Ho '.repeat(getInput('Times')) + getInput('Name')" } } } }
            """, TestContext.Current.CancellationToken);

        var chosen = _page.WaitForFileChooserAsync();
        await _browser.PickAsync(_page.Locator("elsa-workflow-definition-list .mud-button-group-root button").Last, "Import");
        await (await chosen).SetFilesAsync(file);
        await _browser.Row("A greeting").WaitForAsync();
        await _browser.ShotAsync("06-imported");
        await FitsAsync();

        // Whoever thinks better of it has started nothing, and nobody says otherwise: the second question comes after all that follows the first.
        for (var i = 0; i < 2; i++)
        {
            await _browser.PickAsync("A greeting", "Run");
            await _page.Locator("dialog.studio-run").GetByRole(AriaRole.Button, new LocatorGetByRoleOptions { Name = "Cancel" }).ClickAsync();
        }

        await Assertions.Expect(_page.Locator(".mud-snackbar").GetByText("started")).ToHaveCountAsync(0);
        Assert.Equal(0, (await _server.GetJsonAsync("/elsa/api/workflow-instances?definitionId=a-greeting")).GetProperty("totalCount").GetInt32());

        await _browser.PickAsync("A greeting", "Export");
        var download = _page.WaitForDownloadAsync();
        await _browser.ConfirmAsync();
        var exported = JsonNode.Parse(await File.ReadAllTextAsync(await (await download).PathAsync(), TestContext.Current.CancellationToken))!;
        Assert.Equal(("a-greeting", "Elsa.WriteLine"), (exported["definitionId"]!.GetValue<string>(), exported["root"]!["type"]!.GetValue<string>()));
        Assert.EndsWith(".json", (await download).SuggestedFilename, StringComparison.Ordinal);

        await _browser.Row("A greeting").Locator("td").Nth(2).ClickAsync();
        await _browser.Tool("M8 5v14l11-7z").ClickAsync();
        var dialog = _page.Locator("dialog.studio-run");
        await dialog.GetByLabel("Name").FillAsync("Ann");
        await dialog.GetByLabel("Times").FillAsync("2");
        await _browser.ShotAsync("07-run");
        await dialog.GetByRole(AriaRole.Button, new LocatorGetByRoleOptions { Name = "Run", Exact = true }).ClickAsync();
        await _page.WaitForURLAsync(new Regex("/studio/instances/[0-9a-f]+$"));
        await Viewer.GetByText("Write1").First.ClickAsync();
        await Viewer.GetByText("Ho Ho Ann").First.WaitForAsync(new LocatorWaitForOptions { State = WaitForSelectorState.Attached });

        // A waiting instance is watched while it goes on, and another is cancelled.
        var watched = await DispatchAsync("waiter");
        await _page.GotoAsync($"{_server.Address}/studio/instances/{watched}");
        await Viewer.GetByText("Suspended").First.WaitForAsync(new LocatorWaitForOptions { State = WaitForSelectorState.Attached });
        using (var sent = await _server.Api.PostAsJsonAsync(new Uri("/elsa/api/events/go-on/trigger", UriKind.Relative), new { }, TestContext.Current.CancellationToken))
            sent.EnsureSuccessStatusCode();
        await Viewer.GetByText("Finished").First.WaitForAsync(new LocatorWaitForOptions { State = WaitForSelectorState.Attached });
        await _browser.ShotAsync("08-live");
        var cancelled = await DispatchAsync("waiter");
        await _page.Locator(".studio-bar a", new PageLocatorOptions { HasText = "Instances" }).ClickAsync();
        await _browser.PickAsync(cancelled, "Cancel");
        await _browser.ConfirmAsync();
        await _browser.Row(cancelled).GetByText("Cancelled").WaitForAsync();
        await _browser.ShotAsync("09-cancelled");
        await FitsAsync();

        await _page.Locator(".studio-bar a", new PageLocatorOptions { HasText = "Workflows" }).ClickAsync();
        await _browser.Row("A greeting").WaitForAsync();
        await _browser.PickAsync("A greeting", "Delete");
        await _browser.ConfirmAsync();
        await Assertions.Expect(_browser.Row("A greeting")).ToHaveCountAsync(0);
        Assert.Equal(0, (await _server.GetJsonAsync("/elsa/api/workflow-definitions?definitionIds=a-greeting")).GetProperty("totalCount").GetInt32());
        Assert.Empty(_browser.Errors);
    }

    [Fact]
    public async Task Of_two_tabs_the_second_is_told_and_a_syntax_error_is_refused_at_publish_only()
    {
        await SaveAsync("shared", "Shared", """
            { "id": "w", "name": "Write1", "type": "Elsa.WriteLine", "version": 1, "text": { "typeName": "String", "expression": { "type": "Literal", "value": "hello" } } }
            """, publish: false);
        await OpenAsync("/studio/workflows/shared", ".x6-node");
        var other = await _browser.OpenTabAsync();
        await other.GotoAsync(_server.Address + "/studio/workflows/shared");
        await other.Locator(".x6-node").First.WaitForAsync();

        await DescribeAsync(_page, "from the first tab");
        await SavedAsync("shared", "from the first tab");
        await DescribeAsync(other, "from the second tab");
        await other.Locator(".mud-snackbar").GetByText("changed by someone else").First.WaitForAsync();
        await _browser.ShotAsync("10-second-tab", other);
        await SavedAsync("shared", "from the first tab");
        await other.CloseAsync();
        ExpectRefusal("409");

        await _browser.SelectAsync("Write1", "Text");
        await _browser.WriteAsync("Text", "JavaScript", "40 *");
        await SavedAsync("shared", "40 *");
        await _browser.Tool("M19.35 10.04").ClickAsync();
        await _page.Locator(".mud-snackbar").GetByText("Write1").First.WaitForAsync();
        await _browser.ShotAsync("11-refused");
        Assert.False((await _server.GetJsonAsync(Latest("shared"))).GetProperty("isPublished").GetBoolean());
        ExpectRefusal("400");

        // Code editors follow the theme, and those that the Studio leaves behind are cleared away before Monaco reports a leak.
        await _page.EmulateMediaAsync(new PageEmulateMediaOptions { ColorScheme = ColorScheme.Dark });
        await _browser.Editor.Locator(".monaco-editor.vs-dark:visible").First.WaitForAsync();
        await _browser.ShotAsync("13-dark");
        await _page.EmulateMediaAsync(new PageEmulateMediaOptions { ColorScheme = ColorScheme.Light });
        await _page.EvaluateAsync("for (let i = 0; i < 80; i++) monaco.editor.create(document.createElement('div'))");
        await _page.WaitForFunctionAsync("monaco.editor.getEditors().filter(e => !e.getContainerDomNode().isConnected).length === 50");
        await _browser.Editor.Locator(".monaco-editor.vs:visible").First.WaitForAsync();
        Assert.Empty(_browser.Errors);

        // The browser itself notes an answer that is not a success; everything else would be an error of ours.
        void ExpectRefusal(string status)
        {
            while (_browser.Errors.TryDequeue(out var error))
                Assert.Contains($"the server responded with a status of {status}", error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_workflow_of_the_folder_opens_from_the_link_that_the_Studio_writes_and_cannot_be_changed()
    {
        await OpenAsync("/workflows/definitions/call-ended/edit", ".x6-node");
        await _browser.Editor.GetByText("read-only mode").First.WaitForAsync();
        await _browser.ShotAsync("12-from-folder");

        Assert.EndsWith("/studio/workflows/call-ended", _page.Url, StringComparison.Ordinal);
        Assert.Equal("Call ended · Automation", await _page.TitleAsync());
        Assert.False(await _page.EvaluateAsync<bool>("document.documentElement.scrollWidth > innerWidth"));
        Assert.Equal(0, await _browser.Tool("M19.35 10.04").CountAsync());

        var instance = await DispatchAsync("flow-end");
        await OpenAsync($"/workflows/instances/{instance}/view", "elsa-workflow-instance-viewer .x6-node");
        Assert.EndsWith("/studio/instances/" + instance, _page.Url, StringComparison.Ordinal);
        await _page.GotoAsync(_server.Address + "/diagnostics/structured-logs?workflowInstanceId=" + instance);
        Assert.EndsWith("/instances/" + instance, _page.Url, StringComparison.Ordinal);
        Assert.Empty(_browser.Errors);
    }

    [Fact]
    public async Task The_first_visit_brings_ten_megabytes_and_later_ones_nearly_nothing()
    {
        var page = await _browser.OpenStrangerAsync("/events");
        var cold = await Traffic.WatchAsync(page);
        var document = await page.GotoAsync(_server.Address + "/studio/workflows/call-ended");
        // The frame and its progress are in the document itself, before any script of the Studio has come.
        Assert.Contains("id=\"studio-loading\"", await document!.TextAsync(), StringComparison.Ordinal);
        await page.Locator(".x6-node").First.WaitForAsync();
        // Nothing of the Studio's holds up the first picture: what the browser waits for before it is the frame's own.
        var blocking = await page.EvaluateAsync<string[]>(
            "performance.getEntriesByType('resource').filter(r => r.renderBlockingStatus === 'blocking').map(r => new URL(r.name).pathname)");
        Assert.Contains("/_content/Automation.Studio/studio.css", blocking);
        Assert.All(blocking, path => Assert.StartsWith("/_content/Automation.", path, StringComparison.Ordinal));
        Assert.InRange(cold.Requests, 100, 175);
        Assert.InRange(cold.Bytes, 5_000_000, 10_000_000);

        var warm = await Traffic.WatchAsync(page);
        await page.GotoAsync(_server.Address + "/studio/workflows/flow-end");
        await page.Locator(".x6-node").First.WaitForAsync();
        Assert.InRange(warm.Bytes, 1, 100_000);
        await page.Context.CloseAsync();
        Assert.Empty(_browser.Errors);
    }

    [Fact]
    public async Task Every_property_of_our_own_steps_says_what_it_is_for()
    {
        var activities = (await _server.GetJsonAsync("/elsa/api/descriptors/activities")).GetProperty("items").EnumerateArray().Where(a => !a.GetProperty("typeName").GetString()!.StartsWith("Elsa.", StringComparison.Ordinal)).ToList();
        Assert.True(activities.Count > 40);
        Assert.Empty(
            from activity in activities
            where activity.GetProperty("customProperties").EnumerateObject().All(p => p.Name != "WorkflowDefinitionId")
            from input in activity.GetProperty("inputs").EnumerateArray()
            where input.GetProperty("isBrowsable").ValueKind != JsonValueKind.False && string.IsNullOrEmpty(input.GetProperty("description").GetString())
            select activity.GetProperty("typeName").GetString() + "." + input.GetProperty("name").GetString());
    }

    /// <summary>Nothing of a list is out of sight at the side.</summary>
    private async Task FitsAsync() =>
        Assert.False(await _page.EvaluateAsync<bool>("[document.documentElement, ...document.querySelectorAll('#studio .mud-table-container')].some(e => e.scrollWidth > e.clientWidth)"));

    private static string Latest(string definitionId) => $"/elsa/api/workflow-definitions/by-definition-id/{definitionId}?versionOptions=Latest";

    private static async Task DescribeAsync(IPage page, string description)
    {
        await page.Locator("elsa-workflow-definition-editor").GetByLabel("Description").First.FillAsync(description);
        await page.Keyboard.PressAsync("Tab");
    }

    private async Task OpenAsync(string path, string until)
    {
        await _page.GotoAsync(_server.Address + path);
        await _page.Locator("#studio " + until).First.WaitForAsync();
    }

    // The editor saves a moment after the last key, and another node must not be selected before.
    private Task SavedAsync(string definitionId, string text) =>
        _server.WaitForAsync(Latest(definitionId), d => d.GetRawText().Replace("\\u0022", "\"", StringComparison.Ordinal).Contains(text, StringComparison.Ordinal));

    private async Task SaveAsync(string id, string name, string activity, bool publish = true)
    {
        var model = new JsonObject
        {
            ["definitionId"] = id,
            ["name"] = name,
            ["root"] = new JsonObject { ["id"] = "flow", ["type"] = "Elsa.Flowchart", ["version"] = 1, ["activities"] = new JsonArray(JsonNode.Parse(activity)), ["connections"] = new JsonArray() },
        };
        using var saved = await _server.Api.PostAsJsonAsync(
            new Uri("/elsa/api/workflow-definitions", UriKind.Relative), new JsonObject { ["model"] = model, ["publish"] = publish }, TestContext.Current.CancellationToken);
        saved.EnsureSuccessStatusCode();
    }

    private async Task<string> DispatchAsync(string definitionId)
    {
        using var answer = await _server.Api.PostAsJsonAsync(new Uri($"/elsa/api/workflow-definitions/{definitionId}/dispatch", UriKind.Relative), new { }, TestContext.Current.CancellationToken);
        var id = (await answer.Content.ReadFromJsonAsync<JsonObject>(TestContext.Current.CancellationToken))!["workflowInstanceId"]!.GetValue<string>();
        await _server.WaitForAsync($"/elsa/api/workflow-instances?searchTerm={id}", p => p.GetProperty("totalCount").GetInt32() == 1);
        return id;
    }
}
