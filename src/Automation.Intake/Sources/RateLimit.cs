namespace Automation.Intake.Sources;

/// <summary>
/// So many requests in a window, spread as they come (the generic cell rate algorithm): one number says when the next
/// request would be on time, and a burst may run ahead of it by one window.
/// </summary>
internal sealed class RateLimit(int permits, TimeSpan window)
{
    private readonly long _step = Math.Max(1, window.Ticks / permits);
    private readonly long _window = window.Ticks;
    private long _next;

    public int Permits { get; } = permits;

    public TimeSpan Window { get; } = window;

    /// <summary>Takes one permit.</summary>
    /// <param name="now">The time.</param>
    /// <param name="state">What to tell the sender.</param>
    /// <returns>False where the limit is used up.</returns>
    public bool TryTake(DateTimeOffset now, out RateState state)
    {
        var ticks = now.UtcTicks;
        while (true)
        {
            var seen = Interlocked.Read(ref _next);
            var next = Math.Max(seen, ticks) + _step;
            var ahead = next - ticks;
            if (ahead > _window)
            {
                state = new RateState(0, new TimeSpan(seen - ticks), new TimeSpan(ahead - _window));
                return false;
            }

            if (Interlocked.CompareExchange(ref _next, next, seen) != seen)
                continue;
            state = new RateState((int)((_window - ahead) / _step), new TimeSpan(ahead), TimeSpan.Zero);
            return true;
        }
    }
}

/// <summary>What is left of a limit.</summary>
/// <param name="Remaining">Requests that could follow at once.</param>
/// <param name="Reset">Until all of the limit is there again.</param>
/// <param name="RetryAfter">Until the next request is taken; zero where this one was.</param>
[System.Runtime.InteropServices.StructLayout(System.Runtime.InteropServices.LayoutKind.Auto)]
internal readonly record struct RateState(int Remaining, TimeSpan Reset, TimeSpan RetryAfter);
