using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Automation.Bench;

/// <summary>What HTTP steps call: answers every request with a little JSON and counts the idempotency keys, with as little work as it can.</summary>
internal sealed class AnsweringServer : IDisposable
{
    private static readonly byte[] Answer = Encoding.ASCII.GetBytes(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 34\r\n\r\n{\"ok\":true,\"transcript\":\"hello!\"}\n");

    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private long _requests;

    public AnsweringServer()
    {
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen(1024);
        _ = Task.Run(AcceptAsync);
    }

    public string Url => string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndPoint!).Port}/");

    public long Requests => Volatile.Read(ref _requests);

    /// <summary>How often each key was seen.</summary>
    public ConcurrentDictionary<string, int> Keys { get; } = new(StringComparer.Ordinal);

    public void Dispose() => _listener.Dispose();

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var socket = await _listener.AcceptAsync();
                socket.NoDelay = true;
                _ = ServeAsync(socket);
            }
        }
        catch (SocketException)
        {
            // Disposed.
        }
        catch (ObjectDisposedException)
        {
            // Disposed.
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        using var _ = socket;
        var buffer = new byte[64 * 1024];
        var filled = 0;
        try
        {
            while (await socket.ReceiveAsync(buffer.AsMemory(filled)) is > 0 and var read)
            {
                filled += read;
                while (Take(buffer.AsSpan(0, filled)) is > 0 and var taken)
                {
                    buffer.AsSpan(taken, filled - taken).CopyTo(buffer);
                    filled -= taken;
                    await socket.SendAsync(Answer);
                }
            }
        }
        catch (SocketException)
        {
            // The caller is gone.
        }
    }

    /// <summary>The length of the first request, counted; 0 where it is not complete.</summary>
    private int Take(ReadOnlySpan<byte> received)
    {
        var end = received.IndexOf("\r\n\r\n"u8);
        if (end < 0)
            return 0;
        var head = received[..end];
        var length = end + 4 + (Value(head, "\r\nContent-Length: "u8) is { Length: > 0 } digits ? int.Parse(digits, CultureInfo.InvariantCulture) : 0);
        if (received.Length < length)
            return 0;
        Interlocked.Increment(ref _requests);
        Keys.AddOrUpdate(Encoding.ASCII.GetString(Value(head, "\r\nIdempotency-Key: "u8)), 1, static (_, seen) => seen + 1);
        return length;
    }

    private static ReadOnlySpan<byte> Value(ReadOnlySpan<byte> head, ReadOnlySpan<byte> name)
    {
        var at = head.IndexOf(name);
        if (at < 0)
            return [];
        var value = head[(at + name.Length)..];
        var stop = value.IndexOf((byte)'\r');
        return stop < 0 ? value : value[..stop];
    }
}
