namespace Automation.Jobs.Server;

/// <summary>
/// Waits until something falls due: until a time that may come nearer while one waits, and never longer than a limit,
/// because another program may have added something, or the clock may have been set.
/// </summary>
internal sealed class DueTimer(TimeProvider clock, TimeSpan longest)
{
    private readonly Lock _lock = new();
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private DateTime _next = DateTime.MaxValue;

    /// <summary>Something falls due at a time.</summary>
    public void Nearer(DateTime due)
    {
        lock (_lock)
        {
            if (due >= _next)
                return;
            _next = due;
            _changed.TrySetResult();
        }
    }

    /// <summary>Look again at once.</summary>
    public void Now() => Nearer(DateTime.MinValue);

    /// <summary>Forgets what was to come; called before one looks, so that nothing that comes meanwhile is missed.</summary>
    public void Reset()
    {
        lock (_lock)
        {
            _next = DateTime.MaxValue;
            if (_changed.Task.IsCompleted)
                _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    /// <summary>Waits until the earliest time it was told since the reset.</summary>
    public async Task WaitAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            Task changed;
            TimeSpan wait;
            lock (_lock)
            {
                if (_changed.Task.IsCompleted)
                    _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                changed = _changed.Task;
                var now = clock.GetUtcNow().UtcDateTime;
                wait = _next <= now ? TimeSpan.Zero : _next - now;
            }

            if (wait <= TimeSpan.Zero)
                return;
            var isLast = wait >= longest;
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var delay = Task.Delay(isLast ? longest : wait, clock, stop.Token);
            var first = await Task.WhenAny(delay, changed);
            await stop.CancelAsync();
            cancellationToken.ThrowIfCancellationRequested();
            if (first == delay)
                return;
        }
    }
}
