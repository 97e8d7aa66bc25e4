using Automation.Jobs.Tests.Support;
using Automation.Storage;
using Automation.Storage.Writes;
using Automation.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Automation.Jobs.Tests.Conformance;

public sealed class SqliteQueryConformance() : QueryConformance(DatabaseProvider.Sqlite);

public sealed class PostgresQueryConformance() : QueryConformance(DatabaseProvider.PostgreSql);

/// <summary>What pages ask, the same on both databases.</summary>
public abstract class QueryConformance(DatabaseProvider provider) : IAsyncLifetime
{
    private readonly ManualClock _clock = new();
    private readonly Recorder _recorder = new();
    private JobsHost _host = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private JobQueries Queries => _host.Get<JobQueries>();

    public async ValueTask InitializeAsync() => _host = await JobsHost.CreateAsync(
        provider,
        s => s.AddSingleton(_recorder).AddJobHandler<RecordingHandler>("greet").AddJobHandler<RecordingHandler>("fail", r => r.Attempts = 0),
        o => o.Queues = ["default", "slow"],
        _clock);

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Lists_go_back_page_by_page()
    {
        var unit = new WriteUnit();
        var ids = new List<long>();
        for (var i = 0; i < 25; i++)
            ids.Add(await _host.Client.EnqueueAsync(unit, new JobRequest("greet", i), Token));
        await _host.Database.CommitAsync(unit, cancellationToken: Token);
        ids.Reverse();

        var seen = new List<long>();
        long? before = null;
        do
        {
            var page = await Queries.ListAsync(new JobFilter { State = JobStates.Enqueued }, before, 10, Token);
            seen.AddRange(page.Jobs.Select(j => j.Id));
            before = page.Before;
        }
        while (before is not null);
        Assert.Equal(ids, seen);

        var first = (await Queries.ListQueueAsync("default", fetched: false, most: 10, cancellationToken: Token));
        var rest = await Queries.ListQueueAsync("default", fetched: false, first.Before, 100, Token);
        Assert.Equal(Enumerable.Reverse(ids), first.Jobs.Concat(rest.Jobs).Select(j => j.Id));
        Assert.Null(rest.Before);
        Assert.Empty((await Queries.ListQueueAsync("default", fetched: true, cancellationToken: Token)).Jobs);
    }

    [Fact]
    public async Task Jobs_of_a_time_are_found_among_many_and_all_that_match_are_counted_and_listed()
    {
        // One a minute for 200 minutes, with gaps in the ids; every tenth is of another kind.
        var start = _clock.GetUtcNow();
        var ids = new List<long>();
        for (var i = 0; i < 200; i++)
        {
            ids.Add(await _host.Client.EnqueueAsync(new JobRequest(i % 10 == 0 ? "rare" : "greet", i), Token));
            _clock.Advance(TimeSpan.FromMinutes(1));
        }

        await _host.ExecuteAsync(provider == DatabaseProvider.Sqlite ? $"DELETE FROM \"Job\" WHERE \"Id\" IN ({ids[51]}, {ids[101]})" : $"DELETE FROM hangfire.job WHERE id IN ({ids[51]}, {ids[101]})");
        var hour = new JobFilter { CreatedFrom = start.AddMinutes(50), CreatedTo = start.AddMinutes(110) };
        var expected = ids.GetRange(50, 60).Where(id => id != ids[51] && id != ids[101]).Reverse().ToList();
        Assert.Equal(expected, (await Queries.ListAsync(hour, most: 100, cancellationToken: Token)).Jobs.Select(j => j.Id));
        Assert.Equal((58, true, ids[^1]), Read(await Queries.CountMatchingAsync(hour, TimeSpan.FromMinutes(1), Token)));

        var rare = new JobFilter { State = JobStates.Enqueued, Name = "rare", CreatedFrom = start.AddMinutes(50) };
        Assert.Equal(15, (await Queries.CountMatchingAsync(rare, TimeSpan.FromMinutes(1), Token)).Count);
        var listed = new List<long>();
        long? before = null;
        do
        {
            var page = await Queries.ListIdsAsync(rare, before, 4, Token);
            listed.AddRange(page.Ids);
            before = page.Before;
        }
        while (before is not null);
        Assert.Equal(ids.Where((_, i) => i % 10 == 0 && i >= 50).Reverse(), listed);

        Assert.Empty((await Queries.ListAsync(new JobFilter { CreatedTo = start.AddDays(-1) }, cancellationToken: Token)).Jobs);
        Assert.Empty((await Queries.ListAsync(new JobFilter { CreatedFrom = start.AddDays(1) }, cancellationToken: Token)).Jobs);
        Assert.Equal(198, (await Queries.CountMatchingAsync(new JobFilter { CreatedFrom = DateTimeOffset.MinValue, CreatedTo = DateTimeOffset.MaxValue }, TimeSpan.FromMinutes(1), Token)).Count);

        static (long, bool, long) Read(JobMatches matches) => (matches.Count, matches.IsComplete, matches.Through);
    }

