using Automation.Steps.Templates;

namespace Automation.Steps.Notifications;

/// <summary>What a channel answered to a test.</summary>
/// <param name="Sent">Whether it took it.</param>
/// <param name="Note">What it said.</param>
/// <param name="DurationMs">How long it took, in milliseconds.</param>
/// <param name="NotificationId">The notification that was kept of it.</param>
public sealed record ChannelTestResult(bool Sent, string? Note, double DurationMs, string NotificationId);

/// <summary>Tries channels and templates: a message at once, past quiet hours and limits, and a text without sending it.</summary>
public sealed class ChannelTest
{
    private readonly ChannelStore _channels;
    private readonly NotificationSender _sender;
    private readonly NotificationLog _log;
    private readonly TextTemplates _templates;
    private readonly TimeProvider _clock;

    internal ChannelTest(ChannelStore channels, NotificationSender sender, NotificationLog log, TextTemplates templates, TimeProvider clock)
    {
        _channels = channels;
        _sender = sender;
        _log = log;
        _templates = templates;
        _clock = clock;
    }

    /// <summary>Sends a test message.</summary>
    /// <param name="name">The channel.</param>
    /// <param name="to">The recipient; null for the channel's own.</param>
    /// <param name="subject">The subject; null for one that says it is a test.</param>
    /// <param name="text">The text; null for one that says it is a test.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Null where there is no such channel.</returns>
    public async Task<ChannelTestResult?> SendAsync(string name, string? to, string? subject, string? text, CancellationToken cancellationToken)
    {
        if (await _channels.FindAsync(name, cancellationToken) is not { } channel)
            return null;
        var recipient = string.IsNullOrWhiteSpace(to) ? channel.Options.To ?? "" : to.Trim();
        if (channel.Options.Kind is ChannelKind.Sms or ChannelKind.Telegram)
            recipient = ChannelOptions.Recipients(recipient) is [var first, ..] ? first : "";
        var now = _clock.GetUtcNow();
        var notification = new Notification
        {
            Id = "test-" + Guid.CreateVersion7(now), Channel = name, Kind = channel.Options.Kind.ToString(), Recipient = recipient, CreatedAt = now, Attempts = 1,
            Message = new NotificationMessage { Subject = subject ?? "Test", Text = text ?? $"This is a test of the channel {name}.", Severity = "Info" },
        };
        var started = _clock.GetTimestamp();
        var result = await _sender.SendAsync(channel, notification, cancellationToken);
        var took = _clock.GetElapsedTime(started);
        var ended = notification with
        {
            Status = result.Error is null ? NotificationStatus.Sent : NotificationStatus.Failed, Note = result.Error ?? result.Note, SentAt = result.Error is null ? _clock.GetUtcNow() : null,
        };
        await _log.SaveAsync(ended, [], cancellationToken);
        return new ChannelTestResult(result.Error is null, ended.Note, took.TotalMilliseconds, ended.Id);
    }

    /// <summary>A template with values, as a step would render it.</summary>
    /// <exception cref="Expressions.ExpressionException">The template is not valid, or could not be rendered.</exception>
    public string Preview(string template, IReadOnlyDictionary<string, object?> values) => _templates.Preview(template, values);
}
