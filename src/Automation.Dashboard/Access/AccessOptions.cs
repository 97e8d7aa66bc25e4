using System.ComponentModel.DataAnnotations;

namespace Automation.Dashboard.Access;

/// <summary>How people sign in and for how long; bound from <c>Automation:Access</c>.</summary>
public sealed class AccessOptions
{
    /// <summary>Fewest characters of a password. Default 12.</summary>
    [Range(8, 128)]
    public int MinPasswordLength { get; set; } = 12;

    /// <summary>Wrong passwords in a row that lock a user. Default 5.</summary>
    [Range(1, 100)]
    public int LockAfterFailures { get; set; } = 5;

    /// <summary>How long a user stays locked. Default 15 minutes.</summary>
    [Range(typeof(TimeSpan), "00:00:10", "7.00:00:00")]
    public TimeSpan LockFor { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>Attempts to sign in from one address in a minute; more are told to come again later. Default 30.</summary>
    [Range(1, 10_000)]
    public int SignInsPerMinute { get; set; } = 30;

    /// <summary>How long a session lasts that nobody uses. Default 7 days.</summary>
    [Range(typeof(TimeSpan), "00:05:00", "365.00:00:00")]
    public TimeSpan SessionIdleTime { get; set; } = TimeSpan.FromDays(7);

    /// <summary>How long a session lasts at most. Default 30 days.</summary>
    [Range(typeof(TimeSpan), "00:05:00", "365.00:00:00")]
    public TimeSpan SessionLifetime { get; set; } = TimeSpan.FromDays(30);

    /// <summary>How long the audit log is kept. Default 365 days.</summary>
    [Range(typeof(TimeSpan), "1.00:00:00", "3650.00:00:00")]
    public TimeSpan AuditRetention { get; set; } = TimeSpan.FromDays(365);
}
