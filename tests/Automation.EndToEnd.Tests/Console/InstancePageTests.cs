using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Playwright;

namespace Automation.EndToEnd.Tests.Console;

/// <summary>The page of an instance: its steps, and setting it right.</summary>
public sealed class InstancePageTests
{
    private const string Workflow =
        """
        {"definitionId":"breaks","name":"Breaks","version":1,"isLatest":true,"isPublished":true,
         "inputs":[{"type":"Object","name":"Ok","displayName":"Ok"}],
         "root":{"id":"Flowchart1","type":"Elsa.Flowchart","version":1,"start":"Check1","connections":[],"activities":[
           {"id":"Check1","name":"Check1","type":"Elsa.SetOutput","version":1,
            "outputName":{"typeName":"String","expression":{"type":"Literal","value":"Answer"}},
            "outputValue":{"typeName":"Object","expression":{"type":"JavaScript","value":"getInput('Ok').value.toUpperCase()"}}}]},
         "outputs":[{"type":"Object","name":"Answer","displayName":"Answer"}]}
        """;

    [Fact]
    public async Task An_instance_is_resumed_where_it_failed_moved_and_run_once_more()
    {
        await using var server = await ServerUnderTest.StartAsync([], folder => File.WriteAllText(Path.Combine(folder, "breaks.json"), Workflow));
        await using var browser = await ConsoleBrowser.SignedInAsync(server);
        var page = browser.Page;
        using (var started = await server.Api.PostAsJsonAsync("/elsa/api/workflow-definitions/breaks/execute", new { input = new { Ok = new { } } }, TestContext.Current.CancellationToken))
        {
        }

        var id = (await server.WaitForAsync("/api/instances?workflow=breaks", a => a.GetProperty("totalCount").GetInt64() == 1)).GetProperty("items")[0].GetProperty("id").GetString();
        await browser.GoAsync("/instances/" + id);
        await Assertions.Expect(page.Locator("#steps")).ToContainTextAsync("Faulted");
        // Why stands there without anything being opened.
        await Assertions.Expect(page.Locator("#steps .why")).ToContainTextAsync("toUpperCase");
        await page.Locator("#steps summary", new PageLocatorOptions { HasText = "Check1" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Resume from here" })).ToBeVisibleAsync();
        await browser.ShotAsync("instance-failed");

        // Nothing is different, so it fails again; what is no JSON is told.
        await page.GetByText("Resume with other inputs").ClickAsync();
        await page.FillAsync("form[action$='/retry'] textarea", "{ no json");
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Resume", Exact = true }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Status)).ToContainTextAsync("not a JSON object");

        await page.GetByText("Resume with other inputs").ClickAsync();
        await page.FillAsync("form[action$='/retry'] textarea", """{ "Ok": { "value": "<b>fine</b>" } }""");
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Resume", Exact = true }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Region, new PageGetByRoleOptions { Name = "Outputs" })).ToContainTextAsync("<B>FINE</B>");
        await Assertions.Expect(page.Locator(".page-head")).ToContainTextAsync("Finished");

        await page.GetByText("Run once more from the start").ClickAsync();
        await page.FillAsync("form[action$='/rerun'] textarea", """{ "Ok": { "value": "again" } }""");
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Run again" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Status)).ToContainTextAsync("Runs once more");
        Assert.DoesNotContain(id!, new Uri(page.Url).AbsolutePath, StringComparison.Ordinal);
        await Assertions.Expect(page.GetByRole(AriaRole.Region, new PageGetByRoleOptions { Name = "Outputs" })).ToContainTextAsync("AGAIN");

        var all = await server.GetJsonAsync("/api/instances?workflow=breaks");
        Assert.Equal(2, all.GetProperty("totalCount").GetInt64());
        Assert.Equal(JsonValueKind.Array, all.GetProperty("items").ValueKind);
        Assert.Empty(browser.Errors);
    }

    [Fact]
    public async Task While_a_call_waits_for_its_next_attempt_the_page_says_so()
    {
        const string Waits =
            """
            {"definitionId":"waits","name":"Waits","version":1,"isLatest":true,"isPublished":true,
             "root":{"id":"Sequence1","type":"Elsa.Sequence","version":1,"variables":[],"activities":[
               {"id":"Call1","name":"Call1","type":"Automation.HttpCall","version":1,
                "url":{"typeName":"String","expression":{"type":"Literal","value":"http://127.0.0.1:9/"}},
                "attempts":{"typeName":"Int32","expression":{"type":"Literal","value":"2"}},
                "retryDelay":{"typeName":"TimeSpan","expression":{"type":"Literal","value":"00:02:00"}}}]}}
            """;
        await using var server = await ServerUnderTest.StartAsync(
            [("Automation__Steps__Outgoing__AllowedHosts__0", "127.0.0.1")], folder => File.WriteAllText(Path.Combine(folder, "waits.json"), Waits));
        await using var browser = await ConsoleBrowser.SignedInAsync(server);
        using (await server.Api.PostAsJsonAsync("/elsa/api/workflow-definitions/waits/dispatch", new { }, TestContext.Current.CancellationToken))
        {
        }

        var id = (await server.WaitForAsync("/api/instances?workflow=waits", a => a.GetProperty("totalCount").GetInt64() == 1)).GetProperty("items")[0].GetProperty("id").GetString();
        var job = (await server.WaitForAsync($"/api/jobs?name=workflow.activity&argument={id}", a => a.GetProperty("jobs").GetArrayLength() == 1)).GetProperty("jobs")[0].GetProperty("id").GetInt64();
        await server.WaitForAsync($"/api/jobs/{job}", j => j.GetProperty("log").GetArrayLength() == 2);
        await browser.GoAsync("/instances/" + id);

        await Assertions.Expect(browser.Page.Locator("#steps .latest")).ToContainTextAsync("Attempt 2 of 2 comes in ");
        await browser.ShotAsync("instance-waits");
        Assert.Empty(browser.Errors);
    }
}
