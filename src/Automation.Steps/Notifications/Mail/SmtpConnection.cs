using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Automation.Steps.Outgoing;

namespace Automation.Steps.Notifications.Mail;

/// <summary>The mail server said no.</summary>
/// <param name="message">What it said.</param>
/// <param name="isPermanent">Whether trying again is useless.</param>
internal sealed class MailServerException(string message, bool isPermanent) : Exception(message)
{
    public bool IsPermanent { get; } = isPermanent;

    /// <summary>Whether the server said so, and the conversation can go on.</summary>
    public bool IsAnswer { get; init; }
}

/// <summary>The server took a mail, perhaps not for everybody.</summary>
/// <param name="Answer">What it said.</param>
/// <param name="Refused">For whom it did not, by the place in the list, and why.</param>
internal sealed record MailTaken(string Answer, IReadOnlyList<(int Recipient, MailServerException Why)> Refused);

/// <summary>
/// One conversation with a mail server (RFC 5321). System.Net.Mail's client knows no TLS from the start and connects past
/// the outgoing guard, and MailKit does not restore; what is needed is small.
/// </summary>
internal sealed class SmtpConnection : IAsyncDisposable
{
    private const int MaxLine = 2048;

    private readonly byte[] _buffer = new byte[4096];
    private Stream _stream;
    private int _start;
    private int _end;
    private HashSet<string> _offers = [];

    private SmtpConnection(Stream stream) => _stream = stream;

    public static async Task<SmtpConnection> OpenAsync(OutgoingGuard guard, ChannelOptions channel, string? password, CancellationToken cancellationToken)
    {
        var (host, port) = (channel.Host!, channel.PortOrDefault());
        var security = channel.Security == MailSecurity.Auto ? (port == 465 ? MailSecurity.Tls : MailSecurity.StartTls) : channel.Security;
        var socket = await guard.ConnectAsync(host, port, cancellationToken);
        var smtp = new SmtpConnection(new NetworkStream(socket, ownsSocket: true));
        try
        {
            if (security == MailSecurity.Tls)
                await smtp.EncryptAsync(channel, cancellationToken);
            await smtp.ExpectAsync("220", "greeting", cancellationToken);
            await smtp.GreetAsync(cancellationToken);
            if (security == MailSecurity.StartTls)
            {
                if (!smtp._offers.Contains("STARTTLS"))
                    throw new MailServerException($"{host} does not offer STARTTLS. Set Security to Tls (port 465), or to None for a relay that you trust.", isPermanent: true);
                await smtp.AskAsync("STARTTLS", "220", cancellationToken);
                // What was sent before the handshake must not be read as if it came after (command injection).
                smtp._start = smtp._end = 0;
                await smtp.EncryptAsync(channel, cancellationToken);
                await smtp.GreetAsync(cancellationToken);
            }

            if (!string.IsNullOrEmpty(channel.UserName))
                await smtp.SignInAsync(channel.UserName, password ?? "", cancellationToken);
            return smtp;
        }
        catch
        {
            await smtp.DisposeAsync();
            throw;
        }
    }

    /// <summary>Hands over a mail.</summary>
    /// <returns>What the server said when it took it, and whom it refused: the others get it all the same.</returns>
    /// <exception cref="MailServerException">The server refused the sender, every recipient, or the mail.</exception>
    public async Task<MailTaken> SendAsync(string from, IReadOnlyList<string> to, byte[] mail, CancellationToken cancellationToken)
    {
        await AskAsync($"MAIL FROM:<{from}>", "250", cancellationToken);
        var refused = new List<(int Recipient, MailServerException Why)>();
        for (var i = 0; i < to.Count; i++)
        {
            try
            {
                await AskAsync($"RCPT TO:<{to[i]}>", "25", cancellationToken);
            }
            catch (MailServerException e) when (e.IsAnswer)
            {
                refused.Add((i, e));
            }
        }

        // Where some may come later, the mail is worth another try.
        if (refused.Count == to.Count)
            throw refused.Find(r => !r.Why.IsPermanent).Why ?? refused[0].Why;
        await AskAsync("DATA", "354", cancellationToken);
        await _stream.WriteAsync(Stuffed(mail), cancellationToken);
        await WriteAsync("\r\n.\r\n", cancellationToken);
        var taken = await ExpectAsync("250", "the mail", cancellationToken);
        await WriteAsync("QUIT\r\n", cancellationToken);
        return new MailTaken(taken, refused);
    }

    public ValueTask DisposeAsync() => _stream.DisposeAsync();

    private async Task GreetAsync(CancellationToken cancellationToken)
    {
        var answer = await AskAsync("EHLO " + Name(), "250", cancellationToken);
        _offers = answer.Split('\n').Skip(1).Select(l => l.Trim().ToUpperInvariant()).ToHashSet(StringComparer.Ordinal);
    }

    // A literal address is allowed where the machine has no proper name (RFC 5321, 4.1.3).
    private static string Name() =>
        Environment.MachineName is var name && name.Contains('.', StringComparison.Ordinal) && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-') ? name : "[127.0.0.1]";

