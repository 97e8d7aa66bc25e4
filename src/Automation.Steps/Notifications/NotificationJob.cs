using System.Text;
using Automation.Jobs;
using Automation.Storage;
using Automation.Storage.Writes;

namespace Automation.Steps.Notifications;

/// <summary>Sends what was held: one notification, or all that wait for a digest.</summary>
internal sealed class NotificationJob(Database database, NotificationLog log, NotificationDispatcher dispatcher, TimeProvider clock) : IJobHandler
{
    public const string Name = "Automation.Notification";

    private const string DigestName = "digest:";

    public static JobRequest For(Notification held) => new(Name, KeyOf(held)) { UniqueKey = "notification:" + KeyOf(held), Reason = held.Note };

    public static string KeyOf(Notification held) => held.ForDigest ? $"{DigestName}{held.DueAt!.Value.UtcTicks}:{held.Id}" : held.Id;

    public async Task RunAsync(JobContext context, CancellationToken cancellationToken)
    {
        var key = context.GetArgument<string>(0)!;
        var notification = key.StartsWith(DigestName, StringComparison.Ordinal) ? await DigestAsync(key, cancellationToken) : await log.FindAsync(key, cancellationToken);
        if (notification is not { Status: NotificationStatus.Held or NotificationStatus.Retrying })
            return;
        var ended = await dispatcher.DeliverAsync(notification with { JobId = context.Id }, mayHold: false, context.IsLastAttempt, fallback: null, cancellationToken);
        context.Log($"{ended.Channel}: {ended.Status}{(ended.Note is null ? "" : ". " + ended.Note)}");
    }

    /// <summary>Puts together what waits for the same channel and recipient, once.</summary>
    private async Task<Notification?> DigestAsync(string key, CancellationToken cancellationToken)
    {
        var parts = key.Split(':', 3);
        var digestId = "digest-" + parts[2];
        if (await log.FindAsync(digestId, cancellationToken) is { } made)
            return made;
        if (await log.FindAsync(parts[2], cancellationToken) is not { Status: NotificationStatus.Held, ForDigest: true } first)
            return null;
        var waiting = await log.DueForDigestAsync(first.Channel, first.Recipient, clock.GetUtcNow(), cancellationToken);
        if (waiting.Count == 0)
            return null;
        var digest = new Notification
        {
            Id = digestId, Channel = first.Channel, Kind = first.Kind, Recipient = first.Recipient, Message = Compose(waiting), CreatedAt = clock.GetUtcNow(), Status = NotificationStatus.Held, DueAt = clock.GetUtcNow(),
        };
        var unit = new WriteUnit();
        NotificationLog.AddTo(unit, digest);
        foreach (var one in waiting)
            NotificationLog.AddTo(unit, one with { Status = NotificationStatus.InDigest, DigestId = digestId, SentAt = null, Note = null });
        await database.CommitAsync(unit, cancellationToken: cancellationToken);
        return digest;
    }

    private static NotificationMessage Compose(IReadOnlyList<Notification> waiting)
    {
        if (waiting.Count == 1)
            return waiting[0].Message;
        var text = new StringBuilder();
        foreach (var n in waiting)
        {
            text.Append(System.Globalization.CultureInfo.InvariantCulture, $"{n.CreatedAt:yyyy-MM-dd HH:mm} ").Append(n.Message.Subject);
            if (n.Message.Text.Length > 0)
                text.Append(n.Message.Subject.Length > 0 ? "\n" : "").Append(n.Message.Text);
            if (n.Message.Link is { } link)
                text.Append('\n').Append(link);
            text.Append("\n\n");
        }

        return new NotificationMessage
        {
            Subject = $"{waiting.Count} notifications",
            Text = text.ToString().TrimEnd(),
            Severity = waiting.Select(n => n.Message.Severity).MaxBy(s => s switch { "Error" => 3, "Warning" => 2, "Success" => 1, _ => 0 })!,
            Attachments = [.. waiting.SelectMany(n => n.Message.Attachments)],
        };
    }
}
