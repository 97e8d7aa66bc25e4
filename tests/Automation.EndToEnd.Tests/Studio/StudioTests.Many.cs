using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.Playwright;

namespace Automation.EndToEnd.Tests.Studio;

/// <summary>Many definitions, versions and instances at once.</summary>
public sealed partial class StudioTests
{
    [Fact]
    public async Task Many_are_published_retracted_cancelled_and_deleted_at_once_and_a_version_comes_back()
    {
        const string line = """{ "id": "w", "name": "Write1", "type": "Elsa.WriteLine", "version": 1 }""";
        const string wait = """{ "id": "e", "name": "Wait1", "type": "Elsa.Event", "version": 1, "eventName": { "typeName": "String", "expression": { "type": "Literal", "value": "never" } } }""";
        await SaveAsync("bulk-1", "Bulk one", line, publish: false);
        await SaveAsync("bulk-2", "Bulk two", line, publish: false);
        await OpenAsync("/studio/workflows?pageSize=50", "tbody tr");
        await _page.WaitForURLAsync(new Regex("pageSize=50"));
        await _browser.Row("Bulk two").WaitForAsync();

        await AllAsync("Publish", "Bulk one", "Bulk two");
        await PublishedAsync("bulk-1", true);
        await PublishedAsync("bulk-2", true);
        // A workflow of the folder is left as it is, and nobody says that it is not there.
        await AllAsync("Unpublish", "Bulk one", "Call ended");
        await PublishedAsync("bulk-1", false);
        await _page.Locator(".mud-snackbar").GetByText("unpublished").First.WaitForAsync();
        Assert.Equal(0, await _page.Locator(".mud-snackbar").GetByText("not found").CountAsync());
        await PublishedAsync("call-ended", true);
        await AllAsync("Delete", "Bulk one", "Bulk two");
        await Assertions.Expect(_browser.Row("Bulk two")).ToHaveCountAsync(0);

        // A file that cannot be taken: the page says why, because the Studio tells no more than the status.
        var file = Path.Combine(Directory.CreateTempSubdirectory("studio-import-").FullName, "call-ended.json");
        await File.WriteAllTextAsync(file, await _server.Api.GetStringAsync("/elsa/api/workflow-definitions/call-ended/export", TestContext.Current.CancellationToken), TestContext.Current.CancellationToken);
        var chosen = _page.WaitForFileChooserAsync();
        await _browser.PickAsync(_page.Locator("elsa-workflow-definition-list .mud-button-group-root button").Last, "Import");
        await (await chosen).SetFilesAsync(file);
        await _page.Locator("#studio-refused").GetByText("comes from a file of the workflows directory").WaitForAsync();
        await _browser.ShotAsync("30-refused-import");
        await _page.Locator("#studio-refused button").ClickAsync();
        while (_browser.Errors.TryDequeue(out var error))
            Assert.Contains("the server responded with a status of 403", error, StringComparison.Ordinal);

        await SaveAsync("versions", "Versions", line);
        await SaveAsync("versions", "Versions", wait);
        await OpenAsync("/studio/workflows/versions", ".x6-node");
        await _browser.TabAsync("Version history");
        var versions = _browser.Editor.Locator("tbody tr:visible");
        await Assertions.Expect(versions).ToHaveCountAsync(2);
        await _browser.PickAsync(versions.Last.Locator("button").Last, "Rollback to this version");
        await Assertions.Expect(versions).ToHaveCountAsync(3);
        await _page.Locator(".x6-node", new PageLocatorOptions { HasText = "Write1" }).WaitForAsync();
        await _browser.PickAsync(versions.Last.Locator("button").Last, "Delete");
        await _browser.ConfirmAsync();
        await Assertions.Expect(versions).ToHaveCountAsync(2);
        var left = await _server.GetJsonAsync("/elsa/api/workflow-definitions?definitionIds=versions&orderBy=Version&orderDirection=Ascending");
        Assert.Equal([2, 3], left.GetProperty("items").EnumerateArray().Select(v => v.GetProperty("version").GetInt32()));

        var (first, second) = (await DispatchAsync("versions"), await DispatchAsync("versions"));
        await _page.Locator(".studio-bar a", new PageLocatorOptions { HasText = "Instances" }).ClickAsync();
        await _browser.Row(first).WaitForAsync();
        await AllAsync("Cancel", first, second);
        await _browser.Row(second).GetByText("Cancelled").WaitForAsync();
        await AllAsync("Delete", first, second);
        await Assertions.Expect(_browser.Row(first)).ToHaveCountAsync(0);
        await Assertions.Expect(_browser.Row(second)).ToHaveCountAsync(0);
        Assert.Empty(_browser.Errors);

        async Task AllAsync(string action, params string[] rows)
        {
            foreach (var row in rows)
            {
                // A list that is just read again forgets what is chosen in it, so a person chooses once more.
                var box = _browser.Row(row).Locator("input[type=checkbox]");
                for (var tries = 1; tries == 1 || !await box.IsCheckedAsync(); tries++)
                {
                    // Not the box itself, which is never visible.
                    await _browser.Row(row).Locator(".mud-checkbox").First.ClickAsync();
                    try
                    {
                        await Assertions.Expect(box).ToBeCheckedAsync(new() { Timeout = 5_000 });
                    }
                    catch (PlaywrightException) when (tries < 5)
                    {
                        // Not yet.
                    }
                }
            }

            await _browser.PickAsync(_page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { NameRegex = new Regex("bulk actions", RegexOptions.IgnoreCase) }), action);
            await _page.Locator(".mud-dialog").WaitForAsync();
            await _browser.ConfirmAsync();
            // The list is read again, and nothing is chosen in it.
            await Assertions.Expect(_page.Locator("#studio tbody input:checked")).ToHaveCountAsync(0);
        }

