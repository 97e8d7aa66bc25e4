using Automation.Jobs.Types;

namespace Automation.Jobs.Tests.Types;

public sealed class DurationBucketsTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(1.5)]
    [InlineData(7)]
    [InlineData(250)]
    [InlineData(61_234)]
    [InlineData(86_400_000)]
    public void A_duration_is_in_the_class_that_just_holds_it(double milliseconds)
    {
        var top = DurationBuckets.Top(DurationBuckets.Of(TimeSpan.FromMilliseconds(milliseconds))).TotalMilliseconds;
        Assert.InRange(top, milliseconds - 0.001, Math.Max(1, milliseconds * 1.2));
    }

    [Fact]
    public void A_percentile_is_the_class_that_the_rank_falls_into()
    {
        Dictionary<int, long> counts = new() { [0] = 90, [20] = 9, [40] = 1 };
        Assert.Equal(DurationBuckets.Top(0), DurationBuckets.Percentile(counts, 0.5));
        Assert.Equal(DurationBuckets.Top(20), DurationBuckets.Percentile(counts, 0.95));
        Assert.Equal(DurationBuckets.Top(40), DurationBuckets.Percentile(counts, 1));
        Assert.Null(DurationBuckets.Percentile([], 0.5));
    }

    [Fact]
    public void What_is_out_of_all_bounds_is_in_the_last_class() =>
        Assert.Equal(DurationBuckets.Of(TimeSpan.FromDays(4000)), DurationBuckets.Of(TimeSpan.MaxValue));
}
