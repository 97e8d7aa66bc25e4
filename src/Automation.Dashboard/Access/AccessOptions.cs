using System.ComponentModel.DataAnnotations;
using System.Net;

namespace Automation.Dashboard.Access;

/// <summary>How people sign in and for how long; bound from <c>Automation:Access</c>.</summary>
public sealed class AccessOptions : IValidatableObject
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

    /// <summary>
    /// Header in which a reverse proxy names the user that it has authenticated, such as <c>X-Forwarded-User</c>. The user must
    /// exist here. Empty, the default, trusts no header.
    /// </summary>
    public string? TrustedUserHeader { get; set; }

    /// <summary>Addresses or networks (<c>10.0.0.0/8</c>) of the proxies whose header counts. Wanted with <see cref="TrustedUserHeader"/>.</summary>
    public IList<string> TrustedProxies { get; set; } = [];

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var proxy in TrustedProxies.Where(p => ReadProxy(p) is null))
            yield return new ValidationResult($"Automation:Access:TrustedProxies has \"{proxy}\"; an IP address or a network such as 10.0.0.0/8 is wanted.");
        if (!string.IsNullOrWhiteSpace(TrustedUserHeader) && TrustedProxies.Count == 0)
            yield return new ValidationResult("Automation:Access:TrustedUserHeader is set, but TrustedProxies names no proxy whose header counts; anybody could send it.");
    }

    /// <summary>An address as the network of itself, or a network; null where it is neither.</summary>
    public static IPNetwork? ReadProxy(string text) =>
        IPNetwork.TryParse(text, out var network) ? network
        : IPAddress.TryParse(text, out var address) ? new IPNetwork(address, address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork ? 32 : 128)
        : null;
}
