using System.Text;
using Automation.Intake.Events;
using Automation.Intake.Mapping;
using Automation.Intake.Tests.Support;
using Automation.Storage;
using Automation.Storage.Events;
using Microsoft.Extensions.DependencyInjection;

namespace Automation.Intake.Tests.Mapping;

/// <summary>Versions of the mappings: who changed what, at which servers they are in force, and how one is put back.</summary>
public sealed class MappingHistoryTests
{
    private const string First = """{ "rules": [ { "id": "a", "workflow": "one" }, { "id": "b", "workflow": "two" } ] }""";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task Every_change_is_kept_with_who_made_it_and_what_it_changed(DatabaseProvider provider)
    {
        await using var server = await IntakeServer.StartAsync(mappings: First, provider: provider);
        var (store, history) = Of(server);
        Assert.Equal(1, store.Version);

        await store.ApplyAsync(Json("""{ "rules": [ { "id": "b", "workflow": "two", "enabled": false }, { "id": "c", "workflow": "three" } ] }"""), "anna", "less noise", cancellationToken: Ct);
        await store.ApplyAsync(Json("""{ "rules": [ { "id": "c", "workflow": "three" }, { "id": "b", "workflow": "two", "enabled": true, "filter": "true" } ] }"""), "ben", cancellationToken: Ct);
        await File.WriteAllTextAsync(server.MappingsFile, "{ \"rules\": [] }\n", Ct);
        await server.RulesBecomeAsync(0);
        await UntilAsync(() => store.Version == 4);

        var all = await history.ListAsync(null, null, 10, Ct);
        Assert.Null(all.Next);
        Assert.Equal(
            [(4L, MappingOrigin.File, null, null, 0), (3L, MappingOrigin.Person, "ben", null, 2), (2L, MappingOrigin.Person, "anna", "less noise", 2), (1L, MappingOrigin.File, null, (string?)null, 2)],
            all.Items.Select(c => (c.Version, c.Origin, c.By, c.Note, c.Rules)));
        Assert.Equal(["a added", "b added"], Told(all.Items[3]));
        Assert.Equal(["a removed", "b switched off", "c added"], Told(all.Items[2]));
        Assert.Equal(["b changed"], Told(all.Items[1]));
        Assert.True(all.Items[1].Reordered);
        Assert.False(all.Items[2].Reordered);
        Assert.Equal("two", (string?)all.Items[2].Changes.Single(c => c.RuleId == "b").Before!["workflow"]);

        // Of one rule, and in pages.
        Assert.Equal([4L, 2L], (await history.ListAsync(null, "c", 10, Ct)).Items.Select(c => c.Version));
        var page = await history.ListAsync(null, null, 2, Ct);
        Assert.Equal([4L, 3L], page.Items.Select(c => c.Version));
        Assert.Equal([2L, 1L], (await history.ListAsync(page.Next, null, 2, Ct)).Items.Select(c => c.Version));

        // What was is put back as it was written.
        var (_, content) = (await history.FindAsync(1, Ct))!.Value;
        Assert.Equal(First, Encoding.UTF8.GetString(content));
        await store.ApplyAsync(content, "ben", origin: MappingOrigin.Restore, cancellationToken: Ct);
        Assert.Equal(["a", "b"], store.Rules.Select(r => r.Id));
        Assert.Equal((5L, MappingOrigin.Restore), ((await history.ListAsync(null, null, 1, Ct)).Items[0].Version, (await history.ListAsync(null, null, 1, Ct)).Items[0].Origin));
        Assert.Null(await history.FindAsync(6, Ct));
        if (provider == DatabaseProvider.Sqlite)
            Assert.Equal(First, await File.ReadAllTextAsync(server.MappingsFile, Ct));
    }

