using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Playwright;

namespace Automation.EndToEnd.Tests.Console;

/// <summary>The pages of what goes out and of what is kept: subscribers, notifications, documents.</summary>
public sealed class OutgoingPagesTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_subscriber_is_added_tested_changed_and_what_failed_is_sent_again()
    {
        await using var server = await ServerUnderTest.StartAsync(("Automation__Steps__Outgoing__AllowedHosts__0", "127.0.0.1"));
        await using var browser = await ConsoleBrowser.SignedInAsync(server);
        var page = browser.Page;
        await browser.GoAsync("/deliveries");
        await page.GetByText("Add an endpoint").ClickAsync();
        await page.FillAsync("input[name=url]", "http://receiver.example/hook");
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Add endpoint" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("must begin with https://");
        // What was typed is still there.
        await Assertions.Expect(page.Locator("input[name=url]")).ToHaveValueAsync("http://receiver.example/hook");
        await page.FillAsync("input[name=types]", "order/paid");
        await page.FillAsync("input[name=url]", server.Address + "/webhooks/inbox?token=t0p-s3cret");
        await page.FillAsync("input[name=description]", "Orders of <b>ours</b>");
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Add endpoint" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("\"order/paid\", which no event can be of");
        await page.FillAsync("input[name=types]", "order.*");
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Add endpoint" }).ClickAsync();
        await page.WaitForURLAsync("**/deliveries/endpoints/*");
        await Assertions.Expect(page.GetByRole(AriaRole.Status)).ToContainTextAsync("shown once: whsec_");
        var id = new Uri(page.Url).AbsolutePath.Split('/')[^1];

        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Send a test" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Status)).ToContainTextAsync("The test was taken: 200");

        // A receiver that is not there: the delivery fails, is seen with its attempts, and is sent again from its page.
        using (var gone = await server.Api.PutAsJsonAsync($"/api/endpoints/{id}", new { url = "http://127.0.0.1:9/hook", eventTypes = new[] { "order.*" }, retryDelays = Array.Empty<string>() }, Token))
            Assert.Equal(HttpStatusCode.OK, gone.StatusCode);
        using (var sent = await server.Api.PostAsJsonAsync("/api/deliveries", new { eventType = "order.paid", payload = new { type = "order.paid", amount = 12 } }, Token))
            Assert.Equal(HttpStatusCode.Accepted, sent.StatusCode);
        await browser.GoAsync("/deliveries/endpoints/" + id);
        await Assertions.Expect(page.Locator("#deliveries tbody")).ToContainTextAsync("Failed");
        await page.Locator("#deliveries tbody a").First.ClickAsync();
        await Assertions.Expect(page.Locator("#attempts")).ToContainTextAsync("Attempt 1");
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Resend" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Status)).ToContainTextAsync("once more");
        await Assertions.Expect(page.Locator("#attempts")).ToContainTextAsync("Attempt 2");

        await browser.GoAsync("/deliveries/endpoints/" + id);
        await page.FillAsync("input[name=url]", "ftp://receiver.example");
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Save" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("ftp");
        await Assertions.Expect(page.Locator("input[name=url]")).ToHaveValueAsync("ftp://receiver.example");
        await page.FillAsync("input[name=url]", server.Address + "/webhooks/inbox");
        await page.CheckAsync("input[name=enabled]");
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Save" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Status)).ToContainTextAsync("Saved");
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Resend what failed" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Status)).ToContainTextAsync("1 delivery goes");
        await Assertions.Expect(page.Locator("#deliveries tbody")).ToContainTextAsync("Succeeded");

        // Sent again while the endpoint is off, it is held, and says so.
        using (var off = await server.Api.PutAsJsonAsync($"/api/endpoints/{id}", new { url = "http://127.0.0.1:9/hook", eventTypes = new[] { "order.*" }, retryDelays = Array.Empty<string>(), enabled = false }, Token))
            Assert.Equal(HttpStatusCode.OK, off.StatusCode);
        await page.Locator("#deliveries tbody a").First.ClickAsync();
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Resend" }).ClickAsync();
        await Assertions.Expect(page.Locator("#attempts")).ToContainTextAsync("Held until the endpoint is switched on again");
        await browser.GoAsync("/deliveries/endpoints/" + id);
        await Assertions.Expect(page.Locator("#deliveries tbody")).ToContainTextAsync("held until the endpoint is switched on again");
        Assert.Empty(browser.Errors);
    }

    [Fact]
    public async Task What_waits_for_its_turn_says_so_and_until_when()
    {
        await using var server = await ServerUnderTest.StartAsync(("Automation__Steps__Outgoing__AllowedHosts__0", "127.0.0.1"));
        await using var browser = await ConsoleBrowser.SignedInAsync(server);
        using var added = await server.Api.PostAsJsonAsync("/api/endpoints", new { url = server.Address + "/webhooks/inbox", eventTypes = new[] { "order.paid" }, perMinute = 1 }, Token);
        var id = (await added.Content.ReadFromJsonAsync<JsonElement>(Token)).GetProperty("id").GetString();
        for (var n = 0; n < 3; n++)
        {
            using var sent = await server.Api.PostAsJsonAsync("/api/deliveries", new { eventType = "order.paid", payload = new { type = "order.paid", n } }, Token);
            Assert.Equal(HttpStatusCode.Accepted, sent.StatusCode);
        }

        var queue = (await server.WaitForAsync($"/api/endpoints/{id}", e => e.GetProperty("queue").GetProperty("waiting").GetInt64() == 2)).GetProperty("queue");
        Assert.Equal(1, queue.GetProperty("perMinute").GetInt32());
        Assert.Equal(JsonValueKind.String, queue.GetProperty("fullUntil").ValueKind);
        await browser.GoAsync("/deliveries/endpoints/" + id);
        await Assertions.Expect(browser.Page.Locator("#endpoint-facts")).ToContainTextAsync("10 at a time, 1 attempt in a minute");
        await Assertions.Expect(browser.Page.Locator("#endpoint-facts")).ToContainTextAsync("2 deliveries: this minute's attempts are used up, more go out from");
        await Assertions.Expect(browser.Page.Locator("#deliveries")).ToContainTextAsync("waits for its turn");
        await browser.Page.Locator("#deliveries tbody a").First.ClickAsync();
        await Assertions.Expect(browser.Page.Locator("#attempts")).ToContainTextAsync("Waits for its turn");
        await browser.ShotAsync("endpoint-waits");
        Assert.Empty(browser.Errors);
    }

    [Fact]
    public async Task An_event_type_is_stored_changed_and_removed_and_a_schema_with_a_mistake_is_refused()
    {
        await using var server = await ServerUnderTest.StartAsync();
        await using var browser = await ConsoleBrowser.SignedInAsync(server);
        var page = browser.Page;
        await browser.GoAsync("/deliveries");
        await page.GetByText("Add an event type").ClickAsync();
        var form = page.Locator("#type");
        await form.Locator("input[name=name]").FillAsync("invoice.paid");
        await form.Locator("textarea[name=schema]").FillAsync("""{ "properties": { "amount": { "type": "numbre" } } }""");
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Store event type" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("$.properties.amount.type is \"numbre\"");
        await Assertions.Expect(form.Locator("input[name=name]")).ToHaveValueAsync("invoice.paid");
        await form.Locator("textarea[name=schema]").FillAsync("""{ "properties": { "amount": { "type": "number" } } }""");
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Store event type" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Status)).ToContainTextAsync("invoice.paid is stored");
        using (var refused = await server.Api.PostAsJsonAsync("/api/deliveries", new { eventType = "invoice.paid", payload = new { amount = "12" } }, Token))
            Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);

        await page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "Change invoice.paid" }).ClickAsync();
        using (var faster = await server.Api.PutAsJsonAsync("/api/event-types/invoice.paid", new { description = "Paid at last" }, Token))
            Assert.Equal(HttpStatusCode.NoContent, faster.StatusCode);
        await form.Locator("input[name=description]").FillAsync("Somebody has paid");
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Store event type" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("Somebody else has changed it meanwhile");
        await page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "Change invoice.paid" }).ClickAsync();
        await Assertions.Expect(form.Locator("input[name=description]")).ToHaveValueAsync("Paid at last");
        await form.Locator("input[name=description]").FillAsync("Somebody has paid");
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Store event type" }).ClickAsync();
        await Assertions.Expect(page.Locator("section[aria-labelledby=types-title]")).ToContainTextAsync("Somebody has paid");
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Remove invoice.paid", Exact = true }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Press again to confirm: Remove invoice.paid" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Status)).ToContainTextAsync("is removed");
        await Assertions.Expect(page.Locator("section[aria-labelledby=types-title]")).ToHaveCountAsync(0);
        Assert.Empty(browser.Errors);
    }

    [Fact]
    public async Task A_channel_is_stored_and_tested_a_template_previewed_and_the_inbox_counts_what_is_unread()
    {
        await using var server = await ServerUnderTest.StartAsync();
        await using var browser = await ConsoleBrowser.SignedInAsync(server);
        var page = browser.Page;
        await browser.GoAsync("/notifications/channels");
        await page.FillAsync("input[name=name]", "team");
        await page.FillAsync("textarea[name=settings]", """{ "kind": "Inbox", "colour": "red" }""");
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Store" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("colour");
        // What was typed is still there.
        await Assertions.Expect(page.Locator("input[name=name]")).ToHaveValueAsync("team");
        await Assertions.Expect(page.Locator("textarea[name=settings]")).ToHaveValueAsync("""{ "kind": "Inbox", "colour": "red" }""");
        await page.FillAsync("textarea[name=settings]", """{ "kind": "Inbox" }""");
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Store" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Status)).ToContainTextAsync("is stored");

        await page.FillAsync("textarea[name=values]", """{ "Call": { "outcome": "<i>done</i>", "seconds": 7 } }""");
        await Assertions.Expect(page.Locator("#preview")).ToContainTextAsync("after 7 s");
        await page.FillAsync("textarea[name=values]", "{ no json");
        await Assertions.Expect(page.Locator("#preview .note.bad")).ToContainTextAsync("The values are not JSON");
        await page.FillAsync("textarea[name=values]", "{}");
        await page.FillAsync("textarea[name=template]", "{{ Call.outcome");
        await Assertions.Expect(page.Locator("#preview .note.bad")).ToBeVisibleAsync();

        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Test team", Exact = true }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Status)).ToContainTextAsync("team: sent");
        await Assertions.Expect(page.Locator("nav.side")).ToContainTextAsync("Inbox1 unread");

        // Another entry arrives while the page is open.
        await browser.GoAsync("/inbox");
        await Assertions.Expect(page.Locator("#inbox")).ToContainTextAsync("1 unread");
        using (var told = await server.Api.PostAsJsonAsync("/api/channels/team/test", new { subject = "Second" }, Token))
            Assert.Equal(HttpStatusCode.OK, told.StatusCode);
        await Assertions.Expect(page.Locator("#inbox")).ToContainTextAsync("2 unread");
        await Assertions.Expect(page.Locator("nav.side")).ToContainTextAsync("Inbox2 unread");
        await page.Locator("#inbox li", new PageLocatorOptions { HasText = "Second" }).GetByRole(AriaRole.Button, new LocatorGetByRoleOptions { Name = "Mark as read" }).ClickAsync();
        await Assertions.Expect(page.Locator("#inbox")).ToContainTextAsync("1 unread");
        await browser.GoAsync("/inbox");
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Mark all as read" }).ClickAsync();
        await Assertions.Expect(page.Locator("#inbox")).ToContainTextAsync("Nothing unread");
        await browser.GoAsync("/notifications?channel=team");
        await Assertions.Expect(page.Locator("#sent tbody tr")).ToHaveCountAsync(2);
        Assert.Empty(browser.Errors);
    }

    [Fact]
    public async Task Documents_are_queried_and_changed_and_nobody_writes_over_what_they_have_not_seen()
    {
        await using var server = await ServerUnderTest.StartAsync();
        using (var made = await PutAsync(server, "orders/o-1", new { status = "open", amount = 120 }, ifNoneMatch: "*"))
        {
            Assert.Equal(HttpStatusCode.Created, made.StatusCode);
            Assert.Equal("\"1\"", made.Headers.ETag?.ToString());
        }

        using (var again = await PutAsync(server, "orders/o-1", new { status = "stolen" }, ifNoneMatch: "*"))
            Assert.Equal(HttpStatusCode.PreconditionFailed, again.StatusCode);
        using (var second = await PutAsync(server, "orders/o-2", new { status = "paid", amount = 7 }))
            Assert.Equal(HttpStatusCode.Created, second.StatusCode);
        using (var asked = await server.Api.PostAsJsonAsync("/api/data/orders/query", new { where = new { amount = new { gte = 100 } } }, Token))
            Assert.Equal("o-1", (await asked.Content.ReadFromJsonAsync<JsonElement>(Token)).GetProperty("items")[0].GetProperty("key").GetString());
        using (var wrong = await server.Api.PostAsJsonAsync("/api/data/orders/query", new { where = new { amount = new { near = 100 } } }, Token))
            Assert.Equal(HttpStatusCode.BadRequest, wrong.StatusCode);

        await using var browser = await ConsoleBrowser.SignedInAsync(server);
        var page = browser.Page;
        await browser.GoAsync("/data");
        await page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "orders" }).ClickAsync();
        await page.FillAsync("input[name=where]", "{ no json");
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Query" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("What stands under Where is not JSON");
        await page.FillAsync("input[name=where]", """{ "status": "open" }""");
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Query" }).ClickAsync();
        await Assertions.Expect(page.Locator("#documents tbody tr")).ToHaveCountAsync(1);
        await page.Locator("#documents tbody a").First.ClickAsync();
        await page.FillAsync("textarea[name=body]", "{ no json");
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Save" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("not JSON");
        await Assertions.Expect(page.Locator("textarea[name=body]")).ToHaveValueAsync("{ no json");

        // Somebody else is faster.
        using (var faster = await PutAsync(server, "orders/o-1", new { status = "paid" }, ifMatch: "\"1\""))
            Assert.Equal("\"2\"", faster.Headers.ETag?.ToString());
        await page.FillAsync("textarea[name=body]", """{ "status": "cancelled" }""");
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Save" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("changed it meanwhile");
        Assert.Equal("paid", (await server.GetJsonAsync("/api/data/orders/o-1")).GetProperty("body").GetProperty("status").GetString());

        await browser.GoAsync("/data/document?collection=orders&key=o-1");
        await page.FillAsync("textarea[name=body]", """{ "status": "cancelled" }""");
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Save" }).ClickAsync();
        await page.WaitForURLAsync("**/data/documents?*");
        await browser.GoAsync("/audit?text=o-1");
        await Assertions.Expect(page.Locator("main")).ToContainTextAsync("cancelled");

        using (var late = new HttpRequestMessage(HttpMethod.Delete, new Uri("/api/data/orders/o-1", UriKind.Relative)))
        {
            late.Headers.IfMatch.Add(new EntityTagHeaderValue("\"1\""));
            using var answer = await server.Api.SendAsync(late, Token);
            Assert.Equal(HttpStatusCode.PreconditionFailed, answer.StatusCode);
        }

        await browser.GoAsync("/data/document?collection=orders&key=o-1");
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Remove" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Press again to confirm" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Status)).ToHaveTextAsync("The document o-1 is removed.");
        await Assertions.Expect(page.Locator("#documents tbody tr")).ToHaveCountAsync(1);
        Assert.Empty(browser.Errors);
    }

    [Fact]
    public async Task Secrets_that_this_server_cannot_decrypt_are_marked_until_they_are_stored_again()
    {
        const string value = "hunter2-and-more";
        await using var server = await ServerUnderTest.StartAsync();
        foreach (var name in new[] { "crm", "mail" })
        {
            using var stored = await server.Api.PutAsJsonAsync("/api/secrets/" + name, new { value }, Token);
            Assert.True(stored.IsSuccessStatusCode, await stored.Content.ReadAsStringAsync(Token));
        }

        await using (var before = await ConsoleBrowser.SignedInAsync(server))
        {
            await before.GoAsync("/secrets");
            await Assertions.Expect(before.Page.Locator("tbody tr")).ToHaveCountAsync(2);
            await Assertions.Expect(before.Page.Locator("main")).Not.ToContainTextAsync("cannot");
            Assert.DoesNotContain(value, await before.Page.ContentAsync(), StringComparison.Ordinal);
        }

        // As on a server that was given the database and not the keys.
        await server.StopAsync();
        Directory.Delete(Path.Combine(server.DataDirectory, "keys"), recursive: true);
        await server.StartProcessAsync();
        await using var browser = await ConsoleBrowser.SignedInAsync(server);
        var page = browser.Page;
        await browser.GoAsync("/secrets");
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("cannot decrypt every secret");
        await Assertions.Expect(page.Locator("tbody tr", new PageLocatorOptions { HasText = "cannot be decrypted" })).ToHaveCountAsync(2);
        await server.WaitForOutputAsync(new System.Text.RegularExpressions.Regex("cannot be decrypted.*crm, mail"));

        await page.FillAsync("input[name=name]", "crm");
        await page.FillAsync("input[name=value]", value);
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Store", Exact = true }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Status)).ToContainTextAsync("The secret crm is stored.");
        await Assertions.Expect(page.Locator("tbody tr", new PageLocatorOptions { HasText = "cannot be decrypted" })).ToHaveCountAsync(1);
        await Assertions.Expect(page.Locator("tbody tr", new PageLocatorOptions { HasText = "mail" })).ToContainTextAsync("cannot be decrypted");
        await browser.ResizeAsync(390, 844, ColorScheme.Dark);
        Assert.Empty(await browser.FaultsAsync("secrets-unreadable"));
        Assert.DoesNotContain(value, server.Output, StringComparison.Ordinal);
        Assert.Empty(browser.Errors);
    }

    private static async Task<HttpResponseMessage> PutAsync(ServerUnderTest server, string document, object body, string? ifMatch = null, string? ifNoneMatch = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, new Uri("/api/data/" + document, UriKind.Relative)) { Content = JsonContent.Create(body) };
        if (ifMatch is not null)
            request.Headers.TryAddWithoutValidation("If-Match", ifMatch);
        if (ifNoneMatch is not null)
            request.Headers.TryAddWithoutValidation("If-None-Match", ifNoneMatch);
        return await server.Api.SendAsync(request, Token);
    }
}
