using System.Globalization;
using System.Net.Mail;
using System.Text;

namespace Automation.Steps.Notifications.Mail;

/// <summary>Writes an e-mail as it goes over the wire (RFC 5322, MIME). Everything is encoded, so no text can break out of its place.</summary>
internal static class MailComposer
{
    public static byte[] Compose(ChannelOptions channel, IReadOnlyList<MailAddress> to, NotificationMessage message, string id, DateTimeOffset now)
    {
        id = new string([.. id.Where(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.')]);
        var from = new MailAddress(channel.From!);
        var mail = new StringBuilder();
        Header(mail, "From", Address(from));
        Header(mail, "To", string.Join(",\r\n ", to.Select(Address)));
        if (!string.IsNullOrEmpty(channel.ReplyTo))
            Header(mail, "Reply-To", Address(new MailAddress(channel.ReplyTo)));
        Header(mail, "Subject", Words(message.Subject));
        Header(mail, "Date", now.ToString("ddd, dd MMM yyyy HH:mm:ss +0000", CultureInfo.InvariantCulture));
        // The same on every attempt, so that a mail that was taken twice is recognised.
        Header(mail, "Message-ID", $"<{id}@{Domain(from)}>");
        Header(mail, "MIME-Version", "1.0");
        Header(mail, "Auto-Submitted", "auto-generated");
        if (message.Attachments.Count == 0)
        {
            Text(mail, message, id);
        }
        else
        {
            var boundary = "=_mixed_" + id;
            Header(mail, "Content-Type", $"multipart/mixed;\r\n boundary=\"{boundary}\"");
            mail.Append("\r\n--").Append(boundary).Append("\r\n");
            Text(mail, message, id);
            foreach (var attachment in message.Attachments)
            {
                mail.Append("\r\n--").Append(boundary).Append("\r\n");
                Header(mail, "Content-Type", MediaType(attachment.ContentType));
                Header(mail, "Content-Disposition", $"attachment;\r\n filename*=UTF-8''{Uri.EscapeDataString(attachment.Name)}");
                Base64(mail, attachment.Content);
            }

            mail.Append("\r\n--").Append(boundary).Append("--\r\n");
        }

        return Encoding.ASCII.GetBytes(mail.ToString());
    }

    /// <summary>An address as SMTP wants it, its domain in ASCII.</summary>
    public static string Envelope(MailAddress address) => $"{address.User}@{Domain(address)}";

    private static void Text(StringBuilder mail, NotificationMessage message, string id)
    {
        if (message.Html is not { Length: > 0 } html)
        {
            Header(mail, "Content-Type", "text/plain; charset=utf-8");
            Base64(mail, Encoding.UTF8.GetBytes(message.Text));
            return;
        }

        var boundary = "=_alternative_" + id;
        Header(mail, "Content-Type", $"multipart/alternative;\r\n boundary=\"{boundary}\"");
        foreach (var (type, text) in new[] { ("text/plain; charset=utf-8", message.Text), ("text/html; charset=utf-8", html) })
        {
            mail.Append("\r\n--").Append(boundary).Append("\r\n");
            Header(mail, "Content-Type", type);
            Base64(mail, Encoding.UTF8.GetBytes(text));
        }

        mail.Append("\r\n--").Append(boundary).Append("--\r\n");
    }

    private static void Header(StringBuilder mail, string name, string value) => mail.Append(name).Append(": ").Append(value).Append("\r\n");

    private static void Base64(StringBuilder mail, byte[] content)
    {
        Header(mail, "Content-Transfer-Encoding", "base64");
        mail.Append("\r\n");
        var text = Convert.ToBase64String(content);
        for (var at = 0; at < text.Length; at += 76)
            mail.Append(text.AsSpan(at, Math.Min(76, text.Length - at))).Append("\r\n");
    }

    private static string Address(MailAddress address) => address.DisplayName.Length == 0 ? $"<{Envelope(address)}>" : $"{Words(address.DisplayName)} <{Envelope(address)}>";

    /// <summary>A header's text as encoded words (RFC 2047), each short enough and ending between two characters.</summary>
    private static string Words(string text)
    {
        var words = new StringBuilder();
        var chunk = new List<byte>(48);
        Span<byte> one = stackalloc byte[4];
        foreach (var rune in text.EnumerateRunes())
        {
            var length = (Rune.IsControl(rune) ? new Rune(' ') : rune).EncodeToUtf8(one);
            if (chunk.Count + length > 42)
                Flush();
            chunk.AddRange(one[..length]);
        }

        Flush();
        return words.ToString();

        void Flush()
        {
            if (chunk.Count == 0)
                return;
            if (words.Length > 0)
                words.Append("\r\n ");
            words.Append("=?utf-8?B?").Append(Convert.ToBase64String([.. chunk])).Append("?=");
            chunk.Clear();
        }
    }

    private static string Domain(MailAddress address) => address.Host.StartsWith('[') ? address.Host : new IdnMapping().GetAscii(address.Host);

    private static string MediaType(string text) =>
        System.Net.Http.Headers.MediaTypeHeaderValue.TryParse(text, out var type) && type.MediaType is { } media && media.All(char.IsAscii) ? media : "application/octet-stream";
}
