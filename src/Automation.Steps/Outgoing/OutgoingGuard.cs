using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Options;

namespace Automation.Steps.Outgoing;

/// <summary>
/// Decides what calls out of this process may reach. An address is judged when it is connected to, after the name was
/// resolved: a name that changes its address, a redirect and an odd spelling all end at the same check.
/// </summary>
public sealed class OutgoingGuard
{
    private const string Setting = "Automation:Steps:Outgoing:AllowedHosts";

    private readonly AllowedHost[] _allowed;
    private readonly Func<string, CancellationToken, Task<IPAddress[]>> _resolve;

    /// <summary>Creates the guard.</summary>
    /// <param name="options">What is allowed beyond the public internet.</param>
    public OutgoingGuard(IOptions<OutgoingOptions> options)
        : this(options.Value, Dns.GetHostAddressesAsync)
    {
    }

    internal OutgoingGuard(OutgoingOptions options, Func<string, CancellationToken, Task<IPAddress[]>> resolve)
    {
        _allowed = [.. options.AllowedHosts.Select(text => AllowedHost.TryParse(text, out var entry)
            ? entry
            : throw new ArgumentException($"{Setting} has \"{text}\", which is no host, address or range.", nameof(options)))];
        _resolve = resolve;
    }

    /// <summary>Checks what can be judged without resolving: the scheme, the host and that no credentials stand in the URL.</summary>
    /// <param name="url">The URL as it was configured or computed.</param>
    /// <exception cref="OutgoingRefusedException">The URL may not be called; the message says why.</exception>
    public static Uri Check(string? url)
    {
        if (string.IsNullOrWhiteSpace(url))
            throw new OutgoingRefusedException("The URL is empty. Give an absolute http or https URL.");
        if (!Uri.TryCreate(url.Trim(), UriKind.Absolute, out var uri))
            throw new OutgoingRefusedException($"The URL \"{Shorten(url)}\" is not valid. Give an absolute http or https URL.");
        Check(uri);
        return uri;
    }

    /// <inheritdoc cref="Check(string)"/>
    public static void Check(Uri url)
    {
        ArgumentNullException.ThrowIfNull(url);
        if (!url.IsAbsoluteUri)
            throw new OutgoingRefusedException($"The URL \"{Shorten(url.OriginalString)}\" is not absolute. Give an absolute http or https URL.");
        if (url.Scheme != Uri.UriSchemeHttp && url.Scheme != Uri.UriSchemeHttps)
            throw new OutgoingRefusedException($"The URL has the scheme \"{url.Scheme}\". Allowed are http and https.");
        if (url.UserInfo.Length > 0)
            throw new OutgoingRefusedException($"The URL for host \"{url.Host}\" has a user name or password in it. Send credentials in the Authorization header.");
        if (AllowedHost.Normalize(url.IdnHost) is null && url.HostNameType == UriHostNameType.Dns)
            throw new OutgoingRefusedException($"The URL \"{Shorten(url.OriginalString)}\" has no valid host.");
    }

    /// <summary>Resolves a host and connects to the first of its permitted addresses that answers.</summary>
    /// <exception cref="OutgoingRefusedException">None of the addresses is permitted.</exception>
    /// <exception cref="SocketException">The name does not resolve, or nobody answers.</exception>
    public async ValueTask<Socket> ConnectAsync(string host, int port, CancellationToken cancellationToken)
    {
        var addresses = await PermittedAsync(host, port, cancellationToken);
        for (var i = 0; ; i++)
        {
            var socket = new Socket(addresses[i].AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(addresses[i], port, cancellationToken);
                return socket;
            }
            catch (SocketException) when (i + 1 < addresses.Count)
            {
                socket.Dispose();
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }
    }

    /// <summary>The addresses of a host that may be connected to.</summary>
    /// <exception cref="OutgoingRefusedException">None of the addresses is permitted.</exception>
    /// <exception cref="SocketException">The name does not resolve.</exception>
    public async ValueTask<IReadOnlyList<IPAddress>> PermittedAsync(string host, int port, CancellationToken cancellationToken)
    {
        var bare = host.Trim('[', ']');
        IPAddress[] addresses =
            IPAddress.TryParse(bare.TrimEnd('.'), out var literal) ? [literal]
            : IsLocalhost(bare) ? [IPAddress.Loopback, IPAddress.IPv6Loopback]
            : await _resolve(bare, cancellationToken);
        if (addresses.Length == 0)
            throw new SocketException((int)SocketError.HostNotFound);

        var name = literal is null ? AllowedHost.Normalize(bare) : null;
        if (name is not null && _allowed.Any(entry => entry.Allows(name, port)))
            return addresses;

        var permitted = new List<IPAddress>(addresses.Length);
        string? reason = null;
        foreach (var address in addresses)
        {
            var plain = AddressRules.Unmap(address);
            if (AddressRules.WhyNotPublic(plain) is not { } why || _allowed.Any(entry => entry.Allows(plain, port)))
                permitted.Add(address);
            else
                reason ??= literal is null ? $"it resolves to {plain} ({why})" : $"{plain} is not public ({why})";
        }

        return permitted.Count > 0
            ? permitted
            : throw new OutgoingRefusedException(
                $"Calls to \"{host}\" port {port} are refused: {reason}. If this server may call it, add \"{(name ?? bare)}\" (or \"{(bare.Contains(':') ? $"[{bare}]" : name ?? bare)}:{port}\", or a range such as 10.1.0.0/16) to {Setting}.");
    }

    // Always this machine (RFC 6761), whatever a resolver says.
    private static bool IsLocalhost(string host)
    {
        var name = host.AsSpan().TrimEnd('.');
        return name.Equals("localhost", StringComparison.OrdinalIgnoreCase) || name.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase);
    }

    private static string Shorten(string text) => text.Length <= 200 ? text : text[..200] + "…";
}
