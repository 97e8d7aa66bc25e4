using System.Globalization;
using Automation.Steps.Notifications;

namespace Automation.Dashboard.Notifications;

/// <summary>How channels are explained.</summary>
internal static class ChannelText
{
    /// <summary>What each kind cannot do without.</summary>
    public static readonly IReadOnlyList<(ChannelKind Kind, string Needs)> Needs =
    [
        (ChannelKind.Inbox, "nothing"),
        (ChannelKind.Email, "host, from; secret (the password) with userName; port, security (Auto, Tls, StartTls, None), replyTo, trustedCertificate"),
        (ChannelKind.Slack, "secret: holds the webhook URL"),
        (ChannelKind.Teams, "secret: holds the webhook URL"),
        (ChannelKind.Discord, "secret: holds the webhook URL"),
        (ChannelKind.Telegram, "secret: the bot's token; to: the chat"),
        (ChannelKind.Webhook, "url; secret goes out as bearer token"),
        (ChannelKind.Sms, "preset twilio with userName (the account), secret (its token), from; or url, bodyTemplate, contentType"),
    ];

    /// <summary>What holds for its messages, in words; empty where nothing does.</summary>
    public static string Rules(ChannelOptions channel)
    {
        var rules = new List<string>();
        if (!string.IsNullOrWhiteSpace(channel.Fallback))
            rules.Add($"fallback {channel.Fallback}");
        if (channel.LimitPerMinute is { } limit)
            rules.Add(string.Create(CultureInfo.InvariantCulture, $"at most {limit} a minute"));
        if (!string.IsNullOrWhiteSpace(channel.QuietHours))
            rules.Add($"silent {channel.QuietHours} {(string.IsNullOrWhiteSpace(channel.TimeZone) ? "UTC" : channel.TimeZone)}");
        if (channel.DigestEvery is { } every)
            rules.Add($"together every {every:c}");
        return string.Join(", ", rules);
    }
}
