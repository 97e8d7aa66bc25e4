using Automation.Intake.Events;
using Automation.Storage;
using Automation.Storage.Events;
using Automation.Storage.Writes;
using Automation.Testing;

namespace Automation.Dashboard.Tests.Events;

/// <summary>Searches for what is rare among many events, on both databases.</summary>
public sealed class EventSearchTests
{
    private const int Many = 50_100;

    private static readonly SqlStatement Fill = new(
        $"""
        WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {Many - 1})
        INSERT INTO events (id, status, received_at, source, type, correlation_key, answer, headers, body_size, body)
        SELECT printf('019a0000-0000-7000-8000-%012x', i), CASE WHEN i % 5 = 0 THEN 2 ELSE 1 END, 0, CASE WHEN i = 7 THEN 'rare' ELSE 'common' END, 'x', CASE WHEN i = 7 THEN 'key' END, 200, '[]', 2, CAST('hello' AS blob) FROM n
        """,
        $$"""
        INSERT INTO events (id, status, received_at, source, type, correlation_key, answer, headers, body_size, body)
        SELECT ('019a0000-0000-7000-8000-' || lpad(to_hex(i), 12, '0'))::uuid, CASE WHEN i % 5 = 0 THEN 2 ELSE 1 END, 0, CASE WHEN i = 7 THEN 'rare' ELSE 'common' END, 'x', CASE WHEN i = 7 THEN 'key' END, 200, '[]', 2, 'hello'::bytea
        FROM generate_series(0, {{Many - 1}}) i
        """);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task A_page_has_an_end_and_the_next_one_goes_on_where_it_ended(DatabaseProvider provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider);
        await database.Database.CommitAsync(new WriteUnit().Add(Fill), cancellationToken: Token);
        var queries = new EventQueries(database.Database);

        var first = await queries.ListAsync(new EventFilter { Source = "rare" }, cancellationToken: Token);
        Assert.Empty(first.Items);
        Assert.NotNull(first.Next);
        var second = await queries.ListAsync(new EventFilter { Source = "rare" }, first.Next, cancellationToken: Token);
        Assert.Equal("rare", Assert.Single(second.Items).Source);
        Assert.Null(second.Next);

        // What an index leads to is found at once, and what is common needs no end.
        Assert.Single((await queries.ListAsync(new EventFilter { CorrelationKey = "key" }, cancellationToken: Token)).Items);
        Assert.Equal(50, (await queries.ListAsync(new EventFilter { Source = "common" }, cancellationToken: Token)).Items.Count);
        Assert.Empty((await queries.ListAsync(new EventFilter { Status = EventStatus.Failed }, cancellationToken: Token)).Items);
        Assert.Empty((await queries.ListAsync(new EventFilter { Status = EventStatus.Unmatched, Source = "none" }, cancellationToken: Token)).Items);
    }

    [Fact]
    public async Task All_pages_together_have_every_event_of_a_filter_once()
    {
        await using var database = await TestDatabase.CreateAsync(DatabaseProvider.Sqlite);
        await database.Database.CommitAsync(new WriteUnit().Add(Fill), cancellationToken: Token);
        var queries = new EventQueries(database.Database);
        var found = new HashSet<string>(StringComparer.Ordinal);
        string? before = null;
        do
        {
            var page = await queries.ListAsync(new EventFilter { Source = "c*", Status = EventStatus.Unmatched }, before, EventQueries.MaxLimit, Token);
            Assert.All(page.Items, e => Assert.True(found.Add(e.Id)));
            before = page.Next;
        }
        while (before is not null);

        Assert.Equal(Many / 5, found.Count);
    }
}
