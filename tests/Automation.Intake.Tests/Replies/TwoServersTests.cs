using System.Text;
using Automation.Intake.Replies;
using Automation.Intake.Routing;
using Automation.Intake.Tests.Support;
using Automation.Storage;
using Automation.Storage.Events;
using Automation.Storage.Writes;
using Automation.Testing;
using Automation.Workflows.Runtime;
using Microsoft.Extensions.DependencyInjection;

namespace Automation.Intake.Tests.Replies;

/// <summary>A request waits at one server, and the workflow that answers it goes on at another. The clock stands still: nobody finds anything by looking now and then.</summary>
public sealed class TwoServersTests
{
    private const string Start = """{"type":"session_start","session":{"id":"s1"}}""";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_reply_made_at_another_server_answers_the_request_and_its_repetition_there()
    {
        await using var site = await Site.StartAsync();
        var first = site.First.PostAsync("ai-flow", Start);
        await site.Entered;
        var repeated = site.Second.PostAsync("ai-flow", Start);
        await UntilAsync(() => site.Second.Services.GetRequiredService<ReplyDesk>().Count == 1);

        await site.ReplyAtSecondAsync("hello from the second");

        Assert.Equal("hello from the second", await (await first).Content.ReadAsStringAsync(Ct));
        Assert.Equal("hello from the second", await (await repeated).Content.ReadAsStringAsync(Ct));
    }

    [Fact]
    public async Task An_answer_given_at_the_first_server_answers_the_repetition_that_waits_at_the_second()
    {
        await using var site = await Site.StartAsync();
        var first = site.First.PostAsync("ai-flow", Start);
        await site.Entered;
        var repeated = site.Second.PostAsync("ai-flow", Start);
        await UntilAsync(() => site.Second.Services.GetRequiredService<ReplyDesk>().Count == 1);

        // The workflow says nothing: the fallback, which the first server gives.
        site.Release();

        Assert.Equal(204, (int)(await first).StatusCode);
        Assert.Equal(204, (int)(await repeated).StatusCode);
    }

    [Fact]
    public async Task A_reply_is_found_although_the_connection_that_tells_of_it_was_cut()
    {
        await using var site = await Site.StartAsync();
        var first = site.First.PostAsync("ai-flow", Start);
        await site.Entered;

        await using (var connection = await site.Second.TestDatabase.Database.OpenConnectionAsync(Ct))
        {
            await using var cut = connection.CreateCommand();
            cut.CommandText = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'";
            Assert.Equal(2L, await cut.ExecuteScalarAsync(Ct));
        }

        await site.ReplyAtSecondAsync("said to nobody");

        Assert.Equal("said to nobody", await (await first).Content.ReadAsStringAsync(Ct));
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        while (!condition())
            await Task.Delay(5, Ct);
    }

    /// <summary>Two servers, the first of which stays in the middle of starting a workflow.</summary>
    private sealed class Site(IntakeServer first, IntakeServer second) : IAsyncDisposable
    {
        private readonly TaskCompletionSource _entered = new();
        private readonly TaskCompletionSource _release = new();

        public IntakeServer First => first;

        public IntakeServer Second => second;

        public Task Entered => _entered.Task.WaitAsync(TimeSpan.FromSeconds(30), Ct);

        public static async Task<Site> StartAsync()
        {
            var first = await IntakeServer.StartAsync(clock: new ManualClock(), provider: DatabaseProvider.PostgreSql);
            var site = new Site(first, await first.StartSecondAsync());
            // A server that starts takes on whatever waits in the log, the event of the test too if it were there by then.
            var backlog = site.Second.Services.GetRequiredService<EventBacklog>();
            await UntilAsync(() => backlog.HasCaughtUp);
            first.Starter.Before = (_, _) =>
            {
                site._entered.TrySetResult();
                return site._release.Task;
            };
            return site;
        }

        public void Release() => _release.TrySetResult();

        /// <summary>Commits a burst with a reply, as the second server's worker does.</summary>
        public async Task ReplyAtSecondAsync(string text)
        {
            var stored = Assert.Single(await first.ListAsync(EventStatus.Received));
            var unit = new WriteUnit();
            var reply = new FixedReply(stored.Id, "reply-1", "Speak1", new ReplyContent(200, "text/plain", null, Encoding.UTF8.GetBytes(text)));
            var handler = second.Services.GetServices<IWorkflowEffectHandler>().OfType<ReplyEffects>().Single();
            Assert.True(await handler.TryAddAsync(reply, new EffectSource("instance-1", "w", "s1"), unit, Ct));
            await second.TestDatabase.Database.CommitAsync(unit, cancellationToken: Ct);
        }

        public async ValueTask DisposeAsync()
        {
            Release();
            await second.DisposeAsync();
            await first.DisposeAsync();
        }
    }
}