    [Fact]
    public async Task Counts_beyond_the_limit_are_completed_in_the_background()
    {
        var most = JobCounts.Most + 5;
        await _host.ExecuteAsync(provider == DatabaseProvider.Sqlite
            ? $"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {most}) INSERT INTO \"Job\" (\"StateName\", \"CreatedAt\", \"ExpireAt\") SELECT 'Succeeded', 1, 0 FROM n"
            : $"INSERT INTO hangfire.job (statename, invocationdata, arguments, createdat) SELECT 'Succeeded', '{{}}', '[]', now() FROM generate_series(1, {most})");
        Assert.Equal(JobCounts.Most, (await Queries.CountAsync(Token)).ByState[JobStates.Succeeded]);
        await Eventually.TrueAsync(async () => (await Queries.CountAsync(Token)).ByState[JobStates.Succeeded] == most);
    }

    [Fact]
    public async Task Filters_find_by_name_argument_queue_time_state_and_exception()
    {
        var early = await _host.Client.EnqueueAsync(new JobRequest("greet", "50% of \"Ada\"_1"), Token);
        _clock.Advance(TimeSpan.FromHours(1));
        var slow = await _host.Client.EnqueueAsync(new JobRequest("greet", "Bob") { Queue = "slow" }, Token);
        var failed = await _host.Client.EnqueueAsync(new JobRequest("fail"), Token);
        var later = await _host.Client.EnqueueAsync(new JobRequest("greetings") { DueAt = _clock.GetUtcNow().AddDays(1) }, Token);
        var again = await _host.Client.EnqueueAsync(new JobRequest("greet", "again"), Token);
        using var holding = new SemaphoreSlim(0);
        _recorder.Do = async (context, _) =>
        {
            if (context.Name == "fail")
                throw new InvalidOperationException("The disk is full");
            if (context.Id == again)
                throw new IOException("Not now");
            if (context.Id == slow)
                await holding.WaitAsync(Token);
        };
        await _host.StartAsync();
        await _host.StateAsync(slow, JobStates.Processing);
        await _host.StateAsync(again, JobStates.Scheduled);
        await FindsAsync(new JobFilter { IsFetched = true, Queue = "slow" }, slow);
        await FindsAsync(new JobFilter { IsFetched = true, Queue = "other" });
        await FindsAsync(new JobFilter { IsFetched = true, Name = "nothing" });
        Assert.Equal(1, (await Queries.CountMatchingAsync(new JobFilter { IsFetched = true, Queue = "slow" }, TimeSpan.FromMinutes(1), Token)).Count);
        await FindsAsync(new JobFilter { State = JobStates.Scheduled, IsRetry = true }, again);
        await FindsAsync(new JobFilter { State = JobStates.Scheduled, IsRetry = true, ArgumentText = "Ada" });
        Assert.Equal([again], (await Queries.ListIdsAsync(new JobFilter { State = JobStates.Scheduled, IsRetry = true }, null, 10, Token)).Ids);
        Assert.True(await _host.Client.DeleteAsync(again, cancellationToken: Token));
        await FindsAsync(new JobFilter { IsRetry = true });
        await _host.ExecuteAsync(provider == DatabaseProvider.Sqlite ? $"DELETE FROM \"Job\" WHERE \"Id\" = {again}" : $"DELETE FROM hangfire.job WHERE id = {again}");
        holding.Release();
        await _host.StateAsync(failed, JobStates.Failed);
        await _host.StateAsync(slow, JobStates.Succeeded);
        await _host.StateAsync(early, JobStates.Succeeded);

        await FindsAsync(new JobFilter(), later, failed, slow, early);
        await FindsAsync(new JobFilter { Name = "greet" }, slow, early);
        await FindsAsync(new JobFilter { Name = "greetings" }, later);
        await FindsAsync(new JobFilter { Name = "nothing" });
        await FindsAsync(new JobFilter { ArgumentText = "50% of \"Ada\"_" }, early);
        await FindsAsync(new JobFilter { ArgumentText = "Bo_" });
        await FindsAsync(new JobFilter { ArgumentText = "bob" }, slow);
        await FindsAsync(new JobFilter { Queue = "slow" }, slow);
        await FindsAsync(new JobFilter { State = JobStates.Scheduled }, later);
        await FindsAsync(new JobFilter { ExceptionText = "disk is" }, failed);
        await FindsAsync(new JobFilter { ExceptionText = "disk is", State = JobStates.Succeeded });
        await FindsAsync(new JobFilter { CreatedTo = _clock.GetUtcNow() }, early);
        await FindsAsync(new JobFilter { CreatedFrom = _clock.GetUtcNow(), Queue = "default" }, failed);
    }