    private async Task EncryptAsync(ChannelOptions channel, CancellationToken cancellationToken)
    {
        var tls = new SslStream(_stream);
        string? refused = null;
        try
        {
            await tls.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions
                {
                    TargetHost = channel.Host,
                    RemoteCertificateValidationCallback = (_, certificate, _, errors) => (refused = WhyRefused(channel, certificate, errors)) is null,
                },
                cancellationToken);
        }
        catch (AuthenticationException e) when (refused is not null)
        {
            throw new AuthenticationException(refused, e);
        }
        catch (AuthenticationException e) when (e.InnerException is null && channel.Security != MailSecurity.StartTls)
        {
            // What came is no TLS at all.
            throw new AuthenticationException($"{e.Message} Servers that begin in the clear, mostly on port 587 or 25, want \"security\": \"StartTls\".", e);
        }

        _stream = tls;
    }

    private static string? WhyRefused(ChannelOptions channel, X509Certificate? certificate, SslPolicyErrors errors)
    {
        if (errors == SslPolicyErrors.None)
            return null;
        if (certificate is null)
            return "The server has no certificate.";
        var fingerprint = Convert.ToHexString(SHA256.HashData(certificate.GetRawCertData()));
        if (channel.TrustedCertificate is { Length: > 0 } pin)
            return fingerprint.Equals(pin, StringComparison.OrdinalIgnoreCase) ? null : $"Its certificate is another than TrustedCertificate says: {fingerprint}.";
        var why = errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch) ? $"is not for {channel.Host}" : "is not from an authority that this machine trusts, or has expired";
        return $"Its certificate ({certificate.Subject}) {why}. If it is the right one all the same, set \"trustedCertificate\": \"{fingerprint}\".";
    }

    private async Task SignInAsync(string userName, string password, CancellationToken cancellationToken)
    {
        var methods = _offers.FirstOrDefault(o => o.StartsWith("AUTH ", StringComparison.Ordinal)) ?? "";
        if (methods.Contains("PLAIN", StringComparison.Ordinal))
        {
            await AskAsync("AUTH PLAIN " + Encode($"\0{userName}\0{password}"), "235", cancellationToken, shownAs: "AUTH PLAIN");
        }
        else if (methods.Contains("LOGIN", StringComparison.Ordinal))
        {
            await AskAsync("AUTH LOGIN", "334", cancellationToken);
            await AskAsync(Encode(userName), "334", cancellationToken, shownAs: "the user name");
            await AskAsync(Encode(password), "235", cancellationToken, shownAs: "the password");
        }
        else
        {
            throw new MailServerException("The mail server offers no sign-in by PLAIN or LOGIN on this connection.", isPermanent: true);
        }
    }

    private async Task<string> AskAsync(string command, string expected, CancellationToken cancellationToken, string? shownAs = null)
    {
        await WriteAsync(command + "\r\n", cancellationToken);
        return await ExpectAsync(expected, shownAs ?? command, cancellationToken);
    }

    private async Task<string> ExpectAsync(string expected, string after, CancellationToken cancellationToken)
    {
        var lines = new StringBuilder();
        for (var count = 0; count < 200; count++)
        {
            var line = await ReadLineAsync(cancellationToken);
            if (line.Length < 3 || line.AsSpan(0, 3).ContainsAnyExceptInRange('0', '9'))
                throw new MailServerException($"The mail server's answer to {after} is no SMTP.", isPermanent: false);
            lines.Append(count == 0 ? "" : "\n").Append(line.Length > 4 ? line[4..] : "");
            if (line.Length > 3 && line[3] == '-')
                continue;
            return line.StartsWith(expected, StringComparison.Ordinal)
                ? lines.ToString()
                : throw new MailServerException(string.Create(CultureInfo.InvariantCulture, $"The mail server answered {line[..3]} to {after}: {lines}"), isPermanent: line[0] == '5') { IsAnswer = !line.StartsWith("421", StringComparison.Ordinal) };
        }

        throw new MailServerException($"The mail server's answer to {after} does not end.", isPermanent: false);
    }

    private async Task<string> ReadLineAsync(CancellationToken cancellationToken)
    {
        var line = new List<byte>(80);
        while (true)
        {
            if (_start == _end)
            {
                _end = await _stream.ReadAsync(_buffer, cancellationToken);
                _start = 0;
                if (_end == 0)
                    throw new MailServerException("The mail server closed the connection.", isPermanent: false);
            }

            var b = _buffer[_start++];
            if (b == '\n')
                return Encoding.UTF8.GetString([.. line]).TrimEnd('\r');
            line.Add(b);
            if (line.Count > MaxLine)
                throw new MailServerException("The mail server sent a line that is too long.", isPermanent: false);
        }
    }

    private Task WriteAsync(string text, CancellationToken cancellationToken) => _stream.WriteAsync(Encoding.ASCII.GetBytes(text), cancellationToken).AsTask();

    private static string Encode(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    /// <summary>A line that begins with a dot gets a second one, so that it does not end the mail.</summary>
    private static byte[] Stuffed(byte[] mail)
    {
        var stuffed = new List<byte>(mail.Length + 16);
        for (var i = 0; i < mail.Length; i++)
        {
            if (mail[i] == '.' && (i == 0 || mail[i - 1] == '\n'))
                stuffed.Add((byte)'.');
            stuffed.Add(mail[i]);
        }

        return [.. stuffed];
    }
}
