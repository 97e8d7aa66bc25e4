using System.Net.Sockets;
using System.Text;

namespace Automation.Intake.Tests.Support;

/// <summary>Bytes to and from a server, with nothing that corrects them.</summary>
internal sealed class RawConnection(TcpClient client) : IDisposable
{
    private readonly NetworkStream _stream = client.GetStream();

    public Task SendAsync(string text) => _stream.WriteAsync(Encoding.UTF8.GetBytes(text), TestContext.Current.CancellationToken).AsTask();

    /// <summary>Reads a whole answer: head and as much body as it announces.</summary>
    public async Task<string> ReceiveAsync()
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        timeout.CancelAfter(TimeSpan.FromSeconds(30));
        var text = new StringBuilder();
        var buffer = new byte[4096];
        while (!IsComplete(text.ToString()))
        {
            var read = await _stream.ReadAsync(buffer, timeout.Token);
            if (read == 0)
                break;
            text.Append(Encoding.UTF8.GetString(buffer, 0, read));
        }

        return text.ToString();
    }

    /// <summary>Hangs up at once, with a reset.</summary>
    public void Abort()
    {
        client.LingerState = new LingerOption(enable: true, 0);
        client.Close();
    }

    public void Dispose() => client.Dispose();

    private static bool IsComplete(string text)
    {
        var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        if (end < 0)
            return false;
        var at = text.IndexOf("Content-Length: ", StringComparison.OrdinalIgnoreCase);
        if (at < 0 || at > end)
            return true;
        var length = int.Parse(text.AsSpan(at + 16, text.IndexOf('\r', at) - at - 16), System.Globalization.CultureInfo.InvariantCulture);
        return Encoding.UTF8.GetByteCount(text.AsSpan(end + 4)) >= length;
    }
}
