using System.ComponentModel.DataAnnotations;

namespace Automation.Steps.Deliveries;

/// <summary>How webhooks go out to subscribers; bound from <c>Automation:Steps:Deliveries</c>. An endpoint may say otherwise.</summary>
public sealed class DeliveryOptions : IValidatableObject
{
    /// <summary>How long one attempt may take. Default 30 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:10:00")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The waits before the further attempts. Default 4, 8 and 10 seconds.</summary>
    public IList<TimeSpan> RetryDelays { get; set; } = [];

    /// <summary>Most deliveries to one endpoint at a time. Default 10.</summary>
    [Range(1, 1000)]
    public int Concurrency { get; set; } = 10;

    /// <summary>Most attempts to one endpoint in a minute. Default 100.</summary>
    [Range(1, 1_000_000)]
    public int PerMinute { get; set; } = 100;

    /// <summary>Most endpoints that take the same event. Default 5.</summary>
    [Range(1, 10_000)]
    public int MaxEndpointsPerEvent { get; set; } = 5;

    /// <summary>Whether plain http is allowed for hosts in <c>Automation:Steps:Outgoing:AllowedHosts</c>; other hosts need https. Default true.</summary>
    public bool AllowHttpForAllowedHosts { get; set; } = true;

    /// <summary>An endpoint is switched off when everything has failed for this long. Default 5 days; zero for never.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "365.00:00:00")]
    public TimeSpan DisableAfter { get; set; } = TimeSpan.FromDays(5);

    /// <summary>The notification channel that operators are told by when an endpoint is switched off. Empty: the log and the inbox only.</summary>
    public string? NoticeChannel { get; set; }

    /// <summary>How long a replaced signing secret still signs beside the new one. Default 1 day.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "90.00:00:00")]
    public TimeSpan KeepOldSecret { get; set; } = TimeSpan.FromDays(1);

    /// <summary>How long ended deliveries and their attempts are kept. Default 30 days.</summary>
    [Range(typeof(TimeSpan), "01:00:00", "3650.00:00:00")]
    public TimeSpan KeepFor { get; set; } = TimeSpan.FromDays(30);

    /// <summary>How often deliveries that are due are looked for, besides at once when one is made here. Default 1 second.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:05:00")]
    public TimeSpan SweepInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Largest payload, in bytes of JSON. Default 256 KiB.</summary>
    [Range(256, 16 << 20)]
    public int MaxPayloadBytes { get; set; } = 256 << 10;

    /// <summary>The waits in force.</summary>
    internal IReadOnlyList<TimeSpan> Delays => RetryDelays.Count > 0 ? [.. RetryDelays] : [TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(8), TimeSpan.FromSeconds(10)];

    /// <summary>The waits in force for an endpoint.</summary>
    internal IReadOnlyList<TimeSpan> DelaysOf(EndpointSettings settings) => settings.RetryDelays is { } own ? [.. own] : Delays;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (RetryDelays.Any(d => d < TimeSpan.Zero || d > TimeSpan.FromDays(7)))
            yield return new ValidationResult("Automation:Steps:Deliveries:RetryDelays has a wait below zero or above 7 days.", [nameof(RetryDelays)]);
    }
}