        async Task PublishedAsync(string id, bool published) => await _server.WaitForAsync(Latest(id), d => d.GetProperty("isPublished").GetBoolean() == published);
    }

    [Fact]
    public async Task The_scenarios_of_the_engine_are_imported_and_one_of_each_kind_is_drawn()
    {
        using var form = new MultipartFormDataContent();
        var opened = new Dictionary<string, string>(StringComparer.Ordinal);
        var sent = new HashSet<string>(StringComparer.Ordinal);
        foreach (var path in Directory.EnumerateFiles(Path.Combine(ServerUnderTest.RepositoryRoot, "tests/Automation.Workflows.Tests/Engine/Scenarios"), "*.json", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            if (path.EndsWith(".expected.json", StringComparison.Ordinal) || path.Contains("/refused/", StringComparison.Ordinal))
                continue;
            var text = await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken);
            using var json = JsonDocument.Parse(text);
            // What the Studio itself asks of a file before it sends it.
            Assert.StartsWith("https://elsaworkflows.io/schemas/workflow-definition", json.RootElement.GetProperty("$schema").GetString(), StringComparison.Ordinal);
            var id = json.RootElement.GetProperty("definitionId").GetString()!;
            if (!sent.Add(id))
                continue;
            form.Add(new StringContent(text, new MediaTypeHeaderValue("application/json")), "files", id + ".json");
            opened.TryAdd(json.RootElement.GetProperty("root").GetProperty("type").GetString()!, id);
        }

        using var answer = await _server.Api.PostAsync(new Uri("/elsa/api/workflow-definitions/import-files", UriKind.Relative), form, TestContext.Current.CancellationToken);
        Assert.Equal(sent.Count, JsonNode.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!["count"]!.GetValue<int>());

        foreach (var (root, drawn) in ((string, string)[])[("Elsa.Flowchart", ".x6-node"), ("Elsa.Sequence", ".x6-node"), ("Elsa.StateMachine", "text=Initial state")])
        {
            await OpenInPageAsync(opened[root]);
            await _browser.Editor.Locator(drawn).First.WaitForAsync();
            await _browser.ShotAsync("31-" + root);
        }

        Assert.Empty(_browser.Errors);

        // Within the document: starting the Studio anew takes seconds.
        async Task OpenInPageAsync(string id)
        {
            if (!_page.Url.Contains("/studio/", StringComparison.Ordinal))
                await _page.GotoAsync(_server.Address + "/studio/workflows/" + id);
            else
                await _page.EvaluateAsync("id => history.pushState(null, '', '/studio/workflows/' + encodeURIComponent(id))", id);
            await Assertions.Expect(_page).ToHaveTitleAsync(id + " · Automation");
        }
    }
}
