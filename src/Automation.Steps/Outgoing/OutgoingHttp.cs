using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.Extensions.Options;

namespace Automation.Steps.Outgoing;

/// <summary>
/// The one way by which this process calls others over HTTP: shared connections, each made through the
/// <see cref="OutgoingGuard"/>. No redirects, cookies or proxies of the environment.
/// </summary>
public sealed class OutgoingHttp : IDisposable
{
    private readonly OutgoingGuard _guard;
    private readonly OutgoingOptions _options;
    private readonly RemoteCertificateValidationCallback? _trust;
    private readonly Uri? _proxy;
    private readonly HttpMessageHandler _handler;

    // By the digest of the PEM: a secret that is replaced gets connections of its own, and the old ones die when they are idle.
    private readonly ConcurrentDictionary<string, HttpMessageInvoker> _withCertificate = new(StringComparer.Ordinal);

    /// <summary>Creates the shared connections.</summary>
    /// <param name="guard">Judges each connection.</param>
    /// <param name="options">Limits and lifetimes.</param>
    public OutgoingHttp(OutgoingGuard guard, IOptions<OutgoingOptions> options)
        : this(guard, options.Value, trust: null)
    {
    }

    internal OutgoingHttp(OutgoingGuard guard, OutgoingOptions options, RemoteCertificateValidationCallback? trust)
    {
        _guard = guard;
        _options = options;
        _trust = trust;
        _proxy = string.IsNullOrWhiteSpace(options.Proxy) ? null : new Uri(options.Proxy);
        _handler = Handler(clientCertificate: null);
        Invoker = new HttpMessageInvoker(_handler, disposeHandler: false);
    }

    /// <summary>Sends requests; the answer's body is not read yet when it returns.</summary>
    internal HttpMessageInvoker Invoker { get; }

    /// <summary>Sends requests by connections that show a certificate.</summary>
    /// <param name="clientCertificate">Certificate and private key in PEM; null shows none.</param>
    /// <exception cref="OutgoingRefusedException">The text has no certificate with its key.</exception>
    internal HttpMessageInvoker InvokerFor(string? clientCertificate)
    {
        if (clientCertificate is null)
            return Invoker;
        var key = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(clientCertificate)));
        if (_withCertificate.TryGetValue(key, out var known))
            return known;
        if (_withCertificate.Count >= 100)
            _withCertificate.Clear();
        try
        {
            using var read = X509Certificate2.CreateFromPem(clientCertificate, clientCertificate);
            // TLS on Windows takes no keys that live in memory only; written out and read again they do not.
            var certificate = X509CertificateLoader.LoadPkcs12(read.Export(X509ContentType.Pkcs12), password: null);
            return _withCertificate.GetOrAdd(key, _ => new HttpMessageInvoker(Handler(certificate)));
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw HasBoth(clientCertificate)
                ? new OutgoingRefusedException("The client certificate cannot be used: the private key in the secret is damaged, or not the one of the certificate.")
                : new OutgoingRefusedException("The client certificate cannot be read. The secret must hold a certificate and its unencrypted private key in PEM.");
        }
    }

    /// <summary>Whether a certificate can be read by itself, and there is a key that is not encrypted.</summary>
    private static bool HasBoth(string pem)
    {
        if (!pem.Contains("-----BEGIN PRIVATE KEY-----", StringComparison.Ordinal) && !pem.Contains("-----BEGIN RSA PRIVATE KEY-----", StringComparison.Ordinal) && !pem.Contains("-----BEGIN EC PRIVATE KEY-----", StringComparison.Ordinal))
            return false;
        try
        {
            using var certificate = X509Certificate2.CreateFromPem(pem);
            return true;
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    /// <summary>Whether calls to a URL go by the proxy.</summary>
    internal bool IsProxied(Uri url) => _handler is ProxiedTargetCheck && !new OutgoingProxy(_proxy!, _options).IsBypassed(url);

    /// <summary>Why the proxy did not do what it was asked for.</summary>
    /// <param name="url">Where the call was meant to go.</param>
    /// <param name="status">What the proxy answered; null where that is not known.</param>
    internal string WhyProxyRefused(Uri url, HttpStatusCode? status) => status == HttpStatusCode.ProxyAuthenticationRequired
        ? string.IsNullOrEmpty(_options.ProxyUserName)
            ? $"The proxy {_proxy!.Authority} wants a user name and password (407). Give them in Automation:Steps:Outgoing:ProxyUserName and ProxyPassword."
            : $"The proxy {_proxy!.Authority} does not accept the user name and password that it was given (407). They are Automation:Steps:Outgoing:ProxyUserName and ProxyPassword."
        : $"The proxy {_proxy!.Authority} does not connect to {url.IdnHost} port {url.Port.ToString(CultureInfo.InvariantCulture)}{(status is { } s ? $" (it answered {((int)s).ToString(CultureInfo.InvariantCulture)})" : "")}.";

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
        foreach (var invoker in _withCertificate.Values)
            invoker.Dispose();
    }

    private HttpMessageHandler Handler(X509Certificate2? clientCertificate)
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.All,
            ConnectTimeout = _options.ConnectTimeout,
            MaxConnectionsPerServer = _options.MaxConnectionsPerServer,
            PooledConnectionIdleTimeout = _options.IdleConnectionLifetime,
            PooledConnectionLifetime = _options.ConnectionLifetime,
            UseProxy = _proxy is not null,
            UseCookies = false,
            ConnectCallback = ConnectAsync,
        };
        if (_trust is not null)
            handler.SslOptions.RemoteCertificateValidationCallback = _trust;
        if (clientCertificate is not null)
            handler.SslOptions.ClientCertificates = [clientCertificate];
        if (_proxy is null)
            return handler;
        handler.Proxy = new OutgoingProxy(_proxy, _options);
        return new ProxiedTargetCheck(_guard, handler);
    }

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var (host, port) = (context.DnsEndPoint.Host, context.DnsEndPoint.Port);
        // The proxy stands where the administrator says, which is hardly ever on the public internet.
        var toProxy = _proxy is not null && port == _proxy.Port && host.Equals(_proxy.IdnHost, StringComparison.OrdinalIgnoreCase)
            && !new OutgoingProxy(_proxy, _options).IsBypassed(context.InitialRequestMessage.RequestUri!);
        var socket = toProxy ? await OutgoingGuard.ConnectUncheckedAsync(host, port, cancellationToken) : await _guard.ConnectAsync(host, port, cancellationToken);
        return new NetworkStream(socket, ownsSocket: true);
    }
}
