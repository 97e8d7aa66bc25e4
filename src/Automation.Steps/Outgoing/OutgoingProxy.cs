using System.Net;
using System.Net.Sockets;

namespace Automation.Steps.Outgoing;

/// <summary>The proxy that calls go by, but not those to this server or to what is allowed although it is not public.</summary>
internal sealed class OutgoingProxy(Uri proxy, OutgoingOptions options) : IWebProxy
{
    private readonly AllowedHost[] _direct = [.. options.AllowedHosts.Select(text => AllowedHost.TryParse(text, out var entry) ? entry : null).OfType<AllowedHost>()];

    public ICredentials? Credentials { get; set; } =
        string.IsNullOrEmpty(options.ProxyUserName) ? null : new NetworkCredential(options.ProxyUserName, options.ProxyPassword);

    public Uri? GetProxy(Uri destination) => IsBypassed(destination) ? null : proxy;

    public bool IsBypassed(Uri host)
    {
        if (host.Authority == OwnServer.Host)
            return true;
        if (IPAddress.TryParse(host.IdnHost.Trim('[', ']'), out var address))
            return _direct.Any(entry => entry.Allows(AddressRules.Unmap(address), host.Port));
        return AllowedHost.Normalize(host.IdnHost) is { } name && _direct.Any(entry => entry.Allows(name, host.Port));
    }
}

/// <summary>
/// A proxy connects in our place, so what goes by it is judged before it is sent. A name that this machine cannot resolve
/// is left to the proxy: behind one, that is the rule.
/// </summary>
internal sealed class ProxiedTargetCheck(OutgoingGuard guard, SocketsHttpHandler inner) : DelegatingHandler(inner)
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var url = request.RequestUri!;
        if (!inner.Proxy!.IsBypassed(url))
        {
            try
            {
                await guard.PermittedAsync(url.IdnHost, url.Port, cancellationToken);
            }
            catch (SocketException)
            {
                // Not resolved here.
            }
        }

        return await base.SendAsync(request, cancellationToken);
    }
}
