using System.Buffers.Binary;
using System.Numerics;

namespace Automation.Intake.Verification;

/// <summary>
/// A number modulo 2^255 − 19, in five limbs of 51 bits. Only public values are ever computed with (keys, signatures,
/// messages), so operations need not take constant time.
/// </summary>
[System.Runtime.InteropServices.StructLayout(System.Runtime.InteropServices.LayoutKind.Auto)]
internal readonly struct FieldElement
{
    private const ulong Mask = (1UL << 51) - 1;

    private readonly ulong _a, _b, _c, _d, _e;

    private FieldElement(ulong a, ulong b, ulong c, ulong d, ulong e)
    {
        _a = a;
        _b = b;
        _c = c;
        _d = d;
        _e = e;
    }

    public static BigInteger Prime { get; } = BigInteger.Pow(2, 255) - 19;

    public static FieldElement Zero => default;

    public static FieldElement One => new(1, 0, 0, 0, 0);

    public bool IsZero
    {
        get
        {
            Span<byte> bytes = stackalloc byte[32];
            Write(bytes);
            return bytes.IndexOfAnyExcept((byte)0) < 0;
        }
    }

    /// <summary>Whether the number, fully reduced, is odd: the sign in an encoded point.</summary>
    public bool IsOdd
    {
        get
        {
            Span<byte> bytes = stackalloc byte[32];
            Write(bytes);
            return (bytes[0] & 1) == 1;
        }
    }

    public static FieldElement operator +(in FieldElement x, in FieldElement y) =>
        Carry(x._a + y._a, x._b + y._b, x._c + y._c, x._d + y._d, x._e + y._e);

    public static FieldElement operator -(in FieldElement x, in FieldElement y)
    {
        // Twice the prime is added, so that no limb goes below zero.
        const ulong first = 2 * ((1UL << 51) - 19), others = 2 * Mask;
        return Carry(x._a + (2 * first) - y._a, x._b + (2 * others) - y._b, x._c + (2 * others) - y._c, x._d + (2 * others) - y._d, x._e + (2 * others) - y._e);
    }

    public static FieldElement operator *(in FieldElement x, in FieldElement y)
    {
        // 2^255 is 19 modulo the prime, so what passes the fifth limb comes back times 19.
        ulong b19 = y._b * 19, c19 = y._c * 19, d19 = y._d * 19, e19 = y._e * 19;
        var r0 = M(x._a, y._a) + M(x._b, e19) + M(x._c, d19) + M(x._d, c19) + M(x._e, b19);
        var r1 = M(x._a, y._b) + M(x._b, y._a) + M(x._c, e19) + M(x._d, d19) + M(x._e, c19);
        var r2 = M(x._a, y._c) + M(x._b, y._b) + M(x._c, y._a) + M(x._d, e19) + M(x._e, d19);
        var r3 = M(x._a, y._d) + M(x._b, y._c) + M(x._c, y._b) + M(x._d, y._a) + M(x._e, e19);
        var r4 = M(x._a, y._e) + M(x._b, y._d) + M(x._c, y._c) + M(x._d, y._b) + M(x._e, y._a);

        r1 += (ulong)(r0 >> 51);
        r2 += (ulong)(r1 >> 51);
        r3 += (ulong)(r2 >> 51);
        r4 += (ulong)(r3 >> 51);
        var a = ((ulong)r0 & Mask) + ((ulong)(r4 >> 51) * 19);
        return new FieldElement(a & Mask, ((ulong)r1 & Mask) + (a >> 51), (ulong)r2 & Mask, (ulong)r3 & Mask, (ulong)r4 & Mask);

        static UInt128 M(ulong p, ulong q)
        {
            var high = Math.BigMul(p, q, out var low);
            return new UInt128(high, low);
        }
    }

    public FieldElement Squared() => this * this;

    public FieldElement Negated() => Zero - this;

    public FieldElement Power(BigInteger exponent)
    {
        var result = One;
        for (var bit = (int)exponent.GetBitLength() - 1; bit >= 0; bit--)
        {
            result = result.Squared();
            if (!((exponent >> bit) & 1).IsZero)
                result *= this;
        }

        return result;
    }

    public FieldElement Inverted() => Power(Prime - 2);

    public bool IsSameAs(in FieldElement other) => (this - other).IsZero;

    /// <summary>Reads 32 bytes, least significant first; the highest bit is not looked at.</summary>
    public static FieldElement Read(ReadOnlySpan<byte> bytes)
    {
        var w0 = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        var w1 = BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]);
        var w2 = BinaryPrimitives.ReadUInt64LittleEndian(bytes[16..]);
        var w3 = BinaryPrimitives.ReadUInt64LittleEndian(bytes[24..]);
        return new FieldElement(
            w0 & Mask,
            ((w0 >> 51) | (w1 << 13)) & Mask,
            ((w1 >> 38) | (w2 << 26)) & Mask,
            ((w2 >> 25) | (w3 << 39)) & Mask,
            (w3 >> 12) & Mask);
    }

    public static FieldElement From(BigInteger number)
    {
        Span<byte> bytes = stackalloc byte[33];
        (((number % Prime) + Prime) % Prime).TryWriteBytes(bytes, out _, isUnsigned: true);
        return Read(bytes);
    }

    /// <summary>Writes the fully reduced number, least significant byte first.</summary>
    public void Write(Span<byte> bytes)
    {
        var x = Carry(_a, _b, _c, _d, _e);
        // Adding 19 carries out of the top exactly where the number is the prime or more.
        var q = (x._a + 19) >> 51;
        q = (x._b + q) >> 51;
        q = (x._c + q) >> 51;
        q = (x._d + q) >> 51;
        q = (x._e + q) >> 51;
        var a = x._a + (19 * q);
        var b = x._b + (a >> 51);
        var c = x._c + (b >> 51);
        var d = x._d + (c >> 51);
        var e = (x._e + (d >> 51)) & Mask;
        a &= Mask;
        b &= Mask;
        c &= Mask;
        d &= Mask;
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, a | (b << 51));
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[8..], (b >> 13) | (c << 38));
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[16..], (c >> 26) | (d << 25));
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[24..], (d >> 39) | (e << 12));
    }

    private static FieldElement Carry(ulong a, ulong b, ulong c, ulong d, ulong e)
    {
        b += a >> 51;
        c += b >> 51;
        d += c >> 51;
        e += d >> 51;
        a = (a & Mask) + ((e >> 51) * 19);
        b = (b & Mask) + (a >> 51);
        return new FieldElement(a & Mask, b, c & Mask, d & Mask, e & Mask);
    }
}
