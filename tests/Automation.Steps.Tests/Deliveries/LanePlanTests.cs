using Automation.Steps.Deliveries;

namespace Automation.Steps.Tests.Deliveries;

/// <summary>Two hundred deliveries to one endpoint, played through in simulated time.</summary>
public sealed class LanePlanTests
{
    private static readonly LaneLimits Limits = new(10, 100, [TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(8), TimeSpan.FromSeconds(10)]);

    [Theory]
    [InlineData(0.05, 100)]
    [InlineData(3, 100)]
    [InlineData(30, 100)]
    [InlineData(0.05, 50)]
    public void Retries_keep_their_times_and_limits_hold(double seconds, int failingPercent)
    {
        var attempts = Play(200, TimeSpan.FromSeconds(seconds), (delivery, _) => delivery % 100 < failingPercent || failingPercent == 100, Limits);

        Assert.Equal(200, attempts.Select(a => a.Delivery).Distinct().Count());
        foreach (var delivery in attempts.GroupBy(a => a.Delivery))
        {
            var times = delivery.OrderBy(a => a.From).ToList();
            Assert.Equal(delivery.Key % 100 < failingPercent || failingPercent == 100 ? 4 : 1, times.Count);
            for (var i = 1; i < times.Count; i++)
                Assert.InRange((times[i].From - times[i - 1].To) / Limits.Delays[i - 1], 1, 1.1);
        }

        AssertLimits(attempts, Limits);
    }

    [Fact]
    public void What_does_not_fail_goes_out_as_fast_as_the_limits_allow()
    {
        var attempts = Play(200, TimeSpan.FromSeconds(0.05), (_, _) => false, Limits);

        Assert.Equal(100, attempts.Count(a => a.From < DateTimeOffset.UnixEpoch.AddSeconds(1)));
        Assert.Equal(200, attempts.Count(a => a.From < DateTimeOffset.UnixEpoch + LanePlan.Window + TimeSpan.FromSeconds(1)));
        AssertLimits(attempts, Limits);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 2)]
    [InlineData(2, 100)]
    public void Where_limits_leave_no_room_for_retries_everything_still_goes_out(int concurrency, int perMinute)
    {
        var limits = Limits with { Concurrency = concurrency, PerMinute = perMinute };

        var attempts = Play(20, TimeSpan.FromSeconds(2), (_, attempt) => attempt < 3, limits);

        Assert.Equal(60, attempts.Count);
        AssertLimits(attempts, limits);
    }

    private static void AssertLimits(List<Attempt> attempts, LaneLimits limits)
    {
        var starts = attempts.Select(a => a.From).Order().ToList();
        for (var i = limits.PerMinute; i < starts.Count; i++)
            Assert.True(starts[i] - starts[i - limits.PerMinute] > TimeSpan.FromMinutes(1), $"attempt {i}");
        Assert.All(attempts, a => Assert.InRange(attempts.Count(other => other.From <= a.From && other.To > a.From), 1, limits.Concurrency));
    }

    private static List<Attempt> Play(int deliveries, TimeSpan took, Func<int, int, bool> fails, LaneLimits limits)
    {
        var plan = new LanePlan();
        var now = DateTimeOffset.UnixEpoch;
        var attempts = new List<Attempt>();
        var running = new PriorityQueue<Attempt, DateTimeOffset>();
        var next = 0;
        void Begin(int delivery)
        {
            var attempt = new Attempt(delivery, attempts.Count(a => a.Delivery == delivery) + 1, now, now + took);
            attempts.Add(attempt);
            running.Enqueue(attempt, attempt.To);
        }

        while (next < deliveries || running.Count > 0 || plan.HasRetries)
        {
            while (running.TryPeek(out var ended, out var at) && at <= now)
            {
                running.Dequeue();
                var again = fails(ended.Delivery, ended.Number) && ended.Number <= limits.Delays.Count;
                plan.Ended(
                    new Delivery
                    {
                        Id = ended.Delivery.ToString(System.Globalization.CultureInfo.InvariantCulture), EndpointId = "e", EventType = "x", Payload = "{}", Attempts = ended.Number, CreatedAt = now,
                        Status = again ? DeliveryStatus.Pending : fails(ended.Delivery, ended.Number) ? DeliveryStatus.Failed : DeliveryStatus.Succeeded,
                        NextAt = again ? now + limits.Delays[ended.Number - 1] : null,
                    },
                    took);
            }

            var wait = TimeSpan.FromMinutes(10);
            while (plan.TakeRetry(now, running.Count, limits, ref wait) is { } again)
                Begin(int.Parse(again, System.Globalization.CultureInfo.InvariantCulture));
            while (next < deliveries && plan.TryTakeNew(now, running.Count, limits, ref wait))
                Begin(next++);
            // A lane is woken by the end of an attempt, or when the plan has said that there is something to do.
            var until = now + wait;
            now = running.TryPeek(out _, out var end) && end < until ? end : until;
            Assert.True(now < DateTimeOffset.UnixEpoch.AddDays(1), "It does not come to an end.");
        }

        return attempts;
    }

    private sealed record Attempt(int Delivery, int Number, DateTimeOffset From, DateTimeOffset To);
}
