using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Automation.Steps.Deliveries;
using Automation.Steps.Tests.Support;
using Automation.Storage;
using Automation.Storage.Writes;

namespace Automation.Steps.Tests.Deliveries;

/// <summary>
/// Deliveries to fifty endpoints of which five fail and five hang. The suite sends 300 at once with limits scaled down;
/// <c>eng/deliveries.sh</c> sends 10,000 with the defaults, paced at 75 a minute for each endpoint, and measures.
/// </summary>
public sealed class DeliveryLoadTests
{
    private static readonly int Sent = int.Parse(Environment.GetEnvironmentVariable("AUTOMATION_TEST_DELIVERIES") ?? "300", CultureInfo.InvariantCulture);
    private static readonly bool IsLong = Sent >= 5000;
    private static readonly double[] Delays = IsLong ? [4, 8, 10] : [0.2, 0.4, 0.5];
    private static readonly int Concurrency = IsLong ? 10 : 2;
    private static readonly int PerMinute = IsLong ? 100 : 1000;

    private readonly ConcurrentDictionary<string, Delivery> _ended = new();
    private readonly SemaphoreSlim _someEnded = new(0);

    [Theory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task Endpoints_that_fail_or_hang_take_nothing_from_the_others_and_nothing_is_lost(DatabaseProvider provider)
    {
        Assert.SkipWhen(IsLong && provider == DatabaseProvider.PostgreSql, "The long form takes one database.");
        await using var host = await StepsHost.StartAsync(provider, IsLong ? [] :
        [
            .. Delays.Select((d, i) => (string.Create(CultureInfo.InvariantCulture, $"Automation:Steps:Deliveries:RetryDelays:{i}"), TimeSpan.FromSeconds(d).ToString())),
            ("Automation:Steps:Deliveries:Concurrency", Text(Concurrency)), ("Automation:Steps:Deliveries:PerMinute", Text(PerMinute)),
        ]);
        var log = host.Get<DeliveryLog>();
        log.OnAttempted(d =>
        {
            if (d.Status == DeliveryStatus.Pending)
                return;
            _ended[d.Id] = d;
            _someEnded.Release();
        });
        var quiet = IsLong ? await QuietAsync(host) : 0;

        await using var fleet = new Fleet(50, failing: 5, hanging: 5);
        await fleet.SubscribeAsync(host.Get<EndpointStore>(), Some.Token);
        var ids = await PublishAsync(host, fleet);
        string[] Of(Func<int, bool> which) => [.. ids.Where(i => which(i.Endpoint)).Select(i => i.Id)];
        var (healthy, failing, hanging) = (Of(e => !fleet.Fails(e) && !fleet.Hangs(e)), Of(fleet.Fails), Of(fleet.Hangs));

        // All healthy ones go through while the hanging ones hang: in the short form not one of these has ended.
        await EndedAsync(healthy, DeliveryStatus.Succeeded);
        Assert.All(hanging, id => Assert.True(!_ended.TryGetValue(id, out var d) || (IsLong && d.Status == DeliveryStatus.Failed)));
        if (IsLong)
        {
            var p99 = P99(healthy);
            Tell($"healthy endpoints, p99 from publishing to the stored answer: {quiet:0} ms without the bad ones, {p99:0} ms with them, {p99 / quiet:0.00} times");
            Assert.True(p99 <= 2 * quiet, "The healthy endpoints are slowed.");
        }

        await EndedAsync(failing, DeliveryStatus.Failed);
        fleet.LetGo();
        await EndedAsync(hanging, IsLong ? null : DeliveryStatus.Succeeded);

        Assert.Equal(ids.Count, fleet.Arrivals.Select(a => a.Id).Distinct().Count());
        var arrivals = fleet.Arrivals.ToLookup(a => a.Id);
        Assert.All(healthy, id => Assert.Single(arrivals[id]));
        Assert.All(failing, id => Assert.Equal(1 + Delays.Length, arrivals[id].Count()));
        CheckMinutes(fleet);
        var attempts = new Dictionary<string, IReadOnlyList<DeliveryAttempt>>();
        foreach (var (_, id) in ids)
            attempts[id] = await log.AttemptsAsync(id, Some.Token);
        CheckConcurrency(fleet, ids, attempts);
        CheckSchedule([.. failing.Concat(hanging).Select(id => attempts[id])]);
    }

    private async Task<double> QuietAsync(StepsHost host)
    {
        await using var fleet = new Fleet(50, failing: 0, hanging: 0);
        var store = host.Get<EndpointStore>();
        await fleet.SubscribeAsync(store, Some.Token);
        string[] ids = [.. (await PublishAsync(host, fleet)).Select(i => i.Id)];
        await EndedAsync(ids, DeliveryStatus.Succeeded);
        foreach (var endpoint in await store.ListAsync(Some.Token))
            await store.DeleteAsync(endpoint.Id, Some.Token);
        return P99(ids);
    }

    private static async Task<List<(int Endpoint, string Id)>> PublishAsync(StepsHost host, Fleet fleet)
    {
        var publisher = host.Get<DeliveryPublisher>();
        var ids = new List<(int, string)>();
        var started = Stopwatch.GetTimestamp();
        for (var i = 0; i < Sent; i++)
        {
            // The long form leaves room below the limit of 100 a minute, so that what is measured is not the wait for it.
            var due = TimeSpan.FromSeconds(IsLong ? i * 60.0 / (75 * fleet.Count) : 0);
            if (due - Stopwatch.GetElapsedTime(started) is { Ticks: > 0 } wait)
                await Task.Delay(wait, Some.Token);
            var unit = new WriteUnit();
            var deliveries = await publisher.PrepareAsync(Fleet.EventType(i % fleet.Count), payload: null, [], orderingKey: null, instanceId: null, activityExecutionId: null, Some.Token);
            publisher.AddTo(unit, deliveries);
            await host.Database.CommitAsync(unit, cancellationToken: Some.Token);
            ids.Add((i % fleet.Count, Assert.Single(deliveries).Id));
        }

        return ids;
    }

    /// <summary>Waits for the commits that end deliveries.</summary>
    private async Task EndedAsync(string[] ids, DeliveryStatus? status)
    {
        foreach (var id in ids)
        {
            while (!_ended.ContainsKey(id))
                Assert.True(await _someEnded.WaitAsync(TimeSpan.FromMinutes(IsLong ? 5 : 1), Some.Token), $"{id} does not end.");
            if (status is not null)
                Assert.Equal(status, _ended[id].Status);
        }
    }

    private double P99(string[] ids)
    {
        var waits = ids.Select(id => (_ended[id].EndedAt!.Value - _ended[id].CreatedAt).TotalMilliseconds).Order().ToList();
        return waits[(int)(waits.Count * 0.99)];
    }

    /// <summary>As each receiver saw it: never more in any minute than allowed.</summary>
    private static void CheckMinutes(Fleet fleet)
    {
        foreach (var endpoint in fleet.Arrivals.GroupBy(a => a.Endpoint))
        {
            var times = endpoint.Select(a => a.At).Order().ToList();
            for (var i = PerMinute; i < times.Count; i++)
                Assert.True(Stopwatch.GetElapsedTime(times[i - PerMinute], times[i]) >= TimeSpan.FromMinutes(1), $"endpoint {endpoint.Key} had {PerMinute + 1} in a minute");
        }
    }

    private static void CheckConcurrency(Fleet fleet, List<(int Endpoint, string Id)> ids, Dictionary<string, IReadOnlyList<DeliveryAttempt>> attempts)
    {
        foreach (var endpoint in ids.GroupBy(i => i.Endpoint, i => attempts[i.Id]))
        {
            // A receiver that hangs does not see at once that the sender has given up.
            var wasGivenUp = endpoint.SelectMany(all => all).Any(a => a.StatusCode is null);
            Assert.True(wasGivenUp || fleet.MostAtATime(endpoint.Key) <= Concurrency, $"endpoint {endpoint.Key} had {fleet.MostAtATime(endpoint.Key)} at a time");
            var (now, most) = (0, 0);
            var changes = endpoint.SelectMany(all => all).SelectMany(a => new[] { (At: a.StartedAt, By: 1), (At: a.StartedAt.AddMilliseconds(a.DurationMs), By: -1) });
            foreach (var (_, by) in changes.OrderBy(c => c.At).ThenBy(c => c.By))
                most = Math.Max(most, now += by);
            Assert.True(most <= Concurrency, $"to endpoint {endpoint.Key} {most} were sent at a time");
        }
    }

    /// <summary>No retry is early; in the long form none is more than a tenth late either.</summary>
    private static void CheckSchedule(IReadOnlyList<DeliveryAttempt>[] deliveries)
    {
        var waits = new List<double>();
        foreach (var attempts in deliveries)
        {
            for (var i = 1; i < attempts.Count; i++)
                waits.Add(((attempts[i].StartedAt - attempts[i - 1].StartedAt).TotalSeconds - (attempts[i - 1].DurationMs / 1000)) / Delays[i - 1]);
        }

        waits.Sort();
        Tell($"{waits.Count} retries after {waits[0]:0.000} to {waits[^1]:0.000} of their wait, median {waits[waits.Count / 2]:0.000}, {waits.Count(w => w > 1.1)} more than a tenth late");
        Assert.True(waits[0] > 0.98, $"A retry came after {waits[0]:0.000} of its wait.");
        Assert.True(!IsLong || waits[^1] <= 1.1, $"A retry came after {waits[^1]:0.000} of its wait.");
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static void Tell(FormattableString line) => TestContext.Current.SendDiagnosticMessage(line.ToString(CultureInfo.InvariantCulture));
}
