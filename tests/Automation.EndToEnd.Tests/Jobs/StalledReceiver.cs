using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Automation.EndToEnd.Tests.Jobs;

/// <summary>A receiver of HTTP calls that takes them and never answers, so that the job that called stays under way.</summary>
internal sealed class StalledReceiver : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

    public StalledReceiver() => _listener.Start();

    public string Authority => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");

    /// <summary>Waits for a call and gives its connection, unanswered.</summary>
    public ValueTask<TcpClient> TakeAsync(CancellationToken cancellationToken) => _listener.AcceptTcpClientAsync(cancellationToken);

    /// <summary>Waits until the caller has given up.</summary>
    public static async Task WaitForHangUpAsync(TcpClient call, CancellationToken cancellationToken)
    {
        var buffer = new byte[4096];
        try
        {
            while (await call.GetStream().ReadAsync(buffer, cancellationToken) > 0)
            {
            }
        }
        catch (IOException)
        {
            // Hung up, the rude way.
        }
    }

    public void Dispose() => _listener.Dispose();
}
