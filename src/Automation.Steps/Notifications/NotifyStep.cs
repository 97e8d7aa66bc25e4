using System.Globalization;
using System.Text;
using Automation.Steps.Activities;
using Automation.Steps.Values;
using Automation.Workflows.Execution;
using Automation.Workflows.Runtime;

namespace Automation.Steps.Notifications;

/// <summary>Does the work of <see cref="Notify"/>.</summary>
internal sealed class NotifyStep(ChannelStore channels, NotificationDispatcher dispatcher, NotificationLog log, TimeProvider clock) : IBackgroundActivity
{
    public async Task<OperationResult> RunAsync(BackgroundOperation operation, CancellationToken cancellationToken)
    {
        var inputs = new StepInputs(operation.Inputs);
        Channel channel;
        NotificationMessage message;
        try
        {
            var name = inputs.Text("Channel");
            if (name.Length == 0)
                throw new FormatException("Channel is empty: choose the channel to notify by.");
            channel = await channels.FindAsync(name, cancellationToken)
                ?? throw new FormatException($"The channel \"{name}\" does not exist. Known are: {string.Join(", ", (await channels.ListAsync(cancellationToken)).Select(c => c.Name))} (PUT /api/channels/{name}, or Automation:Steps:Notifications:Channels).");
            message = Message(inputs);
        }
        catch (FormatException e)
        {
            return new OperationResult { Error = new OperationError(OperationErrorKind.Failed, e.Message, nameof(FormatException)) };
        }

        var ended = new List<Notification>();
        var isLast = operation.Job?.IsLastAttempt ?? true;
        NotificationFailedException? failure = null;
        var recipients = Recipients(channel.Options, inputs);
        for (var i = 0; i < recipients.Count; i++)
        {
            var id = recipients.Count == 1 ? operation.OperationId : string.Create(CultureInfo.InvariantCulture, $"{operation.OperationId}-{i + 1}");
            var known = await log.FindAsync(id, cancellationToken);
            if (known is not null && known.Status != NotificationStatus.Retrying && !(known.Status == NotificationStatus.Failed && known.Attempts == 0))
            {
                // An earlier run of this job came this far.
                ended.Add(known);
                continue;
            }

            var notification = known ?? new Notification
            {
                Id = id, Channel = channel.Name, Kind = channel.Options.Kind.ToString(), Recipient = recipients[i], Message = message, CreatedAt = clock.GetUtcNow(),
                InstanceId = operation.InstanceId, ActivityExecutionId = operation.ActivityInstanceId, JobId = operation.Job?.Id,
            };
            try
            {
                ended.Add(await dispatcher.DeliverAsync(notification, mayHold: inputs["Urgent"] is not true, isLast, inputs.Text("Fallback"), cancellationToken));
            }
            catch (NotificationFailedException e)
            {
                // The others do not wait for this one.
                failure ??= e;
            }
        }

        if (failure is not null)
            throw failure;
        return Result(operation, ended);
    }

    private static OperationResult Result(BackgroundOperation operation, List<Notification> ended)
    {
        foreach (var n in ended)
            operation.Job?.Log($"{n.Channel}{(n.Recipient.Length == 0 ? "" : " to " + n.Recipient)}: {n.Status}{(n.DueAt is { } due ? $" until {due:O}" : "")}{(n.Note is null ? "" : ". " + n.Note)}");
        var worst = ended.Find(n => n.Status == NotificationStatus.Failed) ?? ended.Find(n => n.Status == NotificationStatus.Held) ?? ended[0];
        var status = worst.Status switch { NotificationStatus.Failed => "Failed", NotificationStatus.Held => "Held", _ => "Sent" };
        return new OperationResult
        {
            Outputs = new Dictionary<string, object?>(StringComparer.Ordinal)
            {
                ["NotificationIds"] = ended.Select(object? (n) => n.Id).ToList(),
                ["Status"] = status,
                ["Note"] = status == "Sent" ? null : worst.Note,
            },
            Outcomes = [status, "Done"],
        };
    }

    /// <summary>Text messages and chats have one recipient each; everything else takes them together.</summary>
    private static IReadOnlyList<string> Recipients(ChannelOptions channel, StepInputs inputs)
    {
        var given = PlainJson.Elements(inputs["To"]) is { } list ? list.Select(PlainJson.AsText).Where(t => t.Length > 0).ToList() : ChannelOptions.Recipients(inputs.Text("To"));
        if (given.Count == 0)
            given = ChannelOptions.Recipients(channel.To);
        if (channel.Kind is ChannelKind.Sms or ChannelKind.Telegram && given.Count > 0)
            return given;
        return [string.Join(", ", given)];
    }

    private static NotificationMessage Message(StepInputs inputs)
    {
        var severity = inputs.Text("Severity");
        if (severity.Length > 0 && severity is not ("Info" or "Success" or "Warning" or "Error"))
            throw new FormatException($"Severity is \"{severity}\"; allowed are Info, Success, Warning and Error.");
        var message = new NotificationMessage
        {
            Subject = inputs.Text("Subject"),
            Text = inputs.Text("Body"),
            Html = inputs.Text("Html") is { Length: > 0 } html ? html : null,
            IsMarkup = inputs.Text("Format").Equals("Markup", StringComparison.OrdinalIgnoreCase),
            Link = inputs.Text("Link") is { Length: > 0 } link ? link : null,
            Severity = severity.Length == 0 ? "Info" : severity,
            Attachments = Attachments(inputs["Attachments"]),
        };
        return message.Subject.Length + message.Text.Length + (message.Html?.Length ?? 0) > 0
            ? message
            : throw new FormatException("Subject and Body are empty: there is nothing to say.");
    }

    private static List<NotificationAttachment> Attachments(object? value)
    {
        value = StepInputs.Parsed(value, "Attachments");
        if (value is null)
            return [];
        var files = PlainJson.Elements(value) ?? throw new FormatException("Attachments is no list. Give one such as [{\"name\":\"a.txt\",\"content\":\"text\"}].");
        return [.. files.Select((file, i) =>
        {
            var members = PlainJson.Members(file)?.ToDictionary(m => m.Key, m => m.Value, StringComparer.OrdinalIgnoreCase) ?? throw new FormatException($"Attachment {i + 1} is no object.");
            var read = FileValue.Read(members, $"Attachment {i + 1}");
            return read.Name.Length == 0 ? throw new FormatException($"Attachment {i + 1} has no name.") : new NotificationAttachment(read.Name, read.ContentType, read.Content);
        })];
    }
}
