using Automation.Steps.Outgoing;

namespace Automation.Steps.Deliveries;

/// <summary>What an endpoint takes.</summary>
/// <param name="Concurrency">Attempts at a time.</param>
/// <param name="PerMinute">Attempts in a minute.</param>
/// <param name="Delays">The waits before further attempts.</param>
internal readonly record struct LaneLimits(int Concurrency, int PerMinute, IReadOnlyList<TimeSpan> Delays);

/// <summary>
/// Decides what may go out to an endpoint now. What is to be tried again keeps its times: a new delivery begins only where
/// it takes no place, neither of those at a time nor of those in a minute, that retries will need.
/// </summary>
internal sealed class LanePlan
{
    /// <summary>A little more than a minute: requests that leave a minute apart may arrive closer to each other.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromSeconds(61);

    private readonly WindowLimit _perMinute = new(Window);
    private readonly Dictionary<string, (DateTimeOffset At, int Attempts)> _retries = new(StringComparer.Ordinal);

    // Fewer failures than one in the last fifteen attempts.
    private const double Hardly = 0.02;

    // The share of attempts that failed of late, and the time that they took: what new ones are expected to do.
    private double _failing;
    private TimeSpan _longest;

    /// <summary>Whether something is to be tried again.</summary>
    public bool HasRetries => _retries.Count > 0;

    /// <summary>Begins with an endpoint that is known to fail.</summary>
    public void BeginFailing() => _failing = 1;

    /// <summary>An attempt was made before this lane began.</summary>
    public void AddSent(DateTimeOffset at) => _perMinute.Add(at);

    /// <summary>A delivery is to be tried again.</summary>
    /// <param name="id">The delivery.</param>
    /// <param name="attempts">Attempts that it had.</param>
    /// <param name="at">When.</param>
    public void AddRetry(string id, int attempts, DateTimeOffset at) => _retries[id] = (at, attempts);

    /// <summary>An attempt has ended.</summary>
    /// <param name="delivery">The delivery as it is now.</param>
    /// <param name="took">How long the attempt took.</param>
    public void Ended(Delivery delivery, TimeSpan took)
    {
        _failing += ((delivery.Status == DeliveryStatus.Succeeded ? 0 : 1) - _failing) / 8;
        _longest = took > _longest ? took : _longest + ((took - _longest) / 8);
        if (delivery is { Status: DeliveryStatus.Pending, NextAt: { } at })
            AddRetry(delivery.Id, delivery.Attempts, at);
    }

    /// <summary>Takes the delivery that is to be tried again now; null where there is none, or where the limits do not allow it.</summary>
    /// <param name="now">The time.</param>
    /// <param name="running">Attempts on their way.</param>
    /// <param name="limits">What the endpoint takes.</param>
    /// <param name="wait">Made shorter where the time alone will change the answer.</param>
    public string? TakeRetry(DateTimeOffset now, int running, LaneLimits limits, ref TimeSpan wait)
    {
        if (_retries.Count == 0)
            return null;
        var (id, (at, _)) = _retries.MinBy(r => r.Value.At);
        if (at > now)
        {
            wait = Shorter(wait, at - now);
            return null;
        }

        if (running >= limits.Concurrency)
            return null;
        if (!_perMinute.TryTake(now, limits.PerMinute, TimeSpan.Zero, out var free))
        {
            wait = Shorter(wait, free - now);
            return null;
        }

        _retries.Remove(id);
        return id;
    }

    /// <summary>Takes a place for a delivery that was never tried.</summary>
    /// <inheritdoc cref="TakeRetry"/>
    /// <returns>False where there is none.</returns>
    public bool TryTakeNew(DateTimeOffset now, int running, LaneLimits limits, ref TimeSpan wait)
    {
        // The more attempts fail, the more of what is under way will come back and want its place again; one failure among
        // many that went well does not keep the only place from all others.
        var soon = _retries.Values.Count(r => r.At < now + _longest);
        if (running + soon + (int)Math.Ceiling((_failing * (_retries.Count - soon)) - 0.25) >= limits.Concurrency && running + _retries.Count > 0)
            return false;

        // One that can only go out alone, because the minute has no room for its retries, goes out alone.
        var mayFail = _failing > Hardly ? running + 1 : 0;
        var needed = 1 + (mayFail * limits.Delays.Count) + _retries.Values.Sum(r => AttemptsUntil(now + Window, r.At, r.Attempts, limits.Delays));
        if (running + _retries.Count > 0 && _perMinute.Taken(now) + needed > limits.PerMinute)
        {
            if (_perMinute.NextFree(now) is { } next)
                wait = Shorter(wait, next - now);
            return false;
        }

        if (_perMinute.TryTake(now, limits.PerMinute, TimeSpan.Zero, out var free))
            return true;
        wait = Shorter(wait, free - now);
        return false;
    }

    /// <summary>How many attempts a retry may come to until a time.</summary>
    private static int AttemptsUntil(DateTimeOffset end, DateTimeOffset at, int attempts, IReadOnlyList<TimeSpan> delays)
    {
        var count = 0;
        for (; at < end; at += delays[attempts++])
        {
            count++;
            if (attempts >= delays.Count)
                break;
        }

        return count;
    }

    private static TimeSpan Shorter(TimeSpan a, TimeSpan b) => a < b ? a : b;
}
