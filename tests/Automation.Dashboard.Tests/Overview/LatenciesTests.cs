using Automation.Dashboard.Overview;

namespace Automation.Dashboard.Tests.Overview;

public sealed class LatenciesTests
{
    [Fact]
    public void Percentiles_lie_in_the_class_that_holds_them_and_sums_keep_them()
    {
        var fast = new Latencies();
        fast.Add(Class(1_500), 90);
        var slow = Latencies.Parse($"{Class(700_000)}:10");
        fast.Add(slow);

        Assert.Equal(100, fast.Count);
        Assert.InRange(fast.Percentile(0.5)!.Value.TotalMilliseconds, 1, 2);
        Assert.InRange(fast.Percentile(0.95)!.Value.TotalMilliseconds, 500, 1000);
        Assert.Equal(TimeSpan.FromSeconds(1), fast.Percentile(1));
        Assert.Equal(fast.ToString(), Latencies.Parse(fast.ToString()).ToString());
    }

    [Fact]
    public void Nothing_counted_has_no_percentile_and_no_text()
    {
        Assert.Null(new Latencies().Percentile(0.99));
        Assert.Equal("", new Latencies().ToString());
        Assert.Equal(0, Latencies.Parse("").Count);
    }

    [Fact]
    public void What_takes_longer_than_the_last_class_is_counted_there()
    {
        var latencies = new Latencies();
        latencies.Add(999, 1);

        Assert.Equal(TimeSpan.FromDays(1), latencies.Percentile(0.5));
    }

    private static int Class(long micros) => Array.FindIndex(Latencies.Bounds, b => micros <= b);
}
