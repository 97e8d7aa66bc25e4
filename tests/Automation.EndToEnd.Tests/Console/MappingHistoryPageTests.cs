using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.Playwright;

namespace Automation.EndToEnd.Tests.Console;

/// <summary>Who changed which rule, and the way back.</summary>
public sealed class MappingHistoryPageTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_change_is_found_with_its_reason_and_put_back_but_not_over_somebody_elses()
    {
        await using var server = await ServerUnderTest.StartAsync();
        await using var browser = await ConsoleBrowser.SignedInAsync(server);
        var page = browser.Page;
        // An empty file, as a script sends that cannot find its own, takes no rule away.
        using (var nothing = new StringContent("", Encoding.UTF8, "application/json"))
        using (var answer = await server.Api.PutAsync(new Uri("/api/mappings", UriKind.Relative), nothing, Token))
            Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);

        await browser.GoAsync("/mappings/edit?rule=calls");
        await page.FillAsync("textarea[name=filter]", "event.payload.data.duration_seconds > 100000");
        await page.FillAsync("input[name=note]", "Only <b>very</b> long calls");
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Save rule" }).ClickAsync();
        await page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "History of calls" }).ClickAsync();

        var latest = page.GetByRole(AriaRole.Listitem).Filter(new LocatorFilterOptions { HasText = "Version 2" });
        await Assertions.Expect(latest).ToContainTextAsync("in force");
        await Assertions.Expect(latest).ToContainTextAsync("by configuration");
        await Assertions.Expect(latest).ToContainTextAsync("Only <b>very</b> long calls");
        await latest.GetByText("calls changed").ClickAsync();
        await Assertions.Expect(latest.Locator("ins")).ToHaveTextAsync("event.payload.data.duration_seconds > 100000");
        // Of a rule its own changes only.
        await Assertions.Expect(page.Locator("main")).Not.ToContainTextAsync("tools");

        // What putting the first one back would change is told before it is done; meanwhile somebody else is faster.
        await page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "Version 1" }).ClickAsync();
        var back = page.GetByRole(AriaRole.Region, new PageGetByRoleOptions { Name = "Putting it back" });
        await Assertions.Expect(back.Locator("del")).ToHaveTextAsync("event.payload.data.duration_seconds > 100000");
        using (var other = await server.Api.PutAsJsonAsync("/api/mappings?note=theirs", new { rules = new[] { new { id = "theirs", workflow = "call-ended" } } }, Token))
            Assert.Equal(HttpStatusCode.OK, other.StatusCode);
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Put version 1 back" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("changed by somebody else meanwhile");
        Assert.Equal(3, (await server.Api.GetFromJsonAsync<JsonElement>("/api/mappings", Token)).GetProperty("version").GetInt64());

        // The page has been made anew: now it is known what goes.
        await Assertions.Expect(back).ToContainTextAsync("theirs");
        await page.FillAsync("input[name=note]", "as it was");
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Put version 1 back" }).ClickAsync();
        await page.WaitForURLAsync("**/mappings/history");
        await Assertions.Expect(page.GetByRole(AriaRole.Listitem).Filter(new LocatorFilterOptions { HasText = "Version 4" })).ToContainTextAsync("put back by configuration");
        var rules = (await server.Api.GetFromJsonAsync<JsonElement>("/api/mappings", Token)).GetProperty("rules").EnumerateArray().Select(r => r.GetProperty("id").GetString()).ToList();
        Assert.Contains("calls", rules);
        Assert.DoesNotContain("theirs", rules);
        Assert.Empty(browser.Errors);
    }
}
