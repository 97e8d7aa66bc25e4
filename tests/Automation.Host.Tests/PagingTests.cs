using System.Globalization;
using System.Text.Json;
using Automation.Storage;
using Automation.Storage.Writes;
using Automation.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Automation.Host.Tests;

/// <summary>Lists of the API, read page by page: everything once, also what came at one moment, and whatever comes meanwhile.</summary>
public sealed class PagingTests
{
    private const int Count = 37;

    // Of late: a server that starts removes what is older than it keeps.
    private static readonly DateTimeOffset Began = DateTimeOffset.UtcNow.AddHours(-2);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task Every_item_is_on_one_page_also_where_many_came_at_the_same_moment(DatabaseProvider provider)
    {
        var (connection, drop) = provider == DatabaseProvider.PostgreSql ? await PostgresServer.CreateDatabaseAsync() : ("", () => ValueTask.CompletedTask);
        await using (var server = await ServerHere.StartAsync(connection.Length == 0 ? [] : ["--ConnectionStrings:Automation", connection]))
        {
            using var client = server.Client(ServerHere.AdminKey);
            var database = server.App.Services.GetRequiredService<Database>();
            await database.CommitAsync(Rows(), cancellationToken: Token);

            foreach (var (path, expected) in new[]
            {
                ("/api/inbox?take=5", Count), ("/api/inbox?take=5&unread=true", Count), ("/api/notifications?take=5", Count), ("/api/notifications?take=5&channel=people&status=Sent", Count),
                ("/api/instances?take=5", Count), ("/api/instances?take=5&workflow=many", Count),
            })
            {
                var ids = await AllAsync(client, path, async () =>
                    await database.CommitAsync(new WriteUnit().Add(Inbox, Guid.NewGuid().ToString(), SqlValue.Micros(Began.AddHours(1))), cancellationToken: Token));
                Assert.Equal((path, expected), (path, ids.Distinct(StringComparer.Ordinal).Count()));
                Assert.Equal((path, expected), (path, ids.Count));
            }

            foreach (var nonsense in new[] { "yesterday", "-", "12-x" })
            {
                using var answer = await client.GetAsync(new Uri("/api/inbox?before=" + nonsense, UriKind.Relative), Token);
                Assert.Equal((nonsense, 400), (nonsense, (int)answer.StatusCode));
            }
        }

        await drop();
    }

    [Fact]
    public async Task Documents_are_paged_by_their_keys()
    {
        await using var server = await ServerHere.StartAsync();
        using var client = server.Client(ServerHere.AdminKey);
        foreach (var i in Enumerable.Range(0, 12))
        {
            using var put = await client.PutAsync(new Uri($"/api/data/orders/o-{i:00}", UriKind.Relative), Json("""{"open":true}"""), Token);
            put.EnsureSuccessStatusCode();
        }

        var keys = new List<string>();
        for (string? after = null; ;)
        {
            using var answer = await client.PostAsync(new Uri("/api/data/orders/query", UriKind.Relative), Json(JsonSerializer.Serialize(new { where = new { open = true }, take = 5, after })), Token);
            var page = JsonElement.Parse(await answer.Content.ReadAsStringAsync(Token));
            keys.AddRange(page.GetProperty("items").EnumerateArray().Select(d => d.GetProperty("key").GetString()!));
            if (page.GetProperty("next").GetString() is not { } next)
                break;
            after = next;
        }

        Assert.Equal(Enumerable.Range(0, 12).Select(i => $"o-{i:00}"), keys);
        using var sorted = await client.PostAsync(new Uri("/api/data/orders/query", UriKind.Relative), Json("""{"orderBy":"open","after":"o-01"}"""), Token);
        Assert.Equal(400, (int)sorted.StatusCode);
    }

    private static readonly SqlStatement Inbox = new("INSERT INTO inbox (id, channel, severity, subject, body, created_at) VALUES ($1, 'people', 'Info', 's', 't', $2)");

    private static readonly SqlStatement Notification = new(
        """
        INSERT INTO notifications (id, channel, kind, recipient, message, status, attempts, for_digest, created_at)
        VALUES ($1, 'people', 'Inbox', '', '{"subject":"s","text":"t","severity":"Info"}', 'Sent', 1, 0, $2)
        """);

    private static readonly SqlStatement Instance = new(
        """
        INSERT INTO workflow_instances (id, definition_id, definition_version_id, definition_version, sub_status, is_system, incident_count, created_at, updated_at, revision, state)
        VALUES ($1, 'many', 'v', 1, 3, false, 0, $2, $2, 1, '{}')
        """);

    /// <summary>Of each kind, more at one moment than a page holds, and some before and after.</summary>
    private static WriteUnit Rows()
    {
        var unit = new WriteUnit();
        for (var i = 0; i < Count; i++)
        {
            var at = SqlValue.Micros(Began.AddSeconds(i is < 7 or > 30 ? i : 10));
            var id = (i * 7919 % 100_000).ToString("x8", CultureInfo.InvariantCulture);
            unit.Add(Inbox, id, at).Add(Notification, id, at).Add(Instance, id, at);
        }

        return unit;
    }

    private static async Task<List<string>> AllAsync(HttpClient client, string path, Func<Task> meanwhile)
    {
        var ids = new List<string>();
        for (var next = ""; ;)
        {
            var page = JsonElement.Parse(await client.GetStringAsync(new Uri(path + next, UriKind.Relative), Token));
            // What came while the list was read stands before where it began.
            ids.AddRange(page.GetProperty("items").EnumerateArray().Select(i => i.GetProperty("id").GetString()!).Where(id => id.Length == 8));
            if (page.GetProperty("next").GetString() is not { } place)
                return ids;
            next = "&before=" + Uri.EscapeDataString(place);
            await meanwhile();
        }
    }

    private static StringContent Json(string text) => new(text, System.Text.Encoding.UTF8, "application/json");
}
