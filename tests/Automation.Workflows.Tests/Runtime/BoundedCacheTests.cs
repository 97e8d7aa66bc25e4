using Automation.Workflows.Runtime;

namespace Automation.Workflows.Tests.Runtime;

public sealed class BoundedCacheTests
{
    [Fact]
    public void What_was_used_longest_ago_makes_room_where_there_are_too_many()
    {
        var cache = new BoundedCache<string>(2);
        cache.Set("a", "a");
        cache.Set("b", "b");
        Assert.True(cache.TryGet("a", out _));
        cache.Set("c", "c");

        Assert.Equal(["a", "c"], Kept(cache));
    }

    [Fact]
    public void What_was_used_longest_ago_makes_room_where_all_weigh_too_much()
    {
        var cache = new BoundedCache<string>(100, mostWeight: 10, text => text.Length);
        cache.Set("a", "1234");
        cache.Set("b", "1234");
        cache.Set("b", "12345");
        Assert.Equal(["a", "b"], Kept(cache));
        cache.Set("c", "12");
        Assert.Equal(["b", "c"], Kept(cache));
        Assert.True(cache.TryTake("b", out _));
        cache.Set("d", "12345678");

        Assert.Equal(["c", "d"], Kept(cache));
    }

    private static IEnumerable<string> Kept(BoundedCache<string> cache) => new[] { "a", "b", "c", "d" }.Where(key => cache.TryGet(key, out _));
}
