using System.Collections.Concurrent;
using System.Globalization;
using System.Threading.Channels;
using Automation.Intake.Routing;
using Automation.Intake.Tests.Support;
using Automation.Storage;
using Automation.Storage.Events;

namespace Automation.Intake.Tests.Flow;

/// <summary>Many events over many keys, with a restart in the middle: limits hold, nothing is lost, order is kept.</summary>
public sealed class FlowLoadTests
{
    /// <summary>How many events; <c>eng/flow.sh</c> sets 10,000.</summary>
    private static readonly int Events = int.Parse(Environment.GetEnvironmentVariable("AUTOMATION_TEST_FLOW_EVENTS") ?? "1000", CultureInfo.InvariantCulture);

    private static readonly int Keys = Events / 100 > 20 ? Events / 100 : 20;

    [Theory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task Concurrency_and_order_hold_for_each_key_across_a_restart(DatabaseProvider provider)
    {
        const int limit = 3;
        await using var server = await FlowServer.StartAsync("""{ "key": "{data.key}", "concurrency": { "limit": 3 } }""", provider);
        var running = new ConcurrentDictionary<string, int>(StringComparer.Ordinal);
        var most = new ConcurrentDictionary<string, int>(StringComparer.Ordinal);
        var ending = Channel.CreateUnbounded<WorkflowStart>();
        var ended = 0;
        var (full, many) = (new TaskCompletionSource(), new TaskCompletionSource());
        // Counted at the very moment at which the place is taken, inside the commit that takes it.
        server.Starter.After = start =>
        {
            var key = KeyOf(start);
            var now = running.AddOrUpdate(key, 1, (_, n) => n + 1);
            most.AddOrUpdate(key, now, (_, n) => Math.Max(n, now));
            if (now == limit)
                full.TrySetResult();
            ending.Writer.TryWrite(start);
            return Task.CompletedTask;
        };
        var sent = Enumerable.Range(0, Keys).Select(_ => new List<string>()).ToArray();
        var half = new TaskCompletionSource();
        // Instances begin to end when half of the events have come and a key has used up its limit, however slow that is.
        using var paused = new SemaphoreSlim(0);
        var taken = 0;
        var enders = Enumerable.Range(0, 8).Select(async _ =>
        {
            await foreach (var start in ending.Reader.ReadAllAsync(TestContext.Current.CancellationToken))
            {
                await paused.WaitAsync(TestContext.Current.CancellationToken);
                // Given back before the end is stored, so that the count is never too high for a reason of the test's own.
                running.AddOrUpdate(KeyOf(start), 0, (_, n) => n - 1);
                await server.Starter.EndAsync(start.InstanceId);
                paused.Release();
                if (Interlocked.Increment(ref ended) == Events / 4)
                    half.TrySetResult();
            }
        }).ToList();

        // One sender for a key, as one customer is: the next event is sent when the last one was taken.
        var sending = Parallel.ForEachAsync(Enumerable.Range(0, Keys), new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = TestContext.Current.CancellationToken }, async (key, _) =>
        {
            for (var i = 0; i < Events / Keys; i++)
            {
                sent[key].Add(await server.SendAsync(string.Create(CultureInfo.InvariantCulture, $"k{key}"), i));
                if (Interlocked.Increment(ref taken) == Events / 2)
                    many.TrySetResult();
            }
        });
        await Task.WhenAll(full.Task, many.Task);
        paused.Release(8);
        await sending;
        await half.Task;
        for (var i = 0; i < 8; i++)
            await paused.WaitAsync(TestContext.Current.CancellationToken);
        await server.StopAsync();
        await server.TestDatabase.ReopenAsync();
        await server.StartAgainAsync();
        paused.Release(8);

        while (Volatile.Read(ref ended) < Events / Keys * Keys)
            await Task.Delay(10, TestContext.Current.CancellationToken);
        ending.Writer.Complete();
        await Task.WhenAll(enders);
        await server.DrainAsync();

        Assert.All(most.Values, m => Assert.InRange(m, 1, limit));
        var starts = server.Starter.Starts.ToLookup(KeyOf, s => s.EventId, StringComparer.Ordinal);
        for (var key = 0; key < Keys; key++)
            Assert.Equal(sent[key], starts[string.Create(CultureInfo.InvariantCulture, $"k{key}")]);
        Assert.Empty(await server.ListAsync(EventStatus.Waiting));
    }

    [Fact]
    public async Task Two_servers_on_one_database_share_a_limit()
    {
        await using var server = await FlowServer.StartAsync("""{ "key": "{data.key}", "concurrency": { "limit": 2 } }""", DatabaseProvider.PostgreSql);
        await using var second = await server.StartSecondAsync();
        var ids = new ConcurrentBag<string>();
        await Parallel.ForEachAsync(Enumerable.Range(0, 60), new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = TestContext.Current.CancellationToken }, async (i, _) =>
            ids.Add(await (i % 2 == 0 ? server : second).SendAsync(string.Create(CultureInfo.InvariantCulture, $"k{i % 3}"), i)));
        foreach (var id in ids)
            await server.DecidedAsync(id);

        var finished = 0;
        while (finished < ids.Count)
        {
            var places = await server.RunningAsync();
            Assert.All(places.GroupBy(p => p.Key, StringComparer.Ordinal), p => Assert.InRange(p.Count(), 1, 2));
            foreach (var place in places)
            {
                // On whichever server it runs; the other one does not hear of it.
                await server.Starter.EndAsync(place.InstanceId);
                finished++;
            }

            await Task.Delay(5, TestContext.Current.CancellationToken);
        }

        foreach (var id in ids)
            await server.BecomesAsync(id, EventStatus.Routed);
        Assert.Equal(ids.Order(StringComparer.Ordinal), server.Starter.Starts.Concat(second.Starter.Starts).Select(s => s.EventId).Order(StringComparer.Ordinal));
    }

    private static string KeyOf(WorkflowStart start) =>
        ((System.Text.Json.JsonElement)((IReadOnlyDictionary<string, object?>)start.Inputs["event"]!)["payload"]!).GetProperty("data").GetProperty("key").GetString()!;
}
