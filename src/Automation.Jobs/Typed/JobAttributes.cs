namespace Automation.Jobs;

/// <summary>The queue of a typed job, on its method or class.</summary>
/// <param name="queue">1 to 50 of <c>a-z 0-9 _ -</c>.</param>
[AttributeUsage(AttributeTargets.Method | AttributeTargets.Class | AttributeTargets.Interface)]
public sealed class JobQueueAttribute(string queue) : Attribute
{
    /// <summary>The queue.</summary>
    public string Queue { get; } = JobQueues.Validate(queue);
}

/// <summary>How a typed job, or the jobs of a handler class, are tried again.</summary>
[AttributeUsage(AttributeTargets.Method | AttributeTargets.Class | AttributeTargets.Interface)]
public sealed class AutomaticRetryAttribute : Attribute
{
    /// <summary>How often a failed job is tried again; 0 means never. Default 10.</summary>
    public int Attempts { get; set; } = 10;

    /// <summary>The waits before the attempts in seconds; the last one repeats. Default: the formula of <see cref="JobRetryOptions.Delays"/>.</summary>
    public int[]? DelaysInSeconds { get; set; }

    /// <summary>Only these exceptions are tried again.</summary>
    public Type[]? OnlyOn { get; set; }

    /// <summary>These exceptions are not tried again.</summary>
    public Type[]? ExceptOn { get; set; }

    /// <summary>What happens when the attempts are used up. Default: the job stays failed.</summary>
    public AttemptsExceeded OnAttemptsExceeded { get; set; }

    internal void ApplyTo(JobRetryOptions options)
    {
        options.Attempts = Attempts;
        options.Delays = DelaysInSeconds is { Length: > 0 } delays ? [.. delays.Select(s => TimeSpan.FromSeconds(s))] : null;
        options.OnlyOn = OnlyOn ?? [];
        options.ExceptOn = ExceptOn ?? [];
        options.OnAttemptsExceeded = OnAttemptsExceeded;
    }
}

/// <summary>One run of a typed job at a time, in all servers; others wait, and fail when the time is over.</summary>
/// <param name="timeoutInSeconds">How long a run waits for another to end.</param>
[AttributeUsage(AttributeTargets.Method | AttributeTargets.Class | AttributeTargets.Interface)]
public sealed class DisableConcurrentExecutionAttribute(int timeoutInSeconds) : Attribute
{
    /// <summary>How long a run waits for another to end, in seconds.</summary>
    public int TimeoutInSeconds { get; } = timeoutInSeconds;

    /// <summary>What is locked, with <c>{0}</c> … for the arguments; null means the method.</summary>
    public string? Resource { get; set; }
}
