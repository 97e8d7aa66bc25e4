using System.Text;
using Automation.Intake.Replies;
using Automation.Storage;
using Automation.Storage.Events;
using Automation.Storage.Writes;
using Automation.Testing;

namespace Automation.Intake.Tests.Replies;

/// <summary>Which reply is the answer, on both databases.</summary>
public sealed class ReplyStoreTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task The_first_that_commits_is_the_answer_and_the_others_are_late(DatabaseProvider provider)
    {
        await using var test = await TestDatabase.CreateAsync(provider);
        var store = new ReplyStore(test.Database, TimeProvider.System);

        Assert.Equal(ReplyState.Given, await AddAsync(test.Database, store, "e1", "a", ReplyState.Given));
        Assert.Equal("a", TextOf(await store.FallBackAsync("e1", Content("fallback"), ReplyOrigin.Deadline, "late")));
        Assert.Equal(ReplyState.Late, await AddAsync(test.Database, store, "e1", "b", ReplyState.Given));
        Assert.Equal(ReplyState.ToSend, await AddAsync(test.Database, store, "e1", "c", ReplyState.Given, "https://sender.example/reply"));

        Assert.Equal("fallback", TextOf(await store.FallBackAsync("e2", Content("fallback"), ReplyOrigin.Deadline, "late")));
        Assert.Equal(ReplyState.Late, await AddAsync(test.Database, store, "e2", "a", ReplyState.Given));
        Assert.Equal("fallback", TextOf((await store.FindGivenAsync("e2", Ct))!));
        Assert.Equal("fallback", TextOf((await store.TakeAsync("e2", Ct))!));
    }

    [Theory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task A_reply_that_nobody_was_given_is_taken_once_unless_it_is_on_its_way(DatabaseProvider provider)
    {
        await using var test = await TestDatabase.CreateAsync(provider);
        var store = new ReplyStore(test.Database, TimeProvider.System);
        Assert.Null(await store.TakeAsync("e1", Ct));
        await AddAsync(test.Database, store, "e1", "sent", ReplyState.ToSend, "https://sender.example/reply");
        Assert.Null(await store.TakeAsync("e1", Ct));
        await AddAsync(test.Database, store, "e1", "late", ReplyState.Late);
        await AddAsync(test.Database, store, "e1", "later", ReplyState.Late);

        Assert.Equal("late", TextOf((await store.TakeAsync("e1", Ct))!));
        Assert.Equal("late", TextOf((await store.TakeAsync("e1", Ct))!));
        Assert.Equal("late", TextOf(await store.FallBackAsync("e1", Content("fallback"), ReplyOrigin.Deadline, null)));
    }

    [Theory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task Of_many_at_once_one_is_given_and_all_are_told_the_same(DatabaseProvider provider)
    {
        await using var test = await TestDatabase.CreateAsync(provider);
        var store = new ReplyStore(test.Database, TimeProvider.System);

        var states = await Task.WhenAll(Enumerable.Range(0, 30).Select(i => Task.Run(() => AddAsync(test.Database, store, "e", "r" + i, ReplyState.Given))));
        var told = await Task.WhenAll(Enumerable.Range(0, 30).Select(_ => Task.Run(async () => TextOf(await store.FallBackAsync("e", Content("fallback"), ReplyOrigin.Deadline, null)))));

        Assert.Single(states, ReplyState.Given);
        Assert.Equal(29, states.Count(s => s == ReplyState.Late));
        Assert.Equal(TextOf((await store.FindGivenAsync("e", Ct))!), Assert.Single(told.Distinct()));
        Assert.StartsWith("r", told[0], StringComparison.Ordinal);
    }

    private static async Task<ReplyState> AddAsync(Database database, ReplyStore store, string eventId, string id, ReplyState state, string? url = null)
    {
        var unit = new WriteUnit();
        StoredReply? kept = null;
        store.Add(unit, new StoredReply(eventId, id, state, ReplyOrigin.Workflow, Content(id)), "instance", "activity", url, null, 200, r => kept = r);
        await database.CommitAsync(unit, cancellationToken: Ct);
        return kept!.State;
    }

    private static ReplyContent Content(string text) => new(200, "text/plain", null, Encoding.UTF8.GetBytes(text));

    private static string TextOf(StoredReply reply) => Encoding.UTF8.GetString(reply.Content.Body);
}
