using System.ComponentModel.DataAnnotations;

namespace Automation.Steps.Outgoing;

/// <summary>What calls out of this process may reach; bound from <c>Automation:Steps:Outgoing</c>.</summary>
public sealed class OutgoingOptions : IValidatableObject
{
    /// <summary>
    /// What may be reached although it is not on the public internet. An entry is a host name (<c>crm.internal</c>),
    /// a host with its port (<c>localhost:8080</c>), a name with everything below it (<c>*.corp.example</c>), an address
    /// (<c>10.1.2.3</c>, <c>[fd00::1]:8443</c>) or a range of addresses (<c>10.1.0.0/16</c>). Default: nothing.
    /// </summary>
    public IList<string> AllowedHosts { get; set; } = [];

    /// <summary>How long connecting may take, name resolution and TLS included. Default 10 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:02:00")]
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Connections to one host and port at a time. Default 256.</summary>
    [Range(1, 10_000)]
    public int MaxConnectionsPerServer { get; set; } = 256;

    /// <summary>How long an idle connection is kept for the next call. Default 1 minute.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan IdleConnectionLifetime { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// How long a connection is used at most, so that a name is resolved (and its address judged) again. Default 5 minutes.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan ConnectionLifetime { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// The HTTP proxy that calls go by (<c>http://proxy.corp.example:3128</c>), but not those to <see cref="AllowedHosts"/>
    /// and to this server. Default: none; what the environment says does not count.
    /// </summary>
    public string? Proxy { get; set; }

    /// <summary>The user name that the proxy wants. Default: none.</summary>
    public string? ProxyUserName { get; set; }

    /// <summary>The password that the proxy wants.</summary>
    public string? ProxyPassword { get; set; }

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!string.IsNullOrWhiteSpace(Proxy) && (!Uri.TryCreate(Proxy, UriKind.Absolute, out var proxy) || proxy.Scheme != Uri.UriSchemeHttp || proxy.UserInfo.Length > 0))
            yield return new ValidationResult("Automation:Steps:Outgoing:Proxy must be a URL such as http://proxy.corp.example:3128, without user name and password: these are ProxyUserName and ProxyPassword.", [nameof(Proxy)]);
        foreach (var entry in AllowedHosts)
        {
            if (!AllowedHost.TryParse(entry, out _))
            {
                yield return new ValidationResult(
                    $"Automation:Steps:Outgoing:AllowedHosts has \"{entry}\". Allowed are a host name (crm.internal), host:port, *.domain, an address or a CIDR range (10.1.0.0/16), without scheme or path.",
                    [nameof(AllowedHosts)]);
            }
        }
    }
}
