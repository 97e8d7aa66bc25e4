using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Automation.Bench;

/// <summary>What a run of requests saw.</summary>
/// <param name="Accepted">Answers with a 2xx status.</param>
/// <param name="Refused">Other answers.</param>
/// <param name="Began">When the first request was due.</param>
/// <param name="Elapsed">From the first request to the last answer.</param>
/// <param name="Latencies">Time from a request's due time to its answer, in microseconds, ascending.</param>
internal sealed record LoadResult(long Accepted, long Refused, DateTimeOffset Began, TimeSpan Elapsed, long[] Latencies)
{
    public double PerSecond => Accepted / Elapsed.TotalSeconds;

    public double Percentile(double p) => Latencies.Length == 0 ? 0 : Latencies[(int)Math.Min(Latencies.Length - 1, p * Latencies.Length)] / 1000.0;
}

/// <summary>
/// Posts requests over keep-alive connections with as little work of its own as it can, because it shares the machine
/// with the server: requests are written, and signed, before the time is taken. Each carries a number of its own, so that
/// no two events are the same.
/// </summary>
/// <param name="port">The server's port on 127.0.0.1.</param>
/// <param name="path">Where to post.</param>
/// <param name="body">Gives the JSON body for a number.</param>
/// <param name="headers">Gives further header lines for a body, each with its line end; null for none.</param>
internal sealed class LoadGenerator(int port, string path, Func<long, string> body, Func<string, string>? headers = null)
{
    /// <summary>Posts <paramref name="count"/> requests as fast as the answers come, or at a fixed rate.</summary>
    /// <param name="connections">How many connections at once.</param>
    /// <param name="firstNumber">The number of the first request.</param>
    /// <param name="count">How many requests.</param>
    /// <param name="perSecond">Requests due per second; 0 for as fast as possible. A late request's latency counts from when it was due.</param>
    public async Task<LoadResult> RunAsync(int connections, long firstNumber, long count, double perSecond = 0)
    {
        var requests = new byte[count][];
        Parallel.For(0, count, i => requests[i] = Request(body(firstNumber + i)));
        var next = -1L;
        var began = DateTimeOffset.UtcNow;
        var start = Stopwatch.GetTimestamp();
        var runs = await Task.WhenAll(Enumerable.Range(0, connections).Select(_ => Task.Run(async () =>
        {
            using var connection = new Connection(port);
            var latencies = new List<long>();
            long accepted = 0, refused = 0;
            while (true)
            {
                var number = Interlocked.Increment(ref next);
                if (number >= count)
                    return (accepted, refused, latencies);
                var due = perSecond > 0 ? start + (long)(number / perSecond * Stopwatch.Frequency) : Stopwatch.GetTimestamp();
                var wait = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), due);
                if (wait > TimeSpan.Zero)
                    await Task.Delay(wait + TimeSpan.FromMilliseconds(0.5));
                var status = await connection.PostAsync(requests[number]);
                latencies.Add((long)Stopwatch.GetElapsedTime(due).TotalMicroseconds);
                if (status is >= 200 and < 300)
                    accepted++;
                else
                    refused++;
            }
        })));

        var elapsed = Stopwatch.GetElapsedTime(start);
        var all = runs.SelectMany(r => r.latencies).ToArray();
        Array.Sort(all);
        return new LoadResult(runs.Sum(r => r.accepted), runs.Sum(r => r.refused), began, elapsed, all);
    }

    private byte[] Request(string json) => Encoding.UTF8.GetBytes(string.Create(
        CultureInfo.InvariantCulture,
        $"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n{headers?.Invoke(json)}Content-Length: {Encoding.UTF8.GetByteCount(json)}\r\n\r\n{json}"));

    /// <summary>One HTTP/1.1 connection that sends a request and reads its answer, nothing more.</summary>
    private sealed class Connection : IDisposable
    {
        private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        private readonly byte[] _in = new byte[64 * 1024];

        public Connection(int port) => _socket.Connect(IPAddress.Loopback, port);

        public async ValueTask<int> PostAsync(byte[] request)
        {
            await _socket.SendAsync(request);
            var filled = 0;
            while (true)
            {
                var read = await _socket.ReceiveAsync(_in.AsMemory(filled));
                if (read == 0)
                    throw new IOException("The server closed the connection.");
                filled += read;
                if (IsComplete(_in.AsSpan(0, filled), out var status))
                    return status;
            }
        }

        public void Dispose() => _socket.Dispose();

        private static bool IsComplete(ReadOnlySpan<byte> answer, out int status)
        {
            status = 0;
            var end = answer.IndexOf("\r\n\r\n"u8);
            if (end < 0)
                return false;
            status = int.Parse(answer[9..12], CultureInfo.InvariantCulture);
            var head = answer[..end];
            var at = head.IndexOf("Content-Length: "u8);
            if (at >= 0)
            {
                var digits = head[(at + 16)..];
                var stop = digits.IndexOf((byte)'\r');
                return answer.Length >= end + 4 + int.Parse(stop < 0 ? digits : digits[..stop], CultureInfo.InvariantCulture);
            }

            return head.IndexOf("chunked"u8) < 0 || answer.EndsWith("0\r\n\r\n"u8);
        }
    }
}
