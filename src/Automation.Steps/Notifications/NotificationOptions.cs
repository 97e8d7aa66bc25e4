using System.ComponentModel.DataAnnotations;

namespace Automation.Steps.Notifications;

/// <summary>Channels and limits of notifications; bound from <c>Automation:Steps:Notifications</c>.</summary>
public sealed class NotificationOptions : IValidatableObject
{
    /// <summary>Channels by name. They win over stored ones of the same name, and only the configuration changes them.</summary>
    public IDictionary<string, ChannelOptions> Channels { get; set; } = new Dictionary<string, ChannelOptions>(StringComparer.OrdinalIgnoreCase);

    /// <summary>How often held notifications (quiet hours, digests, limits) are looked at. Default 5 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:10:00")]
    public TimeSpan SweepInterval { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long one attempt to send may take. Default 30 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:10:00")]
    public TimeSpan SendTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long the record of notifications and the inbox are kept. Default 90 days.</summary>
    [Range(typeof(TimeSpan), "01:00:00", "3650.00:00:00")]
    public TimeSpan KeepFor { get; set; } = TimeSpan.FromDays(90);

    /// <summary>Most bytes of subject, text, HTML and attachments together. Default 10 MiB.</summary>
    [Range(1024, 100 << 20)]
    public int MaxMessageBytes { get; set; } = 10 << 20;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var (name, channel) in Channels)
        {
            if (channel.WhyNotValid(name) is { } why)
                yield return new ValidationResult($"Automation:Steps:Notifications:Channels:{name}: {why}", [nameof(Channels)]);
        }
    }
}
