using System.Net;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace Automation.Steps.Outgoing;

/// <summary>
/// This server as a target of its own calls: a URL that is only a path (<c>/webhooks/inbox</c>) means it. Absolute URLs are
/// judged like all others, so the guard stays closed for loopback.
/// </summary>
public sealed class OwnServer
{
    /// <summary>Stands for this server in URLs that are under way; connections to it are pooled apart from those to real hosts.</summary>
    internal const string Host = "this-server.invalid";

    private readonly Func<IEnumerable<string>> _addresses;

    /// <summary>Creates it over the web server of this process.</summary>
    /// <param name="server">The web server; null where there is none.</param>
    public OwnServer(IServer? server = null)
        : this(() => server?.Features.Get<IServerAddressesFeature>()?.Addresses ?? [])
    {
    }

    internal OwnServer(Func<IEnumerable<string>> addresses) => _addresses = addresses;

    /// <summary>Where this server listens for plain HTTP; null where it does not (yet).</summary>
    internal IPEndPoint? Find()
    {
        foreach (var address in _addresses())
        {
            if (address.Contains("://unix:", StringComparison.Ordinal))
                continue;
            // Wildcards are no hosts to Uri.
            var text = address.Replace("://*", "://0.0.0.0", StringComparison.Ordinal).Replace("://+", "://0.0.0.0", StringComparison.Ordinal);
            if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme != Uri.UriSchemeHttp)
                continue;
            var ip = IPAddress.TryParse(url.Host.Trim('[', ']'), out var literal) ? literal : IPAddress.Loopback;
            ip = ip.Equals(IPAddress.Any) ? IPAddress.Loopback : ip.Equals(IPAddress.IPv6Any) ? IPAddress.IPv6Loopback : ip;
            return new IPEndPoint(ip, url.Port);
        }

        return null;
    }

    /// <summary>Whether a URL is only a path, and so means this server.</summary>
    internal static bool IsPath(string url) =>
        url.Length > 0 && url[0] == '/' && (url.Length == 1 || (url[1] != '/' && url[1] != '\\'));
}
