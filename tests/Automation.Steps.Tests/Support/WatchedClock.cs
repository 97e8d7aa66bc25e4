using System.Threading.Channels;
using Automation.Testing;

namespace Automation.Steps.Tests.Support;

/// <summary>A clock moved by hand that tells which waits were begun, so that a test moves it no sooner.</summary>
internal sealed class WatchedClock : TimeProvider
{
    private readonly ManualClock _clock = new();
    private readonly Channel<TimeSpan> _waits = Channel.CreateUnbounded<TimeSpan>();

    public override long TimestampFrequency => _clock.TimestampFrequency;

    public override DateTimeOffset GetUtcNow() => _clock.GetUtcNow();

    public override long GetTimestamp() => _clock.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = _clock.CreateTimer(callback, state, dueTime, period);
        if (dueTime != Timeout.InfiniteTimeSpan)
            _waits.Writer.TryWrite(dueTime);
        return timer;
    }

    public void Advance(TimeSpan by) => _clock.Advance(by);

    /// <summary>The next wait that is begun, other than the given one.</summary>
    public async Task<TimeSpan> NextWaitAsync(TimeSpan except)
    {
        while (true)
        {
            var wait = await _waits.Reader.ReadAsync(TestContext.Current.CancellationToken);
            if (wait != except)
                return wait;
        }
    }
}
