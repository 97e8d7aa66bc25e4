using Automation.Steps.Outgoing;

namespace Automation.Steps.Notifications;

/// <summary>How a channel reaches people.</summary>
public enum ChannelKind
{
    /// <summary>The inbox of the console.</summary>
    Inbox,

    /// <summary>E-mail over SMTP.</summary>
    Email,

    /// <summary>A Slack incoming webhook.</summary>
    Slack,

    /// <summary>A Microsoft Teams workflow webhook.</summary>
    Teams,

    /// <summary>A Discord webhook.</summary>
    Discord,

    /// <summary>A Telegram bot.</summary>
    Telegram,

    /// <summary>A JSON document to any URL.</summary>
    Webhook,

    /// <summary>Text messages through an HTTP provider.</summary>
    Sms,
}

/// <summary>How the connection to a mail server is protected.</summary>
public enum MailSecurity
{
    /// <summary>TLS from the start on port 465, STARTTLS on any other; no mail goes out in the clear.</summary>
    Auto,

    /// <summary>TLS from the start.</summary>
    Tls,

    /// <summary>STARTTLS; a server that does not offer it is refused.</summary>
    StartTls,

    /// <summary>No protection: for a relay on the same machine or network.</summary>
    None,
}

/// <summary>A channel that notifications go out by. Secrets are named, never written here.</summary>
public sealed class ChannelOptions
{
    /// <summary>How it reaches people.</summary>
    public ChannelKind Kind { get; set; }

    /// <summary>What it is for.</summary>
    public string? Description { get; set; }

    /// <summary>Whether it sends; a notification for a channel that does not goes to its fallback. Default true.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>Who gets what names no recipient: mail addresses, a chat id, telephone numbers; commas between them.</summary>
    public string? To { get; set; }

    /// <summary>The channel that is tried when this one has failed.</summary>
    public string? Fallback { get; set; }

    /// <summary>Most notifications in any minute, on all servers together; more wait. Empty: no limit.</summary>
    public int? LimitPerMinute { get; set; }

    /// <summary>When the channel is silent: <c>22:00-07:00</c>. What is not urgent waits for the end.</summary>
    public string? QuietHours { get; set; }

    /// <summary>The zone of <see cref="QuietHours"/>, such as <c>Europe/Berlin</c>. Default UTC.</summary>
    public string? TimeZone { get; set; }

    /// <summary>Collects what is not urgent and sends it together this often, on the hour for <c>01:00:00</c>. Empty: does not collect.</summary>
    public TimeSpan? DigestEvery { get; set; }

    /// <summary>
    /// Name of the stored secret: the mail server's password, the webhook URL (Slack, Teams, Discord), the bot's token
    /// (Telegram), the provider's token (Sms), the bearer token (Webhook).
    /// </summary>
    public string? Secret { get; set; }

    /// <summary>The URL (Webhook, Sms without preset), or the webhook URL where it need not be secret. Telegram: a Bot API server of one's own.</summary>
    public string? Url { get; set; }

    /// <summary>Mail: the server.</summary>
    public string? Host { get; set; }

    /// <summary>Mail: the server's port. Default 465 for Tls, 25 for None, else 587.</summary>
    public int? Port { get; set; }

    /// <summary>Mail: how the connection is protected.</summary>
    public MailSecurity Security { get; set; }

    /// <summary>Mail: SHA-256 fingerprint (hex) of a certificate that is trusted although no authority signed it.</summary>
    public string? TrustedCertificate { get; set; }

    /// <summary>Mail: the name that the password belongs to. Sms: the account.</summary>
    public string? UserName { get; set; }

    /// <summary>Mail: the sender's address, with or without a name. Sms: the sender's number.</summary>
    public string? From { get; set; }

    /// <summary>Mail: where replies go.</summary>
    public string? ReplyTo { get; set; }

    /// <summary>Sms: <c>twilio</c>, or empty for a provider described by URL and template.</summary>
    public string? Preset { get; set; }

