using Automation.Intake.Events;
using Automation.Intake.Tests.Support;
using Automation.Storage;
using Automation.Storage.Events;
using Automation.Testing;

namespace Automation.Intake.Tests.Events;

public sealed class QueryTests
{
    public static TheoryData<DatabaseProvider> Providers => [DatabaseProvider.Sqlite, DatabaseProvider.PostgreSql];

    [Theory]
    [MemberData(nameof(Providers))]
    public async Task Events_are_filtered_by_everything_that_is_known_of_them(DatabaseProvider provider)
    {
        var clock = new ManualClock();
        await using var server = await IntakeServer.StartAsync(provider: provider, clock: clock, mappings: """{ "rules": [ { "source": "flyflow", "workflow": "w" } ] }""");
        var start = clock.GetUtcNow();
        await server.PostAsync("flyflow", """{"event_type":"call_started","call_id":"c1","timestamp":"1"}""");
        clock.Jump(TimeSpan.FromSeconds(1));
        await server.PostAsync("flyflow", """{"event_type":"call_ended","call_id":"c1","timestamp":"2","data":{"note":"100% grün_x"}}""");
        clock.Jump(TimeSpan.FromSeconds(1));
        await server.PostAsync("flow-sessions", """{"event":"flow.end","id":"1","session_id":"s1"}""");
        await server.PostAsync("flow-sessions", """{"event":"flow.end","id":"1","session_id":"s1"}""");
        await server.PostAsync("flow-sessions", [0x7B, 0xFF, 0x7D]);
        await server.DrainAsync();

        async Task<string> Find(EventFilter filter) =>
            string.Join(' ', (await server.Events.ListAsync(filter, null, 50, TestContext.Current.CancellationToken)).Items.Select(e => $"{e.Type}:{e.Status}"));

        Assert.Equal("call_ended:Routed call_started:Routed", await Find(new EventFilter { Source = "flyflow" }));
        Assert.Equal(":Rejected flow.end:Duplicate flow.end:Unmatched", await Find(new EventFilter { Source = "flow-*" }));
        Assert.Equal("call_ended:Routed call_started:Routed", await Find(new EventFilter { Type = "call_*" }));
        Assert.Equal("call_ended:Routed", await Find(new EventFilter { Type = "call_ended" }));
        Assert.Equal("", await Find(new EventFilter { Type = "call%*" }));
        Assert.Equal("flow.end:Duplicate", await Find(new EventFilter { Status = EventStatus.Duplicate }));
        Assert.Equal("call_ended:Routed call_started:Routed", await Find(new EventFilter { CorrelationKey = "c1" }));
        Assert.Equal("call_ended:Routed", await Find(new EventFilter { From = start.AddSeconds(1), To = start.AddSeconds(2) }));
        Assert.Equal("call_ended:Routed", await Find(new EventFilter { Text = "100% grün_x" }));
        Assert.Equal("", await Find(new EventFilter { Text = "100_ grün" }));
        Assert.Equal(":Rejected", await Find(new EventFilter { Text = "valid UTF-8" }));
        Assert.Equal("flow.end:Unmatched", await Find(new EventFilter { Source = "flow-sessions", Type = "flow.end", Status = EventStatus.Unmatched, CorrelationKey = "s1", Text = "\"1\"" }));
    }

    [Theory]
    [MemberData(nameof(Providers))]
    public async Task Pages_follow_one_another_without_gap_or_repetition(DatabaseProvider provider)
    {
        await using var server = await IntakeServer.StartAsync(provider: provider);
        for (var i = 0; i < 25; i++)
            await server.PostAsync("flow-sessions", $$"""{"event":"flow.end","id":"{{i}}","session_id":"s"}""");
        await server.DrainAsync();

        var seen = new List<string>();
        string? before = null;
        do
        {
            var page = await server.Events.ListAsync(new EventFilter(), before, 10, TestContext.Current.CancellationToken);
            seen.AddRange(page.Items.Select(e => e.Id));
            before = page.Next;
        }
        while (before is not null);

        Assert.Equal(25, seen.Distinct(StringComparer.Ordinal).Count());
        Assert.Equal(seen.OrderDescending(StringComparer.Ordinal), seen);
    }

    [Fact]
    public async Task What_is_not_there_is_null()
    {
        await using var server = await IntakeServer.StartAsync();

        Assert.Null(await server.Events.FindAsync("nothing", TestContext.Current.CancellationToken));
        Assert.Empty(await server.Events.OfInstanceAsync("nothing", TestContext.Current.CancellationToken));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => server.Events.ListAsync(new EventFilter(), null, 501, TestContext.Current.CancellationToken));
    }
}
