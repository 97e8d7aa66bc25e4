using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Automation.Steps.Tests.Support;

/// <summary>What a client sent.</summary>
public sealed record SeenRequest(string Method, string Target, IReadOnlyDictionary<string, string> Headers, byte[] Body)
{
    public string Text => Encoding.UTF8.GetString(Body);

    public string? Header(string name) => Headers.GetValueOrDefault(name);
}

/// <summary>
/// A real HTTP server on loopback that writes whatever bytes a script says, so that it can misbehave in every way:
/// answer slowly, break off, lie about lengths.
/// </summary>
public sealed class ScriptedServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Func<SeenRequest, ServerConnection, Task> _script;
    private readonly X509Certificate2? _certificate;
    private readonly Task _accepting;
    private readonly ConcurrentBag<Task> _serving = [];
    private int _connections;

    private readonly bool _asksForCertificate;

    public ScriptedServer(Func<SeenRequest, ServerConnection, Task> script, X509Certificate2? certificate = null, bool asksForCertificate = false)
    {
        _script = script;
        _asksForCertificate = asksForCertificate;
        _certificate = certificate;
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _accepting = AcceptAsync();
    }

    /// <summary>Answers every request with a status and a body.</summary>
    public static ScriptedServer Answering(int status, string body = "{}", string contentType = "application/json") =>
        new((_, connection) => connection.AnswerAsync(status, body, contentType));

    /// <summary>Answers the first requests with the first statuses, and all later ones with the last.</summary>
    public static ScriptedServer AnsweringInTurn(params (int Status, string Headers)[] answers)
    {
        var turn = -1;
        return new((_, connection) =>
        {
            var (status, headers) = answers[Math.Min(Interlocked.Increment(ref turn), answers.Length - 1)];
            return connection.AnswerAsync(status, "{}", "application/json", headers);
        });
    }

    public int Port { get; }

    public string Url => string.Create(CultureInfo.InvariantCulture, $"{(_certificate is null ? "http" : "https")}://127.0.0.1:{Port}");

    public int Connections => _connections;

    public ConcurrentQueue<SeenRequest> Requests { get; } = [];

    /// <summary>What each connection over TLS has shown.</summary>
    public ConcurrentQueue<string?> ClientCertificates { get; } = [];

    public CancellationToken Stopped => _stop.Token;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        await Task.WhenAll(_serving);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync(_stop.Token);
                Interlocked.Increment(ref _connections);
                _serving.Add(ServeAsync(client));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException or InvalidOperationException)
        {
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var owned = client;
        try
        {
            Stream stream = client.GetStream();
            if (_certificate is not null)
            {
                var tls = new SslStream(stream);
                await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions
                {
                    ServerCertificate = _certificate, ClientCertificateRequired = _asksForCertificate, RemoteCertificateValidationCallback = (_, _, _, _) => true,
                }, _stop.Token);
                ClientCertificates.Enqueue(tls.RemoteCertificate?.GetCertHashString());
                stream = tls;
            }

            var connection = new ServerConnection(client, stream, this);
            while (await ReadRequestAsync(stream) is { } request)
            {
                Requests.Enqueue(request);
                await _script(request, connection);
                if (connection.IsClosed)
                    return;
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException or System.Security.Authentication.AuthenticationException or SocketException)
        {
            // The client went away, or the test is over.
        }
    }

    private async Task<SeenRequest?> ReadRequestAsync(Stream stream)
    {
        var head = new List<byte>();
        var one = new byte[1];
        while (head.Count < 4 || !(head[^1] == '\n' && head[^2] == '\r' && head[^3] == '\n'))
        {
            if (await stream.ReadAsync(one, _stop.Token) == 0)
                return null;
            head.Add(one[0]);
        }

        var lines = Encoding.Latin1.GetString([.. head]).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        var first = lines[0].Split(' ');
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var line in lines[1..])
        {
            var colon = line.IndexOf(':');
            headers[line[..colon]] = line[(colon + 1)..].Trim();
        }

        var body = new byte[headers.TryGetValue("Content-Length", out var length) ? int.Parse(length, CultureInfo.InvariantCulture) : 0];
        await stream.ReadExactlyAsync(body, _stop.Token);
        return new SeenRequest(first[0], first[1], headers, body);
    }
}

/// <summary>The server's side of a connection.</summary>
public sealed class ServerConnection(TcpClient client, Stream stream, ScriptedServer server)
{
    public bool IsClosed { get; private set; }

    /// <summary>Cancelled when the test is over.</summary>
    public CancellationToken Stopped => server.Stopped;

    public Task AnswerAsync(int status, string body, string contentType = "application/json", string headers = "", string reason = "Word") =>
        AnswerAsync(status, Encoding.UTF8.GetBytes(body), contentType, headers, reason);

    public async Task AnswerAsync(int status, byte[] body, string contentType, string headers = "", string reason = "Word")
    {
        var type = contentType.Length == 0 ? "" : $"Content-Type: {contentType}\r\n";
        await WriteAsync(string.Create(CultureInfo.InvariantCulture, $"HTTP/1.1 {status} {reason}\r\n{type}Content-Length: {body.Length}\r\n{headers}\r\n"));
        await stream.WriteAsync(body);
    }

    public async Task WriteAsync(string raw) => await stream.WriteAsync(Encoding.Latin1.GetBytes(raw));

    public async Task WriteAsync(byte[] raw) => await stream.WriteAsync(raw);

    /// <summary>Says nothing more until the test is over.</summary>
    public Task HangAsync() => Task.Delay(Timeout.Infinite, server.Stopped);

    public void Close()
    {
        IsClosed = true;
        client.Close();
    }

    /// <summary>Ends the connection with a reset instead of a farewell.</summary>
    public void Reset()
    {
        IsClosed = true;
        client.Client.LingerState = new LingerOption(enable: true, seconds: 0);
        client.Client.Close();
    }
}
