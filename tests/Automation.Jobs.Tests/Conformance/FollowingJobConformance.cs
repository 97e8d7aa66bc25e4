using Automation.Jobs.Tests.Support;
using Automation.Storage;
using Automation.Storage.Writes;

namespace Automation.Jobs.Tests.Conformance;

public sealed class SqliteFollowingJobConformance() : FollowingJobConformance(DatabaseProvider.Sqlite);

public sealed class PostgresFollowingJobConformance() : FollowingJobConformance(DatabaseProvider.PostgreSql);

/// <summary>A job that another adds to the unit of its own end goes on with that one's worker, within bounds.</summary>
public abstract class FollowingJobConformance(DatabaseProvider provider) : JobTests(provider)
{
    [Fact]
    public async Task What_follows_goes_before_those_that_wait_one_for_each_end_and_for_a_second()
    {
        await CreateAsync(options: o => o.WorkerCount = 1);
        var chain = 0;
        Recorder.Do = async (context, _) =>
        {
            if (context.Name == "wait")
                return;
            var unit = new WriteUnit();
            switch (chain++)
            {
                case 0:
                    // Of two that follow, one has the worker.
                    await Host.Client.EnqueueAsync(unit, new JobRequest("done", "second"), context);
                    await Host.Client.EnqueueAsync(unit, new JobRequest("wait", "other"), context);
                    break;
                case 1:
                    Clock.Advance(TimeSpan.FromMilliseconds(999));
                    await Host.Client.EnqueueAsync(unit, new JobRequest("done", "third"), context);
                    break;
                case 2:
                    // Counted from the first of them.
                    Clock.Advance(TimeSpan.FromMilliseconds(1));
                    await Host.Client.EnqueueAsync(unit, new JobRequest("done", "fourth"), context);
                    break;
            }

            context.AddSuccessTo(unit);
            await Host.Database.CommitAsync(unit);
        };
        await Host.Client.EnqueueAsync(new JobRequest("greet"), Token);
        await Host.Client.EnqueueAsync(new JobRequest("wait"), Token);
        await Host.Client.EnqueueAsync(new JobRequest("wait"), Token);
        await Host.StartAsync();
        await Eventually.TrueAsync(async () => (await Host.CountersAsync()).GetValueOrDefault("stats:succeeded") == 7);

        Assert.Equal(["greet", "done", "done", "wait", "wait", "wait", "done"], Recorder.Runs.Select(r => r.Name));
        Assert.Empty(await Host.OfAsync("JobQueue"));
        foreach (var (_, id, _) in Recorder.Runs)
            Assert.Equal(["Enqueued", "Processing", "Succeeded"], (await Host.Get<JobQueries>().FindAsync(id, Token))!.History.OrderBy(h => h.At).Select(h => h.State));
    }

    [Fact]
    public async Task What_follows_waits_where_its_queue_is_paused_narrow_or_not_served_here()
    {
        await CreateAsync(options: o =>
        {
            o.WorkerCount = 1;
            o.Queues = ["default", "paused", "narrow"];
            o.QueueConcurrency["narrow"] = 1;
        });
        await Host.Get<JobQueries>().PauseQueueAsync("paused", Token);
        Recorder.Do = async (context, _) =>
        {
            if (context.Name == "wait")
                return;
            var unit = new WriteUnit();
            foreach (var queue in new[] { "paused", "narrow", "elsewhere" })
                await Host.Client.EnqueueAsync(unit, new JobRequest("wait") { Queue = queue }, context);
            context.AddSuccessTo(unit);
            await Host.Database.CommitAsync(unit);
        };
        await Host.Client.EnqueueAsync(new JobRequest("greet"), Token);
        await Host.StartAsync();
        await Eventually.TrueAsync(async () => (await Host.CountersAsync()).GetValueOrDefault("stats:succeeded") == 2);

        Assert.Equal(["greet", "wait"], Recorder.Runs.Select(r => r.Name));
        Assert.Equal(["elsewhere", "paused"], (await Host.OfAsync("JobQueue")).Select(r => r.Text("queue")).Order());
        Assert.All(await Host.OfAsync("JobQueue"), r => Assert.Null(r.Time("fetchedat")));
    }

    [Fact]
    public async Task What_follows_an_end_that_is_not_stored_does_not_exist()
    {
        await CreateAsync(options: o => o.WorkerCount = 1);
        Recorder.Do = async (context, _) =>
        {
            if (context.Name != "greet")
                return;
            var unit = new WriteUnit();
            await Host.Client.EnqueueAsync(unit, new JobRequest("wait"), context);
            context.AddSuccessTo(unit);
            await Host.Client.DeleteAsync(context.Id, cancellationToken: CancellationToken.None);
            await Host.Database.CommitAsync(unit);
        };
        var lost = await Host.Client.EnqueueAsync(new JobRequest("greet"), Token);
        await Host.StartAsync();
        await Host.StateAsync(lost, JobStates.Deleted);
        var after = await Host.Client.EnqueueAsync(new JobRequest("done"), Token);
        await Host.StateAsync(after, JobStates.Succeeded);
        Assert.Equal(["greet", "done"], Recorder.Runs.Select(r => r.Name));
    }
}
