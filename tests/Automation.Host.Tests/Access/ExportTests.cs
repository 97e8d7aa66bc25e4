using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Automation.Steps.Data;
using Automation.Storage;
using Automation.Storage.Writes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Automation.Host.Tests.Access;

/// <summary>Every list as a file, from the route table, over what strangers and spreadsheets could make trouble with.</summary>
public sealed class ExportTests
{
    private const string Formula = "=HYPERLINK(\"http://evil.example/\",\"a,b\")\r\n@SUM(1)";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_list_is_exported_whole_and_no_cell_is_a_formula()
    {
        await using var server = await ServerHere.StartAsync("--Automation:Intake:Sources:inbox:Preset", "generic", "--Automation:Intake:Sources:inbox:Open", "true");
        using var client = server.Client(ServerHere.AdminKey);
        await SendAsync(client, HttpMethod.Put, "/api/data/sheets/" + Uri.EscapeDataString("=k"), new { note = Formula });
        await SendAsync(client, HttpMethod.Put, "/api/data/sheets/export", new { note = "a document of that name" });
        await SendAsync(client, HttpMethod.Put, "/api/channels/team", new { kind = "Inbox" });
        await SendAsync(client, HttpMethod.Post, "/api/channels/team/test", new { subject = Formula, text = Formula });
        await SendAsync(client, HttpMethod.Post, "/api/endpoints", new { url = "https://receiver.invalid/hook", description = Formula, eventTypes = Array.Empty<string>() });
        await SendAsync(client, HttpMethod.Post, "/api/deliveries", new { eventType = "order.paid", payload = Formula });
        await SendAsync(client, HttpMethod.Post, "/api/users", new { name = "=ada", role = "viewer", password = "correct horse battery staple" });
        await SendAsync(client, HttpMethod.Post, "/api/keys", new { name = "+key", role = "viewer" });
        await SendAsync(client, HttpMethod.Put, "/api/mappings", new { rules = new[] { new { id = "@rule", source = "-x", type = Formula, workflow = "=w" } } });
        await SendAsync(client, HttpMethod.Post, "/api/replays", new { source = "=x", dryRun = true });
        await SendAsync(client, HttpMethod.Put, "/api/secrets/export", new { value = "never-shown" });
        await SendAsync(client, HttpMethod.Put, "/api/channels/export", new { kind = "Slack", url = "https://hooks.invalid/never-shown", description = Formula });
        await SendAsync(client, HttpMethod.Post, "/webhooks/inbox", new { type = "=cmd", id = "e1", data = Formula });

        var routes = ((IEndpointRouteBuilder)server.App).DataSources.SelectMany(d => d.Endpoints).OfType<RouteEndpoint>().Select(e => "/" + e.RoutePattern.RawText!.Trim('/'))
            .Where(p => p.StartsWith("/api/", StringComparison.Ordinal) && (p.EndsWith("/export", StringComparison.Ordinal) || p.StartsWith("/api/exports/", StringComparison.Ordinal)) && p != "/api/events/export")
            .Append("/api/data/sheets").Append("/api/events/export?format=csv").ToList();
        Assert.True(routes.Count >= 17, string.Join(' ', routes));
        foreach (var route in routes)
        {
            var text = await client.GetStringAsync(new Uri(route, UriKind.Relative), Token);
            Assert.DoesNotContain("never-shown", text, StringComparison.Ordinal);
            var rows = Csv(text);
            if (route == "/api/events/export?format=csv")
            {
                Assert.All(rows, r => Assert.Equal(rows[0].Count, r.Count));
                Assert.DoesNotContain(rows.SelectMany(r => r), c => c is ['=' or '+' or '-' or '@' or '\t' or '\r', ..]);
                Assert.Equal("'=cmd", rows[1][rows[0].IndexOf("type")]);
                continue;
            }

            var lines = (await client.GetStringAsync(new Uri(route + "?format=ndjson", UriKind.Relative), Token)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
            Assert.Equal((route, rows.Count - 1), (route, lines.Length));
            Assert.All(rows, r => Assert.Equal(rows[0].Count, r.Count));
            Assert.DoesNotContain(rows.SelectMany(r => r), c => c is ['=' or '+' or '-' or '@' or '\t' or '\r', ..]);
            Assert.All(lines, l => Assert.Equal(rows[0], JsonElement.Parse(l).EnumerateObject().Select(m => m.Name)));
            using var wrong = await client.GetAsync(new Uri(route + "?format=xlsx", UriKind.Relative), Token);
            Assert.Equal((route, HttpStatusCode.BadRequest), (route, wrong.StatusCode));
            if (route is not ("/api/instances/export" or "/api/jobs/export"))
                Assert.True(lines.Length > 0, route + " is empty.");
        }

        // What is named as other lists' exports are is read as any other.
        Assert.Equal("Slack", (await client.GetFromJsonAsync<JsonElement>("/api/channels/export", Token)).GetProperty("settings").GetProperty("kind").GetString());
        Assert.Equal("export", (await client.GetFromJsonAsync<JsonElement>("/api/secrets/export", Token)).GetProperty("name").GetString());
        Assert.Equal("a document of that name", (await client.GetFromJsonAsync<JsonElement>("/api/data/sheets/export", Token)).GetProperty("body").GetProperty("note").GetString());
    }

    [Fact]
    public async Task A_long_list_is_exported_page_by_page_without_loss_and_with_its_filter()
    {
        await using var server = await ServerHere.StartAsync();
        using var client = server.Client(ServerHere.AdminKey);
        var store = server.App.Services.GetRequiredService<DocumentStore>();
        await Task.WhenAll(Enumerable.Range(0, 450).Select(i => store.ReplaceAsync("long", $"k{i:000}", $$"""{"even":{{(i % 2 == 0 ? "true" : "false")}}}""", null, Token)));

        var all = Csv(await client.GetStringAsync(new Uri("/api/data/long", UriKind.Relative), Token)).Skip(1).Select(r => r[0]);
        var even = Csv(await client.GetStringAsync(new Uri("/api/data/long?where=" + Uri.EscapeDataString("""{"even":true}"""), UriKind.Relative), Token)).Skip(1).Select(r => r[0]);
        Assert.Equal(Enumerable.Range(0, 450).Select(i => $"k{i:000}"), all);
        Assert.Equal(Enumerable.Range(0, 225).Select(i => $"k{i * 2:000}"), even);
        foreach (var nonsense in new[] { "{", "[1]", """{"a":{"like":1}}""" })
        {
            using var answer = await client.GetAsync(new Uri("/api/data/long?where=" + Uri.EscapeDataString(nonsense), UriKind.Relative), Token);
            Assert.Equal((nonsense, HttpStatusCode.BadRequest), (nonsense, answer.StatusCode));
        }
    }

    [Fact]
    public async Task Instances_that_were_created_at_the_same_moment_are_exported_once_each_across_pages()
    {
        await using var server = await ServerHere.StartAsync("--Automation:Workflows:Retention:Age", "00:00:00");
        using var client = server.Client(ServerHere.AdminKey);
        // More than two pages; the moments change in the middle of them.
        const int count = 11_000;
        var insert = new SqlStatement(
            "INSERT INTO workflow_instances (id, definition_id, definition_version_id, definition_version, sub_status, is_system, incident_count, created_at, updated_at, revision, state) "
            + "VALUES ($1, 'many', 'v', 1, 1, $2, 0, $3, $3, 1, '{}')");
        var (unit, start) = (new WriteUnit(), new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        for (var i = 0; i < count; i++)
            unit.Add(insert, $"{i * 7919 % count:x8}", false, SqlValue.Micros(start.AddSeconds(i / 1_700)));
        await server.App.Services.GetRequiredService<Database>().CommitAsync(unit, cancellationToken: Token);

        var rows = Csv(await client.GetStringAsync(new Uri("/api/instances/export?workflow=many", UriKind.Relative), Token));

        var (id, created) = (rows[0].IndexOf("id"), rows[0].IndexOf("createdAt"));
        Assert.Equal(count, rows.Skip(1).Select(r => r[id]).Distinct(StringComparer.Ordinal).Count());
        Assert.Equal(count, rows.Count - 1);
        Assert.Equal(rows.Skip(1).Select(r => r[created]).OrderDescending(StringComparer.Ordinal), rows.Skip(1).Select(r => r[created]));
    }

    private static async Task SendAsync(HttpClient client, HttpMethod method, string path, object body)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative)) { Content = JsonContent.Create(body) };
        using var answer = await client.SendAsync(request, Token);
        Assert.True(answer.IsSuccessStatusCode, $"{method} {path}: {await answer.Content.ReadAsStringAsync(Token)}");
    }

    /// <summary>Reads CSV as RFC 4180 has it.</summary>
    private static List<List<string>> Csv(string text)
    {
        var (rows, row, cell, quoted) = (new List<List<string>>(), new List<string>(), new System.Text.StringBuilder(), false);
        for (var i = 0; i < text.Length; i++)
        {
            if (quoted && text[i] == '"' && i + 1 < text.Length && text[i + 1] == '"')
                cell.Append(text[i++]);
            else if (text[i] == '"')
                quoted = !quoted;
            else if (!quoted && text[i] is ',' or '\n' && !quoted)
            {
                row.Add(cell.ToString());
                cell.Clear();
                if (text[i] == '\n')
                {
                    rows.Add(row);
                    row = [];
                }
            }
            else
                cell.Append(text[i]);
        }

        return rows;
    }
}
