using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Automation.Bench;

/// <summary>One HTTP/1.1 connection to the AI Flow source that gives each answer's body.</summary>
internal sealed class AnswerConnection : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly byte[] _buffer = new byte[16 * 1024];

    public AnswerConnection(int port) => _socket.Connect(IPAddress.Loopback, port);

    /// <summary>Posts an event and gives the answer's body; status and body where it is not 200.</summary>
    public async ValueTask<string> PostAsync(string body)
    {
        var length = Encoding.UTF8.GetBytes(
            string.Create(CultureInfo.InvariantCulture, $"POST /webhooks/ai-flow HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}"), _buffer);
        await _socket.SendAsync(_buffer.AsMemory(0, length));
        var filled = 0;
        while (true)
        {
            var read = await _socket.ReceiveAsync(_buffer.AsMemory(filled));
            if (read == 0)
                throw new IOException("The server closed the connection.");
            filled += read;
            if (Body(_buffer.AsSpan(0, filled)) is { } answer)
                return answer;
        }
    }

    public void Dispose() => _socket.Dispose();

    private static string? Body(ReadOnlySpan<byte> answer)
    {
        var end = answer.IndexOf("\r\n\r\n"u8);
        if (end < 0)
            return null;
        var status = int.Parse(answer[9..12], CultureInfo.InvariantCulture);
        var head = answer[..end];
        var at = head.IndexOf("Content-Length: "u8);
        var length = 0;
        if (at >= 0)
        {
            var digits = head[(at + 16)..];
            var stop = digits.IndexOf((byte)'\r');
            length = int.Parse(stop < 0 ? digits : digits[..stop], CultureInfo.InvariantCulture);
        }

        if (answer.Length < end + 4 + length)
            return null;
        var text = Encoding.UTF8.GetString(answer.Slice(end + 4, length));
        return status == 200 ? text : string.Create(CultureInfo.InvariantCulture, $"{status} {text}");
    }
}
