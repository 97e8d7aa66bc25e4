using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Automation.Intake.Events;

/// <summary>
/// UUIDv7 ids that rise strictly within this process: 48 bits of milliseconds, then 12 bits that count within the
/// millisecond, then 62 random bits (RFC 9562, 6.2, method 1). Events so sort in the order they came.
/// </summary>
public sealed class EventIds(TimeProvider clock)
{
    private long _last;

    /// <summary>The next id, and the time it carries.</summary>
    public string Next(out DateTimeOffset now)
    {
        now = clock.GetUtcNow();
        // Milliseconds and count as one number. A burst beyond 4,096 a millisecond, or a clock set back, runs ahead of the clock.
        var wanted = now.ToUnixTimeMilliseconds() << 12;
        long seen, next;
        do
        {
            seen = Interlocked.Read(ref _last);
            next = Math.Max(wanted, seen + 1);
        }
        while (Interlocked.CompareExchange(ref _last, next, seen) != seen);

        Span<byte> bytes = stackalloc byte[16];
        RandomNumberGenerator.Fill(bytes[8..]);
        BinaryPrimitives.WriteUInt64BigEndian(bytes, (ulong)(((next >> 12) << 16) | 0x7000 | (next & 0xFFF)));
        bytes[8] = (byte)((bytes[8] & 0x3F) | 0x80);
        return new Guid(bytes, bigEndian: true).ToString();
    }

    /// <summary>The smallest id of a moment: for time ranges over ids.</summary>
    public static string At(DateTimeOffset time)
    {
        Span<byte> bytes = stackalloc byte[16];
        bytes.Clear();
        BinaryPrimitives.WriteUInt64BigEndian(bytes, (ulong)Math.Max(0, time.ToUnixTimeMilliseconds()) << 16);
        return new Guid(bytes, bigEndian: true).ToString();
    }
}