    [Theory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task An_event_is_judged_by_the_rules_of_the_time_when_it_was_routed(DatabaseProvider provider)
    {
        await using var server = await IntakeServer.StartAsync(mappings: First, provider: provider);
        var (store, history) = Of(server);
        var judge = server.Services.GetRequiredService<EventJudge>();
        var at = (await history.ListAsync(null, null, 1, Ct)).Items[0].At;
        await UntilAsync(() => DateTimeOffset.UtcNow > at.AddMilliseconds(5));
        var received = DateTimeOffset.UtcNow;
        await UntilAsync(() => DateTimeOffset.UtcNow > received.AddMilliseconds(5));
        await store.ApplyAsync(Json("""{ "rules": [ { "id": "later", "workflow": "three" } ] }"""), "anna", cancellationToken: Ct);

        var then = await judge.JudgeAsync(Stored(received, EventStatus.Unmatched), Ct);
        Assert.Equal((1L, false, true), (then.Version, then.IsCurrent, then.AsRouted));
        Assert.Equal(["a", "b"], then.Rules.Select(r => r.RuleId));
        var now = await judge.JudgeAsync(Stored(DateTimeOffset.UtcNow.AddSeconds(1), EventStatus.Routed), Ct);
        Assert.Equal((2L, true, true), (now.Version, now.IsCurrent, now.AsRouted));
        Assert.Equal(["later"], now.Rules.Select(r => r.RuleId));

        // What came early and was routed again later was routed by the later rules; what came before all versions, by none that is kept.
        var again = await judge.JudgeAsync(Stored(received, EventStatus.Routed) with { Starts = [new EventStart("later", "three", "i", DateTimeOffset.UtcNow.AddSeconds(1))] }, Ct);
        Assert.Equal(2L, again.Version);
        var old = await judge.JudgeAsync(Stored(at.AddYears(-1), EventStatus.Routed), Ct);
        Assert.Equal((2L, true, false), (old.Version, old.IsCurrent, old.AsRouted));
        Assert.Empty((await judge.JudgeAsync(Stored(received, EventStatus.Rejected), Ct)).Rules);
    }

    private static EventDetail Stored(DateTimeOffset at, EventStatus status) => new(
        new EventSummary
        {
            Id = "e", Source = "flow-sessions", Type = "flow.end", Status = status, CorrelationKey = null, ReceivedAt = at, OccurredAt = null, Answer = 200, Reason = null, DuplicateOf = null, ReplayOf = null, BodySize = 1,
        },
        null, null, null, null, "{}", Encoding.UTF8.GetBytes("""{"event":"flow.end","id":"e","session_id":"s"}"""), [], 0);

    [Theory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task Of_two_who_have_seen_the_same_version_the_second_is_refused(DatabaseProvider provider)
    {
        await using var server = await IntakeServer.StartAsync(mappings: First, provider: provider);
        var (store, _) = Of(server);

        var changes = Enumerable.Range(0, 8).Select(i => Task.Run(() => store.ApplyAsync(Json($$"""{ "rules": [ { "id": "r{{i}}", "workflow": "w" } ] }"""), "anna", expected: 1, cancellationToken: Ct))).ToList();
        await Task.WhenAll(changes).ContinueWith(_ => { }, TaskScheduler.Default);

        Assert.Equal(1, changes.Count(c => c.IsCompletedSuccessfully));
        Assert.All(changes.Where(c => c.IsFaulted), c => Assert.IsType<MappingConflictException>(c.Exception!.InnerException));
        Assert.Equal(2, store.Version);
        Assert.Single(store.Rules);
    }

    [Theory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task A_restart_keeps_what_is_in_force_and_makes_no_version_of_it(DatabaseProvider provider)
    {
        await using var server = await IntakeServer.StartAsync(mappings: First, provider: provider);
        await Of(server).Store.ApplyAsync(Json("""{ "rules": [ { "id": "mine", "workflow": "w" } ] }"""), "anna", cancellationToken: Ct);
        await server.StopAsync();
        await server.TestDatabase.ReopenAsync();
        await server.StartAgainAsync();

        Assert.Equal(["mine"], Of(server).Store.Rules.Select(r => r.Id));
        Assert.Equal(2, Of(server).Store.Version);

        // A file that was changed while the server was down is taken, on either database.
        await server.StopAsync();
        await File.WriteAllTextAsync(server.MappingsFile, """{ "rules": [ { "id": "deployed", "workflow": "w" } ] }""", Ct);
        await server.TestDatabase.ReopenAsync();
        await server.StartAgainAsync();
        Assert.Equal(["deployed"], Of(server).Store.Rules.Select(r => r.Id));
        Assert.Equal(3, Of(server).Store.Version);
    }

    [Fact]
    public async Task A_change_at_one_server_is_in_force_at_the_other_and_events_follow_it_there()
    {
        await using var first = await IntakeServer.StartAsync(mappings: First, provider: DatabaseProvider.PostgreSql);
        await using var second = await first.StartSecondAsync();
        Assert.Equal(1, Of(second).Store.Version);

        await Of(first).Store.ApplyAsync(Json("""{ "rules": [ { "id": "new", "source": "flyflow", "workflow": "fresh" } ] }"""), "anna", cancellationToken: Ct);
        await UntilAsync(() => Of(second).Store.Version == 2);
        (await second.PostAsync("flyflow", """{"event_type":"call_ended","call_id":"c","timestamp":"t"}""")).Dispose();
        await second.Starter.WaitAsync(1);
        Assert.Equal("fresh", Assert.Single(second.Starter.Starts).DefinitionId);

        // The other one's file is none of its business until somebody changes it.
        Assert.Equal(First, await File.ReadAllTextAsync(second.MappingsFile, Ct));
        await File.WriteAllTextAsync(second.MappingsFile, """{ "rules": [ { "id": "edited", "workflow": "w" } ] }""", Ct);
        await UntilAsync(() => Of(first).Store.Version == 3);
        Assert.Equal(["edited"], Of(first).Store.Rules.Select(r => r.Id));

        // A server that comes up with a file that was in force long ago does not bring it back.
        await using var third = await first.StartSecondAsync();
        Assert.Equal(["edited"], Of(third).Store.Rules.Select(r => r.Id));
        Assert.Equal(3, Of(third).Store.Version);
        Assert.Contains(third.Log.Lines, l => l.StartsWith("Warning", StringComparison.Ordinal) && l.Contains("earlier version", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_version_that_a_server_does_not_understand_is_told_and_the_last_good_one_stays()
    {
        await using var server = await IntakeServer.StartAsync(mappings: First, provider: DatabaseProvider.PostgreSql);
        var (store, history) = Of(server);

        Assert.NotNull(await history.AppendAsync(1, Json("""{ "rules": [ { "id": "a", "workflow": "w", "of a later program": 1 } ] }"""), MappingOrigin.Person, "anna", null, Ct));

        await UntilAsync(() => store.Problem is not null);
        Assert.StartsWith("Version 2 of the mappings cannot be used by this server:", store.Problem, StringComparison.Ordinal);
        Assert.Equal(["a", "b"], store.Rules.Select(r => r.Id));
        await store.ApplyAsync(Json(First), "ben", cancellationToken: Ct);
        Assert.Null(store.Problem);
        Assert.Equal(3, store.Version);
    }

    private static (MappingStore Store, MappingHistory History) Of(IntakeServer server) =>
        (server.Services.GetRequiredService<MappingStore>(), server.Services.GetRequiredService<MappingHistory>());

    private static byte[] Json(string text) => Encoding.UTF8.GetBytes(text);

    private static IEnumerable<string> Told(MappingChange change) => change.Changes.Select(c => $"{c.RuleId} {c.What}").Order(StringComparer.Ordinal);

    private static async Task UntilAsync(Func<bool> condition)
    {
        while (!condition())
            await Task.Delay(5, Ct);
    }
}
