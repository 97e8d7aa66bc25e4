using System.Text;
using Automation.Steps.Http;
using Automation.Steps.Values;

namespace Automation.Steps.Notifications;

/// <summary>The HTTP call that each kind of channel is sent by.</summary>
internal static class ChannelCalls
{
    /// <summary>The call, null for kinds that are no HTTP; and what of the text could not be sent.</summary>
    /// <param name="channel">The channel.</param>
    /// <param name="n">The notification.</param>
    /// <param name="secret">The value of the channel's secret; null where it names none.</param>
    /// <param name="render">Renders a Liquid template.</param>
    /// <exception cref="FormatException">The notification cannot go out by this channel; the message says why.</exception>
    public static (HttpCall? Call, string? Note) For(ChannelOptions channel, Notification n, string? secret, Func<string, IReadOnlyDictionary<string, object?>, string> render)
    {
        var text = new MessageText(channel.Kind switch
        {
            ChannelKind.Slack => 40_000,
            ChannelKind.Teams => 20_000,
            ChannelKind.Discord => 2000,
            ChannelKind.Telegram => 4096,
            ChannelKind.Sms => 1600,
            _ => int.MaxValue,
        });
        var call = channel.Kind switch
        {
            ChannelKind.Slack => Post(Hook(channel, secret), Slack(n.Message, text), n, secret),
            ChannelKind.Teams => Post(Hook(channel, secret), Teams(n.Message, text), n, secret),
            ChannelKind.Discord => Post(Hook(channel, secret), Discord(n.Message, text), n, secret),
            ChannelKind.Telegram => Post($"{(string.IsNullOrEmpty(channel.Url) ? "https://api.telegram.org" : channel.Url.TrimEnd('/'))}/bot{secret}/sendMessage", Telegram(n, text), n, secret),
            ChannelKind.Webhook => Post(channel.Url!, Webhook(n), n, secret, authorization: secret is null ? null : "Bearer " + secret),
            ChannelKind.Sms => Sms(channel, n, text, secret, render),
            _ => null,
        };
        return (call, text.Note);
    }

    private static string Hook(ChannelOptions channel, string? secret) => string.IsNullOrEmpty(channel.Url) ? secret! : channel.Url;

    private static HttpCall Post(string url, Dictionary<string, object?> body, Notification n, string? secret, string? authorization = null) => new()
    {
        Url = url,
        Method = "POST",
        Content = body,
        ContentType = "application/json",
        Authorization = authorization,
        IdempotencyKey = n.Id,
        Secrets = [.. SecretMask.QueryValues(url), .. secret is null ? Array.Empty<string>() : [secret]],
    };

    private static Dictionary<string, object?> Object(params ReadOnlySpan<(string Name, object? Value)> members)
    {
        var result = new Dictionary<string, object?>(members.Length, StringComparer.Ordinal);
        foreach (var (name, value) in members)
            result[name] = value;
        return result;
    }

    private static Dictionary<string, object?> Slack(NotificationMessage m, MessageText fitting)
    {
        // Slack's own rule: these three characters are all that has a meaning (mentions and links included).
        static string Escape(string text) => text.Replace("&", "&amp;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal).Replace(">", "&gt;", StringComparison.Ordinal);
        var text = m.IsMarkup ? m.Text : Escape(m.Text);
        if (m.Subject.Length > 0)
            text = $"*{Escape(m.Subject)}*\n{text}";
        return Object(("text", fitting.Fit(text, m.Link)), ("mrkdwn", m.IsMarkup || m.Subject.Length > 0));
    }

    private static Dictionary<string, object?> Teams(NotificationMessage m, MessageText fitting)
    {
        var blocks = new List<object?>();
        if (m.Subject.Length > 0)
            blocks.Add(Object(("type", "TextBlock"), ("text", m.Subject), ("weight", "Bolder"), ("size", "Medium"), ("wrap", true), ("color", m.Severity switch { "Error" => "Attention", "Warning" => "Warning", "Success" => "Good", _ => "Default" })));
        blocks.Add(Object(("type", "TextBlock"), ("text", fitting.Fit(m.Text, link: null)), ("wrap", true)));
        var card = Object(("$schema", "http://adaptivecards.io/schemas/adaptive-card.json"), ("type", "AdaptiveCard"), ("version", "1.4"), ("body", blocks));
        if (m.Link is { Length: > 0 })
            card["actions"] = new List<object?> { Object(("type", "Action.OpenUrl"), ("title", "Open"), ("url", m.Link)) };
        return Object(("type", "message"), ("attachments", new List<object?> { Object(("contentType", "application/vnd.microsoft.card.adaptive"), ("contentUrl", null), ("content", card)) }));
    }

    private static Dictionary<string, object?> Discord(NotificationMessage m, MessageText fitting)
    {
        var text = m.Subject.Length > 0 ? $"**{m.Subject}**\n{m.Text}" : m.Text;
        // Text that came from outside must not ring everybody's bell.
        return Object(("content", fitting.Fit(text, m.Link)), ("allowed_mentions", Object(("parse", new List<object?>()))));
    }

    private static Dictionary<string, object?> Telegram(Notification n, MessageText fitting)
    {
        if (n.Recipient.Length == 0)
            throw new FormatException($"The channel \"{n.Channel}\" has no recipient: give a chat id in To.");
        var m = n.Message;
        var text = m.Subject.Length > 0 ? $"{(m.IsMarkup ? $"<b>{System.Net.WebUtility.HtmlEncode(m.Subject)}</b>" : m.Subject)}\n{m.Text}" : m.Text;
        // Cut anywhere, markup would be refused: then it goes out as plain text.
        var isMarkup = m.IsMarkup && fitting.Fits(text, m.Link);
        var body = Object(("chat_id", n.Recipient), ("text", fitting.Fit(m.IsMarkup && !isMarkup ? MessageText.WithoutMarkup(text) : text, m.Link)));
        if (isMarkup)
            body["parse_mode"] = "HTML";
        return body;
    }

    private static Dictionary<string, object?> Webhook(Notification n)
    {
        var m = n.Message;
        return Object(
            ("id", n.Id), ("channel", n.Channel), ("severity", m.Severity), ("subject", m.Subject), ("text", m.Text), ("html", m.Html), ("link", m.Link),
            ("recipient", n.Recipient), ("instanceId", n.InstanceId), ("createdAt", n.CreatedAt));
    }

    private static HttpCall Sms(ChannelOptions channel, Notification n, MessageText fitting, string? secret, Func<string, IReadOnlyDictionary<string, object?>, string> render)
    {
        if (n.Recipient.Length == 0)
            throw new FormatException($"The channel \"{n.Channel}\" has no recipient: give a telephone number in To.");
        var m = n.Message;
        var text = fitting.Fit(m.Subject.Length > 0 ? (m.Text.Length > 0 ? $"{m.Subject}: {m.Text}" : m.Subject) : m.Text, m.Link);
        var basic = channel.UserName is { Length: > 0 } && secret is not null ? "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{channel.UserName}:{secret}")) : null;
        var twilio = channel.Preset is { Length: > 0 };
        var values = Object(("to", n.Recipient), ("from", channel.From ?? ""), ("text", text));
        object content = twilio ? Object(("To", n.Recipient), ("From", channel.From), ("Body", text))
            : string.IsNullOrEmpty(channel.BodyTemplate) ? values
            : render(channel.BodyTemplate, values);
        var authorization = basic ?? (secret is null ? null : "Bearer " + secret);
        return new HttpCall
        {
            Url = !string.IsNullOrEmpty(channel.Url) ? channel.Url : $"https://api.twilio.com/2010-04-01/Accounts/{Uri.EscapeDataString(channel.UserName!)}/Messages.json",
            Method = "POST",
            Content = content,
            ContentType = twilio ? "application/x-www-form-urlencoded" : string.IsNullOrEmpty(channel.ContentType) ? "application/json" : channel.ContentType,
            Authorization = authorization,
            IdempotencyKey = n.Id,
            Secrets = [.. SecretMask.QueryValues(channel.Url ?? ""), .. new[] { secret, basic?["Basic ".Length..] }.OfType<string>()],
        };
    }
}
