namespace Automation.Jobs;

/// <summary>What happens to a job whose attempts are used up.</summary>
public enum AttemptsExceeded
{
    /// <summary>It stays failed until a person decides.</summary>
    Fail,

    /// <summary>It is deleted.</summary>
    Delete,
}

/// <summary>How failed jobs are tried again.</summary>
public sealed class JobRetryOptions
{
    /// <summary>How often a failed job is tried again; 0 means never. Default 10.</summary>
    public int Attempts { get; set; } = 10;

    /// <summary>
    /// The waits before the attempts, in order; the last one repeats, and zero means at once. Null means ever longer
    /// ones: (n−1)⁴ + 15 + a random share of 30·n seconds before the n-th retry.
    /// </summary>
    public IReadOnlyList<TimeSpan>? Delays { get; set; }

    /// <summary>Only these exceptions (and those derived from them) are tried again; empty means all.</summary>
    public IReadOnlyList<Type> OnlyOn { get; set; } = [];

    /// <summary>These exceptions (and those derived from them) are not tried again.</summary>
    public IReadOnlyList<Type> ExceptOn { get; set; } = [];

    /// <summary>What happens when the attempts are used up. Default: the job stays failed.</summary>
    public AttemptsExceeded OnAttemptsExceeded { get; set; }

    internal bool Covers(Exception exception) =>
        (OnlyOn.Count == 0 || OnlyOn.Any(t => t.IsInstanceOfType(exception))) && !ExceptOn.Any(t => t.IsInstanceOfType(exception));

    /// <summary>The wait before the n-th retry.</summary>
    internal TimeSpan DelayBefore(int retry, Random random)
    {
        if (Delays is { Count: > 0 } delays)
            return delays[Math.Min(retry, delays.Count) - 1];
        // The formula would reach years; a job is looked at again within a month.
        var seconds = Math.Round(Math.Pow(retry - 1, 4) + 15 + (random.Next(30) * retry));
        return TimeSpan.FromSeconds(Math.Min(seconds, 30 * 86400));
    }

    internal JobRetryOptions With(int attempts) => new()
    {
        Attempts = attempts,
        Delays = Delays,
        OnlyOn = OnlyOn,
        ExceptOn = ExceptOn,
        OnAttemptsExceeded = OnAttemptsExceeded,
    };
}
