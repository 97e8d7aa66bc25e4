using Automation.Testing;
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

    [Fact]
    public void Values_that_take_turns_keep_their_places_until_they_are_not_used_any_more()
    {
        var clock = new ManualClock(DateTimeOffset.UnixEpoch);
        var cache = new BoundedCache<string>(2, clock: clock, stays: TimeSpan.FromMinutes(1));

        // Round after round of more than fit: each would find that it has just made way for the one before it.
        var found = 0;
        for (var turn = 0; turn < 40; turn++)
        {
            var key = "abcd"[turn % 4].ToString();
            found += cache.TryTake(key, out _) ? 1 : 0;
            cache.Set(key, key);
        }

        Assert.Equal(18, found);
        Assert.Equal(["a", "b"], Kept(cache));

        clock.Advance(TimeSpan.FromMinutes(1));
        cache.Set("c", "c");
        cache.Set("a", "a");
        cache.Set("d", "d");
        Assert.Equal(["a", "c"], Kept(cache));
    }

    private static IEnumerable<string> Kept(BoundedCache<string> cache) => new[] { "a", "b", "c", "d" }.Where(key => cache.TryGet(key, out _));
}
