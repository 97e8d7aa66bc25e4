using Microsoft.Extensions.Options;

namespace Automation.Steps.Notifications;

/// <summary>An attempt to send has failed and another will follow.</summary>
internal sealed class NotificationFailedException(string message) : Exception(message);

/// <summary>Brings a notification to its channel: now, later (quiet hours, digest, limit), or by the fallback.</summary>
internal sealed class NotificationDispatcher(
    ChannelStore channels, NotificationLog log, NotificationSender sender, ChannelLimits limits, IOptions<NotificationOptions> options, TimeProvider clock)
{
    private const int MaxFallbacks = 5;

    // Servers that put strangers off want them back after minutes.
    private static readonly TimeSpan PutOff = TimeSpan.FromMinutes(5);

    /// <summary>One attempt; what has become of the notification is stored when it returns or throws.</summary>
    /// <param name="notification">New, or as it was stored.</param>
    /// <param name="mayHold">Whether quiet hours and digests count; not for what is urgent, and not for what was held already.</param>
    /// <param name="isLast">Whether a failure is final.</param>
    /// <param name="fallback">The channel to try when this one has failed; null for the channel's own.</param>
    /// <param name="cancellationToken">Breaks the attempt off.</param>
    /// <exception cref="NotificationFailedException">It failed and should be tried again.</exception>
    public async Task<Notification> DeliverAsync(Notification notification, bool mayHold, bool isLast, string? fallback, CancellationToken cancellationToken)
    {
        var tried = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        while (true)
        {
            tried.Add(notification.Channel);
            var channel = await channels.FindAsync(notification.Channel, cancellationToken);
            var ended = await AttemptAsync(notification, channel, mayHold, isLast, cancellationToken);
            if (ended.Status != NotificationStatus.Failed)
                return ended;

            var next = string.IsNullOrWhiteSpace(fallback) ? channel?.Options.Fallback : fallback;
            if (string.IsNullOrWhiteSpace(next) || tried.Contains(next) || tried.Count > MaxFallbacks)
                return ended;
            var kind = (await channels.FindAsync(next, cancellationToken))?.Options;
            if (kind is null)
                return await SaveAsync(ended with { Note = $"{ended.Note?.TrimEnd('.')}. The fallback \"{next}\" does not exist." }, [], cancellationToken);
            fallback = null;
            var id = $"{ended.Id}+{next}";
            var before = await log.FindAsync(id, cancellationToken);
            if (before is { Status: NotificationStatus.Sent or NotificationStatus.Held or NotificationStatus.InDigest })
                return before;
            notification = before ?? ended with
            {
                Id = id, Channel = next, Kind = kind.Kind.ToString(), FallbackOf = ended.Id, Attempts = 0, Note = null, DueAt = null,
                // Who is reached by mail is not reached at that address by anything else.
                Recipient = kind.Kind.ToString() == ended.Kind ? ended.Recipient : kind.To ?? "",
            };
        }
    }

    private async Task<Notification> AttemptAsync(Notification n, Channel? channel, bool mayHold, bool isLast, CancellationToken cancellationToken)
    {
        if (channel is null)
            return await SaveAsync(n with { Status = NotificationStatus.Failed, Note = $"The channel \"{n.Channel}\" does not exist." }, [], cancellationToken);
        n = n with { Kind = channel.Options.Kind.ToString() };
        if (!channel.Options.Enabled)
            return await SaveAsync(n with { Status = NotificationStatus.Failed, Note = $"The channel \"{n.Channel}\" is switched off." }, [], cancellationToken);
        if (n.Message.Size > options.Value.MaxMessageBytes)
            return await SaveAsync(n with { Status = NotificationStatus.Failed, Message = new NotificationMessage { Subject = n.Message.Subject.Length > 500 ? n.Message.Subject[..500] : n.Message.Subject }, Note = $"The message is larger than {options.Value.MaxMessageBytes} bytes (Automation:Steps:Notifications:MaxMessageBytes)." }, [], cancellationToken);

        var now = clock.GetUtcNow();
        if (mayHold && Hold(channel.Options, now) is var (due, digest, why))
            return await SaveAsync(n with { Status = NotificationStatus.Held, DueAt = due, ForDigest = digest, Note = why }, [], cancellationToken);
        if (await limits.TakeAsync(n.Channel, channel.Options.LimitPerMinute, cancellationToken) is { } free)
            return await SaveAsync(n with { Status = NotificationStatus.Held, DueAt = free, ForDigest = false, Note = $"The channel sends at most {channel.Options.LimitPerMinute} a minute." }, [], cancellationToken);

        var result = await sender.SendAsync(channel, n, cancellationToken);
        n = n with { Attempts = n.Attempts + 1, ForDigest = false };
        if (result.Error is null)
        {
            var sent = n with { Status = NotificationStatus.Sent, SentAt = clock.GetUtcNow(), DueAt = null, Note = result.Note };
            // One of its own, or the others would get it twice.
            var rest = result.PutOff is null ? null : sent with { Id = n.Id + "-later", Recipient = result.PutOff, Status = NotificationStatus.Held, Attempts = 0, SentAt = null, DueAt = clock.GetUtcNow() + PutOff };
            await log.SaveAsync(sent, result.Exchanges, cancellationToken, rest);
            return sent;
        }

        if (result.RetryAfter is { } wait && n.Attempts < 20)
            return await SaveAsync(n with { Status = NotificationStatus.Held, DueAt = clock.GetUtcNow() + (wait > TimeSpan.FromHours(1) ? TimeSpan.FromHours(1) : wait), Note = result.Error }, result.Exchanges, cancellationToken);
        if (result.IsPermanent || isLast)
            return await SaveAsync(n with { Status = NotificationStatus.Failed, DueAt = null, Note = result.Error }, result.Exchanges, cancellationToken);
        await SaveAsync(n with { Status = NotificationStatus.Retrying, Note = result.Error }, result.Exchanges, cancellationToken);
        throw new NotificationFailedException(result.Error);
    }

    private static (DateTimeOffset Due, bool ForDigest, string Why)? Hold(ChannelOptions channel, DateTimeOffset now)
    {
        var quiet = QuietHours.Parse(channel.QuietHours, channel.TimeZone);
        if (channel.DigestEvery is { } every)
        {
            // Windows begin at multiples since the epoch, so that all servers agree on them.
            var due = new DateTimeOffset(((now.UtcTicks / every.Ticks) + 1) * every.Ticks, TimeSpan.Zero);
            return (quiet?.EndAt(due) ?? due, true, "Waits for the digest.");
        }

        return quiet?.EndAt(now) is { } end ? (end, false, $"The channel is silent {channel.QuietHours}.") : null;
    }

    private async Task<Notification> SaveAsync(Notification notification, IReadOnlyList<Http.HttpExchange> exchanges, CancellationToken cancellationToken)
    {
        await log.SaveAsync(notification, exchanges, cancellationToken);
        return notification;
    }
}
