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
    private readonly OwnServer _self;
    private readonly Func<string, CancellationToken, Task<IPAddress[]>> _resolve;

    /// <summary>Creates the guard.</summary>
    /// <param name="options">What is allowed beyond the public internet.</param>
    /// <param name="self">This server, which URLs without a host mean.</param>
    public OutgoingGuard(IOptions<OutgoingOptions> options, OwnServer self)
        : this(options.Value, self, Dns.GetHostAddressesAsync)
    {
    }

    internal OutgoingGuard(OutgoingOptions options, OwnServer self, Func<string, CancellationToken, Task<IPAddress[]>> resolve)
    {
        _self = self;
        _allowed = [.. options.AllowedHosts.Select(text => AllowedHost.TryParse(text, out var entry)
            ? entry
            : throw new ArgumentException($"{Setting} has \"{text}\", which is no host, address or range.", nameof(options)))];
        _resolve = resolve;
    }

    /// <summary>
    /// Checks what can be judged without resolving: the scheme, the host and that no credentials stand in the URL.
    /// A URL that is only a path (<c>/webhooks/inbox</c>) means this server.
    /// </summary>
    /// <param name="url">The URL as it was configured or computed.</param>
    /// <exception cref="OutgoingRefusedException">The URL may not be called; the message says why.</exception>
    public static Uri Check(string? url)
    {
        if (string.IsNullOrWhiteSpace(url))
            throw new OutgoingRefusedException("The URL is empty. Give an absolute http or https URL.");
        url = url.Trim();
        if (OwnServer.IsPath(url))
            return new Uri($"http://{OwnServer.Host}{url}");
        // On Unix a path is an absolute file URL to Uri, so what has no scheme is said to be no URL at all.
        if (!Uri.TryCreate(url, UriKind.Absolute, out var uri) || url[0] is '/' or '\\')
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
        var host = IdnHost(url);
        if (host is null || (AllowedHost.Normalize(host) is null && url.HostNameType == UriHostNameType.Dns))
            throw new OutgoingRefusedException($"The URL \"{Shorten(url.OriginalString)}\" has no valid host.");
        if (host.TrimEnd('.').Equals(OwnServer.Host, StringComparison.OrdinalIgnoreCase))
            throw new OutgoingRefusedException($"The host \"{OwnServer.Host}\" is reserved. For a call to this server give only the path.");
    }

    /// <summary>Resolves a host and connects to the first of its permitted addresses that answers.</summary>
    /// <exception cref="OutgoingRefusedException">None of the addresses is permitted.</exception>
    /// <exception cref="SocketException">The name does not resolve, or nobody answers.</exception>
    public async ValueTask<Socket> ConnectAsync(string host, int port, CancellationToken cancellationToken)
    {
        if (host == OwnServer.Host)
        {
            var own = _self.Find() ?? throw new OutgoingRefusedException("A URL that is only a path means this server, but it does not listen on plain HTTP. Give an absolute http or https URL.");
            return await ConnectAsync([own.Address], own.Port, cancellationToken);
        }

        return await ConnectAsync(await PermittedAsync(host, port, cancellationToken), port, cancellationToken);
    }

    /// <summary>Connects to what an administrator has named, wherever it is.</summary>
    /// <exception cref="SocketException">The name does not resolve, or nobody answers.</exception>
    internal static async ValueTask<Socket> ConnectUncheckedAsync(string host, int port, CancellationToken cancellationToken)
    {
        var addresses = await Dns.GetHostAddressesAsync(host.Trim('[', ']'), cancellationToken);
        return addresses.Length > 0 ? await ConnectAsync(addresses, port, cancellationToken) : throw new SocketException((int)SocketError.HostNotFound);
    }

    private static async ValueTask<Socket> ConnectAsync(IReadOnlyList<IPAddress> addresses, int port, CancellationToken cancellationToken)
    {
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
        var addresses = WithoutResolving(host) ?? await _resolve(host.Trim('[', ']'), cancellationToken);
        return addresses.Length > 0 ? Permitted(host, port, addresses) : throw new SocketException((int)SocketError.HostNotFound);
    }

    /// <summary>
    /// Refuses at once what every call would refuse: a host that is an address, or a name of this machine. Other names are
    /// judged when they are called.
    /// </summary>
    /// <param name="host">Name or address.</param>
    /// <param name="port">Its port.</param>
    /// <exception cref="OutgoingRefusedException">It is not permitted.</exception>
    public void CheckAhead(string host, int port)
    {
        ArgumentNullException.ThrowIfNull(host);
        if (host != OwnServer.Host && WithoutResolving(host) is { } addresses)
            Permitted(host, port, addresses);
    }

    /// <summary>The addresses of what no resolver is asked for; null for other names.</summary>
    private static IPAddress[]? WithoutResolving(string host)
    {
        var bare = host.Trim('[', ']');
        return IPAddress.TryParse(bare.TrimEnd('.'), out var literal) ? [literal]
            : IsLocalhost(bare) ? [IPAddress.Loopback, IPAddress.IPv6Loopback]
            : null;
    }

    private IReadOnlyList<IPAddress> Permitted(string host, int port, IPAddress[] addresses)
    {
        var bare = host.Trim('[', ']');
        var literal = IPAddress.TryParse(bare.TrimEnd('.'), out var parsed) ? parsed : null;
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

    // Uri takes letters into a host that no host may have, and only says so when it is asked for.
    private static string? IdnHost(Uri url)
    {
        try
        {
            return url.IdnHost;
        }
        catch (UriFormatException)
        {
            return null;
        }
    }

    private static string Shorten(string text) => text.Length <= 200 ? text : text[..200] + "…";
}
