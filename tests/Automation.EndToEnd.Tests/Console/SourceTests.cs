using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Playwright;

namespace Automation.EndToEnd.Tests.Console;

/// <summary>A new sender, from a pasted sample to its events, without a file or a restart.</summary>
public sealed partial class SourceTests
{
    private const string Sample = """{ "event": "ended", "call": { "id": "c-1" }, "sent_at": "2026-11-21T10:00:00Z", "delivery_id": "d-1" }""";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_sender_is_described_by_a_sample_and_its_secret_replaced()
    {
        await using var server = await ServerUnderTest.StartAsync();
        await using var browser = await ConsoleBrowser.SignedInAsync(server);
        var page = browser.Page;

        await browser.GoAsync("/sources");
        await page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "New source" }).ClickAsync();
        await page.FillAsync("input[name=slug]", "acme");
        await page.FillAsync("textarea[name=sample]", "{ not JSON");
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Propose" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("not JSON at line 1");
        await page.FillAsync("textarea[name=sample]", Sample);
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Propose" }).ClickAsync();
        await Assertions.Expect(page.Locator("input[name=type]")).ToHaveValueAsync("{event}");
        await Assertions.Expect(page.Locator("input[name=correlation]")).ToHaveValueAsync("{call.id}");
        await Assertions.Expect(page.Locator("input[name=dedupeKey]")).ToHaveValueAsync("{delivery_id}");
        await Assertions.Expect(page.Locator("input[name=time]")).ToHaveValueAsync("{sent_at}");
        await page.Locator("summary", new PageLocatorOptions { HasText = "A token in a header" }).ClickAsync();
        await page.FillAsync("input[name=tokenHeader]", "X-Acme");
        Assert.Empty(await browser.FaultsAsync("source-new"));
        await browser.ShotAsync("source-new");
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Create source" }).ClickAsync();

        // The token that was made up is shown once.
        var shown = await page.GetByRole(AriaRole.Status).TextContentAsync();
        var token = MadeUp().Match(shown!).Groups[1].Value;
        Assert.NotEmpty(token);
        await page.ReloadAsync();
        await Assertions.Expect(page.GetByText(token)).ToHaveCountAsync(0);
        await Assertions.Expect(page.Locator("dt:has-text('What must hold') + dd")).ToHaveTextAsync("a token in the header X-Acme");

        using var sender = new HttpClient { BaseAddress = new Uri(server.Address) };
        Assert.Equal(HttpStatusCode.Unauthorized, await SendAsync(sender, "guessed", 1));
        Assert.Equal(HttpStatusCode.OK, await SendAsync(sender, token, 1));
        var stored = await server.Api.GetFromJsonAsync<JsonElement>("/api/events?source=acme&status=Unmatched", Token);
        var found = stored.GetProperty("items")[0];
        Assert.Equal(("ended", "c-1"), (found.GetProperty("type").GetString(), found.GetProperty("correlationKey").GetString()));

        // One more token, and then the old one away.
        await browser.GoAsync("/sources/acme/edit");
        await page.FillAsync("input[name=token]", "the-next-token");
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Save source" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Status)).ToContainTextAsync("saved");
        Assert.Equal(HttpStatusCode.OK, await SendAsync(sender, token, 2));
        Assert.Equal(HttpStatusCode.OK, await SendAsync(sender, "the-next-token", 3));
        await page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "Edit" }).ClickAsync();
        await page.Locator("input[name=drop]").Nth(1).CheckAsync();
        Assert.Empty(await browser.FaultsAsync("source-edit"));
        await browser.ShotAsync("source-edit");
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Save source" }).ClickAsync();
        Assert.Equal(HttpStatusCode.Unauthorized, await SendAsync(sender, token, 4));
        Assert.Equal(HttpStatusCode.OK, await SendAsync(sender, "the-next-token", 4));

        // A form that was open meanwhile overwrites nothing.
        using var stale = new HttpRequestMessage(HttpMethod.Put, "/api/sources/acme") { Content = JsonContent.Create(new { preset = "generic", open = true }) };
        stale.Headers.TryAddWithoutValidation("If-Match", "\"1\"");
        Assert.Equal(HttpStatusCode.PreconditionFailed, (await server.Api.SendAsync(stale, Token)).StatusCode);
        var seen = await server.Api.GetAsync("/api/sources/acme", Token);
        Assert.Equal("\"3\"", seen.Headers.ETag!.Tag);
        var text = await seen.Content.ReadAsStringAsync(Token);
        Assert.Contains("*** 1", text, StringComparison.Ordinal);
        Assert.DoesNotContain("the-next-token", text, StringComparison.Ordinal);
        var audit = await server.Api.GetStringAsync("/api/audit", Token);
        Assert.Contains("acme", audit, StringComparison.Ordinal);
        Assert.DoesNotContain("the-next-token", audit, StringComparison.Ordinal);

        await browser.GoAsync("/sources/acme/edit");
        await page.Locator("summary", new PageLocatorOptions { HasText = "Remove this source" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Remove acme" }).ClickAsync();
        await page.WaitForURLAsync("**/sources");
        Assert.Equal(HttpStatusCode.NotFound, await SendAsync(sender, "the-next-token", 5));
        Assert.Empty(browser.Errors);
    }

    private static async Task<HttpStatusCode> SendAsync(HttpClient sender, string token, int number)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/webhooks/acme")
        {
            Content = new StringContent(Sample.Replace("d-1", "d-" + number, StringComparison.Ordinal), Encoding.UTF8, "application/json"),
        };
        request.Headers.Add("X-Acme", token);
        using var answer = await sender.SendAsync(request, Token);
        return answer.StatusCode;
    }

    [GeneratedRegex("X-Acme: ([A-Za-z0-9_-]+)")]
    private static partial Regex MadeUp();
}
