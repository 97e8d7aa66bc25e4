using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Microsoft.Extensions.Options;

namespace Automation.Steps.Outgoing;

/// <summary>
/// The one way by which this process calls others over HTTP: shared connections, each made through the
/// <see cref="OutgoingGuard"/>. No redirects, cookies or proxies of the environment.
/// </summary>
public sealed class OutgoingHttp : IDisposable
{
    private readonly SocketsHttpHandler _handler;

    /// <summary>Creates the shared connections.</summary>
    /// <param name="guard">Judges each connection.</param>
    /// <param name="options">Limits and lifetimes.</param>
    public OutgoingHttp(OutgoingGuard guard, IOptions<OutgoingOptions> options)
        : this(guard, options.Value, trust: null)
    {
    }

    internal OutgoingHttp(OutgoingGuard guard, OutgoingOptions options, RemoteCertificateValidationCallback? trust)
    {
        _handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.All,
            ConnectTimeout = options.ConnectTimeout,
            MaxConnectionsPerServer = options.MaxConnectionsPerServer,
            PooledConnectionIdleTimeout = options.IdleConnectionLifetime,
            PooledConnectionLifetime = options.ConnectionLifetime,
            // A proxy would connect in our place, to whatever the name means to it.
            UseProxy = false,
            UseCookies = false,
            ConnectCallback = async (context, cancellationToken) =>
            {
                var socket = await guard.ConnectAsync(context.DnsEndPoint.Host, context.DnsEndPoint.Port, cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            },
        };
        if (trust is not null)
            _handler.SslOptions.RemoteCertificateValidationCallback = trust;
        Invoker = new HttpMessageInvoker(_handler, disposeHandler: false);
    }

    /// <summary>Sends requests; the answer's body is not read yet when it returns.</summary>
    internal HttpMessageInvoker Invoker { get; }

    /// <summary>
    /// A client over the shared connections, for code that wants one. Disposing it leaves the connections open.
    /// URLs are not checked beforehand: call <see cref="OutgoingGuard.Check(string)"/> where they come from users.
    /// </summary>
    public HttpClient CreateClient() => new(_handler, disposeHandler: false);

    /// <inheritdoc/>
    public void Dispose()
    {
        Invoker.Dispose();
        _handler.Dispose();
    }
}