    /// <summary>Sms: the body as a Liquid template with <c>to</c>, <c>from</c> and <c>text</c>. Default: a JSON object of those.</summary>
    public string? BodyTemplate { get; set; }

    /// <summary>Sms: media type of the body. Default <c>application/json</c>.</summary>
    public string? ContentType { get; set; }

    /// <summary>Says what is wrong; null where nothing is.</summary>
    /// <param name="name">The channel's name.</param>
    internal string? WhyNotValid(string name)
    {
        if (name.Length is 0 or > 100 || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_'))
            return "The channel's name is not valid. Allowed are 1 to 100 letters, digits, dots, hyphens and underscores.";
        if (string.Equals(Fallback, name, StringComparison.OrdinalIgnoreCase))
            return "Fallback is the channel itself.";
        if (LimitPerMinute is < 1 or > 100_000)
            return "LimitPerMinute must be 1 to 100000.";
        if (DigestEvery is { } every && (every < TimeSpan.FromMinutes(1) || every > TimeSpan.FromDays(7)))
            return "DigestEvery must be 00:01:00 to 7.00:00:00.";
        if (Port is < 1 or > 65535)
            return "Port must be 1 to 65535.";
        try
        {
            _ = Notifications.QuietHours.Parse(QuietHours, TimeZone);
        }
        catch (FormatException e)
        {
            return e.Message;
        }

        return Kind switch
        {
            ChannelKind.Email when string.IsNullOrWhiteSpace(Host) => "Host is missing: the mail server.",
            ChannelKind.Email when !System.Net.Mail.MailAddress.TryCreate(From, out _) => "From is missing or no mail address.",
            ChannelKind.Email when !string.IsNullOrEmpty(ReplyTo) && !System.Net.Mail.MailAddress.TryCreate(ReplyTo, out _) => "ReplyTo is no mail address.",
            ChannelKind.Email when TrustedCertificate is { Length: > 0 } pin && !(pin.Length == 64 && pin.All(char.IsAsciiHexDigit)) => "TrustedCertificate must be a SHA-256 fingerprint: 64 hexadecimal digits.",
            ChannelKind.Slack or ChannelKind.Teams or ChannelKind.Discord when string.IsNullOrWhiteSpace(Url) && string.IsNullOrWhiteSpace(Secret) => "Secret is missing: the name of the stored secret that holds the webhook URL (or give Url).",
            ChannelKind.Telegram when string.IsNullOrWhiteSpace(Secret) => "Secret is missing: the name of the stored secret that holds the bot's token.",
            ChannelKind.Webhook when string.IsNullOrWhiteSpace(Url) => "Url is missing.",
            ChannelKind.Sms when Preset is { Length: > 0 } && !Preset.Equals("twilio", StringComparison.OrdinalIgnoreCase) => $"Preset is \"{Preset}\"; known is twilio. Leave it empty to describe another provider by Url and BodyTemplate.",
            ChannelKind.Sms when Preset is { Length: > 0 } && (string.IsNullOrWhiteSpace(UserName) || string.IsNullOrWhiteSpace(Secret) || string.IsNullOrWhiteSpace(From)) => "Twilio needs UserName (the account SID), Secret (the name of the stored auth token) and From.",
            ChannelKind.Sms when string.IsNullOrWhiteSpace(Preset) && string.IsNullOrWhiteSpace(Url) => "Url is missing: the provider's.",
            _ => WhyUrlNotValid(),
        };
    }

    private string? WhyUrlNotValid()
    {
        if (string.IsNullOrWhiteSpace(Url))
            return null;
        try
        {
            OutgoingGuard.Check(Url);
            return null;
        }
        catch (OutgoingRefusedException e)
        {
            return e.Message;
        }
    }

    internal int PortOrDefault() => Port ?? Security switch { MailSecurity.Tls => 465, MailSecurity.None => 25, _ => 587 };

    /// <summary>The recipients that a text names.</summary>
    internal static IReadOnlyList<string> Recipients(string? text) =>
        (text ?? "").Split([',', ';', '\n'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

}