    [Fact]
    public async Task Details_counts_queues_statistics_and_failures_tell_what_is_there()
    {
        await _host.StartAsync();
        _recorder.Do = (context, _) => context.Name == "fail" ? throw new InvalidOperationException("The disk is full") : Task.CompletedTask;
        var good = await _host.Client.EnqueueAsync(new JobRequest("greet", new { Name = "Ada" }, 2) { Parameters = new Dictionary<string, string> { ["Origin"] = "\"call\"" } }, Token);
        var bad = new[] { await _host.Client.EnqueueAsync(new JobRequest("fail"), Token), await _host.Client.EnqueueAsync(new JobRequest("fail"), Token) };
        await _host.StateAsync(good, JobStates.Succeeded);
        foreach (var id in bad)
            await _host.StateAsync(id, JobStates.Failed);
        await _host.StopAsync();
        var waiting = await _host.Client.EnqueueAsync(new JobRequest("greet") { Queue = "slow" }, Token);
        await _host.Recurring.AddOrUpdateAsync("daily", new JobRequest("greet"), "@daily", cancellationToken: Token);

        var details = (await Queries.FindAsync(good, Token))!;
        Assert.Equal(("greet", JobStates.Succeeded, """[{"Name":"Ada"},2]"""), (details.Job.Name, details.Job.State, details.Job.Arguments));
        Assert.Equal(["""{"Name":"Ada"}""", "2"], details.Arguments);
        Assert.Equal("\"call\"", details.Parameters["Origin"]);
        Assert.Equal(["Succeeded", "Processing", "Enqueued"], details.History.Select(h => h.State));
        Assert.Equal("default", details.History[2].Data["Queue"]);
        Assert.Null(await Queries.FindAsync(999_999, Token));

        var counts = await Queries.CountAsync(Token);
        Assert.Equal((1, 2, 1, 0), (counts.ByState["Succeeded"], counts.ByState["Failed"], counts.ByState["Enqueued"], counts.ByState["Awaiting"]));
        Assert.Equal((1, 0, 1, 0, 0, 1), (counts.Succeeded, counts.Deleted, counts.Recurring, counts.Retries, counts.Servers, counts.Queues));

        var queue = Assert.Single(await Queries.QueuesAsync(Token));
        Assert.Equal(("slow", 1, 0, false, _clock.GetUtcNow()), (queue.Name, queue.Length, queue.Fetched, queue.IsPaused, queue.OldestAt));
        Assert.Equal(waiting, Assert.Single((await Queries.ListQueueAsync("slow", false, cancellationToken: Token)).Jobs).Id);

        var day = await Queries.LastDayAsync(Token);
        Assert.Equal((24, 1, 2, 0), (day.Count, day[^1].Succeeded, day[^1].Failed, day[^1].Deleted));
        var week = await Queries.LastWeekAsync(Token);
        Assert.Equal((7, 1, 2), (week.Count, week[^1].Succeeded, week[^1].Failed));

        var group = Assert.Single(await Queries.FailuresAsync(Token));
        Assert.Equal(("System.InvalidOperationException", "The disk is full", 2, bad[1]), (group.ExceptionType, group.Message, group.Jobs, group.LatestJobId));
    }

    private async Task FindsAsync(JobFilter filter, params long[] expected) =>
        Assert.Equal(expected, (await Queries.ListAsync(filter, most: 10, cancellationToken: Token)).Jobs.Select(j => j.Id));
}
