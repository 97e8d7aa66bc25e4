using System.Net.Mail;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;
using Automation.Expressions;
using Automation.Steps.Http;
using Automation.Steps.Notifications.Mail;
using Automation.Steps.Outgoing;
using Automation.Steps.Secrets;
using Automation.Steps.Templates;
using Microsoft.Extensions.Options;

namespace Automation.Steps.Notifications;

/// <summary>How one attempt to send ended.</summary>
/// <param name="Error">Why it failed; null where the channel took it.</param>
/// <param name="IsPermanent">Whether trying again is useless.</param>
/// <param name="Exchanges">The calls that were made.</param>
/// <param name="Note">What the channel said when it took it.</param>
/// <param name="RetryAfter">When the channel wants to be asked again.</param>
internal sealed record SendResult(string? Error, bool IsPermanent, IReadOnlyList<HttpExchange> Exchanges, string? Note = null, TimeSpan? RetryAfter = null)
{
    /// <summary>Who should be sent it again later, alone; null where nobody.</summary>
    public string? PutOff { get; init; }

    public static SendResult Refused(string why) => new(why, IsPermanent: true, []);
}

/// <summary>Hands a notification to its channel, once.</summary>
internal sealed class NotificationSender(
    HttpCaller caller, OutgoingGuard guard, SecretStore secrets, TextTemplates templates, Inbox inbox, IOptions<NotificationOptions> options, TimeProvider clock)
{
    public async Task<SendResult> SendAsync(Channel channel, Notification notification, CancellationToken cancellationToken)
    {
        try
        {
            var secret = string.IsNullOrWhiteSpace(channel.Options.Secret) ? null : await secrets.ReadAsync(channel.Options.Secret.Trim(), cancellationToken);
            switch (channel.Options.Kind)
            {
                case ChannelKind.Inbox:
                    await inbox.AddAsync(notification, cancellationToken);
                    return new SendResult(null, IsPermanent: false, []);
                case ChannelKind.Email:
                    return await MailAsync(channel.Options, notification, secret, cancellationToken);
                default:
                    return await CallAsync(channel.Options, notification, secret, cancellationToken);
            }
        }
        catch (Exception e) when (e is SecretException or FormatException or ExpressionException)
        {
            return SendResult.Refused(e.Message);
        }
    }

    private async Task<SendResult> CallAsync(ChannelOptions channel, Notification notification, string? secret, CancellationToken cancellationToken)
    {
        var (made, cut) = ChannelCalls.For(channel, notification, secret, templates.Render);
        var call = made!;
        var result = await caller.SendAsync(
            new HttpCall
            {
                Url = call.Url, Method = call.Method, Content = call.Content, ContentType = call.ContentType, Authorization = call.Authorization,
                IdempotencyKey = call.IdempotencyKey, Secrets = call.Secrets, Timeout = options.Value.SendTimeout, MaxResponseBytes = 1 << 20,
            },
            cancellationToken);
        if (result.Answer is not { } answer)
            return new SendResult(result.Error ?? "There was no answer.", result.End == HttpCallEnd.Refused, result.Exchanges);
        if (answer.StatusCode is >= 200 and < 300)
            return new SendResult(null, IsPermanent: false, result.Exchanges, cut is null ? $"{answer.StatusCode}" : $"{answer.StatusCode}. {cut}");
        var permanent = answer.StatusCode is >= 300 and < 500 and not (408 or 409 or 425 or 429);
        var said = result.Exchanges[^1].ResponseBody is { Length: > 0 } body ? ": " + (body.Length > 300 ? body[..300] + "…" : body) : "";
        return new SendResult($"The channel answered {answer.StatusCode}{said}", permanent, result.Exchanges, RetryAfter: answer.StatusCode == 429 ? HttpCaller.RetryAfter(answer, clock) : null);
    }

    private async Task<SendResult> MailAsync(ChannelOptions channel, Notification notification, string? password, CancellationToken cancellationToken)
    {
        var to = new List<MailAddress>();
        foreach (var text in ChannelOptions.Recipients(notification.Recipient))
        {
            if (!MailAddress.TryCreate(text, out var address) || !address.User.All(c => char.IsAscii(c) && !char.IsControl(c) && c is not ('<' or '>' or ' ')))
                return SendResult.Refused($"\"{text}\" is no mail address that can be sent to.");
            to.Add(address);
        }

        if (to.Count == 0)
            return SendResult.Refused($"The channel \"{notification.Channel}\" has no recipient: give mail addresses in To.");

        using var timeout = new CancellationTokenSource(options.Value.SendTimeout, clock);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        try
        {
            await using var smtp = await SmtpConnection.OpenAsync(guard, channel, password, linked.Token);
            var mail = MailComposer.Compose(channel, to, notification.Message, notification.Id, clock.GetUtcNow());
            var taken = await smtp.SendAsync(MailComposer.Envelope(new MailAddress(channel.From!)), [.. to.Select(MailComposer.Envelope)], mail, linked.Token);
            return Taken(taken, to);
        }
        catch (MailServerException e)
        {
            return new SendResult(new SecretMask(password is null ? [] : [password]).Text(e.Message), e.IsPermanent, []);
        }
        catch (OutgoingRefusedException e)
        {
            return SendResult.Refused(e.Message);
        }
        catch (AuthenticationException e)
        {
            return SendResult.Refused($"The TLS connection to {channel.Host} failed: {e.Message}");
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return new SendResult($"The mail server {channel.Host} did not answer within {options.Value.SendTimeout}.", IsPermanent: false, []);
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            return new SendResult($"The mail server {channel.Host} cannot be reached: {e.Message}", IsPermanent: false, []);
        }
    }

    private static SendResult Taken(MailTaken taken, List<MailAddress> to)
    {
        var note = new StringBuilder(Cut(taken.Answer));
        foreach (var (recipient, why) in taken.Refused)
            note.Append(why.IsPermanent ? "\nRefused for " : "\nPut off for ").Append(to[recipient].Address).Append(": ").Append(Cut(why.Message));
        var putOff = taken.Refused.Where(r => !r.Why.IsPermanent).Select(r => to[r.Recipient].ToString()).ToList();
        return new SendResult(null, IsPermanent: false, [], note.ToString()) { PutOff = putOff.Count == 0 ? null : string.Join(", ", putOff) };

        static string Cut(string text) => text.Length > 200 ? text[..200] : text;
    }
}
